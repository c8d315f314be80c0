import pytest
import trio
from trio.testing import MockClock

from tests.session.ends import ADDRESS, THEIR_HANDSHAKE, conversation, hear
from tests.session.hall import Ear
from tests.session.stage import GEOMETRY
from torrent_peer.core.block import Block
from torrent_peer.session.farewell import Cause, EndedBy
from torrent_peer.session.peer import FIRST_REST, LONGEST_REST, REJECTS_PER_STEP, Peer
from torrent_peer.wire.messages import Choke, Have, HaveAll, HaveNone, Interested, Request, Unchoke

BLOCKS = list(GEOMETRY.blocks(0))


def greeted(*then: Choke | Unchoke) -> tuple[Peer, Ear]:
    """A peer that has everything, to which we have said our opening words."""
    peer, _, _ = conversation(now=trio.current_time())
    ear = Ear()
    peer.transport = ear
    peer.greet(now=trio.current_time())
    hear(peer, THEIR_HANDSHAKE, HaveAll(), *then)
    peer.say(HaveNone())
    peer.say(Interested())
    return peer, ear


async def test_what_is_said_goes_out_in_one_piece_when_flushed(autojump_clock: MockClock) -> None:
    peer, ear = greeted()
    assert ear.heard == []
    await trio.sleep(3)
    peer.flush(now=trio.current_time())
    assert ear.heard == [HaveNone(), Interested()]
    assert peer.clocks.sent == 3.0
    await trio.sleep(1)
    peer.flush(now=trio.current_time())
    assert peer.clocks.sent == 3.0, "nothing was said"


async def test_requests_go_out_together_and_their_age_is_kept(autojump_clock: MockClock) -> None:
    peer, ear = greeted(Unchoke())
    assert peer.request(BLOCKS[:5], now=1.0)
    peer.flush(now=1.0)
    assert ear.asked() == BLOCKS[:5]
    assert list(peer.connection.outstanding) == BLOCKS[:5]


@pytest.mark.parametrize("what", ["say", "request"])
async def test_what_is_not_legal_is_our_fault_and_ends_it_with_the_rule(what: str) -> None:
    peer, ear = greeted(Choke())
    said = peer.say(Request(BLOCKS[0])) if what == "say" else peer.request(BLOCKS[:1], now=0)
    assert not said
    assert peer.ending is not None
    assert peer.ending.cause is Cause.OUR_FAULT
    assert peer.ending.ended_by is EndedBy.US
    assert peer.ending.finding is not None
    assert peer.ending.finding.rule == "REQ-07"
    assert peer.ending.detail == str(peer.ending.finding)
    assert peer.last_finding == peer.ending.finding
    assert not ear.heard


async def test_nothing_is_said_once_it_is_over_and_the_first_reason_counts() -> None:
    peer, _ = greeted(Unchoke())
    peer.close(Cause.TIMEOUT, "too slow")
    peer.close(Cause.UNWANTED, "another reason")
    assert not peer.say(Have(0))
    assert not peer.request(BLOCKS[:1], now=0)
    assert peer.scope.cancel_called
    assert peer.ending is not None
    assert (peer.ending.cause, peer.ending.detail) == (Cause.TIMEOUT, "too slow")


async def test_a_farewell_tells_who_how_long_and_how_much(autojump_clock: MockClock) -> None:
    peer, _ = greeted()
    peer.downloaded, peer.uploaded = 5, 7
    await trio.sleep(12)
    farewell = peer.farewell(Cause.CLOSED, "closed the connection", ended_by=EndedBy.THEM)
    assert (farewell.address, farewell.dialed, farewell.ended_by) == (ADDRESS, True, EndedBy.THEM)
    assert (farewell.seconds, farewell.downloaded, farewell.uploaded) == (12.0, 5, 7)
    assert farewell.recent == (), "only a broken rule is worth the last messages"


async def test_what_is_refused_while_it_chokes_is_remembered_by_piece() -> None:
    peer, _ = greeted()
    peer.rejected(Block(3, 0, 16384), now=5.0)
    assert peer.refused_pieces == {3}
    assert peer.ask_after == 0.0


async def test_rests_grow_as_refusals_go_on() -> None:
    peer, _ = greeted(Unchoke())
    rests = []
    for _ in range(20 * REJECTS_PER_STEP):
        peer.rejected(BLOCKS[0], now=100.0)
        rests.append(peer.ask_after - 100.0)
    assert rests[0] == FIRST_REST
    assert rests == sorted(rests)
    assert rests[-1] == LONGEST_REST


async def test_it_is_shown_by_its_address() -> None:
    peer, _ = greeted()
    assert repr(peer) == "<Peer 10.0.0.1:6881>"
    assert peer.client
