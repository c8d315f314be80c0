"""`torrent-peer create`: a .torrent of what is on disk, read back by our own reader before it is written."""

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from torrent_peer.cli.errors import CliError
from torrent_peer.cli.exits import Exit
from torrent_peer.cli.hash_bar import hash_bar
from torrent_peer.cli.options import command, option, settings_of
from torrent_peer.cli.units import count, format_size, parse_size

if TYPE_CHECKING:
    from torrent_peer.cli.output import Output
    from torrent_peer.cli.settings import Settings
    from torrent_peer.metainfo.description import Labels
    from torrent_peer.metainfo.torrent import Torrent
    from torrent_peer.storage.source import Source

LEAST_PIECE, MOST_PIECE = 16 * 1024, 64 * 1024 * 1024
"""Bytes that `--piece-length` may be; one block, and what a peer can be asked to keep until it is whole."""
KINDS: Final = ("1", "2", "hybrid")
TRACKERS: Final = ("http://", "https://", "udp://")
WEB_SEEDS: Final = ("http://", "https://")

POLICY: Final = """Files are taken in the order of the bytes of their paths. Names that begin with a dot are left out
unless --hidden is given; symbolic links, pipes, sockets and devices below PATH are errors, to be left out with
--exclude, because nobody could seed them. Every -t begins a tier; trackers that are equals share one, with commas
between them. A comma inside a URL is written %2C."""


def parse_piece_length(text: str) -> int:
    """Bytes: a power of two from 16K to 64M."""
    length = parse_size(text)
    if not LEAST_PIECE <= length <= MOST_PIECE or length & (length - 1):
        raise ValueError(f"'{text}' is no power of two from 16K to 64M; write 256K or 1M")
    return length


def parse_tier(text: str) -> tuple[str, ...]:
    """Trackers that are equals, with commas between them."""
    return tuple(_url(url, TRACKERS, "an http, https or udp URL") for url in text.split(","))


def parse_web_seed(text: str) -> str:
    """An address the content can be had from (BEP 19)."""
    return _url(text, WEB_SEEDS, "an http or https URL")


@command("create", short_help="Make a .torrent of a file or a folder.", more_help=POLICY)
@click.argument("path", type=click.Path(path_type=Path), metavar="PATH")
@option("-o", "--out", type=click.Path(path_type=Path), help="File or directory to write to. [default: NAME.torrent]")
@option(
    "-t", "--tracker", multiple=True, metavar="URL[,URL…]", parse=parse_tier, help="A tier of trackers; repeatable."
)
@option("-w", "--webseed", multiple=True, metavar="URL", parse=parse_web_seed, help="A web seed.")
@option("-c", "--comment", metavar="TEXT", help="A comment.")
@option("-p", "--private", is_flag=True, help="Peers come from the trackers alone (BEP 27).")
@option("-s", "--source", metavar="TEXT", help="Where it is from; makes it another torrent than without.")
@option("--piece-length", metavar="SIZE", parse=parse_piece_length, help="Like 256K. [default: about 1000 pieces]")
@option(
    "kind", "--version", type=click.Choice(["1", "2", "hybrid"]), default="1", show_default=True, help="Of BitTorrent."
)
@option("--no-date", is_flag=True, help="Leave the date out: the same content gives the same bytes.")
@option("--exclude", multiple=True, metavar="GLOB", help="Leave out what matches, by path or by name; repeatable.")
@option("--hidden", is_flag=True, help="Take names that begin with a dot, too.")
@option("--overwrite", is_flag=True, help="Write over an existing file.")
@click.pass_context
def create_command(ctx: click.Context, /, path: Path, **flags: Any) -> int:  # noqa: ANN401
    """Hash the file or folder PATH and write a .torrent that describes it.

    The file appears only when all is hashed and our own reader finds in it what is on disk.
    """
    from torrent_peer.cli.output import Output

    settings = settings_of(ctx)
    if flags["kind"] != "1":
        raise CliError(f"--version {flags['kind']}: not yet; only version 1 can be created so far", Exit.USAGE)
    with Output(settings) as output:
        source = look(path, flags["exclude"], hidden=flags["hidden"])
        target = choose_target(source, flags["out"], overwrite=flags["overwrite"])
        torrent = make(source, flags["piece_length"], labels_of(flags), settings)
        write(target, torrent.raw, overwrite=flags["overwrite"])
        _tell(output, settings, source, torrent, target)
        return int(Exit.DONE)


def look(path: Path, patterns: Sequence[str], *, hidden: bool) -> "Source":
    """What the torrent is to be made of; raises CliError."""
    from torrent_peer.storage.errors import Kind, StorageError
    from torrent_peer.storage.source import look_at

    try:
        source = look_at(path, hidden=hidden, excluded=_matcher(patterns))
    except StorageError as error:
        raise CliError(str(error), Exit.USAGE if error.kind is Kind.MISSING else Exit.DISK) from error
    if not source.length:
        left = source.hidden + source.excluded
        beside = f" besides what is left out ({left})" if left else ""
        raise CliError(f"{path}: holds no data{beside}; there is nothing to make a torrent of", Exit.BAD_TORRENT)
    for file in source.files:
        try:
            "/".join(file.parts).encode()
        except UnicodeEncodeError:
            shown = source.root.joinpath(*file.parts)
            raise CliError(
                f"{shown}: its name is not UTF-8; rename it, or leave it out with --exclude", Exit.BAD_TORRENT
            ) from None
    return source


