"""Bencoding (BEP 3): a strict scanner in front of bencode.py, which nothing else here imports.

bencode.py 4.1 loops for ever on some inputs of a dozen bytes, accepts `i+1e` and `1_0:`, keeps the last of duplicate
keys and knows neither offsets nor spans. So every input is first read by `scan`, which builds nothing, never recurses,
takes linear time and names what is wrong and where; bencode.py only ever sees what passed.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias, cast

import bencodepy
from attrs import field, validators

from torrent_peer.core.values import define, frozen

Value: TypeAlias = int | bytes | list["Value"] | dict[bytes, "Value"]
"""What bencoding can say. Dictionaries keep the order of the input."""

MAX_DEPTH: Final = 100
"""Containers inside each other; the limit of libtorrent and of bencode.py, which recurses."""
MAX_DIGITS: Final = 20
"""Digits in any number; 2^64 has 20."""
MAX_NOTES: Final = 8
"""Notes kept of one input; a hostile one could cause a million."""
_INT64: Final = range(-(2**63), 2**63)
"""BEP 3 sets no limit; every deployed client stops at 64 bits."""
_SHOWN_KEY: Final = 40
"""Characters of a key shown in an error's path."""
_SHOWN_PATH: Final = 120
"""Characters of the whole path."""

_TOKEN: Final = re.compile(rb"(0|[1-9][0-9]{0,19}):|i(0|-?[1-9][0-9]{0,19})e|([dl])|e")
_STRING, _INTEGER, _OPEN = 1, 2, 3
_NUMBER: Final = re.compile(rb"(-?)([0-9]*)")


class BencodeError(ValueError):
    """Input that is not canonical bencoding, or beyond the limits set for it; one line for the user."""

    def __init__(self, reason: str, offset: int, path: str = "") -> None:
        super().__init__(f"{reason} at byte {offset}" + (f" ({path})" if path else ""))
        self.reason = reason
        """What is wrong, without the place."""
        self.offset = offset
        """Where, in bytes from the start of the input."""
        self.path = path
        """Inside which value, like `info.files[3].length`; empty at the top."""


@frozen(kw_only=True)
class Limits:
    """How much one input may ask of us, by where it comes from."""

    size: int
    """Bytes of the whole input."""
    depth: int = field(validator=validators.in_(range(1, MAX_DEPTH + 1)))
    """Containers inside each other."""
    items: int
    """Values, dictionary keys included."""
    integer_digits: int = MAX_DIGITS
    """Digits of an integer; beyond this, integers must fit in 64 bits, signed."""


WIRE: Final = Limits(size=1024 * 1024, depth=32, items=4096)
"""Extension messages: a handshake is a few hundred bytes, a full pex message under 1 kB, metadata 16 KiB and a bit."""
TRACKER: Final = Limits(size=1024 * 1024, depth=32, items=200_000)
"""Tracker answers: 1 MiB of dictionary peers is some 20,000 peers of 8 values."""
TORRENT: Final = Limits(size=32 * 1024 * 1024, depth=MAX_DEPTH, items=2_000_000)
""".torrent files; the largest met in the wild are about 25 MB, libtorrent stops at 2 million tokens."""
RESUME: Final = Limits(size=32 * 1024 * 1024, depth=32, items=2_000_000)
"""Our own resume records, which anybody may have edited."""


@frozen
class Raw:
    """Bytes that are bencoding already; `encode` writes them as they are (an info dictionary keeps its hash)."""

    data: bytes


Encodable: TypeAlias = int | bytes | bytearray | memoryview | Raw | Sequence["Encodable"] | Mapping[bytes, "Encodable"]
"""What `encode` takes; subclasses too (an `InfoHash` is bytes)."""


