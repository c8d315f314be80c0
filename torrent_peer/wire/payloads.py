"""Payloads of extended messages ↔ messages: one pair of functions per extension. Total: garbage becomes `Malformed`."""

import struct
from typing import Final

from torrent_peer.core import bencoding
from torrent_peer.core.addresses import (
    COMPACT_IPV4_LENGTH,
    COMPACT_IPV6_LENGTH,
    Address,
    from_compact,
    to_compact,
)
from torrent_peer.core.bencoding import BencodeError, Value
from torrent_peer.wire.messages import (
    DontHave,
    Holepunch,
    Malformed,
    MetadataPiece,
    MetadataReject,
    MetadataRequest,
    MetadataUnknown,
    PeerExchange,
    UploadOnly,
)

EXTENDED_ID: Final = 20
_REQUEST, _DATA, _REJECT = 0, 1, 2
_INDEX: Final = struct.Struct(">I")
_HOLEPUNCH: Final = struct.Struct(">BB")
_ADDRESS_LENGTHS: Final = {0: COMPACT_IPV4_LENGTH, 1: COMPACT_IPV6_LENGTH}


def malformed(payload: bytes, rule: str, reason: str) -> Malformed:
    """An extended message with this payload that cannot be what its id announces."""
    return Malformed(EXTENDED_ID, 2 + len(payload), rule, reason)


# ── ut_metadata (BEP 9) ──────────────────────────────────────────────────────────────────────────────────────────────


def decode_metadata(
    payload: bytes,
) -> MetadataRequest | MetadataPiece | MetadataReject | MetadataUnknown | Malformed:
    """A message of BEP 9; without the dictionary and its two numbers it is `Malformed` (META-01)."""
    try:
        value, end = bencoding.decode_prefix(payload, limits=bencoding.WIRE)
    except BencodeError as error:
        return malformed(payload, "META-01", f"ut_metadata message is not bencoded: {error}")
    if not isinstance(value, dict):
        return malformed(payload, "META-01", "ut_metadata message is not a dictionary")
    kind, piece, size = value.get(b"msg_type"), value.get(b"piece"), value.get(b"total_size")
    if not isinstance(kind, int):
        return malformed(payload, "META-01", "ut_metadata message without a msg_type")
    if kind not in (_REQUEST, _DATA, _REJECT):
        return MetadataUnknown(kind)
    if not isinstance(piece, int) or piece < 0:
        return malformed(payload, "META-01", "ut_metadata message that names no piece")
    if kind == _DATA:
        return MetadataPiece(piece, size if isinstance(size, int) else None, payload[end:])
    trailing = len(payload) - end
    return MetadataRequest(piece, trailing) if kind == _REQUEST else MetadataReject(piece, trailing)


def encode_metadata_request(message: MetadataRequest) -> bytes:
    """`msg_type` 0."""
    return bencoding.encode({b"msg_type": _REQUEST, b"piece": message.piece})


def encode_metadata_piece(message: MetadataPiece) -> bytes:
    """`msg_type` 1, and the data behind the dictionary."""
    said: dict[bytes, Value] = {b"msg_type": _DATA, b"piece": message.piece}
    if message.total_size is not None:
        said[b"total_size"] = message.total_size
    return bencoding.encode(said) + message.data


def encode_metadata_reject(message: MetadataReject) -> bytes:
    """`msg_type` 2."""
    return bencoding.encode({b"msg_type": _REJECT, b"piece": message.piece})


def encode_metadata_unknown(message: MetadataUnknown) -> bytes:
    """Any other `msg_type`."""
    return bencoding.encode({b"msg_type": message.kind})


# ── ut_pex (BEP 11) ──────────────────────────────────────────────────────────────────────────────────────────────────


def decode_peer_exchange(payload: bytes) -> PeerExchange | Malformed:
    """A message of BEP 11; no dictionary is `Malformed` (PEX-01), a list of no whole peers is left out (PEX-02)."""
    try:
        value, _ = bencoding.decode_prefix(payload, limits=bencoding.WIRE)
    except BencodeError as error:
        return malformed(payload, "PEX-01", f"ut_pex message is not bencoded: {error}")
    if not isinstance(value, dict):
        return malformed(payload, "PEX-01", "ut_pex message is not a dictionary")
    ignored: list[str] = []
    added, added6 = (_peers(value, key, ignored) for key in ("added", "added6"))
    flags = _flags(value, "added.f", added, ignored) + _flags(value, "added6.f", added6, ignored)
    dropped = _peers(value, "dropped", ignored) + _peers(value, "dropped6", ignored)
    return PeerExchange(added + added6, flags, dropped, tuple(ignored))


