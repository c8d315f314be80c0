"""PIECE: blocks of data."""

from typing import Final

from torrent_peer.core.block import Block
from torrent_peer.wire.catalogue.entry import Clients, Entry
from torrent_peer.wire.catalogue.exchange import ASKED, FRESH_PLAIN, GEOMETRY, A, B, Example, Scene, dialer, listener
from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Cancel,
    Choke,
    HaveAll,
    HaveNone,
    Interested,
    Piece,
    Request,
    Unchoke,
)

_DATA: Final = bytes(A.length)
_ASKED_PLAIN: Final = FRESH_PLAIN.then(
    listener(Bitfield(b"\xff\xc0")), dialer(Interested()), listener(Unchoke()), dialer(Request(A))
)

ENTRIES: Final = (
    Entry(
        rule="PIECE-01",
        instead="Answer with the index and the beginning that the request named.",
        races="never: it is in the bytes themselves",
        clients=Clients(
            libtorrent="closes°",
            transmission="drops it",
            anacrolix="closes",
            rqbit="closes",
            rain="closes, or ignores it where it is not the piece of the day",
            webtorrent="ignores it",
            aria2="closes",
        ),
        examples=(
            Example(
                given=ASKED,
                breaks=listener(Piece(Block(0, GEOMETRY.piece_length, A.length), _DATA)),
                alike=listener(Piece(A, _DATA)),
                because="it is what was requested.",
            ),
        ),
    ),
    Entry(
        rule="PIECE-02",
        instead="Send blocks for requests only; data nobody asked for is thrown away, or worse, kept.",
        races="yes: a block may cross the cancel, or without fast the choke, that ends its request; so it is enough "
        "that it was requested once on this connection",
        clients=Clients(
            libtorrent="writes it to the disk°",
            transmission="keeps it if it wants the piece°",
            anacrolix="closes",
            rqbit="closes, but for one stray block for each cancel it sent",
            rain="keeps or ignores it",
            webtorrent="ignores it°",
            aria2="ignores it",
        ),
        examples=(
            Example(
                given=ASKED,
                breaks=listener(Piece(B, _DATA)),
                given_alike=ASKED.then(dialer(Cancel(A))),
                alike=listener(Piece(A, _DATA), crossed=True),
                because="the block was sent before the cancel was read.",
            ),
        ),
    ),
    Entry(
        rule="PIECE-03",
        instead="Answer each request in one message and in full; reject it if you cannot.",
        races="never: whatever was requested with this beginning had another length",
        clients=Clients(
            libtorrent="closes°",
            transmission="puts the parts together",
            anacrolix="closes",
            rqbit="closes",
            rain="closes",
            webtorrent="ignores it",
            aria2="ignores it",
        ),
        examples=(
            Example(
                given=ASKED,
                breaks=listener(Piece(Block(0, 0, 8192), bytes(8192))),
                given_alike=ASKED.then(dialer(Request(Block(9, 16384, 3616)))),
                alike=listener(Piece(Block(9, 16384, 3616), bytes(3616))),
                because="the torrent's last block is short, and was requested so.",
            ),
        ),
    ),
    Entry(
        rule="PIECE-04",
        instead="Take a request out of your queue when you answer it.",
        races="yes: without fast a choke ends requests whose blocks may be on their way, so after the next request two "
        "may come; they are counted",
        clients=Clients(
            libtorrent="ignores it",
            transmission="ignores it",
            anacrolix="closes",
            rqbit="closes",
            rain="ignores it",
            webtorrent="ignores it",
            aria2="ignores it",
        ),
        examples=(
            Example(
                given=ASKED.then(listener(Piece(A, _DATA))),
                breaks=listener(Piece(A, _DATA)),
                given_alike=_ASKED_PLAIN.then(
                    listener(Choke()), listener(Unchoke()), dialer(Request(A)), listener(Piece(A, _DATA))
                ),
                alike=listener(Piece(A, _DATA)),
                because="without fast, the choke may have come behind the block's first copy.",
            ),
        ),
    ),
    Entry(
        rule="PIECE-05",
        instead="Send what is on its way from the disk before the choke, or drop it; with fast, reject it after.",
        races="never: the choke came before, on the same stream",
        clients=Clients(
            libtorrent="acts on it",
            transmission="acts on it",
            anacrolix="acts on it",
            rqbit="acts on it",
            rain="acts on it",
            webtorrent="acts on it; without fast, ignores it",
            aria2="ignores it",
        ),
        broken_by="libtorrent, with blocks that were at the disk when it choked (Q-14)",
        examples=(
            Example(
                given=ASKED.then(listener(Choke())),
                breaks=listener(Piece(A, _DATA)),
                given_alike=ASKED.then(listener(AllowedFast(0)), listener(Choke())),
                alike=listener(Piece(A, _DATA)),
                because="its piece is allowed fast.",
            ),
        ),
    ),
    Entry(
        rule="PIECE-09",
        instead="Wait for a request: a side that fetches the metadata cannot ask for blocks.",
        races="never: who does not know the torrent's size has requested nothing",
        clients=Clients(
            libtorrent="closes",
            anacrolix="closes",
            rqbit="closes",
            rain="closes",
            webtorrent="ignores it",
            aria2="ignores it",
        ),
        examples=(
            Example(
                given=Scene((listener(HaveAll()), dialer(HaveNone()), listener(Unchoke())), size_known=False),
                breaks=listener(Piece(A, _DATA)),
                given_alike=ASKED,
                alike=listener(Piece(A, _DATA)),
                because="the size is known, and the block was requested.",
            ),
        ),
    ),
)
