"""Where torrents come from: a file, standard input, or the web."""

import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from torrent_peer import __version__
from torrent_peer.cli.errors import CliError
from torrent_peer.cli.exits import Exit

if TYPE_CHECKING:
    import httpx2

    from torrent_peer.metainfo.torrent import Torrent

MAX_TORRENT_SIZE: Final = 32 * 1024 * 1024
"""Bytes in a .torrent. A torrent of a million pieces has 20 MB of hashes."""
MAX_REDIRECTS: Final = 5
FETCH_TIMEOUT: Final = 60.0
"""Seconds for the whole download of a .torrent."""
STEP_TIMEOUT: Final = 15.0
"""Seconds for each step of it: connecting, waiting for the next bytes."""
INFO_HASH: Final = re.compile(r"[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64}|[A-Za-z2-7]{32}", re.ASCII)


def read_torrent(source: str) -> "Torrent":
    """The torrent `source` names: a path, `-`, or an http(s) URL. Raises CliError."""
    from torrent_peer.metainfo.torrent import TorrentError, parse_torrent

    data = _read(source)
    if not data:
        raise CliError(f"{_named(source)}: empty; a .torrent file is needed", Exit.BAD_TORRENT)
    try:
        return parse_torrent(data)
    except TorrentError as error:
        raise CliError(f"{_named(source)}: {error}", Exit.BAD_TORRENT) from error


def _read(source: str) -> bytes:
    lowered = source.lower()
    if lowered.startswith("magnet:"):
        raise CliError("magnet links are not supported yet; give a .torrent file or its URL", Exit.BAD_TORRENT)
    if lowered.startswith(("http://", "https://")):
        return _fetch(source)
    if source == "-":
        return _capped(sys.stdin.buffer, source)
    path = Path(source)
    if INFO_HASH.fullmatch(source) and not path.exists():
        raise CliError("bare info-hashes are not supported yet; give a .torrent file or its URL", Exit.BAD_TORRENT)
    try:
        with path.open("rb") as file:
            return _capped(file, source)
    except OSError as error:
        raise CliError(f"{source}: {error.strerror}; name a .torrent file, a URL or -", Exit.BAD_TORRENT) from error


def _capped(file: BinaryIO, source: str) -> bytes:
    data = file.read(MAX_TORRENT_SIZE + 1)
    if len(data) > MAX_TORRENT_SIZE:
        raise _too_large(_named(source))
    return data


def _fetch(url: str) -> bytes:
    """The body behind `url`; no content encoding is taken, so that nothing can swell behind the cap."""
    import httpx2

    name = _named(url)
    headers = {"User-Agent": f"torrent_peer/{__version__}", "Accept-Encoding": "identity"}
    try:
        with (
            httpx2.Client(
                headers=headers, timeout=STEP_TIMEOUT, follow_redirects=True, max_redirects=MAX_REDIRECTS
            ) as client,
            client.stream("GET", url) as response,
        ):
            return _body(response, name)
    except httpx2.TooManyRedirects as error:
        raise CliError(f"{name}: more than {MAX_REDIRECTS} redirects; give the last address") from error
    except httpx2.TimeoutException as error:
        raise CliError(f"{name}: no answer within {STEP_TIMEOUT:.0f} s; try again later") from error
    except UnicodeError as error:  # IDNA's: a label that is empty or too long
        raise CliError(f"{name}: what it names can be no host; check the address") from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        from torrent_peer.trackers.redact import scrub

        raise CliError(f"{name}: {scrub(str(error), url) or type(error).__name__}; check the address") from error


def _body(response: "httpx2.Response", name: str) -> bytes:
    if response.status_code != 200:
        raise CliError(f"{name}: the server answered {response.status_code}; check the address")
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise CliError(f"{name}: the server sent it compressed, unasked; download it by other means")
    body = bytearray()
    deadline = time.monotonic() + FETCH_TIMEOUT
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > MAX_TORRENT_SIZE:
            raise _too_large(name)
        if time.monotonic() > deadline:
            raise CliError(f"{name}: not here after {FETCH_TIMEOUT:.0f} s; try again later")
    return bytes(body)


def _too_large(name: str) -> CliError:
    return CliError(
        f"{name}: larger than {MAX_TORRENT_SIZE // 1024**2} MiB; that is no .torrent file", Exit.BAD_TORRENT
    )


def _named(source: str) -> str:
    """How to call the source in a message: URLs may carry a passkey."""
    if source == "-":
        return "standard input"
    if "://" in source:
        from torrent_peer.trackers.redact import redacted

        return redacted(source)
    return source
