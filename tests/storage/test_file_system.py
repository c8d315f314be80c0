"""Flushing a file system in one call: only where it is known to put everything on disk, and to say so if not."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from torrent_peer.storage import file_system
from torrent_peer.storage.file_system import flush_file_system, native, type_of

MOUNTS = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 253:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw
31 27 0:30 /some where/ /mnt/8:1 ro - fuse.sshfs host:/ rw
40 27 8:1 / /media/with\\040-\\040hyphen rw - xfs /dev/sda1 rw
"""


@pytest.fixture
def mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "mountinfo"
    path.write_text(MOUNTS)
    monkeypatch.setattr(file_system, "MOUNTS", path)
    return path


@pytest.mark.parametrize(
    ("device", "found"), [((253, 0), "ext4"), ((0, 30), "fuse.sshfs"), ((8, 1), "xfs"), ((25, 30), None)]
)
def test_a_file_system_is_found_by_its_device(mounts: Path, device: tuple[int, int], found: str | None) -> None:
    assert type_of(os.makedev(*device)) == found


def test_where_mounts_are_not_told_nothing_is_known(mounts: Path) -> None:
    mounts.unlink()
    assert type_of(os.makedev(253, 0)) is None


def test_the_type_of_the_one_we_are_on_is_what_the_system_says(tmp_path: Path) -> None:
    device = tmp_path.stat().st_dev
    told = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    types = {words[words.index("-") + 1] for words in told if words[2] == f"{os.major(device)}:{os.minor(device)}"}
    found = type_of(device)
    assert found in types if types else found is None


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    done: list[int] = []
    monkeypatch.setattr(file_system, "native", lambda: done.append)
    return done


@pytest.mark.parametrize(
    ("kind", "done"),
    [("ext4", True), ("xfs", True), ("fuse.sshfs", False), ("nfs4", False), ("overlay", False), (None, False)],
)
def test_only_those_are_flushed_so_that_are_known_to_be_on_disk_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flushed: list[int], kind: str | None, done: bool
) -> None:
    monkeypatch.setattr(file_system, "type_of", lambda device: kind)
    fd = os.open(tmp_path, os.O_RDONLY)
    try:
        assert flush_file_system(fd) is done
        assert flushed == [fd] * done
    finally:
        os.close(fd)


def test_a_system_without_the_call_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_system, "type_of", lambda device: "ext4")
    monkeypatch.setattr(file_system, "native", lambda: None)
    fd = os.open(tmp_path, os.O_RDONLY)
    assert not flush_file_system(fd)
    os.close(fd)


@pytest.fixture
def anew() -> Callable[[], object]:
    """`native` as in a process that has not asked yet."""
    return native.__wrapped__


@pytest.mark.parametrize(
    ("system", "release", "there"),
    [
        ("Linux", "6.18.44-custom", True),
        ("Linux", "5.17.0", True),
        ("Linux", "5.17-rc1", True),
        ("Linux", "5.16.20-generic", False),  # says nothing of a journal that could not be written
        ("Linux", "4.19", False),
        ("Linux", "unheard.of", False),
        ("FreeBSD", "14.1-RELEASE", False),
    ],
)
def test_the_call_is_used_from_the_linux_on_that_tells_of_every_error(
    monkeypatch: pytest.MonkeyPatch, anew: Callable[[], object], system: str, release: str, there: bool
) -> None:
    monkeypatch.setattr(os, "uname", lambda: os.uname_result((system, "here", release, "", "")))
    assert (anew() is not None) is there


def test_the_systems_own_call_flushes_or_says_why_not(tmp_path: Path) -> None:
    sync = native()
    if sync is None:
        pytest.skip("this system has no syncfs that tells of every error")
    (tmp_path / "new").write_bytes(b"x")
    fd = os.open(tmp_path, os.O_RDONLY)
    sync(fd)
    os.close(fd)
    with pytest.raises(OSError) as error:
        sync(fd)
    assert error.value.errno == errno.EBADF
