import socket

import pytest
import trio

from torrent_peer.core.addresses import Address
from torrent_peer.net.dial import dial, resolve
from torrent_peer.net.source_address import SourceAddress


async def listening(host: str) -> trio.socket.SocketType:
    sock = trio.socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    await sock.bind((host, 0))
    sock.listen()
    return sock


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_a_dialled_socket_is_connected_nonblocking_and_without_nagle(host: str) -> None:
    with trio.fail_after(5):
        listener = await listening(host)
        sock = await dial(Address(host, listener.getsockname()[1]))
        accepted, _ = await listener.accept()
        with sock, listener, accepted:
            assert sock.getblocking() is False
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
            sock.send(b"hello")
            assert await accepted.recv(10) == b"hello"


async def test_a_closed_port_refuses() -> None:
    with trio.fail_after(5):
        with await listening("127.0.0.1") as listener:
            port = listener.getsockname()[1]
        with pytest.raises(ConnectionRefusedError):
            await dial(Address("127.0.0.1", port))


async def test_a_source_address_is_bound() -> None:
    with trio.fail_after(5), await listening("127.0.0.1") as listener:
        sock = await dial(Address("127.0.0.1", listener.getsockname()[1]), source=SourceAddress.parse("127.0.0.2"))
        accepted, name = await listener.accept()
        with sock, accepted:
            assert name[0] == "127.0.0.2"


async def test_an_ipv4_source_cannot_reach_an_ipv6_peer() -> None:
    with pytest.raises(OSError, match=r"^::1 cannot be reached from 127\.0\.0\.1$"):
        await dial(Address("::1", 9), source=SourceAddress.parse("127.0.0.1"))


async def test_an_unknown_interface_is_an_error() -> None:
    with pytest.raises(OSError, match="No such device"):
        await dial(Address("127.0.0.1", 9), source=SourceAddress.parse("no-such-if0"))


async def test_literals_resolve_to_themselves_and_names_to_their_addresses() -> None:
    with trio.fail_after(5):
        assert await resolve("127.0.0.1", 80) == (Address("127.0.0.1", 80),)
        assert await resolve("::1", 80) == (Address("::1", 80),)
        assert Address("127.0.0.1", 80) in await resolve("localhost", 80)


@pytest.mark.parametrize("host", ["a..b", "x" * 300])
async def test_what_can_be_no_host_name_is_an_error_like_an_unknown_one(host: str) -> None:
    with pytest.raises(OSError, match=r"is no host name$"):
        await resolve(host, 80)
