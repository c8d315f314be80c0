"""HS: the handshake."""

from typing import get_args

from torrent_peer.wire.messages import Handshake, Malformed, Message
from torrent_peer.wire.phases import Phase
from torrent_peer.wire.rules.registry import rule
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.side import Side
from torrent_peer.wire.state import Direction
from torrent_peer.wire.wording import name_of

_SECTION = "BEP 3, peer protocol"
_ANYTHING = get_args(Message)


@rule(
    "HS-01",
    *(kind for kind in _ANYTHING if kind not in (Handshake, Malformed)),
    severity=Severity.VIOLATION,
    section=_SECTION,
    quote="The peer wire protocol consists of a handshake followed by a never-ending stream",
    out_of_turn=True,
)
def the_handshake_comes_first(way: Direction, message: Message, crossed: bool) -> str | None:
    """Nothing is said before the handshake."""
    if way.sender.phase is Phase.HANDSHAKE:
        return f"{name_of(type(message))} before the handshake"
    return None


@rule(
    "HS-13",
    Handshake,
    severity=Severity.VIOLATION,
    section=_SECTION,
    quote="The peer wire protocol consists of a handshake followed by a never-ending stream",
    out_of_turn=True,
)
def there_is_one_handshake(way: Direction, message: Handshake, crossed: bool) -> str | None:
    """The handshake is said once."""
    if way.sender.phase is Phase.CLOSED:
        return None
    return "a second handshake on the same connection"


@rule(
    "S-19",
    *_ANYTHING,
    severity=Severity.VIOLATION,
    section=_SECTION,
    out_of_turn=True,
)
def nothing_follows_the_end(way: Direction, message: Message, crossed: bool) -> str | None:
    """Nothing is said on a connection that is closed."""
    if way.sender.phase is Phase.CLOSED:
        return f"{name_of(type(message))} after the connection was closed"
    return None


@rule(
    "HS-04",
    Handshake,
    severity=Severity.VIOLATION,
    section=_SECTION,
    quote="If both sides don't send the same value, they sever the connection.",
)
def the_dialler_names_a_torrent_we_run(way: Direction, message: Handshake, crossed: bool) -> str | None:
    """The dialler asks for a torrent that the listener has."""
    expected = way.state.info_hash
    if way.sender.side is Side.LISTENER or expected is None or message.info_hash == expected:
        return None
    return f"handshake for {message.info_hash}, which is not {expected}"


@rule(
    "HS-05",
    Handshake,
    severity=Severity.VIOLATION,
    section=_SECTION,
    quote="If both sides don't send the same value, they sever the connection.",
)
def the_listener_answers_with_the_same_torrent(way: Direction, message: Handshake, crossed: bool) -> str | None:
    """The listener answers with the info-hash it was asked for; a hybrid torrent has two, if both speak BEP 52."""
    if not _answers_otherwise(way, message) or message.reserved.v2:
        return None
    return f"answered with info-hash {message.info_hash}, not {way.state.info_hash}"


@rule(
    "HS-06",
    Handshake,
    severity=Severity.VIOLATION,
    section="BEP 52, Upgrade Path",
    quote="The remote peer may then respond with the new infohash to upgrade the connect to the new format.",
)
def the_upgrade_was_offered(way: Direction, message: Handshake, crossed: bool) -> str | None:
    """The listener answers with the version 2 info-hash only if the dialler set the version 2 bit."""
    asked = way.receiver.reserved
    if not _answers_otherwise(way, message) or not message.reserved.v2 or (asked is not None and asked.v2):
        return None
    return f"answered with info-hash {message.info_hash}, not {way.state.info_hash}: nobody offered version 2"


def _answers_otherwise(way: Direction, message: Handshake) -> bool:
    expected = way.state.info_hash
    return way.sender.side is Side.LISTENER and expected is not None and message.info_hash != expected


@rule(
    "HS-10",
    Handshake,
    severity=Severity.VIOLATION,
    section=_SECTION,
)
def nobody_talks_to_itself(way: Direction, message: Handshake, crossed: bool) -> str | None:
    """The two ends have different peer ids."""
    receiver = way.receiver
    if message.peer_id != receiver.peer_id and message.peer_id not in receiver.own_ids:
        return None
    return f"both ends call themselves {message.peer_id}: this is a connection to itself"


@rule(
    "HS-11",
    Handshake,
    severity=Severity.DEVIATION,
    section=_SECTION,
    quote="If the receiving side's peer id doesn't match the one the initiating side expects, it severs",
)
def the_tracker_named_this_peer(way: Direction, message: Handshake, crossed: bool) -> str | None:
    """A peer calls itself what the tracker called it, if the tracker said it."""
    expected = way.sender.expected_id
    if expected is None or message.peer_id == expected:
        return None
    return f"calls itself {message.peer_id}: the tracker called it {expected}"
