"""How options are declared here: each also an environment variable, the global ones before or after the subcommand."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from click.core import ParameterSource

from torrent_peer.cli.exits import exit_code_help
from torrent_peer.cli.params import parse_listen, parse_rate, read
from torrent_peer.cli.settings import Settings

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
Decorator = Callable[[Decorated], Decorated]

PROGRESS_CHOICES: Final = ("auto", "bar", "line", "json", "none")
FILE: Final = click.Path(dir_okay=False, path_type=Path)

GLOBAL_OPTIONS: Final[tuple[tuple[tuple[str, ...], dict[str, Any]], ...]] = (
    (("-q", "--quiet"), {"is_flag": True, "help": "Say nothing but errors."}),
    (("-v", "--verbose"), {"count": True, "help": "Say more: peers and trackers; -vv: findings, tracebacks."}),
    (("--log-file",), {"type": FILE, "help": "Append everything -vv would say, with the time."}),
    (("--progress",), {"type": click.Choice(PROGRESS_CHOICES), "help": "How to show progress. [default: auto]"}),
    (("--json",), {"is_flag": True, "help": "Results and events as JSON on stdout, all else on stderr."}),
    (("--no-color",), {"is_flag": True, "help": "No colour; NO_COLOR=1 says the same."}),
)
"""Options every command takes."""

NETWORK_OPTIONS: Final[tuple[tuple[tuple[str, ...], dict[str, Any]], ...]] = (
    (
        ("--listen",),
        {
            "parse": parse_listen,
            "metavar": "[IP]:PORT",
            "help": "Where to accept peers. [default: :6881-6889, then any port]",
        },
    ),
    (("--bind",), {"metavar": "ADDR|IFACE", "help": "Source address or interface of connections we make."}),
    (
        ("--download-limit",),
        {"parse": parse_rate, "metavar": "RATE", "help": "Bytes/s over all torrents, like 1.5M (K/M/G = 1024)."},
    ),
    (("--upload-limit",), {"parse": parse_rate, "metavar": "RATE", "help": "Bytes/s over all torrents."}),
    (("--transcript",), {"type": FILE, "help": "Write every message of every connection, JSON lines."}),
)
"""Options of every command that talks to peers."""

_GLOBAL_NAMES: Final = frozenset(
    names[-1].removeprefix("--").replace("-", "_") for names, _ in (*GLOBAL_OPTIONS, *NETWORK_OPTIONS)
)


class Command(click.Command):
    """A command whose help lists its own options apart from the global ones."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        own: list[tuple[str, str]] = []
        shared: list[tuple[str, str]] = []
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and isinstance(param, click.Option):
                (shared if param.name in _GLOBAL_NAMES else own).append(record)
        for title, records in (("Options", own), ("Global options", shared)):
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


def command(
    name: str,
    *,
    network: bool = False,
    more_help: str = "",
    **attrs: Any,  # noqa: ANN401  # as click has it
) -> Callable[[Callable[..., Any]], click.Command]:
    """Declare a subcommand: it takes the global options too, and its help ends with the exit codes."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        for names, settings in reversed((*GLOBAL_OPTIONS, *(NETWORK_OPTIONS if network else ()))):
            function = _global_option(names, settings, environment=False)(function)
        epilog = f"{more_help}\n\n{exit_code_help()}" if more_help else exit_code_help()
        return click.command(name, cls=Command, epilog=epilog, **attrs)(function)

    return decorate


def group_options(function: Decorated) -> Decorated:
    """All global options, for the group: there the environment is read."""
    for names, settings in reversed((*GLOBAL_OPTIONS, *NETWORK_OPTIONS)):
        function = _global_option(names, settings, environment=True)(function)
    return function


def option(*names: str, parse: Callable[[str], object] | None = None, **attrs: Any) -> Decorator[Any]:  # noqa: ANN401
    """`click.option`, readable from `TORRENT_PEER_` and the long name too; `parse` raises ValueError."""
    if parse is not None:
        attrs["callback"] = lambda _ctx, _param, value: read(parse, value)
    return click.option(*names, envvar=environment_name(names[-1]), **attrs)


def environment_name(flag: str) -> str:
    """The variable for a long flag: `--seed-ratio` → `TORRENT_PEER_SEED_RATIO`."""
    return "TORRENT_PEER_" + flag.removeprefix("--").replace("-", "_").upper()


def settings_of(ctx: click.Context) -> Settings:
    """What the global options said."""
    settings = ctx.find_object(Settings)
    assert settings is not None, "the group makes the settings"
    return settings


def _global_option(names: tuple[str, ...], attrs: dict[str, Any], *, environment: bool) -> Decorator[Any]:
    attrs = dict(attrs)
    keep = partial(_keep, attrs.pop("parse", None))
    envvar = environment_name(names[-1]) if environment else None
    return click.option(*names, envvar=envvar, callback=keep, expose_value=False, **attrs)


def _keep(parse: Callable[[str], object] | None, ctx: click.Context, param: click.Parameter, value: object) -> None:
    assert param.name is not None
    if ctx.get_parameter_source(param.name) not in (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT):
        return
    settings = ctx.ensure_object(Settings)
    if parse is not None:
        value = read(parse, value)
    setattr(
        settings, param.name, settings.verbose + value if isinstance(value, int) and param.name == "verbose" else value
    )
