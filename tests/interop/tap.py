"""Record what passes a loopback interface as a pcap file, whole and without loss; run inside the network it records.

    python tap.py FILE [INTERFACE]

Says `ready` once it records. When its input ends it writes what has come by then, and prints how many packets that is
and how many the kernel had to drop. Needs CAP_NET_RAW and nothing that is not in Python.
"""

import contextlib
import select
import socket
import struct
import sys
import time
from typing import BinaryIO, Final

ALL_PROTOCOLS: Final = 0x0003
PACKET_STATISTICS: Final = 6
SOL_PACKET: Final = 263
SO_RCVBUFFORCE: Final = 33
BUFFER: Final = 512 * 1024 * 1024
"""Bytes the kernel may hold for us: more than any recording here has."""
SNAP_LENGTH: Final = 262_144
ETHERNET: Final = 1


def record(file: BinaryIO, interface: str) -> tuple[int, int]:
    """Write packets until standard input ends; how many were written, and how many were lost."""
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    try:
        tap.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    except PermissionError:  # root of a namespace only: as much as everybody may have
        tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    tap.bind((interface, ALL_PROTOCOLS))
    file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, SNAP_LENGTH, ETHERNET))
    print("ready", flush=True)
    written = 0
    while True:
        readable, _, _ = select.select([tap, sys.stdin], [], [])
        over = sys.stdin in readable
        with contextlib.suppress(BlockingIOError):
            while True:
                data, (_, _, kind, _, _) = tap.recvfrom(SNAP_LENGTH, socket.MSG_DONTWAIT)
                if kind == socket.PACKET_OUTGOING:
                    continue  # on a loopback every packet passes twice: as it goes out and as it comes in
                seconds, rest = divmod(time.time_ns(), 1_000_000_000)
                file.write(struct.pack("<IIII", seconds, rest, len(data), len(data)) + data)
                written += 1
        if over:
            _, dropped = struct.unpack("II", tap.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
            return written, dropped


if __name__ == "__main__":
    with open(sys.argv[1], "wb") as out:
        written, dropped = record(out, sys.argv[2] if len(sys.argv) > 2 else "lo")
    print(f"{written} packets, {dropped} lost", flush=True)
