import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from torrent_peer.core.piece_set import PieceSet
from torrent_peer.storage import resume
from torrent_peer.storage.pool import FilePool
from torrent_peer.storage.resume import Recalled, ResumePlan, plan_resume, recall
from torrent_peer.storage.store import Store

RECORD = ".sample.torrent-peer"
SOME = [0, 1, 3, 4, 8]


@pytest.fixture
def open_store(tmp_path: Path, pool: FilePool, sample: Any) -> Callable[..., Store]:
    def open_it(*wanted: int, **options: Any) -> Store:
        return Store.open(sample.torrent, tmp_path, pool=pool, wanted=frozenset(wanted) if wanted else None, **options)

    return open_it


def plan_of(store: Store) -> ResumePlan:
    plan = plan_resume(store.record, store)
    assert not plan.trusted & plan.to_check
    assert plan.sample & plan.trusted == plan.sample
    return plan


def save(store: Store, sample: Any, pieces: Iterable[int], *, clean: bool) -> None:
    store.save(sample.fill(store, pieces), clean=clean)


def test_with_nothing_there_nothing_is_hashed(open_store: Callable[..., Store]) -> None:
    with open_store() as store:
        plan = plan_of(store)
    assert (list(plan.trusted), list(plan.to_check), plan.reason) == ([], [], "nothing on disk yet")


def test_files_that_look_as_recorded_are_trusted(sample: Any, open_store: Callable[..., Store]) -> None:
    with open_store() as store:
        save(store, sample, SOME, clean=True)
    with open_store() as store:
        plan = plan_of(store)
        assert recall(store) == Recalled(pieces=PieceSet(9, SOME), reason="resume record")
    assert (list(plan.trusted), list(plan.to_check), plan.reason) == (SOME, [], "resume record")
    assert list(plan.sample) == SOME


def test_after_a_crash_what_the_record_does_not_claim_may_be_there_all_the_same(
    sample: Any, open_store: Callable[..., Store]
) -> None:
    with open_store() as store:
        sample.fill(store, SOME)
        store.save(PieceSet(9, [0, 3]))
    with open_store() as store:
        plan = plan_of(store)
        recalled = recall(store)
    assert list(plan.trusted) == [0, 3]
    assert list(plan.to_check) == [1, 4, 5, 6, 7, 8]  # not 2: it needs a file that does not exist
    assert recalled == Recalled(pieces=PieceSet(9, SOME), reason="resume record")


def test_pieces_finished_after_the_last_record_are_found(sample: Any, open_store: Callable[..., Store]) -> None:
    with open_store() as store:
        save(store, sample, [0], clean=False)
        sample.fill(store, [1, 3])
    with open_store() as store:
        assert recall(store) == Recalled(
            pieces=PieceSet(9, [0, 1, 3]), reason="resume record, 2 files changed since and rechecked"
        )


def touch(path: Path) -> None:
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))


def copy(path: Path) -> None:
    before = path.stat()
    path.with_name("copy").write_bytes(path.read_bytes())
    path.with_name("copy").rename(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def cut(path: Path) -> None:
    before = path.stat()
    os.truncate(path, 64)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(data)


def remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize(
    ("change", "reason", "left"),
    [
        (touch, "resume record, 1 file changed since and rechecked", [0, 1]),
        (copy, "resume record, 1 file changed since and rechecked", [0, 1]),
        (cut, "resume record, 1 file changed since and rechecked", [0]),
        (flip, "resume record, 1 file changed since and rechecked", [1]),
        (remove, "resume record", []),
    ],
)
def test_only_files_that_changed_are_hashed_again(
    sample: Any,
    open_store: Callable[..., Store],
    tmp_path: Path,
    change: Callable[[Path], None],
    reason: str,
    left: list[int],
) -> None:
    with open_store() as store:
        save(store, sample, SOME, clean=True)
    change(tmp_path / "sample/a.bin")
    with open_store() as store:
        plan = plan_of(store)
        assert list(plan.trusted) == [3, 4, 8]
        assert list(plan.to_check) == ([] if change is remove else [0, 1])
        assert recall(store) == Recalled(pieces=PieceSet(9, [*left, 3, 4, 8]), reason=reason)


def test_a_changed_part_file_is_hashed_again(sample: Any, open_store: Callable[..., Store], tmp_path: Path) -> None:
    with open_store(1, 5) as store:
        save(store, sample, [0, 1, 2, 7, 8], clean=True)
    flip(tmp_path / ".sample.torrent-peer.part")
    with open_store(1, 5) as store:
        plan = plan_of(store)
        assert (list(plan.trusted), list(plan.to_check)) == ([0, 1, 8], [2, 7])
    (tmp_path / ".sample.torrent-peer.part").unlink()
    with open_store(1, 5) as store:
        plan = plan_of(store)
        assert (list(plan.trusted), list(plan.to_check)) == ([0, 1, 8], [])


@pytest.mark.parametrize("damage", ["absent", "empty", "cut", "noise", "another torrent's"])
def test_without_a_record_what_exists_is_hashed_never_taken_for_nothing(
    sample: Any, make_sample: Any, open_store: Callable[..., Store], tmp_path: Path, pool: FilePool, damage: str
) -> None:
    with open_store() as store:
        save(store, sample, SOME, clean=True)
    record = tmp_path / RECORD
    if damage == "absent":
        record.unlink()
    elif damage == "another torrent's":
        with Store.open(make_sample(seed=9).torrent, tmp_path, pool=pool, overwrite=True) as store:
            store.save(PieceSet.full(9), clean=True)
    else:
        data = record.read_bytes()
        record.write_bytes({"empty": b"", "cut": data[:-5], "noise": bytes(len(data))}[damage])
    with open_store() as store:
        plan = plan_of(store)
        assert list(plan.to_check) == [0, 1, 3, 4, 5, 6, 7, 8]
        assert recall(store) == Recalled(pieces=PieceSet(9, SOME), reason="no resume record, 3 files checked")


def test_a_record_damaged_anywhere_makes_no_false_claim(
    sample: Any, open_store: Callable[..., Store], tmp_path: Path
) -> None:
    with open_store() as store:
        save(store, sample, SOME, clean=True)
    record = tmp_path / RECORD
    data = record.read_bytes()
    damaged = [data[:end] for end in range(len(data))]
    damaged += [data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :] for at in range(len(data)) for mask in (1, 255)]
    for content in damaged:
        record.write_bytes(content)
        with open_store(read_only=True) as store:
            plan = plan_of(store)
            assert not plan.trusted
            assert list(plan.to_check) == [0, 1, 3, 4, 5, 6, 7, 8]


