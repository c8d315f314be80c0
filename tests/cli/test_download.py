"""`download`: what its flags mean, and the exit codes it can leave with."""

import json
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from attrs import evolve

from tests.cli.fakes import PEER, FakeSession, Invoke, farewell, finding
from torrent_peer.cli.exits import Exit
from torrent_peer.cli.ndjson import SCHEMA
from torrent_peer.core.addresses import Address
from torrent_peer.metainfo.create import create_torrent
from torrent_peer.metainfo.torrent import Torrent
from torrent_peer.session.events import Completed, FindingNoted, PeerClosed, PeerConnected
from torrent_peer.session.options import Ending, TorrentOptions
from torrent_peer.storage.errors import Kind, StorageError
from torrent_peer.wire.policy import Profile
from torrent_peer.wire.severity import Severity

DONE = Completed(seconds=1.0, downloaded=1, wasted=0)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> FakeSession:
    """A session that completes everything at once, unless told otherwise."""
    fake = FakeSession()
    monkeypatch.setattr("torrent_peer.cli.downloading.open_session", fake.open)
    return fake


def test_flags_reach_the_torrent(invoke: Invoke, session: FakeSession, torrent_path: Path, tmp_path: Path) -> None:
    words = (
        "--out {} --select 1-2 --match *.BIN --peer 192.0.2.7:6881 --peer [2001:db8::1]:7 --tracker udp://t.example:1"
        " --sequential --seed-ratio 1.5 --seed-time 30m --recheck --overwrite --stall-timeout 1h --max-peers 7"
        " --slots 3 --max-slots 5 --max-connections 9"
    )
    result = invoke("download", torrent_path, *words.format(tmp_path).split())
    assert result.exit_code == Exit.DONE, result.stderr
    [(_, root, options)] = session.added
    assert root == tmp_path
    assert options == TorrentOptions(
        wanted_files=frozenset({1, 2}),
        peers=(Address("192.0.2.7", 6881), Address("2001:db8::1", 7)),
        trackers=(("udp://t.example:1",),),
        max_peers=7,
        sequential=True,
        recheck=True,
        overwrite=True,
        stall_timeout=3600.0,
        seed_ratio=1.5,
        seed_time=1800.0,
    )
    assert session.options is not None
    limits = session.options.upload_slots, session.options.max_upload_slots, session.options.max_peers
    assert limits == (3, 5, 9)


def test_global_flags_reach_the_session(invoke: Invoke, session: FakeSession, torrent_path: Path) -> None:
    words = "--listen 127.0.0.1:7000-7001 --bind lo --download-limit 1M --upload-limit 2K"
    assert invoke(*words.split(), "download", torrent_path, "--strict").exit_code == Exit.DONE
    assert session.options == evolve(
        session.options,
        listen_host="127.0.0.1",
        listen_ports=(7000, 7001),
        bind="lo",
        download_limit=1024**2,
        upload_limit=2048,
        profile=Profile.STRICT,
        transcript=False,
    )


@pytest.mark.parametrize(
    ("flags", "tiers"),
    [
        ([], (("http://own.example/announce",),)),
        (["--no-trackers"], ()),
        (["--tracker", "http://t.example/a"], (("http://t.example/a",), ("http://own.example/announce",))),
        (["--tracker", "http://t.example/a", "--no-trackers"], (("http://t.example/a",),)),
    ],
)
def test_trackers_given_come_before_the_torrents_own(
    invoke: Invoke, session: FakeSession, tmp_path: Path, flags: list[str], tiers: tuple[tuple[str, ...], ...]
) -> None:
    path = tmp_path / "t.torrent"
    path.write_bytes(create_torrent("one", b"1", trackers=[["http://own.example/announce"]]))
    invoke("download", path, *flags)
    assert session.added[0][2].trackers == tiers


@pytest.mark.parametrize(
    ("ending", "code"),
    [(Ending.COMPLETE, 0), (Ending.NOBODY, 4), (Ending.STALLED, 5), (Ending.DISK, 8)],
)
def test_each_ending_has_its_exit_code(
    invoke: Invoke, session: FakeSession, torrent_path: Path, ending: Ending, code: int
) -> None:
    session.ending = ending
    assert invoke("download", torrent_path).exit_code == code


