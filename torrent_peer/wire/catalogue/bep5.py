"""DHT: the port message."""

from typing import Final

from torrent_peer.wire.catalogue.entry import Clients, Entry
from torrent_peer.wire.catalogue.exchange import FRESH, Example, Scene, dialer
from torrent_peer.wire.messages import HaveNone, Port
from torrent_peer.wire.reserved import Reserved

_DHT: Final = Scene(bits=Reserved.of(fast=True, extended=True, dht=True))

ENTRIES: Final = (
    Entry(
        rule="DHT-01",
        instead="Say port to a side that set the DHT bit in its handshake.",
        races="never: the bits are fixed by the handshakes",
        clients=Clients(
            libtorrent="acts on it, and answers with port°",
            transmission="acts on it°",
            anacrolix="acts on it",
            rqbit="closes",
            rain="acts on it",
            webtorrent="acts on it",
            aria2="acts on it°",
        ),
        broken_by="old libtorrent and others (Q-20)",
        examples=(
            Example(
                given=FRESH.then(dialer(HaveNone())),
                breaks=dialer(Port(6881)),
                given_alike=_DHT.then(dialer(HaveNone())),
                alike=dialer(Port(6881)),
                because="the listener set the DHT bit.",
            ),
        ),
    ),
    Entry(
        rule="DHT-02",
        instead="Say the UDP port of your DHT node, or nothing.",
        races="never: it is in the bytes themselves",
        clients=Clients(
            libtorrent="ignores it",
            transmission="ignores it",
            anacrolix="tries the TCP port",
            rain="acts on it",
            webtorrent="acts on it",
        ),
        examples=(
            Example(
                given=_DHT.then(dialer(HaveNone())),
                breaks=dialer(Port(0)),
                alike=dialer(Port(1)),
                because="it is a port.",
            ),
        ),
    ),
    Entry(
        rule="DHT-03",
        instead="Say port once, and again only when your node moves to another.",
        races="never: only the sender's own words decide",
        clients=Clients(
            libtorrent="acts on it",
            transmission="acts on it",
            anacrolix="acts on it",
            rain="acts on it",
            webtorrent="acts on it",
            aria2="acts on it",
        ),
        examples=(
            Example(
                given=_DHT.then(dialer(HaveNone(), Port(6881))),
                breaks=dialer(Port(6881)),
                alike=dialer(Port(6882)),
                because="the port has changed.",
            ),
        ),
    ),
    Entry(
        rule="DHT-04",
        instead="Say bitfield, have_all or have_none first, then port.",
        races="never: only the sender's own words decide",
        clients=Clients(
            libtorrent="acts on both",
            transmission="acts on both",
            anacrolix="acts on both",
            rain="acts on both",
            webtorrent="acts on both",
            aria2="acts on both",
        ),
        broken_by="various (Q-20)",
        examples=(
            Example(
                given=_DHT.then(dialer(Port(6881))),
                breaks=dialer(HaveNone()),
                given_alike=_DHT,
                alike=dialer(HaveNone(), Port(6881)),
                because="have_none comes first.",
            ),
        ),
    ),
)
