"""Which file holds which bytes once it is known what is wanted: in place, in the part file, or nowhere."""

from collections.abc import Collection, Iterator, Sequence
from enum import Enum

from torrent_peer.core.piece_set import PieceSet
from torrent_peer.storage.layout import Layout, Span
from torrent_peer.storage.record import PART


class Home(Enum):
    """Where the bytes of a file are kept."""

    PLACE = "place"
    """In the file itself."""
    PART = "part"
    """In the part file: nobody wants the file, but a piece of it may be shared with one that is wanted."""
    NOWHERE = "nowhere"
    """Padding: read as zeros, never written (BEP 47)."""


Place = tuple[int | None, int, int]
"""A file (`None`: zeros), an offset in it, a length."""


class Places:
    """A layout and a home for each of its files.

    The part file has one slot of piece length for every piece that two real files share, whatever is selected; it is
    full of holes. So it needs no index, and stays valid when the selection changes.
    """

    def __init__(self, layout: Layout, homes: Sequence[Home]) -> None:
        self.layout = layout
        self.homes = tuple(homes)
        self.uses_part = Home.PART in self.homes
        """Whether any file has its bytes in the part file."""

    def in_place(self) -> list[int]:
        """Positions of the files that are kept as files."""
        return [number for number, home in enumerate(self.homes) if home is Home.PLACE]

    def stored(self) -> PieceSet:
        """The pieces there is room for on disk."""
        if not self.uses_part:
            return PieceSet.full(self.layout.geometry.piece_count)
        return self.layout.pieces_touching(self.in_place())

    def parted(self) -> PieceSet:
        """The pieces that have bytes in the part file."""
        found = PieceSet(self.layout.geometry.piece_count)
        if self.uses_part:
            for piece in self.layout.shared_pieces:
                homes = {self.homes[file] for file in self.layout.files_of(piece)}
                if homes >= {Home.PART, Home.PLACE}:
                    found.add(piece)
        return found

    def of_missing(self, present: Collection[int]) -> PieceSet:
        """The pieces that cannot be whole when only `present` files (`PART` among them) exist."""
        lost = self.layout.pieces_touching(file for file in self.in_place() if file not in present)
        return lost if PART in present else lost | self.parted()

    def place(self, piece: int, begin: int, length: int) -> Iterator[Place]:
        """Files, offsets in them and lengths for the bytes at `begin` in `piece`, in order; `None`: zeros.

        Raises IndexError outside the piece, ValueError when the piece is of no wanted file.
        """
        for span in self.layout.spans(piece, begin, length):
            home = self.homes[span.file]
            if home is Home.PLACE:
                yield span
            elif home is Home.NOWHERE:
                yield None, 0, span.length
            else:
                yield PART, self.part_offset(piece, begin), span.length
            begin += span.length

    def place_run(self, pieces: range, length: int) -> Iterator[Place]:
        """The same for consecutive whole pieces, `length` bytes in all, in as few stretches as there may be."""
        if self.uses_part:
            for piece in pieces:
                yield from self.place(piece, 0, self.layout.geometry.piece_size(piece))
            return
        for span in self.layout.spans_at(self.layout.geometry.piece_offset(pieces[0]), length):
            yield (None, 0, span.length) if self.homes[span.file] is Home.NOWHERE else span

    def part_offset(self, piece: int, begin: int) -> int:
        """Where in the part file the bytes at `begin` in `piece` are kept; raises ValueError if nowhere."""
        slot = self.layout.shared_slot(piece)
        if slot is None:
            raise ValueError(f"piece {piece} is of no wanted file and has no place on disk")
        return slot * self.layout.geometry.piece_length + begin

    def parted_spans(self, file: int) -> Iterator[tuple[int, Span]]:
        """What the part file may hold of a file: offsets in the part file and the stretches of the file."""
        pieces = self.layout.pieces_of(file)
        for piece in sorted({pieces[0], pieces[-1]} if pieces else ()):
            if self.layout.shared_slot(piece) is not None:
                begin = 0
                for span in self.layout.spans(piece, 0, self.layout.geometry.piece_size(piece)):
                    if span.file == file:
                        yield self.part_offset(piece, begin), span
                    begin += span.length
