"""Row 9: the wire alone. What does it cost to judge a `have`, a `request`, a `piece`, and to receive a block?

Every message is read in three ways that take turns, round by round: framing and decoding alone; by the whole machine,
as a connection reads it; and, decoded already, held against every rule one by one, as if there were no short way for
blocks. The receive path is a TCP connection on loopback, fed by another process: the kernel's `recv`, framing and
decoding, the law, the connection around it. CPU time of this thread, medians. Only what stands in one table can be
compared: absolute figures move with the machine's mood.
"""

import os
import select
import socket
from collections.abc import Callable
from statistics import median
from time import thread_time_ns
from typing import Any, Final, NamedTuple

from bench.figures import Findings, Ratio, Spread, Table, ratio_to_limit
from bench.options import Options
from bench.units import GIB
from torrent_peer.core.block import BLOCK_LENGTH
from torrent_peer.core.geometry import Geometry
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.wire import codec, hot
from torrent_peer.wire.connection import NEED_DATA, PeerConnection
from torrent_peer.wire.frame_limits import FrameLimits
from torrent_peer.wire.framing import Framer
from torrent_peer.wire.legality import Legality
from torrent_peer.wire.messages import (
    Handshake,
    Have,
    HaveAll,
    HaveNone,
    Interested,
    Message,
    Piece,
    Request,
    Unchoke,
)
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.side import Side
from torrent_peer.wire.state import Direction

