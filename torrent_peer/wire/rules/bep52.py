"""HASH: hashes of version 2 torrents. They may be asked for and sent while choking, and of and by anybody (HASH-11).

What depends on a file's tree (HASH-03, HASH-04, HASH-07, and the end of a layer in HASH-06) is judged only while the
connection knows the trees. Whether hashes prove what they claim (HASH-09) is found by hashing, and not judged here.
"""

from typing import Final

from torrent_peer.wire.codec import HASH_LENGTH
from torrent_peer.wire.messages import Hashes, HashReject, HashRequest, Malformed
from torrent_peer.wire.rules.bep3.framing import found_in_the_bytes
from torrent_peer.wire.rules.registry import rule
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.state import Direction
from torrent_peer.wire.wording import in_short, name_of

_SECTION: Final = "BEP 52, peer messages"
_FIELDS: Final = "'hash request' messages contain a pieces root, base layer, index, length, and proof layers."
_LENGTH: Final = "Length MUST be equal-to-or-greater-than two and a power of two."
_ANSWER: Final = "This message MUST correlate with a 'hash request' message."
HASHES_AT_ONCE: Final = 512
"""BEP 52: "Length SHOULD NOT be greater than 512"."""


@rule(
    "HASH-01",
    *(HashRequest, Hashes, HashReject),
    severity=Severity.VIOLATION,
    section="BEP 52, Upgrade Path",
    quote="a peer can set the 4th most significant bit in the last byte of the reserved bitfield",
)
def hashes_need_version_2(way: Direction, message: HashRequest | Hashes | HashReject, crossed: bool) -> str | None:
    """Hashes are asked for and sent only if both sides speak version 2."""
    return None if way.state.v2 else f"{name_of(type(message))} on a connection that does not speak version 2"


rule("HASH-02", Malformed, severity=Severity.VIOLATION, section=_SECTION, quote=_FIELDS, out_of_turn=True)(
    found_in_the_bytes("HASH-02", "A hash request has five fields; hashes repeat them, with 32 bytes for each hash.")
)


def _height(way: Direction, message: HashRequest) -> int | None:
    """Layers above the leaves of the tree in question, as far as that is known."""
    trees = way.state.hash_trees
    return None if trees is None else trees.height(message.range.pieces_root)


@rule(
    "HASH-03",
    HashRequest,
    severity=Severity.DEVIATION,
    section=_SECTION,
    quote="The pieces root is the root hash of a file.",
)
def a_hash_request_names_a_file(way: Direction, message: HashRequest, crossed: bool) -> str | None:
    """A hash request names a file of the torrent by its root."""
    if way.state.hash_trees is None or _height(way, message) is not None:
        return None
    return f"hash_request for the root {message.range.pieces_root.hex()}, which no file has"


@rule(
    "HASH-04",
    HashRequest,
    severity=Severity.DEVIATION,
    section=_SECTION,
    quote="The base layer defines the lowest requested layer of the hash tree.",
)
def a_hash_request_names_a_layer(way: Direction, message: HashRequest, crossed: bool) -> str | None:
    """A hash request names a layer of its file's tree."""
    if (height := _height(way, message)) is None or message.range.base_layer <= height:
        return None
    return f"hash_request for layer {message.range.base_layer}: the highest is {height}"


@rule("HASH-05", HashRequest, severity=Severity.DEVIATION, section=_SECTION, quote=_LENGTH)
def hashes_are_asked_for_in_subtrees(way: Direction, message: HashRequest, crossed: bool) -> str | None:
    """The number of hashes asked for is a power of two, and at least two."""
    length = message.range.length
    return None if length >= 2 and length.bit_count() == 1 else f"hash_request for {length} hashes"


@rule(
    "HASH-05",
    HashRequest,
    severity=Severity.REDUNDANT,
    section=_SECTION,
    quote="Length SHOULD NOT be greater than 512.",
)
def no_more_than_512_hashes_are_asked_for(way: Direction, message: HashRequest, crossed: bool) -> str | None:
    """No more than 512 hashes are asked for at once."""
    length = message.range.length
    return f"hash_request for {length} hashes at once" if length > HASHES_AT_ONCE else None


@rule(
    "HASH-06",
    HashRequest,
    severity=Severity.DEVIATION,
    section=_SECTION,
    quote="Index MUST be a multiple of length, this includes zero.",
)
def a_hash_request_stays_in_its_layer(way: Direction, message: HashRequest, crossed: bool) -> str | None:
    """The hashes asked for start at a multiple of their number, and end where their layer ends."""
    asked, height = message.range, _height(way, message)
    if asked.length and asked.index % asked.length:
        return f"hash_request for {asked.length} hashes from {asked.index} on, which is no multiple"
    if height is None or asked.base_layer > height or asked.index + asked.length <= 1 << (height - asked.base_layer):
        return None
    return f"{in_short(message)}: there are {1 << (height - asked.base_layer)}"


@rule(
    "HASH-07",
    HashRequest,
    severity=Severity.DEVIATION,
    section=_SECTION,
    quote="Proof layers is the number of ancestor layers to include.",
)
def a_proof_ends_at_the_root(way: Direction, message: HashRequest, crossed: bool) -> str | None:
    """No more layers of proof are asked for than the tree is high."""
    if (height := _height(way, message)) is None or message.range.proof_layers <= height:
        return None
    return f"hash_request with {message.range.proof_layers} layers of proof: the tree has {height}"


@rule("HASH-08", Hashes, severity=Severity.VIOLATION, section=_SECTION, quote=_ANSWER)
def hashes_were_asked_for(way: Direction, message: Hashes, crossed: bool) -> str | None:
    """Hashes answer a request, in all five fields."""
    return None if way.receiver.hashes.has_credit(message.range) else f"{in_short(message)}, which are not requested"


@rule(
    "HASH-08",
    Hashes,
    severity=Severity.VIOLATION,
    section=_SECTION,
    quote="A proof layer is omitted if the requested hashes include the entire child layer.",
)
def hashes_are_complete(way: Direction, message: Hashes, crossed: bool) -> str | None:
    """As many hashes come as are asked for, and one for each layer of proof that they do not cover themselves."""
    asked, count = message.range, len(message.hashes) // HASH_LENGTH
    covered = (asked.length - 1).bit_length() - 1
    due = asked.length + max(0, asked.proof_layers - covered)
    return (
        None
        if count == due
        else f"{count} hashes for {asked.length} with {asked.proof_layers} layers of proof: {due} are due"
    )


@rule(
    "HASH-10",
    HashReject,
    severity=Severity.DEVIATION,
    section=_SECTION,
    quote="They indicate that a peer will not service a hash request.",
)
def a_hash_reject_answers_a_request(way: Direction, message: HashReject, crossed: bool) -> str | None:
    """A hash reject answers a request."""
    return None if way.receiver.hashes.has_credit(message.range) else f"{in_short(message)}, which is not requested"
