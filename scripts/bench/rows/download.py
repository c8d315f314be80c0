"""Row 1: one torrent downloaded by every client, from a C seed, our own, and 1, 4 and 20 of libtorrent's."""

from contextlib import ExitStack
from typing import Final

from bench.content import make_content
from bench.downloaders import ARIA2, DEFAULT, OURS, RTORRENT, TRANSMISSION, TUNED, available
from bench.figures import Findings, ratio_to_limit
from bench.options import Options
from bench.processes import BenchError
from bench.seeders import LIBTORRENT, NATIVE, open_seeder
from bench.seeders import OURS as OUR_SEED
from bench.tracker import open_tracker
from bench.transfers import compare, note_transfers
from bench.units import GIB, MIB

TITLE: Final = "Download"
SEEDERS: Final = ((NATIVE, 1), (OUR_SEED, 1), (LIBTORRENT, 1), (LIBTORRENT, 4), (LIBTORRENT, 20))
CLIENTS: Final = (OURS, TUNED, DEFAULT, ARIA2, TRANSMISSION, RTORRENT)
QUICK: Final = (OURS, TUNED, ARIA2)
"""Those that are compared with every seeder; the slow ones meet a single one of libtorrent's."""
TARGETS: Final = {TUNED: 1.1, ARIA2: 1.4}
MOST_RSS: Final = 80 * MIB


def measure(options: Options) -> Findings:
    """All clients in turns, once for each kind of seeder."""
    findings = Findings()
    here, findings.missing = available([name for name in CLIENTS if options.wants(name)])
    with ExitStack() as stack:
        tracker = stack.enter_context(open_tracker())
        content = make_content(
            options.scratch,
            length=options.size or (2 * GIB if options.full else 128 * MIB),
            piece_length=options.piece_length or MIB,
            announce=tracker.url,
        )
        for kind, count in SEEDERS:
            source = f"{kind} ×{count}"
            if not options.wants_source(source):
                continue
            names = [name for name in here if name in QUICK or (kind, count) == (LIBTORRENT, 1)]
            try:
                with open_seeder(kind, content, options.scratch, count=count) as seeder:
                    tracker.peers = seeder.addresses
                    runs = compare(names, content, seeder, options)
            except BenchError as error:
                findings.missing.append(f"from {source}: {error}")
                continue
            note_transfers(findings, f"{content.describe()}, from {source}", f"from {source}", runs, TARGETS)
            if count == max(count for _, count in SEEDERS) and (ours := runs.get(OURS)):
                rss = [run.rss for run in ours]
                findings.ratios.append(ratio_to_limit(f"memory: 80 MiB, from {source}", MOST_RSS, rss))
    return findings
