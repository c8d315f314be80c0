from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import trio
from attrs import evolve

from tests.session.stage import CONTENT, LOOPBACK, PLAIN, TORRENT, late_seed, on_stage, place, until
from torrent_peer.core.addresses import Address
from torrent_peer.core.ids import PeerId
from torrent_peer.session.address_book import FIRST_RETRY
from torrent_peer.session.events import PeerClosed, PeerConnected
from torrent_peer.session.farewell import Cause, EndedBy
from torrent_peer.session.options import Ending
from torrent_peer.session.session import open_session
from torrent_peer.testing.scripted_peer import Talk, dial_scripted_peer, open_scripted_peer
from torrent_peer.testing.scripted_seed import serve
from torrent_peer.wire.messages import HaveAll, HaveNone
from torrent_peer.wire.reserved import Reserved

LOW = PeerId(b"\0" * 20)
HIGH = PeerId(b"\xff" * 20)


async def stays(talk: Talk) -> None:
    """Says hello and waits."""
    await talk.handshake()
    await talk.send(HaveNone())
    await talk.closed()


async def test_a_connection_to_ourselves_is_ended_and_never_dialled_again(tmp_path: Path) -> None:
    with trio.fail_after(5):
        async with open_session(LOOPBACK) as session:
            assert session.port is not None
            me = Address("127.0.0.1", session.port)
            farewells: list[PeerClosed] = []
            both = trio.Event()

            def audience(event: object) -> None:
                if isinstance(event, PeerClosed):
                    farewells.append(event)
                    if len(farewells) == 2:
                        both.set()

            run = session.add(TORRENT, tmp_path, evolve(PLAIN, peers=(me,)), audience)
            await both.wait()
            assert run._parts is not None
            assert run._parts.swarm.book.refused(me) == "ourselves"
            assert run._parts.swarm.book.next_due() is None
    assert [event.farewell.cause for event in farewells] == [Cause.SELF, Cause.SELF]
    assert {event.farewell.dialed for event in farewells} == {True, False}


@pytest.mark.parametrize(("id_", "kept"), [(LOW, "theirs goes"), (HIGH, "ours goes")])
async def test_of_a_simultaneous_dial_both_ends_keep_the_connection_of_the_greater_id(
    id_: PeerId, kept: str, tmp_path: Path
) -> None:
    with trio.fail_after(5):
        async with (
            open_scripted_peer(stays, info_hash=TORRENT.info_hash, peer_id=id_) as peer,
            on_stage(tmp_path, peer.address) as stage,
        ):
            dialed = await peer.talk()
            await stage.audience.wait_for(PeerConnected)
            async with dial_scripted_peer("127.0.0.1", stage.port, TORRENT.info_hash, stays, peer_id=id_) as accepted:
                closed = (await stage.audience.wait_for(PeerClosed)).farewell
                await (accepted if kept == "theirs goes" else dialed).over.wait()
                assert not (dialed if kept == "theirs goes" else accepted).over.is_set()
                assert stage.run.connections == 1
    assert closed.cause is Cause.DUPLICATE
    assert closed.ended_by is EndedBy.US
    assert closed.dialed is (kept == "ours goes")
    assert closed.detail == "a second connection to the same peer"


async def test_of_two_connections_from_the_same_peer_the_first_is_kept(tmp_path: Path) -> None:
    with trio.fail_after(5):
        async with (
            on_stage(tmp_path) as stage,
            dial_scripted_peer("127.0.0.1", stage.port, TORRENT.info_hash, stays, peer_id=LOW) as first,
        ):
            await stage.audience.wait_for(PeerConnected)
            async with dial_scripted_peer("127.0.0.1", stage.port, TORRENT.info_hash, stays, peer_id=LOW) as second:
                farewell = await stage.audience.farewell(second.address)
                await second.over.wait()
                assert not first.over.is_set()
    assert farewell.cause is Cause.DUPLICATE


async def test_two_seeds_part_as_neither_has_anything_to_want(tmp_path: Path) -> None:
    async def seed(talk: Talk) -> None:
        await talk.handshake()
        await talk.send(HaveAll())
        await talk.closed()

    with trio.fail_after(5):
        async with (
            on_stage(place(tmp_path), options=evolve(PLAIN, seed_time=60.0)) as stage,
            dial_scripted_peer("127.0.0.1", stage.port, TORRENT.info_hash, seed) as talk,
        ):
            farewell = await stage.audience.farewell(talk.address)
    assert (farewell.cause, farewell.ended_by) == (Cause.UNWANTED, EndedBy.US)
    assert farewell.detail == "both sides have everything"
    assert HaveAll() in talk.heard


async def test_no_more_peers_are_let_in_than_allowed(tmp_path: Path) -> None:
    with trio.fail_after(5):
        async with AsyncExitStack() as stack:
            stage = await stack.enter_async_context(on_stage(tmp_path, options=evolve(PLAIN, max_peers=3)))
            await stage.run.checked()
            talks = [
                await stack.enter_async_context(dial_scripted_peer("127.0.0.1", stage.port, TORRENT.info_hash, stays))
                for _ in range(10)
            ]
            await until(lambda: sum(talk.over.is_set() for talk in talks) == 7)
            assert len(stage.audience.all(PeerConnected)) == 3
            assert stage.run.connections == 3
            turned_away = [talk for talk in talks if talk.over.is_set()]
            assert {talk.received_bytes for talk in turned_away} == {0}


