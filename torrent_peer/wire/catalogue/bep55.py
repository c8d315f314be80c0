"""HP: `ut_holepunch`."""

from typing import Final

from torrent_peer.core.addresses import Address
from torrent_peer.wire.catalogue.entry import Clients, Entry
from torrent_peer.wire.catalogue.exchange import IDS, Example, both_announce, dialer, listener
from torrent_peer.wire.messages import Extended, Holepunch, HolepunchKind

_OPEN: Final = both_announce("ut_holepunch")
_PEER: Final = Address("192.0.2.7", 6881)
_RENDEZVOUS: Final = dialer(Holepunch(HolepunchKind.RENDEZVOUS, _PEER), words="ut_holepunch rendezvous")
_ERROR: Final = listener(Holepunch(HolepunchKind.ERROR, _PEER, 2), words="ut_holepunch error 2")

ENTRIES: Final = (
    Entry(
        rule="HP-01",
        instead="Write the error code in every message, 0 unless it is an error: 12 bytes for IPv4, 24 for IPv6.",
        races="never: it is in the bytes themselves",
        clients=Clients(libtorrent="acts on it without an error code", anacrolix="closes below 12 bytes"),
        broken_by="libtorrent, which leaves the error code out (Q-25)",
        examples=(
            Example(
                given=_OPEN,
                breaks=dialer(Extended(IDS["ut_holepunch"], b"\0\0\0"), words="ut_holepunch of 3 bytes"),
                alike=_RENDEZVOUS,
                because="it has 12 bytes.",
            ),
            Example(
                given=_OPEN,
                breaks=dialer(
                    Holepunch(HolepunchKind.RENDEZVOUS, _PEER, None), words="ut_holepunch rendezvous of 8 bytes"
                ),
                alike=_RENDEZVOUS,
                because="its error code is there, and 0.",
            ),
        ),
    ),
    Entry(
        rule="HP-02",
        instead="Answer a rendezvous that cannot be, with its own address; say no error unasked.",
        races="never: a rendezvous cannot be taken back, so its error is always expected",
        examples=(
            Example(
                given=_OPEN,
                breaks=_ERROR,
                given_alike=_OPEN.then(_RENDEZVOUS),
                alike=_ERROR,
                because="a rendezvous with that peer was asked for.",
            ),
        ),
    ),
)
