"""Errors on their way out: one line, one code."""

import click
import pytest

from torrent_peer.cli.errors import CliError, explain, report
from torrent_peer.cli.exits import Exit


@pytest.mark.parametrize(
    ("error", "line", "code"),
    [
        (CliError("x: bad; do y", Exit.DISK), "x: bad; do y", 8),
        (click.UsageError("No such thing."), "No such thing; see 'torrent-peer --help'", 2),
        (click.FileError("f", "gone"), "Could not open file 'f': gone", 1),
        (KeyboardInterrupt(), "interrupted", 130),
        (BrokenPipeError(), "", 1),
        (FileNotFoundError(2, "No such file", "a/b"), "a/b: No such file", 1),
        (OSError("cannot listen on port 1"), "cannot listen on port 1", 1),
        (
            ZeroDivisionError("by zero"),
            "internal error: ZeroDivisionError: by zero; run again with -vv and report what it prints",
            1,
        ),
    ],
)
def test_each_error_has_its_line_and_code(error: BaseException, line: str, code: int) -> None:
    assert explain(error) == (line, code)


def test_what_a_nursery_wrapped_is_unwrapped(capsys: pytest.CaptureFixture[str]) -> None:
    wrapped = ExceptionGroup("outer", [ExceptionGroup("inner", [CliError("plain", Exit.NOBODY)])])
    assert report(wrapped, verbose=0) is Exit.NOBODY
    assert capsys.readouterr().err == "torrent-peer: plain\n"
