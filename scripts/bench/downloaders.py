"""Who downloads: the command of every client, told to fetch one torrent into a directory with its tracker's help."""

import json
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from attrs import frozen

from bench.content import NAME, Content
from bench.network import US
from bench.processes import Command
from bench.tracker import Address
from bench.units import BENCH

OURS: Final = "torrent_peer"
TUNED: Final = "libtorrent tuned"
DEFAULT: Final = "libtorrent default"
ARIA2: Final = "aria2"
TRANSMISSION: Final = "transmission"
RTORRENT: Final = "rtorrent"


@frozen
class Job:
    """What a client is told."""

    content: Content
    out: Path
    """Where the content goes; empty."""
    directory: Path
    """Its own place; empty."""
    seconds: float


def ours(job: Job) -> Command:
    """torrent-peer as a user runs it."""
    argv = [sys.executable, "-m", "torrent_peer", "download", str(job.content.torrent), "--out", str(job.out)]
    argv += ["--listen", f"{US}:0", "--bind", US, "--progress", "none", "-v"]
    return Command(argv=argv, done="complete after", seconds=job.seconds)


def libtorrent(how: str, *, host: str = US) -> Callable[[Job], Command]:
    """Its Python binding in a script of ten lines; "default" leaves its settings alone."""

    def command(job: Job) -> Command:
        role = [sys.executable, str(BENCH / "libtorrent_role.py"), "leech", str(job.content.torrent), str(job.out)]
        return Command(argv=[*role, host, how], done="finished", seconds=job.seconds)

    return command


def aria2(job: Job) -> Command:
    """One command line; some seconds of its time are timers."""
    options = {
        "bt-enable-lpd": "false",
        "console-log-level": "notice",
        "dir": str(job.out),
        "enable-dht": "false",
        "enable-dht6": "false",
        "enable-peer-exchange": "false",
        "file-allocation": "none",
        "interface": US,
        "seed-time": "0",
        "summary-interval": "0",
    }
    argv = ["aria2c", "--no-conf", *(f"--{name}={value}" for name, value in options.items()), str(job.content.torrent)]
    return Command(argv=argv, done="Download complete|Seeding is over|download completed", seconds=job.seconds)


def transmission(job: Job) -> Command:
    """Its daemon in the foreground, the torrent in its watch directory; what it prints comes late, so its renaming tells."""
    config, watch = job.directory / "config", job.directory / "watch"
    config.mkdir()
    watch.mkdir()
    shutil.copy(job.content.torrent, watch)
    settings = {
        "bind-address-ipv4": US,
        "dht-enabled": False,
        "download-dir": str(job.out),
        "encryption": 0,  # prefer plaintext
        "incomplete-dir-enabled": False,
        "lpd-enabled": False,
        "message-level": 2,
        "pex-enabled": False,
        "port-forwarding-enabled": False,
        "rename-partial-files": True,
        "rpc-enabled": False,
        "trash-original-torrent-files": False,
        "utp-enabled": False,
        "watch-dir": str(watch),
        "watch-dir-enabled": True,
    }
    (config / "settings.json").write_text(json.dumps(settings))
    argv = ["transmission-daemon", "--foreground", "--config-dir", str(config)]
    return Command(argv=argv, done_file=job.out / NAME, ends=False, seconds=job.seconds)


def rtorrent(job: Job) -> Command:
    """In daemon mode, with a configuration of our own and no session directory."""
    rc = job.directory / "rtorrent.rc"
    said = job.directory / "said"
    rc.write_text(
        "system.daemon.set = true\n"
        f"network.bind_address.set = {US}\n"
        "network.port_range.set = 20000-29999\n"
        "dht.mode.set = disable\n"
        "protocol.pex.set = no\n"
        "protocol.encryption.set = none\n"
        f"directory.default.set = {job.out}\n"
        f'method.set_key = event.download.finished, bench, "execute.nothrow=touch,{said}"\n'
        f"load.start = {job.content.torrent}\n"
    )
    argv = ["rtorrent", "-n", "-o", f"import={rc}"]
    return Command(argv=argv, done_file=said, ends=False, seconds=job.seconds)


DOWNLOADERS: Final[dict[str, tuple[str, Callable[[Job], Command]]]] = {
    OURS: ("", ours),
    TUNED: ("", libtorrent("tuned")),
    DEFAULT: ("", libtorrent("default")),
    ARIA2: ("aria2c", aria2),
    TRANSMISSION: ("transmission-daemon", transmission),
    RTORRENT: ("rtorrent", rtorrent),
}
"""Name → the program that must be there, if any, and how it is told."""


def available(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Those of `names` whose programs are here, and a word for each that is not."""
    here = [name for name in names if not (program := DOWNLOADERS[name][0]) or shutil.which(program)]
    return here, [f"{name}: there is no {DOWNLOADERS[name][0]} here" for name in names if name not in here]


def peer(address: Address) -> str:
    """HOST:PORT."""
    return f"{address[0]}:{address[1]}"
