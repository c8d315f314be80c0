import errno
import socket

import pytest
import trio

from torrent_peer.core.addresses import Address
from torrent_peer.net.listen import Listener, ListenError, open_listener


async def test_peers_are_accepted_over_ipv4_and_ipv6_on_one_port() -> None:
    with trio.fail_after(5):
        listener = await open_listener(None, [0])
        seen: list[Address] = []
        both = trio.Event()

        def handle(sock: socket.socket, address: Address) -> None:
            sock.close()
            seen.append(address)
            if len(seen) == 2:
                both.set()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(listener.serve, handle, print)
            for host in ("127.0.0.1", "::1"):
                await (await trio.open_tcp_stream(host, listener.port)).aclose()
            await both.wait()
            nursery.cancel_scope.cancel()
        listener.close()
        assert {address.host for address in seen} == {"127.0.0.1", "::1"}


async def test_the_first_free_port_is_taken() -> None:
    first = await open_listener("127.0.0.1", [0])
    second = await open_listener("127.0.0.1", [first.port, 0])
    assert second.port not in (0, first.port)
    first.close()
    second.close()


async def test_no_free_port_is_one_clear_line() -> None:
    taken = await open_listener("127.0.0.1", [0])
    with pytest.raises(ListenError) as caught:
        await open_listener("127.0.0.1", [taken.port])
    assert str(caught.value) == (
        f"cannot listen on 127.0.0.1, port {taken.port}: Address already in use; choose another with --listen"
    )
    taken.close()


async def test_a_taken_ipv4_port_is_not_half_used_for_ipv6() -> None:
    taken = await open_listener(None, [0])
    with pytest.raises(ListenError, match="Address already in use"):
        await open_listener(None, [taken.port])
    taken.close()


async def test_running_out_of_descriptors_pauses_accepting_says_so_and_does_not_end_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    class Starved:
        """A listening socket whose process has no descriptors left for a hundred seconds."""

        failures = 0

        def getsockname(self) -> tuple[str, int]:
            return ("127.0.0.1", 1)

        async def accept(self) -> None:
            await trio.lowlevel.checkpoint()
            if trio.current_time() > 100:
                await trio.sleep_forever()
            self.failures += 1
            raise OSError(errno.EMFILE, "Too many open files")

    starved, said = Starved(), list[tuple[float, str]]()
    with trio.move_on_after(200):
        await Listener([starved]).serve(  # type: ignore[list-item]
            lambda sock, address: None, lambda line: said.append((trio.current_time(), line))
        )
    assert starved.failures == 201
    line = "Too many open files: peers that call have to wait; raise the limit (ulimit -n)"
    assert said == [(0.0, line), (60.0, line)]
