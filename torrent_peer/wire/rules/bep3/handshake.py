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
    expected, asked = way.state.info_hash, way.receiver.reserved
    if way.sender.side is Side.DIALER or expected is None or message.info_hash == expected:
        return None
    if message.reserved.v2 and asked is not None and asked.v2:
        return None
    return f"answered with info-hash {message.info_hash}, not {expected}"


@rule(
    "HS-10",
    Handshake,
    severity=Severity.VIOLATION,
    section=_SECTION,
)
def nobody_talks_to_itself(way: Direction, message: Handshake, crossed: bool) -> str | None:
    """The two ends have different peer ids."""
    if way.receiver.peer_id == message.peer_id:
        return f"both ends call themselves {message.peer_id}: this is a connection to itself"
    return None
