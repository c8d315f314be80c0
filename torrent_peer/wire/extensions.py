"""Extended messages of BEP 10: its handshake, and one row per extension. Total: garbage becomes `Malformed`.

Under which id an extension goes is a matter of each connection, and each direction: see `read` and `written`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from torrent_peer.core import bencoding
from torrent_peer.core.bencoding import BencodeError, Value
from torrent_peer.core.values import frozen
from torrent_peer.wire import payloads
from torrent_peer.wire.messages import (
    DontHave,
    Extended,
    ExtendedHandshake,
    Holepunch,
    Malformed,
    Message,
    MetadataPiece,
    MetadataReject,
    MetadataRequest,
    MetadataUnknown,
    PeerExchange,
    UploadOnly,
)

METADATA_SIZE_LIMIT: Final = 16 * 1024 * 1024
"""Bytes; BEP 9 gives none. anacrolix/torrent's limit: an info dictionary of 800,000 pieces."""


@frozen
class Row:
    """What the wire knows about one extension."""

    name: str
    """As in `m` of the extended handshake."""
    decode: Callable[[bytes], Message]
    """The message with this payload; raises nothing."""
    encoders: Mapping[type, Callable[[Any], bytes]]
    """Message types that go out under this name."""


_ROWS: Final = (
    Row(
        "ut_metadata",
        payloads.decode_metadata,
        {
            MetadataRequest: payloads.encode_metadata_request,
            MetadataPiece: payloads.encode_metadata_piece,
            MetadataReject: payloads.encode_metadata_reject,
            MetadataUnknown: payloads.encode_metadata_unknown,
        },
    ),
    Row("ut_pex", payloads.decode_peer_exchange, {PeerExchange: payloads.encode_peer_exchange}),
    Row("upload_only", payloads.decode_upload_only, {UploadOnly: payloads.encode_upload_only}),
    Row("lt_donthave", payloads.decode_dont_have, {DontHave: payloads.encode_dont_have}),
    Row("ut_holepunch", payloads.decode_holepunch, {Holepunch: payloads.encode_holepunch}),
)
ROWS: Final[Mapping[str, Row]] = {row.name: row for row in _ROWS}
"""By name."""
NAMES: Final[Mapping[type, str]] = {kind: row.name for row in _ROWS for kind in row.encoders}
"""Type of message → the extension it belongs to."""


def read(message: Extended, announced: Mapping[int, str]) -> Message:
    """What `message` says to a side that announced these ids (id → name): itself, if the extension has no row here."""
    row = ROWS.get(announced.get(message.id, ""))
    return message if row is None else row.decode(message.payload)


def meant(message: Message, ids: Mapping[str, int]) -> Message:
    """What a side that wants extensions under these ids (name → id) will take `message` for."""
    if type(message) is not Extended:
        return message
    return read(message, {number: name for name, number in ids.items()})


def written(message: Message, ids: Mapping[str, int]) -> Message:
    """`message` as it goes to that side: inside an `Extended`, if it is of an extension.

    Raises KeyError when the side does not want that extension.
    """
    name = NAMES.get(type(message))
    if name is None:
        return message
    return Extended(ids[name], ROWS[name].encoders[type(message)](message))


def decode_handshake(payload: bytes) -> ExtendedHandshake | Malformed:
    """The extended handshake whose bencoded dictionary is `payload`, all of the message behind its two ids.

    Raises nothing: what is no bencoded dictionary is `Malformed` (EXT-03), a known key of the wrong type or value is
    left out and named in `ignored` (EXT-07), of names sharing an id the first has it (EXT-06).
    """
    try:
        value, end = bencoding.decode_prefix(payload, limits=bencoding.WIRE)
    except BencodeError as error:
        return payloads.malformed(payload, "EXT-03", f"extended handshake is not bencoded: {error}")
    if not isinstance(value, dict):
        return payloads.malformed(payload, "EXT-03", "extended handshake is not a dictionary")
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
        size = self._keys.get(b"metadata_size")
        return ExtendedHandshake(
            extensions=extensions,
            client=None if client is None else _text(client),
            listen_port=self._integer(b"p", lambda port: 1 <= port <= 65535),
            request_queue=self._integer(b"reqq", lambda count: count >= 1),
            your_ip=self._bytes(b"yourip", lambda address: len(address) in (4, 16)),
            metadata_size=self._integer(b"metadata_size", lambda size: 1 <= size <= METADATA_SIZE_LIMIT),
            upload_only=None if upload_only is None else upload_only != 0,
            excessive_metadata_size=size if isinstance(size, int) and size > METADATA_SIZE_LIMIT else None,
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
