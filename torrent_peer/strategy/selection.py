"""Which piece to begin next: at random at first, then the rarest, or simply in order."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from torrent_peer.core.piece_set import PieceSet
from torrent_peer.strategy.availability import Availability
from torrent_peer.strategy.open_piece import STALE, PeerT, PeerView, Queue
from torrent_peer.strategy.piece_bits import bits_of, draw_pieces, first_pieces

if TYPE_CHECKING:
    from random import Random

RANDOM_FIRST: Final = 4
"""Pieces to have before rarest first begins: rare pieces come slowly and a newcomer needs something to give.

libtorrent: `initial_picker_threshold` 4.
"""
_QUEUE_LENGTH: Final = 16
"""Pieces chosen in one go, at most: twice as many as were of use the last time."""
_NEWS_LIMIT: Final = 8
"""Announcements of a peer after which the pieces chosen for it are chosen anew: one of them may be rarer."""
SUGGESTIONS_KEPT: Final = 64
"""Pieces suggested by one peer and not begun, at most; it is free to suggest others when these are."""
_ALWAYS: Final = 1 << 64


class Selection:
    """The pieces nobody has begun, and the order in which each peer begins them.

    Choosing costs O(pieces/64), so it is done for several pieces at a time. What was chosen stays right as long as
    availability only grows elsewhere: a piece announced since is passed over, and whatever makes another piece rarer –
    a peer that came or left, a piece that can be begun again – starts a new `generation`.
    """

    def __init__(
        self,
        startable: PieceSet,
        availability: Availability,
        *,
        verified: int,
        dice: "Random",
        sequential: bool,
        in_a_row: int = 1,
    ) -> None:
        """`in_a_row`: of pieces equally rare so many are begun one behind the other."""
        self.startable = startable
        """Needed and not open."""
        self.parole: set[int] = set()
        """Pieces whose hash was wrong: to be tried again before any other."""
        self._sequential = sequential
        self._news_limit = 1 if sequential else _NEWS_LIMIT
        self._availability = availability
        self._verified = verified
        self._dice = dice
        self._in_a_row = in_a_row
        self._generation = 0
        self._seed_queue = Queue()

    def queue_for(self, pieces: PieceSet | None) -> Queue:
        """A queue for a peer; those that have everything share one."""
        return self._seed_queue if pieces is None else Queue()

    def next_piece(self, view: PeerView[PeerT], *, alone: bool = False) -> int | None:
        """The piece `view` should begin, None when it has none that can be begun. The caller must begin it.

        `alone`: there are none but seeds besides us.
        """
        for piece in self.parole:
            if piece in self.startable and view.has(piece):
                return piece
        if not self.startable:
            return None
        while view.suggested:
            piece, clock = view.suggested.popitem()
            if piece in self.startable and view.has(piece) and self._availability.raised[piece] <= clock:
                return piece
        if view.guides and not alone and self._availability.only_with_seeds(bits_of(self.startable)):
            return None
        queue = view.queue
        if queue.generation != self._generation or queue.news >= self._news_limit:
            self._fill(queue, view.pieces)
        while not queue.dry:
            while queue.pieces:
                piece = queue.pieces.pop()
                if piece in self.startable and self._availability.raised[piece] <= queue.clock:
                    queue.used += 1
                    return piece
            self._fill(queue, view.pieces)
        return None

    def announced(self, view: PeerView[PeerT]) -> None:
        """`view` has got a piece that can be begun."""
        view.queue.news += 1
        if view.queue.dry:
            view.queue.generation = STALE

    def suggested(self, view: PeerView[PeerT], piece: int) -> None:
        """`view` suggests `piece`: it is begun before others, unless somebody else announces it meanwhile.

        A seed that suggests pieces knows what others have asked it for: what it does not name it is sending already,
        and we shall have it of them. As long as there is such a piece nothing else is begun with it.
        """
        if not self._sequential and piece in self.startable and len(view.suggested) < SUGGESTIONS_KEPT:
            view.suggested.setdefault(piece, self._availability.clock)
            view.guides = view.pieces is None

    def begun(self, piece: int) -> None:
        self.startable.discard(piece)

    def may_begin_again(self, piece: int) -> None:
        """`piece`, needed, is no longer open."""
        self.startable.add(piece)
        self.rearrange()

    def verified(self) -> None:
        """One more piece is there."""
        self._verified += 1
        if self._verified == RANDOM_FIRST:
            self.rearrange()

    def rearrange(self) -> None:
        """What was chosen in advance may be wrong."""
        self._generation += 1

    def _fill(self, queue: Queue, pieces: PieceSet | None) -> None:
        bits = bits_of(self.startable)
        if pieces is not None:
            bits &= bits_of(pieces)
        queue.generation = self._generation
        how_many = min(2 * queue.used + 2, _QUEUE_LENGTH)
        queue.clock = _ALWAYS
        queue.news = queue.used = 0
        queue.dry = not bits
        if self._sequential:
            queue.pieces = first_pieces(bits, how_many, self.startable.size)[::-1]
            return
        classes: Iterable[int] = (bits,)
        if self._verified >= RANDOM_FIRST:
            classes = self._availability.rarest_first(bits, how_many)
            queue.clock = self._availability.clock
        chosen: list[int] = []
        for equals in classes:
            room = how_many - len(chosen)
            chosen += draw_pieces(equals, room, self.startable.size, self._dice, in_a_row=self._in_a_row)
        queue.pieces = chosen[::-1]
