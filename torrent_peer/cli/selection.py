"""Which files `--select` and `--match` mean."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from torrent_peer.cli.errors import CliError
from torrent_peer.cli.exits import Exit
from torrent_peer.cli.params import Ranges

if TYPE_CHECKING:
    from torrent_peer.metainfo.torrent import Torrent


def wanted_files(torrent: "Torrent", select: Ranges | None, patterns: Sequence[str]) -> frozenset[int] | None:
    """The numbers of the files meant, `None` for all; raises CliError when that is no file.

    `--select` and `--match` add up. A pattern matches the whole path or the file's own name, in any case.
    """
    if select is None and not patterns:
        return None
    files = {file.index: file.path for file in torrent.files if not file.padding}
    last = max(files)
    chosen: set[int] = set()
    for first, end in select or ():
        if end > last:
            raise CliError(f"--select: there is no file {end}; '{torrent.name}' has {last} (see show)", Exit.USAGE)
        chosen.update(range(first, end + 1))
    for pattern in patterns:
        wanted = pattern.casefold()
        found = {
            index
            for index, path in files.items()
            if fnmatchcase(str(path).casefold(), wanted) or fnmatchcase(path.name.casefold(), wanted)
        }
        if not found:
            raise CliError(f"--match: no file of '{torrent.name}' matches '{pattern}' (see show)", Exit.USAGE)
        chosen |= found
    return frozenset(chosen)
