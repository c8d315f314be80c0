"""Scenes for rules: a connection up to the moment at which one more message is judged.

The geometry is ten pieces of 32 KiB, the last of 20,000 bytes. The dialler is a leech that is interested, the listener
a seed; unless a scene says otherwise both have said so, both speak BEP 6 and 10, and all is seen from the listener.
"""

from collections.abc import Mapping, Sequence

from attrs import frozen

from torrent_peer.core.geometry import Geometry
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.wire.errors import Finding
from torrent_peer.wire.legality import Legality
from torrent_peer.wire.messages import Bitfield, ExtendedHandshake, Handshake, HaveAll, HaveNone, Interested, Message
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.rules import RULES
from torrent_peer.wire.side import Side

GEOMETRY = Geometry(9 * 32768 + 20_000, 32768)
FULL = Bitfield(b"\xff\xc0")
EMPTY = Bitfield(b"\x00\x00")
INFO_HASH = InfoHash(b"0123456789abcdefghij")
EVERY_EXTENSION = {"ut_metadata": 1, "ut_pex": 2, "upload_only": 3, "lt_donthave": 4, "ut_holepunch": 5}
METADATA_SIZE = 40_000
ANNOUNCED: list[tuple[Side, Message]] = [
    (side, ExtendedHandshake(EVERY_EXTENSION, metadata_size=METADATA_SIZE)) for side in Side
]
"""Both sides speak every extension, and have the metadata: three pieces of it."""


@frozen
class Trees:
    """The trees of a version 2 torrent, as high as it says."""

    heights: Mapping[bytes, int]

    def height(self, pieces_root: bytes) -> int | None:
        return self.heights.get(pieces_root)


@frozen(kw_only=True)
class Scene:
    """What came before."""

    fast: bool = True
    extended: bool = True
    dht: bool = False
    v2: bool = False
    trees: Mapping[bytes, int] | None = None
    """Root of a file → height of its tree."""
    expected_id: PeerId | None = None
    """What a tracker called the listener."""
    size_known: bool = True
    greeted: bool = True
    """Both handshakes are said."""
    opened: bool = True
    """Both availability messages are said, and the dialler's interest."""
    here: Side = Side.LISTENER
    """Where it is seen from."""
    then: Sequence[tuple[Side, Message]] = ()
    """What was said after that; applied whether legal or not."""

    def legality(self) -> Legality:
        """The table at that moment."""
        reserved = Reserved.of(fast=self.fast, extended=self.extended, dht=self.dht, v2=self.v2)
        legality = Legality(info_hash=INFO_HASH, geometry=GEOMETRY if self.size_known else None)
        legality.state.hash_trees = None if self.trees is None else Trees(self.trees)
        legality.state.listener.expected_id = self.expected_id
        said: list[tuple[Side, Message]] = []
        if self.greeted:
            said += [
                (Side.DIALER, Handshake(reserved, INFO_HASH, PeerId(b"-XX0001-dialdialdial"))),
                (Side.LISTENER, Handshake(reserved, INFO_HASH, PeerId(b"-XX0001-listenlisten"))),
            ]
        if self.greeted and self.opened:
            said += [
                (Side.LISTENER, HaveAll() if self.fast else FULL),
                (Side.DIALER, HaveNone() if self.fast else EMPTY),
                (Side.DIALER, Interested()),
            ]
        for sender, message in (*said, *self.then):
            legality.apply(sender, message, crossed=sender is not self.here)
        return legality

    def judge(self, sender: Side, message: Message) -> Sequence[Finding]:
        """What would be found in one more message."""
        return self.legality().check(sender, message, crossed=sender is not self.here)


@frozen(kw_only=True)
class Case:
    """One rule broken, and what looks like it and is legal."""

    judge: str
    """Name of the rule's function."""
    rule: str
    evidence: str
    scene: Scene = Scene()
    message: Message
    """Breaks the rule in `scene`."""
    sender: Side = Side.DIALER
    legal_scene: Scene | None = None
    """`None`: the same scene."""
    legal: Message | None = None
    """Breaks nothing of this rule's; `None`: the same message."""
    legal_sender: Side | None = None

    def __str__(self) -> str:
        return f"{self.rule} {self.judge}"


def check_case(case: Case) -> None:
    """The case is found, word for word, by its own rule; its look-alike is not."""
    rule = next(rule for rule in RULES.rules if rule.judge.__name__ == case.judge)
    findings = case.scene.judge(case.sender, case.message)
    found = [(finding.rule, finding.severity, finding.evidence) for finding in findings]
    assert (case.rule, rule.severity, case.evidence) in found
    legal_scene = case.scene if case.legal_scene is None else case.legal_scene
    legal = case.message if case.legal is None else case.legal
    assert legal_scene is not case.scene or legal is not case.message or case.legal_sender is not None
    findings = legal_scene.judge(case.sender if case.legal_sender is None else case.legal_sender, legal)
    assert case.rule not in [finding.rule for finding in findings if finding.severity is rule.severity]
