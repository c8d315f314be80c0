"""What is said to a peer that reads nothing is bounded."""

from collections.abc import Sequence

from tests.session.stage import GEOMETRY, TORRENT
from torrent_peer.core.addresses import Address
from torrent_peer.core.ids import PeerId
from torrent_peer.net.transport import RECEIVE_BUFFER_LENGTH
from torrent_peer.session.farewell import Cause
from torrent_peer.session.peer import MOST_UNREAD, Peer
from torrent_peer.wire.connection import PeerConnection
from torrent_peer.wire.messages import KeepAlive
from torrent_peer.wire.side import Side


class Stuck:
    """A connection whose other end takes nothing."""

    def __init__(self) -> None:
        self.backlog = MOST_UNREAD - 100

    async def receive(self, at_most: int = RECEIVE_BUFFER_LENGTH) -> memoryview:
        raise NotImplementedError

    async def readable(self) -> None: ...

    async def give_way(self) -> None: ...

    def receive_now(self, buffers: Sequence[memoryview]) -> int | None:
        raise NotImplementedError

    def write(self, data: bytes | memoryview) -> None:
        self.backlog += len(data)

    async def drain(self, below: int = 0) -> None:
        raise NotImplementedError

    async def aclose(self) -> None:
        raise NotImplementedError


async def test_a_peer_that_reads_nothing_of_what_we_say_is_left() -> None:
    ours = PeerConnection(side=Side.DIALER, peer_id=PeerId(bytes(20)), info_hash=TORRENT.info_hash, geometry=GEOMETRY)
    peer = Peer(Address("192.0.2.7", 6881), ours, Stuck(), dialed=True, now=0.0)
    peer.greet(now=0.0)
    theirs = PeerConnection(side=Side.LISTENER, peer_id=PeerId(b"x" * 20), info_hash=TORRENT.info_hash)
    ours.receive_data(theirs.initiate())
    ours.next_event()
    said = 0  # greeted already: 68 bytes of 100
    while peer.say(KeepAlive()):
        peer.flush(now=0.0)
        said += 4
    assert peer.ending is not None
    assert (peer.ending.cause, peer.ending.detail) == (Cause.UNWANTED, "it reads nothing of what we say")
    assert 68 + said == 100 + 4
