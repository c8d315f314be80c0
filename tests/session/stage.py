"""Where session tests play: one small torrent, a session on loopback, an audience that remembers, scripts to play.

Pieces are 256 KiB, so that a request of more than 128 KiB fits into one; the last is short.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import TypeVar

import trio
from attrs import define, evolve, field, frozen

from torrent_peer.core.addresses import Address
from torrent_peer.metainfo.create import create_torrent
from torrent_peer.metainfo.torrent import Torrent, parse_torrent
from torrent_peer.session.events import Event, PeerClosed
from torrent_peer.session.farewell import Farewell
from torrent_peer.session.options import SessionOptions, TorrentOptions
from torrent_peer.session.session import Session, open_session
from torrent_peer.session.torrent import TorrentRun
from torrent_peer.testing.scripted_peer import Script, Talk
from torrent_peer.testing.scripted_seed import answer, offer_everything
from torrent_peer.wire.messages import Piece, Request, Unchoke
from torrent_peer.wire.reserved import Reserved

PIECE_LENGTH = 256 * 1024
CONTENT = Random(1).randbytes(5 * PIECE_LENGTH + 50_000)
TORRENT = parse_torrent(create_torrent("content.bin", CONTENT, piece_length=PIECE_LENGTH))
GEOMETRY = TORRENT.geometry
LOOPBACK = SessionOptions(listen_host="127.0.0.1", listen_ports=(0,))
PLAIN = TorrentOptions(trackers=(), stall_timeout=None)
NOT_FAST = Reserved.of(extended=True)

EventT = TypeVar("EventT")


@define
class Audience:
    """Remembers every event, and can wait for one."""

    events: list[Event] = field(factory=list)
    _news: trio.Event = field(factory=trio.Event)

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        self._news.set()
        self._news = trio.Event()

    def all(self, kind: type[EventT]) -> list[EventT]:
        """The events of one kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    async def wait_for(self, kind: type[EventT], wanted: Callable[[EventT], bool] = lambda event: True) -> EventT:
        """The first event of this kind that is wanted, past or future."""
        while True:
            for event in self.all(kind):
                if wanted(event):
                    return event
            await self._news.wait()

    async def farewell(self, address: Address) -> Farewell:
        """How the conversation with a peer ended, once it has."""
        return (await self.wait_for(PeerClosed, lambda closed: closed.farewell.address == address)).farewell


@frozen
class Stage:
    """One torrent running in a session."""

    session: Session
    run: TorrentRun
    audience: Audience
    root: Path

    @property
    def port(self) -> int:
        """Where peers can dial the session."""
        assert self.session.port is not None
        return self.session.port

    @property
    def file(self) -> bytes:
        """What the disk holds."""
        return (self.root / TORRENT.name).read_bytes()


@asynccontextmanager
async def on_stage(
    root: Path,
    *peers: Address,
    options: TorrentOptions = PLAIN,
    session: SessionOptions = LOOPBACK,
    torrent: Torrent = TORRENT,
) -> AsyncIterator[Stage]:
    """A session that runs `torrent` in `root`, dials `peers` and is listened to."""
    audience = Audience()
    async with open_session(session) as running:
        run = running.add(torrent, root, evolve(options, peers=(*options.peers, *peers)), audience)
        yield Stage(running, run, audience, root)


def place(root: Path, *, pieces: int = GEOMETRY.piece_count) -> Path:
    """Put the first `pieces` of the content where a session looks for them; returns `root`."""
    root.mkdir(exist_ok=True)
    if pieces:
        here = CONTENT[: pieces * PIECE_LENGTH]
        (root / TORRENT.name).write_bytes(here + bytes(len(CONTENT) - len(here)))
    return root


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what nobody tells of."""
    while not condition():  # noqa: ASYNC110
        await trio.sleep(0.01)


def late_seed(curtain: trio.Event) -> Script:
    """A seed that unchokes nobody until the curtain rises."""

    async def script(talk: Talk) -> None:
        await talk.handshake()
        await offer_everything(talk, TORRENT)
        await curtain.wait()
        await serve_on(talk)

    return script


async def serve_on(talk: Talk) -> None:
    """Unchoke, and answer whatever is asked from here on."""
    await talk.send(Unchoke())
    await answer(talk, CONTENT, PIECE_LENGTH)


def true_piece(request: Request) -> Piece:
    """The honest answer."""
    start = request.block.piece * PIECE_LENGTH + request.block.begin
    return Piece(request.block, CONTENT[start : start + request.block.length])
