"""EXT: the extension protocol; what the messages of an extension say is judged by the rules of its own BEP."""

from collections.abc import Sequence
from typing import Final

from torrent_peer.wire.extensions import NAMES
from torrent_peer.wire.messages import (
    Extended,
    ExtendedHandshake,
    Holepunch,
    HolepunchKind,
    Message,
    MetadataRequest,
)
from torrent_peer.wire.phases import Phase
from torrent_peer.wire.rules.registry import rule
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.state import Direction
from torrent_peer.wire.wording import name_of

_SECTION: Final = "BEP 10, handshake message"
_BIT: Final = "To advertise to other clients that you support, one bit from the reserved bytes is used."
_IDS: Final = "The extension message IDs are the IDs used to send the extension messages to the peer sending this"
_EXTENDED: Final = (Extended, *NAMES)
"""Extended messages of every kind but the handshake."""
_OWN_IDS: Final = (b"-SD0100-", b"-XL0012-")
"""Xunlei's clients, which say everything under the ids they announced themselves (Q-19)."""


@rule("EXT-01", ExtendedHandshake, severity=Severity.DEVIATION, section="BEP 10, Extension Protocol", quote=_BIT)
def the_extended_handshake_needs_the_bit(way: Direction, message: ExtendedHandshake, crossed: bool) -> str | None:
    """The extended handshake is said only if both sides set the bit."""
    return _without_the_bit(way, "extended_handshake")


@rule("EXT-01", *_EXTENDED, severity=Severity.VIOLATION, section="BEP 10, Extension Protocol", quote=_BIT)
def extended_messages_need_the_bit(way: Direction, message: Message, crossed: bool) -> str | None:
    """Extended messages are said only if both sides set the bit."""
    return _without_the_bit(way, _which(message))


def _which(message: Message) -> str:
    return f"extended {message.id}" if isinstance(message, Extended) else name_of(type(message))


def _without_the_bit(way: Direction, what: str) -> str | None:
    if way.state.extended:
        return None
    return f"{what} without the extension protocol"


@rule("EXT-02", *_EXTENDED, severity=Severity.VIOLATION, section=_SECTION, quote=_IDS)
def an_extended_id_was_announced(way: Direction, message: Message, crossed: bool) -> str | None:
    """An extended message has an id its receiver announced: at any time, or now, where it is written."""
    receiver = way.receiver
    if not way.state.extended or _has_own_ids(way, message):
        return None
    if isinstance(message, Extended):
        what, known = (
            f"extended id {message.id}",
            message.id in (receiver.announced if crossed else receiver.extensions.values()),
        )
    else:
        what = name = NAMES[type(message)]
        known = name in (receiver.announced.values() if crossed else receiver.extensions)
    never = "never announced" if crossed else "does not announce"
    return None if known else f"{what}, which the {receiver.side.value} {never}"


def _has_own_ids(way: Direction, message: Message) -> bool:
    sender = way.sender
    return (
        isinstance(message, Extended)
        and message.id in sender.announced
        and message.id not in way.receiver.announced
        and sender.peer_id is not None
        and sender.peer_id.startswith(_OWN_IDS)
    )


@rule("EXT-02", Extended, severity=Severity.DEVIATION, section=_SECTION, quote=_IDS)
def an_extended_id_is_the_receivers(way: Direction, message: Extended, crossed: bool) -> str | None:
    """An extended message does not have the id that its own sender announced (Q-19: Xunlei)."""
    if not way.state.extended or not _has_own_ids(way, message):
        return None
    return f"extended id {message.id}, which the {way.sender.side.value} announced itself"


@rule("EXT-04", ExtendedHandshake, severity=Severity.DEVIATION, section=_SECTION)
def the_dictionary_is_all(way: Direction, message: ExtendedHandshake, crossed: bool) -> str | None:
    """Nothing follows the dictionary of an extended handshake."""
    return f"{message.trailing} bytes behind the dictionary of an extended handshake" if message.trailing else None


