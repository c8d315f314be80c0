import errno
import os
import random
import resource
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.storage.descriptors import is_open
from torrent_peer.storage.pool import LEAST_OPEN, MOST_OPEN, FilePool, default_limit


class Files:
    """Numbered files that count how often they are opened."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.opened: list[int] = []

    def opener(self, number: int) -> Callable[[], int]:
        def open_file() -> int:
            self.opened.append(number)
            return os.open(self.directory / str(number), os.O_RDWR | os.O_CREAT)

        return open_file


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def use(pool: FilePool, files: Files, number: int, *, owner: object = 0, writable: bool = False) -> int:
    with pool.lease((owner, number), files.opener(number), writable=writable) as fd:
        return fd


def test_a_file_stays_open_for_the_next_user(files: Files) -> None:
    with FilePool(2) as pool:
        assert use(pool, files, 1) == use(pool, files, 1)
        assert files.opened == [1]
        assert len(pool) == 1
    assert len(pool) == 0


def test_the_least_recently_used_file_is_closed_first(files: Files) -> None:
    with FilePool(2) as pool:
        for number in (1, 2, 1, 3, 1, 2):
            use(pool, files, number)
        assert len(pool) == 2
    assert files.opened == [1, 2, 3, 2]


def test_a_file_opened_for_reading_is_opened_anew_to_be_written(files: Files) -> None:
    with FilePool(2) as pool:
        with pool.lease((0, 1), files.opener(1), writable=False) as reading:
            with pool.lease((0, 1), files.opener(1), writable=True) as writing:
                assert reading != writing
                assert is_open(reading)
            assert len(pool) == 1
        assert not is_open(reading)
        assert use(pool, files, 1) == writing
        assert use(pool, files, 1, writable=True) == writing
    assert files.opened == [1, 1]


def test_a_file_in_use_is_never_closed_under_its_user(files: Files) -> None:
    with FilePool(1) as pool:
        with pool.lease((0, 1), files.opener(1), writable=False) as fd:
            use(pool, files, 2)
            assert is_open(fd)
            assert len(pool) == 2  # over the limit as long as it must be
        use(pool, files, 3)
        assert len(pool) == 1
        use(pool, files, 1)
    assert files.opened == [1, 2, 3, 1]


def test_an_owner_takes_only_its_own_files_away(files: Files) -> None:
    with FilePool(8) as pool:
        mine, theirs = use(pool, files, 1, owner="me"), use(pool, files, 2, owner="them")
        with pool.lease(("me", 3), files.opener(3), writable=True) as busy:
            pool.discard("me")
            assert not is_open(mine)
            assert is_open(theirs)
            assert is_open(busy)
        assert not is_open(busy)
        assert len(pool) == 1


def test_closing_waits_for_users_only(files: Files) -> None:
    pool = FilePool(8)
    with pool.lease((0, 1), files.opener(1), writable=True) as busy:
        idle = use(pool, files, 2)
        pool.close()
        assert not is_open(idle)
        assert is_open(busy)
    assert not is_open(busy)


def failing(times: int, number: int, then: Callable[[], int]) -> Callable[[], int]:
    left = [times]

    def open_file() -> int:
        if left[0]:
            left[0] -= 1
            raise OSError(number, os.strerror(number))
        return then()

    return open_file


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
def test_without_descriptors_idle_files_are_closed_and_it_is_tried_again(files: Files, number: int) -> None:
    with FilePool(8) as pool:
        for n in (1, 2, 3):
            use(pool, files, n)
        with pool.lease((0, 4), failing(2, number, files.opener(4)), writable=True):
            assert len(pool) == 2
        assert pool.with_room(failing(1, number, lambda: 7)) == 7
        assert len(pool) == 1


def test_without_descriptors_and_idle_files_a_user_is_waited_for(files: Files) -> None:
    with FilePool(8) as pool:
        started, done = threading.Event(), threading.Event()

        def hold() -> None:
            with pool.lease((0, 1), files.opener(1), writable=True):
                started.set()
                done.wait(5)

        holder = threading.Thread(target=hold)
        holder.start()
        started.wait(5)
        tried = []

        def open_file() -> int:
            tried.append(len(pool))
            if len(tried) == 1:
                done.set()
                raise OSError(errno.EMFILE, "none left")
            return files.opener(2)()

        with pool.lease((0, 2), open_file, writable=True):
            pass
        holder.join()
        assert len(tried) >= 2


def test_waiting_for_a_descriptor_has_an_end(files: Files) -> None:
    with FilePool(8) as pool, pool.lease((0, 1), files.opener(1), writable=True):
        pool.patience = 0.01
        with pytest.raises(OSError, match="none left"):
            pool.with_room(_never)


def _never() -> int:
    raise OSError(errno.EMFILE, "none left")


def test_without_anybody_to_wait_for_it_fails_at_once(files: Files) -> None:
    with FilePool(8) as pool, pytest.raises(OSError, match="none left"):
        pool.with_room(_never)


def test_other_errors_are_not_tried_again(files: Files) -> None:
    with FilePool(8) as pool:
        use(pool, files, 1)
        with (
            pytest.raises(PermissionError),
            pool.lease((0, 2), failing(1, errno.EACCES, files.opener(2)), writable=True),
        ):
            pytest.fail("it was tried again")
        assert len(pool) == 1


def test_who_wants_a_file_that_is_being_opened_waits_for_it_and_others_do_not(files: Files) -> None:
    with FilePool(8) as pool:
        found: list[int] = []
        waiting = threading.Thread(target=lambda: found.append(use(pool, files, 1)))

        def open_file() -> int:
            waiting.start()
            use(pool, files, 2)  # another file: nobody stands in its way
            assert pool.peek((0, 1), is_open) is None
            waiting.join(0.05)
            assert not found
            return files.opener(1)()

        with pool.lease((0, 1), open_file, writable=True) as fd:
            waiting.join(5)
            assert found == [fd]
    assert files.opened == [2, 1]


def test_who_waited_for_a_file_that_could_not_be_opened_tries_it_too(files: Files) -> None:
    with FilePool(8) as pool:
        waiting = threading.Thread(target=lambda: use(pool, files, 1))

        def open_file() -> int:
            waiting.start()
            raise PermissionError("not now")

        with pytest.raises(PermissionError), pool.lease((0, 1), open_file, writable=True):
            pytest.fail("it was opened")
        waiting.join(5)
        assert files.opened == [1]
        assert len(pool) == 1


@pytest.mark.parametrize("away", [lambda pool: pool.drop((0, 1)), lambda pool: pool.discard(0), FilePool.close])
def test_a_file_taken_away_while_it_is_being_opened_is_closed_after_use(
    files: Files, away: Callable[[FilePool], None]
) -> None:
    pool = FilePool(8)

    def open_file() -> int:
        away(pool)
        return files.opener(1)()

    with pool.lease((0, 1), open_file, writable=True) as fd:
        assert is_open(fd)
        assert len(pool) == 0
    assert not is_open(fd)
    with pytest.raises(PermissionError), pool.lease((0, 1), failing(1, errno.EACCES, open_file), writable=True):
        pytest.fail("it was opened")
    assert len(pool) == 0


def test_many_threads_share_few_files(files: Files) -> None:
    dice = random.Random(7)
    orders = [[dice.randrange(6) for _ in range(300)] for _ in range(6)]
    errors: list[BaseException] = []

    def work(pool: FilePool, order: list[int]) -> None:
        try:
            for number in order:
                with pool.lease((0, number), files.opener(number), writable=number % 2 == 0) as fd:
                    assert os.readlink(f"/proc/self/fd/{fd}").endswith(f"/{number}")
                    if number == 3:
                        pool.drop((0, 3))
        except BaseException as error:
            errors.append(error)

    before = len(os.listdir("/proc/self/fd"))
    with FilePool(3) as pool:
        threads = [threading.Thread(target=work, args=(pool, order)) for order in orders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert not errors
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    ("soft", "limit"),
    [(16, LEAST_OPEN), (64, 16), (256, 64), (1024, MOST_OPEN), (10**6, MOST_OPEN), (resource.RLIM_INFINITY, MOST_OPEN)],
)
def test_the_limit_follows_the_process(monkeypatch: pytest.MonkeyPatch, soft: int, limit: int) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, soft))
    assert default_limit() == limit
    assert FilePool().limit == limit
    assert FilePool(3).limit == 3


def test_a_peek_waits_for_nobody(files: Files, pool: FilePool) -> None:
    assert pool.peek(("a", 1), is_open) is None
    with pool.lease(("a", 1), files.opener(1), writable=False):
        assert pool.peek(("a", 1), is_open) is True
    assert pool.peek(("a", 1), is_open) is True
    with pool._changed:  # as a thread that opens a file has it
        found: list[bool | None] = []
        thread = threading.Thread(target=lambda: found.append(pool.peek(("a", 1), is_open)))
        thread.start()
        thread.join()
    assert found == [None]
