"""Tests of torrent_peer.strategy.shelves."""

from torrent_peer.core.block import BLOCK_LENGTH, Block
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.strategy.open_piece import HERE, OpenPiece, PeerView, Queue
from torrent_peer.strategy.shelves import ENDGAME_BLOCKS, MAX_CLAIMS, Shelves


def peer(name: str, pieces: PieceSet | None = None) -> PeerView[str]:
    return PeerView(name, pieces, Queue())


def opened(shelves: Shelves[str], piece: int, blocks: int = 4) -> OpenPiece[str]:
    new: OpenPiece[str] = OpenPiece(piece, blocks * BLOCK_LENGTH)
    shelves.open[piece] = new
    shelves.put(new)
    return new


def block(piece: int, number: int) -> Block:
    return Block(piece, number * BLOCK_LENGTH, BLOCK_LENGTH)


def test_a_piece_with_free_blocks_is_loose_until_somebody_leads_it() -> None:
    shelves: Shelves[str] = Shelves()
    a = peer("a")
    piece = opened(shelves, 3)
    assert (list(shelves.loose), list(shelves.led)) == ([3], [])
    piece.lead = a
    shelves.put(piece)
    assert (list(shelves.loose), list(shelves.led)) == ([], [3])
    assert a.leading is piece
    assert shelves.has_free_blocks


def test_a_piece_without_free_blocks_is_on_no_shelf_and_leaves_its_lead_free_for_another() -> None:
    shelves: Shelves[str] = Shelves()
    a = peer("a")
    piece = opened(shelves, 3)
    piece.lead = a
    piece.take(a, 4)
    shelves.put(piece)
    assert not shelves.has_free_blocks
    assert a.leading is None
    other = opened(shelves, 4)
    other.lead = a
    shelves.put(other)
    shelves.put(piece)  # must not take the new lead away
    assert a.leading is other


def test_what_a_peer_abandons_is_loose_or_closed() -> None:
    shelves: Shelves[str] = Shelves()
    a, b = peer("a"), peer("b")
    touched, untouched, of_b = opened(shelves, 1), opened(shelves, 2), opened(shelves, 3)
    touched.lead = untouched.lead = a
    of_b.lead = b
    touched.take(a, 1)
    of_b.take(b, 1)
    for piece in (touched, untouched, of_b):
        shelves.put(piece)
    assert list(shelves.abandoned_by(a, [touched, untouched, of_b])) == [2]
    assert (list(shelves.loose), list(shelves.led), list(shelves.open)) == ([1], [3], [1, 3])
    assert (a.leading, b.leading) == (None, of_b)


def test_dormant_is_the_piece_nobody_is_asked_for_with_least_to_lose() -> None:
    shelves: Shelves[str] = Shelves()
    a = peer("a")
    assert shelves.dormant() is None
    busy, more, less = opened(shelves, 1), opened(shelves, 2), opened(shelves, 3)
    busy.take(a, 1)
    assert shelves.dormant() is more
    for piece, arrived in ((more, 3), (less, 2)):
        piece.states[:arrived] = bytes([HERE]) * arrived
        piece.left -= arrived
        piece.free -= arrived
    assert shelves.dormant() is less


def test_half_of_what_the_busiest_owes_is_taken_over_from_its_end() -> None:
    shelves: Shelves[str] = Shelves()
    a, b, c = peer("a"), peer("b"), peer("c")
    opened(shelves, 9, 4).take(a, 4)
    opened(shelves, 4, 2).take(b, 2)
    opened(shelves, 5, 1).take(a, 1)
    assert shelves.take_over(c, 9, [a, b], parole=False) == [block(5, 0), block(9, 3), block(9, 2)]
    assert shelves.take_over(peer("d"), 1, [a, b], parole=False) == [block(5, 0)]
    assert (a.owed, b.owed, c.owed) == (5, 2, 3)


def test_what_only_others_have_to_do_is_taken_over_from_them() -> None:
    shelves: Shelves[str] = Shelves()
    a, b = peer("a"), peer("b")
    opened(shelves, 9, 4).take(a, 4)
    opened(shelves, 4, 1).take(b, 1)
    assert shelves.take_over(peer("c", PieceSet(10, [4])), 9, [a, b], parole=False) == [block(4, 0)]
    assert shelves.take_over(peer("d", PieceSet(10, [4])), 9, [a], parole=False) == []
    assert shelves.take_over(peer("e"), 9, [], parole=False) == []


def test_a_long_queue_is_taken_over_little_by_little() -> None:
    shelves: Shelves[str] = Shelves()
    a = peer("a")
    opened(shelves, 0, 20).take(a, 20)
    taken = shelves.take_over(peer("b"), 99, [a], parole=False)
    assert taken == [block(0, 19 - n) for n in range(ENDGAME_BLOCKS)]


def test_no_block_is_asked_of_more_than_three() -> None:
    shelves: Shelves[str] = Shelves()
    piece = opened(shelves, 0, 1)
    a = peer("a")
    piece.take(a, 1)
    asked = [shelves.take_over(peer(name), 4, [a], parole=False) for name in "bcd"]
    assert asked == [[block(0, 0)], [block(0, 0)], []]
    assert len(piece.claimants(0)) == MAX_CLAIMS


def test_what_the_peer_lacks_and_what_is_on_parole_is_not_taken_over() -> None:
    shelves: Shelves[str] = Shelves()
    a = peer("a")
    lacking, parole, idle = opened(shelves, 1, 1), opened(shelves, 2, 1), opened(shelves, 3, 1)
    parole.parole = True
    lacking.take(a, 1)
    parole.take(a, 1)
    assert not idle.asked
    assert shelves.take_over(peer("b", PieceSet(8, [2, 3])), 4, [a], parole=False) == []
    assert shelves.take_over(peer("b", PieceSet(8, [2, 3])), 4, [a], parole=True) == [block(2, 0)]
