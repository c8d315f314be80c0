"""Two strangers' messages, judged where they pass: each message by what its sender may have heard.

A wire between two ends is like an end itself: to each of them it says what the other said, a little later than that
did. So there is a view for each speaker, in which its words are heard and those of the other side are simply said.
Whatever a speaker had heard had passed here before: what some prefix of it explains is legal, the rest is accused.

What has passed may not have arrived: nothing here takes it for seen, except by the proofs that the rules themselves ask
for (an answer shows that its question was heard).
"""

from collections.abc import Sequence

from torrent_peer.core.geometry import Geometry
from torrent_peer.core.ids import InfoHash
from torrent_peer.wire.errors import Finding
from torrent_peer.wire.legality import Legality
from torrent_peer.wire.messages import Message, Piece
from torrent_peer.wire.side import Side
from torrent_peer.wire.state import SideState


class Views:
    """What is known of one conversation to who overhears it."""

    def __init__(self, *, info_hash: InfoHash | None = None, geometry: Geometry | None = None) -> None:
        self._of = {side: Legality(info_hash=info_hash, geometry=geometry) for side in Side}
        """Speaker → the view in which it is judged."""

    def say(self, speaker: Side, message: Message, offset: int) -> Sequence[Finding]:
        """The rules that the message breaks, gravest first. It counts as said all the same: it was."""
        heard = self._of[speaker]
        findings = heard.admit(speaker, message, crossed=True, offset=offset)
        if findings:
            heard.apply(speaker, message, crossed=True)
        if type(message) is Piece:
            self._note_stale(speaker, message)
        self._of[speaker.other].apply(speaker, message, crossed=False)
        return findings

    def _note_stale(self, server: Side, message: Piece) -> None:
        """Without fast, a request that passes here before a choke, and arrives after the next unchoke, is served.

        Here it was over at the choke. Its answer makes room for one more request all the same.
        """
        state = self._of[server.other].state
        ledger = state.of(server.other).requests
        if not state.fast and message.block not in ledger.live:
            ledger.budget += 1

    def known_of(self, side: Side) -> SideState:
        """What a side has declared so far."""
        return self._of[side].state.of(side)
