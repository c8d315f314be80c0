"""The referee: every rule of the catalogue is found in a capture by its name, and what only looks like it is not."""

from collections.abc import Mapping

import pytest

from tests.capture.frames import Talk, numbered, talk
from torrent_peer.capture.account import Account
from torrent_peer.capture.metadata import MetadataShelf
from torrent_peer.capture.recording import judge_packets
from torrent_peer.capture.referee import ABOUT_SIZE, AHEAD, Referee
from torrent_peer.core.addresses import Address
from torrent_peer.core.block import Block
from torrent_peer.core.geometry import Geometry
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.wire.catalogue import CATALOGUE
from torrent_peer.wire.catalogue.exchange import (
    ASKED,
    FRESH,
    GEOMETRY,
    INFO_HASH,
    OPEN,
    SILENT,
    A,
    Example,
    Scene,
    announces,
    dialer,
    handshake,
    listener,
)
from torrent_peer.wire.codec import encode
from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Handshake,
    Have,
    HaveAll,
    HaveNone,
    MetadataPiece,
    MetadataRequest,
    Piece,
    Reject,
    Request,
)
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.rules import RULES
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.side import Side

SIZES = {INFO_HASH: GEOMETRY}
NOT_HERE = {
    "HS-01": "what does not begin as a handshake is not BitTorrent, and not judged",
    "HS-04": "which torrents a listener has is not in a capture",
    "HS-10": "who was told to dial itself has done no wrong: it is said, and not judged",
    "HS-11": "what a tracker calls a peer is not in a capture",
    "BF-09": "it is about what an end can take that does not know the torrent's size",
    "PIECE-09": "that an end does not know the torrent's size is not in a capture",
    "HASH-03": "the merkle trees are not in a capture",
    "HASH-04": "the merkle trees are not in a capture",
    "HASH-07": "the merkle trees are not in a capture",
}
"""Rules that a capture cannot show broken, and why."""
EXAMPLES = [
    pytest.param(entry.rule, example, id=f"{entry.rule}-{number}")
    for entry in CATALOGUE.values()
    for number, example in enumerate(entry.examples)
    if not entry.at_sender
]


def only(made: Talk, sizes: Mapping[InfoHash, Geometry] = SIZES) -> Account:
    """The account of a conversation."""
    (account,) = judge_packets(numbered(made.packets), sizes).accounts
    return account


def rules_in(account: Account) -> set[str]:
    return {rule for rule, _, _ in account.found}


def sizes_of(example: Example) -> Mapping[InfoHash, Geometry]:
    return SIZES if example.given.size_known else {}


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_a_capture_of_a_broken_rule_names_it(rule: str, example: Example) -> None:
    account = only(talk(example.given, example.breaks), sizes_of(example))
    assert (rule in rules_in(account)) is (rule not in NOT_HERE)
    if rule not in NOT_HERE:
        noted = next(each for each in account.findings if each.finding.rule == rule)
        assert noted.finding.sender is example.breaks.sender


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_a_capture_of_what_only_looks_like_it_does_not(rule: str, example: Example) -> None:
    account = only(talk(example.given_alike or example.given, example.alike), sizes_of(example))
    assert rule not in rules_in(account)


def test_the_rules_that_need_the_size_are_rules() -> None:
    assert {rule.id for rule in RULES.rules} >= ABOUT_SIZE


def test_a_finding_names_its_packet_and_offset() -> None:
    made = talk(OPEN, listener(Piece(A, bytes(A.length))))
    account = only(made)
    (noted,) = account.findings
    assert str(noted.finding).startswith("piece 0 [0:16384] was never requested. BEP 6, Fast Extension: ")
    assert (noted.packet, noted.finding.offset) == (len(made.packets), 68 + 5 + 5)
    assert noted.at == pytest.approx(1_700_000_000 + len(made.packets) / 1000)


def test_judging_goes_on_behind_a_violation() -> None:
    account = only(talk(ASKED, dialer(Have(10)), listener(Piece(A, bytes(A.length)))))
    assert rules_in(account) == {"BF-06"}
    assert account.messages[Side.LISTENER]["piece"] == 1
    assert account.stopped is None


