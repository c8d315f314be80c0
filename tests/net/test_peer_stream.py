import pytest
import trio

from torrent_peer.core.geometry import Geometry
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.net.peer_stream import connect_peer
from torrent_peer.testing.scripted_peer import Script, Talk, open_scripted_peer
from torrent_peer.wire.connection import Refused
from torrent_peer.wire.errors import LocalProtocolError, RemoteProtocolError
from torrent_peer.wire.messages import (
    Bitfield,
    Choke,
    Have,
    HaveAll,
    HaveNone,
    Interested,
    KeepAlive,
    Piece,
    Request,
    Unchoke,
)
from torrent_peer.wire.policy import Profile

INFO_HASH = InfoHash(b"0123456789abcdefghij")
GEOMETRY = Geometry(100_000, 32_768)
BLOCK = GEOMETRY.block(2, 1)
US = PeerId(b"-XX0001-twenty bytes")


def says(*messages: HaveAll | Have | Choke | KeepAlive | Bitfield | Request) -> Script:
    async def script(talk: Talk) -> None:
        await talk.handshake()
        await talk.send(*messages)

    return script


async def test_a_block_is_fetched_in_a_few_lines() -> None:
    async def seed(talk: Talk) -> None:
        await talk.handshake()
        await talk.send(HaveAll())
        await talk.expect(Interested)
        await talk.send(Unchoke())
        request = await talk.expect(Request)
        await talk.send(Piece(request.block, b"x" * request.block.length))
        await talk.closed()

    got = b""
    with trio.fail_after(5):
        async with (
            open_scripted_peer(seed, info_hash=INFO_HASH) as peer,
            connect_peer(*peer.address, INFO_HASH, geometry=GEOMETRY, peer_id=US) as stream,
        ):
            await stream.send(HaveNone(), Interested())
            async for message in stream:
                if isinstance(message, Unchoke):
                    await stream.send(Request(BLOCK))
                elif isinstance(message, Piece):
                    got = bytes(message.data)
                    break
            assert stream.connection.theirs.peer_id == peer.peer_id
            talk = await peer.talk()
            assert talk.theirs is not None
            assert talk.theirs.peer_id == US
    assert got == b"x" * BLOCK.length


async def test_iterating_ends_when_the_peer_closes_in_order() -> None:
    with trio.fail_after(5):
        async with (
            open_scripted_peer(says(HaveAll(), Choke(), KeepAlive()), info_hash=INFO_HASH) as peer,
            connect_peer(*peer.address, INFO_HASH, geometry=GEOMETRY) as stream,
        ):
            assert [message async for message in stream] == [HaveAll(), Choke(), KeepAlive()]
            with pytest.raises(trio.EndOfChannel):
                await stream.receive()


async def test_an_illegal_message_is_named() -> None:
    with trio.fail_after(5):
        async with (
            open_scripted_peer(says(HaveAll(), Have(4)), info_hash=INFO_HASH) as peer,
            connect_peer(*peer.address, INFO_HASH, geometry=GEOMETRY) as stream,
        ):
            assert await stream.receive() == HaveAll()
            for _ in range(2):
                with pytest.raises(RemoteProtocolError) as caught:
                    await stream.receive()
                assert str(caught.value).startswith("have 4: the torrent has 4 pieces. BEP 3")


async def test_the_strict_profile_forgives_less() -> None:
    script = says(HaveAll(), HaveAll())
    with trio.fail_after(5):
        async with open_scripted_peer(script, info_hash=INFO_HASH) as peer:
            async with connect_peer(*peer.address, INFO_HASH, geometry=GEOMETRY) as stream:
                assert [message async for message in stream] == [HaveAll(), HaveAll()]
            async with connect_peer(*peer.address, INFO_HASH, geometry=GEOMETRY, profile=Profile.STRICT) as stream:
                with pytest.raises(RemoteProtocolError, match=r"\[BF-03\]$"):
                    assert [message async for message in stream]


async def test_what_is_not_legal_is_not_sent_but_what_came_before_is() -> None:
    async def listens(talk: Talk) -> None:
        await talk.handshake()
        await talk.send(HaveAll())
        await talk.closed()

    with trio.fail_after(5):
        async with open_scripted_peer(listens, info_hash=INFO_HASH) as peer:
            async with connect_peer(*peer.address, INFO_HASH, geometry=GEOMETRY) as stream:
                await stream.receive()
                with pytest.raises(LocalProtocolError, match=r"\[REQ-07\]$"):
                    await stream.send(HaveNone(), Interested(), Request(BLOCK), Choke())
            talk = await peer.talk()
            await talk.over.wait()
    assert talk.heard == [HaveNone(), Interested()]


async def test_a_request_that_is_not_to_be_served_is_told_apart() -> None:
    async def impatient(talk: Talk) -> None:
        await talk.handshake()
        await talk.send(HaveAll(), Request(BLOCK))
        await talk.closed()

    with trio.fail_after(5):
        async with (
            open_scripted_peer(impatient, info_hash=INFO_HASH) as peer,
            connect_peer(*peer.address, INFO_HASH, geometry=GEOMETRY) as stream,
        ):
            await stream.send(Bitfield(b"\xf0"))
            assert await stream.receive() == HaveAll()
            refused = await stream.receive()
    assert isinstance(refused, Refused)
    assert refused.message == Request(BLOCK)
    assert refused.finding is not None
    assert refused.finding.rule == "REQ-07"


async def _silent(talk: Talk) -> None:
    await talk.read_handshake()


async def _cut(talk: Talk) -> None:
    await talk.read_handshake()
    await talk.send_bytes(b"\x13BitTorrent")


async def _cut_message(talk: Talk) -> None:
    await talk.handshake()
    await talk.send_bytes(b"\0\0\0\x05\x04\0")


async def _another(talk: Talk) -> None:
    await talk.handshake(info_hash=InfoHash(bytes(20)))


@pytest.mark.parametrize(
    ("script", "error", "words"),
    [
        (_silent, ConnectionResetError, "the peer closed the connection without a handshake"),
        (_cut, ConnectionResetError, "the stream ends 11 bytes into the handshake's 68"),
        (_cut_message, ConnectionResetError, "the stream ends 6 bytes into a have of 9"),
        (_another, RemoteProtocolError, "answered with info-hash 0000"),
    ],
)
async def test_what_is_no_conversation_raises(script: Script, error: type[Exception], words: str) -> None:
    with trio.fail_after(5):
        async with open_scripted_peer(script, info_hash=INFO_HASH) as peer:
            with pytest.raises(error) as caught:
                async with connect_peer(*peer.address, INFO_HASH, geometry=GEOMETRY) as stream:
                    assert await stream.receive()
    assert str(caught.value).startswith(words)


async def test_nobody_there_is_an_os_error() -> None:
    with trio.socket.socket() as unused:
        await unused.bind(("127.0.0.1", 0))
        with trio.fail_after(5), pytest.raises(ConnectionRefusedError):
            async with connect_peer("127.0.0.1", unused.getsockname()[1], INFO_HASH):
                raise AssertionError("never reached")
