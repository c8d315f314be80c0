"""Many who say nothing do not keep out the one who does."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import trio
from attrs import evolve

from tests.session.stage import CONTENT, PLAIN, TORRENT, on_stage, place
from torrent_peer.session import swarm
from torrent_peer.testing.scripted_peer import FULL_RESERVED, Script, Talk, dial_scripted_peer, scripted_peer_id
from torrent_peer.wire import codec
from torrent_peer.wire.messages import Handshake, Have, HaveNone, Interested, NotInterested, Piece, Request, Unchoke

GIVES = evolve(PLAIN, seed_time=60)


async def fetches_a_block(talk: Talk) -> None:
    """What every honest peer wants."""
    await talk.handshake()
    await talk.send(HaveNone(), Interested())
    await talk.expect(Unchoke)
    await talk.send(Request(TORRENT.geometry.block(0, 0)))
    assert (await talk.expect(Piece)).data == CONTENT[:16384]


async def stays_silent(talk: Talk) -> None:
    await talk.closed()


async def names_the_torrent_and_no_more(talk: Talk) -> None:
    whole = codec.encode(Handshake(FULL_RESERVED, TORRENT.info_hash, scripted_peer_id()))
    await talk.send_bytes(whole[:48])
    await talk.closed()


async def says_hello_and_no_more(talk: Talk) -> None:
    await talk.handshake()
    await talk.send(HaveNone())
    await talk.closed()


@pytest.mark.parametrize(
    ("script", "count", "most"),
    [(stays_silent, 100, 50), (names_the_torrent_and_no_more, 12, 10), (says_hello_and_no_more, 12, 10)],
)
async def test_a_crowd_that_does_nothing_does_not_keep_an_honest_peer_out(
    script: Script,
    count: int,
    most: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(swarm, "GREETING_TIME", 0.3)
    monkeypatch.setattr(swarm, "TURNOVER", 0.3)
    with trio.fail_after(10):
        async with (
            on_stage(place(tmp_path), options=evolve(GIVES, max_peers=most)) as stage,
            AsyncExitStack() as stack,
        ):
            await stage.run.checked()
            where = ("127.0.0.1", stage.port, TORRENT.info_hash)
            for _ in range(count):
                await stack.enter_async_context(dial_scripted_peer(*where, script))
            await trio.sleep(0.5)
            talk = await stack.enter_async_context(dial_scripted_peer(*where, fetches_a_block))
            await talk.over.wait()
            assert not talk.broken_off


async def test_peers_that_never_stop_chattering_do_not_keep_others_from_being_served(tmp_path: Path) -> None:
    chatter = codec.encode(Have(0)) + codec.encode(Interested()) + codec.encode(NotInterested())

    async def chatters(talk: Talk) -> None:
        await talk.handshake()
        await talk.send(HaveNone())
        while True:
            await talk.send_bytes(chatter * 10_000)

    with trio.fail_after(10):
        async with on_stage(place(tmp_path), options=GIVES) as stage, AsyncExitStack() as stack:
            await stage.run.checked()
            where = ("127.0.0.1", stage.port, TORRENT.info_hash)
            for _ in range(4):
                await stack.enter_async_context(dial_scripted_peer(*where, chatters))
            await trio.sleep(0.5)
            with trio.fail_after(1):
                async with dial_scripted_peer(*where, fetches_a_block) as talk:
                    await talk.over.wait()
            assert not talk.broken_off
