"""The first bytes of an input: which side is ours, what both ends speak and know, how far they have come."""

from typing import Final

from attrs import frozen

from tests.wire.fuzz_moves import Tape, reserved
from tests.wire.scenes import GEOMETRY
from torrent_peer.core.geometry import Geometry
from torrent_peer.wire.policy import Profile
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.side import Side

GEOMETRIES: Final = (
    GEOMETRY,
    Geometry(3 * 49152 - 30_000, 49152),
    Geometry(5, 16384),
    Geometry(70_000 * 16384, 16384),
    Geometry(90_001, 20_000),
    Geometry(1 << 33, 1 << 31),
)
QUEUES: Final = (500, 1, 2, 3, 4, 8, 250, 2000)


@frozen
class Config:
    """The first bytes of an input."""

    side: Side
    profile: Profile
    knows_size: bool
    knows_torrent: bool
    opening: int
    """0: nothing was said; 1: both handshakes; 2: extended ones, too; 3: availability and interest, too."""
    ours: Reserved
    theirs: Reserved
    queue: int
    geometry: Geometry
    cuts: int
    """0: whole; 1: byte by byte; else: about as many bytes at a time."""
    trees: bool
    lazy: bool
    """Cancelled requests are not answered at once."""

    @classmethod
    def read(cls, tape: Tape) -> "Config":
        """Four bytes of the tape."""
        how, bits, sizes, cuts = (tape.byte() for _ in range(4))
        side = Side.LISTENER if how & 1 else Side.DIALER
        return cls(
            side=side,
            profile=Profile.STRICT if how & 2 else Profile.INTEROPERABLE,
            knows_size=not how & 4,
            knows_torrent=not how & 8 or side is Side.DIALER,
            opening=3 - (how >> 4 & 3),
            trees=bool(how & 64),
            lazy=bool(how & 128),
            ours=reserved(~bits),
            theirs=reserved(~bits >> 4),
            queue=QUEUES[sizes & 7],
            geometry=GEOMETRIES[(sizes >> 3) % len(GEOMETRIES)],
            cuts=cuts,
        )
