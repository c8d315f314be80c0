"""Which blocks to ask of which peer: rarest first, whole pieces, a bounded number of open pieces, endgame."""

from collections.abc import Callable, Collection, Iterable
from itertools import islice
from typing import TYPE_CHECKING, Final, Generic

from torrent_peer.core.block import BLOCK_LENGTH, Block
from torrent_peer.core.geometry import Geometry
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.strategy.availability import Availability
from torrent_peer.strategy.interest import Interest
from torrent_peer.strategy.open_piece import ASKED, HERE, OpenPiece, PeerT, PeerView
from torrent_peer.strategy.piece_bits import bits_of
from torrent_peer.strategy.received import Received
from torrent_peer.strategy.selection import Selection
from torrent_peer.strategy.shelves import Shelves

if TYPE_CHECKING:
    from random import Random

STRETCH: Final = 4 * 1024 * 1024
"""Bytes of pieces equally rare that a peer begins one behind the other, so that they can be written in one go.
libtorrent: `piece_extent_affinity`, off by default, 4 MiB."""
_ALLOWED_LIMIT: Final = 1000
"""Allowed-fast pieces looked at in one call; peers name five to ten."""


class Picker(Generic[PeerT]):
    """Decides what to ask of whom, for one torrent.

    A piece is *open* from the first request for it until `verified` or `failed`; at most `open_limit` are, as each
    needs a buffer of its length. A peer that fetches whole pieces leads one at a time and its blocks are contiguous;
    others share pieces. When no more pieces may be opened, peers help with those that are; what a peer fails to send
    goes to others as soon as it is `released`.

    `peer` is any hashable key. Sets given in are copied. Costs per event do not grow with pieces and peers but for a
    join, a departure and a choice of several pieces in advance, which are O(pieces/64).
    """

    def __init__(
        self,
        geometry: Geometry,
        *,
        have: PieceSet,
        wanted: PieceSet,
        dice: "Random",
        sequential: bool = False,
        open_limit: int,
    ) -> None:
        """`have` is what is verified already. Raises ValueError when `open_limit` is not positive."""
        if open_limit < 1:
            raise ValueError(f"at least one piece must be open, not {open_limit}")
        self.open_limit = open_limit
        """Pieces open at once; may be changed at any time."""
        self._geometry = geometry
        self._have = have.copy()
        self._views: dict[PeerT, PeerView[PeerT]] = {}
        self._shelves: Shelves[PeerT] = Shelves()
        self._open = self._shelves.open
        self._dropped: list[int] = []
        self._interest: Interest[PeerT] = Interest(wanted - have, dice=dice)
        self.spread = Availability(geometry.piece_count)
        """How many peers have each piece."""
        self._selection = Selection(
            self._interest.needed.copy(),
            self.spread,
            verified=have.count,
            dice=dice,
            sequential=sequential,
            in_a_row=max(1, STRETCH // geometry.piece_length),
        )
        self._fresh: Received[PeerT] = Received()
        self._last: Received[PeerT] = Received(piece_complete=True)
        self._duplicate: Received[PeerT] = Received(duplicate=True)

    # What there is to do.

    @property
    def remaining(self) -> int:
        """Wanted pieces not yet verified."""
        return self._interest.needed.count

    @property
    def is_complete(self) -> bool:
        """Whether everything wanted is verified."""
        return not self._interest.needed

    @property
    def endgame(self) -> bool:
        """Whether every block still needed is asked of somebody (or is here and not yet verified)."""
        return bool(self._open) and not self._selection.startable and not self._shelves.has_free_blocks

    @property
    def open_pieces(self) -> Collection[int]:
        """The open pieces, the oldest first; a live view."""
        return self._open.keys()

    @property
    def unobtainable(self) -> int:
        """Needed pieces that no peer has. O(pieces/64)."""
        return self.spread.nowhere(bits_of(self._interest.needed)).bit_count()

    def availability(self, piece: int) -> int:
        """Peers that have `piece`."""
        return self.spread.count(piece)

    def is_interesting(self, peer: PeerT) -> bool:
        """Whether `peer` has a wanted piece that is not yet verified."""
        return self._interest.is_interesting(self._views[peer])

    # Peers.

    def peer_joined(self, peer: PeerT, pieces: PieceSet) -> None:
        """`peer` has told what it has; call it with an empty set when it told nothing. The set is copied.

        Raises ValueError when it is already there (see `peer_replaced`).
        """
        if peer in self._views:
            raise ValueError(f"{peer!r} has joined already")
        view = self._views[peer] = PeerView(peer, None, self._selection.queue_for(None))
        self._learn(view, pieces)

    def peer_replaced(self, peer: PeerT, pieces: PieceSet) -> None:
        """`peer` told anew what it has (aria2 repeats its bitfield). What it owes of pieces it lost is free again."""
        view = self._views[peer]
        self._unlearn(view)
        self._learn(view, pieces)
        self._give_back(view, (source for source in self._open.values() if not view.has(source.piece)))

    def peer_has(self, peer: PeerT, piece: int) -> bool:
        """`peer` announced `piece`; whether that made it interesting.

        As sets are copied it does not matter whether the caller's own set has it already; repetitions are ignored.
        """
        view = self._views[peer]
        pieces = view.pieces
        if pieces is None or not pieces.add(piece):
            return False
        self.spread.add(piece)
        if piece in self._selection.startable:
            self._selection.announced(view)
        gained = view.witness is None and piece in self._interest.needed
        if gained:
            self._interest.rely_on(view, piece)
        if pieces.is_full:
            self.spread.remove_all(bits_of(pieces))
            self._learn(view, pieces)
        return gained

    def suggested(self, peer: PeerT, piece: int) -> None:
        """`peer` would rather be asked for `piece` than for another (BEP 6, suggest piece)."""
        self._selection.suggested(self._views[peer], piece)

    def peer_left(self, peer: PeerT) -> None:
        """`peer` is gone; what it was asked for is free again."""
        self.released(peer)
        view = self._views.pop(peer)
        self._unlearn(view)
        self._interest.unwatch(view)

    # Blocks.

    def pick(
        self,
        peer: PeerT,
        count: int,
        *,
        allowed: Collection[int] | None = None,
        whole_pieces: bool = True,
        rescue: bool = False,
        patience: Callable[[PeerT, int], bool] = lambda peer, owed: False,
    ) -> list[Block]:
        """At most `count` blocks to ask of `peer` now; they count as asked from here on.

        `allowed` are the only pieces to choose from: those a choking peer allows (BEP 6, allowed fast). They need not
        be pieces it has. `whole_pieces` is for a peer fast enough to fetch a piece within some seconds: what it begins
        it gets for itself; others gather on pieces they share. In the endgame a peer that owes nothing takes over half
        of what another owes for which there is no `patience`, which says whether so many blocks will come soon from a
        peer. With `rescue`, for a peer that has long had nothing to do, that is so before the endgame, too, and it may
        join pieces kept for one peer.

        An empty list means that it should be asked again when a piece is verified or blocks are released.
        """
        view = self._views[peer]
        blocks: list[Block] = []
        if allowed is not None:
            for piece in islice(allowed, _ALLOWED_LIMIT):
                if len(blocks) < count and view.has(piece) and (source := self._allowed_source(piece)) is not None:
                    blocks += self._take(source, view, count - len(blocks))
            return blocks
        if not self._interest.is_interesting(view):
            return blocks
        while len(blocks) < count:
            source = view.leading or self._source(view, whole_pieces, rescue)
            if source is None:
                break
            blocks += self._take(source, view, count - len(blocks))
        if blocks or view.owed or count < 1:
            return blocks
        if rescue or self.endgame:
            late = (v for v in self._views.values() if v.owed and v is not view and not patience(v.peer, v.owed))
            return self._shelves.take_over(view, count, late, parole=rescue)
        return blocks

    def received(self, peer: PeerT, block: Block) -> Received[PeerT]:
        """`block`, one that `pick` gave out at some time, has come from `peer`."""
        piece, begin, _ = block
        source = self._open.get(piece)
        if source is None:
            return self._duplicate
        number = begin // BLOCK_LENGTH
        state = source.states[number]
        if state == HERE:
            return self._duplicate
        if state == ASKED:
            owner = source.owners[number]
            assert owner is not None
            if source.extra or (owner.peer is not peer and owner.peer != peer):
                return self._received_from_one_of(source, number, peer)
            owner.owed -= 1
        else:  # given up as lost, and here after all
            source.free -= 1
            self._shelves.put(source)
        source.states[number] = HERE
        source.left = left = source.left - 1
        return self._fresh if left else self._last

    def received_run(self, peer: PeerT, piece: int, first: int, count: int) -> Received[PeerT] | None:
        """`count` blocks of `piece`, from number `first` on, have come from `peer`: `received` for all at once.

        None, and nothing done, unless each of them is asked of `peer` and of nobody else: then take them one by one.
        """
        if not self.is_asked_alone(peer, piece, first, count):
            return None
        source, end, view = self._open[piece], first + count, self._views[peer]
        source.states[first:end] = b"\x02" * count
        view.owed -= count
        source.left = left = source.left - count
        return self._fresh if left else self._last

    def is_asked_alone(self, peer: PeerT, piece: int, first: int, count: int) -> bool:
        """Whether each of `count` blocks of `piece`, from number `first` on, is asked of `peer` and of nobody else."""
        source = self._open.get(piece)
        if source is None or source.extra:
            return False
        end = first + count
        owners = [self._views[peer]] * count
        return source.states[first:end] == b"\x01" * count and source.owners[first:end] == owners

    def released(self, peer: PeerT, blocks: Iterable[Block] | None = None) -> bool:
        """`peer` will not send `blocks` – all it owes when None –, or not soon: they may be asked of others.

        For a choke without the Fast Extension, a reject, a lost request, a snub. The pieces concerned are no longer
        for `peer` alone. Should one of the blocks come all the same, `received` takes it. False if it owed none.
        """
        view = self._views[peer]
        owed = view.owed
        if blocks is None:
            self._give_back(view, self._open.values())
            return owed > 0
        touched: dict[int, OpenPiece[PeerT]] = {}
        for index, begin, _ in blocks:
            source = self._open.get(index)
            if source is not None and source.disclaim(view, begin // BLOCK_LENGTH):
                touched[index] = source
        self._abandon(view, touched.values())
        return view.owed < owed

    # Pieces.

    def verified(self, piece: int) -> list[PeerT]:
        """`piece` is here and right; the peers that have nothing more for us because of it."""
        source = self._open.get(piece)
        if source is not None:
            source.close()
            self._shelves.remove(source)
        else:
            self._selection.begun(piece)
        self._selection.parole.discard(piece)
        if self._have.add(piece):
            self._selection.verified()
        needed = piece in self._interest.needed
        lost = [view.peer for view in self._interest.verified(piece)]
        if needed and self.is_complete:
            lost += [view.peer for view in self._views.values() if view.pieces is None]
        return lost

    def failed(self, piece: int) -> None:
        """The hash of `piece` was wrong: it starts anew, before any other and from one peer alone if possible."""
        if piece in self._interest.needed:
            self._selection.parole.add(piece)
        self._drop(self._open[piece])

    def take_dropped(self) -> list[int]:
        """Pieces closed unfinished since the last call, to make room: their buffers can be given back."""
        dropped, self._dropped = self._dropped, []
        return dropped

    # Inside.

    def _source(self, view: PeerView[PeerT], whole_pieces: bool, rescue: bool) -> OpenPiece[PeerT] | None:
        """A piece with a free block for `view`: begun by nobody in particular, new, or another's; in this order."""
        for source in self._shelves.loose.values():
            if view.has(source.piece):
                return self._lead(source, view, whole_pieces)
        if rescue:
            view.guides = False
        if len(self._open) < self.open_limit and (new := self._begin(view)) is not None:
            return self._lead(new, view, whole_pieces)
        for source in self._shelves.led.values():
            if view.has(source.piece) and (rescue or not source.parole):
                return source
        return self._make_room(view, whole_pieces)

    def _make_room(self, view: PeerView[PeerT], whole_pieces: bool) -> OpenPiece[PeerT] | None:
        """Give up an open piece whose peers are gone, for a peer that has none of those that are open."""
        if len(self._open) < self.open_limit or any(view.has(piece) for piece in self._open):
            return None
        dormant = self._shelves.dormant()
        if dormant is None or (new := self._begin(view)) is None:
            return None
        self._drop(dormant)
        self._dropped.append(dormant.piece)
        return self._lead(new, view, whole_pieces)

    def _begin(self, view: PeerView[PeerT]) -> OpenPiece[PeerT] | None:
        piece = self._selection.next_piece(view, alone=len(self._views) == self.spread.seeds)
        return None if piece is None else self._open_piece(piece)

    def _open_piece(self, piece: int) -> OpenPiece[PeerT]:
        source: OpenPiece[PeerT] = OpenPiece(piece, self._geometry.piece_size(piece))
        source.parole = piece in self._selection.parole
        self._open[piece] = source
        self._selection.begun(piece)
        return source

    def _lead(self, source: OpenPiece[PeerT], view: PeerView[PeerT], whole_pieces: bool) -> OpenPiece[PeerT]:
        if whole_pieces or source.parole:
            source.lead = view
        return source

    def _allowed_source(self, piece: int) -> OpenPiece[PeerT] | None:
        source = self._open.get(piece)
        if source is not None:
            return source if source.free and not source.parole else None
        if piece in self._selection.startable and len(self._open) < self.open_limit:
            return self._open_piece(piece)
        return None

    def _take(self, source: OpenPiece[PeerT], view: PeerView[PeerT], room: int) -> list[Block]:
        blocks = source.take(view, room)
        self._shelves.put(source)
        return blocks

    def _received_from_one_of(self, source: OpenPiece[PeerT], number: int, peer: PeerT) -> Received[PeerT]:
        claimants = source.claimants(number)
        for view in claimants:
            view.owed -= 1
        source.extra.pop(number, None)
        source.states[number] = HERE
        source.left -= 1
        others = tuple(view.peer for view in claimants if view.peer != peer)
        return Received(others, piece_complete=not source.left)

    def _give_back(self, view: PeerView[PeerT], sources: Iterable[OpenPiece[PeerT]]) -> None:
        """Nothing is asked of `view` any more in these pieces."""
        touched = [piece for piece in sources if piece.lead is view or view in piece.owners or piece.extra]
        for piece in touched:
            for number in piece.numbers(ASKED):
                piece.disclaim(view, number)
        self._abandon(view, touched)

    def _abandon(self, view: PeerView[PeerT], sources: Iterable[OpenPiece[PeerT]]) -> None:
        for index in self._shelves.abandoned_by(view, sources):
            self._selection.may_begin_again(index)

    def _drop(self, source: OpenPiece[PeerT]) -> None:
        source.close()
        self._shelves.remove(source)
        if source.piece in self._interest.needed:
            self._selection.may_begin_again(source.piece)

    def _learn(self, view: PeerView[PeerT], pieces: PieceSet) -> None:
        view.pieces = None if pieces.is_full else pieces.copy()
        view.queue = self._selection.queue_for(view.pieces)
        if view.pieces is None:
            self.spread.seeds += 1
        elif view.pieces:
            self.spread.add_all(bits_of(view.pieces))
            self._selection.rearrange()
        self._interest.watch(view)

    def _unlearn(self, view: PeerView[PeerT]) -> None:
        if view.pieces is None:
            self.spread.seeds -= 1
        elif view.pieces:
            self.spread.remove_all(bits_of(view.pieces))
            self._selection.rearrange()
