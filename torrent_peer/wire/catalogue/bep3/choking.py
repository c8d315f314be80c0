"""ST: choke and interest."""

from typing import Final

from torrent_peer.wire.catalogue.entry import Clients, Entry
from torrent_peer.wire.catalogue.exchange import OPENED, Example, dialer
from torrent_peer.wire.messages import Interested, NotInterested

ENTRIES: Final = (
    Entry(
        rule="ST-02",
        instead="Say choke, unchoke, interested and not_interested when they change something, and only then.",
        races="never: only the sender's own words decide",
        clients=Clients(
            libtorrent="acts on it, no change°",
            transmission="acts on it, no change°",
            anacrolix="acts on it, no change",
            rqbit="acts on it, no change",
            rain="acts on it, no change",
            webtorrent="acts on it, no change°",
            aria2="acts on it, no change; closes at 2 in 5 s°",
        ),
        broken_by="libtorrent answers every interested with unchoke; rqbit says unchoke twice",
        examples=(
            Example(
                given=OPENED,
                breaks=dialer(Interested()),
                alike=dialer(NotInterested()),
                because="it changes something.",
            ),
        ),
    ),
)
