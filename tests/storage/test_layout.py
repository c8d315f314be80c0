from collections.abc import Sequence
from pathlib import PurePosixPath

import pytest

from torrent_peer.core.geometry import Geometry
from torrent_peer.metainfo.files import TorrentFile
from torrent_peer.storage.layout import Layout, Span


def layout(lengths: Sequence[int], piece_length: int = 10, *, padding: Sequence[int] = ()) -> Layout:
    files, offset, index = [], 0, 0
    for number, length in enumerate(lengths):
        index += number not in padding
        path = PurePosixPath(f"f{number}")
        files.append(
            TorrentFile(
                index=0 if number in padding else index,
                path=path,
                length=length,
                offset=offset,
                padding=number in padding,
                original=str(path),
            )
        )
        offset += length
    return Layout(files, Geometry(offset, piece_length))


@pytest.mark.parametrize(
    ("lengths", "block", "spans"),
    [
        ([25], (0, 0, 10), [(0, 0, 10)]),
        ([25], (2, 0, 5), [(0, 20, 5)]),
        ([25], (1, 3, 4), [(0, 13, 4)]),
        ([25], (1, 3, 0), []),
        ([4, 21], (0, 0, 10), [(0, 0, 4), (1, 0, 6)]),
        ([4, 21], (0, 4, 6), [(1, 0, 6)]),
        ([4, 21], (0, 3, 2), [(0, 3, 1), (1, 0, 1)]),
        ([0, 0, 4, 0, 6, 0], (0, 0, 10), [(2, 0, 4), (4, 0, 6)]),
        ([10, 0, 10], (1, 0, 10), [(2, 0, 10)]),
        ([1] * 10, (0, 2, 3), [(2, 0, 1), (3, 0, 1), (4, 0, 1)]),
    ],
)
def test_a_block_becomes_stretches_of_files(
    lengths: list[int], block: tuple[int, int, int], spans: list[tuple[int, int, int]]
) -> None:
    assert layout(lengths).spans(*block) == [Span(*span) for span in spans]


@pytest.mark.parametrize("block", [(0, 0, 11), (0, -1, 5), (0, 5, -1), (2, 0, 6), (3, 0, 1), (-1, 0, 1), (0, 2**64, 1)])
def test_outside_a_piece_there_are_no_stretches(block: tuple[int, int, int]) -> None:
    with pytest.raises(IndexError):
        layout([25]).spans(*block)


def test_every_byte_belongs_to_exactly_one_place() -> None:
    lengths = [3, 0, 17, 10, 1, 1, 8, 0, 23]
    tested = layout(lengths)
    for cut in range(1, 11):
        seen = []
        for piece in range(tested.geometry.piece_count):
            size = tested.geometry.piece_size(piece)
            for begin in range(0, size, cut):
                for span in tested.spans(piece, begin, min(cut, size - begin)):
                    seen += [(span.file, span.offset + at) for at in range(span.length)]
        assert seen == [(file, at) for file, length in enumerate(lengths) for at in range(length)]


@pytest.mark.parametrize(
    ("file", "part", "pieces"),
    [
        (0, (), [0]),
        (1, (), []),
        (2, (), [0, 1, 2]),
        (3, (), [2, 3]),
        (2, (0, 1), [0]),
        (2, (6, 7), [1]),
        (2, (7, 7), []),
        (2, (5, 99), [0, 1, 2]),
        (2, (21,), []),
        (2, (20, None), [2]),
    ],
)
def test_a_file_touches_pieces(file: int, part: tuple[int, ...], pieces: list[int]) -> None:
    assert list(layout([4, 0, 21, 10]).pieces_of(file, *part)) == pieces


def test_pieces_of_several_files_are_joined() -> None:
    tested = layout([4, 0, 21, 10])
    assert list(tested.pieces_touching([0, 3])) == [0, 2, 3]
    assert list(tested.pieces_touching([])) == []
    assert list(tested.files_of(2)) == [2, 3]


@pytest.mark.parametrize(
    ("lengths", "padding", "shared"),
    [
        ([25], [], []),
        ([10, 10, 5], [], []),
        ([4, 21, 10], [], [0, 2]),
        ([1] * 30, [], [0, 1, 2]),
        ([4, 6, 10], [1], []),
        ([4, 6, 4, 6, 3], [1, 3], []),
        ([4, 2, 14], [1], [0]),
        ([3, 0, 22, 0, 5], [], [0, 2]),
    ],
)
def test_pieces_of_two_real_files_have_a_slot(lengths: list[int], padding: list[int], shared: list[int]) -> None:
    tested = layout(lengths, padding=padding)
    assert list(tested.shared_pieces) == shared
    slots = {piece: tested.shared_slot(piece) for piece in range(tested.geometry.piece_count)}
    assert slots == {piece: shared.index(piece) if piece in shared else None for piece in slots}


def test_files_that_do_not_tile_the_content_are_refused() -> None:
    good = layout([4, 21])
    with pytest.raises(ValueError) as error:
        Layout([good.files[1]], Geometry(25, 10))
    assert str(error.value) == "file f1 is at 4, but the files before it end at 0"
    with pytest.raises(ValueError) as error:
        Layout(good.files, Geometry(26, 10))
    assert str(error.value) == "the files have 25 bytes, the content 26"
