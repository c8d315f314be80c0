"""BF: every rule broken, and a legal look-alike."""

import pytest

from tests.wire.scenes import FULL, INFO_HASH, Case, Scene, check_case
from torrent_peer.core.geometry import Geometry
from torrent_peer.core.ids import PeerId
from torrent_peer.wire.legality import Legality
from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    ExtendedHandshake,
    Handshake,
    Have,
    HaveAll,
    HaveNone,
    Interested,
    KeepAlive,
)
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.rules.bep3.availability import UPDATES_LIMIT
from torrent_peer.wire.side import Side
from torrent_peer.wire.state import DEFERRED_LIMIT, LATEST_PIECE

D, L = Side.DIALER, Side.LISTENER
BITS = Reserved.of(fast=True, extended=True)
DIALER_ID = PeerId(b"-XX0001-dialdialdial")
FRESH = Scene(opened=False)
SLOW_FRESH = Scene(opened=False, fast=False)
UNSIZED = Scene(size_known=False)


CASES = [
    Case(
        judge="with_fast_the_first_word_is_about_pieces",
        rule="BF-01",
        evidence="interested before bitfield, have_all or have_none",
        scene=FRESH,
        message=Interested(),
        legal_scene=SLOW_FRESH,
    ),
    Case(
        judge="with_fast_the_first_word_is_about_pieces",
        rule="BF-01",
        evidence="interested before bitfield, have_all or have_none",
        scene=Scene(greeted=False, here=D, then=[(D, Handshake(BITS, INFO_HASH, DIALER_ID))]),
        message=Interested(),
        legal_scene=Scene(greeted=False, here=D, then=[(D, Handshake(Reserved(), INFO_HASH, DIALER_ID))]),
    ),
    Case(
        judge="availability_comes_first",
        rule="BF-02",
        evidence="bitfield after other messages",
        scene=Scene(opened=False, fast=False, then=[(D, Interested())]),
        message=FULL,
        legal_scene=Scene(opened=False, fast=False, then=[(D, ExtendedHandshake()), (D, KeepAlive())]),
    ),
    Case(
        judge="availability_is_said_once",
        rule="BF-03",
        evidence="have_all after have_none",
        message=HaveAll(),
        legal_scene=FRESH,
    ),
    Case(
        judge="availability_is_not_a_stream",
        rule="BF-03",
        evidence="have_none number 81 in mid-conversation",
        scene=Scene(then=[(D, HaveNone())] * UPDATES_LIMIT),
        message=HaveNone(),
        legal_scene=Scene(then=[(D, HaveNone())] * (UPDATES_LIMIT - 1)),
    ),
    Case(
        judge="a_bitfield_fits_the_torrent",
        rule="BF-04",
        evidence="a bitfield of 3 bytes: 10 pieces need 2",
        scene=FRESH,
        message=Bitfield(bytes(3)),
        legal=Bitfield(bytes(2)),
    ),
    Case(
        judge="spare_bits_are_zero",
        rule="BF-05",
        evidence="a bitfield with spare bits set behind piece 9",
        scene=FRESH,
        message=Bitfield(b"\x00\x20"),
        legal=Bitfield(b"\x00\x40"),
    ),
    Case(
        judge="spare_bits_are_zero",
        rule="BF-05",
        evidence="a bitfield with spare bits set behind piece 9",
        scene=FRESH,
        message=Bitfield(b"\x00\x01"),
        legal=Bitfield(b"\x00\xc0"),
    ),
    Case(
        judge="a_have_names_a_piece",
        rule="BF-06",
        evidence="have 10: the torrent has 10 pieces",
        message=Have(10),
        legal=Have(9),
    ),
    Case(
        judge="a_have_is_news",
        rule="BF-07",
        evidence="have 3 again",
        sender=L,
        message=Have(3),
        legal_sender=D,
    ),
    Case(
        judge="what_cannot_be_judged_is_plausible",
        rule="BF-09",
        evidence=f"have {LATEST_PIECE}: no torrent has that many pieces",
        scene=UNSIZED,
        message=Have(LATEST_PIECE),
        legal=Have(LATEST_PIECE - 1),
    ),
    Case(
        judge="what_cannot_be_judged_is_no_burden",
        rule="BF-09",
        evidence="allowed_fast for more than 4096 pieces before the torrent's size is known",
        scene=Scene(size_known=False, then=[(D, Have(piece)) for piece in range(DEFERRED_LIMIT)]),
        message=AllowedFast(1),
        legal_scene=Scene(size_known=False, then=[(D, Have(piece)) for piece in range(DEFERRED_LIMIT - 2)]),
    ),
    Case(
        judge="what_cannot_be_judged_is_no_burden",
        rule="BF-09",
        evidence="have for more than 4096 pieces before the torrent's size is known",
        scene=Scene(size_known=False, then=[(D, Have(piece)) for piece in range(DEFERRED_LIMIT)]),
        message=Have(LATEST_PIECE - 1),
        legal=Have(LATEST_PIECE),  # that is not plausible
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_is_named_and_its_look_alike_passes(case: Case) -> None:
    check_case(case)


@pytest.mark.parametrize(("pieces", "length"), [(1, 1), (7, 1), (8, 1), (9, 2), (16, 2), (17, 3)])
def test_a_bitfield_has_the_bytes_its_bits_need_and_no_spare_one(pieces: int, length: int) -> None:
    legality = Legality(info_hash=INFO_HASH, geometry=Geometry(pieces * 32768, 32768))
    legality.apply(D, Handshake(BITS, INFO_HASH, DIALER_ID), crossed=True)
    assert legality.check(D, Bitfield(bytes(length)), crossed=True) == ()
    for wrong in (length - 1, length + 1):
        (finding,) = legality.check(D, Bitfield(bytes(wrong)), crossed=True)
        assert finding.evidence == f"a bitfield of {wrong} bytes: {pieces} pieces need {length}"


@pytest.mark.parametrize("pieces", [1, 7, 40, 72, 384, 1000, 6144, 100_000])
def test_a_whole_download_of_aria2_stays_below_the_limit(pieces: int) -> None:
    bitfield, have = 5 + -(-pieces // 8), 9
    news_in_one = -(-bitfield // have)
    assert pieces // news_in_one < UPDATES_LIMIT
