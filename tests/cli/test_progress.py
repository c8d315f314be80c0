"""Which progress is shown, and what a line says."""

import json

import pytest

from tests.cli.fakes import peer, status
from torrent_peer.cli.bar import BarProgress
from torrent_peer.cli.output import Output
from torrent_peer.cli.progress import JsonProgress, LineProgress, NoProgress, choose_progress, percent, progress_line
from torrent_peer.cli.settings import Settings
from torrent_peer.metainfo.torrent import Torrent
from torrent_peer.session.status import State


@pytest.mark.parametrize(
    ("settings", "terminal", "kind"),
    [
        (Settings(), True, BarProgress),
        (Settings(), False, LineProgress),
        (Settings(quiet=True), True, NoProgress),
        (Settings(json=True), True, NoProgress),
        (Settings(json=True, progress="bar"), False, BarProgress),
        (Settings(progress="line"), True, LineProgress),
        (Settings(progress="json"), True, JsonProgress),
        (Settings(progress="none"), True, NoProgress),
    ],
)
def test_auto_is_a_bar_on_a_terminal_and_lines_elsewhere(
    settings: Settings, terminal: bool, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal, raising=False)
    assert type(choose_progress(settings, Output(settings))) is kind


def test_one_line_says_it_all(torrent: Torrent) -> None:
    now = status(torrent, peers=(peer(),))
    assert progress_line(now, None) == "sample: 50.0% of 89.1 KiB, 1.0 KiB/s, 45 s left, 1 peer"
    assert progress_line(now, 0.25) == "sample: checking what is on disk, 25%"
    stuck = status(torrent, download_rate=0.0, eta=None, why_slow="all choke us")
    assert progress_line(stuck, None) == "sample: 50.0% of 89.1 KiB, 0 B/s, 0 peers; all choke us"
    seeding = status(torrent, state=State.SEEDING, uploaded=2048, upload_rate=512.0)
    assert progress_line(seeding, None) == "sample: seeding, 2.0 KiB uploaded, 512 B/s, 0 peers"


def test_a_hundred_percent_is_never_shown_early(torrent: Torrent) -> None:
    total = 10**9
    assert percent(status(torrent, wanted=total, verified=total - 1)) == 99.9
    assert percent(status(torrent, wanted=total, verified=total)) == 100.0
    assert percent(status(torrent, wanted=0, verified=0)) == 100.0


def test_lines_with_v_have_the_peers_under_them(torrent: Torrent, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(verbose=1)
    LineProgress(settings, Output(settings)).show([status(torrent, peers=(peer(),))], [None])
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_json_progress_goes_to_stderr(torrent: Torrent, capsys: pytest.CaptureFixture[str]) -> None:
    JsonProgress().show([status(torrent)], [None])
    printed = capsys.readouterr()
    assert printed.out == ""
    assert json.loads(printed.err)["verified"] == torrent.geometry.total_length // 2
