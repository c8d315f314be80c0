import threading

import trio

from torrent_peer.net.disk import DiskThreads


async def test_jobs_run_off_the_loop_and_report_on_it() -> None:
    loop_thread = threading.get_ident()
    ran: list[int] = []
    reported: list[int] = []
    all_done = trio.Event()

    def done() -> None:
        reported.append(threading.get_ident())
        if len(reported) == 20:
            all_done.set()

    with trio.fail_after(5), DiskThreads() as disk:
        for _ in range(20):
            disk.submit(lambda: ran.append(threading.get_ident()), done)
        await all_done.wait()
    assert loop_thread not in ran
    assert set(reported) == {loop_thread}


async def test_leaving_waits_for_the_jobs_handed_in() -> None:
    ran: list[int] = []
    with DiskThreads(1) as disk:
        for number in range(50):
            disk.submit(lambda number=number: ran.append(number), lambda: None)  # type: ignore[misc]
    assert ran == list(range(50))


def test_a_loop_that_has_ended_is_no_error() -> None:
    gate = threading.Event()
    finished: list[bool] = []

    def job() -> None:
        gate.wait(5)
        finished.append(True)

    async def leave_a_job_behind() -> DiskThreads:
        disk = DiskThreads(1).__enter__()
        disk.submit(job, lambda: None)
        await trio.lowlevel.checkpoint()
        return disk

    disk = trio.run(leave_a_job_behind)
    gate.set()
    disk.__exit__()
    assert finished == [True]