@rule(
    "EXT-06",
    ExtendedHandshake,
    severity=Severity.DEVIATION,
    section=_SECTION,
    quote="The only requirement on these IDs is that no extension message share the same one.",
)
def no_extensions_share_an_id(way: Direction, message: ExtendedHandshake, crossed: bool) -> str | None:
    """No two extensions have the same id."""
    if not message.duplicate_ids:
        return None
    return f"extended handshake gives id {message.duplicate_ids[0]} to more than one extension"


@rule(
    "EXT-07",
    ExtendedHandshake,
    severity=Severity.REDUNDANT,
    section=_SECTION,
    quote="All items in the dictionary are optional.",
)
def known_keys_make_sense(way: Direction, message: ExtendedHandshake, crossed: bool) -> str | None:
    """Known keys beside `m` have the type and the range they are given; others are as if they were not there."""
    unusable = [key for key in message.ignored if not _is_of_the_map(key)]
    return _without_value(unusable) if unusable else None


@rule(
    "EXT-07",
    ExtendedHandshake,
    severity=Severity.DEVIATION,
    section=_SECTION,
    quote="Dictionary of supported extension messages which maps names of extensions to an extended message ID for",
)
def the_map_of_extensions_makes_sense(way: Direction, message: ExtendedHandshake, crossed: bool) -> str | None:
    """`m` is a dictionary of ids from 0 to 255; what is in it otherwise is as if it were not there."""
    unusable = [key for key in message.ignored if _is_of_the_map(key)]
    return _without_value(unusable) if unusable else None


def _is_of_the_map(key: str) -> bool:
    return key == "m" or key.startswith("m.")


def _without_value(keys: Sequence[str]) -> str:
    return "extended handshake with no usable value for " + ", ".join(_printable(key) for key in keys[:5])


def _printable(key: str) -> str:
    return "".join(c if c.isprintable() else "." for c in key[:32])


@rule("EXT-09", MetadataRequest, Holepunch, severity=Severity.DEVIATION, section=_SECTION, quote=_IDS)
def who_asks_can_be_answered(way: Direction, message: MetadataRequest | Holepunch, crossed: bool) -> str | None:
    """Who says something that calls for an answer has announced an id for it."""
    if isinstance(message, Holepunch) and message.kind != HolepunchKind.RENDEZVOUS:
        return None
    sender, name = way.sender, NAMES[type(message)]
    if not sender.greeted or name in sender.announced.values():
        return None
    return f"{name_of(type(message))} from a {sender.side.value} that never announced an id for its answer"


@rule(
    "EXT-10",
    *_EXTENDED,
    severity=Severity.DEVIATION,
    section=_SECTION,
    quote="This message should be sent immediately after the standard bittorrent handshake",
)
def the_extended_handshake_comes_first(way: Direction, message: Message, crossed: bool) -> str | None:
    """The extended handshake comes before other extended messages."""
    if way.sender.greeted or not way.state.extended:
        return None
    return f"{_which(message)} before the extended handshake"


@rule("S-12", ExtendedHandshake, severity=Severity.DEVIATION, section=_SECTION, quote=_IDS, for_sending=True)
def an_id_keeps_its_meaning(way: Direction, message: ExtendedHandshake, crossed: bool) -> str | None:
    """What we once announced is never given another meaning: messages in flight would be misread."""
    sender = way.sender
    for name, number in message.extensions.items():
        if number and sender.announced.get(number, name) != name:
            return f"extended id {number} for {name}: it was announced for {sender.announced[number]}"
    if sender.greeted and message.request_queue is not None and message.request_queue < sender.patience:
        return f"request queue lowered from {sender.patience} to {message.request_queue}"
    return None


@rule(
    "S-03",
    ExtendedHandshake,
    severity=Severity.DEVIATION,
    section=_SECTION,
    quote="This message should be sent immediately after the standard bittorrent handshake",
    for_sending=True,
)
def our_extended_handshake_opens(way: Direction, message: ExtendedHandshake, crossed: bool) -> str | None:
    """Our first extended handshake goes before all core messages: how much we take must be known before we unchoke."""
    if way.sender.greeted or way.sender.phase is not Phase.ACTIVE:
        return None
    return "the first extended handshake after other messages"
