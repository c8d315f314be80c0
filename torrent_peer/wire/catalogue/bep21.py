"""UO: `upload_only` as a message of its own."""

from typing import Final

from torrent_peer.wire.catalogue.entry import Clients, Entry
from torrent_peer.wire.catalogue.exchange import IDS, Example, both_announce, dialer
from torrent_peer.wire.messages import Extended, UploadOnly

ENTRIES: Final = (
    Entry(
        rule="UO-01",
        instead="Send one byte, 0 or 1; or use the key of the extended handshake, which may be repeated.",
        races="never: it is in the bytes themselves",
        clients=Clients(libtorrent="ignores it"),
        examples=(
            Example(
                given=both_announce("upload_only"),
                breaks=dialer(Extended(IDS["upload_only"], b""), words="upload_only without its byte"),
                alike=dialer(UploadOnly(True)),
                because="it is one byte.",
            ),
        ),
    ),
)
