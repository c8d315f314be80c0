"""A transcript of one conversation: every message as an event, with what it changed; blocks in a row as one event."""

from collections.abc import Callable, Sequence

import trio

from torrent_peer.core.block import Block
from torrent_peer.session.events import BlocksSeen, Event, MessageSeen
from torrent_peer.session.peer import Peer
from torrent_peer.wire.errors import Finding
from torrent_peer.wire.messages import Message, Piece, Request
from torrent_peer.wire.side import Side
from torrent_peer.wire.wording import name_of

Facts = tuple[str, ...]
"""What holds of one side, in words."""


def transcribe(peer: Peer, report: Callable[[Event], None], *, began: float) -> None:
    """Report everything said from here on; `began`: when the session began, on Trio's clock."""
    connection = peer.connection
    known = {side: _facts(peer, side) for side in Side}

    def message_said(sender: Side, offset: int, message: Message, findings: Sequence[Finding]) -> None:
        changes = []
        for side in Side:
            facts = _facts(peer, side)
            if facts != known[side]:
                news = [fact for fact in facts if fact not in known[side]]
                changes.append(f"{side.value} {', '.join(news)}")
                known[side] = facts
        report(
            MessageSeen(
                address=peer.address,
                at=trio.current_time() - began,
                sender=sender,
                ours=sender is connection.side,
                offset=offset,
                message=Piece(message.block, b"") if type(message) is Piece else message,
                change="; ".join(changes),
                findings=tuple(findings),
            )
        )

    def blocks_said(sender: Side, offset: int, kind: type[Piece] | type[Request], blocks: Sequence[Block]) -> None:
        at, ours = trio.current_time() - began, sender is connection.side
        report(BlocksSeen(peer.address, at, sender, ours, offset, name_of(kind), tuple(blocks)))

    connection.recent.on_message = message_said
    connection.recent.on_blocks = blocks_said


def _facts(peer: Peer, side: Side) -> Facts:
    connection = peer.connection
    state = connection.ours if side is connection.side else connection.theirs
    pieces = "no word of pieces" if state.pieces is None else f"has {state.pieces.count} of {state.pieces.size}"
    return (
        state.phase.name.lower(),
        "choking" if state.choking else "not choking",
        "interested" if state.interested else "not interested",
        pieces,
    )
