"""Bytes → a conversation with one `PeerConnection`: its set-up, what the peer sends and how it is cut, what we say.

Whatever the bytes: only RemoteProtocolError comes out, memory stays bounded, a refused word of ours changes nothing,
and the short ways of the machine, with the bytes cut anywhere, come to the same as the long way with the bytes whole.
"""

import contextlib
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import chain, islice
from typing import Final

from attrs import define, field

from tests.wire.fuzz_config import Config
from tests.wire.fuzz_moves import IDS, OURS, ROOTS, STREAMS, THEIRS, Tape, message
from tests.wire.fuzz_size import excess, picture
from tests.wire.fuzz_ways import no_short_ways
from tests.wire.scenes import EVERY_EXTENSION, INFO_HASH, METADATA_SIZE, Trees
from torrent_peer.core.geometry import Geometry
from torrent_peer.core.ids import InfoHash
from torrent_peer.wire import codec, extensions
from torrent_peer.wire.connection import NEED_DATA, EndOfStream, Event, InfoHashReceived, PeerConnection, Refused
from torrent_peer.wire.errors import Finding, LocalProtocolError, RemoteProtocolError
from torrent_peer.wire.messages import (
    Bitfield,
    Cancel,
    Extended,
    ExtendedHandshake,
    Handshake,
    HashReject,
    HashRequest,
    HaveAll,
    Interested,
    Message,
    MetadataReject,
    MetadataRequest,
    Piece,
    Reject,
    Request,
    Unchoke,
)
from torrent_peer.wire.phases import Phase
from torrent_peer.wire.policy import Action, decide
from torrent_peer.wire.wording import name_of

FLOODS: Final = (*range(8), *range(8), 9, 11, 13)
"""Messages in a flood, as powers of two."""
MOST_MESSAGES: Final = 12_000
"""Of one input; floods beyond are cut, so that none takes long."""


@define
class Played:
    """What an input came to."""

    opened: bool = False
    """Both handshakes were complete."""
    heard: Counter[str] = field(factory=Counter)
    """Kinds of messages that were received."""
    said: Counter[str] = field(factory=Counter)
    """Kinds that we sent."""
    rules: Counter[str] = field(factory=Counter)
    """Rules the peer broke."""
    refused: Counter[str] = field(factory=Counter)
    """Rules that we would have broken."""
    log: list[object] = field(factory=list)
    """Everything that came out."""


def play(data: bytes) -> Played:
    """Play it both ways; raises AssertionError, or what came out, when something does not hold."""
    short = Player(data, short=True).play()
    with no_short_ways():
        long = Player(data, short=False).play()
    assert short.log == long.log, f"{_difference(short.log, long.log)}"
    return short


