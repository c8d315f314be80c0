import contextlib
import os
from pathlib import Path

import pytest
import trio
from attrs import evolve

from tests.session.stage import CONTENT, LOOPBACK, PLAIN, TORRENT, Audience, on_stage, place, until
from torrent_peer.core.addresses import Address
from torrent_peer.core.ids import InfoHash
from torrent_peer.metainfo.create import create_torrent
from torrent_peer.metainfo.torrent import parse_torrent
from torrent_peer.net.listen import ListenError, open_listener
from torrent_peer.session import session as session_module
from torrent_peer.session.events import DoorTrouble, PeerClosed, PeerConnected
from torrent_peer.session.options import Ending
from torrent_peer.session.session import open_session
from torrent_peer.session.strangers import Strangers
from torrent_peer.testing.scripted_peer import Talk, dial_scripted_peer, open_scripted_peer
from torrent_peer.testing.scripted_seed import serve
from torrent_peer.wire.messages import HaveNone, Interested, KeepAlive

UNKNOWN = InfoHash(b"nobody has this here")


async def stays(talk: Talk) -> None:
    await talk.handshake()
    await talk.send(HaveNone())
    await talk.closed()


async def asks_for_something_else(talk: Talk) -> None:
    await talk.handshake(info_hash=UNKNOWN)


async def test_who_names_a_torrent_we_do_not_have_is_left_without_a_byte(tmp_path: Path) -> None:
    with trio.fail_after(5):
        async with (
            on_stage(tmp_path) as stage,
            dial_scripted_peer("127.0.0.1", stage.port, UNKNOWN, asks_for_something_else) as talk,
        ):
            await talk.over.wait()
            assert not stage.audience.all(PeerConnected)
            assert not stage.audience.all(PeerClosed)
            assert stage.session.turned_away == {"HS-04": 1}
    assert talk.broken_off
    assert talk.received_bytes == 0


@pytest.mark.parametrize(
    ("said", "rules"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", ["HS-01"]),
        (b"\x13BitTorrent protocoL" + bytes(48), ["HS-02"]),
        (b"\x13Bit", []),
    ],
)
async def test_who_is_no_peer_is_left_without_a_byte(said: bytes, rules: list[str], tmp_path: Path) -> None:
    async def stranger(talk: Talk) -> None:
        await talk.send_bytes(said)
        await talk._stream.send_eof()
        await talk.closed()

    with trio.fail_after(5):
        async with (
            on_stage(tmp_path) as stage,
            dial_scripted_peer("127.0.0.1", stage.port, TORRENT.info_hash, stranger) as talk,
        ):
            await talk.over.wait()
            assert list(stage.session.turned_away) == rules
    assert talk.received_bytes == 0


async def test_a_stranger_that_names_nothing_is_left_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "HANDSHAKE_TIMEOUT", 0.05)

    async def mute(talk: Talk) -> None:
        await talk.closed()

    with trio.fail_after(5):
        async with (
            on_stage(tmp_path) as stage,
            dial_scripted_peer("127.0.0.1", stage.port, TORRENT.info_hash, mute) as talk,
        ):
            await talk.over.wait()
    assert talk.received_bytes == 0


async def test_our_handshake_comes_as_soon_as_the_info_hash_is_known(tmp_path: Path) -> None:
    async def slow(talk: Talk) -> None:
        await talk.send_bytes(b"\x13BitTorrent protocol" + bytes(8) + TORRENT.info_hash)
        await talk.read_handshake()
        await talk.send_bytes(talk.peer_id)
        await talk.send(KeepAlive(), Interested())
        await talk.closed()

    with trio.fail_after(5):
        async with (
            on_stage(tmp_path) as stage,
            dial_scripted_peer("127.0.0.1", stage.port, TORRENT.info_hash, slow) as talk,
        ):
            connected = await stage.audience.wait_for(PeerConnected)
            assert talk.theirs is not None
            assert talk.theirs.peer_id == stage.session.peer_id
    assert connected.address == talk.address
    assert not connected.dialed


async def test_what_is_said_behind_the_handshake_in_one_piece_is_heard(tmp_path: Path) -> None:
    async def hasty(talk: Talk) -> None:
        await talk.send_bytes(
            b"\x13BitTorrent protocol"
            + bytes(8)
            + TORRENT.info_hash
            + talk.peer_id
            + b"\0\0\0\x02\x05\xfc"
            + b"\0\0\0\1\1"
        )
        await talk.read_handshake()
        await talk.expect(Interested)

    with trio.fail_after(5):
        async with (
            on_stage(tmp_path) as stage,
            dial_scripted_peer("127.0.0.1", stage.port, TORRENT.info_hash, hasty) as talk,
        ):
            await talk.over.wait()
    assert not talk.broken_off


