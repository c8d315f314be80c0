"""One question to a UDP tracker from first packet to answer (BEP 15): a machine without socket or clock.

while (packet := exchange.next_packet(now=…)) … send; receive or wait until exchange.next_deadline()
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from torrent_peer.core.ids import InfoHash
from torrent_peer.trackers import udp
from torrent_peer.trackers.announce import (
    DEFAULT_INTERVALS,
    AnnounceRequest,
    AnnounceResponse,
    Intervals,
    ScrapeEntry,
    TrackerError,
)

if TYPE_CHECKING:
    import random

FIRST_TIMEOUT: Final = 15.0
"""Seconds. BEP 15: "If a response is not received after 15 * 2 ^ n seconds, the client should retransmit"."""
LAST_N: Final = 8
"""BEP 15: "n starts at 0 and is increased up to 8 (3840 seconds) after every retransmission"."""
CONNECTION_LIFETIME: Final = 60.0
"""Seconds. BEP 15: "A client can use a connection ID until one minute after it has received it"."""

Answer = AnnounceResponse | dict[InfoHash, ScrapeEntry]
Question = AnnounceRequest | Sequence[InfoHash]


class UdpExchange:
    """Connects, asks, and asks again until the answer to its own transaction comes.

    `question` is an announce, or the info-hashes of a scrape. `ipv6`: the family of the socket.
    """

    def __init__(
        self,
        question: Question,
        *,
        dice: random.Random,
        now: float,
        ipv6: bool = False,
        url_data: str = "",
        intervals: Intervals = DEFAULT_INTERVALS,
    ) -> None:
        self.answer: Answer | None = None
        """Set once the tracker has answered; the exchange is then over."""
        self.strangers = 0
        """Packets passed over: no answer to anything we asked."""
        self._question = question
        self._dice = dice
        self._ipv6 = ipv6
        self._url_data = url_data
        self._intervals = intervals
        self._connection: int | None = None
        self._connected_at = now
        self._was_connected = False
        self._transactions: set[int] = set()
        self._asked = udp.CONNECT
        self._n = 0
        self._send_at = now

    def next_deadline(self) -> float:
        """When `next_packet` has something to send, or gives up."""
        return self._send_at

    def next_packet(self, *, now: float) -> bytes | None:
        """The datagram to send now, if one is due. Raises TrackerError when the schedule has run out."""
        if self.answer is not None or now < self._send_at:
            return None
        if self._n > LAST_N:
            raise TrackerError("it did not answer")
        if self._connection is not None and now - self._connected_at >= CONNECTION_LIFETIME:
            self._connection = None
        self._send_at = now + FIRST_TIMEOUT * 2**self._n
        self._n += 1
        transaction = self._dice.getrandbits(32)
        asked = self._action()
        if asked != self._asked:
            self._transactions.clear()
        self._asked = asked
        self._transactions.add(transaction)
        if self._connection is None:
            return udp.connect_request(transaction=transaction)
        if isinstance(self._question, AnnounceRequest):
            return udp.announce_request(
                self._connection, self._question, transaction=transaction, url_data=self._url_data
            )
        return udp.scrape_request(self._connection, self._question, transaction=transaction)

    def receive(self, packet: bytes, *, now: float) -> None:
        """Takes in a datagram. Raises TrackerError when the tracker refuses, or answers our transaction with nonsense.

        Anything that does not carry our transaction id is somebody else's, or forged, and passed over.
        """
        header = udp.read_header(packet)
        if self.answer is not None or header is None or header[1] not in self._transactions:
            self.strangers += 1
            return
        action = header[0]
        if action == udp.ERROR:
            raise udp.read_error(packet)
        if action != self._asked:
            raise TrackerError(f"it answered with action {action} where {self._asked} was asked", answered=True)
        self._transactions.clear()
        if action == udp.CONNECT:
            self._connection = udp.read_connect_response(packet)
            self._connected_at = now
            self._send_at = now
            if not self._was_connected:  # a later connect only renews the id; BEP 15's schedule then goes on
                self._was_connected = True
                self._n = 0
        elif isinstance(self._question, AnnounceRequest):
            self.answer = udp.read_announce_response(packet, ipv6=self._ipv6, intervals=self._intervals)
        else:
            self.answer = udp.read_scrape_response(packet, self._question)

    def _action(self) -> int:
        if self._connection is None:
            return udp.CONNECT
        return udp.ANNOUNCE if isinstance(self._question, AnnounceRequest) else udp.SCRAPE
