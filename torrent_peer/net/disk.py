"""Long-lived threads that hash and write, so that the loop never waits for a disk."""

import threading
from collections.abc import Awaitable, Callable
from queue import SimpleQueue
from typing import Final, Protocol, TypeVar

import trio

DISK_THREADS: Final = 6
"""Two cores' worth of hashing, and more to keep a disk busy that is written to directly. Measured: 2, 4, 6 and 8
threads; Trio's own thread pool costs 113 µs a piece."""

Job = Callable[[], None]
ResultT = TypeVar("ResultT")


class Run(Protocol):
    """How a call that blocks is made without keeping the loop waiting; raises what the call raises."""

    def __call__(self, function: Callable[[], ResultT]) -> Awaitable[ResultT]: ...


async def on_a_thread(function: Callable[[], ResultT]) -> ResultT:
    """`Run` on one of Trio's threads."""
    return await trio.to_thread.run_sync(function)


class Disk(Protocol):
    """Who does what blocks."""

    async def run(self, function: Callable[[], ResultT]) -> ResultT:
        """The result of `function`; raises what it raises."""

    def submit(self, job: Job, done: Job) -> None:
        """Have `job` done, then call `done` on the Trio thread, which must be quick; neither raises anything."""


class DiskThreads:
    """Runs jobs on a few own threads and reports each one's end on the Trio thread, in order of completion.

    A job raises nothing: it keeps its outcome where `done` finds it. Used as a context manager; leaving waits for the
    jobs that were handed in.
    """

    def __init__(self, threads: int = DISK_THREADS) -> None:
        self._queue: SimpleQueue[tuple[Job, Job] | None] = SimpleQueue()
        self._count = threads
        self._threads: list[threading.Thread] = []
        self._token: trio.lowlevel.TrioToken | None = None

    def __enter__(self) -> "DiskThreads":
        self._token = trio.lowlevel.current_trio_token()
        for number in range(self._count):
            thread = threading.Thread(target=self._work, name=f"torrent_peer disk {number}", daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(self, *exc: object) -> None:
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    async def run(self, function: Callable[[], ResultT]) -> ResultT:
        """The result of `function`, called on one of Trio's threads; raises what it raises."""
        return await on_a_thread(function)

    def submit(self, job: Job, done: Job) -> None:
        """Run `job` on a thread, then `done` on the Trio thread; `done` must be quick and raise nothing."""
        self._queue.put((job, done))

    def _work(self) -> None:
        assert self._token is not None
        while (entry := self._queue.get()) is not None:
            job, done = entry
            job()
            try:
                self._token.run_sync_soon(done)
            except trio.RunFinishedError:
                return
