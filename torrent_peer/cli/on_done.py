"""`--on-done`: a program to start when a download is complete; never a shell."""

import os
import subprocess
from pathlib import Path
from typing import Final

from torrent_peer.cli.errors import CliError
from torrent_peer.core.values import frozen

TIMEOUT: Final = 3600.0
"""Seconds after which the program is killed."""


@frozen
class Finished:
    """What the program is told."""

    name: str
    path: Path
    info_hash: str

    def environment(self) -> dict[str, str]:
        """Ours, and the torrent's; a NUL cannot be passed and is left out."""
        own = {
            "TORRENT_PEER_NAME": self.name,
            "TORRENT_PEER_PATH": str(self.path),
            "TORRENT_PEER_HASH": self.info_hash,
        }
        return {**os.environ, **{key: value.replace("\0", "") for key, value in own.items()}}


def parse_on_done(text: str) -> tuple[str, ...]:
    """The argument list in `text`, split as a shell would quote it, nothing expanded. Raises ValueError."""
    import shlex

    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise ValueError(f"'{text}': {str(error).lower()}; quote as in a shell") from error
    if not words:
        raise ValueError("is empty; name a program")
    return words


def run_on_done(command: tuple[str, ...], finished: Finished) -> None:
    """Start the program and wait for it. The torrent's name reaches it in the environment only.

    Its output goes to our stderr, so that stdout stays ours. Raises CliError when it fails.
    """
    try:
        done = subprocess.run(  # noqa: S603  # the user's own command, no shell, nothing foreign among its words
            command, env=finished.environment(), stdin=subprocess.DEVNULL, stdout=2, timeout=TIMEOUT, check=False
        )
    except OSError as error:
        raise CliError(f"--on-done: {command[0]}: {error.strerror}; name a program that exists") from error
    except subprocess.TimeoutExpired as error:
        raise CliError(f"--on-done: {command[0]}: still running after {TIMEOUT:.0f} s and killed") from error
    if done.returncode:
        raise CliError(f"--on-done: {command[0]}: ended with {done.returncode}; the download itself is complete")