def test_a_foreign_file_in_the_way_is_exit_9(invoke: Invoke, session: FakeSession, torrent_path: Path) -> None:
    session.ending = Ending.DISK
    session.storage_error = StorageError(Kind.EXISTS, Path("x"), "x is there")
    result = invoke("download", torrent_path)
    assert result.exit_code == Exit.OVERWRITE
    assert "torrent-peer: it is disk\n" in result.stderr


def test_a_stop_limit_with_work_left_is_exit_7(invoke: Invoke, session: FakeSession, torrent_path: Path) -> None:
    session.ending = None
    result = invoke("download", torrent_path, "--stop-after", "0.05s")
    assert result.exit_code == Exit.LIMIT
    assert "stopping: --stop-after 0.05 s is over\n" in result.stderr


def test_a_stop_limit_met_while_seeding_is_no_failure(invoke: Invoke, session: FakeSession, torrent_path: Path) -> None:
    session.ending = None
    session.events = [DONE]
    assert invoke("download", torrent_path, "--stop-after", "0.05s").exit_code == Exit.DONE


@pytest.mark.parametrize(
    ("severity", "level", "code"),
    [
        (Severity.VIOLATION, "deviation", 10),
        (Severity.DEVIATION, "deviation", 10),
        (Severity.REDUNDANT, "deviation", 0),
        (Severity.REDUNDANT, "redundant", 10),
        (Severity.DEVIATION, "violation", 0),
    ],
)
def test_fail_on_looks_at_the_level_and_above(
    invoke: Invoke, session: FakeSession, torrent_path: Path, severity: Severity, level: str, code: int
) -> None:
    session.events = [FindingNoted(PEER, "client", finding(severity))]
    assert invoke("download", torrent_path, "--fail-on", level).exit_code == code


def test_of_several_torrents_the_first_failure_counts(
    invoke: Invoke, session: FakeSession, torrent_path: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.torrent"
    other.write_bytes(create_torrent("other", b"2"))
    session.ending = Ending.STALLED
    result = invoke("download", torrent_path, other)
    assert result.exit_code == Exit.STALLED
    assert [torrent.name for torrent, _, _ in session.added] == ["sample", "other"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["{0}", "{0}"], 2, "the same torrent is there twice; name each once"),
        (["-", "-"], 2, "'-' is there twice, but standard input can be read once"),
        (["{0}", "--select", "4"], 2, "--select: there is no file 4; 'sample' has 3 (see show)"),
        (["{0}", "--match", "*.mp3"], 2, "--match: no file of 'sample' matches '*.mp3' (see show)"),
        (["{0}", "--tracker", "t.example"], 2, "--tracker: 't.example' is not an http, https or udp URL"),
        (
            ["magnet:?xt=urn:btih:00"],
            3,
            "magnet links are not supported yet; give a .torrent file or its URL",
        ),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_starts(
    invoke: Invoke, session: FakeSession, torrent_path: Path, words: list[str], code: int, said: str
) -> None:
    result = invoke("download", *(word.format(torrent_path) for word in words))
    assert (result.exit_code, result.stderr) == (code, f"torrent-peer: {said}\n")
    assert session.added == []


def test_with_json_every_stdout_line_is_an_event_of_the_schema(
    invoke: Invoke, session: FakeSession, torrent_path: Path, torrent: Torrent
) -> None:
    session.events = [PeerConnected(PEER, True, "\x7f\x1b"), PeerClosed(farewell()), DONE]
    result = invoke("--json", "download", torrent_path)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["event"] for line in lines] == [
        "listening", "added", "peer_connected", "peer_closed", "completed", "done",
    ]  # fmt: skip
    for line in lines:
        assert line.keys() - {"event", "time", "torrent"} == SCHEMA[line["event"]].keys()
        assert line.get("torrent") == (None if line["event"] == "listening" else torrent.info_hash.hex())
    assert lines[-1]["ending"] == "complete"
    assert all(char.isprintable() for line in result.stdout.splitlines() for char in line)
    assert "sample: complete and verified" in result.stderr