def choose_target(source: "Source", out: Path | None, *, overwrite: bool) -> Path:
    """Where the .torrent goes, before anything is hashed; raises CliError."""
    target = Path(f"{source.name}.torrent") if out is None else out
    if target.is_dir():
        target /= f"{source.name}.torrent"
    content = source.root / source.name
    if content in (target.parent.resolve() / target.name).parents:
        raise CliError(f"{target}: lies inside what it is to describe; choose another place with -o", Exit.USAGE)
    if target.resolve() == content:
        raise CliError(f"{target}: is what it is to describe; choose another place with -o", Exit.USAGE)
    if not target.parent.is_dir():
        raise CliError(f"{target}: there is no directory {target.parent}; choose another place with -o", Exit.USAGE)
    if not overwrite and (target.exists() or target.is_symlink()):
        raise _exists(target)
    return target


def labels_of(flags: dict[str, Any]) -> "Labels":
    """What the flags say besides the content; raises CliError."""
    import time

    from torrent_peer import __version__
    from torrent_peer.metainfo.description import Labels

    for name in ("comment", "source"):
        try:
            (flags[name] or "").encode()
        except UnicodeEncodeError:
            raise CliError(f"--{name}: is not UTF-8", Exit.USAGE) from None
    return Labels(
        trackers=flags["tracker"],
        web_seeds=flags["webseed"],
        private=flags["private"],
        comment=flags["comment"],
        created_by=f"torrent_peer {__version__}",
        creation_date=None if flags["no_date"] else int(time.time()),
        source=flags["source"],
    )


def make(source: "Source", piece_length: int | None, labels: "Labels", settings: "Settings") -> "Torrent":
    """Hash everything and read the result back; raises CliError."""
    from torrent_peer.metainfo.description import Listing, choose_piece_length, describe
    from torrent_peer.metainfo.torrent import TorrentError, parse_torrent
    from torrent_peer.storage.errors import StorageError
    from torrent_peer.storage.hashing import hash_pieces

    length = piece_length or choose_piece_length(source.length)
    try:
        with hash_bar(source.name, settings) as progress:
            pieces = hash_pieces(source, length, progress=progress)
    except StorageError as error:
        raise CliError(str(error), Exit.DISK) from error
    listings = [Listing(tuple(part.encode() for part in file.parts[1:]), file.length) for file in source.files]
    content = source.length if source.is_file else listings
    try:
        torrent = parse_torrent(describe(source.name, content, piece_length=length, pieces=pieces, labels=labels))
    except TorrentError as error:
        raise CliError(f"{source.root / source.name}: {error}", Exit.BAD_TORRENT) from error
    for file, read in zip(source.files, torrent.files, strict=True):
        if read.path.parts != file.parts:
            raise CliError(
                f"{source.root.joinpath(*file.parts)}: others would save it as '{read.path}', so that it could not be "
                "seeded from here; rename it, or leave it out with --exclude",
                Exit.BAD_TORRENT,
            )
    return torrent


def write(target: Path, data: bytes, *, overwrite: bool) -> None:
    """Write the .torrent, all of it or none; raises CliError."""
    try:
        with target.open("wb" if overwrite else "xb") as file:
            try:
                file.write(data)
                file.flush()
            except OSError:
                if target.is_file():  # and no device
                    target.unlink()
                raise
    except FileExistsError as error:
        raise _exists(target) from error
    except OSError as error:
        raise CliError(f"{target}: {error.strerror}; choose another place with -o", Exit.DISK) from error


def _tell(output: "Output", settings: "Settings", source: "Source", torrent: "Torrent", target: Path) -> None:
    if source.hidden:
        output.note(f"left out: {count(source.hidden, 'hidden name')}; --hidden takes them")
    if torrent.private and not torrent.trackers:
        output.note("it is private and has no tracker: nobody will find it; name one with -t")
    for warning in torrent.warnings:
        output.note(f"{torrent.name}: {warning}")
    if settings.json:
        from torrent_peer.cli.show import as_document

        output.document({"path": str(target), **as_document(torrent)})
        return
    geometry = torrent.geometry
    pieces = f"{count(geometry.piece_count, 'piece')} of {format_size(geometry.piece_length)}"
    files = count(len(source.files), "file")
    output.result(f"{target}: {files}, {format_size(source.length)}, {pieces}")
    output.result(f"  info-hash {torrent.info_hash.hex()}")


def _matcher(patterns: Sequence[str]) -> Callable[[str], bool]:
    folded = [pattern.casefold() for pattern in patterns]

    def matches(path: str) -> bool:
        names = (path.casefold(), path.rpartition("/")[2].casefold())
        return any(fnmatchcase(name, pattern) for pattern in folded for name in names)

    return matches


def _exists(target: Path) -> CliError:
    return CliError(f"{target}: exists already; choose another name with -o, or --overwrite it", Exit.OVERWRITE)


def _url(text: str, schemes: Sequence[str], what: str) -> str:
    url = text.strip()
    if not url.isascii() or not url.isprintable() or not url.lower().startswith(tuple(schemes)):
        raise ValueError(f"'{text}' is not {what}")
    return url
