import trio

from torrent_peer.core.block import BLOCK_LENGTH
from torrent_peer.metainfo.create import create_torrent
from torrent_peer.metainfo.torrent import parse_torrent
from torrent_peer.testing.scripted_peer import Talk, dial_scripted_peer, open_scripted_peer
from torrent_peer.testing.scripted_seed import serve, spoil
from torrent_peer.wire.messages import Bitfield, HaveAll, HaveNone, Interested, Piece, Request, Unchoke
from torrent_peer.wire.reserved import Reserved

CONTENT = bytes(range(256)) * 400
TORRENT = parse_torrent(create_torrent("content", CONTENT, piece_length=2 * BLOCK_LENGTH))
BLOCKS = [block for piece in range(TORRENT.geometry.piece_count) for block in TORRENT.geometry.blocks(piece)]


class Leech:
    def __init__(self, reserved: Reserved) -> None:
        self.reserved = reserved

    async def __call__(self, talk: Talk) -> None:
        await talk.handshake(reserved=self.reserved)
        await talk.next()
        if self.reserved.fast:
            await talk.send(HaveNone())
        await talk.send(Interested())
        await talk.expect(Unchoke)
        await talk.send(*map(Request, BLOCKS))
        for _ in BLOCKS:
            await talk.expect(Piece)


def content_of(talk: Talk) -> bytes:
    return b"".join(bytes(message.data) for message in talk.heard if isinstance(message, Piece))


async def test_an_honest_seed_serves_everything() -> None:
    with trio.fail_after(5):
        async with (
            open_scripted_peer(serve(TORRENT, CONTENT), info_hash=TORRENT.info_hash) as peer,
            dial_scripted_peer(*peer.address, TORRENT.info_hash, Leech(Reserved.of(fast=True))) as talk,
        ):
            await talk.over.wait()
    assert talk.heard[0] == HaveAll()
    assert content_of(talk) == CONTENT


async def test_without_fast_it_says_so_with_a_bitfield() -> None:
    with trio.fail_after(5):
        async with (
            open_scripted_peer(serve(TORRENT, CONTENT), info_hash=TORRENT.info_hash) as peer,
            dial_scripted_peer(*peer.address, TORRENT.info_hash, Leech(Reserved.of())) as talk,
        ):
            await talk.over.wait()
    assert talk.heard[0] == Bitfield(b"\xf0")
    assert content_of(talk) == CONTENT


async def test_a_lie_is_one_wrong_byte_in_the_blocks_named() -> None:
    liar = serve(TORRENT, CONTENT, corrupt=spoil({(1, BLOCK_LENGTH)}))
    with trio.fail_after(5):
        async with (
            open_scripted_peer(liar, info_hash=TORRENT.info_hash) as peer,
            dial_scripted_peer(*peer.address, TORRENT.info_hash, Leech(Reserved.of(fast=True))) as talk,
        ):
            await talk.over.wait()
    wrong = [place for place, (a, b) in enumerate(zip(content_of(talk), CONTENT, strict=True)) if a != b]
    assert wrong == [3 * BLOCK_LENGTH]


async def test_it_can_fall_silent_after_some_blocks() -> None:
    async def impatient(talk: Talk) -> None:
        with trio.move_on_after(0.05):
            await Leech(Reserved.of(fast=True))(talk)

    with trio.fail_after(5):
        async with (
            open_scripted_peer(serve(TORRENT, CONTENT, blocks=3), info_hash=TORRENT.info_hash) as peer,
            dial_scripted_peer(*peer.address, TORRENT.info_hash, impatient) as talk,
        ):
            await talk.over.wait()
    assert content_of(talk) == CONTENT[: 3 * BLOCK_LENGTH]
