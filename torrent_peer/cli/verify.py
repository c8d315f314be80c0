"""`torrent-peer verify`: hash the data on disk and name what is wrong, by piece and by file."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from torrent_peer.cli.errors import CliError
from torrent_peer.cli.exits import Exit
from torrent_peer.cli.hash_bar import hash_bar
from torrent_peer.cli.options import command, settings_of
from torrent_peer.core.values import frozen

if TYPE_CHECKING:
    from torrent_peer.cli.settings import Settings
    from torrent_peer.core.piece_set import PieceSet
    from torrent_peer.metainfo.torrent import Torrent, TorrentFile

MAX_LINES: Final = 50
"""Damaged files listed; `--json` lists all."""
MAX_RANGES: Final = 12


@frozen
class Damage:
    """What is wrong with one file."""

    file: "TorrentFile"
    bad: tuple[int, ...]
    """Pieces that touch it and are wrong."""
    pieces: int
    """Pieces that touch it."""
    on_disk: int | None
    """Bytes; None when it is missing."""


@frozen
class Verdict:
    """What hashing found."""

    torrent: "Torrent"
    bad: tuple[int, ...]
    """Wrong or missing pieces."""
    damaged: tuple[Damage, ...]


@command("verify", short_help="Hash the data on disk, name what is wrong.")
@click.argument("torrent", metavar="TORRENT")
@click.argument("path", default=".", type=click.Path(path_type=Path), metavar="[PATH]")
@click.pass_context
def verify_command(ctx: click.Context, torrent: str, path: Path) -> int:
    """Hash the data of TORRENT, and name bad pieces and the files they touch; exit 6 if there are any.

    PATH is the directory the torrent was saved in, or its content itself. [default: here] Nothing is written.
    """
    from torrent_peer.cli.output import Output
    from torrent_peer.cli.source import read_torrent

    settings = settings_of(ctx)
    with Output(settings) as output:
        read = read_torrent(torrent)
        verdict = _verify(read, content_root(read, path), settings)
        if settings.json:
            output.document(as_document(verdict))
        else:
            for line in describe(verdict):
                output.result(line)
        return int(Exit.VERIFICATION if verdict.bad or verdict.damaged else Exit.DONE)


def content_root(torrent: "Torrent", path: Path) -> Path:
    """The directory that holds the torrent's content, whether `path` is that or the content itself."""
    top = next(file for file in torrent.files if not file.padding).path.parts[0]
    real = path.resolve()  # it may be '.', or a link the user made
    if real.is_file() and real.name != top:
        raise CliError(f"{path}: the torrent's file is called '{top}'; rename it, or give its directory", Exit.USAGE)
    if real.name == top and not (real / top).exists() and real.exists():
        return real.parent
    if not path.exists():
        raise CliError(f"{path}: no such file or directory; give the one the torrent was saved in", Exit.USAGE)
    return path


def _verify(torrent: "Torrent", root: Path, settings: "Settings") -> Verdict:
    from torrent_peer.core.piece_set import PieceSet
    from torrent_peer.storage.check import check_pieces
    from torrent_peer.storage.errors import StorageError
    from torrent_peer.storage.pool import FilePool
    from torrent_peer.storage.store import Store

    interrupted = threading.Event()
    everything = PieceSet.full(torrent.geometry.piece_count)
    try:
        with (
            FilePool() as pool,
            Store.open(torrent, root, pool=pool, overwrite=True, read_only=True) as store,
            hash_bar(torrent.name, settings) as progress,
        ):
            good = check_pieces(store, everything, progress=progress, cancelled=interrupted.is_set)
            return judge(torrent, good, root)
    except StorageError as error:
        raise CliError(str(error), Exit.DISK) from error
    except KeyboardInterrupt:
        interrupted.set()
        raise


def judge(torrent: "Torrent", good: "PieceSet", root: Path) -> Verdict:
    """The verdict, from the pieces that are right and the sizes on disk."""
    bad = tuple(piece for piece in range(torrent.geometry.piece_count) if piece not in good)
    wrong = frozenset(bad)
    damaged = []
    for file in torrent.files:
        if file.padding:
            continue
        touched = _pieces_of(torrent, file)
        on_disk = _size(root / file.path)
        of_it = tuple(piece for piece in touched if piece in wrong)
        if of_it or on_disk != file.length:
            damaged.append(Damage(file, of_it, len(touched), on_disk))
    return Verdict(torrent, bad, tuple(damaged))


def describe(verdict: Verdict) -> list[str]:
    """The lines, not yet escaped."""
    from torrent_peer.cli.units import count, format_size

    torrent, total = verdict.torrent, verdict.torrent.geometry.piece_count
    if not verdict.bad and not verdict.damaged:
        return [f"{torrent.name}: all {count(total, 'piece')} right, {format_size(torrent.content_length)}"]
    lines = [f"{torrent.name}: {len(verdict.bad)} of {count(total, 'piece')} wrong"]
    lines += [f"  {d.file.index}  {d.file.path}: {_damage(d)}" for d in verdict.damaged[:MAX_LINES]]
    if len(verdict.damaged) > MAX_LINES:
        lines.append(f"  and {len(verdict.damaged) - MAX_LINES} more files")
    lines.append("  'torrent-peer download' with the same directory fetches what is wrong")
    return lines


def as_document(verdict: Verdict) -> dict[str, Any]:
    """What `--json` prints."""
    torrent = verdict.torrent
    return {
        "name": torrent.name,
        "info_hash": torrent.info_hash.hex(),
        "ok": not verdict.bad and not verdict.damaged,
        "pieces": torrent.geometry.piece_count,
        "bad_pieces": list(verdict.bad),
        "damaged_files": [
            {
                "index": damage.file.index,
                "path": str(damage.file.path),
                "size": damage.file.length,
                "size_on_disk": damage.on_disk,
                "bad_pieces": list(damage.bad),
            }
            for damage in verdict.damaged
        ],
    }


def ranges(numbers: tuple[int, ...]) -> str:
    """ "0-3, 7, 9-11", cut after a dozen."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    shown = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs[:MAX_RANGES])
    return shown + (", …" if len(runs) > MAX_RANGES else "")


def _damage(damage: Damage) -> str:
    if damage.on_disk is None:
        return "missing"
    parts = []
    if damage.on_disk != damage.file.length:
        parts.append(f"{damage.on_disk} bytes instead of {damage.file.length}")
    if damage.bad:
        parts.append(f"{len(damage.bad)} of {damage.pieces} pieces wrong ({ranges(damage.bad)})")
    return "; ".join(parts)


def _pieces_of(torrent: "Torrent", file: "TorrentFile") -> range:
    length = torrent.geometry.piece_length
    return range(file.offset // length, -(-file.end // length)) if file.length else range(0)


def _size(path: Path) -> int | None:
    try:
        return path.lstat().st_size
    except OSError:
        return None
