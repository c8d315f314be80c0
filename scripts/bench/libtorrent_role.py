"""libtorrent in a process of its own: a seeder, a leech, or a check. Run as a script; only the wheel is imported.

    libtorrent_role.py seed TORRENT FOLDER HOST…       one session for each HOST; prints "ports N N …"
    libtorrent_role.py crowded TORRENT FOLDER HOST     the same, open to 60,000 connections
    libtorrent_role.py leech TORRENT FOLDER HOST default|tuned [IP:PORT…]   prints "finished", then ends
    libtorrent_role.py check TORRENT FOLDER THREADS    prints "checked SECONDS"

A seeder that reads "mark" prints "first SECONDS" (monotonic) when its first payload byte has left.
"""

import select
import sys
import time
from collections.abc import Callable
from typing import Any

import libtorrent as lt

ISOLATED = {
    "enable_dht": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "enable_incoming_utp": False,
    "enable_outgoing_utp": False,
    "in_enc_policy": 2,  # pe_disabled
    "out_enc_policy": 2,
    "allow_multiple_connections_per_ip": True,
    "alert_mask": lt.alert.category_t.status_notification | lt.alert.category_t.error_notification,
}
TUNED = {
    "aio_threads": 2,
    "hashing_threads": 2,
    "max_queued_disk_bytes": 64 * 1024 * 1024,
    "max_out_request_queue": 2000,
    "max_allowed_in_request_queue": 4000,
    "send_buffer_watermark": 8 * 1024 * 1024,
    "send_buffer_watermark_factor": 200,
    "recv_socket_buffer_size": 0,
}
CROWDED = {
    "connections_limit": 60_000,
    "max_peerlist_size": 0,  # else it stops at 3,000
    "listen_queue_size": 4096,
    "alert_mask": 0,
}
POLL = 0.002
"""Seconds between two looks for the first byte."""


def session(host: str, more: dict[str, Any]) -> Any:  # noqa: ANN401  # libtorrent has no types
    """A session on `host` that speaks plain TCP and asks nobody but the torrent's tracker for peers."""
    own = {"listen_interfaces": f"{host}:0", "outgoing_interfaces": host}
    settings: Any = {**ISOLATED, **own, **more}
    return lt.session(settings)


def parameters(torrent: str, folder: str) -> Any:  # noqa: ANN401
    """What every role adds."""
    told = lt.add_torrent_params()
    told.ti = lt.torrent_info(torrent)
    told.save_path = folder
    told.flags |= lt.torrent_flags.disable_pex
    told.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    return told


def seed(torrent: str, folder: str, *hosts: str) -> None:
    """Serve, unchecked, until killed."""
    sessions = [session(host, TUNED) for host in hosts]
    handles = []
    for each in sessions:
        told = parameters(torrent, folder)
        told.flags |= lt.torrent_flags.seed_mode | lt.torrent_flags.override_trackers
        handles.append(each.add_torrent(told))
    while not all(handle.status().is_seeding for handle in handles):
        time.sleep(0.01)
    print("ports", *(each.listen_port() for each in sessions), flush=True)
    base: list[int] | None = None
    while True:
        if select.select([sys.stdin], [], [], None if base is None else POLL)[0]:
            if not sys.stdin.readline():
                return
            base = [handle.status(0).total_payload_upload for handle in handles]
            print("marked", flush=True)
        elif [handle.status(0).total_payload_upload for handle in handles] != base:
            print(f"first {time.monotonic():.6f}", flush=True)
            base = None


def crowded(torrent: str, folder: str, host: str) -> None:
    """Serve whoever comes, unchecked, until killed."""
    ours = session(host, CROWDED)
    told = parameters(torrent, folder)
    told.flags |= lt.torrent_flags.seed_mode
    ours.add_torrent(told).set_max_connections(60_000)
    print("ports", ours.listen_port(), flush=True)
    while True:
        time.sleep(3600)


def leech(torrent: str, folder: str, host: str, how: str, *peers: str) -> None:
    """Download; return when everything is verified and written."""
    ours = session(host, TUNED if how == "tuned" else {})
    told = parameters(torrent, folder)
    if peers:
        told.flags |= lt.torrent_flags.override_trackers
        told.peers = [(ip, int(port)) for ip, port in (peer.rsplit(":", 1) for peer in peers)]
    handle = ours.add_torrent(told)
    flushing = False
    while True:
        ours.wait_for_alert(1000)
        for alert in ours.pop_alerts():
            if isinstance(alert, lt.torrent_finished_alert):
                print("finished", flush=True)
                ours.apply_settings({"alert_mask": lt.alert.category_t.all_categories})
                handle.flush_cache()
                flushing = True
            elif flushing and isinstance(alert, lt.cache_flushed_alert):
                return
            elif isinstance(alert, (lt.file_error_alert, lt.torrent_error_alert)):
                raise SystemExit(alert.message())


def check(torrent: str, folder: str, threads: str) -> None:
    """Hash what is there, without a record of it."""
    ours = session("127.0.0.1", {**TUNED, "hashing_threads": int(threads)})
    told = parameters(torrent, folder)
    told.flags |= lt.torrent_flags.override_trackers
    begun = time.monotonic()
    handle = ours.add_torrent(told)
    while True:
        ours.wait_for_alert(1000)
        for alert in ours.pop_alerts():
            if isinstance(alert, lt.torrent_checked_alert):
                print(f"checked {time.monotonic() - begun:.6f}", flush=True)
                if not handle.status().is_seeding:
                    raise SystemExit("libtorrent finds it incomplete")
                return


if __name__ == "__main__":
    roles: dict[str, Callable[..., None]] = {"seed": seed, "crowded": crowded, "leech": leech, "check": check}
    roles[sys.argv[1]](*sys.argv[2:])
