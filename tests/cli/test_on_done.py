"""`--on-done` starts a program, never a shell."""

import sys
from pathlib import Path

import pytest

from torrent_peer.cli.errors import CliError
from torrent_peer.cli.on_done import Finished, parse_on_done, run_on_done

EVIL = "x; touch owned $(touch owned) `touch owned` -rf \n"


def test_a_hostile_name_is_a_value_and_no_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    program = "import os; open('said', 'w').write(os.environ['TORRENT_PEER_NAME'])"
    run_on_done((sys.executable, "-c", program), Finished(EVIL + "\0end", tmp_path, "ab"))
    assert Path("said").read_text() == EVIL + "end"
    assert not Path("owned").exists()


def test_the_command_is_split_and_nothing_in_it_expanded() -> None:
    assert parse_on_done("notify 'all done' $HOME *.iso; ls") == ("notify", "all done", "$HOME", "*.iso;", "ls")


@pytest.mark.parametrize(
    ("text", "said"),
    [("say 'hi", "'say 'hi': no closing quotation; quote as in a shell"), (" ", "is empty; name a program")],
)
def test_a_command_that_is_none(text: str, said: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_on_done(text)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("false",), "--on-done: false: ended with 1; the download itself is complete"),
        (("/no/such",), "--on-done: /no/such: No such file or directory; name a program that exists"),
    ],
)
def test_a_program_that_fails_is_named(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    with pytest.raises(CliError) as caught:
        run_on_done(words, Finished("x", tmp_path, "ab"))
    assert str(caught.value) == said
