"""`torrent-peer show`: what a torrent says, its files numbered from 1, and what is odd about it."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from torrent_peer.cli.options import command, option, settings_of

if TYPE_CHECKING:
    from torrent_peer.metainfo.torrent import Torrent

FILES_SHOWN: Final = 20
"""Files listed without `--files`."""


@command("show", short_help="Say what is in a torrent.")
@click.argument("torrent", metavar="TORRENT")
@option("--files", is_flag=True, help=f"List every file, not the first {FILES_SHOWN} only.")
@click.pass_context
def show_command(ctx: click.Context, torrent: str, files: bool) -> None:
    """Show a torrent's name, info-hash, size, trackers, magnet link, warnings and files.

    TORRENT is a path, an http(s) URL, or '-' for standard input. The numbers are those 'download --select' takes.
    """
    from torrent_peer.cli.output import Output
    from torrent_peer.cli.source import read_torrent

    settings = settings_of(ctx)
    with Output(settings) as output:
        read = read_torrent(torrent)
        if settings.json:
            output.document(as_document(read))
            return
        for line in describe(read, all_files=files):
            output.result(line)


def describe(torrent: "Torrent", *, all_files: bool) -> list[str]:
    """The lines, not yet escaped."""
    from torrent_peer.cli.magnet import magnet_link
    from torrent_peer.cli.units import count, format_size

    geometry = torrent.geometry
    real = [file for file in torrent.files if not file.padding]
    pieces = f"{count(geometry.piece_count, 'piece')} of {format_size(geometry.piece_length)}"
    size = torrent.content_length
    rows = [
        ("name", torrent.name),
        ("info-hash", torrent.info_hash.hex()),
        ("size", f"{format_size(size)} ({size} bytes) in {count(len(real), 'file')}, {pieces}"),
        ("kind", _kind(torrent)),
        ("created", _created(torrent)),
        ("comment", torrent.comment or ""),
        ("source", torrent.source or ""),
        *((f"tracker {number}", ", ".join(tier)) for number, tier in enumerate(torrent.trackers, 1)),
        *(("web seed", url) for url in torrent.web_seeds),
        ("magnet", magnet_link(torrent)),
        *(("warning", warning) for warning in torrent.warnings),
    ]
    lines = [f"{label + ':':<11} {value}" for label, value in rows if value]
    shown = real if all_files else real[:FILES_SHOWN]
    width = len(str(len(real)))
    lines += ["files:", *(f"  {file.index:>{width}}  {format_size(file.length):>9}  {file.path}" for file in shown)]
    if len(shown) < len(real):
        lines.append(f"  and {len(real) - len(shown)} more; --files lists them")
    return lines


def as_document(torrent: "Torrent") -> dict[str, Any]:
    """What `--json` prints; sizes in bytes, dates in ISO 8601."""
    from torrent_peer.cli.magnet import magnet_link

    return {
        "name": torrent.name,
        "info_hash": torrent.info_hash.hex(),
        "size": torrent.content_length,
        "piece_length": torrent.geometry.piece_length,
        "pieces": torrent.geometry.piece_count,
        "private": torrent.private,
        "hybrid": torrent.is_hybrid,
        "single_file": torrent.is_single_file,
        "created": _date(torrent.creation_date),
        "created_by": torrent.created_by,
        "comment": torrent.comment,
        "source": torrent.source,
        "trackers": [list(tier) for tier in torrent.trackers],
        "web_seeds": list(torrent.web_seeds),
        "magnet": magnet_link(torrent),
        "warnings": list(torrent.warnings),
        "files": [
            {"index": file.index, "path": str(file.path), "size": file.length, "original": file.original}
            for file in torrent.files
            if not file.padding
        ],
    }


def _kind(torrent: "Torrent") -> str:
    kinds = ["v1 and v2 (hybrid)" if torrent.is_hybrid else "v1"]
    return ", ".join([*kinds, "private"] if torrent.private else kinds)


def _created(torrent: "Torrent") -> str:
    date = _date(torrent.creation_date)
    by = f"by {torrent.created_by}" if torrent.created_by else ""
    return " ".join(part for part in (date, by) if part)


def _date(seconds: int | None) -> str | None:
    """ISO 8601; None for what is no date."""
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return None
