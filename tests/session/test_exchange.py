from pathlib import Path

import pytest
import trio

from tests.session.ends import FULL_RESERVED
from tests.session.hall import open_hall
from tests.session.stage import CONTENT, GEOMETRY, NOT_FAST, TORRENT, on_stage
from torrent_peer.core.version import __version__
from torrent_peer.session.events import FindingNoted, PeerConnected, PieceVerified
from torrent_peer.session.farewell import Cause
from torrent_peer.session.options import Ending
from torrent_peer.session.reasons import Signal, Stage
from torrent_peer.testing.scripted_peer import Talk, open_scripted_peer
from torrent_peer.testing.scripted_seed import answer
from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Choke,
    ExtendedHandshake,
    Have,
    HaveAll,
    HaveNone,
    Interested,
    Message,
    NotInterested,
    Piece,
    Reject,
    Request,
    Unchoke,
)
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.severity import Severity

ALL = GEOMETRY.piece_count


@pytest.mark.parametrize(
    ("pieces", "reserved", "said"),
    [
        (0, FULL_RESERVED, [HaveNone()]),
        (0, NOT_FAST, []),
        (2, FULL_RESERVED, [Bitfield(b"\xc0")]),
        (2, NOT_FAST, [Bitfield(b"\xc0")]),
        (ALL, FULL_RESERVED, [HaveAll()]),
        (ALL, NOT_FAST, [Bitfield(b"\xfc")]),
    ],
)
async def test_what_we_have_is_said_first_in_the_shortest_way(
    tmp_path: Path, pieces: int, reserved: Reserved, said: list[Message]
) -> None:
    async with open_hall(tmp_path, pieces=pieces) as hall:
        _, ear = hall.join([], reserved=Reserved.of(fast=reserved.fast), unchoked=False)
        assert ear.heard == said


async def test_the_extended_handshake_introduces_us(tmp_path: Path) -> None:
    async with open_hall(tmp_path) as hall:
        _, ear = hall.join([], unchoked=False)
        (hello,) = ear.take(ExtendedHandshake)
        assert hello.client == f"torrent_peer {__version__}"
        assert (hello.listen_port, hello.request_queue) == (6881, 500)
        assert hall.all(PeerConnected)[0].dialed


async def test_interest_is_kept_up_to_date(tmp_path: Path) -> None:
    async with open_hall(tmp_path, pieces=2) as hall:
        peer, ear = hall.join([0, 1], unchoked=False)
        assert not ear.take(Interested)
        hall.say(peer, Have(2))
        assert len(ear.take(Interested)) == 1
        hall.say(peer, Have(3))
        assert not ear.take(Interested)
        hall.say(peer, Unchoke())
        while blocks := ear.asked():
            hall.give(peer, *blocks)
            hall.settle()
        assert hall.parts.content.have.count == 4
        assert len(ear.take(NotInterested)) == 1
        hall.say(peer, Have(4))
        assert len(ear.take(Interested)) == 1


async def test_a_verified_piece_is_told_to_those_who_lack_it(tmp_path: Path) -> None:
    async with open_hall(tmp_path) as hall:
        seed, seeds_ear = hall.join()
        _, leechs_ear = hall.join([0], unchoked=False)
        _, emptys_ear = hall.join([], unchoked=False)
        while not hall.all(PieceVerified):
            hall.give(seed, *seeds_ear.asked())
            hall.settle()
        piece = hall.all(PieceVerified)[0].piece
        assert piece not in {have.piece for have in seeds_ear.take(Have)}
        assert {have.piece for have in emptys_ear.take(Have)} == {event.piece for event in hall.all(PieceVerified)}
        assert {have.piece for have in leechs_ear.take(Have)} == {e.piece for e in hall.all(PieceVerified)} - {0}


async def test_without_fast_a_choke_frees_what_was_asked_for_others_and_for_later(tmp_path: Path) -> None:
    async with open_hall(tmp_path) as hall:
        one, ear = hall.join([0], reserved=NOT_FAST)
        other, others_ear = hall.join([0], reserved=NOT_FAST)
        first, rest = ear.asked(), others_ear.asked()
        assert not set(first) & set(rest)
        while blocks := rest:
            hall.give(other, *blocks)
            rest = others_ear.asked()
        assert not others_ear.asked()
        hall.say(one, Choke())
        assert set(others_ear.asked()) == set(first) - set(one.connection.outstanding)
        assert not one.connection.outstanding


async def test_with_fast_a_choke_frees_nothing_until_the_rejects_come(tmp_path: Path) -> None:
    async with open_hall(tmp_path) as hall:
        one, ear = hall.join([0])
        first = ear.asked()
        hall.say(one, Choke())
        other, others_ear = hall.join([0])
        blocks = others_ear.asked()
        assert not set(blocks) & set(first)
        hall.say(one, *map(Reject, first))
        while blocks:
            hall.give(other, *blocks)
            blocks = others_ear.asked()
        hall.settle()
        assert [event.piece for event in hall.all(PieceVerified)] == [0]


async def test_a_peer_that_refuses_is_given_a_rest_and_others_are_asked(tmp_path: Path) -> None:
    async with open_hall(tmp_path) as hall:
        one, ear = hall.join([0])
        first = ear.asked()
        hall.say(one, *map(Reject, first))
        assert not ear.asked()
        assert one.ask_after > trio.current_time()
        assert one.last_word == f"refused {first[-1]}"
        _, others_ear = hall.join([0])
        assert others_ear.asked()


