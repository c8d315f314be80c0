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
TRANSMISSION_CLI: Final = "transmission-cli"
RTORRENT: Final = "rtorrent"
WEBTORRENT: Final = "webtorrent"


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
    """torrent-peer as a user runs it.

    It says that it is complete when the disk has it, too, which is later than its last verified byte; but it writes no
    byte of a piece before the piece is verified. Only among many files its records would spoil the kernel's count, so
    there it is asked to tell of each piece.
    """
    content = job.content
    argv = [sys.executable, "-m", "torrent_peer", "download", str(content.torrent), "--out", str(job.out)]
    argv += ["--listen", f"{US}:0", "--bind", US, "--progress", "none", "-v"]
    if content.files > 1:
        return Command(argv=[*argv, "--json"], done=f'"verified": {content.length}}}', seconds=job.seconds)
    return Command(argv=argv, done_written=content.length, seconds=job.seconds)


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
    """Its daemon in the foreground, the torrent in its watch directory; it renames at once what it prints late."""
    config, watch = job.directory / "config", job.directory / "watch"
    config.mkdir()
    watch.mkdir()
    shutil.copy(job.content.torrent, watch)
    _write_settings(config, job, {"rpc-enabled": False, "watch-dir": str(watch), "watch-dir-enabled": True})
    argv = ["transmission-daemon", "--foreground", "--config-dir", str(config)]
    return Command(argv=argv, done_file=job.out / NAME, ends=False, seconds=job.seconds)


def transmission_cli(job: Job) -> Command:
    """Its command line, which goes on seeding."""
    _write_settings(job.directory, job, {})
    argv = ["transmission-cli", "--config-dir", str(job.directory), "--download-dir", str(job.out), "--port", "20000"]
    argv += [str(job.content.torrent)]
    return Command(argv=argv, done_file=job.out / NAME, ends=False, seconds=job.seconds)


def webtorrent(job: Job) -> Command:
    """Its command line, without DHT and uTP."""
    argv = [
        "webtorrent",
        "download",
        str(job.content.torrent),
        "--out",
        str(job.out),
        "--quiet",
        "--no-dht",
        "--no-utp",
    ]
    return Command(argv=argv, seconds=job.seconds)


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
    TRANSMISSION_CLI: ("transmission-cli", transmission_cli),
    RTORRENT: ("rtorrent", rtorrent),
    WEBTORRENT: ("webtorrent", webtorrent),
}
"""Name → the program that must be there, if any, and how it is told."""


def available(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Those of `names` whose programs are here, and a word for each that is not."""
    here = [name for name in names if not (program := DOWNLOADERS[name][0]) or shutil.which(program)]
    return here, [f"{name}: there is no {DOWNLOADERS[name][0]} here" for name in names if name not in here]


def _write_settings(folder: Path, job: Job, more: dict[str, object]) -> None:
    """Transmission's."""
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
        "trash-original-torrent-files": False,
        "utp-enabled": False,
        **more,
    }
    (folder / "settings.json").write_text(json.dumps(settings))


def peer(address: Address) -> str:
    """HOST:PORT."""
    return f"{address[0]}:{address[1]}"
