"""ctorrent (Enhanced CTorrent, dnh): BEP 3 and nothing else, HTTP trackers only."""

from tests.interop.clients.job import Client, SeedJob
from tests.interop.programs import Program
from tests.interop.samples import NAME


def seed(job: SeedJob) -> Program:
    """Seed the content without a check, during which it would announce itself as a downloader for 15 s."""
    argv = [
        "ctorrent",
        "-f",
        *("-s", str(job.content / NAME)),
        *("-p", str(job.port)),
        *("-e", "1"),  # hours to seed
        str(job.torrent),
    ]
    return job.start("ctorrent", argv)


CTORRENT = Client(name="ctorrent", calls_itself="CTorrent", program="ctorrent", seed=seed, udp_trackers=False)
