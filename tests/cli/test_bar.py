"""The live view on a terminal: painted when told, other lines above it, and a short last frame."""

from io import StringIO

from rich.console import Console

from tests.cli.fakes import HOSTILE, status
from tests.cli.terminal import Terminal
from torrent_peer.cli.bar import BarProgress
from torrent_peer.cli.look import Look
from torrent_peer.cli.output import Output
from torrent_peer.cli.settings import Settings
from torrent_peer.metainfo.torrent import Torrent


def test_notes_are_printed_above_and_a_short_frame_is_left(torrent: Torrent) -> None:
    settings, file, terminal = Settings(), StringIO(), Terminal(80, 24)
    output = Output(settings)
    console = Console(file=file, width=80, height=24, markup=False, force_terminal=True)
    looks = [Look(status=status(torrent), lately=[(1.0, "somebody left")])]
    with BarProgress(settings, output, console=console) as bar:
        bar.show(looks)
        output.note(f"by {HOSTILE} [red]")
        bar.show(looks)
        terminal.feed(file.getvalue())
        shown = len(file.getvalue())
        assert terminal.text[0] == "by evil\\x1b[2J\\u202eclient [red]"
        assert terminal.text[1].startswith("sample ")
        assert " 1 s ago somebody left" in terminal.text
    assert output.above is None
    terminal.feed(file.getvalue()[shown:])
    assert [line[:6] for line in terminal.text if line] == ["by evi", "sample", "[·····"]
    assert terminal.broken == terminal.unknown == []


def test_with_v_what_happened_is_told_above_only(torrent: Torrent) -> None:
    file = StringIO()
    console = Console(file=file, width=80, height=24, markup=False, force_terminal=True)
    settings = Settings(verbose=1)
    with BarProgress(settings, Output(settings), console=console) as bar:
        bar.show([Look(status=status(torrent), lately=[(1.0, "somebody left")])])
    assert "somebody left" not in file.getvalue()
