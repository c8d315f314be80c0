"""That a side wants nothing more is said, heard, and a reason to part (BEP 21)."""

from pathlib import Path

import pytest

from tests.session.hall import open_hall
from tests.session.stage import GEOMETRY
from torrent_peer.session.farewell import Cause
from torrent_peer.wire.messages import Bitfield, ExtendedHandshake, HaveAll, HaveNone, Message

ALL = GEOMETRY.piece_count
UPLOAD_ONLY = ExtendedHandshake(upload_only=True)


@pytest.mark.parametrize(("pieces", "said"), [(ALL, True), (ALL - 1, None), (0, None)])
async def test_a_seed_says_that_it_only_uploads(tmp_path: Path, pieces: int, said: bool | None) -> None:
    async with open_hall(tmp_path, pieces=pieces) as hall:
        _, ear = hall.join([], unchoked=False)
        (hello,) = ear.take(ExtendedHandshake)
        assert hello.upload_only is said


@pytest.mark.parametrize(
    ("pieces", "said", "reason"),
    [
        (ALL, [UPLOAD_ONLY, Bitfield(b"\x80")], "neither side wants more than it has"),
        (ALL, [UPLOAD_ONLY, HaveNone()], "neither side wants more than it has"),
        (ALL, [UPLOAD_ONLY, HaveAll()], "both sides have everything"),
        (ALL, [HaveNone(), UPLOAD_ONLY], "neither side wants more than it has"),
        (ALL, [ExtendedHandshake(upload_only=False), HaveNone()], None),
        (ALL, [UPLOAD_ONLY, ExtendedHandshake(upload_only=False), HaveNone()], None),
        (ALL - 1, [UPLOAD_ONLY, HaveAll()], None),
        (ALL - 1, [UPLOAD_ONLY, HaveNone()], None),
    ],
)
async def test_two_that_only_upload_part(tmp_path: Path, pieces: int, said: list[Message], reason: str | None) -> None:
    async with open_hall(tmp_path, pieces=pieces) as hall:
        peer = hall.meet(*said)
        if reason is None:
            assert peer.ending is None
        else:
            assert peer.ending is not None
            assert (peer.ending.cause, peer.ending.detail) == (Cause.UNWANTED, reason)
