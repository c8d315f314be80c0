"""Seeds that meet part, and say why (BEP 21); what is allowed fast is fetched and served under a choke (BEP 6)."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.interop.clients.aria2 import ARIA2
from tests.interop.clients.job import Client, Job
from tests.interop.clients.libtorrent import LIBTORRENT
from tests.interop.clients.rtorrent import RTORRENT
from tests.interop.clients.transmission import TRANSMISSION
from tests.interop.download import TRANSCRIPT, Outcome, Seed, seed, staying
from tests.interop.network import Network
from tests.interop.programs import Program
from tests.interop.samples import FILES, NAME, PIECE_LENGTH, Sample
from tests.interop.trackers import TrackerKind, Trackers
from tests.interop.verdict import faults_in
from torrent_peer.strategy.allowed_fast import allowed_fast_set, pieces_to_allow

pytestmark = pytest.mark.interop

SECONDS = 40.0
"""For what takes one or two."""
INTERRUPTED = 130
SEEDS = (LIBTORRENT, TRANSMISSION, ARIA2, RTORRENT)
"""Not qBittorrent, which is libtorrent, nor ctorrent, which may hang up before it has said what it has."""
BOTH_SEED = ("both sides have everything", "it is a seed, and so are we")
"""How we explain it when the other side was first to hang up."""
SAY_UPLOAD_ONLY = (LIBTORRENT, TRANSMISSION)
"""Those that announce it in their extended handshake."""
FETCH_ALLOWED = (LIBTORRENT, ARIA2)
"""Those that ask for what is allowed fast while choked; Transmission does not, and rTorrent is not fast."""
MISSING = "nested/note.txt"
"""The file we lack when we are a leech with much to give: a part of one piece."""
SLOW = 16 * 1024
"""Bytes per second; the sample takes minutes."""
OURS = TrackerKind("ours", "http")


def job(network: Network, host: str, torrent: Path, content: Path, directory: Path, **more: Any) -> Job:
    """What the client at this host is told."""
    return Job(network, host, torrent, content, network.free_port(), directory, **more)


def folder(directory: Path, name: str) -> Path:
    """An empty folder for one client, with a `content` in it."""
    (directory / name / "content").mkdir(parents=True)
    return directory / name


def events(ours: Seed, name: str) -> list[dict[str, Any]]:
    """What our client has said under this name so far."""
    text = ours.program.output()
    lines = [line for line in text[: text.rfind("\n") + 1].splitlines() if line.startswith("{")]
    return [event for line in lines if (event := json.loads(line))["event"] == name]


def partings(ours: Seed) -> list[dict[str, Any]]:
    """How conversations ended so far with who had introduced itself, but for second ones."""
    return [event for event in events(ours, "peer_closed") if event["client"] and event["cause"] != "duplicate"]


def wait_for(ours: Seed, condition: Callable[[], object], what: str) -> None:
    """Return when our client has got so far; raise ProgramFailed with its log when it does not."""
    ours.program.wait_until(lambda: bool(condition()), what=what, seconds=SECONDS)


def said(directory: Path, host: str) -> list[tuple[str, str]]:
    """What we and who is at this host said in our longest conversation: `sent` or `received`, and the message."""
    conversations: dict[str, list[tuple[str, str]]] = {}
    for line in (directory / TRANSCRIPT).read_text().splitlines():
        event = json.loads(line)
        if "message" in event and event["peer"].startswith(f"{host}:"):
            conversations.setdefault(event["peer"], []).append((event["direction"], event["message"]))
    return max(conversations.values(), key=len)


def under_our_choke(conversation: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The part of it before we unchoked for the first time."""
    unchoke = ("sent", "unchoke")
    return conversation[: conversation.index(unchoke)] if unchoke in conversation else conversation


