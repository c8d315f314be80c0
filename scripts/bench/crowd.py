"""A crowd of connections that want nothing, and the one peer beside it that does; blocking sockets, plain Python."""

import socket
import struct
import time
from typing import Final, Self

from bench.content import Content
from bench.processes import BenchError
from bench.tracker import Address
from bench.units import KIB, MIB

BLOCK: Final = 16 * KIB
FAST_AND_EXTENDED: Final = bytes([0, 0, 0, 0, 0, 0x10, 0, 0x04])
HAVE_NONE: Final = struct.pack(">IB", 1, 15)
INTERESTED: Final = struct.pack(">IB", 1, 2)
UNCHOKE: Final = 1
QUEUE: Final = 256
"""Requests the fast peer keeps waiting."""


class Client:
    """One connection that can be told to fetch blocks; blocking, and as quick as plain Python is."""

    def __init__(self, address: Address, content: Content, number: int) -> None:
        self.socket = socket.create_connection(address, timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer_id = b"-XX0001-%012d" % number
        self.socket.sendall(b"\x13BitTorrent protocol" + FAST_AND_EXTENDED + content.info_hash + peer_id + HAVE_NONE)
        self.buffer = bytearray(MIB)
        self._blocks = content.length // BLOCK
        self._per_piece = content.piece_length // BLOCK

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def greet(self) -> None:
        """Read the seeder's handshake."""
        self._exactly(68)

    def unchoked(self) -> None:
        """Ask to be served, and wait until we are."""
        self.greet()
        self.socket.sendall(INTERESTED)
        while True:
            (length,) = struct.unpack(">I", self._exactly(4))
            body = self._exactly(length)
            if body[:1] == bytes([UNCHOKE]):
                return

    def longest_wait(self, seconds: float, pause: float) -> float:
        """Fetch a block now and then; the longest it took, in seconds."""
        longest, number, end = 0.0, 0, time.monotonic() + seconds
        while time.monotonic() < end:
            number += 1
            begun = time.monotonic()
            self.socket.sendall(self._request(number % self._blocks))
            self._exactly(BLOCK + 13)
            longest = max(longest, time.monotonic() - begun)
            time.sleep(pause)
        return longest

    def speed(self, seconds: float) -> float:
        """Fetch as fast as can be for so long; MiB per second."""
        blocks = self._blocks
        one = b"".join(map(self._request, range(blocks)))
        size = len(self._request(0))
        asked, got, half = QUEUE, 0, QUEUE // 2
        self.socket.sendall(one[: QUEUE * size])
        begun = time.monotonic()
        while True:
            got += self.socket.recv_into(self.buffer)
            done = got // (BLOCK + 13)
            if asked - done <= half:
                if time.monotonic() - begun > seconds:
                    break
                start = asked % blocks
                self.socket.sendall(one[start * size : (start + half) * size])
                asked += half
        took = time.monotonic() - begun
        left = asked * (BLOCK + 13) - got
        while left:
            left -= self.socket.recv_into(self.buffer, min(left, MIB))
        return done * BLOCK / MIB / took

    def is_open(self) -> bool:
        """Whether the seeder has not hung up."""
        self.socket.setblocking(False)
        try:
            while self.socket.recv_into(self.buffer):
                pass
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            if not (more := self.socket.recv(size - len(data))):
                raise BenchError("the seeder hung up")
            data += more
        return data

    def _request(self, number: int) -> bytes:
        """The bytes that ask for the block of this number."""
        piece, block = divmod(number, self._per_piece)
        return struct.pack(">IBIII", 13, 6, piece, block * BLOCK, BLOCK)
