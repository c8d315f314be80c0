from pathlib import Path

import pytest
import trio
from attrs import evolve

from tests.session.stage import CONTENT, LOOPBACK, PLAIN, TORRENT, Audience
from torrent_peer.session.download import DownloadError, download
from torrent_peer.session.events import Completed
from torrent_peer.session.options import Ending
from torrent_peer.testing.scripted_peer import open_scripted_peer
from torrent_peer.testing.scripted_seed import serve


async def test_one_call_downloads_a_torrent(tmp_path: Path) -> None:
    audience = Audience()
    with trio.fail_after(5):
        async with open_scripted_peer(serve(TORRENT, CONTENT), info_hash=TORRENT.info_hash) as peer:
            await download(
                TORRENT, tmp_path, options=evolve(PLAIN, peers=(peer.address,)), session=LOOPBACK, on_event=audience
            )
    assert (tmp_path / TORRENT.name).read_bytes() == CONTENT
    assert len(audience.all(Completed)) == 1


async def test_an_end_without_everything_is_an_error_that_says_which(tmp_path: Path) -> None:
    (tmp_path / TORRENT.name).write_bytes(b"mine")
    with trio.fail_after(5), pytest.raises(DownloadError) as caught:
        await download(TORRENT, tmp_path, options=PLAIN, session=LOOPBACK)
    assert caught.value.ending is Ending.DISK
    assert str(caught.value).startswith(f"{tmp_path / TORRENT.name} already exists and holds nothing of this torrent")


async def test_cancelling_it_leaves_nothing_running(tmp_path: Path) -> None:
    with trio.fail_after(5):
        with trio.move_on_after(0.1) as scope:
            await download(TORRENT, tmp_path, options=PLAIN, session=LOOPBACK)
        assert scope.cancelled_caught
        assert trio.lowlevel.current_statistics().tasks_living < 10