TITLE: Final = "The wire alone"
GEOMETRY = Geometry(4096 * 4 * BLOCK_LENGTH, 4 * BLOCK_LENGTH)
"""4096 pieces of 64 KiB."""
BATCH = 240
"""Messages timed together; within the queue of 250 that is assumed of a peer that names none."""
BLOCKS = [GEOMETRY.block(number // 4, number % 4) for number in range(BATCH)]
INFO_HASH = InfoHash(b"benchbenchbenchbench")
BITS = Reserved.of(fast=True, extended=True)
BUFFER = 256 * 1024
"""Bytes asked of the kernel at once, as net/transport.py does."""
WARM_UP = 5
DIALER, LISTENER = Side.DIALER, Side.LISTENER
OURS = {DIALER: PeerId(b"-XX0001-dialdialdial"), LISTENER: PeerId(b"-XX0001-listenlisten")}


def connection(side: Side) -> PeerConnection:
    """One end: the dialler a leech that may request everything, the listener a seed that may be asked."""
    ours = PeerConnection(side=side, info_hash=INFO_HASH, peer_id=OURS[side], geometry=GEOMETRY, reserved=BITS)
    ours.initiate()
    hear(ours, codec.encode(Handshake(BITS, INFO_HASH, OURS[side.other])))
    if side is DIALER:
        ours.send(HaveNone())
        ours.send(Interested())
        hear(ours, codec.encode(HaveAll()) + codec.encode(Unchoke()))
    else:
        ours.send(HaveAll())
        hear(ours, codec.encode(HaveNone()) + codec.encode(Interested()))
        ours.send(Unchoke())
    return ours


def hear(ours: PeerConnection, data: bytes | memoryview) -> None:
    """Everything in `data`, read and judged."""
    ours.receive_data(data)
    while ours.next_event() is not NEED_DATA:
        pass


def read(framer: Framer, data: bytes | memoryview) -> None:
    """Everything in `data`, read and not judged."""
    framer.feed(data)
    while framer.next_message() is not None:
        pass


def framer() -> Framer:
    return Framer(FrameLimits(piece_count=GEOMETRY.piece_count))


def timed(work: Callable[[], object]) -> int:
    """Nanoseconds of CPU."""
    started = thread_time_ns()
    work()
    return thread_time_ns() - started


class Kind(NamedTuple):
    """How a kind of message is measured."""

    name: str
    messages: list[Message]
    side: Side
    """Who reads it."""
    before: Callable[[PeerConnection], object]
    """What makes it legal; not timed."""
    after: Callable[[PeerConnection], object]
    """What makes room for the next batch; not timed."""


def ask_for_all(ours: PeerConnection) -> None:
    ours.send_requests(BLOCKS)


def answer_all(ours: PeerConnection) -> None:
    for block in BLOCKS:
        ours.piece_header(block)


def nothing(ours: PeerConnection) -> None:
    pass


KINDS = (
    Kind("have", [Have(piece) for piece in range(BATCH)], LISTENER, nothing, nothing),
    Kind("request", [Request(block) for block in BLOCKS], LISTENER, nothing, answer_all),
    Kind(
        "piece", [Piece(b, bytes(b.length)) for b in BLOCKS], DIALER, lambda ours: ours.send_requests(BLOCKS), nothing
    ),
)


def rule_by_rule(legality: Legality, sender: Side, messages: list[Message]) -> None:
    """The long way, for messages that are decoded already."""
    for message in messages:
        assert not legality.check(sender, message, crossed=True)
        legality.apply(sender, message, crossed=True)


def measure_messages(rounds: int) -> dict[str, dict[str, float]]:
    """Nanoseconds a message: read, judged, the difference, and the rules one by one."""
    said = {kind.name: b"".join(map(codec.encode, kind.messages)) for kind in KINDS}
    spent: dict[str, dict[str, list[int]]] = {kind.name: {"read": [], "judged": [], "rules": []} for kind in KINDS}
    for number in range(-WARM_UP, rounds):
        for kind in KINDS:
            data, plain, ours = said[kind.name], framer(), connection(kind.side)
            kind.before(ours)
            other = connection(kind.side)
            kind.before(other)
            ways = {
                "read": lambda plain=plain, data=data: read(plain, data),
                "judged": lambda ours=ours, data=data: hear(ours, data),
                "rules": lambda other=other, kind=kind: rule_by_rule(other._legality, kind.side.other, kind.messages),
            }
            for way in turned(tuple(ways), number):
                nanoseconds = timed(ways[way])
                if number >= 0:
                    spent[kind.name][way].append(nanoseconds)
            kind.after(ours)
    result = {}
    for name, ways_spent in spent.items():
        row = {way: median(all_) / BATCH for way, all_ in ways_spent.items()}
        result[name] = {**row, "judging": row["judged"] - row["read"]}
    return result


def turned(ways: tuple[str, ...], number: int) -> tuple[str, ...]:
    """Nobody always goes first."""
    at = number % len(ways)
    return ways[at:] + ways[:at]


class Wire:
    """A TCP connection on loopback; a process of its own writes, so that its caches are not ours."""

    def __init__(self, data: bytes) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            writer = socket.create_connection(server.getsockname())
            self.reader, _ = server.accept()
        self.length = len(data)
        self.view = memoryview(bytearray(BUFFER))
        self.control, theirs = socket.socketpair()
        if not (child := os.fork()):
            self.control.close()
            while theirs.recv(1):
                writer.sendall(data)
            os._exit(0)
        self.child = child
        theirs.close()
        writer.close()
        self.reader.setblocking(False)
        self.poll = select.poll()
        self.poll.register(self.reader, select.POLLIN)

    def carry(self, take: Callable[[memoryview], object]) -> int:
        """Nanoseconds of CPU that receiving it all takes; `take` gets every part. Waiting is not counted."""
        self.control.send(b"!")
        rest, spent = self.length, 0
        while rest:
            self.reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, min(rest, BUFFER // 2))
            self.poll.poll()
            started = thread_time_ns()
            length = self.reader.recv_into(self.view)
            take(self.view[:length])
            spent += thread_time_ns() - started
            rest -= length
        return spent

    def close(self) -> None:
        self.control.close()
        os.waitpid(self.child, 0)
        self.reader.close()


def measure_receiving(rounds: int) -> dict[str, Any]:
    """Nanoseconds a block of 16 KiB: the kernel alone, read, held against the law, and the whole connection."""
    wire = Wire(b"".join(codec.piece_header(block) + os.urandom(block.length) for block in BLOCKS))
    ways = ("kernel", "read", "law", "whole")
    spent: dict[str, list[int]] = {way: [] for way in ways}
    ours, asker, plain, held = connection(DIALER), connection(DIALER), framer(), framer()
    law = asker._legality.direction(LISTENER)
    takes: dict[str, Callable[[memoryview], object]] = {
        "kernel": len,
        "read": lambda part: read(plain, part),
        "law": lambda part: read_and_hold(held, law, part),
        "whole": lambda part: hear(ours, part),
    }
    for number in range(-WARM_UP, rounds):
        ours.send_requests(BLOCKS)
        asker.send_requests(BLOCKS)
        for way in turned(ways, number):
            nanoseconds = wire.carry(takes[way])
            if number >= 0:
                spent[way].append(nanoseconds)
        assert not ours.outstanding, "every block is judged"
        assert not asker.outstanding, "every block is judged"
    wire.close()
    rows = list(zip(*(spent[way] for way in ways), strict=True))
    shares = sorted((law - plain) / whole for _, plain, law, whole in rows)
    row = {way: median(spent[way]) / BATCH for way in ways}
    return {
        **row,
        "legality": row["law"] - row["read"],
        "legality_share": (row["law"] - row["read"]) / row["whole"],
        "legality_share_quartiles": [shares[len(shares) // 4], shares[len(shares) * 3 // 4]],
        "legality_and_connection_share": (row["whole"] - row["read"]) / row["whole"],
    }


def read_and_hold(framer: Framer, law: Direction, data: memoryview) -> None:
    """Everything in `data`, read, and each block held against what was requested; no events, no ring."""
    framer.feed(data)
    while (message := framer.next_message()) is not None:
        assert type(message) is Piece
        assert hot.take_answer(law, message.block)


def measure(options: Options) -> Findings:
    """Everything, in rounds instead of runs."""
    rounds = options.runs * (100 if options.full else 20)
    messages, block = measure_messages(rounds), measure_receiving(rounds)
    findings = Findings(runs=[{"rounds": rounds, "messages": messages, "block": block}])
    findings.tables += [_messages_table(messages, rounds), _block_table(block)]
    per_second = BLOCK_LENGTH / max(messages["piece"]["judged"], 1.0) * 1e9
    findings.ratios += [
        ratio_to_limit("legality: 1.5 µs a block", 1500.0, [max(block["legality"], 1.0)]),
        Ratio(label="piece traffic: 2 GiB/s on one core", spread=Spread.of([per_second / (2 * GIB)]), target=1.0),
    ]
    return findings


def _messages_table(messages: dict[str, dict[str, float]], rounds: int) -> Table:
    table = Table(
        f"ns of CPU a message, medians of {rounds} rounds of {BATCH}",
        ("message", "framing, decoding", "judged", "judging", "rule by rule"),
    )
    for name, row in messages.items():
        table.rows.append((f"`{name}`", *(f"{row[way]:.0f}" for way in ("read", "judged", "judging", "rules"))))
    return table


def _block_table(block: dict[str, Any]) -> Table:
    whole = block["whole"]
    parts = {
        "the kernel's recv": block["kernel"],
        "framing, decoding": block["read"] - block["kernel"],
        "legality": block["legality"],
        "events, the ring of last messages": whole - block["law"],
        "the whole receive path": whole,
    }
    first, third = block["legality_share_quartiles"]
    table = Table("a block of 16 KiB over TCP", ("part", "ns", "share"))
    table.rows += [(name, f"{part:.0f}", f"{part / whole:.1%}") for name, part in parts.items()]
    table.notes.append(
        f"Legality is {block['legality_share']:.1%} of the receive path's CPU, with the connection around it "
        f"{block['legality_and_connection_share']:.1%} (half of the rounds: {first:.1%} to {third:.1%})."
    )
    return table
