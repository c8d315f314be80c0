"""HS, and the end of a connection."""

from typing import Final

from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.wire import codec
from torrent_peer.wire.catalogue.entry import Clients, Entry
from torrent_peer.wire.catalogue.exchange import (
    BITS,
    FRESH,
    INFO_HASH,
    OPENED,
    PEER_IDS,
    SILENT,
    Example,
    Scene,
    dialer,
    handshake,
    listener,
)
from torrent_peer.wire.messages import Handshake, KeepAlive
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.side import Side

_D, _L = handshake(Side.DIALER), handshake(Side.LISTENER)
_HYBRID: Final = Reserved.of(fast=True, extended=True, v2=True)
_OTHER: Final = InfoHash(b"some other torrent..")
_ANOTHER: Final = PeerId(b"-XX0001-someone_else")
_STRUCTURE: Final = "never: it is in the bytes themselves"
_GREETING: Final = Example(
    given=SILENT,
    breaks=dialer(b"GET / HTTP/1.1\r\n", words="GET / HTTP/1.1"),
    alike=dialer(_D, words="handshake"),
    because="it is a handshake.",
)

ENTRIES: Final = (
    Entry(
        rule="HS-01",
        instead="Begin every connection with byte 19; if both sides may encrypt, try that on a connection of its own.",
        races=_STRUCTURE,
        clients=Clients(
            libtorrent="takes it for the key of an encrypted connection and closes after 10 s°",
            transmission="takes it for the key of an encrypted connection and closes after 30 s°",
            anacrolix="closes, after trying encryption",
            rqbit="closes",
            rain="closes, after trying encryption",
            webtorrent="closes°",
            aria2="waits for the rest of a key for more than 15 s°",
        ),
        examples=(_GREETING,),
    ),
    Entry(
        rule="HS-02",
        instead="Send the 20 bytes of the protocol's name as they are; new features go into the reserved bits.",
        races=_STRUCTURE,
        clients=Clients(
            libtorrent="takes it for the key of an encrypted connection and closes after 10 s°",
            transmission="closes within 0.5 s°",
            anacrolix="closes",
            rqbit="closes",
            rain="closes",
            webtorrent="closes°",
            aria2="waits for the rest of a key for more than 15 s°",
        ),
        examples=(
            Example(
                given=SILENT,
                breaks=dialer(b"\x13BitTorrent Protocol", words="19, BitTorrent Protocol"),
                alike=dialer(codec.PROTOCOL, words="19, BitTorrent protocol"),
                because="the letter is small; the other 48 bytes may come later.",
            ),
        ),
    ),
    Entry(
        rule="HS-04",
        instead="Dial only for torrents that a tracker, the DHT or a peer named together with this address.",
        races="never: the listener has not said anything yet",
        clients=Clients(
            libtorrent="closes°",
            transmission="closes within 0.5 s°",
            anacrolix="closes",
            rqbit="closes",
            rain="closes",
            webtorrent="closes°",
            aria2="closes after 2.4 s°",
        ),
        examples=(
            Example(
                given=SILENT,
                breaks=dialer(Handshake(BITS, _OTHER, PEER_IDS[Side.DIALER]), words="handshake, another torrent"),
                alike=dialer(_D, words="handshake, this torrent"),
                because="the listener has that torrent.",
            ),
        ),
    ),
    Entry(
        rule="HS-05",
        instead="Answer with the info-hash you were asked for; if you do not run that torrent, close without a word.",
        races="never: the listener reads 48 bytes of the dialler's handshake before it answers",
        clients=Clients(
            libtorrent="closes",
            transmission="closes",
            anacrolix="closes",
            rqbit="closes",
            rain="closes",
            webtorrent="closes",
            aria2="closes",
        ),
        examples=(
            Example(
                given=Scene((dialer(_D, words="handshake, this torrent"),), greeted=False),
                breaks=listener(Handshake(BITS, _OTHER, PEER_IDS[Side.LISTENER]), words="handshake, another torrent"),
                given_alike=Scene(
                    (dialer(handshake(Side.DIALER, bits=_HYBRID), words="handshake, v1 hash, v2 bit"),),
                    bits=_HYBRID,
                    greeted=False,
                ),
                alike=listener(Handshake(_HYBRID, _OTHER, PEER_IDS[Side.LISTENER]), words="handshake, v2 hash, v2 bit"),
                because="a hybrid torrent has two info-hashes, and both sides speak BEP 52.",
            ),
        ),
    ),
    Entry(
        rule="HS-06",
        instead="Answer with the version 2 info-hash only if the dialler's handshake has the version 2 bit.",
        races="never: the listener reads 48 bytes of the dialler's handshake before it answers",
        clients=Clients(
            libtorrent="cannot happen to it: it sets the bit for every hybrid torrent",
            anacrolix="cannot happen to it: it sets the bit for every hybrid torrent",
        ),
        examples=(
            Example(
                given=Scene((dialer(_D, words="handshake, v1 hash, no v2 bit"),), greeted=False),
                breaks=listener(
                    Handshake(_HYBRID, _OTHER, PEER_IDS[Side.LISTENER]), words="handshake, v2 hash, v2 bit"
                ),
                given_alike=Scene(
                    (dialer(handshake(Side.DIALER, bits=_HYBRID), words="handshake, v1 hash, v2 bit"),),
                    bits=_HYBRID,
                    greeted=False,
                ),
                alike=listener(Handshake(_HYBRID, _OTHER, PEER_IDS[Side.LISTENER]), words="handshake, v2 hash, v2 bit"),
                because="the dialler offered it.",
            ),
        ),
    ),
    Entry(
        rule="HS-10",
        instead="Compare the peer id with every id you use, and forget the address: it is your own.",
        races="never: both ids are in the bytes themselves",
        clients=Clients(
            libtorrent="closes and bans the address; its ids differ by connection",
            transmission="closes",
            anacrolix="closes and remembers the address",
            rqbit="closes",
            rain="closes",
            webtorrent="stays: its check never runs°",
            aria2="closes°",
        ),
        examples=(
            Example(
                given=SILENT.then(listener(_L, words="handshake")),
                breaks=dialer(Handshake(BITS, INFO_HASH, PEER_IDS[Side.LISTENER]), words="handshake, the same peer id"),
                alike=dialer(_D, words="handshake, a peer id of its own"),
                because="they are two.",
            ),
        ),
    ),
    Entry(
        rule="HS-11",
        instead="Call yourself what you tell the trackers, on every connection of a torrent.",
        races="never: what the tracker said was known before",
        clients=Clients(
            libtorrent="does not look",
            transmission="does not look",
            anacrolix="does not look",
            rqbit="does not look",
            rain="does not look",
            webtorrent="does not look",
            aria2="does not look",
        ),
        broken_by="libtorrent, which calls itself differently on every connection (Q-31)",
        examples=(
            Example(
                given=Scene((dialer(_D, words="handshake"),), greeted=False, named_by_tracker=True),
                breaks=listener(
                    Handshake(BITS, INFO_HASH, _ANOTHER), words="handshake, a peer id the tracker did not say"
                ),
                alike=listener(_L, words="handshake, the peer id the tracker said"),
                because="the tracker said so.",
            ),
        ),
    ),
    Entry(
        rule="HS-13",
        instead="Say the handshake once, also when the connection is retried or resumed: a new one needs a new stream.",
        races=_STRUCTURE,
        clients=Clients(
            libtorrent="closes: too long a message°",
            transmission="waits for a message of 308 MiB°",
            anacrolix="closes",
            rqbit="closes",
            rain="closes",
            webtorrent="waits for a message of 308 MiB°",
            aria2="closes°",
        ),
        examples=(
            Example(
                given=FRESH,
                breaks=dialer(_D, words="handshake"),
                given_alike=SILENT.then(dialer(codec.encode(_D)[:48], words="handshake, its first 48 bytes")),
                alike=dialer(codec.encode(_D)[48:], words="handshake, its last 20 bytes"),
                because="a handshake may come in any number of parts.",
            ),
        ),
    ),
    Entry(
        rule="S-19",
        instead="Once you close, say nothing more: read what is buffered, and let the socket go.",
        races="never: it is about what one side itself has said, or read, before",
        examples=(
            Example(
                given=OPENED.then(dialer(b"\0\0\0\2\x02\0", words="interested with a body of 1 byte")),
                breaks=listener(KeepAlive()),
                given_alike=OPENED,
                alike=listener(KeepAlive()),
                because="the connection is not closed.",
            ),
        ),
    ),
)
