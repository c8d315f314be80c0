"""`seed`: what its flags mean, what it says and leaves with, and that it changes nothing."""

import json
import signal
import subprocess
import sys
from math import inf
from pathlib import Path

import pytest
import trio
from attrs import evolve

from tests.cli.fakes import FakeSession, Invoke
from torrent_peer.cli.exits import Exit
from torrent_peer.core.addresses import Address
from torrent_peer.metainfo.torrent import Torrent
from torrent_peer.session.options import Ending, SessionOptions, TorrentOptions
from torrent_peer.session.session import open_session
from torrent_peer.testing.tracker import LocalTracker, open_local_tracker
from torrent_peer.trackers.announce import Event
from torrent_peer.wire.policy import Profile


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> FakeSession:
    """A session that ends at once."""
    fake = FakeSession()
    monkeypatch.setattr("torrent_peer.cli.downloading.open_session", fake.open)
    return fake


def test_flags_reach_the_torrent_and_the_session(
    invoke: Invoke, session: FakeSession, torrent_path: Path, content: Path
) -> None:
    words = (
        "--seed-ratio 1.5 --seed-time 30m --slots 3 --peer 192.0.2.7:6881 --tracker udp://t.example:1 --max-peers 7"
        " --partial --recheck --strict --upload-limit 2K"
    )
    result = invoke("seed", torrent_path, content, *words.split())
    assert result.exit_code == Exit.DONE, result.stderr
    [(_, root, options)] = session.added
    assert root == content
    assert options == TorrentOptions(
        peers=(Address("192.0.2.7", 6881),),
        trackers=(("udp://t.example:1",),),
        max_peers=7,
        recheck=True,
        seed_ratio=1.5,
        seed_time=1800.0,
        read_only=True,
        partial=True,
    )
    assert session.options == evolve(
        session.options, upload_slots=3, upload_limit=2048, profile=Profile.STRICT, transcript=False
    )


def test_super_seeding_reaches_the_torrent(
    invoke: Invoke, session: FakeSession, torrent_path: Path, content: Path
) -> None:
    assert invoke("seed", torrent_path, content, "--super-seed", "--seed-ratio", "1").exit_code == Exit.DONE
    assert session.added[0][2].super_seed
    assert not TorrentOptions().super_seed


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        ("--partial", "what is missing cannot be given to anybody; leave out --partial"),
        ("--seed-ratio 0.5", "at ratio 0.5 nobody can have everything; --seed-ratio 1 is the least"),
    ],
)
def test_super_seeding_with_what_cannot_be_meant_is_exit_2(
    invoke: Invoke, session: FakeSession, torrent_path: Path, content: Path, flags: str, error: str
) -> None:
    result = invoke("seed", torrent_path, content, "--super-seed", *flags.split())
    assert (result.exit_code, session.added) == (Exit.USAGE, [])
    assert result.stderr.splitlines()[-1] == f"torrent-peer: --super-seed: {error}"


@pytest.mark.parametrize(
    ("flags", "ratio", "seconds"),
    [("", None, inf), ("--seed-ratio 2", 2.0, None), ("--seed-time 5s", None, 5.0)],
)
def test_it_goes_on_until_what_is_asked_for_or_for_ever(
    invoke: Invoke,
    session: FakeSession,
    torrent_path: Path,
    content: Path,
    flags: str,
    ratio: float | None,
    seconds: float | None,
) -> None:
    invoke("seed", torrent_path, content, *flags.split())
    options = session.added[0][2]
    assert (options.seed_ratio, options.seed_time) == (ratio, seconds)


@pytest.mark.parametrize("below", [".", "sample", "link to it"])
def test_the_path_is_the_content_or_where_it_is(
    invoke: Invoke, session: FakeSession, torrent_path: Path, content: Path, below: str
) -> None:
    (content / "link to it").symlink_to("sample")
    assert invoke("seed", torrent_path, content / below).exit_code == 0
    assert session.added[0][1] == content