def test_a_recheck_believes_nothing(sample: Any, open_store: Callable[..., Store]) -> None:
    with open_store() as store:
        sample.fill(store, SOME)
        store.save(PieceSet(9, [0, 2]), clean=True)
    with open_store() as store:
        assert recall(store, recheck=True) == Recalled(pieces=PieceSet(9, SOME), reason="everything rechecked as asked")


def test_one_wrong_sample_and_nothing_is_trusted(
    sample: Any, open_store: Callable[..., Store], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resume, "SAMPLE_PIECES", 2)
    with open_store() as store:
        save(store, sample, range(9), clean=True)
    path = tmp_path / "sample/a.bin"
    before = path.stat()
    with path.open("r+b") as file:  # pieces 0 and 1 are lost, and the file looks the same
        file.write(bytes(100))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with open_store() as store:
        assert list(plan_of(store).sample) == [0, 8]
        assert recall(store) == Recalled(
            pieces=PieceSet(9, range(2, 9)), reason="resume record found wrong, everything rechecked"
        )


@pytest.mark.parametrize(
    ("pieces", "most", "sampled"),
    [
        ([], 4, []),
        ([5], 4, [5]),
        ([1, 2, 8], 1, [1]),
        ([0, 1, 2, 3, 4, 5, 6, 7, 8], 2, [0, 8]),
        ([0, 1, 2, 3, 4, 5, 6, 7, 8], 3, [0, 4, 8]),
        ([0, 1, 2, 3, 4, 5, 6, 7, 8], 64, [0, 1, 2, 3, 4, 5, 6, 7, 8]),
    ],
)
@pytest.mark.parametrize("by", ["pieces", "bytes"])
def test_the_sample_is_spread_and_bounded(
    sample: Any,
    open_store: Callable[..., Store],
    monkeypatch: pytest.MonkeyPatch,
    pieces: list[int],
    most: int,
    sampled: list[int],
    by: str,
) -> None:
    if by == "pieces":
        monkeypatch.setattr(resume, "SAMPLE_PIECES", most)
    else:
        monkeypatch.setattr(resume, "SAMPLE_BYTES", most * 64 + 63)
    with open_store() as store:
        sample.fill(store)
        store.save(PieceSet(9, pieces), clean=True)
    with open_store() as store:
        assert list(plan_of(store).sample) == sampled


def test_at_least_one_piece_is_sampled_however_large(
    sample: Any, open_store: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resume, "SAMPLE_BYTES", 1)
    with open_store() as store:
        save(store, sample, SOME, clean=True)
    with open_store() as store:
        assert list(plan_of(store).sample) == [0]


def test_cancelled_means_unknown(sample: Any, open_store: Callable[..., Store]) -> None:
    with open_store() as store:
        save(store, sample, SOME, clean=False)
    with open_store() as store:
        assert recall(store, cancelled=lambda: True) is None
        told: list[tuple[int, int]] = []
        assert recall(store, cancelled=lambda: False, progress=lambda *now: told.append(now)) is not None
        assert told[-1] == (8, 8)
