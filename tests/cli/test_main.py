"""The group: lazy, one line for every error, options before and after the command and from the environment."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from tests.cli.fakes import Invoke
from torrent_peer import __version__
from torrent_peer.cli.exits import MEANINGS, Exit
from torrent_peer.cli.main import COMMANDS, main


def test_version_needs_neither_trio_nor_httpx2_nor_rich() -> None:
    program = (
        "import sys\n"
        "from torrent_peer.cli.main import main\n"
        "sys.argv = ['torrent-peer', '--version']\n"
        "try:\n    main()\n"
        "finally:\n    print(sorted({'trio', 'httpx2', 'rich', 'asyncio', 'bencodepy'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"torrent-peer {__version__}\n[]\n")


def test_the_module_runs_as_the_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "torrent_peer", "nonsense"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (
        2,
        "",
        "torrent-peer: no command 'nonsense'; there are download, show, verify, tracker, demo;"
        " see 'torrent-peer --help'\n",
    )


def test_no_words_show_the_help(invoke: Invoke) -> None:
    result = invoke()
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: torrent-peer [OPTIONS] COMMAND")


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_every_help_ends_with_all_exit_codes(invoke: Invoke, command: tuple[str, ...]) -> None:
    result = invoke(*command, "--help")
    assert result.exit_code == 0
    codes = result.stdout[result.stdout.index("Exit codes:") :].splitlines()[1:]
    assert [line.strip() for line in codes] == [f"{code.value}  {MEANINGS[code]}" for code in Exit]


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_help_fits_80_columns(invoke: Invoke, command: tuple[str, ...]) -> None:
    result = invoke(*command, "--help", COLUMNS="80")
    assert max(map(len, result.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["x.torrent"], "'x.torrent' is no command; did you mean 'torrent-peer download x.torrent'?; see"),
        (["--frob"], "No such option"),
        (["download"], "Missing argument 'TORRENT…'; see 'torrent-peer download --help'"),
        (["show", "x", "y"], "Got unexpected extra argument (y); see 'torrent-peer show --help'"),
        (
            ["download", "x", "--peer", "nowhere"],
            "Invalid value for '--peer': 'nowhere' is not HOST:PORT; write 192.0.2.7:6881, [2001:db8::7]:6881 or"
            " name:6881; see 'torrent-peer download --help'",
        ),
        (
            ["--upload-limit", "fast", "show", "x"],
            "Invalid value for '--upload-limit': 'fast' is not a size; write 500K, 1.5M or 2G (K, M, G = 1024);"
            " see 'torrent-peer --help'",
        ),
        (
            ["download", "x", "--on-done", "'"],
            "Invalid value for '--on-done': ''': no closing quotation; quote as in a shell;"
            " see 'torrent-peer download --help'",
        ),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(invoke: Invoke, words: list[str], said: str) -> None:
    result = invoke(*words)
    assert result.exit_code == Exit.USAGE
    assert result.stdout == ""
    assert result.stderr.startswith(f"torrent-peer: {said}")
    assert result.stderr.count("\n") == 1


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


def test_a_bug_is_one_line_unless_asked_for_more(
    invoke: Invoke, torrent_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(source: str) -> None:
        raise RuntimeError(f"\x1b[2J{source[-8:]}")

    monkeypatch.setattr("torrent_peer.cli.source.read_torrent", fail)
    quiet = invoke("show", torrent_path)
    loud = invoke("-vv", "show", torrent_path)
    line = (
        "torrent-peer: internal error: RuntimeError: \\x1b[2J.torrent; run again with -vv and report what it prints\n"
    )
    assert (quiet.exit_code, quiet.stderr) == (Exit.ERROR, line)
    assert loud.stderr.startswith("Traceback (most recent call last):\n")
    assert loud.stderr.endswith(line)
    assert "\x1b" not in loud.stderr
