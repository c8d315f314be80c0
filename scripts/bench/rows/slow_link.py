"""What helps loopback must not hurt a real network: 50 ms and 20 Mbit/s, through a shaping proxy.

The proxy is `torrent_peer.testing.open_link`: TCP to both ends, so latency and bandwidth are real and loss is not: a
lost packet would be repeated between the proxy and an end, unseen. With latency both ways a request waits 100 ms.
"""

import sys
from typing import Final

from bench.content import make_content
from bench.downloaders import ARIA2, DEFAULT, OURS, TUNED, available, peer
from bench.figures import Findings
from bench.network import HOSTS
from bench.options import Options
from bench.processes import running
from bench.seeders import LIBTORRENT, open_seeder
from bench.tracker import open_tracker
from bench.transfers import compare, note_transfers
from bench.units import BENCH, MIB

TITLE: Final = "A slow link"
LATENCY: Final = 0.025
"""Seconds each way: 50 ms there and back."""
RATE: Final = 20_000_000 // 8
"""Bytes a second."""
NO_SLOWER: Final = 0.97
"""The link is the limit for all; what is less than this is not noise."""


def measure(options: Options) -> Findings:
    """Everybody through the same proxy, in turns."""
    findings = Findings()
    here, findings.missing = available([name for name in (OURS, TUNED, DEFAULT, ARIA2) if options.wants(name)])
    with open_tracker() as tracker:
        content = make_content(
            options.scratch,
            length=options.size or (32 * MIB if options.full else 16 * MIB),
            piece_length=options.piece_length or MIB,
            announce=tracker.url,
        )
        with open_seeder(LIBTORRENT, content, options.scratch) as seeder:
            argv = [sys.executable, str(BENCH / "link_role.py"), HOSTS[-2], peer(seeder.addresses[0])]
            with running([*argv, str(LATENCY), str(RATE)], directory=options.scratch, ready=r"port (\d+)\n") as link:
                tracker.peers = [(HOSTS[-2], int(link.found[1]))]
                runs = compare(here, content, seeder, options)
    floor = content.length / RATE
    note_transfers(
        findings,
        f"{content.describe()}, 50 ms and 20 Mbit/s",
        "50 ms, 20 Mbit/s",
        runs,
        dict.fromkeys(runs, NO_SLOWER),
        cpu=False,
    )
    findings.tables[-1].notes.append(f"The link itself needs {floor:.2f} s for so many bytes.")
    return findings
