"""A network of the bench's own: a namespace that nothing can leave, with addresses for everybody and one congestion
control for all.

Transmission drops peers in 127/8, so everybody lives at 10.99.0.x on the namespace's loopback. Congestion control is a
setting of the route: BBR, the default of many machines, paces loopback and costs it a third of its speed.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

US: Final = "10.99.0.1"
"""Where what is measured lives."""
HOSTS: Final = tuple(f"10.99.0.{number}" for number in range(2, 42))
"""Where what runs beside it lives: trackers, seeders, leeches."""
_INSIDE: Final = "TORRENT_PEER_BENCH_NAMESPACE"


def enter(congestion_control: str) -> None:
    """Start this process anew inside the namespace, unless it is there; leaves with a message when none can be had."""
    if os.environ.get(_INSIDE) == str(os.getppid()):
        _set_up(congestion_control)
        return
    if shutil.which("unshare") is None or shutil.which("ip", path=_path()) is None:
        raise SystemExit("bench: needs unshare and ip (on Debian: apt-get install util-linux iproute2)")
    spaces = ["--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    for user in ([], ["--user", "--map-root-user"]):
        argv = ["unshare", *user, *spaces]
        if subprocess.run([*argv, "true"], capture_output=True, check=False).returncode == 0:
            inside = {**os.environ, "PATH": _path(), _INSIDE: "0"}  # its parent, seen from inside, has no number
            os.execvpe("unshare", [*argv, sys.executable, *sys.argv], inside)
    raise SystemExit("bench: no network namespace can be made here; run it as root")


def congestion_control() -> str:
    """What the routes of the namespace say."""
    said = subprocess.run(
        ["ip", "route", "show", "table", "local", US], capture_output=True, text=True, check=True
    ).stdout.split()
    return said[said.index("congctl") + 1] if "congctl" in said else _default()


def _set_up(congestion: str) -> None:
    commands = ["link set lo up"]
    commands += [f"address add {host}/32 dev lo" for host in (US, *HOSTS)]
    if congestion != "default":
        commands += [
            f"route replace local {host} dev lo table local proto kernel scope host src {host} congctl {congestion}"
            for host in (US, *HOSTS)
        ]
    done = subprocess.run(["ip", "-batch", "-"], input="\n".join(commands), text=True, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"bench: cannot set up the network: {done.stderr.strip()}")


def _default() -> str:
    try:
        return Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()
    except OSError:
        return "unknown"


def _path() -> str:
    return f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
