"""META: `ut_metadata`."""

from typing import Final

from torrent_peer.wire.catalogue.entry import Clients, Entry
from torrent_peer.wire.catalogue.exchange import FRESH, IDS, Example, announces, dialer, greeting, listener
from torrent_peer.wire.messages import Extended, MetadataPiece, MetadataReject, MetadataRequest, MetadataUnknown
from torrent_peer.wire.side import Side

_BYTES: Final = "never: it is in the bytes themselves"
_ANNOUNCED: Final = "never: the size was announced before, on the same stream"
_ID: Final = IDS["ut_metadata"]
_SIZE: Final = 31_235
"""Bytes: a whole piece of metadata, and a short one."""
_SERVED: Final = FRESH.then(
    announces(Side.LISTENER, "ut_metadata", metadata_size=_SIZE), announces(Side.DIALER, "ut_metadata")
)
_ASKED: Final = _SERVED.then(dialer(MetadataRequest(0)))

ENTRIES: Final = (
    Entry(
        rule="META-01",
        instead="Send a dictionary with msg_type and piece, both integers, even in a reject.",
        races=_BYTES,
        clients=Clients(
            libtorrent="closes°",
            transmission="ignores it°",
            anacrolix="closes",
            rqbit="closes",
            rain="closes",
            webtorrent="ignores it°",
            aria2="closes°",
        ),
        examples=(
            Example(
                given=_SERVED,
                breaks=dialer(Extended(_ID, b"d8:msg_typei0ee"), words="ut_metadata: d8:msg_typei0ee"),
                alike=dialer(
                    Extended(_ID, b"d8:msg_typei0e5:piecei0ee"), words="ut_metadata: d8:msg_typei0e5:piecei0ee"
                ),
                because="it names a piece.",
            ),
        ),
    ),
    Entry(
        rule="META-02",
        instead="Use the three types of BEP 9; ignore the others, which may come one day.",
        races=_BYTES,
        clients=Clients(
            libtorrent="ignores it°",
            transmission="ignores it°",
            anacrolix="closes",
            rqbit="closes",
            rain="ignores it",
            webtorrent="ignores it°",
            aria2="closes°",
        ),
        examples=(
            Example(
                given=_SERVED,
                breaks=dialer(MetadataUnknown(3), words="ut_metadata of type 3"),
                alike=dialer(MetadataRequest(0)),
                because="0 is a request.",
            ),
        ),
    ),
    Entry(
        rule="META-03",
        instead="Divide the size announced by 16 KiB, rounding up, and count from 0.",
        races=_ANNOUNCED,
        clients=Clients(
            libtorrent="rejects it°",
            transmission="rejects it°",
            anacrolix="rejects it",
            rqbit="closes",
            rain="rejects it; its index may overflow in 32 bits",
            webtorrent="answers with what is not there°",
            aria2="closes°",
        ),
        examples=(
            Example(
                given=_SERVED,
                breaks=dialer(MetadataRequest(2)),
                alike=dialer(MetadataRequest(1)),
                because="31,235 bytes are two pieces.",
            ),
        ),
    ),
    Entry(
        rule="META-04",
        instead="End requests and rejects where their dictionary ends; only data has bytes behind it.",
        races=_BYTES,
        clients=Clients(
            libtorrent="acts on it",
            transmission="acts on it",
            anacrolix="acts on it",
            rqbit="closes",
            rain="acts on it",
            webtorrent="acts on it",
            aria2="acts on it",
        ),
        examples=(
            Example(
                given=_SERVED,
                breaks=dialer(
                    Extended(_ID, b"d8:msg_typei0e5:piecei0ee\r\n"), words="metadata_request 0 and 2 more bytes"
                ),
                alike=dialer(MetadataRequest(0)),
                because="nothing follows.",
            ),
        ),
    ),
    Entry(
        rule="META-05",
        instead="Answer each request for metadata once, with data or a reject.",
        races="never: a request for metadata cannot be taken back, so its answer is always expected",
        clients=Clients(
            libtorrent="ignores it°",
            transmission="ignores it°",
            anacrolix="closes at data, ignores a reject",
            rqbit="ignores it",
            rain="ignores it; closes while it fetches metadata",
            webtorrent="ignores it°",
            aria2="does not cope with it°",
        ),
        examples=(
            Example(
                given=_SERVED,
                breaks=listener(MetadataReject(0)),
                given_alike=_ASKED,
                alike=listener(MetadataReject(0)),
                because="it was asked for; a reject is no offence.",
            ),
        ),
    ),
    Entry(
        rule="META-06",
        instead="Send 16 KiB of metadata at a time, the last time what is left, and the whole size with each.",
        races=_ANNOUNCED,
        clients=Clients(
            libtorrent="closes above 17 KiB, else looks at the size°",
            transmission="looks at the size",
            anacrolix="closes",
            rqbit="closes",
            rain="closes",
            webtorrent="ignores it above 16 KiB°",
            aria2="keeps it",
        ),
        broken_by="XD, which sends all the metadata in one message (Q-24)",
        examples=(
            Example(
                given=_ASKED,
                breaks=listener(MetadataPiece(0, _SIZE, bytes(100)), words="metadata_piece 0 of 100 bytes"),
                given_alike=_SERVED.then(dialer(MetadataRequest(1))),
                alike=listener(MetadataPiece(1, _SIZE, bytes(14_851)), words="metadata_piece 1 of 14,851 bytes"),
                because="the last piece of 31,235 bytes has 14,851.",
            ),
            Example(
                given=_ASKED,
                breaks=listener(MetadataPiece(0, _SIZE, bytes(_SIZE)), words="metadata_piece 0 of 31,235 bytes"),
                alike=listener(MetadataPiece(0, _SIZE, bytes(16_384)), words="metadata_piece 0 of 16,384 bytes"),
                because="it is one piece of two.",
            ),
        ),
    ),
    Entry(
        rule="META-07",
        instead="Announce the length of the info dictionary, and nothing while you do not have it.",
        races=_BYTES,
        clients=Clients(
            libtorrent="ignores the key above 4 MiB°",
            transmission="looks at the size",
            anacrolix="closes above 16 MiB",
            rqbit="closes above 32 MiB",
            rain="ignores the key above its limit",
            webtorrent="ignores it above 10 MB",
            aria2="closes above 8 MiB",
        ),
        examples=(
            Example(
                given=FRESH,
                breaks=dialer(
                    greeting(b"d13:metadata_sizei17000000ee"), words="extended_handshake, metadata_size 17000000"
                ),
                alike=dialer(
                    greeting(b"d13:metadata_sizei16000000ee"), words="extended_handshake, metadata_size 16000000"
                ),
                because="it is below 16 MiB, if large.",
            ),
        ),
    ),
    Entry(
        rule="S-13",
        instead="Ask for metadata when its size is announced, for eight pieces at a time.",
        races="never: it is about what one side itself writes",
        clients=Clients(
            libtorrent="rejects what it does not have",
            transmission="rejects what it does not have",
            anacrolix="rejects what it does not have",
        ),
        examples=(
            Example(
                given=FRESH.then(announces(Side.LISTENER, "ut_metadata"), announces(Side.DIALER, "ut_metadata")),
                breaks=dialer(MetadataRequest(0)),
                given_alike=_SERVED,
                alike=dialer(MetadataRequest(0)),
                because="the listener announced the size: it has the metadata.",
            ),
        ),
    ),
)