def test_the_folder_we_are_in_will_do(
    invoke: Invoke, session: FakeSession, torrent_path: Path, content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(content / "sample")
    assert invoke("seed", torrent_path, ".").exit_code == 0
    assert session.added[0][1] == content


def test_the_end_is_summed_up_as_serving(
    invoke: Invoke, session: FakeSession, torrent_path: Path, content: Path
) -> None:
    result = invoke("seed", torrent_path, content)
    lines = result.stdout.splitlines()
    assert lines[0] == "sample: seeded as long as asked for"
    assert lines[1].startswith("  0 B uploaded in 0.")
    assert lines[1].endswith(" s, ratio 0.00")
    assert lines[2:] == ["  peers: 0 got data, 0 talked, 3 known", f"  served from {content}/sample"]


@pytest.mark.parametrize("flags", [(), ("--partial",)])
def test_missing_data_is_named_and_exit_6(
    invoke: Invoke, torrent_path: Path, content: Path, flags: tuple[str, ...]
) -> None:
    for path in (content / "sample").rglob("*.*"):
        if path.name != "a.txt" or flags:
            path.unlink()
    result = invoke("seed", torrent_path, content, "--listen", "127.0.0.1:0", *flags)
    wrong = 6 if flags else 4
    assert result.exit_code == Exit.VERIFICATION
    assert result.stdout.splitlines()[0] == f"sample: {wrong} of 6 pieces wrong"
    assert "  2  sample/sub/b.bin: missing" in result.stdout
    assert result.stderr.splitlines()[-1] == (
        f"torrent-peer: {content}/sample: {wrong} of 6 pieces are missing or wrong; "
        "fetch them, or serve the rest with --partial"
    )
    assert sorted(path.name for path in content.rglob("*")) == (
        ["sample", "sub"] if flags else ["a.txt", "sample", "sub"]
    )


def test_with_json_missing_data_is_an_ending(invoke: Invoke, torrent_path: Path, content: Path) -> None:
    (content / "sample/c.txt").unlink()
    result = invoke("--json", "seed", torrent_path, content, "--listen", "127.0.0.1:0")
    done = json.loads(result.stdout.splitlines()[-1])
    assert (done["event"], done["ending"], done["exit_code"]) == ("done", "incomplete", 6)
    assert done["detail"] == "1 of 6 pieces are missing or wrong"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["{torrent}", "{content}/none"], 2, "{content}/none: no such file or directory; give the one the torrent was"),
        (["{content}/none", "{content}"], 3, "{content}/none: No such file or directory; name a .torrent file, a URL"),
        (["{torrent}", "{content}", "--tracker", "x"], 2, "--tracker: 'x' is not an http, https or udp URL"),
        (["{torrent}"], 2, "Missing argument 'PATH'; see 'torrent-peer seed --help'"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_starts(
    invoke: Invoke,
    session: FakeSession,
    torrent_path: Path,
    content: Path,
    words: list[str],
    code: int,
    said: str,
) -> None:
    result = invoke("seed", *(word.format(torrent=torrent_path, content=content) for word in words))
    assert result.exit_code == code
    assert result.stderr.startswith(f"torrent-peer: {said.format(content=content)}")
    assert session.added == []


def seeding(torrent_path: Path, content: Path, tracker: LocalTracker, *flags: str) -> list[str]:
    """The command line of a real seed."""
    words = ["--json", "seed", str(torrent_path), str(content), "--tracker", tracker.http_url]
    return [sys.executable, "-m", "torrent_peer", *words, "--listen", "127.0.0.1:0", *flags]


def look_of(root: Path) -> list[tuple[str, int, int]]:
    """Every name below `root` with its times of modification and change."""
    found = [(path.name, path.lstat()) for path in (root, *sorted(root.rglob("*")))]
    return [(name, stat.st_mtime_ns, stat.st_ctime_ns) for name, stat in found]


async def fetch(torrent: Torrent, root: Path, tracker: LocalTracker) -> Ending:
    """Download from whoever the tracker names."""
    async with open_session(SessionOptions(listen_host="127.0.0.1", listen_ports=(0,))) as leech:
        return await leech.add(torrent, root, TorrentOptions(trackers=((tracker.http_url,),))).finished()


async def test_it_serves_until_the_ratio_is_reached_and_writes_nothing(
    torrent_path: Path, torrent: Torrent, content: Path, tmp_path: Path
) -> None:
    before = look_of(content)
    with trio.fail_after(15):
        async with open_local_tracker() as tracker:
            argv = seeding(torrent_path, content, tracker, "--seed-ratio", "1")
            async with trio.open_nursery() as nursery:
                process = await nursery.start(_run, argv)
                await tracker.wait_until(lambda: Event.STARTED in tracker.events())
                assert await fetch(torrent, tmp_path / "leech", tracker) is Ending.COMPLETE
                code = await process.wait()
    assert code == Exit.DONE
    assert look_of(content) == before
    for file in torrent.files:
        assert (tmp_path / "leech" / file.path).read_bytes() == (content / file.path).read_bytes()


async def _run(argv: list[str], *, task_status: trio.TaskStatus[trio.Process]) -> None:
    await trio.run_process(argv, check=False, capture_stdout=True, capture_stderr=True, task_status=task_status)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_a_signal_ends_it_with_its_code_and_stopped_is_said(
    torrent_path: Path, content: Path, number: signal.Signals, code: int
) -> None:
    before = look_of(content)
    with trio.fail_after(15):
        async with open_local_tracker() as tracker:
            argv = seeding(torrent_path, content, tracker)
            process = await trio.lowlevel.open_process(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            await tracker.wait_until(lambda: Event.STARTED in tracker.events())
            process.send_signal(number)
            said = [await _all_of(stream) for stream in (process.stdout, process.stderr)]
            assert await process.wait() == code
            assert tracker.events() == [Event.STARTED, Event.STOPPED]
    assert {announce.request.left for announce in tracker.announces} == {0}
    assert "stopping: telling the trackers; once more leaves at once" in said[1]
    assert "sample: seeding stopped" in said[1]
    done = json.loads(said[0].splitlines()[-1])
    assert (done["event"], done["ending"], done["exit_code"]) == ("done", "stopped", code)
    assert look_of(content) == before


async def _all_of(stream: trio.abc.ReceiveStream | None) -> str:
    assert stream is not None
    return b"".join([bytes(chunk) async for chunk in stream]).decode()
