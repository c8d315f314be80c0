"""Options stand before and after the command, and in the environment."""

from pathlib import Path

import click
import pytest

from tests.cli.fakes import Invoke
from torrent_peer.cli.main import COMMANDS, main
from torrent_peer.cli.options import environment_name, settings_of


@pytest.mark.parametrize("words", [["--json", "show", "{}"], ["show", "--json", "{}"], ["show", "{}", "--json"]])
def test_global_options_stand_before_or_after_the_command(invoke: Invoke, torrent_path: Path, words: list[str]) -> None:
    result = invoke(*(word.format(torrent_path) for word in words))
    assert result.exit_code == 0
    assert result.stdout.startswith('{"name": "sample"')


@pytest.mark.parametrize(
    ("words", "environment"),
    [
        (["show"], {"TORRENT_PEER_JSON": "1"}),
        (["show"], {"TORRENT_PEER_JSON": "true", "TORRENT_PEER_VERBOSE": "2"}),
    ],
)
def test_global_options_come_from_the_environment(
    invoke: Invoke, torrent_path: Path, words: list[str], environment: dict[str, str]
) -> None:
    result = invoke(*words, torrent_path, **environment)
    assert result.stdout.startswith('{"name": "sample"')


def test_a_commands_options_come_from_the_environment(invoke: Invoke) -> None:
    result = invoke("download", "x", TORRENT_PEER_SEED_TIME="soon")
    assert result.stderr == (
        "torrent-peer: Invalid value for '--seed-time': 'soon' is not a duration; write 90s, 30m, 1h30m or 2d;"
        " see 'torrent-peer download --help'\n"
    )


def test_every_option_names_its_variable() -> None:
    context = click.Context(main)
    own = {option.name: option for option in main.params if isinstance(option, click.Option)}
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None
        for option in command.params:
            if isinstance(option, click.Option) and option.name not in own:
                assert option.envvar == "TORRENT_PEER_" + option.opts[-1].removeprefix("--").replace("-", "_").upper()
            elif isinstance(option, click.Option) and option.name:
                assert own[option.name].envvar, f"{option.name} is read by the group"


@pytest.mark.parametrize(
    ("words", "shown"), [(["-v", "show", "-v"], 2), (["show"], 0), (["-vv", "show"], 2), (["show", "-v"], 1)]
)
def test_verbosity_adds_up(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch, torrent_path: Path, words: list[str], shown: int
) -> None:
    seen: list[int] = []
    monkeypatch.setattr("torrent_peer.cli.show.settings_of", lambda ctx: seen.append(settings_of(ctx).verbose))
    invoke(*words, torrent_path)
    assert seen == [shown]


def test_what_stands_after_the_command_wins(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch, torrent_path: Path
) -> None:
    seen: list[str] = []
    monkeypatch.setattr("torrent_peer.cli.show.settings_of", lambda ctx: seen.append(settings_of(ctx).progress))
    for words in (["--progress", "bar", "show", "--progress", "none"], ["--progress", "bar", "show"], ["show"]):
        invoke(*words, torrent_path, TORRENT_PEER_PROGRESS="json")
    assert seen == ["none", "bar", "json"]


def test_a_flag_names_its_variable() -> None:
    assert environment_name("--seed-ratio") == "TORRENT_PEER_SEED_RATIO"
