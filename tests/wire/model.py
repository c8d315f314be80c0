"""Every world there is within a scope: two real connections, and the bytes on their way between them.

Breadth first, so that what is wrong is found in the fewest words. What an end knows is a number, and so is each
message: the same are met in thousands of worlds, and what follows from them is worked out once.
"""

from collections.abc import Callable, Iterator
from typing import Final

from attrs import frozen

from tests.wire.model_end import Books
from tests.wire.model_party import BLAMED, Frames, Party
from tests.wire.model_scope import LEECH, SEED, Scope
from torrent_peer.wire.errors import Finding
from torrent_peer.wire.side import Side

BITS: Final = 24
MASK: Final = (1 << BITS) - 1
ENDS: Final = (LEECH, SEED)
World = int
"""Five numbers in one: what the leech knows, what the seed does; the queue to the seed, and to the leech; what is left
of the budgets."""


@frozen
class Fault:
    """Something that must not be, and the shortest way to it."""

    what: str
    finding: Finding | None
    way: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join((self.what, *(f"  {number}. {step}" for number, step in enumerate(self.way, 1))))


class _Queues:
    """Messages on their way, by number; 0 is the empty queue."""

    def __init__(self) -> None:
        self.contents: list[tuple[int, ...]] = [()]
        self.rest: list[int] = [0]
        """Queue → the same without its first."""
        self._numbers: dict[tuple[int, ...], int] = {(): 0}
        self._longer: dict[tuple[int, tuple[int, ...]], int] = {}

    def longer(self, queue: int, frames: tuple[int, ...]) -> int:
        """The queue with these behind it."""
        key = (queue, frames)
        number = self._longer.get(key)
        if number is None:
            number = self._longer[key] = self._number(self.contents[queue] + frames)
        return number

    def _number(self, frames: tuple[int, ...]) -> int:
        number = self._numbers.get(frames)
        if number is None:
            rest = self._number(frames[1:])
            number = self._numbers[frames] = len(self.contents)
            self.contents.append(frames)
            self.rest.append(rest)
        return number


class _Budgets:
    """What is left, by number; 0 is all of it."""

    def __init__(self, scope: Scope) -> None:
        self.kinds = tuple(scope.budgets)
        self.left: list[tuple[int, ...]] = [tuple(scope.budgets.values())]
        self._numbers = {self.left[0]: 0}
        self._less: dict[tuple[int, int], int] = {}

    def less(self, number: int, use: int) -> int:
        """With one of `use` gone; -1 when there is none."""
        key = (number, use)
        after = self._less.get(key)
        if after is None:
            left = self.left[number]
            rest = (*left[:use], left[use] - 1, *left[use + 1 :])
            after = -1 if rest[use] < 0 else self._numbers.setdefault(rest, len(self.left))
            if after == len(self.left):
                self.left.append(rest)
            self._less[key] = after
        return after


