"""The HTTP side of the local tracker: `/announce` and `/scrape` (BEP 3, 7, 23, 24, 48).

Whatever a client sends, it costs at most a connection for `REQUEST_DEADLINE` seconds and `MAX_HEADER` bytes.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import unquote_to_bytes

import h11
import trio

from torrent_peer.core.addresses import to_compact
from torrent_peer.core.bencoding import Value, encode
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.testing.tracker_desk import Desk
from torrent_peer.testing.tracker_swarms import SwarmPeer, Told
from torrent_peer.trackers.announce import AnnounceRequest, Event, TrackerError
from torrent_peer.trackers.peers import unmapped

REQUEST_DEADLINE: Final = 10.0
"""Seconds for one whole request to arrive."""
ANSWER_DEADLINE: Final = 120.0
"""Seconds for the answer to be made (`Desk.delay` included) and taken."""
MAX_HEADER: Final = 16 * 1024
"""Bytes of request line and headers; nginx takes 8 KiB lines, four of them."""
LAST_READS: Final = 16
"""Buffers of `MAX_HEADER` bytes read and thrown away after a complaint, at most."""
MAX_REQUESTS: Final = 100
"""Requests answered on one connection."""
MAX_PARAMETERS: Final = 100
"""Parameters of one query; 74 info-hashes fit a UDP scrape."""

_EVENTS = {event.value.encode(): event for event in Event}
_PLAIN = (b"Content-Type", b"text/plain; charset=utf-8")


async def serve_http(stream: trio.SocketStream, desk: Desk) -> None:
    """Answers one connection's requests until it ends. Never raises because of the client."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEADER)
    async with stream:
        try:
            host = unmapped(str(stream.socket.getpeername()[0]))
            for _ in range(MAX_REQUESTS):
                request = None
                with trio.move_on_after(REQUEST_DEADLINE):
                    request = await _next_request(connection, stream)
                if request is None:
                    return
                with trio.move_on_after(ANSWER_DEADLINE):
                    await _answer(connection, stream, request, host, desk)
                if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                    return
                connection.start_next_cycle()
        except h11.RemoteProtocolError as error:
            await _complain(connection, stream, error.error_status_hint)
        except (OSError, trio.BrokenResourceError, trio.ClosedResourceError, h11.LocalProtocolError):
            return


async def _next_request(connection: h11.Connection, stream: trio.SocketStream) -> h11.Request | None:
    """A request whose body, if any, is thrown away; `None` at the end of the connection."""
    request = None
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await stream.receive_some(MAX_HEADER))
        elif isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.EndOfMessage):
            return request
        elif not isinstance(event, h11.Data):
            return None


async def _answer(
    connection: h11.Connection, stream: trio.SocketStream, request: h11.Request, host: str, desk: Desk
) -> None:
    path, _, query = bytes(request.target).partition(b"?")
    if request.method != b"GET":
        return await _send(connection, stream, 405, b"only GET is answered here\n")
    try:
        if path.endswith(b"/announce"):
            asked = dict(_parameters(query))
            told = await desk.announce(host, read_announce(asked), over="http", path=_own_part(path, query))
            compact = asked.get(b"compact") != b"0" if desk.compact is None else desk.compact
            answer = _announce_answer(told, desk, host, compact=compact, with_ids=b"no_peer_id" not in asked)
        elif path.endswith(b"/scrape"):
            answer = await _scrape_answer(_parameters(query), desk)
        else:
            return await _send(connection, stream, 404, b"a BitTorrent tracker; it is at /announce and /scrape\n")
    except TrackerError as error:
        answer = {b"failure reason": error.reason.encode()}
    fault = desk.take_fault()
    if not fault.hang_up:
        await _send(
            connection, stream, fault.status, encode(answer) if fault.body is None else fault.body, fault.cut_to
        )


def read_announce(query: Mapping[bytes, bytes]) -> AnnounceRequest:
    """An announce's query as a value. Raises TrackerError with what is wrong with it."""
    for name in (b"info_hash", b"peer_id"):
        if len(query.get(name, b"")) != 20:
            raise TrackerError(f"{name.decode()} must have 20 bytes, not {len(query.get(name, b''))}")
    port = _number(query, b"port")
    if port > 0xFFFF:
        raise TrackerError(f"port must be at most 65535, not {port}")
    return AnnounceRequest(
        info_hash=InfoHash(query[b"info_hash"]),
        peer_id=PeerId(query[b"peer_id"]),
        port=port,
        uploaded=_number(query, b"uploaded", default=0),
        downloaded=_number(query, b"downloaded", default=0),
        left=_number(query, b"left"),
        event=_EVENTS.get(query.get(b"event", b""), Event.REGULAR),
        num_want=_number(query, b"numwant", default=-1),
        key=_key(query.get(b"key", b"")),
        tracker_id=query.get(b"trackerid"),
    )


