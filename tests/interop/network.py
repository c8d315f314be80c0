"""A network for the interop tests that nothing can leave: a namespace of its own, with two addresses on its loopback.

Transmission drops peers that a tracker names in 127/8, and Transmission and ctorrent hang up on a peer that has their
own address; so trackers and other clients live at 10.77.0.1, we at 10.77.0.2, and the clients of a swarm at an address
each. A process namespace goes with
it: when its first process ends, and it ends with pytest however pytest ends, the kernel kills every process inside and
both namespaces are gone. Where no namespace may be made (most containers), 127.0.0.1 and 127.0.0.2 have to do; every
client of the catalogue seeds there, too.
"""

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from attrs import define, field

HOSTS = tuple(f"10.77.0.{number}" for number in range(1, 9))
LOOPBACK_HOSTS = tuple(f"127.0.0.{number}" for number in range(1, 9))  # Linux has all of 127/8
PORTS = range(20_000, 30_000)  # below the kernel's ephemeral ports (32768 and up): no outgoing connection takes one

_SET_UP = " && ".join(
    ["ip link set lo up", *(f"ip address add {host}/32 dev lo" for host in HOSTS), "echo ready", "exec cat"]
)
_AS_ROOT: tuple[str, ...] = ()
_AS_USER = ("--user", "--map-current-user", "--keep-caps")


@define
class Network:
    """Where a test's programs live; `command()` puts a program there."""

    hosts: tuple[str, ...]
    """All addresses there are."""
    prefix: tuple[str, ...]
    isolated: bool
    """Whether this is a namespace; if not, it is the machine's own loopback."""
    _next_port: int = field(default=PORTS.start)

    @property
    def host(self) -> str:
        """The address of trackers, and of a client that is alone with us."""
        return self.hosts[0]

    @property
    def other_host(self) -> str:
        """Our own address."""
        return self.hosts[1]

    @property
    def swarm_hosts(self) -> tuple[str, ...]:
        """Addresses of clients in a swarm, one each."""
        return self.hosts[2:]

    def command(self, argv: Sequence[str]) -> list[str]:
        """The argv that runs `argv` inside this network."""
        return [*self.prefix, *argv]

    def free_port(self) -> int:
        """A port free for TCP and UDP, never given out twice."""
        while self._next_port < PORTS.stop:
            port, self._next_port = self._next_port, self._next_port + 1
            if self.isolated or _is_free(port):
                return port
        raise RuntimeError(f"no free port left in {PORTS.start}-{PORTS.stop - 1}")


@contextlib.contextmanager
def open_network() -> Iterator[Network]:
    """A namespace of our own, as root or as a plain user, or else the machine's loopback."""
    attempts = (_AS_ROOT, _AS_USER) if os.geteuid() == 0 else (_AS_USER,)
    for user in attempts:
        holder = _hold_namespaces(user)
        if holder is None:
            continue
        try:
            yield Network(HOSTS, prefix=_entering(holder, user), isolated=True)
        finally:
            holder.kill()  # --kill-child: the first process of the namespace, and so all of them, go with it
            holder.communicate()
        return
    yield Network(LOOPBACK_HOSTS, prefix=(), isolated=False)


def _hold_namespaces(user: tuple[str, ...]) -> "subprocess.Popen[str] | None":
    if shutil.which("unshare") is None or shutil.which("nsenter") is None:
        return None
    holder = subprocess.Popen(
        ["unshare", "--net", "--pid", "--fork", "--kill-child", *user, "sh", "-c", _SET_UP],
        stdin=subprocess.PIPE,  # `cat` ends when this pipe does, even if pytest is killed
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"},
        start_new_session=True,
    )
    assert holder.stdout is not None
    if holder.stdout.readline().strip() == "ready":
        return holder
    holder.kill()
    holder.communicate()
    return None


def _entering(holder: "subprocess.Popen[str]", user: tuple[str, ...]) -> tuple[str, ...]:
    inside = Path(f"/proc/{holder.pid}/task/{holder.pid}/children").read_text().split()[0]
    as_user = ("--user", "--preserve-credentials") if user else ()
    return ("nsenter", "--target", inside, *as_user, "--net", "--pid", "--")


def _is_free(port: int) -> bool:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        try:
            tcp.bind(("", port))
            udp.bind(("", port))
        except OSError:
            return False
        return True