class Player:
    """One way to play an input."""

    def __init__(self, data: bytes, *, short: bool) -> None:
        self._tape = Tape(data)
        self._config = config = Config.read(self._tape)
        self._short = short
        self.played = Played()
        self.connection = PeerConnection(
            side=config.side,
            peer_id=OURS,
            info_hash=INFO_HASH if config.knows_torrent else None,
            geometry=config.geometry if config.knows_size else None,
            reserved=config.ours,
            profile=config.profile,
            request_queue=config.queue,
            extensions=EVERY_EXTENSION,
            expected_id=THEIRS if config.knows_torrent else None,
        )
        if config.trees:
            self.connection.learn_hash_trees(Trees({ROOTS[0]: 8}))
        self._stream = bytearray()
        self._messages = 0
        self._over = False

    def play(self) -> Played:
        """All of it."""
        self._open()
        while not self._tape.over and not self._over and self._messages < MOST_MESSAGES:
            self._move(self._tape.byte())
        self._deliver()
        self._close()
        return self.played

    # ── moves ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _open(self) -> None:
        config, connection = self._config, self.connection
        if config.opening == 0 and self._tape.byte() & 1:
            self._hear(message(self._tape, connection, ours=False, kind=Handshake))
        if config.opening >= 1:
            if config.knows_torrent:
                self._say(lambda: connection.initiate())
            self._hear(Handshake(config.theirs, INFO_HASH, THEIRS))
        if config.opening >= 2 and connection.extended:
            self._send(connection.extended_handshake(metadata_size=METADATA_SIZE))
            self._hear(ExtendedHandshake(IDS, request_queue=config.queue, metadata_size=METADATA_SIZE))
        if config.opening >= 3 and config.knows_size:
            full = HaveAll() if connection.fast else _full(config.geometry)
            self._send(full)
            self._hear(full, Interested(), Unchoke())
            self._send(Interested())
            self._send(Unchoke())

    def _move(self, move: int) -> None:
        tape = self._tape
        if move < 112:
            said = message(tape, self.connection, ours=False)
            if move >= 16 and self._is_grave(said):
                return  # most messages are to be such that there is a next one
            self._queue(said)
            if move & 3:  # else it waits for what comes behind it
                self._deliver()
        elif move < 128:
            self._stream += tape.take(1 + move % 16)
            self._deliver()
        elif move < 144:
            payload = tape.take(move % 16)
            self._stream += (1 + len(payload)).to_bytes(4, "big") + bytes([tape.byte()]) + payload
            self._deliver()
        elif move < 155:
            self._damage()
            self._deliver()
        elif move < 156:
            self._flood(1 << self._tape.pick(FLOODS))
        elif move < 160:
            self._learn(move % 4)
        elif move < 224:
            self._deliver()
            meant = message(tape, self.connection, ours=True)
            self._send(meant)
        elif move < 240:
            self._deliver()
            self._request(1 + tape.byte() % 8)
        else:
            self._deliver()
            self._serve(answer=bool(move & 1))

    def _is_grave(self, said: Message) -> bool:
        """Whether it would close the connection if it came now."""
        if isinstance(said, Extended):
            said = extensions.read(said, self.connection.ours.announced)
        theirs = self._config.side.other
        findings = self.connection._legality.check(theirs, said, crossed=True)
        return decide(self._config.profile, findings) is Action.CLOSE

    def _queue(self, said: Message) -> None:
        self._messages += 1
        self._stream += codec.encode(extensions.written(said, IDS))

    def _hear(self, *said: Message) -> None:
        for each in said:
            self._queue(each)
        self._deliver()

    def _damage(self) -> None:
        """The end of what is on its way is not as it was; whether it still is on its way depends on the cuts."""
        self._queue(message(self._tape, self.connection, ours=False))
        place = len(self._stream) - 1 - self._tape.byte() % min(20, len(self._stream))
        if self._tape.byte() & 1:
            del self._stream[place]
        else:
            self._stream[place] ^= 1 << self._tape.byte() % 8

    def _flood(self, count: int) -> None:
        """Many of one kind, about the same few things or each about another."""
        kind, tape = self._tape.pick(STREAMS), self._tape.take(8)
        others = self._tape.byte() & 1
        for number in range(count):
            if self._over:
                return
            first = b"\xff" + number.to_bytes(4, "big") if others else bytes([number & 7])
            self._queue(message(Tape(first + tape), self.connection, ours=False, kind=kind))
            if len(self._stream) > 1 << 16:
                self._deliver()
        self._deliver()

    def _learn(self, what: int) -> None:
        connection = self.connection
        self._deliver()
        if what == 0 and connection.geometry is None:
            self._guard(lambda: connection.learn_geometry(self._config.geometry))
        elif what == 1:
            connection.learn_hash_trees(Trees({ROOTS[0]: 8}))
        elif what == 2:
            self._findings()
        elif what == 3 and self._tape.byte() % 4 == 0:
            self._guard(lambda: connection.receive_data(b""))
            self._drain()

    def _request(self, count: int) -> None:
        """Ask for the first that we may ask for."""
        geometry, connection = self.connection.geometry, self.connection
        if geometry is None:
            return
        first = self._tape.byte() % geometry.piece_count
        wanted = (
            block
            for piece in range(first, min(first + 4, geometry.piece_count))
            for block in islice(geometry.blocks(piece), 8)
            if block not in connection.outstanding
        )
        self._say(lambda: connection.send_requests(list(islice(wanted, count))))

    def _serve(self, *, answer: bool) -> None:
        """Answer the oldest requests: with pieces, a few at once, or the first with a reject."""
        connection, blocks = self.connection, list(islice(self.connection.requested, 1 + self._tape.byte() % 4))
        if blocks and not answer:
            self._send(Reject(blocks[0]))
        elif blocks and max(block.length for block in blocks) <= 1 << 17:
            # The blocks lie behind each other, with room for a header before each.
            buffer = memoryview(bytearray(sum(codec.PIECE_HEADER_LENGTH + block.length for block in blocks)))
            count = connection.put_piece_headers(blocks, buffer) if self._short else 0
            for block in blocks[:count]:
                self.played.log.append(codec.piece_header(block))
            for block in blocks[count:]:
                self._send(Piece(block, b""))

    # ── our side ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _send(self, said: Message) -> None:
        """Say it if there is a way to; a refused word must have been foreseen, and leave no mark."""
        connection = self.connection
        if extensions.NAMES.get(type(said), "") not in {"", *connection.theirs.extensions}:
            return
        finding = connection.may_send(said)
        before = None if finding is None or not self._short else picture(connection)
        speak = (
            (lambda: connection.piece_header(said.block))
            if isinstance(said, Piece)
            else (lambda: connection.send(said))
        )
        refused = self._say(speak)
        assert (None if refused is None else refused.rule) == (None if finding is None else finding.rule), said
        assert before is None or picture(connection) == before, f"{said}, refused, left its mark"

    def _say(self, speak: Callable[[], bytes]) -> Finding | None:
        """What was found wrong with what we wanted to say."""
        closed = self.connection.ours.phase is Phase.CLOSED
        try:
            data = speak()
        except LocalProtocolError as error:
            self._note_finding(error.violation, self.played.refused)
            return error.violation
        assert not closed or not data, "something was sent on a closed connection"
        self.played.log.append(data)
        return None

    # ── their side ───────────────────────────────────────────────────────────────────────────────────────────────

    def _deliver(self) -> None:
        """Give the connection what is on its way, cut as configured, and take out what it makes of it."""
        stream, self._stream = bytes(self._stream), bytearray()
        step = len(stream) if not self._short or self._config.cuts == 0 else self._config.cuts
        if step * 512 < len(stream):  # a flood, or long blocks
            step = len(stream) // 512
        for start in range(0, len(stream), max(1, step)):
            if self._over:
                return
            part = stream[start : start + step]
            self._guard(partial(self.connection.receive_data, part))
            self._drain()

    def _drain(self) -> None:
        connection = self.connection
        while True:
            if self._short:
                for piece in chain.from_iterable(connection.next_pieces()):
                    self._happened(piece)
                if count := connection.next_requests():
                    for block in list(connection.requested)[-count:]:
                        self._happened(Request(block))
            event = self._guard(connection.next_event)
            if event is None or event is NEED_DATA:
                return
            if isinstance(event, EndOfStream):
                self._over = True
                self.played.log.append(event)
                return
            self._happened(event)
            self._respond(event)

    def _happened(self, event: Event) -> None:
        if isinstance(event, Piece):
            event = Piece(event.block, bytes(event.data))
        self.played.log.append(event)
        if not isinstance(event, Refused | InfoHashReceived):
            self.played.heard[name_of(type(event))] += 1

    def _respond(self, event: Event) -> None:
        """What every session does at once."""
        connection = self.connection
        match event:
            case InfoHashReceived(info_hash=info_hash):
                if info_hash == INFO_HASH:
                    geometry = self._config.geometry if self._config.knows_size else None
                    self._guard(lambda: connection.adopt(InfoHash(INFO_HASH), geometry))
                    self._say(connection.initiate)
                else:
                    self._note_finding(connection.refuse_info_hash(), self.played.rules)
            case Handshake() if connection.ours.handshake is None:
                self._say(connection.initiate)
            case Refused(Request(block)) if connection.fast:
                self._send(Reject(block))
            case Refused(MetadataRequest(piece)):
                self._send(MetadataReject(piece))
            case Refused(HashRequest(asked)):
                self._send(HashReject(asked))
            case Cancel(block) if not self._config.lazy and connection.fast and block in connection.requested:
                self._send(Reject(block))

    def _guard(self, action: Callable[[], Event | None]) -> Event | None:
        """Only RemoteProtocolError may come out, and it comes again and again."""
        try:
            return action()
        except RemoteProtocolError as error:
            self._over = True
            self._told(error.violation)
            for _ in range(2):
                with contextlib.suppress(RemoteProtocolError):
                    self.connection.next_event()
                    raise AssertionError("a closed connection goes on") from error
            return None

    def _findings(self) -> None:
        for finding in self.connection.take_findings():
            self._note_finding(finding, self.played.rules)

    def _note_finding(self, finding: Finding, counter: Counter[str]) -> None:
        counter[finding.rule] += 1
        self._told(finding)

    def _told(self, finding: Finding) -> None:
        text = str(finding)
        assert text.isprintable(), f"an error that is not one printable line: {text!r}"
        if finding.rule == "HS-01":  # it is as wordy as there are bytes to judge by
            text = finding.rule
        self.played.log.append((text, finding.severity, finding.offset, finding.sender))

    def _close(self) -> None:
        connection = self.connection
        self._findings()
        self.played.opened = None not in (connection.ours.handshake, connection.theirs.handshake)
        for side in (connection.ours, connection.theirs):
            assert not side.requests.total < 0, "answers for what was never asked"
            assert side.requests.total == sum(side.requests.live.values()), "the ledger does not add up"
        said = [str(each) for each in connection.recent]
        assert all(each.isprintable() for each in said)
        assert not self._short or (broken := excess(connection)) is None, broken
        self.played.said.update(
            each.split(": ")[1].split(" ")[0] for each in said if each.startswith(connection.side.value)
        )
        self.played.log += [said, connection.sent_bytes, *picture(connection).items()]
        self.played.log += [sorted(connection.finding_counts.items())]


def _full(geometry: Geometry) -> Bitfield:
    count = geometry.piece_count
    return Bitfield(b"\xff" * (count // 8) + (bytes([0xFF00 >> count % 8 & 0xFF]) if count % 8 else b""))


def _difference(short: list[object], long: list[object]) -> str:
    for number, (one, other) in enumerate(zip(short, long, strict=False)):
        if one != other:
            return f"at {number}, the short way: {one!r}; the long way: {other!r}"
    return f"the short way has {len(short)} entries, the long way {len(long)}"
