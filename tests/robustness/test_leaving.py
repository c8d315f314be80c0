"""However fifty peers leave in the same instant, no task, no descriptor and no object of ours is left behind.

Without the help of the garbage collector: the command line has it look at everything but seldom.
"""

import gc
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import trio
from attrs import evolve, frozen

from tests.session.stage import GEOMETRY, LOOPBACK, PLAIN, TORRENT, Stage, on_stage, place, until
from torrent_peer.session import liveness
from torrent_peer.testing.scripted_peer import Talk, dial_scripted_peer
from torrent_peer.wire.messages import (
    Choke,
    HaveAll,
    HaveNone,
    Interested,
    KeepAlive,
    Message,
    Piece,
    Request,
    Unchoke,
)

CROWD = 50
EVERYTHING = [GEOMETRY.block(piece, number) for piece in range(5) for number in range(16)]


@frozen
class Census:
    """What there is of everything."""

    tasks: int
    descriptors: int
    objects: Counter[str]
    """Class → instances, of all classes of ours."""


def take_census() -> Census:
    ours = (type(each) for each in gc.get_objects())
    names = (f"{kind.__module__}.{kind.__qualname__}" for kind in ours if kind.__module__.startswith("torrent_peer."))
    task = trio.lowlevel.current_root_task()
    assert task is not None
    return Census(sum(1 for _ in all_tasks(task)), len(os.listdir("/proc/self/fd")), Counter(names))


def all_tasks(task: trio.lowlevel.Task) -> Iterator[trio.lowlevel.Task]:
    yield task
    for nursery in task.child_nurseries:
        for child in nursery.child_tasks:
            yield from all_tasks(child)


@pytest.fixture
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


class Instant:
    """Lets everybody do something at once, once all are there."""

    def __init__(self) -> None:
        self.ready = 0
        self._now = trio.Event()

    async def wait(self) -> None:
        self.ready += 1
        if self.ready == CROWD:
            self._now.set()
        await self._now.wait()


async def says_goodbye(talk: Talk, instant: Instant) -> None:
    await talk.handshake()
    await talk.send(HaveNone(), Interested())
    await instant.wait()
    await talk.hang_up()


async def resets(talk: Talk, instant: Instant) -> None:
    await talk.handshake()
    await talk.send(HaveNone(), Interested())
    await instant.wait()
    await talk.reset()


async def falls_silent(talk: Talk, instant: Instant) -> None:
    await talk.handshake()
    await talk.send(HaveNone())
    await instant.wait()
    await talk.closed()


async def falls_silent_within_its_handshake(talk: Talk, instant: Instant) -> None:
    await talk.send_bytes(b"\x13BitTorrent protocol")
    await instant.wait()
    await talk.closed()


async def asks_for_everything_and_reads_nothing(talk: Talk, instant: Instant) -> None:
    await talk.handshake()
    await talk.send(HaveNone(), Interested())
    await talk.expect(Unchoke)
    await talk.send(*map(Request, EVERYTHING))
    await instant.wait()
    await talk.reset()


async def leaves_in_the_middle_of_a_block(talk: Talk, instant: Instant) -> None:
    await talk.handshake()
    await talk.send(HaveNone(), Interested())
    await talk.expect(Unchoke)
    await talk.send(*map(Request, EVERYTHING))
    await talk.expect(Piece)
    await instant.wait()
    await talk.hang_up()


async def chokes_and_unchokes_without_end(talk: Talk, instant: Instant) -> None:
    await talk.handshake()
    await talk.send(HaveAll())
    storm: list[Message] = [Unchoke(), KeepAlive(), Choke()] * 10
    await instant.wait()
    for _ in range(10):
        await talk.send(*storm)
        await trio.lowlevel.checkpoint()
    await talk.reset()


SERVED = [
    says_goodbye,
    resets,
    falls_silent,
    falls_silent_within_its_handshake,
    asks_for_everything_and_reads_nothing,
    leaves_in_the_middle_of_a_block,
]


@pytest.mark.parametrize("script", [*SERVED, chokes_and_unchokes_without_end], ids=lambda script: script.__name__)
@pytest.mark.usefixtures("_no_collector")
async def test_fifty_that_leave_at_once_leave_nothing_behind(
    script: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(script)
    if script in (falls_silent, falls_silent_within_its_handshake):
        for name in ("SILENCE_TIMEOUT", "HANDSHAKE_TIMEOUT"):
            monkeypatch.setattr(liveness, name, 0.5)
        monkeypatch.setattr("torrent_peer.session.session.HANDSHAKE_TIMEOUT", 0.5)
    options = evolve(PLAIN, seed_time=600, max_peers=2 * CROWD)
    session = evolve(LOOPBACK, upload_slots=CROWD)
    here = GEOMETRY.piece_count if script in SERVED else 0

    async def come_and_go(stage: Stage) -> Census:
        instant = Instant()
        async with AsyncExitStack() as stack:
            for _ in range(CROWD):
                await stack.enter_async_context(
                    dial_scripted_peer("127.0.0.1", stage.port, TORRENT.info_hash, lambda talk: script(talk, instant))
                )
            await until(lambda: instant.ready == CROWD)
            await until(lambda: not stage.run.connections and not len(stage.session._strangers))
        await trio.sleep(0.1)
        stage.audience.events.clear()
        return take_census()

    with trio.fail_after(30):
        async with on_stage(place(tmp_path, pieces=here), options=options, session=session) as stage:
            await stage.run.checked()
            first = await come_and_go(stage)
            assert await come_and_go(stage) == first
