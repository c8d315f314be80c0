"""Lines go where they belong, and always escaped."""

from pathlib import Path

import pytest

from torrent_peer.cli.errors import CliError
from torrent_peer.cli.output import Output
from torrent_peer.cli.settings import Settings

EVIL = "a\x1b]0;b\x07\u202e\n"
SAFE = "a\\x1b]0;b\\x07\\u202e\\n"


@pytest.mark.parametrize(
    ("settings", "out", "err"),
    [
        (Settings(), ["result"], ["note 0"]),
        (Settings(verbose=1), ["result"], ["note 0", "note 1"]),
        (Settings(json=True), ['{"k": "v"}'], ["result", "note 0"]),
        (Settings(quiet=True, verbose=2), [], []),
    ],
)
def test_results_and_notes(
    settings: Settings, out: list[str], err: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    output = Output(settings)
    output.result("result")
    for level in (0, 1):
        output.note(f"note {level}", level=level)
    output.event({"k": "v"})
    printed = capsys.readouterr()
    assert (printed.out.splitlines(), printed.err.splitlines()) == (out, err)


def test_nothing_gets_past_unescaped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Output(Settings(log_file=tmp_path / "log"), clock=lambda: 0.0) as output:
        output.result(EVIL)
        output.note(EVIL)
        output.complain(EVIL)
    printed = capsys.readouterr()
    assert printed.out == f"{SAFE}\n"
    assert printed.err == f"{SAFE}\ntorrent-peer: {SAFE}\n"
    log = (tmp_path / "log").read_text().splitlines()
    assert [line[20:] for line in log] == [SAFE] * 3


def test_a_log_that_cannot_be_written_is_an_error_that_names_the_flag(tmp_path: Path) -> None:
    with pytest.raises(CliError) as caught, Output(Settings(log_file=tmp_path)):
        pass
    assert str(caught.value) == f"--log-file: {tmp_path}: Is a directory; choose another file"


def test_a_full_disk_ends_the_log_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    with Output(Settings(log_file=Path("/dev/full"))) as output:
        output.result("one")
        output.result("two")
    printed = capsys.readouterr()
    assert printed.out == "one\ntwo\n"
    assert printed.err == "--log-file: No space left on device; nothing more is logged\n"


def test_a_reader_that_left_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **more: object) -> None:
        raise BrokenPipeError

    output = Output(Settings(json=True))
    monkeypatch.setattr("builtins.print", broken)
    output.event({})
    assert output.reader_gone
