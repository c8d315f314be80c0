"""When silence, slowness or uselessness ends a conversation (legality §2.15): names for timeouts, never blame."""

from typing import Final

from torrent_peer.core.values import define, frozen

HANDSHAKE_TIMEOUT: Final = 20.0
"""Seconds for all 68 bytes. libtorrent 10, webtorrent 25, Transmission 30. (HS-08)"""
SILENCE_TIMEOUT: Final = 180.0
"""Seconds without a byte. aria2 180, libtorrent 120. (KA-01)"""
SILENCE_TIMEOUT_TRANSFERRING: Final = 240.0
"""Seconds, once payload went either way: Transmission 4.1 never sends keep-alives. (KA-01)"""
KEEP_ALIVE_INTERVAL: Final = 90.0
"""Seconds of our own silence. BEP 3: "generally sent once every two minutes"; everybody waits 120. (KA-02)"""
MESSAGE_TIMEOUT: Final = 30.0
"""Seconds a started message may take; large ones get a second per KiB instead. (FR-07)"""
RESCUE_AFTER: Final = 2.0
"""Seconds after which a peer with nothing to do may be asked for what others owe us."""
DISINTEREST_TIMEOUT: Final = 300.0
"""Seconds in which neither side wanted anything. (LV-01)"""
IDLE_LEECH_TIMEOUT: Final = 120.0
"""Seconds an unchoked, interested peer may ask for nothing while we only serve. libtorrent, aria2: 60. (LV-02)"""


@define(slots=True)
class Clocks:
    """When things last happened on one connection, seconds on the caller's clock."""

    connected: float
    received: float
    """Last byte from them."""
    sent: float
    """Last byte from us."""
    handshake: float | None = None
    """Both handshakes complete."""
    payload: float | None = None
    """Last block either way."""
    idle: float | None = None
    """Since when nothing is asked of them."""
    could_ask: float | None = None
    """Since when they could ask and asked for nothing: unchoked, interested, waiting for nothing."""
    message_begun: float | None = None
    """First byte of a message that is not yet complete."""
    wanted: float | None = None
    """Either side was interested."""
    kept_waiting: float | None = None
    """Since when it waits for us to read what it has said, because of a download limit."""
    looked: float = 0.0
    """When all this was last held against the deadlines."""
    quiet_until: float = 0.0
    """Until then there is nothing to look at, unless something is received."""


@frozen
class Overdue:
    """A deadline that has passed."""

    rule: str
    sentence: str


def overdue(clocks: Clocks, *, now: float, awaiting: int | None) -> Overdue | None:
    """The first deadline that ends the conversation, if one has passed.

    `awaiting` is the length in bytes of the message that has begun to arrive, None between messages.
    """
    if clocks.handshake is None:
        if now - clocks.connected > HANDSHAKE_TIMEOUT:
            return Overdue("HS-08", f"no complete handshake within {HANDSHAKE_TIMEOUT:.0f} s")
        return None
    if clocks.kept_waiting is not None:
        return None  # it is we who are slow
    limit = SILENCE_TIMEOUT if clocks.payload is None else SILENCE_TIMEOUT_TRANSFERRING
    if now - clocks.received > limit:
        return Overdue("KA-01", f"nothing heard for {limit:.0f} s")
    if awaiting is not None and clocks.message_begun is not None:
        limit = max(MESSAGE_TIMEOUT, awaiting / 1024)
        if now - clocks.message_begun > limit:
            return Overdue("FR-07", f"a message of {awaiting} bytes did not arrive whole within {limit:.0f} s")
    if clocks.wanted is not None and now - clocks.wanted > DISINTEREST_TIMEOUT:
        return Overdue("LV-01", f"neither side wanted anything for {DISINTEREST_TIMEOUT:.0f} s")
    if clocks.could_ask is not None and now - clocks.could_ask > IDLE_LEECH_TIMEOUT:
        return Overdue("LV-02", f"unchoked and interested, it asked for nothing for {IDLE_LEECH_TIMEOUT:.0f} s")
    return None


def keep_alive_due(clocks: Clocks, *, now: float) -> bool:
    """Whether it is time to say that we are still there (KA-02)."""
    return clocks.handshake is not None and now - clocks.sent > KEEP_ALIVE_INTERVAL
