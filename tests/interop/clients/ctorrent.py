"""ctorrent (Enhanced CTorrent, dnh): BEP 3 and nothing else, HTTP trackers only."""

from tests.interop.clients.job import Client, Job
from tests.interop.programs import Program
from tests.interop.samples import NAME


def seed(job: Job) -> Program:
    """Seed the content without a check, during which it would announce itself as a downloader for 15 s."""
    return _run(job, "-f")


def leech(job: Job) -> Program:
    """Download into a directory where nothing is."""
    return _run(job)


def _run(job: Job, *more: str) -> Program:
    argv = [
        "ctorrent",
        *more,
        *("-s", str(job.content / NAME)),
        *("-p", str(job.port)),
        *("-e", "1"),  # hours to seed
        *(("-U", str(job.rate // 1024), "-D", str(job.rate // 1024)) if job.rate else ()),
        str(job.torrent),
    ]
    return job.start("ctorrent", argv)


CTORRENT = Client(
    name="ctorrent", calls_itself="CTorrent", program="ctorrent", seed=seed, leech=leech, udp_trackers=False
)
