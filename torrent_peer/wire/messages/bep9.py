"""The messages of BEP 9, `ut_metadata`: the torrent's info dictionary, in pieces of 16 KiB."""

from typing import Final

from attrs import field

from torrent_peer.core.values import frozen

METADATA_PIECE_LENGTH: Final = 16384
"""Bytes of every piece of the metadata but the last. BEP 9: "The metadata is handled in blocks of 16KiB"."""


@frozen
class MetadataRequest:
    """Asks for a piece of the metadata."""

    piece: int
    trailing: int = 0
    """Bytes behind the dictionary."""


@frozen
class MetadataPiece:
    """A piece of the metadata (`data` in BEP 9)."""

    piece: int
    total_size: int | None
    """Length of the whole metadata, bytes; `None` when it was left out."""
    data: bytes = field(repr=lambda data: f"<{len(data)} bytes>")


@frozen
class MetadataReject:
    """The one answer to a request for metadata that will not be served."""

    piece: int
    trailing: int = 0
    """Bytes behind the dictionary."""


@frozen
class MetadataUnknown:
    """A message of a type that BEP 9 does not define, and which "MUST be ignored"."""

    kind: int
    """`msg_type`."""
