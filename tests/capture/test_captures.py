"""Captures of real clients, kept: replayed without any client, and what is known of them is found again.

Made by `scripts/capture_clients --tiny --keep DIR SCENE`; of `magnets` only four conversations were kept.
"""

from io import BytesIO
from pathlib import Path

import pytest

from torrent_peer.capture.recording import Recording, judge
from torrent_peer.metainfo.torrent import parse_torrent
from torrent_peer.wire.codec import encode
from torrent_peer.wire.messages import Have
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.side import Side

CAPTURES = Path(__file__).with_name("captures")
TORRENT = parse_torrent((CAPTURES / "sample.torrent").read_bytes())

Count = dict[str, int]
KEPT: dict[str, tuple[dict[str, str], Count, Count]] = {
    "aria2-ctorrent-libtorrent": (
        {"Enhanced CTorrent 0.3.0.3": "aria2 1.36.0", "libtorrent/2.1.1.0": "aria2/1.36.0"},
        {"handshake": 6, "request": 5, "piece": 5, "have": 6, "have_none": 1, "peer_exchange": 1, "allowed_fast": 2},
        {},
    ),
    "libtorrent-qbittorrent-rtorrent": (
        {"libTorrent 0.13.8": "libtorrent/2.1.1.0", "qBittorrent/4.5.2": "libtorrent/2.1.1.0"},
        {"handshake": 6, "request": 6, "piece": 6, "have": 3, "keep_alive": 2, "extended_handshake": 6},
        {},
    ),
    "magnets": (
        {"libTorrent 0.13.8": "libtorrent/2.1.1.0", "aria2/1.36.0": "libTorrent 0.13.8"},
        {"metadata_request": 4, "metadata_piece": 2, "metadata_reject": 2, "cancel": 1, "peer_exchange": 2},
        {},
    ),
    "rtorrent-transmission-aria2": (
        {"Transmission 3.00": "aria2/1.36.0", "aria2/1.36.0": "libTorrent 0.13.8"},
        {"handshake": 8, "request": 6, "piece": 6, "cancel": 2, "peer_exchange": 4, "not_interested": 2},
        {"BF-02": 1, "BF-03": 1},
    ),
}
"""Capture → who dialled whom, among others; some of the messages by kind; everything that is more than redundant."""


def replay(name: str) -> Recording:
    with (CAPTURES / f"{name}.pcap").open("rb") as file:
        return judge(file, {TORRENT.info_hash: TORRENT.geometry})


@pytest.mark.parametrize("name", KEPT)
def test_what_real_clients_said_is_judged_as_it_was(name: str) -> None:
    met, messages, broken = KEPT[name]
    recording = replay(name)
    judged = [account for account in recording.accounts if account.judged]
    assert recording.notes == ()
    assert {account.stopped for account in judged} == {None}
    assert met.items() <= {account.clients[Side.DIALER]: account.clients[Side.LISTENER] for account in judged}.items()
    said = {kind: sum(account.messages[side][kind] for account in judged for side in Side) for kind in messages}
    assert said == messages
    found: Count = {}
    for account in judged:
        for (rule, severity, _), count in account.found.items():
            if severity is not Severity.REDUNDANT:
                found[rule] = found.get(rule, 0) + count
    assert found == broken


def test_metadata_passed_by_in_full() -> None:
    assert replay("magnets").metadata == {TORRENT.info_hash: TORRENT.info}


def test_one_wrong_byte_of_a_real_client_is_found() -> None:
    data = (CAPTURES / "libtorrent-qbittorrent-rtorrent.pcap").read_bytes()
    assert encode(Have(1)) in data
    changed = data.replace(encode(Have(1)), encode(Have(2)), 1)
    recording = judge(BytesIO(changed), {TORRENT.info_hash: TORRENT.geometry})
    found = [noted.finding for account in recording.accounts for noted in account.findings]
    assert [str(each).partition(".")[0] for each in found if each.rule == "BF-06"] == [
        "have 2: the torrent has 2 pieces"
    ]


def test_what_is_kept_is_small() -> None:
    assert {path.stem for path in CAPTURES.glob("*.pcap")} == set(KEPT)
    assert all(path.stat().st_size < 100_000 for path in CAPTURES.iterdir())