@frozen(kw_only=True)
class Scan:
    """What a scan found out about the value at the start of an input."""

    end: int
    """Offset just behind the value."""
    spans: Mapping[bytes, tuple[int, int]]
    """Where each value of the top-level dictionary lies, (start, end) in bytes; empty when it is no dictionary."""
    notes: tuple[str, ...]
    """Faults that are tolerated, at most eight: keys out of order."""
    _source: bytes = field(repr=False, eq=False)

    def decode(self) -> Value:
        """The value that was scanned."""
        try:
            return cast("Value", bencodepy.decode(self._source[: self.end]))
        except bencodepy.BencodeDecodeError as error:  # bencode.py stops when the caller's stack is nearly used up
            raise BencodeError(f"bencode.py says: {error}", 0) from error


def decode(data: bytes | bytearray | memoryview, *, limits: Limits) -> Value:
    """The value that `data` is, from its first byte to its last; raises BencodeError."""
    found = scan(data, limits=limits)
    if found.end != len(found._source):
        raise BencodeError("there are more bytes behind the value", found.end)
    return found.decode()


def decode_prefix(data: bytes | bytearray | memoryview, *, limits: Limits) -> tuple[Value, int]:
    """The value `data` begins with and the offset just behind it (BEP 9 puts raw bytes there); raises BencodeError."""
    found = scan(data, limits=limits)
    return found.decode(), found.end


@define
class _Container:
    """A list or dictionary being scanned."""

    keys: set[bytes] | None
    """Keys met so far; None in a list."""
    key: bytes = b""
    """The last of them."""
    pending: bool = False
    """Whether that key still waits for its value."""
    count: int = 0
    """Values met so far in a list."""


def scan(data: bytes | bytearray | memoryview, *, limits: Limits) -> Scan:
    """Judge the value at the start of `data` without building it; raises BencodeError at the first fault.

    Bytes behind the value are left to the caller, but count towards `limits.size`.
    """
    size = memoryview(data).nbytes
    if size > limits.size:
        raise BencodeError(f"{size} bytes are more than the {limits.size} allowed", 0)
    source = bytes(data)
    match = _TOKEN.match
    stack: list[_Container] = []
    spans: dict[bytes, tuple[int, int]] = {}
    notes: list[str] = []
    inside = _Container(None)  # the top, which holds one value
    keys: set[bytes] | None = None  # those of `inside`, while a key is expected
    unsuspicious = min(limits.integer_digits, 18) + len(b"ie")  # 18 digits always fit in 64 bits
    at = items = start = 0
    while True:
        token = match(source, at)
        if token is None:
            raise BencodeError(_why(source, at), at, _path(stack))
        kind = token.lastindex
        behind = token.end()
        if kind == _STRING:
            begin = behind
            behind += int(token[1])
            if behind > size:
                reason = f"a string of {int(token[1])} bytes goes beyond the end of the data"
                raise BencodeError(reason, at, _path(stack))
            if keys is not None:
                key = source[begin:behind]
                if key in keys or key < inside.key:
                    _judge_order(key, at, stack, notes)
                keys.add(key)
                inside.key = key
                inside.pending = True
                keys = None
                at = behind
                if len(stack) == 1:
                    start = at
                items += 1
                continue
        elif kind is None:
            if inside.pending or not stack:
                raise BencodeError("no value before this `e`", at, _path(stack))
            stack.pop()
            if stack:
                inside = stack[-1]
        elif keys is not None:
            raise BencodeError("a dictionary key is not a string", at, _path(stack))
        elif kind == _OPEN:
            if len(stack) == limits.depth:
                raise BencodeError(f"containers are nested more than {limits.depth} deep", at, _path(stack))
            inside = _Container(set() if token[3] == b"d" else None)
            keys = inside.keys
            stack.append(inside)
            at = behind
            continue
        elif behind - at > unsuspicious:
            _judge_integer(token[2], at, stack, limits)

        # A value ends here.
        at = behind
        items += 1
        if items > limits.items:
            raise BencodeError(f"there are more than {limits.items} values", at, _path(stack))
        if not stack:
            return Scan(end=at, spans=spans, notes=tuple(notes), source=source)
        keys = inside.keys
        if keys is None:
            inside.count += 1
        else:
            inside.pending = False
            if len(stack) == 1:
                spans[inside.key] = (start, at)