async def test_strangers_are_few_and_keep_nobody_out(tmp_path: Path) -> None:
    async def mute(talk: Talk) -> None:
        await talk.closed()

    with trio.fail_after(5):
        async with on_stage(tmp_path) as stage, trio.open_nursery() as nursery:
            stage.session._strangers = Strangers(3)
            over = 0

            async def dials() -> None:
                nonlocal over
                async with dial_scripted_peer("127.0.0.1", stage.port, TORRENT.info_hash, mute) as talk:
                    await talk.over.wait()
                    over += 1

            for _ in range(10):
                nursery.start_soon(dials)
            await until(lambda: over == 7)
            assert len(stage.session._strangers) == 3
            async with dial_scripted_peer("127.0.0.1", stage.port, TORRENT.info_hash, stays) as talk:
                assert (await stage.audience.wait_for(PeerConnected)).address == talk.address
            nursery.cancel_scope.cancel()


async def test_one_port_serves_several_torrents_at_once(tmp_path: Path) -> None:
    other_content = CONTENT[::-1]
    other = parse_torrent(create_torrent("other.bin", other_content, piece_length=64 * 1024))
    with trio.fail_after(10):
        async with open_session(LOOPBACK) as seeds, open_session(LOOPBACK) as leeches:
            assert seeds.port is not None
            (tmp_path / "seed").mkdir()
            (tmp_path / "seed" / "content.bin").write_bytes(CONTENT)
            (tmp_path / "seed" / "other.bin").write_bytes(other_content)
            options = evolve(PLAIN, seed_time=60.0)
            for torrent in (TORRENT, other):
                await seeds.add(torrent, tmp_path / "seed", options).checked()
            there = evolve(PLAIN, peers=(Address("127.0.0.1", seeds.port),))
            runs = [leeches.add(torrent, tmp_path / "leech", there) for torrent in (TORRENT, other)]
            assert [await run.finished() for run in runs] == [Ending.COMPLETE, Ending.COMPLETE]
    assert (tmp_path / "leech" / "content.bin").read_bytes() == CONTENT
    assert (tmp_path / "leech" / "other.bin").read_bytes() == other_content


async def test_a_torrent_runs_once_at_a_time_and_may_run_again(tmp_path: Path) -> None:
    with trio.fail_after(5):
        async with open_session(LOOPBACK) as session:
            run = session.add(TORRENT, place(tmp_path), PLAIN)
            with pytest.raises(ValueError) as caught:
                session.add(TORRENT, tmp_path, PLAIN)
            assert str(caught.value) == f"{TORRENT.info_hash} runs already"
            assert await run.finished() is Ending.COMPLETE
            assert await session.add(TORRENT, tmp_path, PLAIN).finished() is Ending.COMPLETE


async def test_leaving_the_block_stops_its_torrents(tmp_path: Path) -> None:
    audience = Audience()
    with trio.fail_after(5):
        async with open_session(LOOPBACK) as session:
            run = session.add(TORRENT, tmp_path, PLAIN, audience)
            await run.checked()
    assert run.ending is Ending.STOPPED
    assert run.ending_detail == "stopped"


async def test_no_port_to_be_had_is_an_error_before_anything_starts() -> None:
    taken = await open_listener("127.0.0.1", [0])
    with pytest.raises(ListenError, match=r"^cannot listen on 127\.0\.0\.1, port"):
        async with open_session(evolve(LOOPBACK, listen_ports=(taken.port,))):
            raise AssertionError("never reached")
    taken.close()


async def test_without_ports_nobody_is_let_in_but_downloads_work(tmp_path: Path) -> None:
    with trio.fail_after(5):
        async with (
            open_scripted_peer(serve(TORRENT, CONTENT), info_hash=TORRENT.info_hash) as peer,
            on_stage(tmp_path, peer.address, session=evolve(LOOPBACK, listen_ports=())) as stage,
        ):
            assert stage.session.port is None
            assert await stage.run.finished() is Ending.COMPLETE


async def test_vanished_peers_leave_no_descriptor_behind(tmp_path: Path) -> None:
    async def vanishes(talk: Talk) -> None:
        await talk.handshake()
        await talk.send(HaveNone())
        await talk.expect(HaveNone)
        await talk.reset()

    def sockets() -> int:
        found = 0
        for entry in os.listdir("/proc/self/fd"):
            with contextlib.suppress(FileNotFoundError):
                found += os.readlink(f"/proc/self/fd/{entry}").startswith("socket:")
        return found

    with trio.fail_after(10):
        async with on_stage(tmp_path) as stage:
            await stage.run.checked()
            before = sockets()
            for script in (vanishes, asks_for_something_else) * 20:
                async with dial_scripted_peer("127.0.0.1", stage.port, TORRENT.info_hash, script) as talk:
                    await talk.over.wait()
            await until(lambda: len(stage.audience.all(PeerClosed)) == 20)
            await until(lambda: len(stage.session._strangers) == 0)
            assert stage.run.connections == 0
            assert sockets() == before


async def test_every_torrent_hears_that_peers_cannot_be_let_in(tmp_path: Path) -> None:
    async with on_stage(place(tmp_path), options=evolve(PLAIN, seed_time=60)) as stage:
        stage.session._complain("Too many open files: …")
        assert stage.audience.all(DoorTrouble) == [DoorTrouble("Too many open files: …")]
