"""PEX: `ut_pex`."""

from typing import Final

from torrent_peer.core.addresses import Address
from torrent_peer.wire.catalogue.entry import Clients, Entry
from torrent_peer.wire.catalogue.exchange import IDS, Example, both_announce, dialer
from torrent_peer.wire.messages import Extended, PeerExchange

_BYTES: Final = "never: it is in the bytes themselves"
_OWN_WORDS: Final = "never: only the sender's own words decide"
_PEERS: Final = tuple(Address(f"192.0.2.{number}", 6881) for number in range(1, 202))
_ONE: Final = dialer(PeerExchange(added=_PEERS[:1]), words="ut_pex: 1 peer added")
_OPEN: Final = both_announce("ut_pex")
_BEGUN: Final = _OPEN.then(_ONE)

ENTRIES: Final = (
    Entry(
        rule="PEX-01",
        instead="Send a bencoded dictionary.",
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
                given=_OPEN,
                breaks=dialer(Extended(IDS["ut_pex"], b"le"), words="ut_pex: le"),
                alike=_ONE,
                because="it is a dictionary that names somebody.",
            ),
        ),
    ),
    Entry(
        rule="PEX-02",
        instead="Write 6 bytes for each IPv4 peer, 18 for each IPv6 one, and one byte of flags for each added.",
        races=_BYTES,
        clients=Clients(
            libtorrent="reads the whole ones°",
            transmission="reads the whole ones°",
            anacrolix="closes",
            rain="ignores it",
            webtorrent="reads the whole ones°",
            aria2="reads the whole ones°",
        ),
        examples=(
            Example(
                given=_OPEN,
                breaks=dialer(Extended(IDS["ut_pex"], b"d5:added5:12345e"), words="ut_pex: d5:added5:12345e"),
                alike=dialer(Extended(IDS["ut_pex"], b"d5:added6:123456e"), words="ut_pex: d5:added6:123456e"),
                because="six bytes are a peer; flags may be left out.",
            ),
        ),
    ),
    Entry(
        rule="PEX-04",
        instead="Name 50 peers at most in each list, once a minute.",
        races=_OWN_WORDS,
        clients=Clients(
            libtorrent="takes up to 500 KiB",
            transmission="reads the first 50",
            anacrolix="acts on it",
            rqbit="acts on it",
            rain="acts on it",
            webtorrent="acts on it",
            aria2="acts on it",
        ),
        broken_by="libtorrent, which names up to 100 (Q-21)",
        examples=(
            Example(
                given=_BEGUN,
                breaks=dialer(PeerExchange(added=_PEERS[1:61]), words="ut_pex: 60 peers added"),
                given_alike=_OPEN,
                alike=dialer(PeerExchange(added=_PEERS[1:61]), words="ut_pex: 60 peers added"),
                because="the first message may be longer.",
            ),
            Example(
                given=_BEGUN,
                breaks=dialer(PeerExchange(added=_PEERS), words="ut_pex: 201 peers added"),
                alike=dialer(PeerExchange(added=_PEERS[1:51]), words="ut_pex: 50 peers added"),
                because="fifty are the limit.",
            ),
        ),
    ),
    Entry(
        rule="PEX-05",
        instead="Work out the difference to your last message; who came and went meanwhile is not named.",
        races=_BYTES,
        clients=Clients(
            libtorrent="acts on it",
            transmission="acts on it",
            anacrolix="acts on it",
            rqbit="acts on it",
            rain="acts on it",
            webtorrent="acts on it",
            aria2="acts on it",
        ),
        broken_by="aria2, which may name a peer twice in one message",
        examples=(
            Example(
                given=_OPEN,
                breaks=dialer(PeerExchange(added=_PEERS[:1] * 2), words="ut_pex: the same peer added twice"),
                alike=dialer(PeerExchange(added=_PEERS[:2]), words="ut_pex: 2 peers added"),
                because="they are two.",
            ),
        ),
    ),
    Entry(
        rule="PEX-06",
        instead="Say nothing when there is no news.",
        races=_BYTES,
        clients=Clients(
            libtorrent="acts on it",
            transmission="acts on it",
            anacrolix="acts on it",
            rqbit="acts on it",
            rain="acts on it",
            webtorrent="acts on it",
            aria2="acts on it",
        ),
        broken_by="libtorrent (Q-21)",
        examples=(
            Example(
                given=_OPEN,
                breaks=dialer(PeerExchange(), words="ut_pex: nobody"),
                alike=_ONE,
                because="there is news.",
            ),
        ),
    ),
    Entry(
        rule="PEX-07",
        instead="Drop only whom you added before, on this connection.",
        races=_OWN_WORDS,
        clients=Clients(
            libtorrent="acts on it",
            transmission="acts on it",
            anacrolix="acts on it",
            rqbit="acts on it",
            rain="acts on it",
            webtorrent="acts on it",
            aria2="acts on it",
        ),
        examples=(
            Example(
                given=_BEGUN,
                breaks=dialer(PeerExchange(dropped=_PEERS[1:2]), words="ut_pex: another peer dropped"),
                alike=dialer(PeerExchange(dropped=_PEERS[:1]), words="ut_pex: that peer dropped"),
                because="it was added before.",
            ),
        ),
    ),
    Entry(
        rule="S-14",
        instead="Name 50 peers at most in the first message, too: the others can come a minute later.",
        races="never: it is about what one side itself writes",
        examples=(
            Example(
                given=_OPEN,
                breaks=dialer(PeerExchange(added=_PEERS[:51]), words="ut_pex: 51 peers added"),
                alike=dialer(PeerExchange(added=_PEERS[:50]), words="ut_pex: 50 peers added"),
                because="fifty are the limit.",
            ),
        ),
    ),
)
