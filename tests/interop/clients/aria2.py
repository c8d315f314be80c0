"""aria2: one command line, no configuration file. It speaks to UDP trackers only with its DHT on, which stays off."""

from tests.interop.clients.job import Client, Job
from tests.interop.programs import Program


def run(job: Job) -> Program:
    """Check the content, fetch what is not there, then seed for as long as we let it."""
    options = {
        "bt-enable-lpd": "false",
        "bt-require-crypto": "false",
        "check-integrity": "true",
        "console-log-level": "info",
        "dir": str(job.content),
        "enable-dht": "false",
        "enable-dht6": "false",
        "enable-peer-exchange": str(job.pex).lower(),
        "file-allocation": "none",
        "interface": job.host,
        "listen-port": str(job.port),
        "seed-ratio": "0.0",
        "summary-interval": "0",
    }
    if job.rate:
        options["max-upload-limit"] = options["max-download-limit"] = str(job.rate)
    flags = [f"--{name}={value}" for name, value in options.items()]
    return job.start("aria2", ["aria2c", "--no-conf", *flags, job.magnet or str(job.torrent)])


ARIA2 = Client(name="aria2", calls_itself="aria2", program="aria2c", seed=run, leech=run, udp_trackers=False)
