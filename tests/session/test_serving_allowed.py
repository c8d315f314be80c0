"""Pieces that newcomers may fetch though we choke them (BEP 6, allowed fast)."""

from pathlib import Path

import pytest
import trio

from tests.session.ends import FULL_RESERVED
from tests.session.hall import open_hall
from tests.session.stage import GEOMETRY, NOT_FAST
from tests.session.test_serving import Shelf, ask, choking, leech, piece, said, serving
from torrent_peer.session import serving as module
from torrent_peer.wire.messages import AllowedFast, Choke, HaveNone, Reject

LAST = GEOMETRY.piece_count - 1
ALLOWED = 2


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the torrent were larger."""
    monkeypatch.setattr(module, "pieces_to_allow", lambda host, info_hash, *, pieces, has: [ALLOWED] * (has < 1))


async def test_a_leech_allows_newcomers_some_pieces_once(tmp_path: Path) -> None:
    async with open_hall(tmp_path, pieces=LAST) as hall:
        newcomer, ear = hall.join([], unchoked=False)
        assert ear.take(AllowedFast) == [AllowedFast(ALLOWED)]
        hall.say(newcomer, HaveNone())
        assert not ear.take(AllowedFast)
        for pieces, reserved in (([1], FULL_RESERVED), ([], NOT_FAST)):
            _, other = hall.join(pieces, reserved=reserved, unchoked=False)
            assert not other.take(AllowedFast)


async def test_a_seed_allows_nobody_anything(tmp_path: Path) -> None:
    async with open_hall(tmp_path, pieces=GEOMETRY.piece_count) as hall:
        _, ear = hall.join([], unchoked=False)
        assert not ear.take(AllowedFast)


async def test_what_is_allowed_is_served_while_we_choke_and_outlives_a_choke() -> None:
    peer, sink = leech()
    peer.say(AllowedFast(ALLOWED))
    allowed, other = GEOMETRY.block(ALLOWED, 0), GEOMETRY.block(0, 0)
    ask(peer, allowed, other)
    peer.flush(now=0)
    sink.written.clear()
    giving = serving(Shelf())
    giving._choke(peer, now=0)
    peer.flush(now=0)
    assert said(sink, Choke(), Reject(other))
    sink.written.clear()
    ask(peer, GEOMETRY.block(ALLOWED, 1))
    with trio.fail_after(2):
        await giving.write(peer)
    assert choking(peer)
    assert said(sink, piece(allowed), piece(GEOMETRY.block(ALLOWED, 1)))