async def test_allowed_pieces_are_asked_for_while_choked_until_they_are_refused(tmp_path: Path) -> None:
    async with open_hall(tmp_path) as hall:
        peer, ear = hall.join(unchoked=False, then=[AllowedFast(3)])
        asked = ear.asked()
        assert {block.piece for block in asked} == {3}
        hall.say(peer, *map(Reject, asked))
        assert not ear.asked()


async def test_an_allowed_piece_is_asked_for_three_times_at_most_while_choked(tmp_path: Path) -> None:
    async with open_hall(tmp_path) as hall:
        peer, ear = hall.join(unchoked=False, then=[AllowedFast(3)])
        total = 0
        while asked := ear.asked():
            total += len(asked)
            hall.say(peer, *map(Reject, asked))
            peer.refused_pieces = frozenset()  # as if it had only been cancelled
            hall.parts.exchange.ask(peer, now=trio.current_time())
            peer.flush(now=trio.current_time())
        assert 2 * GEOMETRY.block_count(3) < total <= 3 * GEOMETRY.block_count(3)


async def test_no_more_is_asked_at_once_than_the_peer_takes(tmp_path: Path) -> None:
    async with open_hall(tmp_path) as hall:
        peer, ear = hall.join(unchoked=False, then=[ExtendedHandshake(request_queue=3), Unchoke()])
        for _ in range(10):
            assert len(peer.connection.outstanding) <= 3
            hall.give(peer, *ear.asked())
        assert peer.blocks > 15


async def test_who_is_complete_as_we_are_is_left(tmp_path: Path) -> None:
    async with open_hall(tmp_path, pieces=ALL) as hall:
        leech, _ = hall.join(range(ALL - 1), unchoked=False)
        before = leech.completed_here, leech.ending
        hall.say(leech, Have(ALL - 1))
        assert before == (False, None)
        assert leech.completed_here
        assert leech.ending is not None
        assert leech.ending.cause is Cause.UNWANTED


async def test_when_we_are_complete_those_who_are_too_are_left(tmp_path: Path) -> None:
    async with open_hall(tmp_path, pieces=ALL - 1) as hall:
        seed, ear = hall.join()
        leech, _ = hall.join([0], unchoked=False)
        while blocks := ear.asked():
            hall.give(seed, *blocks)
        hall.settle()
        assert hall.parts.picker.is_complete
        hall.parts.exchange.part_from_seeds()
        assert seed.ending is not None
        assert leech.ending is None


async def test_findings_are_reported_and_counted_by_severity(tmp_path: Path) -> None:
    async with open_hall(tmp_path) as hall:
        peer, _ = hall.join(unchoked=False)
        hall.say(peer, Have(0), HaveAll())
        assert [event.finding.rule for event in hall.all(FindingNoted)] == ["BF-07", "BF-03"]
        findings = hall.parts.exchange.findings
        assert findings == {Severity.VIOLATION: 0, Severity.DEVIATION: 1, Severity.REDUNDANT: 1}
        deviation = hall.all(FindingNoted)[1].finding
        assert peer.last_word == f"{deviation.evidence} [BF-03]"


async def test_the_evidence_of_a_silent_end_is_what_was_seen(tmp_path: Path) -> None:
    async with open_hall(tmp_path) as hall:
        peer, _ = hall.join()
        evidence = hall.parts.exchange.evidence(peer, Signal.FIN, Stage.TALKING, now=trio.current_time())
        assert evidence.our_last is not None
        assert evidence.our_last.startswith("request ")
        assert not evidence.both_complete
        assert not evidence.no_interest
        assert not evidence.we_idled
        assert evidence.own_slip is None
        assert evidence.client == peer.client != ""
        assert (evidence.they_choke, evidence.they_want, evidence.we_have_all) == (False, False, False)
        assert not evidence.same_host
        other, _ = hall.join()
        assert not hall.parts.exchange.evidence(other, Signal.FIN, Stage.SILENT, now=trio.current_time()).same_host
        other.address = peer.address
        assert hall.parts.exchange.evidence(other, Signal.FIN, Stage.SILENT, now=trio.current_time()).same_host


async def test_a_seed_that_chokes_and_unchokes_is_asked_again_and_the_download_completes(tmp_path: Path) -> None:
    for reserved in (FULL_RESERVED, NOT_FAST):

        async def moody(talk: Talk, reserved: Reserved = reserved) -> None:
            await talk.handshake(reserved=reserved)
            await talk.send(HaveAll() if talk.fast else Bitfield(b"\xfc"), Unchoke())
            for served in range(12):
                request = await talk.expect(Request)
                if served % 4 == 3:
                    await talk.send(Choke(), *[Reject(request.block)] * talk.fast, Unchoke())
                else:
                    start = GEOMETRY.piece_offset(request.block.piece) + request.block.begin
                    await talk.send(Piece(request.block, CONTENT[start : start + request.block.length]))
            await answer(talk, CONTENT, GEOMETRY.piece_length)

        with trio.fail_after(10):
            async with (
                open_scripted_peer(moody, info_hash=TORRENT.info_hash) as peer,
                on_stage(tmp_path / str(reserved.fast), peer.address) as stage,
            ):
                assert await stage.run.finished() is Ending.COMPLETE
        assert stage.file == CONTENT
        assert not [e for e in stage.audience.all(FindingNoted) if e.finding.severity is Severity.VIOLATION]
