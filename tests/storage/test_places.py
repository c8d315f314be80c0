from collections.abc import Iterable
from typing import Any

import pytest

from torrent_peer.core.piece_set import PieceSet
from torrent_peer.storage.layout import Layout
from torrent_peer.storage.places import Home, Places
from torrent_peer.storage.record import PART

HOMES = {"P": Home.PLACE, "-": Home.PART, "0": Home.NOWHERE}


def places(sample: Any, homes: str) -> Places:
    return Places(Layout(sample.torrent.files, sample.torrent.geometry), [HOMES[home] for home in homes])


def test_bytes_go_into_place_or_part_file_or_nowhere(sample: Any, make_sample: Any) -> None:
    # piece 2 ends a, holds all of b and begins c
    assert list(places(sample, "PPPPP").place(2, 0, 64)) == [(0, 128, 22), (1, 0, 10), (3, 0, 32)]
    assert list(places(sample, "P-P-P").place(2, 0, 64)) == [(0, 128, 22), (PART, 22, 10), (PART, 32, 32)]
    assert list(places(sample, "---P-").place(7, 0, 64)) == [(3, 288, 12), (PART, 64 + 12, 52)]
    padded = places(make_sample(padding=True), "P0P0PP0P")
    assert list(padded.place(2, 0, 64)) == [(0, 128, 22), (None, 0, 42)]


def test_a_piece_of_unwanted_files_alone_has_no_place(sample: Any) -> None:
    with pytest.raises(ValueError) as error:
        list(places(sample, "-PPPP").place(0, 0, 1))
    assert str(error.value) == "piece 0 is of no wanted file and has no place on disk"
    with pytest.raises(IndexError):
        list(places(sample, "PPPPP").place(9, 0, 1))


@pytest.mark.parametrize(
    ("homes", "stored", "parted"),
    [
        ("PPPPP", [0, 1, 2, 3, 4, 5, 6, 7, 8], []),
        ("P----", [0, 1, 2], [2]),
        ("-P---", [2], [2]),
        ("--P--", [], []),
        ("---P-", [2, 3, 4, 5, 6, 7], [2, 7]),
        ("PP--P", [0, 1, 2, 7, 8], [2, 7]),
        ("-----", [], []),
    ],
)
def test_pieces_with_room_on_disk_and_in_the_part_file(
    sample: Any, homes: str, stored: list[int], parted: list[int]
) -> None:
    tested = places(sample, homes)
    assert list(tested.stored()) == stored
    assert list(tested.parted()) == parted
    assert tested.uses_part is ("-" in homes)
    assert tested.in_place() == [number for number, home in enumerate(homes) if home == "P"]


@pytest.mark.parametrize(
    ("homes", "present", "missing"),
    [
        ("PPPPP", [0, 1, 2, 3, 4], []),
        ("PPPPP", [0, 1, 3, 4], []),
        ("PPPPP", [0, 3, 4], [2]),
        ("PPPPP", [], [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        ("P----", [0, PART], []),
        ("P----", [0], [2]),
        ("P----", [PART], [0, 1, 2]),
    ],
)
def test_pieces_of_missing_files(sample: Any, homes: str, present: list[int], missing: list[int]) -> None:
    assert places(sample, homes).of_missing(present) == PieceSet(9, missing)


def test_what_the_part_file_holds_of_a_file(sample: Any) -> None:
    tested = places(sample, "P----")
    assert list(tested.parted_spans(1)) == [(22, (1, 0, 10))]
    assert list(tested.parted_spans(2)) == []
    assert list(tested.parted_spans(3)) == [(32, (3, 0, 32)), (64, (3, 288, 12))]
    assert list(tested.parted_spans(4)) == [(64 + 12, (4, 0, 52))]


@pytest.mark.parametrize("homes", ["PPPPP", "PPPP-"])
def test_a_run_of_pieces_has_the_bytes_of_its_pieces(sample: Any, homes: str) -> None:
    tested = places(sample, homes)
    for first in range(8):
        for end in range(first + 1, 8):
            whole = list(tested.place_run(range(first, end), 64 * (end - first)))
            single = [stretch for piece in range(first, end) for stretch in tested.place(piece, 0, 64)]
            assert _bytes_of(whole) == _bytes_of(single)
            assert homes != "PPPPP" or len(whole) == len({file for file, *_ in single})


def _bytes_of(stretches: Iterable[tuple[int | None, int, int]]) -> list[tuple[int | None, int]]:
    return [(file, offset + at) for file, offset, length in stretches for at in range(length)]