async def test_no_more_peers_are_let_in_than_allowed_when_all_come_at_once(tmp_path: Path) -> None:
    with trio.fail_after(5):
        async with on_stage(tmp_path, options=evolve(PLAIN, max_peers=3)) as stage:
            await stage.run.checked()
            over = 0

            async def dials() -> None:
                nonlocal over
                async with dial_scripted_peer("127.0.0.1", stage.port, TORRENT.info_hash, stays) as talk:
                    await talk.over.wait()
                    over += 1

            async with trio.open_nursery() as nursery:
                for _ in range(20):
                    nursery.start_soon(dials)
                await until(lambda: over == 17)
                assert len(stage.audience.all(PeerConnected)) == 3
                nursery.cancel_scope.cancel()


async def test_no_more_peers_are_dialled_than_allowed(tmp_path: Path) -> None:
    with trio.fail_after(5):
        async with AsyncExitStack() as stack:
            peers = [
                await stack.enter_async_context(open_scripted_peer(stays, info_hash=TORRENT.info_hash))
                for _ in range(6)
            ]
            stage = await stack.enter_async_context(
                on_stage(tmp_path, *(peer.address for peer in peers), session=evolve(LOOPBACK, max_peers=2))
            )
            await until(lambda: len(stage.audience.all(PeerConnected)) == 2)
            await trio.testing.wait_all_tasks_blocked(0.02)
            assert sum(len(peer.talks) for peer in peers) == 2


async def test_a_refused_dial_is_told_with_a_reason_and_tried_again_later(tmp_path: Path) -> None:
    with trio.socket.socket() as unused:
        await unused.bind(("127.0.0.1", 0))
        address = Address(*unused.getsockname())
        with trio.fail_after(5):
            async with on_stage(tmp_path, address) as stage:
                farewell = await stage.audience.farewell(address)
                assert stage.run._parts is not None
                due = stage.run._parts.swarm.book.next_due()
                assert due is not None
                assert due - trio.current_time() == pytest.approx(FIRST_RETRY, abs=1.0)
    assert (farewell.cause, farewell.ended_by) == (Cause.DIAL_FAILED, EndedBy.NETWORK)
    assert farewell.detail == "connection refused"
    assert farewell.likely[0].reason == "nobody listens on that port"


async def test_a_name_that_stands_for_nothing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nowhere(host: str, port: int) -> tuple[Address, ...]:
        raise OSError(-2, "Name or service not known")

    monkeypatch.setattr("torrent_peer.net.network.resolve", nowhere)
    with trio.fail_after(5):
        async with on_stage(tmp_path, Address("no.such.host.invalid", 6881)) as stage:
            farewell = (await stage.audience.wait_for(PeerClosed)).farewell
    assert farewell.detail == "unknown host: Name or service not known"


async def test_a_peer_that_vanishes_in_the_middle_is_made_up_for_by_another(tmp_path: Path) -> None:
    curtain = trio.Event()

    async def vanishes(talk: Talk) -> None:
        with trio.move_on_after(0.05):
            await serve(TORRENT, CONTENT, blocks=5)(talk)
        curtain.set()
        await talk.reset()

    with trio.fail_after(5):
        async with (
            open_scripted_peer(vanishes, info_hash=TORRENT.info_hash) as first,
            open_scripted_peer(late_seed(curtain), info_hash=TORRENT.info_hash) as second,
            on_stage(tmp_path, first.address, second.address) as stage,
        ):
            assert await stage.run.finished() is Ending.COMPLETE
    assert stage.file == CONTENT
    farewell = await stage.audience.farewell(first.address)
    assert farewell.cause is Cause.RESET
    assert 4 * 16384 < farewell.downloaded <= 5 * 16384


async def test_when_the_torrent_ends_every_peer_is_left_in_order(tmp_path: Path) -> None:
    with trio.fail_after(5):
        async with (
            on_stage(tmp_path) as stage,
            dial_scripted_peer("127.0.0.1", stage.port, TORRENT.info_hash, stays) as one,
            dial_scripted_peer("127.0.0.1", stage.port, TORRENT.info_hash, stays) as other,
        ):
            await until(lambda: len(stage.audience.all(PeerConnected)) == 2)
            stage.run.stop()
            assert await stage.run.finished() is Ending.STOPPED
            await one.over.wait()
            await other.over.wait()
    farewells = [event.farewell for event in stage.audience.all(PeerClosed)]
    assert {(farewell.cause, farewell.detail) for farewell in farewells} == {(Cause.SHUTDOWN, "the torrent ended")}


async def test_a_peer_without_any_extension_is_served_by_bitfield(tmp_path: Path) -> None:
    with trio.fail_after(5):
        async with (
            open_scripted_peer(serve(TORRENT, CONTENT, reserved=Reserved.of()), info_hash=TORRENT.info_hash) as peer,
            on_stage(tmp_path, peer.address) as stage,
        ):
            assert await stage.run.finished() is Ending.COMPLETE
    assert stage.file == CONTENT