def _peers(value: dict[bytes, Value], key: str, ignored: list[str]) -> tuple[Address, ...]:
    data, ipv6 = value.get(key.encode(), b""), key.endswith("6")
    if isinstance(data, bytes) and len(data) % (COMPACT_IPV6_LENGTH if ipv6 else COMPACT_IPV4_LENGTH) == 0:
        return tuple(from_compact(data, ipv6=ipv6))
    ignored.append(key)
    return ()


def _flags(value: dict[bytes, Value], key: str, peers: tuple[Address, ...], ignored: list[str]) -> bytes:
    data = value.get(key.encode(), bytes(len(peers)))
    if isinstance(data, bytes) and len(data) == len(peers):
        return data
    ignored.append(key)
    return bytes(len(peers))


def encode_peer_exchange(message: PeerExchange) -> bytes:
    """The lists that are not empty, flags with those added; raises ValueError for a host that is no IP literal."""
    said: dict[bytes, Value] = {}
    for suffix, ipv6 in ((b"", False), (b"6", True)):
        flags = message.flags.ljust(len(message.added), b"\0")
        added = [
            (to_compact(each), flag) for each, flag in zip(message.added, flags, strict=True) if _is6(each) is ipv6
        ]
        if added:
            said[b"added" + suffix] = b"".join(peer for peer, _ in added)
            said[b"added" + suffix + b".f"] = bytes(flag for _, flag in added)
        if dropped := b"".join(to_compact(each) for each in message.dropped if _is6(each) is ipv6):
            said[b"dropped" + suffix] = dropped
    return bencoding.encode(dict(sorted(said.items())))


def _is6(address: Address) -> bool:
    return ":" in address.host


# ── upload_only (BEP 21), lt_donthave (BEP 54), ut_holepunch (BEP 55) ────────────────────────────────────────────────


def decode_upload_only(payload: bytes) -> UploadOnly | Malformed:
    """One byte, not 0 for yes; anything else is `Malformed` (UO-01)."""
    if len(payload) != 1:
        return malformed(payload, "UO-01", f"upload_only message of {len(payload)} bytes: it is always 1")
    return UploadOnly(payload != b"\x00")


def encode_upload_only(message: UploadOnly) -> bytes:
    """One byte."""
    return b"\x01" if message.upload_only else b"\x00"


def decode_dont_have(payload: bytes) -> DontHave | Malformed:
    """A piece's index in four bytes; anything else is `Malformed` (DH-01)."""
    if len(payload) != _INDEX.size:
        return malformed(payload, "DH-01", f"lt_donthave message of {len(payload)} bytes: it is always 4")
    return DontHave(*_INDEX.unpack(payload))


def encode_dont_have(message: DontHave) -> bytes:
    """Four bytes."""
    return _INDEX.pack(message.piece)


def decode_holepunch(payload: bytes) -> Holepunch | Malformed:
    """12 bytes for IPv4, 24 for IPv6, or four less without the error code; anything else is `Malformed` (HP-01)."""
    if len(payload) < _HOLEPUNCH.size:
        return malformed(payload, "HP-01", f"ut_holepunch message of {len(payload)} bytes")
    kind, family = _HOLEPUNCH.unpack_from(payload)
    length = _ADDRESS_LENGTHS.get(family)
    if length is None:
        return malformed(payload, "HP-01", f"ut_holepunch message for addresses of type {family}")
    end = _HOLEPUNCH.size + length
    if len(payload) not in (end, end + _INDEX.size):
        return malformed(payload, "HP-01", f"ut_holepunch message of {len(payload)} bytes: it is always {end + 4}")
    (address,) = from_compact(payload[_HOLEPUNCH.size : end], ipv6=length == COMPACT_IPV6_LENGTH)
    return Holepunch(kind, address, None if len(payload) == end else _INDEX.unpack_from(payload, end)[0])


def encode_holepunch(message: Holepunch) -> bytes:
    """Kind, address, error code; raises ValueError when the address's host is no IP literal."""
    code = b"" if message.error_code is None else _INDEX.pack(message.error_code)
    return _HOLEPUNCH.pack(message.kind, _is6(message.address)) + to_compact(message.address) + code
