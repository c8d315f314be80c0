"""The demo's own judgement of what came."""

from pathlib import Path

import pytest

from torrent_peer.cli.exits import Exit
from torrent_peer.cli.output import Output
from torrent_peer.cli.settings import Settings
from torrent_peer.cli.swarm_demo import compare, make_sample
from torrent_peer.storage.check import check_pieces
from torrent_peer.storage.pool import FilePool
from torrent_peer.storage.store import Store

SIZE = 300_000


def test_every_seeder_has_the_sample_whole(tmp_path: Path) -> None:
    homes = [tmp_path / "one", tmp_path / "two"]
    torrent = make_sample(homes, SIZE, ["http://t.example/announce"])
    assert torrent.content_length >= SIZE
    assert torrent.trackers == (("http://t.example/announce",),)
    for home in homes:
        with FilePool() as pool, Store.open(torrent, home, pool=pool, read_only=True) as store:
            everything = store.wanted_pieces()
            assert check_pieces(store, everything) == everything


def test_one_wrong_byte_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torrent = make_sample([tmp_path / "one"], SIZE, [])
    make_sample([tmp_path / "two"], SIZE, [])
    output = Output(Settings())
    assert compare(torrent, tmp_path / "one", tmp_path / "two", output) is Exit.DONE
    file = next((tmp_path / "two").rglob("large.bin"))
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    assert compare(torrent, tmp_path / "one", tmp_path / "two", output) is Exit.VERIFICATION
    assert capsys.readouterr().err == "torrent-peer: not as the seeders have it: 1 file; please report this\n"
