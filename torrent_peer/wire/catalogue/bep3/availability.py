"""BF: bitfield and have."""

from typing import Final

from torrent_peer.wire.catalogue.entry import Clients, Entry
from torrent_peer.wire.catalogue.exchange import (
    FRESH,
    FRESH_PLAIN,
    OPENED,
    Example,
    Scene,
    dialer,
)
from torrent_peer.wire.messages import Bitfield, ExtendedHandshake, Have, HaveNone, Interested
from torrent_peer.wire.rules.bep3.availability import UPDATES_LIMIT
from torrent_peer.wire.state import DEFERRED_LIMIT

_OWN_WORDS: Final = "never: only the sender's own words decide"
_SIZE: Final = "never: but while the torrent's size is unknown it cannot be judged, and is judged when it is"
_TOO_OFTEN: Final = UPDATES_LIMIT + 1
_TWO_PIECES: Final = Bitfield(b"\x80\x40")

ENTRIES: Final = (
    Entry(
        rule="BF-01",
        instead="With fast, say bitfield, have_all or have_none first, have_none even before you have the metadata.",
        races=_OWN_WORDS,
        clients=Clients(
            libtorrent="takes it for have_none°",
            transmission="takes it for have_none°",
            anacrolix="takes it for have_none",
            rain="takes it for have_none",
            webtorrent="takes it for have_none°",
            aria2="takes it for have_none°",
        ),
        broken_by="libtorrent and aria2 while they fetch the metadata of a magnet link (Q-04)",
        examples=(
            Example(
                given=FRESH,
                breaks=dialer(Interested()),
                given_alike=FRESH_PLAIN,
                alike=dialer(Interested()),
                because="without fast, who has nothing \"may skip the 'bitfield' message\".",
            ),
        ),
    ),
    Entry(
        rule="BF-02",
        instead="Announce later news one by one: a have for each piece.",
        races=_OWN_WORDS,
        clients=Clients(
            libtorrent="replaces what it knew°",
            transmission="replaces what it knew°",
            anacrolix="replaces what it knew",
            rqbit="replaces what it knew",
            rain="adds to what it knew",
            webtorrent="replaces what it knew°",
            aria2="replaces what it knew°",
        ),
        broken_by="aria2, when a bitfield is shorter than many haves (Q-02)",
        examples=(
            Example(
                given=FRESH_PLAIN.then(dialer(Interested())),
                breaks=dialer(_TWO_PIECES),
                given_alike=FRESH_PLAIN.then(dialer(ExtendedHandshake())),
                alike=dialer(_TWO_PIECES),
                because="extended messages and keep-alives do not count: BEP 10 wants to be first, too.",
            ),
        ),
    ),
    Entry(
        rule="BF-03",
        instead="Announce later news one by one: a have for each piece, also at the end of super-seeding.",
        races=_OWN_WORDS,
        clients=Clients(
            libtorrent="the last one holds°",
            transmission="the last one holds°",
            anacrolix="the last one holds",
            rain="the last one holds",
            webtorrent="the last one holds°",
            aria2="the last one holds°",
        ),
        broken_by="aria2, when a bitfield is shorter than many haves; libtorrent, when super-seeding ends (Q-02)",
        examples=(
            Example(
                given=FRESH.then(dialer(HaveNone())),
                breaks=dialer(_TWO_PIECES),
                alike=dialer(Have(0), Have(9)),
                because="that is how news is told.",
            ),
            Example(
                given=FRESH.then(dialer(HaveNone())),
                breaks=dialer(*[_TWO_PIECES] * _TOO_OFTEN, words=f"bitfield of 2 bytes, {_TOO_OFTEN} times"),
                alike=dialer(*[Have(piece) for piece in range(10)], words="have 0, have 1, … have 9"),
                because="there may be as many haves as pieces.",
            ),
        ),
    ),
    Entry(
        rule="BF-04",
        instead="Send one bit for each piece, filled up to whole bytes, and count pieces rounding up.",
        races=_SIZE,
        clients=Clients(
            libtorrent="closes°",
            transmission="closes within 0.5 s°",
            anacrolix="cuts or fills it",
            rqbit="closes",
            rain="closes; ignores an empty one",
            webtorrent="acts on it°",
            aria2="closes°",
        ),
        examples=(
            Example(
                given=FRESH,
                breaks=dialer(Bitfield(b"\x80")),
                alike=dialer(_TWO_PIECES),
                because="ten pieces need two bytes.",
            ),
        ),
    ),
    Entry(
        rule="BF-05",
        instead="Clear the bits behind the last piece: a full bitfield of ten pieces is ff c0.",
        races=_SIZE,
        clients=Clients(
            libtorrent="clears them°",
            transmission="clears them°",
            anacrolix="clears them",
            rqbit="clears them",
            rain="clears them",
            webtorrent="keeps them°",
            aria2="closes°",
        ),
        examples=(
            Example(
                given=FRESH,
                breaks=dialer(Bitfield(b"\xff\xff"), words="bitfield ff ff"),
                alike=dialer(Bitfield(b"\xff\xc0"), words="bitfield ff c0"),
                because="six spare bits are zero.",
            ),
        ),
    ),
    Entry(
        rule="BF-06",
        instead="Count pieces from 0.",
        races=_SIZE,
        clients=Clients(
            libtorrent="closes°",
            transmission="closes within 0.5 s°",
            anacrolix="closes",
            rqbit="ignores it",
            rain="closes",
            webtorrent="acts on it°",
            aria2="closes°",
        ),
        examples=(
            Example(given=OPENED, breaks=dialer(Have(10)), alike=dialer(Have(9)), because="it is the last of ten."),
        ),
    ),
    Entry(
        rule="BF-07",
        instead="Announce a piece once, when its hash is checked; not again to a side you told have_all.",
        races=_OWN_WORDS,
        clients=Clients(
            libtorrent="ignores it°",
            transmission="ignores it°",
            anacrolix="acts on it, no change",
            rqbit="acts on it, no change",
            rain="acts on it, no change",
            webtorrent="acts on it, no change°",
            aria2="acts on it, no change",
        ),
        broken_by="libtorrent (send_redundant_have is on by default), aria2 (Q-05)",
        examples=(
            Example(
                given=OPENED.then(dialer(Have(3))), breaks=dialer(Have(3)), alike=dialer(Have(4)), because="it is news."
            ),
        ),
    ),
    Entry(
        rule="BF-09",
        instead="Announce the pieces of the torrent; who has no metadata yet must take your word for them.",
        races="never: nothing the receiver says could make room for them",
        clients=Clients(
            libtorrent="takes indices up to 2,097,152",
            transmission="takes any number",
            anacrolix="takes any number",
            rain="keeps them, and judges later",
            webtorrent="acts on it",
            aria2="does not look",
        ),
        examples=(
            Example(
                given=Scene((dialer(HaveNone()),), size_known=False),
                breaks=dialer(Have(1 << 22)),
                alike=dialer(Have(12)),
                because="the torrent may have so many; it is judged when its size is known.",
            ),
            Example(
                given=Scene(
                    (
                        dialer(HaveNone()),
                        dialer(*map(Have, range(DEFERRED_LIMIT - 1)), words=f"have of {DEFERRED_LIMIT - 1} pieces"),
                    ),
                    size_known=False,
                ),
                breaks=dialer(Have(DEFERRED_LIMIT)),
                given_alike=Scene(
                    (
                        dialer(HaveNone()),
                        dialer(*map(Have, range(DEFERRED_LIMIT - 2)), words=f"have of {DEFERRED_LIMIT - 2} pieces"),
                    ),
                    size_known=False,
                ),
                alike=dialer(Have(DEFERRED_LIMIT)),
                because="there is room for it still.",
            ),
        ),
    ),
)
