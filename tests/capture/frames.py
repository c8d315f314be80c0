"""Captures made by hand: two ends that talk over TCP, packet by packet, as a file or as packets."""

import struct
from collections.abc import Iterable, Sequence
from ipaddress import ip_address

from attrs import define, field

from torrent_peer.capture.packet import Packet
from torrent_peer.wire.catalogue.exchange import Scene, Step, handshake
from torrent_peer.wire.side import Side

FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
ETHERNET, RAW = 1, 101
ENDS = {Side.DIALER: ("192.0.2.1", 50_000), Side.LISTENER: ("192.0.2.2", 6881)}
START = 1_700_000_000.0


def tcp(
    source: tuple[str, int],
    target: tuple[str, int],
    *,
    seq: int = 0,
    ack: int | None = None,
    flags: int = 0,
    payload: bytes = b"",
    options: bytes = b"",
) -> bytes:
    """A TCP segment in an IP packet of the version that its addresses are of."""
    flags |= 0 if ack is None else ACK
    offset = 20 + len(options)
    ports = struct.pack(">HH", source[1], target[1])
    rest = struct.pack(">IIBBHHH", seq & 0xFFFFFFFF, ack or 0, offset // 4 << 4, flags, 65535, 0, 0)
    return ip(source[0], target[0], 6, ports + rest + options + payload)


def udp(source: tuple[str, int], target: tuple[str, int], payload: bytes) -> bytes:
    """A UDP packet in an IP packet."""
    return ip(source[0], target[0], 17, struct.pack(">HHHH", source[1], target[1], 8 + len(payload), 0) + payload)


def ip(source: str, target: str, protocol: int, data: bytes, *, fragment: int = 0) -> bytes:
    """An IP packet."""
    addresses = ip_address(source).packed + ip_address(target).packed
    if len(addresses) == 8:
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(data), 0, fragment, 64, protocol, 0)
        return head + addresses + data
    return struct.pack(">IHBB", 6 << 28, len(data), protocol, 64) + addresses + data


def ethernet(packet: bytes) -> bytes:
    """An Ethernet frame around an IP packet."""
    return bytes(12) + (b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd") + packet


def numbered(packets: Iterable[bytes], *, link: int = RAW) -> list[Packet]:
    """Packets a millisecond apart."""
    return [
        Packet(number, START + number / 1000, link, data, len(data)) for number, data in enumerate(packets, start=1)
    ]


def pcap(packets: Iterable[bytes], *, link: int = ETHERNET, order: str = "<", magic: int = 0xA1B2C3D4) -> bytes:
    """A pcap file; `packets` are frames of that link."""
    made = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262_144, link)]
    made += [struct.pack(order + "IIII", 1000 + at, 5, len(data), len(data)) + data for at, data in enumerate(packets)]
    return b"".join(made)


def block(kind: int, body: bytes, *, order: str = "<") -> bytes:
    """A pcapng block."""
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + length + body + length


def section(order: str = "<") -> bytes:
    """A pcapng section header."""
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order=order)


@define
class Talk:
    """One TCP connection in the making: each side acknowledges what it has been sent so far."""

    packets: list[bytes] = field(factory=list)
    next: dict[Side, int] = field(factory=lambda: {Side.DIALER: 1000, Side.LISTENER: 0xFFFFFFF0})
    """Sequence number of each side's next byte; the listener's wrap around."""
    ends: dict[Side, tuple[str, int]] = field(factory=lambda: dict(ENDS))

    def open(self) -> "Talk":
        """SYN, SYN+ACK, ACK."""
        self._put(Side.DIALER, flags=SYN, acknowledge=False)
        self._put(Side.LISTENER, flags=SYN)
        self._put(Side.DIALER)
        return self

    def say(self, side: Side, data: bytes, *, size: int = 1400) -> "Talk":
        """Bytes of one side, in segments of this size."""
        for start in range(0, len(data), size):
            self._put(side, flags=PSH, payload=data[start : start + size])
        return self

    def close(self, side: Side) -> "Talk":
        """Its FIN."""
        self._put(side, flags=FIN)
        return self

    def reset(self, side: Side) -> "Talk":
        """Its RST."""
        self._put(side, flags=RST)
        return self

    def _put(self, side: Side, *, flags: int = 0, payload: bytes = b"", acknowledge: bool = True) -> None:
        ack = self.next[side.other] & 0xFFFFFFFF if acknowledge else None
        ends = self.ends[side], self.ends[side.other]
        self.packets.append(tcp(*ends, seq=self.next[side], ack=ack, flags=flags, payload=payload))
        self.next[side] += len(payload) + bool(flags & (SYN | FIN))


def talk(scene: Scene, *steps: Step) -> Talk:
    """A conversation of the catalogue as packets, one segment for each step."""
    made = Talk().open()
    if scene.greeted:
        steps = tuple(Step(side, (handshake(side, bits=scene.bits),)) for side in Side) + scene.steps + steps
    else:
        steps = scene.steps + steps
    for step in steps:
        made.say(step.sender, step.encoded(), size=65_000)
    return made


def cut(data: bytes, size: int) -> Sequence[bytes]:
    """`data` in parts of `size` bytes."""
    return [data[start : start + size] for start in range(0, len(data), size)]
