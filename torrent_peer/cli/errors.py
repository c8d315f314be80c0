"""Errors on their way to a person: one line that says what was wrong, where, and what to do."""

import sys
import traceback
from typing import Final

import click

from torrent_peer.cli.escape import escape
from torrent_peer.cli.exits import Exit

TRACEBACK_VERBOSITY: Final = 2
"""How many `-v` show a traceback."""


class CliError(Exception):
    """An error meant for the user; `str()` is the one line, without the program's name."""

    def __init__(self, message: str, code: Exit = Exit.ERROR) -> None:
        super().__init__(message)
        self.code = code


def report(error: BaseException, *, verbose: int) -> Exit:
    """Print what the user should know of `error` on stderr; the exit code to leave with."""
    error = _innermost(error)
    if verbose >= TRACEBACK_VERBOSITY and not isinstance(error, click.ClickException | click.Abort):
        for line in "".join(traceback.format_exception(error)).splitlines():
            print(escape(line), file=sys.stderr)
    message, code = explain(error)
    if message:
        print(f"torrent-peer: {escape(message)}", file=sys.stderr)
    return code


def explain(error: BaseException) -> tuple[str, Exit]:
    """The line and the exit code for `error`; an empty line says nothing."""
    if isinstance(error, CliError):
        return str(error), error.code
    if isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx is not None else "torrent-peer"
        return f"{error.format_message().rstrip('.')}; see '{path} --help'", Exit.USAGE
    if isinstance(error, click.ClickException):
        return error.format_message(), Exit.ERROR
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return "interrupted", Exit.INTERRUPTED
    if isinstance(error, BrokenPipeError):
        return "", Exit.ERROR
    if isinstance(error, OSError):
        where = f"{error.filename}: " if isinstance(error.filename, str) else ""
        return f"{where}{error.strerror or error}", Exit.ERROR
    return f"internal error: {type(error).__name__}: {error}; run again with -vv and report what it prints", Exit.ERROR


def _innermost(error: BaseException) -> BaseException:
    """What a nursery wrapped, when it wrapped a single exception."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error