def test_with_json_an_error_is_an_event_too(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("download", "--json", tmp_path / "none.torrent")
    line = json.loads(result.stdout)
    said = f"{tmp_path}/none.torrent: No such file or directory; name a .torrent file, a URL or -"
    assert (line["event"], line["message"], line["exit_code"]) == ("error", said, 3)
    assert result.stderr == f"torrent-peer: {said}\n"


def test_quiet_says_nothing(invoke: Invoke, session: FakeSession, torrent_path: Path) -> None:
    session.events = [PeerConnected(PEER, True, "x"), DONE]
    result = invoke("-q", "download", torrent_path)
    assert (result.stdout, result.stderr) == ("", "")


def test_the_log_has_what_was_not_shown(
    invoke: Invoke, session: FakeSession, torrent_path: Path, tmp_path: Path
) -> None:
    session.events = [PeerConnected(PEER, True, "a\x1bb")]
    invoke("-q", "--log-file", tmp_path / "log", "download", torrent_path)
    log = (tmp_path / "log").read_text()
    assert "192.0.2.7:6881 answers: a\\x1bb\n" in log
    assert "sample: complete and verified\n" in log


def test_on_done_runs_once_complete_with_the_name_in_the_environment(
    invoke: Invoke, session: FakeSession, torrent_path: Path, tmp_path: Path
) -> None:
    session.events = [DONE]
    program = "import os; print(*(os.environ['TORRENT_PEER_' + x] for x in ('NAME', 'PATH')), file=open('said', 'w'))"
    command = shlex.join([sys.executable, "-c", program.replace("'said'", repr(str(tmp_path / "said")))])
    result = invoke("download", torrent_path, "-o", tmp_path, "--on-done", command)
    assert result.exit_code == Exit.DONE, result.stderr
    assert (tmp_path / "said").read_text() == f"sample {tmp_path}/sample\n"


def test_on_done_does_not_run_when_it_is_not_done(
    invoke: Invoke, session: FakeSession, torrent_path: Path, tmp_path: Path
) -> None:
    session.ending = Ending.STALLED
    assert invoke("download", torrent_path, "--on-done", f"touch {tmp_path}/done").exit_code == Exit.STALLED
    assert not (tmp_path / "done").exists()


def test_a_failing_on_done_is_exit_1(invoke: Invoke, session: FakeSession, torrent_path: Path) -> None:
    session.events = [DONE]
    result = invoke("download", torrent_path, "--on-done", "false")
    assert result.exit_code == Exit.ERROR
    assert "--on-done: false: ended with 1; the download itself is complete\n" in result.stderr


def test_the_torrent_can_be_kept(invoke: Invoke, session: FakeSession, torrent_path: Path, tmp_path: Path) -> None:
    invoke("download", "-", "--save-torrent", tmp_path / "kept", input=torrent_path.read_bytes())
    assert (tmp_path / "kept").read_bytes() == torrent_path.read_bytes()


@pytest.mark.parametrize(
    ("first", "code", "twice"),
    [(signal.SIGINT, 130, False), (signal.SIGTERM, 143, False), (signal.SIGINT, 130, True)],
)
def test_a_signal_saves_and_leaves_with_its_code(
    torrent_path: Path, tmp_path: Path, first: signal.Signals, code: int, twice: bool
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "torrent_peer", "--json", "download", str(torrent_path), "-o", str(tmp_path)),
                *("--peer", f"127.0.0.1:{mute.getsockname()[1]}", "--listen", "127.0.0.1:0"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        while '"event": "resumed"' not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(first)
        if twice:
            time.sleep(0.05)
            process.send_signal(first)
        out, err = process.communicate(timeout=10)
    assert process.returncode == code
    assert "Traceback" not in err
    assert err.startswith("stopping: saving, and telling the trackers; once more leaves at once\n")
    if not twice:
        assert json.loads(out.splitlines()[-1])["exit_code"] == code
