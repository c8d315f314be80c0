"""Long runs of two honest ends over two queues: whatever they may say, in whatever order it arrives, nobody is blamed.

Where the model exhausts a small world, this walks far into a large one: many pieces, both directions at once, bytes cut
anywhere, bursts, answers late and out of order. TORRENT_PEER_STATEFUL=500 makes 500 such walks instead of a few, other
ones each time.
"""

import os
import random
from collections import Counter
from itertools import chain
from typing import Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.wire.honest import WORDS, End, serve
from torrent_peer.core.block import Block
from torrent_peer.core.geometry import Geometry
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.wire.connection import NEED_DATA, PeerConnection, Refused
from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Cancel,
    Choke,
    DontHave,
    ExtendedHandshake,
    Have,
    Interested,
    KeepAlive,
    MetadataReject,
    MetadataRequest,
    NotInterested,
    PeerExchange,
    Piece,
    Port,
    Reject,
    Request,
    Suggest,
    Unchoke,
    UploadOnly,
)
from torrent_peer.wire.phases import Phase
from torrent_peer.wire.policy import Profile
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.side import Side
from torrent_peer.wire.state import SideState

INFO_HASH: Final = InfoHash(b"0123456789abcdefghij")
IDS: Final = {
    Side.DIALER: {"ut_metadata": 1, "ut_pex": 2, "upload_only": 3, "lt_donthave": 4},
    Side.LISTENER: {"ut_metadata": 9, "ut_pex": 1, "upload_only": 2, "lt_donthave": 3},
}
WALKS: Final = int(os.environ.get("TORRENT_PEER_STATEFUL", "0"))


COMMON: Final = (
    *(AllowedFast, Bitfield, Cancel, Choke, DontHave, ExtendedHandshake, Have, Interested, KeepAlive, MetadataRequest),
    *(NotInterested, PeerExchange, Piece, Port, Reject, Request, Suggest, Unchoke, UploadOnly, Refused),
)
"""What comes up in a few walks already, whatever is drawn; `Refused` is a request that crossed a choke, or the like."""
HEARD: Final[Counter[type]] = Counter()
"""What was heard in all walks."""

sides = st.sampled_from(Side)


