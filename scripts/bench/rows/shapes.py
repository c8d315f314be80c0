"""Row 3: other shapes of content: pieces of 256 KiB and of 4 MiB, and ten thousand small files."""

from typing import Final

from attrs import frozen

from bench.content import make_content
from bench.downloaders import OURS, TUNED
from bench.figures import Findings
from bench.options import Options
from bench.seeders import LIBTORRENT, cheapest, open_seeder
from bench.tracker import open_tracker
from bench.transfers import compare, note_transfers
from bench.units import GIB, KIB, MIB

TITLE: Final = "Shapes"
FILE: Final = 64 * KIB


@frozen
class Shape:
    """One kind of content."""

    name: str
    piece_length: int
    files: int
    seeder: str


def measure(options: Options) -> Findings:
    """Ours and libtorrent in turns, once for each shape."""
    findings = Findings()
    many = 10_000 if options.full else 1_000
    size = options.size or (2 * GIB if options.full else 128 * MIB)
    for shape in (
        Shape("pieces of 256 KiB", 256 * KIB, 1, cheapest()),
        Shape("pieces of 4 MiB", 4 * MIB, 1, cheapest()),
        Shape(f"{many:,} files of 64 KiB", 256 * KIB, many, LIBTORRENT),
    ):
        if not options.wants_source(shape.name):
            continue
        with open_tracker() as tracker:
            content = make_content(
                options.scratch,
                length=size if shape.files == 1 else shape.files * FILE,
                piece_length=shape.piece_length,
                files=shape.files,
                announce=tracker.url,
            )
            with open_seeder(shape.seeder, content, options.scratch) as seeder:
                tracker.peers = seeder.addresses
                names = [name for name in (OURS, TUNED) if options.wants(name)]
                runs = compare(names, content, seeder, options)
            note_transfers(findings, f"{content.describe()}, from {shape.seeder} ×1", shape.name, runs, {})
    return findings
