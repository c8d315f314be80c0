"""FAST: have_all, have_none, suggest, reject, allowed_fast."""

from typing import Final

from torrent_peer.core.block import Block
from torrent_peer.wire.catalogue.entry import Clients, Entry
from torrent_peer.wire.catalogue.exchange import (
    ASKED,
    FRESH_PLAIN,
    GEOMETRY,
    OPENED,
    A,
    B,
    Example,
    dialer,
    listener,
)
from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Cancel,
    HaveAll,
    Interested,
    Piece,
    Reject,
    Request,
    Suggest,
    Unchoke,
)
from torrent_peer.wire.rules.bep6 import ALLOWED_FAST_LIMIT

_TOO_OFTEN: Final = ALLOWED_FAST_LIMIT + 1
_PLAIN: Final = FRESH_PLAIN.then(
    listener(Bitfield(b"\xff\xc0"), words="bitfield ff c0"), dialer(Interested()), listener(Unchoke())
)
_P, _Q = GEOMETRY.block(9, 0), GEOMETRY.block(9, 1)
_ONE_ROUND: Final = (
    dialer(Request(_P), Request(_Q)),
    listener(Piece(_P, bytes(_P.length)), Piece(_Q, bytes(_Q.length))),
)
_TWICE: Final = OPENED.then(listener(AllowedFast(9)), *_ONE_ROUND, *_ONE_ROUND)
_SIZE: Final = "never: but while the torrent's size is unknown it cannot be judged, and is judged when it is"

ENTRIES: Final = (
    Entry(
        rule="FAST-01",
        instead="Look at both handshakes before using these messages: the bit must be set in each.",
        races="never: the bits are fixed by the handshakes",
        clients=Clients(
            libtorrent="closes°",
            transmission="closes within 0.5 s°",
            anacrolix="closes",
            rqbit="closes",
            rain="acts on it",
            webtorrent="closes°",
            aria2="closes, but for suggest°",
        ),
        broken_by="rain, with reject (Q-13)",
        examples=(
            Example(
                given=FRESH_PLAIN,
                breaks=listener(HaveAll()),
                alike=listener(Bitfield(b"\xff\xc0")),
                because="it says the same, without fast.",
            ),
            Example(
                given=_PLAIN.then(dialer(Request(A))),
                breaks=listener(Reject(A)),
                given_alike=ASKED,
                alike=listener(Reject(A)),
                because="both set the bit.",
            ),
        ),
    ),
    Entry(
        rule="FAST-02",
        instead="Reject what is in your queue, once; what you have answered with a piece is answered.",
        races="yes: a reject may cross the cancel of its request, which stays open until its one answer comes",
        clients=Clients(
            libtorrent="ignores it°",
            transmission="ignores it°",
            anacrolix="closes",
            rain="closes if it is downloading that piece, else ignores it",
            webtorrent="ignores it°",
            aria2="ignores it°",
        ),
        broken_by="rain, which answers every cancel with reject, also behind the piece (Q-13)",
        examples=(
            Example(
                given=ASKED,
                breaks=listener(Reject(B)),
                given_alike=ASKED.then(dialer(Cancel(A))),
                alike=listener(Reject(A)),
                because="a cancelled request is still owed one answer: a piece or a reject.",
            ),
            Example(
                given=ASKED.then(dialer(Cancel(A)), listener(Piece(A, bytes(A.length)), crossed=True)),
                breaks=listener(Reject(A)),
                given_alike=ASKED.then(dialer(Cancel(A))),
                alike=listener(Reject(A)),
                because="it is the first answer.",
            ),
        ),
    ),
    Entry(
        rule="FAST-03",
        instead="Copy index, begin and length from the request you reject.",
        races="never: nothing outside the torrent can have been requested",
        clients=Clients(
            libtorrent="ignores it°",
            transmission="ignores it°",
            anacrolix="closes",
            rain="closes",
            webtorrent="ignores it°",
            aria2="closes°",
        ),
        examples=(
            Example(
                given=ASKED,
                breaks=listener(Reject(Block(10, 0, 16384))),
                alike=listener(Reject(A)),
                because="it is what was requested; a reject is no offence.",
            ),
        ),
    ),
    Entry(
        rule="FAST-04",
        instead="Allow pieces of the torrent; in one with few pieces, allow fewer than ten.",
        races=_SIZE,
        clients=Clients(
            libtorrent="ignores it°",
            transmission="ignores it°",
            anacrolix="does not look",
            rain="closes",
            webtorrent="keeps it°",
            aria2="closes°",
        ),
        examples=(
            Example(
                given=OPENED,
                breaks=listener(AllowedFast(10)),
                alike=listener(AllowedFast(9)),
                because="the torrent has it; whether the listener has it is another question.",
            ),
        ),
    ),
    Entry(
        rule="FAST-05",
        instead="Suggest pieces of the torrent that you have.",
        races=_SIZE,
        clients=Clients(
            libtorrent="ignores it°",
            transmission="ignores it°",
            anacrolix="ignores it",
            rain="ignores it",
            webtorrent="ignores it°",
            aria2="closes°",
        ),
        examples=(
            Example(given=OPENED, breaks=listener(Suggest(10)), alike=listener(Suggest(9)), because="it exists."),
        ),
    ),
    Entry(
        rule="FAST-08",
        instead="Allow about ten pieces, once, after the handshake.",
        races="never: only the sender's own words decide",
        clients=Clients(
            libtorrent="takes as many as there are pieces",
            transmission="ignores it",
            anacrolix="takes any number",
            rain="takes any number",
            webtorrent="keeps the last ten",
            aria2="takes any number",
        ),
        examples=(
            Example(
                given=OPENED,
                breaks=listener(*[AllowedFast(0)] * _TOO_OFTEN, words=f"allowed_fast 0, {_TOO_OFTEN} times"),
                alike=listener(
                    *[AllowedFast(piece) for piece in range(10)], words="allowed_fast 0, allowed_fast 1, … 9"
                ),
                because="ten are usual.",
            ),
        ),
    ),
    Entry(
        rule="REQ-11",
        instead="Download what is allowed fast once; wait for the unchoke if its hash was wrong.",
        races="yes: requests may cross our choke; those are not counted, as many as REQ-07 lets pass",
        clients=Clients(
            libtorrent="closes after three times the piece",
            anacrolix="ignores it",
            rain="rejects it once it was served",
            webtorrent="serves it",
            aria2="serves it",
        ),
        examples=(
            Example(
                given=_TWICE.then(*_ONE_ROUND),
                breaks=dialer(Request(_P)),
                given_alike=_TWICE,
                alike=dialer(Request(_P)),
                because="a piece may be had three times.",
            ),
        ),
    ),
)
