"""`torrent-peer`: the group, what it knows of its subcommands, and the door errors leave by."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final, NoReturn

import click

from torrent_peer import __version__
from torrent_peer.cli.errors import report
from torrent_peer.cli.exits import Exit, exit_code_help
from torrent_peer.cli.options import group_options
from torrent_peer.cli.settings import Settings

COMMANDS: Final = ("download", "seed", "create", "show", "verify", "rules", "lint", "tracker", "demo")
"""Each is `<name>_command` in the module `torrent_peer.cli.<name>`, imported when it is asked for."""

EPILOG: Final = f"""Global options may stand before or after the command. Every option is also an environment variable:
--seed-ratio is TORRENT_PEER_SEED_RATIO.

{exit_code_help()}"""


class TorrentPeer(click.Group):
    """The group: loads subcommands lazily, and turns every error into one line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"torrent_peer.cli.{cmd_name}"), f"{cmd_name}_command")
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        word = args[0]
        if word not in COMMANDS and not word.startswith("-"):
            if word.endswith(".torrent") or word.startswith(("http://", "https://", "magnet:")) or os.path.isfile(word):
                raise click.UsageError(f"'{word}' is no command; did you mean 'torrent-peer download {word}'?", ctx)
            raise click.UsageError(f"no command '{word}'; there are {', '.join(COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,  # noqa: ANN401  # as click has it
    ) -> NoReturn:
        """Run and leave the process with an exit code of `Exit`."""
        settings = Settings()
        _open_closed_streams()
        _print_anything()
        try:
            code = super().main(
                list(sys.argv[1:] if args is None else args) or ["--help"],
                "torrent-peer",
                complete_var,
                standalone_mode=False,
                obj=settings,
                **extra,
            )
            sys.stdout.flush()
        except BrokenPipeError:
            _close_stdout()
            code = Exit.ERROR
        except (Exception, KeyboardInterrupt) as error:
            code = report(error, verbose=settings.verbose)
        if code in (Exit.INTERRUPTED, Exit.TERMINATED):
            _ignore_signals()
        sys.exit(int(code or Exit.DONE))


@click.group(
    cls=TorrentPeer,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
    subcommand_metavar="COMMAND [ARGS]…",
)
@group_options
@click.version_option(__version__, message="torrent-peer %(version)s")
def main() -> None:
    """A BitTorrent client that judges every message before it believes it."""


def _open_closed_streams() -> None:
    """Who closed a standard stream wants nothing of it: else its number would go to the next file that is opened."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  # for as long as we run


def _print_anything() -> None:
    """A name no terminal encoding can show must not be the end of a download."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _ignore_signals() -> None:
    """All is said: a further Ctrl-C must not turn the exit code into a death by signal."""
    import signal

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _close_stdout() -> None:
    """Nobody reads any more; what is still buffered goes nowhere, silently."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
