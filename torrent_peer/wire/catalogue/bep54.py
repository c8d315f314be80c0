"""DH: `lt_donthave`."""

from typing import Final

from torrent_peer.wire.catalogue.entry import Clients, Entry
from torrent_peer.wire.catalogue.exchange import Example, both_announce, dialer
from torrent_peer.wire.messages import DontHave, Have, HaveNone

_OPEN: Final = both_announce("lt_donthave").then(dialer(HaveNone()), dialer(Have(3)))

ENTRIES: Final = (
    Entry(
        rule="DH-01",
        instead="Name a piece of the torrent in four bytes.",
        races="never: but while the torrent's size is unknown it cannot be judged, and is judged when it is",
        clients=Clients(libtorrent="ignores it°", webtorrent="ignores it°"),
        examples=(
            Example(
                given=_OPEN,
                breaks=dialer(DontHave(10)),
                alike=dialer(DontHave(3)),
                because="it exists, and was announced.",
            ),
        ),
    ),
    Entry(
        rule="DH-02",
        instead="Withdraw only what you announced on this connection.",
        races="never: only the sender's own words decide",
        clients=Clients(libtorrent="ignores it°"),
        broken_by="libtorrent, which may announce a piece too early and take it back (Q-36)",
        examples=(
            Example(
                given=_OPEN, breaks=dialer(DontHave(4)), alike=dialer(DontHave(3)), because="it was announced before."
            ),
        ),
    ),
)
