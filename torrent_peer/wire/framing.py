"""A byte stream → messages; a message is judged by its header, before its body is kept.

Does not know what messages mean; the codec's table says how they are built.
"""

import struct
from typing import Final

from torrent_peer.wire.codec import BODY_DECODERS, FIXED_SIZES, PIECE_ID, decode, message_name
from torrent_peer.wire.frame_limits import FrameLimits
from torrent_peer.wire.handshake import HANDSHAKE_LENGTH, HandshakeReader
from torrent_peer.wire.messages import KeepAlive, Malformed, Message

__all__ = ["HANDSHAKE_LENGTH", "FrameLimits", "Framer", "HandshakeReader"]

_EMPTY: Final = memoryview(b"")
_KEEP_ALIVE: Final = KeepAlive()
_unpack_header: Final = struct.Struct(">IB").unpack_from
_unpack_length: Final = struct.Struct(">I").unpack_from
_struct_error: Final = struct.error


class Framer:
    """Cuts the stream behind the handshake into messages.

    Whole messages are read straight out of the bytes that were fed; only the beginning of one whose end has not come
    is copied, and that only once its length and id have been found acceptable. So a connection never holds more than
    one legal message, and an idle one holds nothing.
    """

    __slots__ = ("_data", "_limits", "_origin", "_over", "_position", "_size", "_tail", "_whole", "offset")

    def __init__(self, limits: FrameLimits, *, offset: int = HANDSHAKE_LENGTH) -> None:
        """`offset`: bytes of the stream before the first fed here."""
        self._limits = limits
        self._data = _EMPTY
        self._size = 0
        self._position = 0
        """Where the next message starts in `_data`."""
        self._origin = offset
        """Stream offset of `_data[0]`."""
        self.offset = offset
        """Stream offset of the message last returned, in bytes from the first of the handshake."""
        self._tail: bytearray | None = None
        """The beginning of a message whose end is still to come."""
        self._whole = 0
        """Its length when complete, once its header has been judged."""
        self._over = False

    def feed(self, data: memoryview | bytes | bytearray) -> None:
        """Gives the next bytes of the stream, which must not change until `next_message` returns `None`."""
        if self._over:
            return
        if self._position < self._size:  # the caller did not ask for all there was: costs a copy
            data = bytes(self._data[self._position :]) + bytes(data)
        self._release()
        self._data = memoryview(data)
        self._size = len(data)

    def next_message(self) -> Message | None:
        """The next message, or `None` when more bytes are needed.

        `Piece.data` is a view, good until the next `feed`. After a `Malformed` there is nothing more, for ever: where
        the next message would start cannot be known.
        """
        if self._tail is not None:
            return self._finish_tail(self._tail)
        data, start = self._data, self._position
        length: int
        message_id: int
        try:
            length, message_id = _unpack_header(data, start)
        except _struct_error:
            return self._without_id()
        # This function is the receive path: nearly all messages leave it here.
        if length == FIXED_SIZES[message_id] or (message_id == PIECE_ID and 9 <= length <= self._limits.max_block + 9):
            end = start + 4 + length
            if end <= self._size:
                self.offset = self._origin + start
                self._position = end
                return BODY_DECODERS[message_id](data, start + 5, end)
        return self._judged(length, message_id)

    # The short way of blocks reads them itself, see `hot`; these tell it what lies here, and are told what it took.

    def unread(self) -> tuple[memoryview, int]:
        """What was fed last, and where in it the next message starts; for when nothing is `pending`."""
        return self._data, self._position

    def skip_to(self, position: int) -> None:
        """Whole messages up to `position` of what `unread` gave were read."""
        self._position = position
        if position == self._size:
            self._release()

    def keep(self, length: int) -> None:
        """The next message, of which not all is here, has this length, prefix included, and an acceptable header."""
        self._keep_tail()
        self._whole = length

    def whole(self) -> memoryview | None:
        """The message that is `pending`, if its rest has come."""
        tail = self._tail
        return memoryview(tail) if tail is not None and self._whole and self._gather(tail, self._whole) else None

    def skip_whole(self) -> None:
        """What `whole` gave was read."""
        self._tail, self._whole = None, 0

    def pass_by(self, length: int) -> None:
        """What is `pending` and whole messages behind it were read elsewhere; so many bytes that were not fed."""
        self._tail, self._whole = None, 0
        self._origin += length

    @property
    def begun(self) -> bytes | bytearray:
        """What is `pending`."""
        return self._tail or b""

    @property
    def position(self) -> int:
        """Stream offset of the next message; for when nothing is `pending`."""
        return self._origin + self._position

    @property
    def pending(self) -> int:
        """Bytes kept of a message that is not whole yet."""
        return 0 if self._tail is None else len(self._tail)

    @property
    def missing(self) -> int | None:
        """Bytes still to come of the message that is `pending`; 0 if there is none, or its length is not known yet.

        `None` while there is something to read.
        """
        if self._size:
            return None
        return 0 if self._tail is None or not self._whole else self._whole - len(self._tail)

    @property
    def awaiting(self) -> int | None:
        """Bytes of the whole message that `pending` is the beginning of, prefix included; `None` while unknown."""
        return None if self._tail is None or len(self._tail) < 4 else 4 + _unpack_length(self._tail)[0]

    @property
    def cut(self) -> str | None:
        """Evidence that a stream ending here ends inside a message; `None` between messages (FR-06)."""
        if self._tail is None:
            return None
        if self.awaiting is None:
            return f"the stream ends {self.pending} bytes into a length prefix"
        name = message_name(self._tail[4]) if self.pending > 4 else "message"
        return f"the stream ends {self.pending} bytes into a {name} of {self.awaiting}"

    def _judged(self, length: int, message_id: int) -> Message | None:
        """The message at `_position`, whose prefix and (unless `length` is 0) id are these."""
        if length == 0:
            return self._deliver(4, _KEEP_ALIVE)
        fault = self._limits.prefix_fault(length) or self._limits.header_fault(length, message_id)
        if fault is not None:
            return self._refuse(fault)
        start, end = self._position, self._position + 4 + length
        if end > self._size:
            self._keep_tail()
            self._whole = 4 + length
            return None
        message = decode(message_id, self._data[start + 5 : end])
        return self._refuse(message) if type(message) is Malformed else self._deliver(4 + length, message)

    def _without_id(self) -> Message | None:
        """Fewer than five bytes are left: nothing, a keep-alive, or the beginning of a message."""
        left = self._size - self._position
        if left == 4:
            (length,) = _unpack_length(self._data, self._position)
            if length == 0:
                return self._deliver(4, _KEEP_ALIVE)
            fault = self._limits.prefix_fault(length)
            if fault is not None:
                return self._refuse(fault)
        self._keep_tail() if left else self._release()
        return None

    def _finish_tail(self, tail: bytearray) -> Message | None:
        """Completes the message begun in `tail`, judging as soon as there is something to judge."""
        if not self._whole:
            fault = self._judge_tail(tail)
            if fault is not None:
                self._position -= len(tail)
                return self._refuse(fault)
        if not self._whole or not self._gather(tail, self._whole):
            return None
        self._tail, self._whole = None, 0
        self._position -= len(tail)
        message = decode(tail[4], memoryview(tail)[5:]) if len(tail) > 4 else _KEEP_ALIVE
        return self._refuse(message) if type(message) is Malformed else self._deliver(len(tail), message)

    def _judge_tail(self, tail: bytearray) -> Malformed | None:
        """Finds the length of the whole message, if its header comes together and is acceptable."""
        if not self._gather(tail, 4):
            return None
        (length,) = _unpack_length(tail)
        if length:
            fault = self._limits.prefix_fault(length)
            if fault is not None:
                return fault
            if not self._gather(tail, 5):
                return None
            fault = self._limits.header_fault(length, tail[4])
            if fault is not None:
                return fault
        self._whole = 4 + length
        return None

    def _gather(self, tail: bytearray, size: int) -> bool:
        """Lets `tail` grow to `size` bytes; False if the data does not reach so far."""
        missing = size - len(tail)
        if missing <= 0:
            return True
        taken = self._data[self._position : self._position + missing]
        tail += taken
        self._position += len(taken)
        if len(taken) == missing:
            return True
        self._release()
        return False

    def _keep_tail(self) -> None:
        self._tail = bytearray(self._data[self._position :])
        self._position = self._size
        self._release()

    def _deliver(self, length: int, message: Message) -> Message:
        self.offset = self._origin + self._position
        self._position += length
        return message

    def _refuse(self, fault: Malformed) -> Malformed:
        self.offset = self._origin + self._position
        self._tail = None
        self._over = True
        self._release()
        return fault

    def _release(self) -> None:
        """Lets go of the caller's bytes, all of which up to `_position` are dealt with."""
        self._origin += self._position
        self._data = _EMPTY
        self._size = self._position = 0
