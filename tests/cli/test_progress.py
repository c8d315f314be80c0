"""Which progress is shown, and what a line says."""

import json

import pytest

from tests.cli.fakes import peer, status
from torrent_peer.cli.bar import BarProgress
from torrent_peer.cli.look import Look
from torrent_peer.cli.output import Output
from torrent_peer.cli.progress import JsonProgress, LineProgress, NoProgress, choose_progress, percent, progress_line
from torrent_peer.cli.settings import Settings
from torrent_peer.metainfo.torrent import Torrent
from torrent_peer.session.status import State
from torrent_peer.wire.severity import Severity


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
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal, raising=False)
    assert type(choose_progress(settings, Output(settings))) is kind


@pytest.mark.parametrize("term", ["", "dumb", "unknown"])
def test_a_terminal_that_cannot_be_painted_on_gets_lines(term: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert type(choose_progress(Settings(), Output(Settings()))) is LineProgress


def test_one_line_says_it_all(torrent: Torrent) -> None:
    now = Look(status=status(torrent, peers=(peer(),)))
    assert progress_line(now) == "sample: 50.0% of 89.1 KiB, 1.0 KiB/s, 45 s left, 1 peer"
    checking = Look(status=status(torrent), checked=0.25, check_left=3.0)
    assert progress_line(checking) == "sample: checking what is on disk, 25%, 3.0 s left"
    stuck = Look(status=status(torrent, download_rate=0.0, eta=None, why_slow="all choke us"))
    assert progress_line(stuck) == "sample: 50.0% of 89.1 KiB, 0 B/s, 0 peers; all choke us"
    both_ways = status(torrent, uploaded=1, upload_rate=512.0)
    bent = Look(status=both_ways, severities={Severity.DEVIATION: 2, Severity.REDUNDANT: 9})
    said = "sample: 50.0% of 89.1 KiB, 1.0 KiB/s, up 512 B/s, 45 s left, 0 peers, 2 broken rules"
    assert progress_line(bent) == said
    seeding = Look(status=status(torrent, state=State.SEEDING, uploaded=2048, upload_rate=512.0))
    assert progress_line(seeding) == "sample: seeding, 2.0 KiB uploaded, 512 B/s, 0 peers"
    hiding = Look(status=status(torrent, state=State.SEEDING, super_seeding=True))
    assert progress_line(hiding).startswith("sample: super-seeding, ")


def test_a_hundred_percent_is_never_shown_early(torrent: Torrent) -> None:
    total = 10**9
    assert percent(status(torrent, wanted=total, verified=total - 1)) == 99.9
    assert percent(status(torrent, wanted=total, verified=total)) == 100.0
    assert percent(status(torrent, wanted=0, verified=0)) == 100.0


def test_lines_with_v_have_the_peers_under_them(torrent: Torrent, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(verbose=1)
    LineProgress(settings, Output(settings)).show([Look(status=status(torrent, peers=(peer(),)))])
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_json_progress_goes_to_stderr(torrent: Torrent, capsys: pytest.CaptureFixture[str]) -> None:
    JsonProgress().show([Look(status=status(torrent))])
    printed = capsys.readouterr()
    assert printed.out == ""
    assert json.loads(printed.err)["verified"] == torrent.geometry.total_length // 2
