"""One party of the model: what an end knows, by number, and what follows from saying or hearing something, once."""

from collections import Counter
from typing import Final

from tests.wire.model_end import Books, End, Key
from tests.wire.model_scope import GEOMETRY, Move
from torrent_peer.wire.connection import NEED_DATA, InfoHashReceived, PeerConnection, Refused
from torrent_peer.wire.errors import Finding, RemoteProtocolError
from torrent_peer.wire.messages import Piece


class Frames:
    """Bytes that go out in one piece, by number, and what they say."""

    def __init__(self) -> None:
        self.data: list[bytes] = []
        self.words: list[str] = []
        self._numbers: dict[bytes, int] = {}

    def number(self, data: bytes, words: str) -> int:
        number = self._numbers.get(data)
        if number is None:
            number = self._numbers[data] = len(self.data)
            self.data.append(data)
            self.words.append(words)
        return number


Word = tuple[int, tuple[int, ...], int]
"""(budget used up, or -1; the frames; what is known after saying them)."""
BLAMED: Final = -1
"""What follows when something is found: nothing."""


class Party:
    """One end, and everything it may come to know."""

    def __init__(self, connection: PeerConnection, moves: list[Move], kinds: tuple[str, ...], frames: Frames) -> None:
        self.end: Final = End(connection)
        self.known: Final[list[Key]] = []
        """Everything it ever knows, by number."""
        self.declared: Final[list[tuple[Key, Key | None]]] = []
        self.books: Final[list[tuple[Books, Books]]] = []
        """View → what `End` calls that."""
        self.waits: Final[list[bool]] = []
        """View → whether somebody waits for an answer."""
        self.findings: Final[dict[tuple[int, int], Finding]] = {}
        """(view, frame, or -1 for an act of one's own) → what was found wrong there."""
        self.seen: Final[Counter[str]] = Counter()
        """Things of interest → in how many different situations they happened."""
        self._moves = [(kinds.index(move.uses) if move.uses else -1, move) for move in moves]
        self._frames = frames
        self._numbers: dict[Key, int] = {}
        self._sayings: dict[int, list[Word]] = {}
        self._hearings: dict[tuple[int, int], int] = {}

    def now(self) -> int:
        """What it knows now, by number."""
        key = self.end.key()
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.known)
            self.known.append(key)
            self.end.keep()
            self.declared.append(self.end.declared())
            self.books.append(self.end.books())
            self.waits.append(self.end.waits())
        return number

    def do(self, move: Move) -> tuple[int, ...] | None:
        """Make this move now; the frames that go out, `None` when it is not legal."""
        said = move.act(self.end.connection)
        return None if said is None else tuple(self._frames.number(data, move.words) for data in said)

    def sayings(self, view: int) -> list[Word]:
        """Every move that is legal in this view."""
        known = self._sayings.get(view)
        if known is not None:
            return known
        found: list[Word] = []
        moved = True
        for use, move in self._moves:
            if moved:
                self.end.put_back(self.known[view])
            try:
                frames = self.do(move)
            except RemoteProtocolError as error:  # judged late
                self.findings[view, -1] = error.violation
                self.end.forget()
                found.append((use, (), BLAMED))
                moved = True
                continue
            if moved := frames is not None:
                found.append((use, frames, self.now()))
        self._sayings[view] = found
        return found

    def hear(self, view: int, frame: int) -> int:
        """What is known after hearing this."""
        key = (view, frame)
        after = self._hearings.get(key)
        if after is None:
            self.end.put_back(self.known[view])
            finding = self.take_in(self._frames.data[frame])
            if finding is not None:
                self.findings[key] = finding
                self.end.forget()
            after = self._hearings[key] = self.now() if finding is None else BLAMED
        return after

    def take_in(self, data: bytes) -> Finding | None:
        """Hear this now, as a client does, blocks and requests the short way if there is one; the gravest finding."""
        connection = self.end.connection
        connection.receive_data(data)
        while connection.next_pieces() or connection.next_requests():
            pass
        try:
            while (event := connection.next_event()) is not NEED_DATA:
                match event:
                    case InfoHashReceived(info_hash=info_hash):
                        connection.adopt(info_hash, GEOMETRY)
                    case Refused():
                        self.seen["request that crossed"] += 1
                    case Piece():
                        self.seen["block the long way"] += 1
        except RemoteProtocolError as error:
            return error.violation
        findings = connection.take_findings()
        return findings[0] if findings else None