def _announce_answer(told: Told, desk: Desk, host: str, *, compact: bool, with_ids: bool) -> dict[bytes, Value]:
    answer: dict[bytes, Value] = {
        b"interval": desk.interval,
        b"complete": told.seeders,
        b"incomplete": told.leechers,
        b"external ip": ipaddress.ip_address(host).packed,
    }
    if desk.min_interval is not None:
        answer[b"min interval"] = desk.min_interval
    if desk.warning is not None:
        answer[b"warning message"] = desk.warning.encode()
    if desk.tracker_id is not None:
        answer[b"tracker id"] = desk.tracker_id
    if not compact:
        answer[b"peers"] = [_dictionary(peer, with_ids) for peer in told.peers]
        return answer
    packed = [to_compact(peer.address) for peer in told.peers]
    answer[b"peers"] = b"".join(entry for entry in packed if len(entry) == 6)
    if any(len(entry) == 18 for entry in packed):
        answer[b"peers6"] = b"".join(entry for entry in packed if len(entry) == 18)
    return answer


def _dictionary(peer: SwarmPeer, with_id: bool) -> dict[bytes, Value]:
    entry: dict[bytes, Value] = {b"ip": peer.address.host.encode(), b"port": peer.address.port}
    if with_id:
        entry[b"peer id"] = bytes(peer.peer_id)
    return entry


async def _scrape_answer(pairs: Iterable[tuple[bytes, bytes]], desk: Desk) -> dict[bytes, Value]:
    names = [value for name, value in pairs if name == b"info_hash"]
    if any(len(name) != 20 for name in names):
        raise TrackerError("info_hash must have 20 bytes")
    entries = await desk.scrape([InfoHash(name) for name in names])
    files: dict[bytes, Value] = {
        bytes(name): {b"complete": entry.seeders, b"downloaded": entry.completed, b"incomplete": entry.leechers}
        for name, entry in entries.items()
    }
    return {b"files": files}


def _parameters(query: bytes) -> list[tuple[bytes, bytes]]:
    pairs = query.split(b"&", MAX_PARAMETERS)
    if len(pairs) > MAX_PARAMETERS:
        raise TrackerError(f"more than {MAX_PARAMETERS} parameters")
    split = (pair.partition(b"=") for pair in pairs if pair)
    return [(name, unquote_to_bytes(value.replace(b"+", b" "))) for name, _, value in split]


def _own_part(path: bytes, query: bytes) -> str:
    """The announce URL's own path and query, which a client puts before what it adds."""
    own = query.partition(b"info_hash=")[0].rstrip(b"&")
    return (path + (b"?" + own if own else b"")).decode("ascii", "replace")


def _number(query: Mapping[bytes, bytes], name: bytes, *, default: int | None = None) -> int:
    text = query.get(name)
    if text is None:
        if default is None:
            raise TrackerError(f"{name.decode()} is missing")
        return default
    if not text.isdigit() or len(text) > 20:
        raise TrackerError(f"{name.decode()} is not a number")
    return int(text)


def _key(text: bytes) -> int:
    try:
        return int(text[:8], 16)
    except ValueError:
        return 0


async def _complain(connection: h11.Connection, stream: trio.SocketStream, status: int) -> None:
    """To who speaks no HTTP, or too much of it: a status, if there is still a way to say it."""
    try:
        if connection.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            with trio.move_on_after(REQUEST_DEADLINE):
                await _send(connection, stream, status, b"that was no HTTP request\n")
                await stream.send_eof()
                for _ in range(LAST_READS):  # closing with bytes unread would take the answer back (RST)
                    if not await stream.receive_some(MAX_HEADER):
                        break
    except (OSError, trio.BrokenResourceError, trio.ClosedResourceError, h11.ProtocolError):
        return


async def _send(
    connection: h11.Connection, stream: trio.SocketStream, status: int, body: bytes, cut_to: int | None = None
) -> None:
    """An answer; or `cut_to` bytes of it, after which the connection must be closed."""
    headers = [_PLAIN, (b"Content-Length", str(len(body)).encode())]
    response = connection.send(h11.Response(status_code=status, headers=headers))
    assert response is not None
    await stream.send_all(response + (connection.send(h11.Data(data=body[:cut_to])) or b""))
    if cut_to is None:
        connection.send(h11.EndOfMessage())
