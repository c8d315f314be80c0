from pathlib import Path

import pytest

from torrent_peer.core.ids import InfoHash
from torrent_peer.storage.errors import Kind, StorageError
from torrent_peer.storage.names import HiddenNames, safe_parts

HASH = InfoHash(bytes(range(20)))


@pytest.mark.parametrize("parts", [("a",), ("a", "b c", "…"), ("...",), (" ",), (".hidden",), ("a", ".x.torrent-peer")])
def test_names_that_stay_below_the_root_pass(parts: tuple[str, ...]) -> None:
    assert safe_parts(parts, Path("/out")) == parts


@pytest.mark.parametrize(
    "parts",
    [
        (),
        ("",),
        (".",),
        ("..",),
        ("a", ".."),
        ("a", "", "b"),
        ("/",),
        ("/", "etc", "passwd"),
        ("a/b",),
        ("a", "../../x"),
        ("a\0b",),
        (".x.torrent-peer",),
        (".x.torrent-peer.part",),
        (".x.torrent-peer.new", "a"),
        (".line\nbreak.torrent-peer",),
    ],
)
def test_names_that_could_lead_elsewhere_are_refused(parts: tuple[str, ...]) -> None:
    with pytest.raises(StorageError) as error:
        safe_parts(parts, Path("/out"))
    assert error.value.kind is Kind.CONFLICT
    assert str(error.value).startswith("refusing to use ")
    assert str(error.value).endswith(" as a file name below /out")
    assert "\n" not in str(error.value)


def test_our_files_lie_hidden_beside_the_data() -> None:
    names = HiddenNames.of("film.mkv", HASH)
    assert names == HiddenNames(".film.mkv.torrent-peer", ".film.mkv.torrent-peer.part", ".film.mkv.torrent-peer.new")


@pytest.mark.parametrize("name", ["x" * 255, "ü" * 127, "\U0001f600" * 63])
def test_a_long_name_is_cut_to_what_a_file_system_takes(name: str) -> None:
    names = HiddenNames.of(name, HASH)
    assert len(names.part.encode()) <= 255
    assert names.record.endswith("~0001020304050607.torrent-peer")
    assert names != HiddenNames.of(name, InfoHash(bytes(20)))
    assert name.startswith(names.record[1 : names.record.index("~")])
