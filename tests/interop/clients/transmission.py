"""Transmission's daemon: a prewritten settings.json and a watch directory; no RPC."""

import json
import shutil

from tests.interop.clients.job import Client, Job
from tests.interop.programs import Program


def run(job: Job) -> Program:
    """Start the daemon in the foreground with the torrent in its watch directory; it checks, fetches and seeds."""
    config, watch = job.directory / "config", job.directory / "watch"
    config.mkdir()
    watch.mkdir()
    if job.magnet is None:
        shutil.copy(job.torrent, watch)
    else:
        (watch / "sample.magnet").write_text(job.magnet)
    settings = {
        "bind-address-ipv4": job.host,
        "cache-size-mb": 0,  # what has come is on disk
        "dht-enabled": False,
        "download-dir": str(job.content),
        "encryption": 0,  # prefer plaintext
        "incomplete-dir-enabled": False,
        "lpd-enabled": False,
        "message-level": 2,
        "peer-port": job.port,
        "pex-enabled": job.pex,
        "port-forwarding-enabled": False,
        "rename-partial-files": False,
        "rpc-enabled": False,
        "speed-limit-down": job.rate // 1024,
        "speed-limit-down-enabled": job.rate > 0,
        "speed-limit-up": job.rate // 1024,
        "speed-limit-up-enabled": job.rate > 0,
        "trash-original-torrent-files": False,
        "upload-slots-per-torrent": job.slots or 14,  # its own default
        "utp-enabled": False,
        "watch-dir": str(watch),
        "watch-dir-enabled": True,
    }
    (config / "settings.json").write_text(json.dumps(settings))
    return job.start("transmission", ["transmission-daemon", "--foreground", "--config-dir", str(config)])


TRANSMISSION = Client(
    name="transmission", calls_itself="Transmission", program="transmission-daemon", seed=run, leech=run
)