def pieces(conversation: list[tuple[str, str]], direction: str, word: str) -> list[int]:
    """Which pieces these messages are about, each once, in order."""
    words = [message.split() for way, message in conversation if way == direction]
    return list(dict.fromkeys(int(parts[1]) for parts in words if parts[0] == word))


def on_disk(root: Path, piece: int) -> bytes:
    """The bytes of a piece in the sample's files below `root`; short where there are none yet."""
    begin, end, found, start = piece * PIECE_LENGTH, (piece + 1) * PIECE_LENGTH, b"", 0
    for name, length in FILES.items():
        path = root / NAME / name
        if begin < start + length and start < end and path.exists():
            with path.open("rb") as file:
                file.seek(max(0, begin - start))
                found += file.read(end - max(begin, start))
        start += length
    return found


def met(network: Network, torrent: Path, sample: Sample, directory: Path) -> tuple[dict[str, Any], Outcome]:
    """How our seed parted from the peer it found, and what it says of it all."""
    with seed(network, torrent, sample.root, directory=directory) as ours:
        wait_for(ours, lambda: partings(ours), "parted from it")
        return partings(ours)[0], ours.end()


@pytest.mark.parametrize("client", SEEDS, ids=lambda client: client.name)
def test_two_seeds_that_meet_part_because_both_have_everything(
    client: Client, network: Network, sample: Sample, trackers: Trackers, tmp_path: Path
) -> None:
    client.require()
    tracker = trackers.of(OURS)
    torrent = sample.write_torrent(tmp_path / "sample.torrent", announce=tracker.url)
    place = folder(tmp_path, client.name)
    theirs = client.seed(job(network, network.host, torrent, sample.copy_to(place / "content"), place))
    try:
        tracker.wait_for_seeder(sample, theirs)
        parted, outcome = met(network, torrent, sample, tmp_path)
    finally:
        theirs.stop()

    if parted["ended_by"] == "us":
        assert (parted["cause"], parted["detail"]) == ("unwanted", "both sides have everything")
    else:
        assert parted["likely"], outcome.story
        assert parted["likely"][0]["reason"] in BOTH_SEED, outcome.story
    assert parted["uploaded"] == parted["downloaded"] == 0
    conversation = said(tmp_path, network.host)
    if any(message.startswith("extended_handshake") for _, message in conversation):
        assert ("sent", "extended_handshake upload_only yes") in conversation
    if client in SAY_UPLOAD_ONLY:
        assert ("received", "extended_handshake upload_only yes") in conversation
    assert faults_in(outcome, client) == []
    assert outcome.exit_code == INTERRUPTED, outcome.story


def test_our_seed_parts_from_one_that_lacks_a_file_and_does_not_want_it(
    network: Network, sample: Sample, trackers: Trackers, tmp_path: Path
) -> None:
    tracker = trackers.of(OURS)
    torrent = sample.write_torrent(tmp_path / "sample.torrent", announce=tracker.url)
    place = folder(tmp_path, "libtorrent")
    content = sample.copy_to(place / "content")
    (content / NAME / MISSING).unlink()
    partial = LIBTORRENT.seed(job(network, network.host, torrent, content, place, one_file=True))
    try:
        tracker.wait_for_leeches(sample, [partial])
        parted, outcome = met(network, torrent, sample, tmp_path)
    finally:
        partial.stop()

    reason = (parted["ended_by"], parted["cause"], parted["detail"])
    assert reason == ("us", "unwanted", "neither side wants more than it has"), outcome.story
    assert parted["uploaded"] == parted["downloaded"] == 0
    assert ("received", "extended_handshake upload_only yes") in said(tmp_path, network.host)
    assert faults_in(outcome, LIBTORRENT) == []


def occupy(network: Network, sample: Sample, trackers: Trackers, directory: Path) -> tuple[Program, str]:
    """Start a slow leech that nobody finds; returns it, and its address."""
    tracker = trackers.of(OURS)
    place = folder(directory, "slow")
    torrent = sample.write_torrent(place / "sample.torrent", announce=tracker.url)
    told = job(network, network.swarm_hosts[0], torrent, place / "content", place, rate=SLOW)
    leech = LIBTORRENT.leech(told)
    tracker.wait_for_leeches(sample, [leech])
    return leech, f"{told.host}:{told.port}"


