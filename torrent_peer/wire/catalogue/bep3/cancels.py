"""CAN: cancels."""

from typing import Final

from torrent_peer.core.block import Block
from torrent_peer.wire.catalogue.entry import Clients, Entry
from torrent_peer.wire.catalogue.exchange import ASKED, OPEN, A, Example, dialer, listener
from torrent_peer.wire.messages import Cancel, Piece, Request

_BYTES: Final = "never: it is in the bytes themselves"

ENTRIES: Final = (
    Entry(
        rule="CAN-01",
        instead="Copy index, begin and length from the request you take back.",
        races=_BYTES,
        clients=Clients(
            libtorrent="ignores it°",
            transmission="ignores it",
            anacrolix="ignores it",
            rqbit="ignores it",
            rain="ignores it",
            webtorrent="ignores it°",
            aria2="closes°",
        ),
        examples=(
            Example(
                given=ASKED,
                breaks=dialer(Cancel(Block(10, 0, 16384))),
                alike=dialer(Cancel(A)),
                because="it was requested.",
            ),
        ),
    ),
    Entry(
        rule="CAN-02",
        instead="Cancel what is unanswered; what has arrived needs no cancel.",
        races="yes: the answer may cross the cancel, and so may a choke that drops the request; the last answers are "
        "remembered, a queue of them",
        clients=Clients(
            libtorrent="ignores it°",
            transmission="ignores it",
            anacrolix="ignores it",
            rqbit="ignores it",
            rain="rejects it",
            webtorrent="ignores it°",
            aria2="ignores it°",
        ),
        examples=(
            Example(
                given=OPEN,
                breaks=dialer(Cancel(A)),
                given_alike=ASKED.then(listener(Piece(A, bytes(A.length)))),
                alike=dialer(Cancel(A), crossed=True),
                because="the cancel was on its way when the block was sent.",
            ),
        ),
    ),
    Entry(
        rule="CAN-03",
        instead="Cancel once; with fast, wait for the one answer.",
        races="never: the first cancel came before, on the same stream",
        clients=Clients(
            libtorrent="ignores it",
            transmission="ignores it",
            anacrolix="ignores it",
            rqbit="ignores it",
            rain="rejects it again",
            webtorrent="ignores it",
            aria2="ignores it",
        ),
        examples=(
            Example(
                given=ASKED.then(dialer(Cancel(A))),
                breaks=dialer(Cancel(A)),
                given_alike=ASKED.then(dialer(Cancel(A)), dialer(Request(A))),
                alike=dialer(Cancel(A)),
                because="it takes back the second request.",
            ),
        ),
    ),
)
