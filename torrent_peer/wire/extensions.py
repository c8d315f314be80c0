"""Extended messages of BEP 10: the handshake's dictionary ↔ `ExtendedHandshake`. Total: garbage becomes `Malformed`."""

from collections.abc import Callable
from typing import Final

from torrent_peer.core import bencoding
from torrent_peer.core.bencoding import BencodeError, Value
from torrent_peer.wire.messages.bep10 import ExtendedHandshake
from torrent_peer.wire.messages.unreadable import Malformed

EXTENDED_ID: Final = 20
METADATA_SIZE_LIMIT: Final = 16 * 1024 * 1024
"""Bytes; BEP 9 gives none. anacrolix/torrent's limit: an info dictionary of 800,000 pieces."""


def decode_handshake(payload: bytes) -> ExtendedHandshake | Malformed:
    """The extended handshake whose bencoded dictionary is `payload`, all of the message behind its two ids.

    Raises nothing: what is no bencoded dictionary is `Malformed` (EXT-03), a known key of the wrong type or value is
    left out and named in `ignored` (EXT-07), of names sharing an id the first has it (EXT-06).
    """
    try:
        value, end = bencoding.decode_prefix(payload, limits=bencoding.WIRE)
    except BencodeError as error:
        return _malformed(payload, f"extended handshake is not bencoded: {error}")
    if not isinstance(value, dict):
        return _malformed(payload, "extended handshake is not a dictionary")
    return _Reading(value).handshake(trailing=len(payload) - end)


def encode_handshake(message: ExtendedHandshake) -> bytes:
    """The bencoded dictionary of an extended handshake, which goes behind the two ids; `None` stays out."""
    known: dict[bytes, Value | None] = {
        b"m": {name.encode(): number for name, number in message.extensions.items()},
        b"metadata_size": message.metadata_size,
        b"p": message.listen_port,
        b"reqq": message.request_queue,
        b"upload_only": None if message.upload_only is None else int(message.upload_only),
        b"v": None if message.client is None else message.client.encode(),
        b"yourip": message.your_ip,
    }
    said = {key: value for key, value in known.items() if value is not None}
    return bencoding.encode(dict(sorted({**message.others, **said}.items())))


def _malformed(payload: bytes, reason: str) -> Malformed:
    return Malformed(EXTENDED_ID, 2 + len(payload), "EXT-03", reason)


class _Reading:
    """One dictionary being read: takes known keys out, notes those it cannot use."""

    def __init__(self, keys: dict[bytes, Value]) -> None:
        self._keys = dict(keys)
        self._ignored: list[str] = []
        self._duplicates: list[int] = []

    def handshake(self, *, trailing: int) -> ExtendedHandshake:
        extensions = self._extensions()
        client = self._bytes(b"v", lambda data: True)
        upload_only = self._integer(b"upload_only", lambda number: True)
        return ExtendedHandshake(
            extensions=extensions,
            client=None if client is None else _text(client),
            listen_port=self._integer(b"p", lambda port: 1 <= port <= 65535),
            request_queue=self._integer(b"reqq", lambda count: count >= 1),
            your_ip=self._bytes(b"yourip", lambda address: len(address) in (4, 16)),
            metadata_size=self._integer(b"metadata_size", lambda size: 1 <= size <= METADATA_SIZE_LIMIT),
            upload_only=None if upload_only is None else upload_only != 0,
            others=self._keys,
            ignored=tuple(self._ignored),
            duplicate_ids=tuple(self._duplicates),
            trailing=trailing,
        )

    def _extensions(self) -> dict[str, int]:
        announced = self._keys.pop(b"m", {})
        if not isinstance(announced, dict):
            self._ignored.append("m")
            return {}
        extensions: dict[str, int] = {}
        taken: set[int] = set()
        for raw, number in announced.items():
            name = _text(raw)
            if not isinstance(number, int) or not 0 <= number <= 255:
                self._ignored.append(f"m.{name}")
            elif number in taken:
                if number not in self._duplicates:
                    self._duplicates.append(number)
            else:
                extensions[name] = number
                if number:
                    taken.add(number)
        return extensions

    def _integer(self, key: bytes, usable: Callable[[int], bool]) -> int | None:
        value = self._keys.pop(key, None)
        if isinstance(value, int) and usable(value):
            return value
        self._note(key, value)
        return None

    def _bytes(self, key: bytes, usable: Callable[[bytes], bool]) -> bytes | None:
        value = self._keys.pop(key, None)
        if isinstance(value, bytes) and usable(value):
            return value
        self._note(key, value)
        return None

    def _note(self, key: bytes, value: object) -> None:
        if value is not None:
            self._ignored.append(key.decode())


def _text(data: bytes) -> str:
    return data.decode(errors="backslashreplace")
