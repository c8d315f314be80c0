"""What was said on a connection: the last messages are kept in short form for bug reports, listeners hear them all."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from torrent_peer.core.block import Block, BlockRow
from torrent_peer.core.values import frozen
from torrent_peer.wire.codec import PIECE_HEADER_LENGTH, REQUEST_LENGTH
from torrent_peer.wire.errors import Finding
from torrent_peer.wire.messages import (
    Bitfield,
    Extended,
    ExtendedHandshake,
    Hashes,
    Malformed,
    Message,
    MetadataPiece,
    PeerExchange,
    Piece,
    Request,
    Unknown,
)
from torrent_peer.wire.side import Side
from torrent_peer.wire.wording import in_short

KEPT: Final = 32
"""Messages kept."""
Listener = Callable[[Side, int, Message, Sequence[Finding]], None]
"""(who said it, offset in their stream, the message, what was found)."""
BlockListener = Callable[[Side, int, type[Piece] | type[Request], Sequence[Block]], None]
"""(who said it, offset of the first in their stream, what of the blocks, the blocks)."""
_BULKY: Final = frozenset(
    {Bitfield, Extended, ExtendedHandshake, Hashes, Malformed, MetadataPiece, PeerExchange, Unknown}
)


@frozen
class Said:
    """One message that was said."""

    sender: Side
    offset: int
    """Bytes before it in its sender's stream."""
    text: str
    """The message in short form."""

    def __str__(self) -> str:
        return f"{self.sender.value} at {self.offset}: {self.text}"


class Recent:
    """A ring of messages. What is kept of each is small, and never a view of somebody's buffer."""

    __slots__ = ("_said", "on_blocks", "on_message")

    def __init__(self) -> None:
        self.on_message: Listener | None = None
        """Called with every message once it is judged and applied, both ways; for transcripts.

        A `Piece` is only good during the call.
        """
        self.on_blocks: BlockListener | None = None
        """Called in place of `on_message` with pieces and requests said in a row, all of them legal: much cheaper."""
        # A list that is cut now and then: an empty deque takes 0.7 KiB, and most peers say little.
        self._said: list[tuple[Side, int, Message | Block | BlockRow | str]] = []

    def append(self, said: tuple[Side, int, Message | Block | BlockRow | str]) -> None:
        """(sender, offset, what): remember it the cheap way."""
        self._said.append(said)
        if len(self._said) >= 2 * KEPT:
            del self._said[:-KEPT]

    @property
    def in_rows(self) -> bool:
        """Whether blocks may come and go without a word to `on_message` about each."""
        return self.on_message is None or self.on_blocks is not None

    def tell(self, sender: Side, offset: int, message: Message, findings: Sequence[Finding] = ()) -> None:
        """Pass a message on to whom wants to hear of it."""
        if self.on_message is not None:
            self.on_message(sender, offset, message, findings)

    def note(self, sender: Side, offset: int, message: Message) -> None:
        """Remember a message."""
        kind = type(message)
        kept = message.block if kind is Piece else in_short(message) if kind in _BULKY else message  # type: ignore[union-attr]
        self.append((sender, offset, kept))

    def note_rows(self, sender: Side, offset: int, rows: Iterable[BlockRow]) -> None:
        """Remember the pieces with these blocks, said one behind the other from `offset` on."""
        for row in rows:
            if self.on_blocks is not None:
                self.on_blocks(sender, offset, Piece, row.blocks)
            self.append((sender, offset, row))
            offset += row.n_blocks * (PIECE_HEADER_LENGTH + row.length)

    def note_blocks(self, sender: Side, offset: int, blocks: Sequence[Block]) -> None:
        """Remember the pieces with these blocks, said one behind the other from `offset` on."""
        append = self.append
        if self.on_blocks is not None and blocks:
            self.on_blocks(sender, offset, Piece, blocks)
        for number, block in enumerate(blocks, KEPT - len(blocks)):
            if number >= 0:  # the others would not be kept
                append((sender, offset, block))
            offset += PIECE_HEADER_LENGTH + block[2]

    def note_requests(self, sender: Side, offset: int, blocks: Sequence[Block]) -> None:
        """Remember requests for `blocks`, said one behind the other from `offset` on."""
        if self.on_blocks is not None and blocks:
            self.on_blocks(sender, offset, Request, blocks)
        elif self.on_message is not None:
            for number, block in enumerate(blocks):
                self.on_message(sender, offset + number * REQUEST_LENGTH, Request(block), ())
        first = max(0, len(blocks) - KEPT)
        for number, block in enumerate(blocks[first:], first):
            self.append((sender, offset + number * REQUEST_LENGTH, Request(block)))

    def last_of(self, sender: Side) -> str | None:
        """The last thing this side said, in short form."""
        for who, _, kept in reversed(self._said):
            if who is sender:
                return _in_short(kept.blocks[-1] if isinstance(kept, BlockRow) else kept)
        return None

    def __iter__(self) -> Iterator[Said]:
        for sender, offset, kept in self._one_by_one()[-KEPT:]:
            yield Said(sender, offset, _in_short(kept))

    def __len__(self) -> int:
        return min(len(self._one_by_one()), KEPT)

    def _one_by_one(self) -> list[tuple[Side, int, Message | Block | str]]:
        """What is kept, and a little more, the rows taken apart."""
        apart: list[tuple[Side, int, Message | Block | str]] = []
        for sender, offset, kept in self._said:
            if isinstance(kept, BlockRow):
                stride = PIECE_HEADER_LENGTH + kept.length
                apart += [(sender, offset + number * stride, block) for number, block in enumerate(kept.blocks)]
            else:
                apart.append((sender, offset, kept))
        return apart


def _in_short(kept: Message | Block | str) -> str:
    """The text of what was kept."""
    if isinstance(kept, Block):
        return in_short(Piece(kept, b""))
    return kept if isinstance(kept, str) else in_short(kept)