class Explorer:
    """Walks every world within a scope, until there is no other or one is wrong."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.fault: Fault | None = None
        self.worlds = 0
        self.whole = False
        """Whether there is no world that was not seen."""
        self.finished = 0
        """Worlds in which nothing is left to do."""
        self.longest = 0
        """Messages on their way at once, in one direction."""
        self._frames = Frames()
        self._queues = _Queues()
        self._budgets = _Budgets(scope)
        self.leech, self.seed = (
            Party(
                scope.connection(side),
                [move for move in scope.moves if move.side is side],
                self._budgets.kinds,
                self._frames,
            )
            for side in ENDS
        )
        self._parents: dict[World, World] = {}
        self._agreeing: set[tuple[int, int]] = set()

    def run(self, *, most: int | None = None, progress: Callable[[int, int], None] | None = None) -> None:
        """Explore, but no further once there are `most` worlds.

        `progress` is told the worlds seen, and those waiting, after each step further from the first.
        """
        first = self._first()
        self._parents[first] = first
        waiting = [first]
        while waiting and self.fault is None and (most is None or len(self._parents) < most):
            waiting = self._step(waiting)
            if progress is not None:
                progress(len(self._parents), len(waiting))
        self.whole = not waiting
        self.worlds = len(self._parents)
        self.longest = max(map(len, self._queues.contents))

    def _first(self) -> World:
        parties = {LEECH: self.leech, SEED: self.seed}
        for move in self.scope.before:
            frames = parties[move.side].do(move)
            assert frames is not None, f"{move.words} is not legal before the model begins"
            for frame in frames:
                finding = parties[move.side.other].take_in(self._frames.data[frame])
                assert finding is None, finding
        return self._world(self.leech.now(), self.seed.now(), 0, 0, 0)

    def _world(self, leech: int, seed: int, to_seed: int, to_leech: int, left: int) -> World:
        return (((leech << BITS | seed) << BITS | to_seed) << BITS | to_leech) << BITS | left

    def _step(self, waiting: list[World]) -> list[World]:
        """All worlds one step behind these that were not seen before."""
        parents, new = self._parents, []
        for world in waiting:
            following = self._following(world)
            if self.fault is not None:
                break
            for each in following:
                if each not in parents:
                    parents[each] = world
                    new.append(each)
        return new

    def _following(self, world: World) -> list[World]:
        left, to_leech, to_seed = world & MASK, world >> BITS & MASK, world >> 2 * BITS & MASK
        seed, leech = world >> 3 * BITS & MASK, world >> 4 * BITS
        queues, less, make, depth = self._queues, self._budgets.less, self._world, self.scope.depth
        contents, longer = queues.contents, queues.longer
        found: list[World] = []
        blamed = None
        if len(contents[to_seed]) < depth:
            for use, frames, after in self.leech.sayings(leech):
                if (rest := left if use < 0 else less(left, use)) >= 0:
                    if after == BLAMED:
                        blamed = self.leech.findings[leech, -1]
                    found.append(make(after, seed, longer(to_seed, frames) if frames else to_seed, to_leech, rest))
        if len(contents[to_leech]) < depth:
            for use, frames, after in self.seed.sayings(seed):
                if (rest := left if use < 0 else less(left, use)) >= 0:
                    if after == BLAMED:
                        blamed = self.seed.findings[seed, -1]
                    found.append(make(leech, after, to_seed, longer(to_leech, frames) if frames else to_leech, rest))
        if to_seed:
            after = self.seed.hear(seed, frame := contents[to_seed][0])
            if after == BLAMED:
                blamed = self.seed.findings[seed, frame]
            found.append(make(leech, after, queues.rest[to_seed], to_leech, left))
        if to_leech:
            after = self.leech.hear(leech, frame := contents[to_leech][0])
            if after == BLAMED:
                blamed = self.leech.findings[leech, frame]
            found.append(make(after, seed, to_seed, queues.rest[to_leech], left))
        if blamed is not None:
            self._fail(world, f"an honest end is accused: {blamed}", blamed)
        elif not to_seed and not to_leech:
            self._check_quiet(world, leech, seed)
        if not found:
            self.finished += 1
            if self.leech.waits[leech] or self.seed.waits[seed]:
                self._fail(world, "nothing is left to do, and somebody still waits for an answer")
        return found

    def _check_quiet(self, world: World, leech: int, seed: int) -> None:
        """With nothing on its way both ends know the same, so that every question has one answer, and only one."""
        if (leech, seed) in self._agreeing:
            return
        (said, pieces), (also_said, other_pieces) = self.leech.declared[leech], self.seed.declared[seed]
        if said != also_said or (pieces != other_pieces and pieces is not None and other_pieces is not None):
            self._fail(world, "nothing is on its way, and the ends differ in what was said")
        (leech_asked, leech_owes), (seed_asked, seed_owes) = self.leech.books[leech], self.seed.books[seed]
        for asked, owed in ((leech_asked, seed_owes), (seed_asked, leech_owes)):
            if not (_same if self.scope.fast else _compatible)(asked, owed):
                self._fail(world, "nothing is on its way, and what is waited for is not what is owed")
        self._agreeing.add((leech, seed))

    # ── telling what happened ────────────────────────────────────────────────────────────────────────────────────

    def _fail(self, world: World, what: str, finding: Finding | None = None) -> None:
        self.fault = Fault(what, finding, tuple(self._way(world)))

    def _way(self, world: World) -> Iterator[str]:
        path = [world]
        while (parent := self._parents[path[-1]]) != path[-1]:
            path.append(parent)
        for before, after in zip(reversed(path[1:]), reversed(path[:-1]), strict=True):
            yield self._words(before, after)
        for side, shift in ((SEED, 2), (LEECH, 1)):
            if frames := self._queues.contents[world >> shift * BITS & MASK]:
                yield f"on their way to the {side.value}: " + ", ".join(self._frames.words[each] for each in frames)

    def _words(self, before: World, after: World) -> str:
        """What happened between two worlds."""
        for side, shift in ((SEED, 2), (LEECH, 1)):
            was, now = (self._queues.contents[world >> shift * BITS & MASK] for world in (before, after))
            if len(now) > len(was):
                return f"{_name(side.other)} says {self._frames.words[now[-1]]}"
            if len(now) < len(was):
                return f"{_name(side)} hears {self._frames.words[was[0]]}"
        leech_knows_more = before >> 4 * BITS != after >> 4 * BITS
        return f"{_name(LEECH if leech_knows_more else SEED)} learns the torrent's size"


def _same(asked: Books, owed: Books) -> bool:
    return asked[:2] == owed[:2]


def _compatible(asked: Books, owed: Books) -> bool:
    """Without fast an answer does not tell which request it answers, nor a request whether it was thrown out: what is
    waited for is owed, and what is owed will be taken."""
    (live, _, zombies), (due, _, _) = asked, owed
    return all(count <= due.get(block, 0) for block, count in live.items()) and all(
        count <= live.get(block, 0) + zombies.get(block, 0) for block, count in due.items()
    )


def _name(side: Side) -> str:
    return f"the {side.value}"
