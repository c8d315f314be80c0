"""One HTTP GET at one address, over h11, with the bytes of its answer bounded; the time is the caller's to bound.

Trackers are asked this way, not through an HTTP client, because a client takes longer to import (0.1 s) than the
trackers of a small torrent take to answer.
"""

import re
import ssl
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final

import h11
import trio

from torrent_peer.core.addresses import Address
from torrent_peer.core.values import frozen
from torrent_peer.net.dial import dial
from torrent_peer.net.source_address import ANYWHERE, SourceAddress
from torrent_peer.trackers.announce import TrackerError
from torrent_peer.trackers.redact import one_line

MAX_BODY: Final = 1024 * 1024
"""Bytes, decompressed. libtorrent's `tracker_maximum_response_length`."""
MAX_HEAD: Final = 100 * 1024
"""Bytes of a status line and its headers, at most. curl's MAX_HTTP_RESP_HEADER_SIZE is three times that."""
RECEIVE: Final = 64 * 1024
"""Bytes asked of the network at a time."""


@frozen
class Page:
    """One HTTP answer, read to its end. `host` is the IP literal it came from."""

    status: int
    location: str | None
    body: bytes
    host: str


async def connect(
    address: Address, *, name: str, tls: ssl.SSLContext | None, source: SourceAddress = ANYWHERE
) -> trio.abc.Stream:
    """A stream to `address`, encrypted if `tls` is given; the certificate is to be for `name`.

    Raises OSError, ssl.CertificateError or trio.BrokenResourceError.
    """
    stream = trio.SocketStream(trio.socket.from_stdlib_socket(await dial(address, source=source)))
    if tls is None:
        return stream
    encrypted = trio.SSLStream(stream, tls, server_hostname=name, https_compatible=True)
    try:
        await encrypted.do_handshake()
    except BaseException:
        await trio.aclose_forcefully(stream)
        raise
    return encrypted


async def get(stream: trio.abc.Stream, target: str, headers: Mapping[str, str], *, host: str) -> Page:
    """Ask for `target` and read the answer; the body of a redirect is left unread. The stream is closed, at once.

    Raises TrackerError for what is no HTTP or too much, trio.BrokenResourceError when the connection broke.
    """
    http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
    try:
        request = h11.Request(method="GET", target=target, headers=list(headers.items()))
        with suppress(trio.BrokenResourceError):  # it may have answered before it had read all, and then hung up
            await stream.send_all((http.send(request) or b"") + (http.send(h11.EndOfMessage()) or b""))
        return await _read_page(http, stream, host)
    except h11.ProtocolError as error:
        raise TrackerError(f"it does not speak HTTP properly: {_plain(error)}", answered=True) from None
    finally:
        await trio.aclose_forcefully(stream)


async def _read_page(http: h11.Connection, stream: trio.abc.Stream, host: str) -> Page:
    head = await _next_event(http, stream)
    while isinstance(head, h11.InformationalResponse):
        head = await _next_event(http, stream)
    assert isinstance(head, h11.Response)
    location = next(_values(head, b"location"), None)
    if location is not None and 300 <= head.status_code < 400:
        return Page(head.status_code, location, b"", host)
    body = Body(", ".join(_values(head, b"content-encoding")))
    while isinstance(event := await _next_event(http, stream), h11.Data):
        body.take(bytes(event.data))
    return Page(head.status_code, location, bytes(body.data), host)


async def _next_event(http: h11.Connection, stream: trio.abc.Stream) -> object:
    """The next event of h11's, of which the answer's head comes first, then its data, then something else."""
    while (event := http.next_event()) is h11.NEED_DATA:
        data = bytes(await stream.receive_some(RECEIVE))
        if not data and http.their_state is h11.SEND_RESPONSE:
            raise h11.RemoteProtocolError("Server disconnected without sending a response.")
        http.receive_data(data)
    return event


def _values(head: h11.Response, name: bytes) -> Iterator[str]:
    return (value.decode("latin-1") for header, value in head.headers if header == name)


def _plain(error: Exception) -> str:
    """h11's words without Python's quoting of bytes."""
    words = re.sub(r"bytearray\((b'.*?')\)", r"\1", str(error))
    return one_line(re.sub(r"\bb'", "'", words))


class Body:
    """A body as it arrives, unpacked as it comes, so that a bomb costs no more than the bytes we would take anyway."""

    def __init__(self, encoding: str) -> None:
        self.data = bytearray()
        self._encoding = encoding.strip().lower()
        self._unzip = zlib.decompressobj(zlib.MAX_WBITS | 16) if self._encoding in ("gzip", "x-gzip") else None

    def take(self, chunk: bytes) -> None:
        """Raises TrackerError for too much, and for what cannot be unpacked. What follows a gzip's end is dropped."""
        if self._unzip is not None:
            if self._unzip.eof:
                return
            try:
                chunk = self._unzip.decompress(chunk, MAX_BODY + 1 - len(self.data))
            except zlib.error:
                raise TrackerError("its answer cannot be decompressed", answered=True) from None
        elif self._encoding not in ("", "identity"):
            raise TrackerError("its answer is compressed in a way nobody asked for", answered=True)
        self.data += chunk
        if len(self.data) > MAX_BODY:
            raise TrackerError(f"its answer is longer than {MAX_BODY // 1024} KiB", answered=True)
