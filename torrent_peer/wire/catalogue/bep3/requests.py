"""REQ: requests."""

from typing import Final

from torrent_peer.core.block import Block
from torrent_peer.wire.catalogue.entry import Clients, Entry
from torrent_peer.wire.catalogue.exchange import (
    ASKED,
    FRESH,
    FRESH_PLAIN,
    OPEN,
    OPENED,
    A,
    B,
    C,
    Example,
    both_announce,
    dialer,
    listener,
)
from torrent_peer.wire.messages import (
    Bitfield,
    Cancel,
    Choke,
    DontHave,
    ExtendedHandshake,
    Have,
    HaveAll,
    HaveNone,
    Interested,
    Piece,
    Request,
    Unchoke,
)

_BYTES: Final = "never: it is in the bytes themselves"
_REJECT_OR_IGNORE: Final = "rejects it with fast, else ignores it"
_QUEUE_OF_TWO: Final = listener(ExtendedHandshake(request_queue=2), words="extended_handshake, reqq is 2")
_BYTEWISE: Final = [Request(Block(0, begin, 1)) for begin in range(300)]
_OPEN_TO_TWO: Final = FRESH.then(
    _QUEUE_OF_TWO, listener(HaveAll()), dialer(HaveNone()), dialer(Interested()), listener(Unchoke())
)
_PART: Final = FRESH.then(listener(Bitfield(b"\x80\x00"), words="bitfield 80 00 (piece 0)"), dialer(HaveNone()))
_ALL: Final = both_announce("lt_donthave").then(listener(HaveAll()), dialer(HaveNone()))
_ONLY_CHOKED: Final = FRESH_PLAIN.then(
    _QUEUE_OF_TWO, listener(Bitfield(b"\xff\xc0"), words="bitfield ff c0"), dialer(Interested())
)