def _judge_order(key: bytes, at: int, stack: list[_Container], notes: list[str]) -> None:
    """Refuse a key that was there before; note one that is merely out of order."""
    inside = stack[-1]
    if inside.keys is not None and key in inside.keys:
        raise BencodeError(f"the key {_shown(key)} is there twice", at, _path(stack))
    if len(notes) < MAX_NOTES:
        path = _path(stack)
        notes.append(f"the key {_shown(key)} is out of order at byte {at}" + (f" ({path})" if path else ""))


def _judge_integer(digits: bytes, at: int, stack: list[_Container], limits: Limits) -> None:
    if len(digits.lstrip(b"-")) > limits.integer_digits:
        raise BencodeError(f"an integer has more than {limits.integer_digits} digits", at, _path(stack))
    if int(digits) not in _INT64:
        raise BencodeError("an integer does not fit in 64 bits", at, _path(stack))


def encode(value: Encodable) -> bytes:
    """Canonical bencoding: keys sorted, integers of at most 64 bits, at most 100 containers deep.

    Raises TypeError for anything bencoding cannot say (str included: the caller chooses the encoding) and ValueError
    beyond those limits.
    """
    return cast("bytes", bencodepy.encode(_plain(value, 0)))


def _plain(value: object, depth: int) -> object:
    """`value` in the exact types bencode.py knows."""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, int):
        if value not in _INT64:
            raise ValueError("an integer does not fit in 64 bits")
        return int(value)
    if isinstance(value, Raw):
        return bencodepy.Bencached(value.data)
    if depth == MAX_DEPTH and isinstance(value, Mapping | list | tuple):
        raise ValueError(f"containers are nested more than {MAX_DEPTH} deep")
    if isinstance(value, Mapping):
        if not all(isinstance(key, bytes) for key in value):
            raise TypeError("a dictionary key must be bytes")
        return {bytes(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    raise TypeError(f"bencoding has no {type(value).__name__}")


def _why(data: bytes, at: int) -> str:
    """What is wrong with the token at `at`, which no token matches."""
    lead = data[at : at + 1]
    if not lead:
        return "the data end too early"
    if lead == b"i":
        what, number, final = "an integer", data[at + 1 : at + MAX_DIGITS + 4], b"e"
    elif lead.isdigit() or lead == b"-":
        what, number, final = "a string length", data[at : at + MAX_DIGITS + 3], b":"
    else:
        return f"byte 0x{lead.hex()} starts no value"
    found = _NUMBER.match(number)
    assert found is not None  # it matches nothing, too
    sign, digits = found.groups()
    behind = number[found.end() : found.end() + 1]
    if sign and final == b":":
        return f"{what} is negative"
    if len(digits) > MAX_DIGITS:
        return f"{what} has more than {MAX_DIGITS} digits"
    if not behind:
        return f"the data end inside {what}"
    if behind != final:
        return f"{what} holds the byte 0x{behind.hex()}"
    if not digits:
        return f"{what} has no digits"
    return f"{what} is -0" if sign and digits == b"0" else f"{what} has a leading zero"


def _path(stack: Iterable[_Container]) -> str:
    """The place the scan has reached, like `info.files[3].length`."""
    path = ""
    for container in stack:
        if container.keys is None:
            path += f"[{container.count}]"
        elif container.pending:
            path += ("." if path else "") + _shown(container.key)
    return path if len(path) <= _SHOWN_PATH else f"{path[: _SHOWN_PATH // 2]}…{path[-_SHOWN_PATH // 2 :]}"


def _shown(key: bytes) -> str:
    """A key for the eyes: printable, one line, not too long."""
    if not key:
        return '""'
    text = "".join(chr(c) if 0x20 <= c <= 0x7E else f"\\x{c:02x}" for c in key[:_SHOWN_KEY])
    return text if len(key) <= _SHOWN_KEY else text + "…"
