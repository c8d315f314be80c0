"""A transcript tells every message of a conversation, in order, and what it changed."""

from pathlib import Path

import trio
from attrs import evolve

from tests.session.stage import CONTENT, GEOMETRY, LOOPBACK, TORRENT, on_stage, place
from torrent_peer.session.events import BlocksSeen, Completed, MessageSeen
from torrent_peer.session.options import Ending
from torrent_peer.testing.scripted_peer import Talk, open_scripted_peer
from torrent_peer.testing.scripted_seed import serve
from torrent_peer.wire.messages import Handshake, HaveAll, Interested, Unchoke
from torrent_peer.wire.side import Side

WITH_TRANSCRIPT = evolve(LOOPBACK, transcript=True)


async def test_every_message_both_ways_is_told_in_order_and_blocks_in_rows(tmp_path: Path) -> None:
    with trio.fail_after(10):
        async with (
            open_scripted_peer(serve(TORRENT, CONTENT), info_hash=TORRENT.info_hash) as peer,
            on_stage(place(tmp_path, pieces=GEOMETRY.piece_count - 1), peer.address, session=WITH_TRANSCRIPT) as stage,
        ):
            assert await stage.run.finished() is Ending.COMPLETE
    assert stage.audience.all(Completed)
    seen = stage.audience.all(MessageSeen)
    ours = [event.message for event in seen if event.ours]
    theirs = [event.message for event in seen if not event.ours]
    assert isinstance(ours[0], Handshake)
    assert isinstance(theirs[0], Handshake)
    assert theirs[1] == HaveAll()
    rows = stage.audience.all(BlocksSeen)
    asked = [block for row in rows if row.ours and row.kind == "request" for block in row.blocks]
    came = [block for row in rows if not row.ours and row.kind == "piece" for block in row.blocks]
    assert sorted(asked) == sorted(came) == list(GEOMETRY.blocks(GEOMETRY.piece_count - 1))
    for side in (Side.DIALER, Side.LISTENER):
        told = [event for event in stage.audience.events if isinstance(event, MessageSeen | BlocksSeen)]
        offsets = [event.offset for event in told if event.sender is side]
        assert offsets == sorted(set(offsets))


async def test_what_each_message_changed_is_told_with_it(tmp_path: Path) -> None:
    async def changes_its_mind(talk: Talk) -> None:
        await talk.handshake()
        await talk.send(HaveAll())
        await talk.expect(Interested)
        await talk.send(Unchoke(), Unchoke(), HaveAll())
        await talk.closed()

    with trio.fail_after(10):
        async with (
            open_scripted_peer(changes_its_mind, info_hash=TORRENT.info_hash) as peer,
            on_stage(tmp_path, peer.address, session=WITH_TRANSCRIPT) as stage,
        ):
            await stage.audience.wait_for(MessageSeen, lambda event: [x.rule for x in event.findings] == ["BF-03"])
    told = [(type(event.message).__name__, event.change, [found.rule for found in event.findings])
            for event in stage.audience.all(MessageSeen) if not event.ours]  # fmt: skip
    count = GEOMETRY.piece_count
    assert told == [
        ("Handshake", "listener ready", []),
        ("HaveAll", f"listener active, has {count} of {count}", []),
        ("Unchoke", "listener not choking", []),
        ("Unchoke", "", ["ST-02"]),
        ("HaveAll", "", ["BF-03"]),
    ]
    ours = [(type(event.message).__name__, event.change) for event in stage.audience.all(MessageSeen) if event.ours]
    assert ("Interested", "dialer interested") in ours
