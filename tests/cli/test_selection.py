"""Which files are meant."""

import pytest

from torrent_peer.cli.params import Ranges
from torrent_peer.cli.selection import wanted_files
from torrent_peer.metainfo.create import create_torrent
from torrent_peer.metainfo.torrent import parse_torrent

FILES = {"A.TXT": b"1", "cd1/b.flac": b"2", "cd2/c.flac": b"3", "[x].txt": b"4"}


@pytest.mark.parametrize(
    ("select", "patterns", "wanted"),
    [
        (None, [], None),
        (((2, 3),), [], {2, 3}),
        (None, ["*.flac"], {2, 3}),
        (None, ["*.txt"], {1, 4}),
        (None, ["album/cd1/*"], {2}),
        (None, ["b.FLAC"], {2}),
        (((1, 1),), ["*cd2*"], {1, 3}),
        (None, ["[[]x].txt"], {4}),
    ],
)
def test_numbers_and_patterns_add_up(select: Ranges | None, patterns: list[str], wanted: set[int] | None) -> None:
    torrent = parse_torrent(create_torrent("album", FILES, padding=True, piece_length=16384))
    assert wanted_files(torrent, select, patterns) == wanted
