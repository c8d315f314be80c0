"""Where in which file every byte of every piece belongs; pure arithmetic, no disk."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from torrent_peer.core.geometry import Geometry
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.metainfo.files import TorrentFile


class Span(NamedTuple):
    """A stretch of one file."""

    file: int
    """Position in the torrent's list of files, from 0, padding files counted (not `TorrentFile.index`)."""
    offset: int
    """Bytes from the start of the file."""
    length: int
    """Bytes; never 0."""


class Layout:
    """The torrent's files laid end to end and cut into pieces (BEP 3; padding: BEP 47).

    Raises ValueError when the files do not cover the content exactly, in order.
    """

    def __init__(self, files: Sequence[TorrentFile], geometry: Geometry) -> None:
        end = 0
        for file in files:
            if file.offset != end or file.length < 0:
                raise ValueError(f"file {file.path} is at {file.offset}, but the files before it end at {end}")
            end += file.length
        if end != geometry.total_length:
            raise ValueError(f"the files have {end} bytes, the content {geometry.total_length}")
        self.geometry = geometry
        self.files = tuple(files)
        self._filled = [number for number, file in enumerate(files) if file.length]
        """Files with bytes in them, in order; an empty one shares its offset with the next and is never in a span."""
        self._starts = [files[number].offset for number in self._filled]
        self._shared = self._find_shared()

    def spans(self, piece: int, begin: int, length: int) -> list[Span]:
        """Where `length` bytes at `begin` in `piece` belong, in order; raises IndexError outside the piece.

        Padding files have spans like any other; whether there is a file behind them is not decided here.
        """
        if begin < 0 or length < 0 or begin + length > self.geometry.piece_size(piece):
            raise IndexError(f"{length} bytes at {begin} of piece {piece}")
        return self.spans_at(self.geometry.piece_offset(piece) + begin, length)

    def spans_at(self, at: int, length: int) -> list[Span]:
        """Where `length` bytes at `at` in the content belong, in order; the caller has seen that they are inside."""
        end = at + length
        entry = bisect_right(self._starts, at) - 1
        found = []
        while at < end:
            number = self._filled[entry]
            file = self.files[number]
            stop = min(end, file.offset + file.length)
            found.append(Span(number, at - file.offset, stop - at))
            at = stop
            entry += 1
        return found

    def pieces_of(self, file: int, start: int = 0, end: int | None = None) -> range:
        """The pieces that have bytes in [start, end) of the file at position `file`; without `end`: to its end."""
        entry = self.files[file]
        end = entry.length if end is None else min(end, entry.length)
        if start >= end:
            return range(0)
        size = self.geometry.piece_length
        return range((entry.offset + start) // size, (entry.offset + end - 1) // size + 1)

    def pieces_touching(self, files: Iterable[int]) -> PieceSet:
        """The pieces that have bytes in any of the files at these positions."""
        found = PieceSet(self.geometry.piece_count)
        for file in files:
            for piece in self.pieces_of(file):
                found.add(piece)
        return found

    def files_of(self, piece: int) -> Iterator[int]:
        """Positions of the files that have bytes in `piece`, padding included."""
        return (span.file for span in self.spans(piece, 0, self.geometry.piece_size(piece)))

    def shared_slot(self, piece: int) -> int | None:
        """The number, from 0, of `piece` among those that hold bytes of two real files or more; `None` for others.

        These are the only pieces of which one file may be wanted and another not. The number depends on the torrent
        alone, never on the selection, so a part file needs no index that a crash could spoil.
        """
        at = bisect_left(self._shared, piece)
        return at if at < len(self._shared) and self._shared[at] == piece else None

    @property
    def shared_pieces(self) -> Sequence[int]:
        """The pieces that have a slot, in order."""
        return self._shared

    def _find_shared(self) -> list[int]:
        shared: list[int] = []
        last = -1  # the last piece of the real file before
        for number in self._filled:
            if self.files[number].padding:
                continue
            pieces = self.pieces_of(number)
            if pieces.start == last and (not shared or shared[-1] != last):
                shared.append(last)
            last = pieces[-1]
        return shared
