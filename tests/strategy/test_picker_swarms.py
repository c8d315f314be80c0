"""Tests of torrent_peer.strategy.picker: whole downloads, and whatever order of events."""

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from torrent_peer.core.block import BLOCK_LENGTH, Block
from torrent_peer.core.geometry import Geometry
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.strategy.bans import Contributions
from torrent_peer.strategy.open_piece import ASKED, FREE
from torrent_peer.strategy.picker import Picker

PIECES = 12
GEOMETRY = Geometry((PIECES - 1) * 3 * BLOCK_LENGTH + BLOCK_LENGTH + 5, 3 * BLOCK_LENGTH)


def check(picker: Picker[int], open_limit: int) -> None:
    """What must hold after every event."""
    shelves = picker._shelves
    assert len(picker.open_pieces) <= open_limit
    owed: Counter[int] = Counter()
    for index, piece in shelves.open.items():
        assert piece.free == piece.states.count(FREE)
        assert piece.asked == piece.states.count(ASKED)
        assert (index in shelves.loose) == bool(piece.free and piece.lead is None)
        assert (index in shelves.led) == bool(piece.free and piece.lead is not None)
        assert index not in picker._selection.startable
        for number in piece.numbers(ASKED):
            claimants = piece.claimants(number)
            assert len(set(map(id, claimants))) == len(claimants) <= 3
            owed.update(view.peer for view in claimants)
    for peer, view in picker._views.items():
        assert view.owed == owed[peer]
        assert view.leading is None or (view.leading.lead is view and view.leading.free)
        assert picker.is_interesting(peer) == any(view.has(piece) for piece in picker._interest.needed)
    assert set(shelves.loose) | set(shelves.led) <= set(shelves.open)


@given(st.data(), st.integers(1, 5), st.booleans(), st.integers())
def test_whatever_happens_the_books_balance_and_the_download_ends(
    data: st.DataObject, open_limit: int, sequential: bool, seed: int
) -> None:
    dice = Random(seed)
    picker: Picker[int] = Picker(
        GEOMETRY,
        have=PieceSet(PIECES),
        wanted=PieceSet.full(PIECES),
        dice=dice,
        sequential=sequential,
        open_limit=open_limit,
    )
    sets: dict[int, PieceSet] = {}
    outstanding: dict[int, list[Block]] = {}
    complete: list[int] = []

    def arrive(peer: int, block: Block) -> None:
        outstanding[peer].remove(block)
        outcome = picker.received(peer, block)
        for other in outcome.others:
            outstanding[other].remove(block)
        if outcome.piece_complete:
            complete.append(block.piece)

    def step(peer: int, action: int) -> None:
        if peer not in sets:
            sets[peer] = PieceSet(PIECES, dice.sample(range(PIECES), dice.randrange(PIECES + 1)))
            outstanding[peer] = []
            picker.peer_joined(peer, sets[peer])
        elif action < 8:
            blocks = picker.pick(peer, action + 1, whole_pieces=action % 2 == 0, rescue=action == 3)
            assert len(blocks) == len(set(blocks)) <= action + 1
            assert all(block.piece in sets[peer] and GEOMETRY.contains(block) for block in blocks)
            assert not set(blocks) & set(outstanding[peer])
            outstanding[peer] += blocks
            dropped = picker.take_dropped()
            for kept in outstanding.values():
                kept[:] = [block for block in kept if block.piece not in dropped]
        elif action < 16 and outstanding[peer]:
            arrive(peer, dice.choice(outstanding[peer]))
        elif action == 16:
            piece = dice.randrange(PIECES)
            sets[peer].add(piece)
            picker.peer_has(peer, piece)
        elif action == 17:
            picker.peer_left(peer)
            del sets[peer], outstanding[peer]
        elif action == 18:
            count = dice.randrange(len(outstanding[peer]) + 1)
            gone, outstanding[peer] = outstanding[peer][:count], outstanding[peer][count:]
            picker.released(peer, gone)
        elif action == 19 and complete:
            picker.failed(complete.pop(0))
        elif complete:
            picker.verified(complete.pop(0))

    for peer, action in data.draw(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 22)), max_size=120)):
        step(peer, action)
        check(picker, open_limit)

    picker.peer_joined(99, PieceSet.full(PIECES))  # a seed comes, and everybody is honest from here on
    sets[99], outstanding[99] = PieceSet.full(PIECES), []
    turns = 0
    while not picker.is_complete:
        for peer in list(sets):
            outstanding[peer] += picker.pick(peer, 4)
            for block in list(outstanding[peer]):
                arrive(peer, block)
        dropped = picker.take_dropped()
        assert not set(dropped) & set(complete)
        while complete:
            picker.verified(complete.pop())
        check(picker, open_limit)
        turns += 1
        assert turns < 100
    assert not picker.open_pieces


