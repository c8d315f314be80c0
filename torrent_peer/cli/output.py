"""Where lines go: results to stdout, notes to stderr, everything to the log; each line escaped at this door."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from torrent_peer.cli.errors import CliError
from torrent_peer.cli.escape import escape, to_json
from torrent_peer.cli.notes import Notes
from torrent_peer.cli.settings import Settings


class Output:
    """The one that prints. A context manager: it closes the log."""

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._clock = clock
        self._log: TextIO | None = None
        self._notes = Notes()
        self.above: Callable[[str], None] | None = None
        """How to print a line above a live display, while there is one."""
        self.reader_gone = False
        """Whether nobody reads our stdout any more."""

    def __enter__(self) -> Self:
        if self._settings.log_file is not None:
            self._log = open_for_writing(self._settings.log_file, "--log-file", append=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._log is not None:
            self._log.close()

    def result(self, line: str = "") -> None:
        """What the command was asked for."""
        self._log_line(line)
        if self._settings.json:
            self._stderr(line)
        elif not self._settings.quiet and self.above is not None:
            self.above(escape(line))
        elif not self._settings.quiet:
            self._stdout(escape(line))

    def note(self, line: str, *, level: int = 0) -> None:
        """What happens meanwhile; shown when at least `level` `-v` were given."""
        self._log_line(line)
        if self._settings.verbose >= level:
            self._stderr(line)

    def complain(self, line: str) -> None:
        """An error that does not end the command by itself; shown even with `-q`."""
        self._log_line(line)
        self._notes.write(f"torrent-peer: {escape(line)}")

    def event(self, event: Mapping[str, object]) -> None:
        """One NDJSON line on stdout, with `--json`."""
        if self._settings.json:
            self._stdout(to_json(event))

    def document(self, value: object) -> None:
        """The answer of a command that has one, with `--json`."""
        self._stdout(to_json(value))

    def _stderr(self, line: str) -> None:
        if self._settings.quiet:
            return
        if self.above is not None:
            self.above(escape(line))
        else:
            self._notes.write(escape(line))

    def _stdout(self, line: str) -> None:
        if self.reader_gone:
            return
        try:
            print(line, flush=True)
        except BrokenPipeError:
            self.reader_gone = True

    def _log_line(self, line: str) -> None:
        if self._log is None or not line:
            return
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self._clock()))
        try:
            print(stamp, escape(line), file=self._log, flush=True)
        except OSError as error:
            broken, self._log = self._log, None
            with suppress(OSError):  # what it still holds cannot be written either
                broken.close()
            self.note(f"--log-file: {error.strerror}; nothing more is logged")


def open_for_writing(path: Path, flag: str, *, append: bool = False, buffer: int = -1) -> TextIO:
    """Open the file a flag names, with a buffer of so many bytes; raises CliError that names the flag."""
    try:
        return path.open("a" if append else "w", buffering=buffer, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise CliError(f"{flag}: {path}: {error.strerror}; choose another file") from error
