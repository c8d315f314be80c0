"""Plays a conversation through a real connection, at the end where it is judged, and notes what is found."""

from typing import Final

from torrent_peer.core.values import frozen
from torrent_peer.wire.catalogue.exchange import (
    GEOMETRY,
    INFO_HASH,
    PEER_IDS,
    PIECES_ROOT,
    Example,
    Scene,
    Step,
    handshake,
)
from torrent_peer.wire.connection import NEED_DATA, PeerConnection
from torrent_peer.wire.errors import Finding, LocalProtocolError, RemoteProtocolError
from torrent_peer.wire.messages import Message
from torrent_peer.wire.policy import Profile
from torrent_peer.wire.side import Side

HEIGHT: Final = 8
"""Layers above the leaves: the file has 145 blocks, filled up to 256."""


class _OneTree:
    """The trees of a torrent with one file."""

    def height(self, pieces_root: bytes) -> int | None:
        return HEIGHT if pieces_root == PIECES_ROOT else None


@frozen
class Line:
    """One step, and what was found in it, in order."""

    step: Step
    findings: tuple[Finding, ...]


def play_breach(example: Example, *, at_sender: bool = False) -> list[Line]:
    """The conversation with the message that breaks the rule, judged where that is read, or (`at_sender`) written."""
    return play(example.given, example.breaks, at_sender=at_sender)


def play_alike(example: Example, *, at_sender: bool = False) -> list[Line]:
    """The conversation with the message that is legal, judged likewise."""
    return play(example.given_alike or example.given, example.alike, at_sender=at_sender)


def play(scene: Scene, last: Step, *, at_sender: bool = False, profile: Profile = Profile.INTEROPERABLE) -> list[Line]:
    """Every step of `scene`, then `last`."""
    here = last.sender if at_sender else last.sender.other
    connection = PeerConnection(
        side=here,
        info_hash=INFO_HASH,
        peer_id=PEER_IDS[here],
        geometry=GEOMETRY if scene.size_known else None,
        reserved=scene.bits,
        profile=profile,
        expected_id=PEER_IDS[here.other] if scene.named_by_tracker else None,
    )
    if scene.trees_known:
        connection.learn_hash_trees(_OneTree())
    if scene.greeted:
        for sender in Side:
            _say(connection, Step(sender, (handshake(sender, bits=scene.bits),)))
    return [Line(step, tuple(_say(connection, step))) for step in (*scene.steps, last)]


def _say(connection: PeerConnection, step: Step) -> list[Finding]:
    """What is found in one step, wherever it comes from."""
    if step.sender is not connection.side:
        return _hear(connection, step.encoded())
    try:
        for message in step.messages:
            assert isinstance(message, Message), "what is judged where it is written is a message"
            connection.send(message)
    except LocalProtocolError as error:
        return [error.violation]
    return []


def _hear(connection: PeerConnection, data: bytes) -> list[Finding]:
    findings: list[Finding] = []
    connection.receive_data(data)
    try:
        while connection.next_event() is not NEED_DATA:
            findings += connection.take_findings()
    except RemoteProtocolError:
        pass
    return findings + connection.take_findings()
