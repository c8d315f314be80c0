"""ctorrent (Enhanced CTorrent, dnh): BEP 3 and nothing else, HTTP trackers only."""

from tests.interop.clients.job import Client, SeedJob
from tests.interop.programs import Program
from tests.interop.samples import NAME


def seed(job: SeedJob) -> Program:
    """Check the content and seed it."""
    argv = [
        "ctorrent",
        *("-s", str(job.content / NAME)),
        *("-p", str(job.port)),
        *("-e", "1"),  # hours to seed
        str(job.torrent),
    ]
    return job.start("ctorrent", argv)


CTORRENT = Client(name="ctorrent", program="ctorrent", seed=seed, udp_trackers=False)
