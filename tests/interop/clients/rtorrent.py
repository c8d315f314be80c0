"""rTorrent in daemon mode (0.9.7 and later), which needs no terminal."""

from pathlib import Path

from tests.interop.clients.job import Client, Job
from tests.interop.programs import Program

RC = """
system.daemon.set = true
network.bind_address.set = {host}
network.port_range.set = {port}-{port}
network.port_random.set = no
network.port_open.set = yes
dht.mode.set = disable
protocol.pex.set = {pex}
protocol.encryption.set = none
trackers.use_udp.set = yes
directory.default.set = {content}
log.open_file = "log", (cat, {log})
log.add_output = "info", "log"
log.add_output = "tracker_debug", "log"
log.add_output = "torrent_debug", "log"
log.add_output = "connection_info", "log"
throttle.global_up.max_rate.set_kb = {rate}
throttle.global_down.max_rate.set_kb = {rate}
throttle.max_uploads.set = {slots}
load.start = {torrent}
"""


def run(job: Job) -> Program:
    """Start it with a configuration of our own and no session directory; it checks, fetches and seeds."""
    rc = job.directory / "rtorrent.rc"
    rc.write_text(
        RC.format(
            host=job.host,
            port=job.port,
            content=job.content,
            torrent=job.torrent if job.magnet is None else _wrapped(job.magnet, job.directory),
            pex="yes" if job.pex else "no",
            log=job.directory / "rtorrent-own.log",
            rate=job.rate // 1024,  # 0: no limit
            slots=job.slots or 50,  # its own default
        )
    )
    return job.start("rtorrent", ["rtorrent", "-n", "-o", f"import={rc}"])


def _wrapped(magnet: str, directory: Path) -> Path:
    """A magnet link as rTorrent's watch directories take it."""
    path = directory / "magnet.torrent"
    path.write_bytes(b"d10:magnet-uri%d:%se" % (len(magnet), magnet.encode()))
    return path


RTORRENT = Client(name="rtorrent", calls_itself="rTorrent", program="rtorrent", seed=run, leech=run)
