"""What stderr does not take at once is left out, and counted."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from torrent_peer.cli.notes import LONGEST, Notes


@contextmanager
def pipe_as_stderr(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The other end of a pipe that is our stderr; pytest's own is put in place after the fixtures."""
    source, sink = os.pipe()
    with os.fdopen(sink, "w") as stream, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stream)
        yield source
    os.close(source)


def test_an_unread_pipe_never_makes_us_wait_and_the_lost_lines_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    with pipe_as_stderr(monkeypatch) as reader:
        notes = Notes()
        for number in range(3000):
            notes.write(f"{number} {'x' * 100}")
        lost = notes.dropped
        assert 0 < lost < 3000
        read = os.read(reader, 1 << 20).decode().splitlines()
        assert len(read) == 3000 - lost
        notes.write("read again")
        assert (
            os.read(reader, LONGEST).decode()
            == f"torrent-peer: nobody read: {lost} lines are left out here\nread again\n"
        )
        assert notes.dropped == 0


def test_a_line_that_a_pipe_might_not_take_whole_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    with pipe_as_stderr(monkeypatch) as reader:
        Notes().write("ü" * LONGEST)
        read = os.read(reader, 1 << 20)
        assert len(read) <= LONGEST
        assert read.decode().endswith("ü...\n")


def test_where_nothing_can_be_asked_everything_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    Notes().write("a line")
    assert capsys.readouterr().err == "a line\n"
