import pytest
import trio

from torrent_peer.core.block import Block
from torrent_peer.core.geometry import Geometry
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.net.peer_stream import connect_peer
from torrent_peer.testing.scripted_peer import HungUpError, Talk, dial_scripted_peer, open_scripted_peer
from torrent_peer.wire.errors import RemoteProtocolError
from torrent_peer.wire.messages import Choke, Have, HaveAll, Interested, KeepAlive, Piece, Request, Unchoke
from torrent_peer.wire.reserved import Reserved

INFO_HASH = InfoHash(b"0123456789abcdefghij")
GEOMETRY = Geometry(100_000, 32_768)


async def test_a_lie_goes_through_the_codec_and_is_judged_at_the_other_end() -> None:
    async def seed_that_shouts(talk: Talk) -> None:
        await talk.handshake()
        await talk.send(HaveAll(), Unchoke())
        request = await talk.expect(Request)
        await talk.send(Piece(request.block, b"not what was asked for"))
        await talk.closed()

    with trio.fail_after(5):
        async with open_scripted_peer(seed_that_shouts, info_hash=INFO_HASH) as peer:
            async with connect_peer(*peer.address, INFO_HASH, geometry=GEOMETRY) as stream:
                assert await stream.receive() == HaveAll()
                assert await stream.receive() == Unchoke()
                block = GEOMETRY.block(1, 0)
                await stream.send(HaveAll(), Interested(), Request(block))
                with pytest.raises(RemoteProtocolError, match=r"\[PIECE-03\]$"):
                    await stream.receive()
            talk = await peer.talk()
            await talk.over.wait()
            assert talk.heard == [HaveAll(), Interested(), Request(block)]


async def test_each_connection_is_a_talk_of_its_own() -> None:
    async def one_word(talk: Talk) -> None:
        await talk.handshake()
        await talk.send(KeepAlive())

    with trio.fail_after(5):
        async with open_scripted_peer(one_word, info_hash=INFO_HASH) as peer:
            for _ in range(2):
                async with connect_peer(*peer.address, INFO_HASH) as stream:
                    assert [message async for message in stream] == [KeepAlive()]
            assert len(peer.talks) == 2
            assert {talk.theirs is None for talk in peer.talks} == {False}


async def test_dialer_and_listener_understand_each_other() -> None:
    async def asks(talk: Talk) -> None:
        theirs = await talk.handshake(reserved=Reserved.of(fast=True))
        assert theirs.peer_id == PeerId(b"-XX0001-aaaaaaaaaaaa")
        await talk.send(Have(7))
        await talk.expect(Choke)

    async def answers(talk: Talk) -> None:
        await talk.handshake()
        await talk.expect(Have)
        await talk.send(KeepAlive(), Choke())
        await talk.closed()

    with trio.fail_after(5):
        async with (
            open_scripted_peer(answers, info_hash=INFO_HASH, peer_id=PeerId(b"-XX0001-aaaaaaaaaaaa")) as peer,
            dial_scripted_peer(*peer.address, INFO_HASH, asks) as talk,
        ):
            await talk.over.wait()
            other = await peer.talk()
            await other.over.wait()
            assert talk.heard == [KeepAlive(), Choke()]
            assert other.heard == [Have(7)]
            assert talk.fast
            assert not talk.broken_off
            assert other.received_bytes == 68 + 9


async def test_bytes_that_are_no_message_can_be_said_before_any_handshake() -> None:
    async def not_a_peer(talk: Talk) -> None:
        await talk.send_bytes(b"HTTP/1.1 400 Bad Request\r\n")
        await talk.closed()

    with trio.fail_after(5):
        async with open_scripted_peer(not_a_peer, info_hash=INFO_HASH) as peer:
            with pytest.raises(RemoteProtocolError, match=r"looks like an HTTP answer"):
                async with connect_peer(*peer.address, INFO_HASH):
                    raise AssertionError("never reached")


async def test_being_hung_up_on_ends_a_script_quietly_and_is_noted() -> None:
    after: list[str] = []

    async def waits(talk: Talk) -> None:
        await talk.handshake()
        try:
            await talk.expect(Have)
        except HungUpError as error:
            after.append(str(error))
            raise

    with trio.fail_after(5):
        async with open_scripted_peer(waits, info_hash=INFO_HASH) as peer:
            async with connect_peer(*peer.address, INFO_HASH):
                pass
            talk = await peer.talk()
            await talk.over.wait()
    assert talk.broken_off
    assert after == ["the other side has closed the connection"]


async def test_a_mistake_in_a_script_comes_out_of_the_block() -> None:
    async def mistaken(talk: Talk) -> None:
        raise ZeroDivisionError

    async def listens(talk: Talk) -> None:
        await talk.closed()

    async def meet() -> None:
        async with (
            open_scripted_peer(mistaken, info_hash=INFO_HASH) as peer,
            dial_scripted_peer(*peer.address, INFO_HASH, listens),
        ):
            await trio.sleep_forever()

    with trio.fail_after(5), pytest.RaisesGroup(ZeroDivisionError, flatten_subgroups=True):
        await meet()


async def test_a_reset_is_a_reset() -> None:
    async def slams(talk: Talk) -> None:
        await talk.handshake()
        await talk.expect(Have)
        await talk.reset()

    with trio.fail_after(5):
        async with (
            open_scripted_peer(slams, info_hash=INFO_HASH) as peer,
            connect_peer(*peer.address, INFO_HASH) as stream,
        ):
            await stream.send(HaveAll(), Have(1))
            with pytest.raises(ConnectionResetError):
                await stream.receive()


async def test_hanging_up_ends_the_stream_in_order() -> None:
    async def leaves(talk: Talk) -> None:
        await talk.handshake()
        await talk.send(Have(3))
        await talk.hang_up()

    with trio.fail_after(5):
        async with (
            open_scripted_peer(leaves, info_hash=INFO_HASH) as peer,
            connect_peer(*peer.address, INFO_HASH) as stream,
        ):
            assert [message async for message in stream] == [Have(3)]


async def test_blocks_heard_are_copied() -> None:
    async def sends(talk: Talk) -> None:
        await talk.handshake()
        for number in range(3):
            await talk.send(Piece(Block(number, 0, 4), bytes([number]) * 4))

    async def listens(talk: Talk) -> None:
        await talk.handshake()
        await talk.closed()

    with trio.fail_after(5):
        async with (
            open_scripted_peer(sends, info_hash=INFO_HASH) as peer,
            dial_scripted_peer(*peer.address, INFO_HASH, listens) as talk,
        ):
            await talk.over.wait()
    assert [message.data for message in talk.heard if isinstance(message, Piece)] == [
        b"\0\0\0\0",
        b"\1\1\1\1",
        b"\2\2\2\2",
    ]
