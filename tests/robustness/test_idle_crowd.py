"""Peers that are there and want nothing cost little memory, and who wants something is served beside them."""

import gc
import socket
import tracemalloc
from contextlib import ExitStack
from pathlib import Path

import trio
from attrs import evolve

from tests.robustness.test_crowds import GIVES, fetches_a_block
from tests.session.stage import LOOPBACK, TORRENT, Stage, on_stage, place, until
from torrent_peer.core.ids import PeerId
from torrent_peer.session.events import PeerConnected
from torrent_peer.testing.scripted_peer import FULL_RESERVED, dial_scripted_peer
from torrent_peer.wire import codec
from torrent_peer.wire.messages import Handshake, HaveNone

CROWD = 300
MOST_MEMORY = 12 * 1024
"""Bytes for each, of all that Python allocated in this process since they called; `scripts/bench_idle` measures a
process of its own, with thousands."""


def call(port: int, number: int) -> socket.socket:
    """A peer that says hello and that it has nothing, and no more."""
    sock = socket.create_connection(("127.0.0.1", port))
    hello = Handshake(FULL_RESERVED, TORRENT.info_hash, PeerId(b"-XX0001-%012d" % number))
    sock.sendall(codec.encode(hello) + codec.encode(HaveNone()))
    return sock


async def gather(stage: Stage, numbers: range, stack: ExitStack) -> None:
    """Let so many come, and wait until they have all said hello."""
    for number in numbers:
        sock = await trio.to_thread.run_sync(call, stage.port, number)
        stack.callback(sock.close)
    await until(lambda: len(stage.audience.all(PeerConnected)) == len(numbers))
    stage.audience.events.clear()
    gc.collect()


async def test_three_hundred_idle_peers_cost_little_and_another_is_served(tmp_path: Path) -> None:
    options, session = evolve(GIVES, max_peers=1000), evolve(LOOPBACK, max_peers=1000)
    with trio.fail_after(60), ExitStack() as stack:
        async with on_stage(place(tmp_path), options=options, session=session) as stage:
            await stage.run.checked()
            await gather(stage, range(20), stack)
            tracemalloc.start()
            stack.callback(tracemalloc.stop)
            await gather(stage, range(20, 20 + CROWD), stack)
            assert tracemalloc.get_traced_memory()[0] / CROWD < MOST_MEMORY
            where = ("127.0.0.1", stage.port, TORRENT.info_hash)
            with trio.fail_after(5):
                async with dial_scripted_peer(*where, fetches_a_block) as talk:
                    await talk.over.wait()
            assert not talk.broken_off
            await until(lambda: stage.run.connections == CROWD + 20)
            status = stage.run.status(with_peers=False)
            assert (status.connected, status.peers) == (CROWD + 20, ())