ENTRIES: Final = (
    Entry(
        rule="REQ-01",
        instead="Count pieces from 0, and round up: a short last piece is a piece.",
        races=_BYTES,
        clients=Clients(
            libtorrent="rejects it°",
            transmission=_REJECT_OR_IGNORE,
            anacrolix="closes",
            rqbit="closes",
            rain="closes",
            webtorrent="never answers",
            aria2="closes°",
        ),
        examples=(
            Example(
                given=OPEN,
                breaks=dialer(Request(Block(10, 0, 16384))),
                alike=dialer(Request(Block(9, 0, 16384))),
                because="it is the last of ten.",
            ),
        ),
    ),
    Entry(
        rule="REQ-02",
        instead="Ask for pieces that the other side has announced, or allowed fast.",
        races="yes: the piece may have been withdrawn a moment ago; one that was never announced cannot be a race",
        clients=Clients(
            libtorrent="rejects it°",
            transmission=_REJECT_OR_IGNORE,
            anacrolix="closes",
            rqbit="closes",
            rain="rejects it, even without fast",
            webtorrent="never answers",
            aria2=_REJECT_OR_IGNORE,
        ),
        examples=(
            Example(
                given=_PART.then(dialer(Interested()), listener(Unchoke())),
                breaks=dialer(Request(Block(2, 0, 16384))),
                given_alike=_ALL.then(dialer(Interested()), listener(Unchoke()), listener(DontHave(2))),
                alike=dialer(Request(Block(2, 0, 16384)), crossed=True),
                because="the request was on its way when the piece was withdrawn.",
            ),
        ),
    ),
    Entry(
        rule="REQ-03",
        instead="Ask for what is missing; of nothing there is nothing to ask.",
        races=_BYTES,
        clients=Clients(
            libtorrent="rejects it°",
            transmission=_REJECT_OR_IGNORE,
            anacrolix="acts on it",
            rqbit="closes",
            rain="closes",
            webtorrent="sends the whole piece°",
            aria2="closes°",
        ),
        examples=(
            Example(
                given=OPEN,
                breaks=dialer(Request(Block(0, 0, 0))),
                alike=dialer(Request(Block(0, 0, 1))),
                because="one byte is odd, and something; no BEP sets a least length.",
            ),
        ),
    ),
    Entry(
        rule="REQ-04",
        instead="Cut the last block at the end of its piece; add begin and length in 64 bits.",
        races=_BYTES,
        clients=Clients(
            libtorrent="rejects it°",
            transmission=f"{_REJECT_OR_IGNORE}; its sum may overflow in 32 bits",
            anacrolix="closes",
            rqbit="closes",
            rain="closes",
            webtorrent="sends what there is, if only an empty block°",
            aria2="closes; begin=0xfffff000 overflows, and is served°",
        ),
        examples=(
            Example(
                given=OPEN,
                breaks=dialer(Request(Block(9, 16384, 16384))),
                alike=dialer(Request(Block(9, 16384, 3616))),
                because="the last piece has 20,000 bytes.",
            ),
        ),
    ),
    Entry(
        rule="REQ-05",
        instead="Ask for 16 KiB at a time; for speed, keep more requests in flight.",
        races=_BYTES,
        clients=Clients(
            libtorrent="rejects it°",
            transmission=f"{_REJECT_OR_IGNORE}°",
            anacrolix="rejects it, or closes above its limit",
            rqbit="closes",
            rain="closes",
            webtorrent="serves up to 128 KiB, closes above°",
            aria2="serves up to 64 KiB°",
        ),
        broken_by="ancient clients; the wiki long allowed 32 to 128 KiB (Q-12)",
        examples=(
            Example(
                given=OPEN,
                breaks=dialer(Request(Block(0, 0, 32768))),
                alike=dialer(Request(A), Request(B)),
                because="these are the same bytes, in two blocks.",
            ),
            Example(
                given=OPEN,
                breaks=dialer(Request(Block(0, 0, 128 * 1024 + 1))),
                alike=dialer(Request(Block(0, 1, 1000))),
                because="blocks off the 16 KiB grid are legal (Q-11), if unusual.",
            ),
        ),
    ),
    Entry(
        rule="REQ-07",
        instead="Stop asking when you read a choke, and ask again after the unchoke; or ask for what is allowed fast.",
        races="yes: requests may cross our choke, but no more than our queue had room for when we sent it; they are "
        "counted, and need no clock. Who was never unchoked can have crossed nothing",
        clients=Clients(
            libtorrent="unchokes and serves a first one; rejects, and closes 2 s after its choke°",
            transmission="rejects it with fast, else ignores it°",
            anacrolix=_REJECT_OR_IGNORE,
            rqbit="acts on it",
            rain=_REJECT_OR_IGNORE,
            webtorrent="rejects it with fast, else ignores it°",
            aria2="rejects it with fast, else ignores it°",
        ),
        broken_by="aria2, which forgets its requests at a choke although fast is on, and so overruns the count (Q-16)",
        examples=(
            Example(
                given=OPENED,
                breaks=dialer(Request(A)),
                given_alike=OPEN.then(listener(Choke())),
                alike=dialer(Request(A), crossed=True),
                because="the request was on its way when the listener choked.",
            ),
            Example(
                given=_ONLY_CHOKED,
                breaks=dialer(*_BYTEWISE[:3], words="three requests"),
                given_alike=_ONLY_CHOKED.then(listener(Unchoke()), listener(Choke())),
                alike=dialer(*_BYTEWISE[:2], words="two requests", crossed=True),
                because="two may be on their way when a listener with a queue of two chokes.",
            ),
        ),
    ),
    Entry(
        rule="REQ-08",
        instead="Say interested before the first request, and keep it true.",
        races="never: interest was said, or not, on the same stream",
        clients=Clients(
            libtorrent="takes it for interested, too°",
            transmission="acts on it",
            anacrolix="acts on it",
            rqbit="acts on it",
            rain="acts on it",
            webtorrent="acts on it",
            aria2="acts on it",
        ),
        broken_by="variants of WebTorrent (Q-10)",
        examples=(
            Example(
                given=FRESH.then(listener(HaveAll()), dialer(HaveNone()), listener(Unchoke())),
                breaks=dialer(Request(A)),
                alike=dialer(Interested(), Request(A)),
                because="interest may come right before, and after the unchoke.",
            ),
        ),
    ),
    Entry(
        rule="REQ-09",
        instead="Wait for the one answer, a piece or a reject, or cancel first; with fast a choke ends no request.",
        races="never with fast, where every request has one answer; without it, a choke that was read since may have "
        "ended the first one",
        clients=Clients(
            libtorrent="serves each°",
            transmission="serves each",
            anacrolix="closes with fast, else ignores it",
            rqbit="serves each",
            rain="rejects what it has served",
            webtorrent="serves one of three°",
            aria2="serves each°",
        ),
        broken_by="aria2, after a choke and an unchoke (Q-16)",
        examples=(
            Example(
                given=ASKED,
                breaks=dialer(Request(A)),
                given_alike=ASKED.then(dialer(Cancel(A))),
                alike=dialer(Request(A)),
                because="the first was taken back.",
            ),
        ),
    ),
    Entry(
        rule="REQ-10",
        instead="Keep no more requests in flight than the other side's reqq says; 250 if it says nothing.",
        races="never with fast, where only an answer ends a request; without it, requests that crossed a choke and "
        "those after the unchoke may both be in flight, and are counted",
        clients=Clients(
            libtorrent="rejects those above 2000",
            transmission="rejects those above 500 with fast, else ignores them",
            anacrolix="rejects those above 1024 with fast, else ignores them",
            rqbit="takes any number",
            rain=_REJECT_OR_IGNORE,
            webtorrent="takes any number",
            aria2="takes any number",
        ),
        broken_by="old clients and WebTorrent, which never read reqq (Q-34)",
        examples=(
            Example(
                given=_OPEN_TO_TWO.then(dialer(Request(A)), dialer(Request(B))),
                breaks=dialer(Request(C)),
                given_alike=_OPEN_TO_TWO.then(
                    dialer(Request(A)), dialer(Request(B)), listener(Piece(A, bytes(A.length)))
                ),
                alike=dialer(Request(C)),
                because="one of the two was answered.",
            ),
            Example(
                given=_OPEN_TO_TWO,
                breaks=dialer(*_BYTEWISE[:255], words="255 requests"),
                given_alike=OPEN,
                alike=dialer(*_BYTEWISE[:255], words="255 requests"),
                because="the listener never said how many it takes; 500 are borne.",
            ),
        ),
    ),
    Entry(
        rule="REQ-12",
        instead="Wait until the other side announces a piece.",
        races="never: what was not announced cannot have been read",
        clients=Clients(
            libtorrent="rejects it",
            transmission=_REJECT_OR_IGNORE,
            anacrolix="closes",
            rain="closes",
            webtorrent="ignores it",
            aria2="ignores it",
        ),
        examples=(
            Example(
                given=FRESH.then(listener(HaveNone()), dialer(HaveNone()), dialer(Interested()), listener(Unchoke())),
                breaks=dialer(Request(A)),
                given_alike=FRESH.then(
                    listener(HaveNone()),
                    dialer(HaveNone()),
                    listener(Have(0)),
                    dialer(Interested()),
                    listener(Unchoke()),
                ),
                alike=dialer(Request(A)),
                because="the piece was announced later.",
            ),
        ),
    ),
    Entry(
        rule="S-06",
        instead="Ask along the grid: begin a multiple of 16 KiB, 16 KiB long or up to the end of the piece.",
        races="never: it is about what one side itself writes",
        clients=Clients(
            libtorrent="serves it°",
            transmission="serves it°",
            anacrolix="serves it",
            rqbit="closes",
            rain="serves it",
            webtorrent="serves it°",
            aria2="serves it°",
        ),
        broken_by="Transmission, where the piece length is no multiple of 16 KiB (Q-11)",
        examples=(
            Example(
                given=OPEN,
                breaks=dialer(Request(Block(0, 1, 1000))),
                alike=dialer(Request(Block(9, 16384, 3616))),
                because="it is short, but ends its piece.",
            ),
        ),
    ),
)
