"""The UDP side of the local tracker (BEP 15): it remembers nothing of a client before that has proved its address."""

import hashlib
import hmac
import secrets
import socket
from typing import Final

import trio

from torrent_peer.core.ids import InfoHash
from torrent_peer.testing.tracker_desk import Desk
from torrent_peer.trackers import udp
from torrent_peer.trackers.announce import TrackerError
from torrent_peer.trackers.peers import unmapped

MAX_PACKET: Final = 2048
"""Bytes of a request; a full scrape has 1496."""
MAX_PENDING: Final = 100
"""Answers being delayed at once (`Desk.delay`); further requests are dropped, as UDP may."""
MAX_PEERS: Final = {False: 200, True: 79}
"""Peers in one answer by whether it is IPv6, so that it fits an Ethernet frame."""
WINDOW: Final = 60.0
"""Seconds. BEP 15: "Trackers should accept connection IDs until two minutes after it has been send"."""


class UdpSide:
    """Answers datagrams. Connection ids are made from the sender's address, so none need be remembered.

    BEP 15 on why they exist: "the connection ID … prevents spoofing"; nothing longer than the question is sent before.
    """

    def __init__(self, sock: trio.socket.SocketType, desk: Desk) -> None:
        self._sock = sock
        self._desk = desk
        self._secret = secrets.token_bytes(16)
        self._ipv6 = sock.family == socket.AF_INET6
        self._pending = 0

    async def serve(self) -> None:
        """Runs until cancelled. Never raises because of a client."""
        async with trio.open_nursery() as nursery:
            while True:
                try:
                    packet, sender = await self._sock.recvfrom(MAX_PACKET)
                except OSError:
                    continue
                if self._pending < MAX_PENDING:
                    self._pending += 1
                    nursery.start_soon(self._answer, packet, sender)

    async def _answer(self, packet: bytes, sender: tuple[object, ...]) -> None:
        try:
            answer = await self._reply(packet, unmapped(str(sender[0])))
            if answer is not None:
                await self._sock.sendto(answer, sender)
        except OSError:
            return
        finally:
            self._pending -= 1

    async def _reply(self, packet: bytes, host: str) -> bytes | None:
        question = udp.read_question(packet)
        if question is None:
            return None
        now = trio.current_time()
        if question.action == udp.CONNECT:
            if question.connection != udp.PROTOCOL_ID:
                return None
            return udp.connect_response(self._connection_id(host, now), transaction=question.transaction)
        if question.connection not in {self._connection_id(host, at) for at in (now, now - WINDOW)}:
            return udp.error_response("connect first", transaction=question.transaction)
        if question.action not in {udp.ANNOUNCE, udp.SCRAPE}:
            return udp.error_response("no such action", transaction=question.transaction)
        try:
            if question.action == udp.ANNOUNCE:
                answer = await self._announce(packet, host, question.transaction)
            else:
                answer = await self._scrape(question)
        except TrackerError as error:
            answer = udp.error_response(error.reason, transaction=question.transaction)
        fault = self._desk.take_fault()
        if fault.hang_up:
            return None
        if fault.wrong_transaction:
            answer = answer[:4] + bytes(byte ^ 0xFF for byte in answer[4:8]) + answer[8:]
        return fault.spoil(answer)

    async def _announce(self, packet: bytes, host: str, transaction: int) -> bytes:
        request = udp.read_announce_request(packet)
        if request is None:
            raise TrackerError("that is no announce")
        told = await self._desk.announce(host, request, over="udp", path=udp.read_url_data(packet))
        return udp.announce_response(
            transaction=transaction,
            interval=self._desk.interval,
            leechers=told.leechers,
            seeders=told.seeders,
            peers=[peer.address for peer in told.peers][: MAX_PEERS[self._ipv6]],
            ipv6=self._ipv6,
        )

    async def _scrape(self, question: udp.UdpQuestion) -> bytes:
        body = question.body
        names = [InfoHash(body[at : at + 20]) for at in range(0, len(body) - 19, 20)]
        if not 1 <= len(names) <= udp.MAX_SCRAPE:
            raise TrackerError(f"a scrape names 1 to {udp.MAX_SCRAPE} torrents, not {len(names)}")
        entries = await self._desk.scrape(names)
        return udp.scrape_response([entries[name] for name in names], transaction=question.transaction)

    def _connection_id(self, host: str, at: float) -> int:
        window = int(at // WINDOW)
        digest = hmac.new(self._secret, f"{window} {host}".encode(), hashlib.sha256).digest()
        return int.from_bytes(digest[:8], "big")
