"""Flushing many files: several at once, because a journal writes in one go whatever waits for it."""

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

THREADS: Final = 8
"""Flushes under way at a time. 1,000 new files of 64 KiB on ext4: 2.6 s one after the other, 0.6 s by 2, 0.3 s by 8."""
THREADS_ASIDE: Final = 2
"""The same while pieces arrive: more would keep those who write them from their turns. 10,000 files of 64 KiB took 0.75
of the time, with 0.8 of the CPU."""
FEW: Final = 16
"""Files that are not worth a thread."""


def flush_each(flush: Callable[[int], None], files: Iterable[int], *, aside: bool = False) -> None:
    """Call `flush` with each of the files, in order if they are few, else from several threads.

    `aside`: other work goes on, and is not to be held up.
    Raises the first of its errors, when all calls have returned; after an error no further call begins.
    """
    todo = list(files)
    if len(todo) <= FEW:
        for file in todo:
            flush(file)
        return
    threads = THREADS_ASIDE if aside else THREADS
    flushing = _Flushing(flush, todo)
    helpers = [threading.Thread(target=flushing.work, name=f"torrent_peer flush {n}") for n in range(1, threads)]
    with suppress(RuntimeError):  # the system gives no more threads: this one does what the others would have
        for helper in helpers:
            helper.start()
    flushing.work()
    for helper in helpers:
        if helper.ident is not None:
            helper.join()
    if flushing.error is not None:
        raise flushing.error


class _Flushing:
    """One run, shared by its threads."""

    def __init__(self, flush: Callable[[int], None], files: list[int]) -> None:
        self._flush = flush
        self._files = files[::-1]
        self.error: BaseException | None = None

    def work(self) -> None:
        while self.error is None:
            try:
                file = self._files.pop()
            except IndexError:
                return
            try:
                self._flush(file)
            except BaseException as error:  # whatever it is belongs to the caller, not to a thread
                self.error = self.error or error
