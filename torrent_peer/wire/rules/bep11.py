"""PEX: `ut_pex`.

That there is one message per minute at most (PEX-03) is not here: the wire has no clock, and messages held up on their
way arrive together. Whoever has a clock counts them (`SideState.exchanges`) and has its own name for it. In private
torrents (PEX-08) the extension is not announced, so EXT-02 forbids it.
"""

from collections.abc import Set as AbstractSet
from typing import Final

from torrent_peer.core.addresses import Address
from torrent_peer.wire.messages import Malformed, PeerExchange
from torrent_peer.wire.rules.bep3.framing import found_in_the_bytes
from torrent_peer.wire.rules.registry import rule
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.state import Direction

_SECTION: Final = "BEP 11, Protocol Extension"
_FIFTY: Final = (
    "Except for the initial PEX message the combined amount of added v4/v6 contacts should not exceed 50 entries."
)
EXCHANGE_LIMIT: Final = 50
"""Peers added in one message, and peers dropped."""
EXCHANGE_FLOOD: Final = 200
"""Twice what libtorrent sends (Q-21)."""
_NOBODY: Final[frozenset[Address]] = frozenset()

rule(
    "PEX-01",
    Malformed,
    severity=Severity.VIOLATION,
    section=_SECTION,
    quote="The extension message itself consists of the bittorrent/extension message header and the following bencoded",
    out_of_turn=True,
)(found_in_the_bytes("PEX-01", "A ut_pex message is a bencoded dictionary."))


@rule(
    "PEX-02",
    PeerExchange,
    severity=Severity.DEVIATION,
    section=_SECTION,
    quote="one or more contacts in IPv4 compact format (string)",
)
def peers_are_whole(way: Direction, message: PeerExchange, crossed: bool) -> str | None:
    """Lists of peers are strings of whole addresses, with a byte of flags for each; others are as if not there."""
    return f"ut_pex message with no usable value for {', '.join(message.ignored)}" if message.ignored else None


@rule("PEX-04", PeerExchange, severity=Severity.DEVIATION, section=_SECTION, quote=_FIFTY)
def an_exchange_is_short(way: Direction, message: PeerExchange, crossed: bool) -> str | None:
    """Any message but the first adds 50 peers at most, and drops 50 at most."""
    most = _most(message)
    return f"{most} peers in one list" if way.sender.exchanges and EXCHANGE_LIMIT < most <= EXCHANGE_FLOOD else None


@rule("PEX-04", PeerExchange, severity=Severity.VIOLATION, section=_SECTION, quote=_FIFTY)
def an_exchange_is_no_flood(way: Direction, message: PeerExchange, crossed: bool) -> str | None:
    """No message but the first adds or drops more than 200 peers."""
    most = _most(message)
    return f"{most} peers in one list" if way.sender.exchanges and most > EXCHANGE_FLOOD else None


def _most(message: PeerExchange) -> int:
    return max(len(message.added), len(message.dropped))


@rule(
    "PEX-05",
    PeerExchange,
    severity=Severity.DEVIATION,
    section=_SECTION,
    quote="Added or removed contacts must not contain duplicates.",
)
def a_peer_is_named_once(way: Direction, message: PeerExchange, crossed: bool) -> str | None:
    """No peer is named twice in one message, neither in one list nor as added and dropped."""
    added, dropped = set(message.added), set(message.dropped)
    if len(added) < len(message.added) or len(dropped) < len(message.dropped):
        return "ut_pex message that names a peer twice"
    return "ut_pex message that adds and drops the same peer" if added & dropped else None


@rule(
    "PEX-06",
    PeerExchange,
    severity=Severity.REDUNDANT,
    section=_SECTION,
    quote="Messages must contain at least one of the following fields",
)
def an_exchange_names_somebody(way: Direction, message: PeerExchange, crossed: bool) -> str | None:
    """A ut_pex message names a peer."""
    return None if message.added or message.dropped or message.ignored else "ut_pex message that names nobody"


@rule(
    "PEX-07",
    PeerExchange,
    severity=Severity.REDUNDANT,
    section=_SECTION,
    quote="Once a peer has been ``added`` a client must ensure to send the corresponding ``dropped`` event",
)
def who_is_dropped_was_added(way: Direction, message: PeerExchange, crossed: bool) -> str | None:
    """A peer that is dropped was added before."""
    known: AbstractSet[Address] | None = way.sender.exchanged if way.sender.exchanges else _NOBODY
    if known is None or not (strangers := set(message.dropped) - known):
        return None
    return f"ut_pex message that drops {len(strangers)} peers never added"


@rule("S-14", PeerExchange, severity=Severity.DEVIATION, section=_SECTION, quote=_FIFTY, for_sending=True)
def our_exchanges_are_short(way: Direction, message: PeerExchange, crossed: bool) -> str | None:
    """We name 50 peers at most in each list, the first time, too."""
    most = _most(message)
    return f"{most} peers in one list" if not way.sender.exchanges and most > EXCHANGE_LIMIT else None