@given(st.integers(1, 30), st.integers(1, 4), st.integers(1, 9), st.integers(1, 6), st.booleans(), st.integers())
def test_without_an_endgame_every_block_is_asked_exactly_once(
    pieces: int, blocks: int, count: int, peers: int, sequential: bool, seed: int
) -> None:
    geometry = Geometry(pieces * blocks * BLOCK_LENGTH - 7, blocks * BLOCK_LENGTH)
    dice = Random(seed)
    picker: Picker[int] = Picker(
        geometry,
        have=PieceSet(pieces),
        wanted=PieceSet.full(pieces),
        dice=dice,
        sequential=sequential,
        open_limit=1 + seed % 7,
    )
    for peer in range(peers):
        picker.peer_joined(peer, PieceSet.full(pieces))
    asked: Counter[Block] = Counter()
    while not picker.is_complete:
        peer = dice.randrange(peers)
        for block in picker.pick(peer, count, whole_pieces=peer % 2 == 0):
            asked[block] += 1
            if picker.received(peer, block).piece_complete:
                picker.verified(block.piece)
    assert asked == Counter(block for piece in range(pieces) for block in geometry.blocks(piece))


def test_in_a_swarm_of_leeches_and_one_seed_everybody_finishes_soon() -> None:
    """Each round everybody takes four blocks; rarest first spreads the pieces, so that leeches feed each other."""
    size, leeches, blocks = 60, 12, 4
    geometry = Geometry(size * blocks * BLOCK_LENGTH, blocks * BLOCK_LENGTH)
    dice = Random(11)
    have = {peer: PieceSet(size) for peer in range(leeches)}
    pickers = {
        peer: Picker[int](geometry, have=have[peer], wanted=PieceSet.full(size), dice=dice, open_limit=8)
        for peer in range(leeches)
    }
    for peer, picker in pickers.items():
        picker.peer_joined(-1, PieceSet.full(size))
        for other in range(leeches):
            if other != peer:
                picker.peer_joined(other, PieceSet(size))
    uploads: Counter[int] = Counter()
    rounds = 0
    while any(not picker.is_complete for picker in pickers.values()):
        rounds += 1
        room = dict.fromkeys([-1, *range(leeches)], 2 * blocks)  # what each can give in a round
        for peer, picker in pickers.items():
            sources = [other for other in room if other != peer and room[other] and picker.is_interesting(other)]
            dice.shuffle(sources)
            for source in sources[:2]:
                for block in picker.pick(source, min(room[source], 2)):
                    room[source] -= 1
                    uploads[source] += 1
                    if picker.received(source, block).piece_complete:
                        picker.verified(block.piece)
                        for other in range(leeches):
                            if other != peer:
                                pickers[other].peer_has(peer, block.piece)
    assert rounds < 1.6 * size * blocks / 4
    assert uploads[-1] < 0.5 * uploads.total()


def test_two_seeds_and_a_liar_the_liar_is_banned_within_five_pieces_and_the_honest_stay() -> None:
    for seed in range(20):
        size, blocks = 30, 8
        geometry = Geometry(size * blocks * BLOCK_LENGTH, blocks * BLOCK_LENGTH)
        dice = Random(seed)
        picker: Picker[str] = Picker(geometry, have=PieceSet(size), wanted=PieceSet.full(size), dice=dice, open_limit=4)
        contributions: Contributions[str] = Contributions()
        buffers: dict[int, bytearray] = {}
        peers = ["honest", "other", "liar"]
        for peer in peers:
            picker.peer_joined(peer, PieceSet.full(size))
        failed = 0
        banned: dict[str, int] = {}  # and how many pieces had failed by then
        while not picker.is_complete:
            peer = dice.choice(peers)
            for block in picker.pick(peer, dice.randrange(1, 6), whole_pieces=False):
                lie = peer == "liar" and dice.random() < 0.3
                buffer = buffers.setdefault(block.piece, bytearray(geometry.piece_length))
                buffer[block.begin] = 1 if lie else 0
                contributions.record(peer, block.piece, [block.begin // BLOCK_LENGTH])
                if picker.received(peer, block).piece_complete:
                    if any(buffers.pop(block.piece)):
                        failed += 1
                        buffer[1] = 0
                        bans = contributions.piece_failed(block.piece, buffer)
                        picker.failed(block.piece)
                    else:
                        bans = contributions.piece_verified(block.piece, buffer)
                        picker.verified(block.piece)
                    for ban in bans:
                        banned.setdefault(ban.peer, failed)
                        if ban.peer in peers:
                            peers.remove(ban.peer)
                            picker.peer_left(ban.peer)
        assert list(banned) == ["liar"]
        assert banned["liar"] <= 5
