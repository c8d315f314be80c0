"""qBittorrent without a window: a prewritten profile, its legal notice accepted."""

from tests.interop.clients.job import Client, Job
from tests.interop.programs import Program

CONFIG = r"""
[LegalNotice]
Accepted=true

[Preferences]
WebUI\Enabled=false
WebUI\Address=127.0.0.1
WebUI\Port={web_port}
WebUI\UseUPnP=false

[Network]
PortForwardingEnabled=false

[Application]
FileLogger\Enabled=false

[BitTorrent]
Session\AddTorrentPaused=false
Session\AddTorrentStopped=false
Session\BTProtocol=TCP
Session\DHTEnabled=false
Session\DefaultSavePath={content}
Session\Encryption=2
Session\GlobalDLSpeedLimit={rate}
Session\GlobalUPSpeedLimit={rate}
Session\IgnoreLimitsOnLAN=false
Session\InterfaceAddress={host}
Session\LSDEnabled=false
Session\MaxUploads={slots}
Session\MaxUploadsPerTorrent={slots}
Session\MultiConnectionsPerIp=true
Session\PeXEnabled={pex}
Session\Port={port}
Session\QueueingSystemEnabled=false
Session\TorrentContentLayout=Original
"""


def run(job: Job) -> Program:
    """Start it with a fresh profile and the torrent on its command line; it checks, fetches and seeds."""
    config = job.directory / "qBittorrent" / "config" / "qBittorrent.conf"
    config.parent.mkdir(parents=True)
    config.write_text(
        CONFIG.format(
            host=job.host,
            port=job.port,
            content=job.content,
            web_port=job.network.free_port(),
            rate=job.rate // 1024,  # 0: no limit
            slots=job.slots or -1,  # -1: no limit
            pex=str(job.pex).lower(),
        )
    )
    argv = [
        "qbittorrent-nox",
        f"--profile={job.directory}",
        f"--save-path={job.content}",
        "--skip-dialog=true",
        job.magnet or str(job.torrent),
    ]
    return job.start("qbittorrent", argv)


QBITTORRENT = Client(name="qbittorrent", calls_itself="qBittorrent", program="qbittorrent-nox", seed=run, leech=run)