class TwoEnds(RuleBasedStateMachine):
    """Both ends, and the two queues between them."""

    ends: dict[Side, End]
    heard: dict[str, int]

    @initialize(
        pieces=st.integers(1, 40),
        blocks=st.integers(1, 4),
        short=st.integers(0, 16383),
        dialer_has=st.sets(st.integers(0, 39)),
        listener_has=st.sets(st.integers(0, 39)) | st.just(set(range(40))),
        bits=st.tuples(st.booleans(), st.booleans(), st.booleans()),
        magnet=st.booleans(),
        queues=st.tuples(st.sampled_from((1, 2, 5, 20, 250)), st.sampled_from((1, 3, 10, 500))),
        strict=st.booleans(),
        opening=st.integers(0, 3),
    )
    def meet(
        self,
        *,
        pieces: int,
        blocks: int,
        short: int,
        dialer_has: set[int],
        listener_has: set[int],
        bits: tuple[bool, bool, bool],
        magnet: bool,
        queues: tuple[int, int],
        strict: bool,
        opening: int,
    ) -> None:
        """Two ends, their handshakes on the way, or further. `magnet`: the dialler does not know the torrent's size."""
        length = blocks * 16384
        geometry = Geometry(pieces * length - short, length)
        fast, extended, dht = bits
        self.ends = {}
        for side, has, queue in zip(Side, (dialer_has, listener_has), queues, strict=True):
            unknown = magnet and side is Side.DIALER
            connection = PeerConnection(
                side=side,
                peer_id=PeerId(side.value.encode().ljust(20, b"-")),
                info_hash=INFO_HASH,
                geometry=None if unknown else geometry,
                reserved=Reserved.of(fast=fast or side is Side.DIALER, extended=extended, dht=dht),
                profile=Profile.STRICT if strict else Profile.INTEROPERABLE,
                request_queue=queue,
                extensions=IDS[side],
            )
            self.ends[side] = End(connection, set() if unknown else {n for n in has if n < pieces}, geometry)
        for end in self.ends.values():
            end.wire += end.connection.initiate()
            said = end.connection.ours.handshake
            assert said is not None
            end.said.append(said)
        if opening == 0:
            return
        for stage in range(opening):  # handshakes; then the words of most openings; then interest, and an unchoke
            for side in Side:
                self._carry(side, len(self.ends[side.other].wire), by=1 << 20)
            for end in self.ends.values():
                for word in ("extended handshake", "availability") if stage == 0 else ("interested", "unchoke"):
                    message = WORDS[word](end, 0)
                    if message is not None and end.may_say(message):
                        end.say(message)

    def _is_open(self, side: Side) -> bool:
        return self.ends[side].connection.theirs.handshake is not None

    @rule(side=sides, numbers=st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=8))
    def speak(self, side: Side, numbers: list[int]) -> None:
        """One end says a few things, each one of those that it may say then."""
        end = self.ends[side]
        for number in numbers if self._is_open(side) else ():
            which, number = number & 0xFF, number >> 8
            legal = end.sayable(number)
            message = legal[which % len(legal)]
            assert end.say(message)
            match message:
                case Have(piece):
                    end.has.add(piece)
                case DontHave(piece):
                    end.has.discard(piece)
                case PeerExchange(added=added, dropped=dropped):
                    end.exchanged = end.exchanged - set(dropped) | set(added)

    @rule(side=sides, count=st.integers(1, 30), number=st.integers(0, 255))
    def ask(self, side: Side, count: int, number: int) -> None:
        """One end asks for a few blocks that it may ask for."""
        end = self.ends[side]
        connection, wanted = end.connection, end.wanted
        if not wanted or not self._is_open(side) or connection.geometry is None:
            return
        turned = wanted[number % len(wanted) :] + wanted[: number % len(wanted)]
        room = connection.theirs.request_queue - connection.ours.requests.total
        free: list[Block] = []
        for piece in turned:
            if len(free) >= min(count, room):
                break
            free += (block for block in end.geometry.blocks(piece) if connection.may_send(Request(block)) is None)
        asked = free[: max(0, min(count, room))]
        # Of a piece that is allowed fast each block may be asked for, and not all (REQ-11).
        for some in [[block] for block in asked] if connection.theirs.choking else [asked]:
            if some and connection.may_send(Request(some[0])) is None:
                end.wire += connection.send_requests(some)
                end.said += map(Request, some)

    @rule(side=sides, number=st.integers(0, 255))
    def answer_many(self, side: Side, number: int) -> None:
        """One end empties its upload queue, out of order."""
        end = self.ends[side]
        for _ in range(len(end.connection.requested)):
            message = serve(end, number)
            assert message is not None
            if not end.say(message):
                break

    @rule(side=sides)
    def settle(self, side: Side) -> None:
        """With fast, requests that were refused get their reject, sooner or later."""
        end = self.ends[side]
        while end.refused:
            message = end.refused.pop()
            if isinstance(message, Request) and end.connection.fast and message.block in end.connection.requested:
                assert end.say(Reject(message.block))
            elif isinstance(message, MetadataRequest) and message.piece in end.connection.theirs.metadata.live:
                end.say(MetadataReject(message.piece))

    @rule(side=sides, size=st.integers(1, 70) | st.integers(1, 60_000), by=st.sampled_from((1, 7, 1000, 1 << 20)))
    def arrive(self, side: Side, size: int, by: int) -> None:
        """Some of the bytes on their way to this end arrive, in fragments."""
        self._carry(side, size, by=max(by, size // 200))

    @rule(side=sides)
    def all_arrives(self, side: Side) -> None:
        """So does all that is on its way to it."""
        self._carry(side, len(self.ends[side.other].wire), by=1 << 20)

    @rule(seed=st.integers(0, 1 << 32), moves=st.integers(1, 80))
    def talk(self, seed: int, moves: int) -> None:
        """Much of all that at once: far more than could be drawn move by move."""
        dice = random.Random(seed)
        for _ in range(moves):
            side = dice.choice(list(Side))
            match dice.randrange(8):
                case 0 | 1 | 2:
                    self.speak(side, [dice.randrange(1 << 16)])
                case 3:
                    self.ask(side, dice.randrange(1, 30), dice.randrange(256))
                case 4:
                    self.answer_many(side, dice.randrange(256))
                case 5:
                    self.settle(side)
                case _:
                    size = dice.choice((dice.randrange(1, 70), dice.randrange(1, 60_000)))
                    self.arrive(side, size, dice.choice((1, 7, 1000, 1 << 20)))

    @precondition(lambda self: self.ends[Side.DIALER].connection.geometry is None)
    @rule()
    def learn(self) -> None:
        """The dialler has got the metadata; it may have been sent by somebody else."""
        end = self.ends[Side.DIALER]
        end.connection.learn_geometry(end.geometry)

    @rule()
    def all_is_quiet(self) -> None:
        """Everything arrives; then both ends think the same of each other."""
        for side in Side:
            self._carry(side, len(self.ends[side.other].wire), by=1 << 20)
        one, other = self.ends[Side.DIALER], self.ends[Side.LISTENER]
        assert not one.said
        assert not other.said
        known = one.connection.geometry is not None
        for speaker, hearer in ((one, other), (other, one)):
            assert declared(speaker.connection.ours, known) == declared(hearer.connection.theirs, known)
            asked, seen = speaker.connection.ours.requests, hearer.connection.theirs.requests
            if one.connection.fast:
                assert (asked.live, asked.cancelled) == (seen.live, seen.cancelled)
                continue
            for block in {*asked.live, *seen.live}:
                # Without fast, requests that crossed a choke and an unchoke are forgotten here, and waiting there.
                least, most = asked.live.get(block, 0), asked.live.get(block, 0) + asked.zombies.get(block, 0)
                assert least <= seen.live.get(block, 0) <= most

    def _carry(self, side: Side, size: int, *, by: int) -> None:
        """Bytes for this end; it hears in them what the other end said, and finds no fault with it."""
        hearer, speaker = self.ends[side], self.ends[side.other]
        data = bytes(speaker.wire[:size])
        del speaker.wire[:size]
        for start in range(0, len(data), by):
            hearer.connection.receive_data(data[start : start + by])
            while True:
                for piece in chain.from_iterable(hearer.connection.next_pieces()):
                    self._hear(hearer, speaker, piece)
                event = hearer.connection.next_event()
                if event is NEED_DATA:
                    break
                self._hear(hearer, speaker, event)

    def _hear(self, hearer: End, speaker: End, event: object) -> None:
        message = event.message if isinstance(event, Refused) else event
        assert message == speaker.said.popleft()
        HEARD[type(message)] += 1
        if isinstance(event, Refused):
            HEARD[Refused] += 1
            hearer.refused.append(message)

    @invariant()
    def nobody_is_blamed(self) -> None:
        """Nothing honest is worse than pointless."""
        for end in getattr(self, "ends", {}).values():
            findings = [each for each in end.connection.take_findings() if each.severity is not Severity.REDUNDANT]
            assert findings == []

    @invariant()
    def the_books_balance(self) -> None:
        """Answers never outnumber requests, and what is counted is what is there."""
        for end in getattr(self, "ends", {}).values():
            for side in (end.connection.ours, end.connection.theirs):
                ledger = side.requests
                assert ledger.total == sum(ledger.live.values())
                assert all(0 < count <= ledger.live[block] for block, count in ledger.cancelled.items())
                assert min((0, ledger.budget, ledger.leeway, *ledger.zombies.values())) == 0
                assert side.phase is not Phase.CLOSED

    def teardown(self) -> None:
        """Every walk ends in quiet."""
        if hasattr(self, "ends"):
            self.all_is_quiet()
            self.nobody_is_blamed()


DECLARED: Final = (
    *("phase", "handshake", "choking", "interested", "availability", "greeted", "extensions", "announced", "client"),
    *("declared_queue", "metadata_size", "upload_only", "exchanges", "exchanged"),
)
DECLARED_OF_PIECES: Final = ("pieces", "allowed_fast")


def declared(side: SideState, known: bool) -> dict[str, object]:
    """What one end is known to have said; of pieces only once both ends know the torrent's size."""
    names = DECLARED + (DECLARED_OF_PIECES if known else ())
    return {name: getattr(side, name) for name in names} | {"metadata": side.metadata.live}


def test_two_honest_ends_never_blame_each_other_however_long_they_talk() -> None:
    HEARD.clear()
    run_state_machine_as_test(
        TwoEnds,
        settings=settings(
            max_examples=WALKS or 15,
            stateful_step_count=400 if WALKS else 60,
            derandomize=not WALKS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    # Walks that go nowhere prove nothing.
    assert [kind.__name__ for kind in COMMON if not HEARD[kind]] == []