def test_it_ends_where_the_bytes_are_no_messages_any_more() -> None:
    account = only(talk(ASKED, listener(b"\xff\xff\xff\xff"), listener(Have(10)), dialer(Have(10))))
    assert rules_in(account) == {"FR-02"}
    assert account.stopped == "what the listener said next cannot be cut into messages"
    assert account.messages[Side.DIALER]["have"] == 0


def test_who_they_are_is_told() -> None:
    made = talk(FRESH, announces(Side.LISTENER), dialer(b"\x00\x00\x00\x0d\x14\x00d1:v4:\x1b[2Je", words="v"))
    account = only(made)
    assert account.info_hash == INFO_HASH
    assert account.clients == {Side.DIALER: ".[2J", Side.LISTENER: "XX 0.0.0.1"}
    assert account.peer_ids[Side.DIALER] == b"-XX0001-dialdialdial"
    assert account.messages[Side.DIALER] == {"handshake": 1, "extended_handshake": 1}


def test_what_is_said_ahead_of_the_answer_is_judged_by_its_bits() -> None:
    ahead = handshake(Side.DIALER), HaveNone()
    for bits, rules in ((Reserved.of(fast=True), set()), (Reserved(), {"FAST-01"})):
        account = only(talk(SILENT, dialer(*ahead), listener(handshake(Side.LISTENER, bits=bits))))
        assert rules_in(account) == rules
        assert account.messages[Side.DIALER]["have_none"] == 1


def test_nothing_is_read_behind_what_cannot_be_cut_into_messages() -> None:
    ahead = encode(handshake(Side.DIALER)) + b"\xff\xff\xff\xff"
    made = Talk().open().say(Side.DIALER, ahead).say(Side.LISTENER, encode(handshake(Side.LISTENER)) + encode(Have(99)))
    account = only(made)
    assert rules_in(account) == {"FR-02"}
    assert account.stopped == "what the dialer said next cannot be cut into messages"


def test_an_answer_that_overtakes_the_end_of_the_handshake_is_an_answer() -> None:
    """A listener answers once the info-hash is in (HS-07)."""
    whole = encode(handshake(Side.DIALER))
    made = Talk().open().say(Side.DIALER, whole[:48]).say(Side.LISTENER, encode(handshake(Side.LISTENER)))
    account = only(made.say(Side.DIALER, whole[48:] + encode(HaveNone())))
    assert (rules_in(account), account.stopped) == (set(), None)
    assert account.messages[Side.DIALER] == {"handshake": 1, "have_none": 1}


