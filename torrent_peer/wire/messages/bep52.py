"""The messages of BEP 52, version 2 torrents: hashes of a file's merkle tree."""

from attrs import field

from torrent_peer.core.values import frozen


@frozen
class HashRange:
    """Hashes in the tree of one file: what a hash request names, and its answer repeats."""

    pieces_root: bytes = field(repr=bytes.hex)
    """Root hash of the file, 32 bytes."""
    base_layer: int
    """Layers between the leaves, which are blocks of 16 KiB, and the hashes asked for."""
    index: int
    """The first of them, counted in its layer."""
    length: int
    """How many of them."""
    proof_layers: int
    """Layers above, of which the uncle hashes come along."""


@frozen
class HashRequest:
    """Asks for hashes."""

    range: HashRange


@frozen
class Hashes:
    """The hashes of a range and behind them the uncles that prove them, 32 bytes each."""

    range: HashRange
    hashes: bytes = field(repr=lambda data: f"<{len(data)} bytes>")


@frozen
class HashReject:
    """The one answer to a hash request that will not be served."""

    range: HashRange
