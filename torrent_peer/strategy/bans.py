"""Who sent which block, and whose blocks were wrong when a piece fails its hash (legality PIECE-08)."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from hashlib import blake2b
from typing import Final, Generic, TypeVar

from attrs import field

from torrent_peer.core.block import BLOCK_LENGTH
from torrent_peer.core.values import define, frozen

MAX_STRIKES: Final = 5
"""Repeated failures a peer may have a part in without being cleared. Transmission: 5 bad pieces."""
_MAX_SUSPECTED: Final = 256
"""Failed pieces remembered; the oldest is forgotten."""
_MAX_ATTEMPTS: Final = 4
"""Failed attempts remembered per piece; the oldest is forgotten."""

PeerT = TypeVar("PeerT", bound=Hashable)


@frozen
class Ban(Generic[PeerT]):
    """A peer to have nothing to do with any more."""

    peer: PeerT
    reason: str
    """One line, for people."""


@define(eq=False)
class _Authors(Generic[PeerT]):
    """Who sent the blocks of a piece: all were sent by `first` but those in `others`, by block number."""

    first: PeerT
    others: dict[int, PeerT] = field(factory=dict)

    def of(self, number: int) -> PeerT:
        return self.others.get(number, self.first)


@frozen(eq=False)
class _Attempt(Generic[PeerT]):
    """A failed piece from several peers: for each block, who sent it and its digest."""

    blocks: tuple[tuple[PeerT, bytes], ...]


class Contributions(Generic[PeerT]):
    """Finds the peers that send wrong bytes, and keeps those that merely shared a piece with them.

    A peer that sent all of a bad piece is banned at once. When several had a part in it the digests of their blocks are
    kept; as soon as the piece is right, or one of them sends other bytes for the same block, it is known who lied.
    Only if that does not come about – a piece fails again and again with several peers in it – strikes are counted.

    Should the piece be tried again from one peer alone (`Picker.failed` sees to that) a liar is found at its first or
    second bad piece. Keys should outlive connections: an address rather than a connection.
    """

    def __init__(self) -> None:
        self._authors: dict[int, _Authors[PeerT]] = {}
        self._suspected: dict[int, list[_Attempt[PeerT]]] = {}
        self._strikes: Counter[PeerT] = Counter()

    def record(self, peer: PeerT, piece: int, numbers: Iterable[int]) -> None:
        """`peer` sent these blocks of `piece` and they were put into it. Call it for all that were no duplicates."""
        authors = self._authors.get(piece)
        if authors is None:
            self._authors[piece] = _Authors(peer)
        elif authors.first is not peer and authors.first != peer:
            authors.others.update(dict.fromkeys(numbers, peer))

    def authors(self, piece: int) -> tuple[PeerT, ...]:
        """Who sent blocks of the open `piece`, each once."""
        authors = self._authors.get(piece)
        return () if authors is None else tuple(dict.fromkeys((authors.first, *authors.others.values())))

    def forget(self, piece: int) -> None:
        """The blocks of `piece` were thrown away unjudged."""
        self._authors.pop(piece, None)

    def piece_failed(self, piece: int, data: bytes | bytearray | memoryview) -> list[Ban[PeerT]]:
        """The hash of `piece` is wrong; `data` is all of it as received. O(bytes) when several peers had a part."""
        authors = self._authors.pop(piece, None)
        if authors is None:
            return []
        if not authors.others:
            return [Ban(authors.first, f"all of piece {piece} came from it, and its hash is wrong")]
        attempt = _Attempt(tuple((authors.of(number), digest) for number, digest in enumerate(_digests(data))))
        earlier = self._suspected.setdefault(piece, [])
        bans = {
            peer: Ban(peer, f"sent two versions of {_name(piece, number)}")
            for before in earlier
            for number, ((peer, digest), (sender, now)) in enumerate(zip(before.blocks, attempt.blocks, strict=True))
            if peer == sender and digest != now
        }
        if earlier:
            for peer in dict.fromkeys(peer for peer, _ in attempt.blocks):
                self._strikes[peer] += 1
                if self._strikes[peer] >= MAX_STRIKES:
                    bans.setdefault(peer, Ban(peer, f"had a part in {MAX_STRIKES} repeated failures of pieces"))
        earlier.append(attempt)
        del earlier[:-_MAX_ATTEMPTS]
        if len(self._suspected) > _MAX_SUSPECTED:
            del self._suspected[next(iter(self._suspected))]
        return list(bans.values())

    def piece_verified(self, piece: int, data: bytes | bytearray | memoryview) -> list[Ban[PeerT]]:
        """The hash of `piece` is right; `data` is all of it. O(1) unless it had failed before."""
        self._authors.pop(piece, None)
        attempts = self._suspected.pop(piece, None)
        if attempts is None:
            return []
        right = list(_digests(data))
        bans: dict[PeerT, Ban[PeerT]] = {}
        for attempt in attempts:
            for number, (peer, digest) in enumerate(attempt.blocks):
                if digest != right[number]:
                    bans.setdefault(peer, Ban(peer, f"sent wrong bytes for {_name(piece, number)}"))
        for attempt in attempts:
            for peer, _ in attempt.blocks:
                if peer not in bans:
                    self._strikes.pop(peer, None)
        return list(bans.values())


def _digests(data: bytes | bytearray | memoryview) -> Iterator[bytes]:
    """A digest of every block: no peer can find other bytes with the same one."""
    view = memoryview(data)
    return (blake2b(view[at : at + BLOCK_LENGTH], digest_size=20).digest() for at in range(0, len(view), BLOCK_LENGTH))


def _name(piece: int, number: int) -> str:
    return f"block {number} of piece {piece}, whose hash was wrong"
