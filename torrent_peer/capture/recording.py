"""A capture file, packet by packet → an account of every conversation in it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import BinaryIO, Final

from attrs import field

from torrent_peer.capture.account import KEPT_IN_ALL, Account
from torrent_peer.capture.conversation import Conversation
from torrent_peer.capture.files import read_packets
from torrent_peer.capture.link import NAMES, ip_packet
from torrent_peer.capture.metadata import MetadataShelf
from torrent_peer.capture.packet import Packet
from torrent_peer.capture.referee import Referee
from torrent_peer.capture.segment import Datagram, Endpoint, Segment, transport
from torrent_peer.core.addresses import Address
from torrent_peer.core.geometry import Geometry
from torrent_peer.core.ids import InfoHash
from torrent_peer.core.values import define, frozen
from torrent_peer.wire.side import Side

FOLLOWED: Final = 10_000
"""Conversations of one file that are told of."""
AT_ONCE: Final = 1_000
"""Conversations that are put together at the same time; each may keep some megabytes."""
HELD_IN_ALL: Final = 64 * 1024 * 1024
"""Bytes kept of all of them, because others are missing before them."""
FINDINGS: Final = 20_000
"""Findings kept of one file, about; all are counted."""
_UTP_SYN: Final = 0x41
"""First byte of the packet that opens a uTP connection: type 4, version 1 (BEP 29)."""
_UTP_HEADER: Final = 20
_UTP_COUNTED: Final = 10_000


@frozen
class Recording:
    """All that a capture file tells."""

    accounts: tuple[Account, ...]
    """Its TCP conversations, in the order of their first packets."""
    notes: tuple[str, ...]
    """What is odd about the file, or was not looked at."""
    metadata: Mapping[InfoHash, bytes]
    """Metadata that passed by in full, not verified."""
    packets: int
    """How many packets there are."""


def judge(file: BinaryIO, geometries: Mapping[InfoHash, Geometry]) -> Recording:
    """Judge every conversation in a capture file; `geometries`: the sizes of torrents, as far as they are known.

    Raises CaptureError for what is no capture, OSError as reading does.
    """
    notes: list[str] = []
    return judge_packets(read_packets(file, notes), geometries, notes)


def judge_packets(
    packets: Iterable[Packet], geometries: Mapping[InfoHash, Geometry], notes: list[str] | None = None
) -> Recording:
    """Judge every conversation in these packets; what there is to note is added to `notes`."""
    desk = _Desk(geometries, [] if notes is None else notes)
    for packet in packets:
        desk.take(packet)
    return desk.close()


@define
class _Desk:
    """Sorts packets into conversations."""

    geometries: Mapping[InfoHash, Geometry]
    notes: list[str]
    shelf: MetadataShelf = field(factory=MetadataShelf)
    packets: int = 0
    accounts: list[Account] = field(factory=list)
    open: dict[frozenset[Endpoint], tuple[Endpoint, Conversation]] = field(factory=dict)
    """By the two ends: who dialled, and the conversation. A closed one stays until its ports are used again."""
    links_skipped: Counter[int] = field(factory=Counter)
    utp: set[frozenset[Endpoint]] = field(factory=set)
    too_many: int = 0
    held: int = 0
    kept: int = 0

    def take(self, packet: Packet) -> None:
        self.packets += 1
        data = ip_packet(packet.link, packet.data)
        if data is None:
            self.links_skipped[packet.link] += 1
            return
        carried = transport(data)
        if isinstance(carried, Segment):
            self._segment(carried, packet)
        elif isinstance(carried, Datagram):
            self._datagram(carried)

    def close(self) -> Recording:
        for _, conversation in self.open.values():
            conversation.finish()
        for link, count in self.links_skipped.items():
            self.notes.append(f"{count} packets of link type {link} were skipped: only {NAMES} can be read")
        if self.utp:
            self.notes.append(f"{len(self.utp)} connections over uTP, which is not read; switch it off to record them")
        if self.too_many:
            self.notes.append(f"{self.too_many} packets of more than {FOLLOWED} conversations were not read")
        return Recording(tuple(self.accounts), tuple(self.notes), self.shelf.whole(), self.packets)

    def _segment(self, segment: Segment, packet: Packet) -> None:
        key = frozenset((segment.source, segment.target))
        dialer, conversation = self.open.get(key, (None, None))
        side = Side.DIALER if segment.source == dialer else Side.LISTENER
        if conversation is None or dialer is None or conversation.is_another(side, segment):
            if not segment.syn and (segment.rst or not segment.payload):
                return
            if conversation is not None:
                self._drop(key)
            answer = segment.syn and segment.ack is not None
            dialer = segment.target if answer else segment.source
            side = Side.LISTENER if answer else Side.DIALER
            conversation = self._new(dialer, segment.source if answer else segment.target, packet)
            if conversation is None:
                return
            self.open[key] = (dialer, conversation)
        self.held -= conversation.held
        conversation.take(side, segment, packet=packet.number, at=packet.at)
        if self.held + conversation.held > HELD_IN_ALL:
            conversation.give_up()
        self.held += conversation.held

    def _new(self, dialer: Endpoint, listener: Endpoint, packet: Packet) -> Conversation | None:
        if len(self.accounts) >= FOLLOWED:
            self.too_many += 1
            return None
        if len(self.open) >= AT_ONCE:
            self._make_room()
        account = Account(
            dialer=_address(dialer),
            listener=_address(listener),
            packet=packet.number,
            started=packet.at,
            room=KEPT_IN_ALL if self.kept < FINDINGS else 0,
        )
        self.accounts.append(account)
        return Conversation(Referee(account, self.geometries, self.shelf))

    def _make_room(self) -> None:
        """Forget a conversation that is over, or else the oldest."""
        over = next((key for key, (_, conversation) in self.open.items() if conversation.over), None)
        key = next(iter(self.open)) if over is None else over
        self.open[key][1].give_up()
        self._drop(key)

    def _drop(self, key: frozenset[Endpoint]) -> None:
        """Follow this conversation no further."""
        _, conversation = self.open.pop(key)
        self.held -= conversation.held
        conversation.finish()
        self.kept += len(conversation.account.findings)

    def _datagram(self, datagram: Datagram) -> None:
        payload = datagram.payload
        if len(payload) >= _UTP_HEADER and payload[0] == _UTP_SYN and payload[1] <= 2 and len(self.utp) < _UTP_COUNTED:
            self.utp.add(frozenset((datagram.source, datagram.target)))


def _address(endpoint: Endpoint) -> Address:
    host, port = endpoint
    return Address(str(ip_address(host)), port)
