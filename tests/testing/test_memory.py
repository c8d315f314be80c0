"""A network in memory: hosts, doors, trackers; and a disk without threads."""

import threading

import pytest
import trio
from trio.testing import MockClock

from torrent_peer.core.addresses import Address
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.net.listen import ListenError
from torrent_peer.net.source_address import ANYWHERE
from torrent_peer.net.transport import Transport
from torrent_peer.testing import Fault, InlineDisk, LocalTracker, MemoryNetwork
from torrent_peer.testing.memory import MOST_WAITING
from torrent_peer.trackers.announce import AnnounceRequest, Event, TrackerError


def announce(port: int, left: int = 0) -> AnnounceRequest:
    return AnnounceRequest(
        info_hash=InfoHash(bytes(20)), peer_id=PeerId(b"%020d" % port), port=port, uploaded=0, downloaded=0, left=left,
        event=Event.STARTED,
    )  # fmt: skip


async def test_a_host_is_dialled_at_its_address_and_sees_the_diallers(autojump_clock: MockClock) -> None:
    network = MemoryNetwork(latency=0.1)
    here, there = network.join(), network.join()
    assert (here.name, there.name) == ("10.0.0.1", "10.0.0.2")
    door = await there.listen(None, (0,))
    met: list[tuple[Transport, Address]] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(door.serve, lambda transport, address: met.append((transport, address)), print)
        near = await here.dial(Address(there.name, door.port), source=ANYWHERE)
        assert trio.current_time() == pytest.approx(0.2)
        near.write(b"hello")
        await trio.sleep(0.1)
        ((far, address),) = met
        assert address == Address(here.name, 49152)
        assert bytes(await far.receive()) == b"hello"
        assert network.connections == 1
        assert (network.cut("10.0.0.9"), network.cut(there.name), network.cut()) == (0, 1, 0)
        with pytest.raises(ConnectionResetError):
            await far.receive()
        nursery.cancel_scope.cancel()


async def test_who_closes_is_no_longer_connected(autojump_clock: MockClock) -> None:
    network = MemoryNetwork()
    host = network.join()
    door = await host.listen(None, (7000,))
    end = await host.dial(Address(host.name, 7000), source=ANYWHERE)
    await end.aclose()
    assert network.connections == 0
    door.close()
    with pytest.raises(ConnectionRefusedError) as caught:
        await host.dial(Address(host.name, 7000), source=ANYWHERE)
    assert str(caught.value) == "connection refused"


async def test_ports_are_taken_once_and_doors_hold_so_many(autojump_clock: MockClock) -> None:
    host = MemoryNetwork().join()
    await host.listen(None, (7000,))
    with pytest.raises(ListenError) as caught:
        await host.listen(None, (7000,))
    assert str(caught.value) == "cannot listen on 10.0.0.1:7000: it is taken"
    for _ in range(MOST_WAITING):
        await host.dial(Address(host.name, 7000), source=ANYWHERE)
    with pytest.raises(ConnectionRefusedError):
        await host.dial(Address(host.name, 7000), source=ANYWHERE)


async def test_a_tracker_is_asked_without_a_network_and_fails_as_told(autojump_clock: MockClock) -> None:
    tracker = LocalTracker(address=Address("192.0.2.1", 80), min_interval=900)
    network = MemoryNetwork()
    seed, leech = network.join(tracker), network.join(tracker)
    assert seed.ask is not None
    assert leech.ask is not None
    await seed.ask("http://any/", announce(1))
    answer = await leech.ask("http://any/", announce(2, left=1))
    assert (answer.peers, answer.seeders, answer.leechers) == ((Address("10.0.0.1", 1),), 1, 1)
    assert (answer.interval, answer.min_interval) == (1800.0, 900)
    assert [(announced.over, announced.host) for announced in tracker.announces] == [
        ("memory", "10.0.0.1"),
        ("memory", "10.0.0.2"),
    ]
    tracker.faults.append(Fault(status=503))
    tracker.delay = 5.0
    with pytest.raises(TrackerError):
        await leech.ask("http://any/", announce(2))
    assert trio.current_time() == 5.0
    tracker.failure_reason = "not registered"
    with pytest.raises(TrackerError):
        await leech.ask("http://any/", announce(2))
    lonely = network.join()
    assert lonely.ask is not None
    with pytest.raises(TrackerError):
        await lonely.ask("http://any/", announce(3))


async def test_every_host_has_an_address_of_its_own() -> None:
    network = MemoryNetwork()
    assert len({network.join().name for _ in range(1000)}) == 1000
    host = network.join()
    assert await host.resolve("name", 1) == (Address("name", 1),)


async def test_the_disk_does_it_on_this_thread() -> None:
    told: list[str] = []
    with InlineDisk() as disk:
        assert await disk.run(threading.current_thread) is threading.main_thread()
        disk.submit(lambda: told.append("job"), lambda: told.append("done"))
        assert told == ["job"]
        await trio.testing.wait_all_tasks_blocked()
    assert told == ["job", "done"]
