"""The TCP of this machine, behind the same face as any other network."""

import pytest
import trio

from torrent_peer.core.addresses import Address
from torrent_peer.net.listen import ListenError
from torrent_peer.net.network import Tcp
from torrent_peer.net.source_address import ANYWHERE
from torrent_peer.net.transport import Transport


async def test_a_dialled_connection_comes_in_at_the_door() -> None:
    network = Tcp()
    door = await network.listen("127.0.0.1", (0,))
    inbound: list[tuple[Transport, Address]] = []
    arrived = trio.Event()

    def welcome(transport: Transport, address: Address) -> None:
        inbound.append((transport, address))
        arrived.set()

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(door.serve, welcome, print)
            dialled = await network.dial(Address("127.0.0.1", door.port), source=ANYWHERE)
            await arrived.wait()
            ((accepted, address),) = inbound
            dialled.write(b"hello")
            assert bytes(await accepted.receive()) == b"hello"
            assert address.host == "127.0.0.1"
            await dialled.aclose()
            assert not await accepted.receive()
            await accepted.aclose()
            nursery.cancel_scope.cancel()
    door.close()


async def test_a_taken_port_and_a_closed_one_are_errors() -> None:
    network = Tcp()
    door = await network.listen("127.0.0.1", (0,))
    with pytest.raises(ListenError):
        await network.listen("127.0.0.1", (door.port,))
    door.close()
    with pytest.raises(ConnectionRefusedError):
        await network.dial(Address("127.0.0.1", door.port), source=ANYWHERE)


async def test_an_address_stands_for_itself() -> None:
    assert await Tcp().resolve("192.0.2.1", 6881) == (Address("192.0.2.1", 6881),)
