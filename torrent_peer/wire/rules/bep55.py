"""HP: `ut_holepunch`. Who is connected to whom (the rest of HP-02, and HP-03) is known to none of the connections."""

from typing import Final

from torrent_peer.wire.messages import Holepunch, HolepunchKind, Malformed
from torrent_peer.wire.messages.bep55 import HOLEPUNCH_NAMES
from torrent_peer.wire.rules.bep3.framing import found_in_the_bytes
from torrent_peer.wire.rules.registry import rule
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.state import Direction

_SECTION: Final = "BEP 55, Protocol Extension"
_CODE: Final = "error code as a big-endian 4-byte integer; 0 in non-error messages"

rule(
    "HP-01",
    Malformed,
    severity=Severity.VIOLATION,
    section=_SECTION,
    quote="either 4 or 16 bytes",
    out_of_turn=True,
)(found_in_the_bytes("HP-01", "A ut_holepunch message has 12 bytes for IPv4, 24 for IPv6."))


@rule("HP-01", Holepunch, severity=Severity.DEVIATION, section=_SECTION, quote=_CODE)
def a_holepunch_has_an_error_code(way: Direction, message: Holepunch, crossed: bool) -> str | None:
    """A ut_holepunch message is of a known type and has an error code, 0 unless it is an error (Q-25: libtorrent)."""
    if (name := HOLEPUNCH_NAMES.get(message.kind)) is None:
        return f"ut_holepunch message of type {message.kind}"
    if message.error_code is None:
        return "ut_holepunch message without an error code"
    if (message.error_code != 0) is (message.kind == HolepunchKind.ERROR):
        return None
    return f"ut_holepunch {name} with error code {message.error_code}"


@rule(
    "HP-02",
    Holepunch,
    severity=Severity.DEVIATION,
    section=_SECTION,
    quote="fields in the ``error`` message MUST be the same as in the ``rendezvous`` message.",
)
def a_holepunch_error_answers_a_rendezvous(way: Direction, message: Holepunch, crossed: bool) -> str | None:
    """An error answers a rendezvous with the same peer."""
    if message.kind != HolepunchKind.ERROR or way.receiver.rendezvous.has_credit(message.address):
        return None
    return f"ut_holepunch error about {message.address}, for which no rendezvous was asked"
