"""The bar while pieces are hashed: on a terminal, or when it is asked for."""

import pytest

from torrent_peer.cli.hash_bar import hash_bar
from torrent_peer.cli.settings import Settings


@pytest.mark.parametrize("settings", [Settings(), Settings(progress="line"), Settings(progress="none")])
def test_without_a_terminal_there_is_none(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    with hash_bar("name", settings) as told:
        assert told is None
    assert capsys.readouterr() == ("", "")


def test_asked_for_it_shows_the_name_and_the_share_on_stderr(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # how rich is told that this is a terminal
    with hash_bar("evil\x1b[2J", Settings(progress="bar", no_color=True)) as told:
        assert told is not None
        told(1, 2)
        told(2, 2)
    out, err = capsys.readouterr()
    assert out == ""
    assert "evil\\x1b[2J" in err
    assert "100.0%" in err
