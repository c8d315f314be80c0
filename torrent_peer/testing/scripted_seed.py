"""A script for `ScriptedPeer`: a seed that serves what it is asked for, with any lie built in."""

from collections.abc import Callable, Collection
from typing import Final

from torrent_peer.core.block import Block
from torrent_peer.metainfo.torrent import Torrent
from torrent_peer.testing.scripted_peer import FULL_RESERVED, Script, Talk
from torrent_peer.wire.messages import Bitfield, HaveAll, Interested, Piece, Request, Unchoke
from torrent_peer.wire.reserved import Reserved

Corrupt = Callable[[Block, bytes], bytes]
"""(the block asked for, its true bytes) → the bytes to send."""
EVERYTHING: Final = -1


def serve(
    torrent: Torrent,
    content: bytes,
    *,
    corrupt: Corrupt | None = None,
    reserved: Reserved = FULL_RESERVED,
    blocks: int = EVERYTHING,
) -> Script:
    """The script of a seed: handshake, everything on offer, unchoke at the first interest, then answer requests.

    `corrupt` changes what is sent. After `blocks` blocks it says no more, but stays; unless it serves everything.
    """

    async def script(talk: Talk) -> None:
        await talk.handshake(reserved=reserved)
        await offer_everything(talk, torrent)
        await talk.expect(Interested)
        await talk.send(Unchoke())
        await answer(talk, content, torrent.geometry.piece_length, corrupt=corrupt, blocks=blocks)

    return script


async def offer_everything(talk: Talk, torrent: Torrent) -> None:
    """Say that every piece is here, in the way the other side understands; `handshake` comes first."""
    if talk.fast:
        await talk.send(HaveAll())
    else:
        count = torrent.geometry.piece_count
        await talk.send(Bitfield(((1 << count) - 1 << -count % 8).to_bytes(-(-count // 8))))


async def answer(
    talk: Talk, content: bytes, piece_length: int, *, corrupt: Corrupt | None = None, blocks: int = EVERYTHING
) -> None:
    """Answer every request that comes, until the other side hangs up; after `blocks` of them only listen."""
    while True:
        request = await talk.expect(Request)
        if blocks == 0:
            continue
        blocks -= 1
        block = request.block
        start = block.piece * piece_length + block.begin
        data = content[start : start + block.length]
        await talk.send(Piece(block, data if corrupt is None else corrupt(block, data)))


def spoil(wrong: Collection[tuple[int, int]]) -> Corrupt:
    """A lie for `serve`: the first byte of these blocks, given as (piece, begin), is another."""

    def corrupt(block: Block, data: bytes) -> bytes:
        return bytes([data[0] ^ 0xFF]) + data[1:] if (block.piece, block.begin) in wrong else data

    return corrupt
