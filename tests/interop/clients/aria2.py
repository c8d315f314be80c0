"""aria2: one command line, no configuration file. It speaks to UDP trackers only with its DHT on, which stays off."""

from tests.interop.clients.job import Client, SeedJob
from tests.interop.programs import Program


def seed(job: SeedJob) -> Program:
    """Check the content, then seed for as long as we let it."""
    options = {
        "bt-enable-lpd": "false",
        "bt-require-crypto": "false",
        "check-integrity": "true",
        "console-log-level": "info",
        "dir": str(job.content),
        "enable-dht": "false",
        "enable-dht6": "false",
        "enable-peer-exchange": "false",
        "file-allocation": "none",
        "interface": job.network.host,
        "listen-port": str(job.port),
        "seed-ratio": "0.0",
        "summary-interval": "0",
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    return job.start("aria2", ["aria2c", "--no-conf", *flags, str(job.torrent)])


ARIA2 = Client(name="aria2", calls_itself="aria2", program="aria2c", seed=seed, udp_trackers=False)
