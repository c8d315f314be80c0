"""The group: lazy, one line for every error, options before and after the command and from the environment."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import trio

from tests.cli.fakes import Invoke
from torrent_peer import __version__
from torrent_peer.cli.exits import Exit
from torrent_peer.cli.main import COMMANDS
from torrent_peer.testing.tracker import open_local_tracker
from torrent_peer.trackers.announce import Event

HEAVY = ("asyncio", "httpx2", "httpcore2", "anyio", "multiprocessing", "concurrent.futures", "rich", "xml", "email")
"""What no command needs before it has something to show or an https tracker to ask."""
SELDOM = (
    "json",
    "shlex",
    *(
        f"torrent_peer.{module}"
        for module in (
            "cli.look",
            "cli.transcript",
            "cli.verify",
            "net.tracker_udp",
            "session.transcribing",
            "strategy.super_seeding",
            "trackers.udp",
        )
    ),
)
"""What few downloads need: a UDP tracker, a view of the progress, a transcript, a program to start at the end."""


def imported(words: Sequence[object], packages: Sequence[str]) -> str:
    """The program that runs `torrent-peer` with these words, and then prints which of the packages it has imported."""
    return (
        "import sys\n"
        "from torrent_peer.cli.main import main\n"
        f"sys.argv = ['torrent-peer', *{[str(word) for word in words]!r}]\n"
        f"try:\n    main()\nfinally:\n    print(sorted(set({list(packages)!r}) & set(sys.modules)))\n"
    )


def test_version_needs_neither_trio_nor_httpx2_nor_rich() -> None:
    program = imported(["--version"], (*HEAVY, "trio", "h11", "ssl", "bencodepy", "hashlib"))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"torrent-peer {__version__}\n[]\n")


async def test_a_download_that_asks_an_http_tracker_needs_no_http_client(torrent_path: Path, content: Path) -> None:
    async with open_local_tracker() as tracker:
        words = ("-q", "download", torrent_path, "-o", content, "--overwrite", "--tracker", tracker.http_url)
        program = imported(words, (*HEAVY, *SELDOM))
        done = await trio.run_process([sys.executable, "-c", program], capture_stdout=True, check=False)
    assert (done.returncode, done.stdout.decode()) == (0, "[]\n")
    assert tracker.events()[0] is Event.STARTED


def test_the_process_ends_without_collecting_garbage() -> None:
    program = (
        "import atexit, gc\n"
        "atexit.register(lambda: print('left to collect:', len(gc.get_objects())))\n"
        "from torrent_peer.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program, "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, f"torrent-peer {__version__}")
    assert int(done.stdout.rpartition(" ")[2]) < 100


def test_a_download_without_trackers_imports_nothing_that_speaks_to_them(torrent_path: Path, content: Path) -> None:
    words = ("-q", "download", torrent_path, "-o", content, "--overwrite", "--no-trackers")
    program = imported(words, (*HEAVY, *SELDOM, "h11", "http", "torrent_peer.net.tracker_http"))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[]\n")


def test_nothing_is_looked_at_for_garbage_while_a_download_is_imported() -> None:
    program = (
        "import atexit, gc, sys\n"
        "from torrent_peer.__main__ import main\n"
        "looks = []\n"
        "gc.callbacks.append(lambda phase, info: looks.append(phase))\n"
        "atexit.register(lambda: print('torrent_peer.cli.downloading' in sys.modules, looks))\n"
        "main()\n"
    )
    words = ("download", "nowhere.torrent")
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (Exit.BAD_TORRENT, "True []\n")


def test_the_module_runs_as_the_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "torrent_peer", "nonsense"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (
        2,
        "",
        "torrent-peer: no command 'nonsense'; there are download, seed, create, show, verify, rules, lint, tracker,"
        " demo; see 'torrent-peer --help'\n",
    )


def test_no_words_show_the_help(invoke: Invoke) -> None:
    result = invoke()
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: torrent-peer [OPTIONS] COMMAND")


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


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_a_closed_standard_stream_is_no_error_and_its_number_goes_to_no_other_file(
    closed: str, torrent_path: Path
) -> None:
    command = f"'{sys.executable}' -m torrent_peer show '{torrent_path}' {closed}"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    program = (
        "import os\nfrom torrent_peer.cli.main import _open_closed_streams\n_open_closed_streams()\n"
        "os._exit(os.open(os.devnull, os.O_RDONLY))"
    )
    lowest = subprocess.run(f"'{sys.executable}' -c '{program}' {closed}", shell=True, check=False).returncode
    assert lowest >= 3


def test_an_interrupt_while_modules_are_loaded_is_no_traceback() -> None:
    program = (
        "import sys\n"
        "class Interrupted:\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'click': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted())\n"
        "from torrent_peer.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
