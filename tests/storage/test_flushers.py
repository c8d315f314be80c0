"""Flushing many files: all of them, several at once, and the first error for the caller."""

import threading

import pytest

from torrent_peer.storage.flushers import FEW, THREADS, THREADS_ASIDE, flush_each


@pytest.mark.parametrize("count", [0, 1, FEW, FEW + 1, 300])
def test_every_file_is_flushed_once(count: int) -> None:
    done: list[int] = []
    flush_each(done.append, range(count))
    assert sorted(done) == list(range(count))


def test_a_few_are_flushed_in_order_by_the_thread_that_asks() -> None:
    seen: list[tuple[int, str]] = []
    flush_each(lambda file: seen.append((file, threading.current_thread().name)), reversed(range(FEW)))
    assert seen == [(file, threading.current_thread().name) for file in reversed(range(FEW))]


@pytest.mark.parametrize(("aside", "threads"), [(False, THREADS), (True, THREADS_ASIDE)])
def test_many_are_flushed_several_at_once(aside: bool, threads: int) -> None:
    together = threading.Barrier(threads, timeout=5)
    seen: set[str] = set()

    def flush(_: int) -> None:
        seen.add(threading.current_thread().name)
        together.wait()

    flush_each(flush, range(FEW + 8 * threads), aside=aside)
    assert len(seen) == threads


def test_a_system_without_threads_is_no_reason_not_to_flush(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    done: list[int] = []
    flush_each(done.append, range(100))
    assert done == list(range(100))


@pytest.mark.parametrize("count", [FEW, 10 * FEW])
def test_the_first_error_is_the_callers_when_all_calls_have_returned(count: int) -> None:
    done: set[int] = set()

    def flush(file: int) -> None:
        if file >= 5:
            raise OSError(file)
        done.add(file)

    threads = threading.active_count()
    with pytest.raises(OSError, match=r"^\d+$"):
        flush_each(flush, range(count))
    assert done == {0, 1, 2, 3, 4}
    assert threading.active_count() == threads