@pytest.mark.parametrize("client", FETCH_ALLOWED, ids=lambda client: client.name)
def test_whom_we_choke_gets_what_we_allow_it(
    client: Client, network: Network, sample: Sample, trackers: Trackers, tmp_path: Path
) -> None:
    client.require()
    count = -(-sample.total_length // PIECE_LENGTH)
    allowed = pieces_to_allow(network.host, sample.info_hash, pieces=count, has=0)
    ours_of_it = sample.copy_to(tmp_path / "out")
    (ours_of_it / NAME / MISSING).unlink()
    tracker = trackers.of(OURS)
    torrent = sample.write_torrent(tmp_path / "sample.torrent", announce=tracker.url)
    place = folder(tmp_path, client.name)
    slow, address = occupy(network, sample, trackers, tmp_path)
    extra = ("--slots", "1", "--peer", address)
    try:
        with staying(network, torrent, ours_of_it, directory=tmp_path, extra=extra) as ours:
            wait_for(ours, lambda: any(each["uploaded"] for each in events(ours, "progress")), "given away its slot")
            leech = client.leech(job(network, network.host, torrent, place / "content", place))
            try:
                wanted = [on_disk(sample.root, piece) for piece in allowed]
                leech.wait_until(
                    lambda: [on_disk(place / "content", piece) for piece in allowed] == wanted,
                    what="fetched what is allowed",
                    seconds=SECONDS,
                )
            finally:
                leech.stop()
            outcome = ours.end()
    finally:
        slow.stop()

    conversation = said(tmp_path, network.host)
    choked = under_our_choke(conversation)
    assert pieces(choked, "sent", "allowed_fast") == allowed
    asked, given = pieces(choked, "received", "request"), pieces(choked, "sent", "piece")
    print(f"asked for {asked} and got {given} while choked, of {allowed}")
    assert asked, "it asked for nothing while choked"
    assert given, "it got nothing while choked"
    assert set(given) <= set(asked) <= set(allowed)
    assert pieces(choked, "sent", "reject") == []
    if client is ARIA2:  # libtorrent's choice is not the BEP's: it takes the whole address for its network
        theirs = allowed_fast_set(network.other_host, sample.info_hash, pieces=count, count=10)
        assert pieces(conversation, "received", "allowed_fast") == theirs
    assert faults_in(outcome, client) == []


def test_of_who_unchokes_nobody_we_get_what_it_allows_us(
    network: Network, sample: Sample, trackers: Trackers, tmp_path: Path
) -> None:
    tracker = trackers.of(OURS)
    torrent = sample.write_torrent(tmp_path / "sample.torrent", announce=tracker.url)
    place = folder(tmp_path, "libtorrent")
    content = sample.copy_to(place / "content")
    stingy = LIBTORRENT.seed(job(network, network.host, torrent, content, place, stingy=True))
    try:
        tracker.wait_for_seeder(sample, stingy)
        with staying(network, torrent, tmp_path / "out", directory=tmp_path) as ours:
            wait_for(ours, lambda: len(events(ours, "piece")) == 5, "fetched five pieces")
            outcome = ours.end()
    finally:
        stingy.stop()

    conversation = said(tmp_path, network.host)
    allowed = pieces(conversation, "received", "allowed_fast")
    assert len(allowed) == 5
    assert ("received", "unchoke") not in conversation
    assert (
        set(pieces(conversation, "sent", "request")) == set(pieces(conversation, "received", "piece")) == set(allowed)
    )
    assert {event["piece"] for event in events(ours, "piece")} == set(allowed)
    assert faults_in(outcome, LIBTORRENT) == []
