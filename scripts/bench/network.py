"""A network of the bench's own: a namespace that nothing can leave, with addresses for everybody and one congestion
control for all.

Transmission drops peers in 127/8, so everybody lives at 10.99.0.x on the namespace's loopback. Congestion control is a
setting of the route: BBR, the default of many machines, paces loopback and costs it a third of its speed.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

US: Final = "10.99.0.1"
"""Where what is measured lives."""
HOSTS: Final = tuple(f"10.99.0.{number}" for number in range(2, 42))
"""Where what runs beside it lives: trackers, seeders, leeches."""


def namespace() -> list[str]:
    """What stands before a command that is to run in a network and a process namespace of its own.

    All inside ends with its first process. Leaves with a message when there can be none.
    """
    if shutil.which("unshare") is None or shutil.which("ip", path=_path()) is None:
        raise SystemExit("bench: needs unshare and ip (on Debian: apt-get install util-linux iproute2)")
    spaces = ["--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    for user in ([], ["--user", "--map-root-user"]):
        argv = ["unshare", *user, *spaces]
        if subprocess.run([*argv, "true"], capture_output=True, check=False).returncode == 0:
            return argv
    raise SystemExit("bench: no network namespace can be made here; run it as root")


def set_up(congestion: str) -> None:
    """Give the namespace this process is in its addresses and routes."""
    commands = ["link set lo up"]
    commands += [f"address add {host}/32 dev lo" for host in (US, *HOSTS)]
    if congestion != "default":
        commands += [
            f"route replace local {host} dev lo table local proto kernel scope host src {host} congctl {congestion}"
            for host in (US, *HOSTS)
        ]
    done = subprocess.run(
        ["ip", "-batch", "-"],
        input="\n".join(commands),
        text=True,
        capture_output=True,
        check=False,
        env={**os.environ, "PATH": _path()},
    )
    if done.returncode:
        raise SystemExit(f"bench: cannot set up the network: {done.stderr.strip()}")


def congestion_control() -> str:
    """What the routes of the namespace say."""
    argv = ["ip", "route", "show", "table", "local", US]
    env = {**os.environ, "PATH": _path()}
    said = subprocess.run(argv, capture_output=True, text=True, check=False, env=env).stdout.split()
    return said[said.index("congctl") + 1] if "congctl" in said else _default()


def _default() -> str:
    try:
        return Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()
    except OSError:
        return "unknown"


def _path() -> str:
    return f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
