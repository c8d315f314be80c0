"""FR: frames that are no message. The bytes were judged by framing and codec; here their faults get their sources."""

from torrent_peer.wire.messages import Malformed, Unknown
from torrent_peer.wire.phases import Phase
from torrent_peer.wire.rules.registry import Judge, rule
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.state import Direction

_PROTOCOL = "BEP 3, peer protocol"
_MESSAGES = "BEP 3, peer messages"


def found_in_the_bytes(rule_id: str, says: str) -> Judge:
    """The judge of a rule that decoding finds broken: it only repeats what was found; `says` is what it demands."""

    def judge(way: Direction, message: Malformed, crossed: bool) -> str | None:
        if message.rule != rule_id or way.sender.phase is Phase.CLOSED:
            return None
        return message.reason

    judge.__doc__ = says
    judge.__name__ = "malformed_" + rule_id.lower().replace("-", "_")
    return judge


for _id, _section, _quote, _says in (
    (
        "HS-01",
        _PROTOCOL,
        "The handshake starts with character ninteen (decimal)",
        "The first byte is 19.",
    ),
    (
        "HS-02",
        _PROTOCOL,
        "followed by the string 'BitTorrent protocol'",
        "The next 19 bytes are `BitTorrent protocol`.",
    ),
    (
        "HS-13",
        _PROTOCOL,
        "consists of a handshake followed by a never-ending stream of length-prefixed messages",
        "A second handshake is no message.",
    ),
    ("FR-02", _PROTOCOL, "", "No message is longer than its kind ever is; judged before its body is kept."),
    ("FR-03", _MESSAGES, "", "A message whose fields have fixed sizes has exactly that length."),
    ("FR-05", _MESSAGES, "", "No message is too short for its fields."),
    (
        "BF-04",
        _MESSAGES,
        "Its payload is a bitfield with each index that downloader has sent set to one",
        "A bitfield has a bit for each piece and no byte more.",
    ),
    (
        "EXT-03",
        "BEP 10, handshake message",
        "The payload of the handshake message is a bencoded dictionary.",
        "An extended handshake is a bencoded dictionary.",
    ),
):
    rule(_id, Malformed, severity=Severity.VIOLATION, section=_section, quote=_quote, out_of_turn=True)(
        found_in_the_bytes(_id, _says)
    )


@rule(
    "FR-04",
    Unknown,
    severity=Severity.DEVIATION,
    section=_MESSAGES,
    quote="All non-keepalive messages start with a single byte which gives their type.",
    out_of_turn=True,
)
def the_id_is_known(way: Direction, message: Unknown, crossed: bool) -> str | None:
    """The message id is one that some BEP defines."""
    if way.sender.phase in (Phase.READY, Phase.ACTIVE):
        return f"message id {message.id} is nobody's"
    return None