def test_endless_talk_without_an_answer_is_not_kept() -> None:
    made = Talk().open().say(Side.DIALER, encode(handshake(Side.DIALER)))
    for _ in range(AHEAD // 65_000 + 1):
        made.say(Side.DIALER, bytes(65_000), size=65_000)
    stopped = only(made).stopped
    assert stopped is not None
    assert stopped.startswith("the dialer sent 1")
    assert stopped.endswith(" bytes without an answer to its handshake")


NO_BITTORRENT = "the dialer speaks no BitTorrent that can be read: "


@pytest.mark.parametrize(
    ("first", "said"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", NO_BITTORRENT + "this looks like an HTTP request"),
        (b"\x16\x03\x01", NO_BITTORRENT + "this looks like a TLS hello"),
        (bytes(range(100, 196)), NO_BITTORRENT + "this may be the key of an encrypted (MSE) connection"),
        (b"hello", NO_BITTORRENT + 'byte 0 of the handshake is 0x68 ("h"), not 19 (0x13)'),
        (b"\x13BitTor", "it ended before the handshake was whole"),
        (b"", "nothing was said"),
    ],
)
def test_what_is_no_bittorrent_is_said_and_not_judged(first: bytes, said: str) -> None:
    made = Talk().open().say(Side.DIALER, first).close(Side.DIALER).close(Side.LISTENER)
    account = only(made)
    assert (account.unread, account.judged, account.found, account.stopped) == (said, False, {}, None)


def test_an_answer_in_another_protocol_is_not_judged_either() -> None:
    made = Talk().open().say(Side.DIALER, encode(handshake(Side.DIALER))).say(Side.LISTENER, b"HTTP/1.1 400 Bad\r\n")
    assert only(made).unread == "the listener speaks no BitTorrent that can be read: this looks like an HTTP answer"


def test_a_handshake_that_goes_wrong_on_its_way_is_judged() -> None:
    account = only(Talk().open().say(Side.DIALER, b"\x13BitTorrent prodigal"))
    assert rules_in(account) == {"HS-02"}
    assert account.stopped == "the dialer's handshake cannot be read"


def test_a_handshake_without_an_answer_is_no_fault() -> None:
    account = only(Talk().open().say(Side.DIALER, encode(handshake(Side.DIALER))).close(Side.LISTENER))
    assert (account.stopped, account.found) == ("the listener never answered the handshake", {})
    assert account.messages[Side.DIALER] == {"handshake": 1}


def test_a_client_that_dialled_itself_is_said_and_not_judged() -> None:
    itself = Handshake(Reserved(), INFO_HASH, PeerId(b"-XX0001-dialdialdial"))
    account = only(talk(SILENT, dialer(itself), listener(itself)))
    assert account.unread == "a client that dialled itself: both ends are -XX0001-dialdialdial"
    assert account.found == {}


def test_a_hybrid_torrent_is_known_by_either_of_its_names() -> None:
    """BEP 52: the listener may answer with the other info-hash."""
    bits, other = Reserved.of(v2=True), InfoHash(b"the other name of it")
    answer = Handshake(bits, other, PeerId(b"x" * 20))
    account = only(talk(SILENT, dialer(handshake(Side.DIALER, bits=bits)), listener(answer)), {other: GEOMETRY})
    assert (account.sized, account.found, account.info_hash) == (True, {}, INFO_HASH)


def test_blocks_larger_than_usual_are_read_when_they_were_asked_for() -> None:
    block = Block(0, 0, 32_768)
    asked = dialer(Request(block)), listener(Piece(block, bytes(block.length)))
    account = only(talk(OPEN, *asked))
    assert rules_in(account) == {"REQ-05"}
    assert account.messages[Side.LISTENER]["piece"] == 1


def test_without_the_size_nobody_is_accused_of_what_only_it_can_tell() -> None:
    steps = dialer(Request(A)), listener(Piece(A, bytes(A.length)), AllowedFast(3), Have(5)), dialer(Request(A))
    account = only(talk(OPEN, *steps, listener(Bitfield(b"\xff\xff"))), {})
    assert (account.sized, account.stopped, rules_in(account)) == (False, None, {"BF-03"})
    plain = talk(Scene(bits=Reserved()), dialer(Request(A)), listener(Reject(A), Reject(A), HaveAll()))
    assert only(plain, {}).found[("FAST-01", Severity.VIOLATION, Side.LISTENER)] == 1
    assert account.messages[Side.LISTENER]["piece"] == 1


def test_metadata_that_passes_by_is_put_on_the_shelf() -> None:
    both = (announces(side, "ut_metadata", metadata_size=5) for side in Side)
    steps = *both, dialer(MetadataRequest(0)), listener(MetadataPiece(0, 5, b"d1:ae"))
    recording = judge_packets(numbered(talk(FRESH, *steps).packets), {})
    assert recording.metadata == {INFO_HASH: b"d1:ae"}
    assert rules_in(recording.accounts[0]) == set()


def test_nothing_is_read_once_it_is_finished() -> None:
    account = Account(dialer=Address("192.0.2.1", 1), listener=Address("192.0.2.2", 2), packet=1, started=0.0)
    referee = Referee(account, SIZES, MetadataShelf())
    for side in Side:
        referee.receive(side, encode(handshake(side)) + b"\0\0", packet=1, at=0.0)
    assert referee.held == 0
    referee.finish()
    referee.finish()
    referee.receive(Side.DIALER, b"\0\0", packet=2, at=1.0)
    assert account.messages[Side.DIALER] == {"handshake": 1}
    assert (account.stopped, account.unread) == (None, None)
