"""FR: frames that are no message."""

from typing import Final

from torrent_peer.wire.catalogue.entry import Clients, Entry
from torrent_peer.wire.catalogue.exchange import FRESH, OPENED, Example, dialer
from torrent_peer.wire.messages import ExtendedHandshake, Have, Unknown

_STRUCTURE: Final = "never: it is in the bytes themselves"

ENTRIES: Final = (
    Entry(
        rule="FR-02",
        instead="Check the length of what you write, and refuse a length you read before you make room for the body.",
        races=_STRUCTURE,
        clients=Clients(
            libtorrent="closes above 1 MiB°",
            transmission="waits for it, however long°",
            anacrolix="closes above 64 KiB",
            rqbit="closes above 32 KiB",
            rain="closes above the longest metadata",
            webtorrent="waits for it; from 2 GiB on, takes it for a keep-alive°",
            aria2="closes above 64 KiB°",
        ),
        examples=(
            Example(
                given=FRESH,
                breaks=dialer(b"\0\1\x86\xa1\x14\0", words="extended of 100,001 bytes, its beginning"),
                alike=dialer(b"\0\0\xea\x61\x14\0", words="extended of 60,001 bytes, its beginning"),
                because="large extended handshakes exist; its end may come later.",
            ),
        ),
    ),
    Entry(
        rule="FR-03",
        instead="Write messages of fixed fields from a table of sizes, and count the id in the length.",
        races=_STRUCTURE,
        clients=Clients(
            libtorrent="closes°",
            transmission="closes within 0.5 s°",
            anacrolix="closes",
            rqbit="closes",
            rain="does not look, and loses its place in the stream",
            webtorrent="acts on it°",
            aria2="closes°",
        ),
        examples=(
            Example(
                given=OPENED,
                breaks=dialer(b"\0\0\0\3\4\0\1", words="have with a number of 2 bytes"),
                alike=dialer(Have(1)),
                because="its number has 4 bytes.",
            ),
        ),
    ),
    Entry(
        rule="FR-04",
        instead="Make new messages under BEP 10: id 20, with an id of their own that the other side has announced.",
        races=_STRUCTURE,
        clients=Clients(
            libtorrent="closes°",
            transmission="closes within 0.5 s°",
            anacrolix="closes",
            rqbit="closes",
            rain="ignores it",
            webtorrent="ignores it°",
            aria2="closes°",
        ),
        broken_by="BitComet (0xa0 to 0xb0) and SimpleBT (9) with ids of their own",
        examples=(
            Example(
                given=OPENED,
                breaks=dialer(Unknown(99, b"")),
                alike=dialer(ExtendedHandshake({"xx_chat": 3}), words="extended_handshake, xx_chat is 3"),
                because="names that are not known are ignored.",
            ),
        ),
    ),
    Entry(
        rule="FR-05",
        instead="Give a message of varying length at least its fixed fields.",
        races=_STRUCTURE,
        clients=Clients(
            libtorrent="closes°",
            transmission="closes within 0.5 s°",
            anacrolix="closes",
            rqbit="closes",
            webtorrent="acts on it°",
            aria2="closes°",
        ),
        examples=(
            Example(
                given=FRESH,
                breaks=dialer(b"\0\0\0\1\x14", words="extended without an extended id"),
                alike=dialer(ExtendedHandshake(), words="extended_handshake, no extensions"),
                because="every key of an extended handshake may be left out.",
            ),
        ),
    ),
)
