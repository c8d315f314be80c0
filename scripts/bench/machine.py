"""Where the figures come from: the machine, its load, and the versions of everything that took part."""

import os
import platform
import re
import shutil
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from bench.native import compiler
from bench.network import congestion_control
from bench.units import GIB, ROOT

PACKAGES: Final = ("torrent_peer", "libtorrent", "trio", "attrs")
PROGRAMS: Final = {
    "aria2": ("aria2c", "--version"),
    "transmission": ("transmission-daemon", "--version"),
    "rtorrent": ("rtorrent", "-h"),
    "webtorrent": ("webtorrent", "--version"),
}


def facts() -> dict[str, Any]:
    """What the figures depend on, as it is now."""
    return {
        "time": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()),
        "cpu": _field("/proc/cpuinfo", "model name"),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "congestion_control": congestion_control(),
        "load": round(os.getloadavg()[0], 2),
        "commit": _commit(),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Of everything that can take part and is here."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    for name, argv in PROGRAMS.items():
        if shutil.which(argv[0]) is not None and (said := _first_version(list(argv))):
            found[name] = said
    if (cc := compiler()) is not None:
        found["C compiler"] = _said([cc, "--version"]).partition("\n")[0]
    return found


def describe(known: dict[str, Any]) -> str:
    """Two lines for people."""
    programs = ", ".join(f"{name} {said}" for name, said in known["versions"].items())
    return (
        f"{known['cpu']}, {known['cores']} cores, {known['memory_gib']} GiB, Linux {known['kernel']}, "
        f"CPython {known['python']}, {known['congestion_control']}, load {known['load']:.2f} at the start, "
        f"{known['time']}, commit {known['commit']}.\n{programs}."
    )


def _commit() -> str:
    said = _said(["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*"]).strip()
    return said if re.fullmatch(r"\w+(-dirty)?", said) else "unknown"


def _first_version(argv: list[str]) -> str:
    found = re.search(r"\d+(\.\d+)+", _said(argv))
    return found[0] if found else ""


def _said(argv: list[str]) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, errors="replace", timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr


def _field(path: str, name: str) -> str:
    for line in Path(path).read_text().splitlines():
        if line.startswith(name):
            return line.partition(":")[2].strip()
    return platform.machine()
