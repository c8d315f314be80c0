"""The command: which rows, how large, where the results go."""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from compileall import compile_dir
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from bench import machine, network
from bench.figures import Findings
from bench.native import holding_memory
from bench.options import Options
from bench.processes import BenchError
from bench.units import RESULTS, ROOT, size_of

ROWS: Final = {
    "download": "2 GiB by every client, from a C seed, our own, and 1, 4 and 20 of libtorrent's",
    "limit": "the same beside the smallest C program that receives, hashes and writes",
    "shapes": "pieces of 256 KiB and 4 MiB, and 10,000 files",
    "seed": "our seed and libtorrent's, serving one and four libtorrent leeches",
    "recheck": "hashing what is in the page cache",
    "start": "a 64 KiB torrent from process start to verified file; --version; what is imported",
    "idle": "1,000, 5,000 and 10,000 idle connections to a seed, and the active ones beside them",
    "growth": "the picker, haves, the choker and a block, with ever more pieces, peers and torrents",
    "swarm": "30 of our leeches and one seed in one process: what the seed sends, in copies",
    "wire": "bytes through framing, decoding and legality, no I/O",
    "slow_link": "50 ms and 20 Mbit/s, through a shaping proxy",
}
"""Module of `bench.rows` → what it measures; in this order."""
_INSIDE: Final = "TORRENT_PEER_BENCH_INSIDE"
"""Set for the process that measures."""
NEEDS_NETWORK: Final = frozenset(ROWS) - {"swarm", "wire"}


def main(argv: list[str]) -> None:
    """Measure what was asked for; leaves with 1 when a row failed."""
    options = _parser().parse_args(argv)
    rows = list(dict.fromkeys(options.rows or ROWS))
    if options.plot:
        _plot(options.results)
    elif _INSIDE in os.environ:
        _measure_all(rows, options)
    else:
        raise SystemExit(_run_inside(NEEDS_NETWORK.isdisjoint(rows), options.directory))


def _run_inside(alone: bool, directory: Path | None) -> int:
    """Run this command in a process below, in a namespace unless it is fine `alone`; the status it left with.

    Whatever becomes of that process, its temporary directory is removed, and nothing it started is left running.
    """
    prefix = [] if alone else network.namespace()
    with TemporaryDirectory(prefix="torrent_peer-bench-", dir=directory, ignore_cleanup_errors=True) as scratch:
        inside = {**os.environ, _INSIDE: "alone" if alone else "network", "TMPDIR": scratch}
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        process = subprocess.Popen([*prefix, sys.executable, *sys.argv], env=inside)
        try:
            return process.wait()
        except KeyboardInterrupt:
            return 130
        finally:
            process.kill()
            process.wait()


def _measure_all(rows: list[str], options: argparse.Namespace) -> None:
    if os.environ.pop(_INSIDE) == "network":
        network.set_up(options.congestion)
    compile_dir(ROOT / "torrent_peer", quiet=2)  # the first run is to be like the others
    failed = []
    try:
        with holding_memory(options.hold_memory):
            for row in rows:
                scratch = Path(os.environ["TMPDIR"]) / row
                scratch.mkdir()
                try:
                    _measure(row, scratch, options)
                except BenchError as error:
                    print(f"bench: {row}: {error}", file=sys.stderr)
                    failed.append(row)
                shutil.rmtree(scratch, ignore_errors=True)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    if failed:
        raise SystemExit(f"bench: failed: {', '.join(failed)}")


def _plot(results: Path | None) -> None:
    from bench.plot import write_plot

    try:
        print(write_plot(results))
    except BenchError as error:
        raise SystemExit(f"bench: {error}") from None


def _measure(row: str, scratch: Path, options: argparse.Namespace) -> None:
    print(f"bench: {row}: {ROWS[row]}", file=sys.stderr)
    module = import_module(f"bench.rows.{row}")
    known = machine.facts()
    begun = time.monotonic()
    findings: Findings = module.measure(
        Options(
            full=options.full,
            runs=options.runs if options.runs is not None else 5 if options.full else 3,
            warm_up=options.warm_up,
            scratch=scratch,
            size=options.size,
            piece_length=options.piece_length,
            only=tuple(options.only or ()),
            sources=tuple(options.source or ()),
        )
    )
    known["seconds"] = round(time.monotonic() - begun, 1)
    known["load_at_the_end"] = round(os.getloadavg()[0], 2)
    text = f"## {module.TITLE}\n\n{findings.markdown()}\n\n{machine.describe(known)}\n"
    print(text, flush=True)
    if options.results:
        options.results.mkdir(parents=True, exist_ok=True)
        (options.results / f"{row}.md").write_text(text)
        document = json.dumps(_document(row, module.TITLE, known, findings), indent=1, ensure_ascii=False)
        (options.results / f"{row}.json").write_text(document + "\n")


def _document(row: str, title: str, known: dict[str, Any], findings: Findings) -> dict[str, Any]:
    return {
        "row": row,
        "title": title,
        "machine": known,
        "tables": [table.as_json() for table in findings.tables],
        "ratios": [ratio.as_json() for ratio in findings.ratios],
        "missing": findings.missing,
        "runs": findings.runs,
    }


def _parser() -> argparse.ArgumentParser:
    rows = "\n".join(f"  {name:<10} {what}" for name, what in ROWS.items())
    parser = argparse.ArgumentParser(
        prog="scripts/bench/run",
        description="What torrent_peer costs beside other clients. Everything takes turns; only ratios mean much.",
        epilog=f"rows (default: all):\n{rows}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("rows", nargs="*", choices=[*ROWS, []], metavar="ROW", help="what to measure; see below")
    add("--full", action="store_true", help="the sizes the targets are about, and 5 runs; else a quick look")
    add("--size", type=size_of, help="bytes of content instead, like 256M")
    add("--piece-length", type=size_of, help="like 256K")
    add("-n", "--runs", type=int, help="measured runs of everything")
    add("--warm-up", type=int, default=1, help="rounds before that are not kept (default 1)")
    add("--only", action="append", metavar="CLIENT", help="compare just these; a part of the name will do; repeatable")
    add("--source", action="append", metavar="SEEDER", help="download just from these, like 'C seed'; repeatable")
    add("--congestion", default="cubic", help="congestion control of all routes; 'default' leaves it (default cubic)")
    add(
        "--hold-memory",
        type=size_of,
        nargs="?",
        const=0,
        metavar="SIZE",
        help="keep free memory (default: nearly all) from going back to a virtual machine's host; see README",
    )
    add("--directory", type=Path, help="where content is kept meanwhile (default: the system's temporary directory)")
    add("--results", type=Path, metavar="DIRECTORY", help="write ROW.md and ROW.json there, too")
    add("--plot", action="store_true", help=f"measure nothing; draw ratios.svg from --results (default {RESULTS})")
    return parser
