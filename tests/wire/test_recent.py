"""The ring of recent messages."""

import pytest

from torrent_peer.core.block import Block, BlockRow
from torrent_peer.wire.messages import Choke, Extended, Have, Message, MetadataPiece, Piece, Request
from torrent_peer.wire.recent import KEPT, Recent
from torrent_peer.wire.side import Side

BLOCK = Block(0, 0, 16384)


def test_the_last_messages_are_kept_in_short_form() -> None:
    recent = Recent()
    recent.note(Side.DIALER, 68, Choke())
    recent.note(Side.LISTENER, 68, Extended(1, bytes(100)))
    recent.note(Side.DIALER, 73, Piece(BLOCK, memoryview(bytes(16384))))
    recent.append((Side.DIALER, 16470, BLOCK))
    recent.note(Side.LISTENER, 170, MetadataPiece(3, None, bytes(16384)))
    assert [str(said) for said in recent] == [
        "dialer at 68: choke",
        "listener at 68: extended 1 of 100 bytes",
        "dialer at 73: piece 0 [0:16384]",
        "dialer at 16470: piece 0 [0:16384]",
        "listener at 170: metadata_piece 3",
    ]
    assert len(recent) == 5


def test_only_so_many_are_kept() -> None:
    recent = Recent()
    for piece in range(KEPT + 1):
        recent.note(Side.DIALER, piece, Have(piece))
    assert next(iter(recent)).text == "have 1"
    assert len(recent) == KEPT


def test_each_sides_last_word_is_known() -> None:
    recent = Recent()
    recent.note(Side.DIALER, 0, Have(1))
    recent.note(Side.LISTENER, 0, Have(2))
    recent.note(Side.DIALER, 9, Have(3))
    assert recent.last_of(Side.DIALER) == "have 3"
    assert recent.last_of(Side.LISTENER) == "have 2"
    assert Recent().last_of(Side.DIALER) is None
    recent.note_rows(Side.DIALER, 18, [BlockRow(2, 0, 16384, 2)])
    assert recent.last_of(Side.DIALER) == "piece 2 [16384:32768]"
    assert recent.last_of(Side.LISTENER) == "have 2"


def test_for_a_sides_last_word_nothing_else_is_put_into_words(monkeypatch: pytest.MonkeyPatch) -> None:
    recent, worded = Recent(), list[Message]()
    for piece in range(KEPT):
        recent.note(Side.DIALER, 9 * piece, Have(piece))

    def in_short(message: Message) -> str:
        worded.append(message)
        return "in short"

    monkeypatch.setattr("torrent_peer.wire.recent.in_short", in_short)
    assert recent.last_of(Side.DIALER) == "in short"
    assert worded == [Have(KEPT - 1)]


def test_pieces_said_one_behind_the_other_are_remembered_with_their_places() -> None:
    recent = Recent()
    recent.note_rows(Side.LISTENER, 100, [BlockRow(2, 0, 16384, 2), BlockRow(2, 32768, 1000, 1)])
    recent.note_rows(Side.LISTENER, 5000, [])
    assert [str(said) for said in recent] == [
        "listener at 100: piece 2 [0:16384]",
        "listener at 16497: piece 2 [16384:32768]",
        "listener at 32894: piece 2 [32768:33768]",
    ]
    assert len(recent) == 3
    recent.note_rows(Side.LISTENER, 0, [BlockRow(1, 0, 1, KEPT + 1)])
    assert len(recent) == len(list(recent)) == KEPT
    assert str(next(iter(recent))) == "listener at 14: piece 1 [1:2]"


def test_blocks_said_in_a_row_are_told_to_who_wants_rows() -> None:
    recent = Recent()
    rows: list[tuple[Side, int, type, list[Block]]] = []
    recent.on_message = lambda sender, offset, message, findings: None
    before = recent.in_rows
    recent.on_blocks = lambda sender, offset, kind, blocks: rows.append((sender, offset, kind, list(blocks)))
    assert (before, recent.in_rows) == (False, True)
    recent.note_rows(Side.DIALER, 5, [BlockRow(*BLOCK, 1)])
    recent.note_requests(Side.LISTENER, 7, [BLOCK, BLOCK])
    recent.note_blocks(Side.DIALER, 9, [])
    recent.note_blocks(Side.DIALER, 9, [BLOCK])
    recent.note_requests(Side.DIALER, 9, [])
    assert rows == [
        (Side.DIALER, 5, Piece, [BLOCK]),
        (Side.LISTENER, 7, Request, [BLOCK, BLOCK]),
        (Side.DIALER, 9, Piece, [BLOCK]),
    ]


def test_without_listeners_nobody_is_told() -> None:
    recent = Recent()
    assert recent.in_rows
    recent.tell(Side.DIALER, 0, Choke())


def test_of_a_long_row_only_the_last_are_kept_with_their_places() -> None:
    recent = Recent()
    for _ in range(3):
        recent.note_blocks(Side.DIALER, 68, [Block(piece, 0, 1) for piece in range(KEPT + 5)])
    assert len(recent) == KEPT
    assert str(next(iter(recent))) == f"dialer at {68 + 5 * 14}: piece 5 [0:1]"
    recent.note_requests(Side.LISTENER, 68, [Block(piece, 0, 1) for piece in range(KEPT + 2)])
    assert str(next(iter(recent))) == f"listener at {68 + 2 * 17}: request 2 [0:1]"


def test_who_listens_is_told() -> None:
    recent, told = Recent(), list[tuple[Side, int, Message, int]]()
    recent.on_message = lambda sender, offset, message, findings: told.append((sender, offset, message, len(findings)))
    recent.tell(Side.DIALER, 7, Choke())
    assert told == [(Side.DIALER, 7, Choke(), 0)]


def test_who_wants_messages_hears_of_each_request_with_its_place() -> None:
    recent, told = Recent(), list[tuple[Side, int, Message, int]]()
    recent.on_message = lambda sender, offset, message, findings: told.append((sender, offset, message, len(findings)))
    blocks = [Block(piece, 0, 1) for piece in range(3)]
    recent.note_requests(Side.LISTENER, 68, blocks)
    assert told == [(Side.LISTENER, 68 + 17 * number, Request(block), 0) for number, block in enumerate(blocks)]
    assert [said.offset for said in recent] == [68, 85, 102]
