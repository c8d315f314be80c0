"""libtorrent-rasterbar, from its PyPI wheel, in a process of its own."""

import json
import sys

from tests.interop.clients.job import Client, Job
from tests.interop.programs import Program

SCRIPT = """
import json, sys, time
import libtorrent as lt

category = lt.alert.category_t
KINDS = (
    category.error_notification | category.peer_notification
    | category.status_notification | category.tracker_notification
)
job = json.loads(sys.argv[1])
session = lt.session({
    "listen_interfaces": f"{job['host']}:{job['port']}",
    "outgoing_interfaces": job["host"],
    "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
    "enable_incoming_utp": False, "enable_outgoing_utp": False,
    "in_enc_policy": 2, "out_enc_policy": 2,  # pe_disabled
    "allow_multiple_connections_per_ip": True,
    "alert_mask": KINDS,
})
if job["rate"]:
    session.apply_settings({"upload_rate_limit": job["rate"], "download_rate_limit": job["rate"]})
if job["slots"]:
    session.apply_settings({"unchoke_slots_limit": job["slots"]})
if job["hasty"]:
    session.apply_settings({"unchoke_interval": 2, "optimistic_unchoke_interval": 4})
if job["stingy"]:
    session.apply_settings({"unchoke_slots_limit": 0})
everybody = lt.ip_filter()  # local peers, too, are of the class that the limits hold for
everybody.add_rule("0.0.0.0", "255.255.255.255", 1 << session.global_peer_class_id)
session.set_peer_class_filter(everybody)
if job["magnet"]:
    parameters = lt.parse_magnet_uri(job["magnet"])
else:
    parameters = lt.add_torrent_params()
    parameters.ti = lt.torrent_info(job["torrent"])
if job["one_file"]:
    parameters.file_priorities = [4] + [0] * (parameters.ti.num_files() - 1)
parameters.save_path = job["content"]
session.add_torrent(parameters)
while True:
    for alert in session.pop_alerts():
        print(alert.what(), alert.message(), flush=True)
    session.wait_for_alert(1000)
"""


def run(job: Job) -> Program:
    """Start a session with this one torrent: it checks what is there, fetches the rest, and seeds."""
    told = {
        "host": job.host,
        "port": job.port,
        "torrent": str(job.torrent),
        "content": str(job.content),
        "rate": job.rate,
        "slots": job.slots,
        "hasty": job.hasty,
        "stingy": job.stingy,
        "one_file": job.one_file,
        "magnet": job.magnet,
    }
    return job.start("libtorrent", [sys.executable, "-c", SCRIPT, json.dumps(told)])


LIBTORRENT = Client(name="libtorrent", calls_itself="libtorrent", program="", seed=run, leech=run)
