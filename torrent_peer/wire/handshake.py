"""The 68 bytes each side opens with, read from a stream; refuses what is no handshake at its first wrong byte."""

from typing import Final

from torrent_peer.core.ids import INFO_HASH_LENGTH, PEER_ID_LENGTH, InfoHash, PeerId
from torrent_peer.wire.codec import PROTOCOL
from torrent_peer.wire.messages import Handshake, Malformed
from torrent_peer.wire.reserved import RESERVED_LENGTH, Reserved

HANDSHAKE_LENGTH: Final = len(PROTOCOL) + RESERVED_LENGTH + INFO_HASH_LENGTH + PEER_ID_LENGTH
"""68 bytes."""
_STRANGERS: Final = (
    (b"GET ", "an HTTP request"),
    (b"HEAD ", "an HTTP request"),
    (b"POST ", "an HTTP request"),
    (b"PUT ", "an HTTP request"),
    (b"OPTIONS ", "an HTTP request"),
    (b"CONNECT ", "an HTTP request"),
    (b"HTTP/", "an HTTP answer"),
    (b"\x16\x03", "a TLS hello"),
    (b"SSH-", "an SSH greeting"),
)
"""How other protocols begin that are met on a peer's port."""


class HandshakeReader:
    """The 68 bytes a peer opens with, in whatever fragments they come."""

    __slots__ = ("_malformed", "_received")

    def __init__(self) -> None:
        self._received = b""
        self._malformed: Malformed | None = None

    def feed(self, data: memoryview | bytes | bytearray) -> memoryview:
        """Takes what belongs to the handshake and returns the rest, bytes of the messages behind it (HS-14).

        A wrong handshake is refused at its first wrong byte: `malformed` is set, and nothing is taken any more.
        """
        view = memoryview(data)
        if self._malformed is not None:
            return memoryview(b"")
        before = len(self._received)
        taken = bytes(view[: HANDSHAKE_LENGTH - before])
        self._received += taken
        if before < len(PROTOCOL):
            self._malformed = _prefix_fault(self._received)
        return memoryview(b"") if self._malformed is not None else view[len(taken) :]

    @property
    def malformed(self) -> Malformed | None:
        """Why these bytes are no handshake (HS-01, HS-02)."""
        return self._malformed

    @property
    def reserved(self) -> Reserved | None:
        """Known together with `info_hash`."""
        return None if self.info_hash is None else Reserved(self._received[20:28])

    @property
    def info_hash(self) -> InfoHash | None:
        """Known once 48 bytes are in; a listener answers then (HS-07)."""
        return InfoHash(self._received[28:48]) if len(self._received) >= 48 and self._malformed is None else None

    @property
    def handshake(self) -> Handshake | None:
        """Known once all 68 bytes are in."""
        if len(self._received) < HANDSHAKE_LENGTH or self._malformed is not None:
            return None
        received = self._received
        return Handshake(Reserved(received[20:28]), InfoHash(received[28:48]), PeerId(received[48:]))

    @property
    def pending(self) -> int:
        """Bytes received so far."""
        return len(self._received)

    @property
    def cut(self) -> str | None:
        """Evidence that a stream ending here has cut the handshake short (HS-09)."""
        if len(self._received) == HANDSHAKE_LENGTH:
            return None
        return f"the stream ends {len(self._received)} bytes into the handshake's {HANDSHAKE_LENGTH}"


def _prefix_fault(received: bytes) -> Malformed | None:
    if PROTOCOL.startswith(received[: len(PROTOCOL)]):
        return None
    place = next(i for i, due in enumerate(PROTOCOL) if received[i] != due)
    found, due = received[place], PROTOCOL[place]
    if place:
        return Malformed(None, 0, "HS-02", f"byte {place} of the handshake is {_byte(found)}, not {_byte(due)}")
    looks = _recognised(received)
    return Malformed(None, 0, "HS-01", f"byte 0 of the handshake is {_byte(found)}, not 19 (0x13){looks}")


def _byte(value: int) -> str:
    return f'0x{value:02x} ("{value:c}")' if 0x20 < value < 0x7F else f"0x{value:02x}"


def _recognised(received: bytes) -> str:
    """What the other side may have thought this port is for."""
    for start, what in _STRANGERS:
        if received.startswith(start):
            return f": this looks like {what}"
    if received.isascii():
        return ""
    return ": this may be the key of an encrypted (MSE) connection"
