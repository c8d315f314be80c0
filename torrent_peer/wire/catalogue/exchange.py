"""Conversations as data: who says what, up to the one message in question.

The torrent has ten pieces of 256 KiB, the last of 20,000 bytes.
"""

from typing import Final

from attrs import evolve, field

from torrent_peer.core.geometry import Geometry
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.core.values import frozen
from torrent_peer.wire import codec, extensions
from torrent_peer.wire.messages import (
    ExtendedHandshake,
    Handshake,
    HaveAll,
    HaveNone,
    Interested,
    Message,
    Request,
    Unchoke,
)
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.side import Side
from torrent_peer.wire.wording import in_short

GEOMETRY: Final = Geometry(9 * 256 * 1024 + 20_000, 256 * 1024)
INFO_HASH: Final = InfoHash(b"an example torrent..")
PIECES_ROOT: Final = bytes(range(32))
"""The root of its file's merkle tree, if it is of version 2."""
PEER_IDS: Final = {Side.DIALER: PeerId(b"-XX0001-dialdialdial"), Side.LISTENER: PeerId(b"-XX0001-listenlisten")}
BITS: Final = Reserved.of(fast=True, extended=True)
IDS: Final = {"ut_pex": 1, "ut_metadata": 2, "upload_only": 3, "lt_donthave": 4, "ut_holepunch": 5}
"""The ids under which either side wants extensions, if it announces them."""


@frozen
class Step:
    """What one side says at one time."""

    sender: Side
    messages: tuple[Message | bytes, ...]
    """Bytes stand for frames, or parts of one, that no message makes."""
    crossed: bool = False
    """Written before its sender had read what stands above it."""
    words: str = ""
    """The step in words; needed for bytes."""

    def __str__(self) -> str:
        return self.words or ", ".join(in_short(each) for each in self.messages if not isinstance(each, bytes))

    def encoded(self) -> bytes:
        """The step as it goes onto the wire."""
        return b"".join(
            each if isinstance(each, bytes) else codec.encode(extensions.written(each, IDS)) for each in self.messages
        )


def dialer(*messages: Message | bytes, crossed: bool = False, words: str = "") -> Step:
    """The dialler says this."""
    return Step(Side.DIALER, messages, crossed, words)


def listener(*messages: Message | bytes, crossed: bool = False, words: str = "") -> Step:
    """The listener says this."""
    return Step(Side.LISTENER, messages, crossed, words)


def handshake(sender: Side, *, bits: Reserved = BITS) -> Handshake:
    """The handshake of one side."""
    return Handshake(bits, INFO_HASH, PEER_IDS[sender])


def announces(sender: Side, *names: str, metadata_size: int | None = None) -> Step:
    """The extended handshake of a side that wants these extensions."""
    ids = {name: IDS[name] for name in names}
    words = [f"{name} is {number}" for name, number in ids.items()]
    words += [] if metadata_size is None else [f"metadata_size is {metadata_size}"]
    said = ExtendedHandshake(ids, metadata_size=metadata_size)
    return Step(sender, (said,), words=", ".join(["extended_handshake", *words]))


def greeting(dictionary: bytes) -> bytes:
    """An extended handshake as it goes onto the wire, whatever is in it."""
    return (2 + len(dictionary)).to_bytes(4) + b"\x14\x00" + dictionary


@frozen
class Scene:
    """What came before."""

    steps: tuple[Step, ...] = ()
    bits: Reserved = field(default=BITS, kw_only=True)
    """The reserved bits that both sides set."""
    greeted: bool = field(default=True, kw_only=True)
    """Both handshakes are said before the first step."""
    size_known: bool = field(default=True, kw_only=True)
    """Whether who judges knows the torrent's size."""
    named_by_tracker: bool = field(default=False, kw_only=True)
    """Whether who judges was told by a tracker what the other side calls itself."""
    trees_known: bool = field(default=False, kw_only=True)
    """Whether who judges knows the merkle trees of its one file."""

    def then(self, *steps: Step) -> "Scene":
        """The same, and more."""
        return evolve(self, steps=(*self.steps, *steps))


@frozen(kw_only=True)
class Example:
    """One message that breaks a rule, and one that looks like it and is legal."""

    given: Scene
    breaks: Step
    alike: Step
    given_alike: Scene | None = None
    """What comes before the legal one; `None`: the same."""
    because: str
    """Why that one is legal."""


A: Final = GEOMETRY.block(0, 0)
B: Final = GEOMETRY.block(0, 1)
C: Final = GEOMETRY.block(0, 2)

SILENT: Final = Scene(greeted=False)
FRESH: Final = Scene()
FRESH_PLAIN: Final = Scene(bits=Reserved.of(extended=True))
"""Without the Fast Extension."""
OPENED: Final = FRESH.then(listener(HaveAll()), dialer(HaveNone()), dialer(Interested()))
OPEN: Final = OPENED.then(listener(Unchoke()))
ASKED: Final = OPEN.then(dialer(Request(A)))


def both_announce(*names: str) -> Scene:
    """Both sides want these extensions."""
    return FRESH.then(announces(Side.LISTENER, *names), announces(Side.DIALER, *names))
