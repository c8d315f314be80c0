"""The bar: as wide as the terminal at most, and nothing obeyed."""

from pathlib import Path

import pytest
from rich.console import Console

from tests.cli.fakes import HOSTILE, peer, status
from torrent_peer.cli.bar import BarProgress
from torrent_peer.cli.output import Output
from torrent_peer.cli.settings import Settings
from torrent_peer.metainfo.torrent import Torrent


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_bar_never_outgrows_the_terminal_nor_lets_a_name_through(
    torrent: Torrent, tmp_path: Path, width: int
) -> None:
    settings = Settings(verbose=1)
    with (tmp_path / "screen").open("w+") as screen:
        console = Console(file=screen, width=width, force_terminal=False, markup=False, emoji=False)
        bar = BarProgress(settings, Output(settings), console=console)
        now = status(torrent, name=f"[bold]:smile:{HOSTILE}" * 9, peers=(peer(),), why_slow="slow " * 50)
        console.print(bar.render([now, status(torrent)], [None, 0.5]))
        screen.seek(0)
        lines = screen.read().splitlines()
    assert max(map(len, lines)) <= width
    assert all(line.isprintable() for line in lines)
    assert lines[0].startswith("[bold")
    assert any("sample" in line and "50.0%" in line for line in lines)


def test_notes_are_printed_above_the_bar(torrent: Torrent, tmp_path: Path) -> None:
    settings = Settings()
    output = Output(settings)
    with (tmp_path / "screen").open("w+") as screen:
        with BarProgress(settings, output, console=Console(file=screen, width=80, markup=False)) as bar:
            bar.show([status(torrent)], [None])
            output.note(f"by {HOSTILE} [red]")
        assert output.above is None
        screen.seek(0)
        assert "by evil\\x1b[2J\\u202eclient [red]\n" in screen.read()
