"""Every rule that a peer can break towards a downloading session, broken over a real socket."""

import struct
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trio
from attrs import evolve, field, frozen

from tests.session.stage import (
    CONTENT,
    GEOMETRY,
    LOOPBACK,
    NOT_FAST,
    TORRENT,
    late_seed,
    on_stage,
    place,
    true_piece,
)
from torrent_peer.core.block import BLOCK_LENGTH, Block
from torrent_peer.core.ids import InfoHash
from torrent_peer.session.events import FindingNoted
from torrent_peer.session.farewell import Cause, EndedBy
from torrent_peer.session.options import Ending, SessionOptions
from torrent_peer.testing.scripted_peer import FULL_RESERVED, Talk, open_scripted_peer
from torrent_peer.wire.codec import PROTOCOL
from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Extended,
    ExtendedHandshake,
    Handshake,
    Have,
    HaveAll,
    HaveNone,
    Interested,
    Message,
    Piece,
    Reject,
    Request,
    Unchoke,
)
from torrent_peer.wire.policy import FORGIVEN_LIMIT, Action, Profile, action_for
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.rules import RULES
from torrent_peer.wire.rules.bep3.availability import UPDATES_LIMIT
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.side import Side

GROUPS = ("HS", "FR", "ST", "BF", "REQ", "CAN", "PIECE", "FAST", "EXT")
BLOCK = GEOMETRY.block(0, 0)
NOWHERE = Block(9999, 0, BLOCK_LENGTH)
ELSEWHERE = {
    "HS-04": "is broken by strangers, before any torrent is named: test_session.py",
    "BF-09": "needs a torrent of unknown size; a session always knows it",
    "PIECE-09": "needs a torrent of unknown size; a session always knows it",
}
"""Rules that close the connection and cannot be broken here."""


@frozen
class Offence:
    """One rule broken in a way for which the connection is closed."""

    rule: str
    commit: Callable[[Talk], Awaitable[None]] = field(repr=False)
    cause: Cause = Cause.VIOLATION
    pieces: int = 1
    """Pieces the session has before it begins, from the first."""
    session: SessionOptions = field(default=LOOPBACK, repr=False)

    def __str__(self) -> str:
        return self.rule


async def _not_a_peer(talk: Talk) -> None:
    await talk.send_bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n")


async def _another_protocol(talk: Talk) -> None:
    await talk.send_bytes(PROTOCOL[:-1] + b"L" + bytes(48))


async def _another_torrent(talk: Talk) -> None:
    await talk.handshake(info_hash=InfoHash(b"another torrent's hash"[:20]))


async def _an_upgrade(talk: Talk) -> None:
    await talk.handshake(info_hash=InfoHash(b"another torrent's hash"[:20]), reserved=Reserved.of(v2=True))


async def _ourselves(talk: Talk) -> None:
    theirs = await talk.read_handshake()
    await talk.send(Handshake(theirs.reserved, theirs.info_hash, theirs.peer_id))


async def _two_handshakes(talk: Talk) -> None:
    await talk.handshake()
    assert talk.ours is not None
    await talk.send(talk.ours)


def _frame(data: bytes) -> Callable[[Talk], Awaitable[None]]:
    async def commit(talk: Talk) -> None:
        await talk.handshake()
        await talk.send_bytes(data)

    return commit


def _say(*messages: Message, reserved: Reserved = FULL_RESERVED) -> Callable[[Talk], Awaitable[None]]:
    async def commit(talk: Talk) -> None:
        await talk.handshake(reserved=reserved)
        await talk.send(*messages)

    return commit


def _ask(*blocks: Block) -> Callable[[Talk], Awaitable[None]]:
    """Requests by a peer that is unchoked."""

    async def commit(talk: Talk) -> None:
        await talk.handshake()
        await talk.send(HaveNone(), Interested())
        await talk.expect(Unchoke)
        await talk.send(*map(Request, blocks))

    return commit


async def _a_flood_of_requests(talk: Talk) -> None:
    await talk.handshake(reserved=NOT_FAST)
    await talk.send(Interested())
    await talk.expect(Unchoke)
    await talk.send(*(Request(Block(0, begin, 1)) for begin in range(500 + FORGIVEN_LIMIT + 1)))


async def _a_flood_while_choked(talk: Talk) -> None:
    await talk.handshake()
    await talk.send(HaveNone(), *(Request(Block(0, begin, 1)) for begin in range(600)))


async def _a_short_answer(talk: Talk) -> None:
    await talk.handshake()
    await talk.send(HaveAll(), Unchoke())
    answer = true_piece(await talk.expect(Request))
    await talk.send(Piece(answer.block, bytes(answer.data[:5])))


OFFENCES = (
    Offence("HS-01", _not_a_peer),
    Offence("HS-02", _another_protocol),
    Offence("HS-05", _another_torrent),
    Offence("HS-06", _an_upgrade),
    Offence("HS-10", _ourselves, Cause.SELF),
    Offence("HS-13", _two_handshakes),
    Offence("FR-02", _frame(struct.pack(">IB", 1 << 24, 20))),
    Offence("FR-03", _frame(b"\0\0\0\2\0\0")),
    Offence("FR-05", _frame(b"\0\0\0\5\7\0\0\0\0")),
    Offence("BF-03", _say(*[HaveNone()] * (UPDATES_LIMIT + 2))),
    Offence("BF-04", _say(Bitfield(b"\xff\xff\xff"))),
    Offence("BF-06", _say(HaveNone(), Have(GEOMETRY.piece_count))),
    Offence("REQ-01", _ask(NOWHERE)),
    Offence("REQ-03", _ask(Block(0, 0, 0))),
    Offence("REQ-04", _ask(Block(0, GEOMETRY.piece_length - 1, 2))),
    Offence("REQ-05", _ask(Block(0, 0, 128 * 1024 + 1))),
    Offence("REQ-07", _a_flood_while_choked),
    # What is one too many is dropped at once, so nobody ever has twice too many: a flood is a deviation without end.
    Offence("REQ-10", _a_flood_of_requests, session=evolve(LOOPBACK, upload_limit=1)),
    Offence("REQ-12", _say(HaveNone(), Request(BLOCK)), pieces=0),
    Offence("PIECE-01", _say(HaveAll(), Piece(NOWHERE, bytes(BLOCK_LENGTH)))),
    Offence("PIECE-02", _say(HaveAll(), true_piece(Request(BLOCK)))),
    Offence("PIECE-03", _a_short_answer),
    Offence("FAST-01", _say(HaveAll(), reserved=NOT_FAST)),
    Offence("FAST-02", _say(HaveAll(), Reject(BLOCK))),
    Offence("FAST-03", _say(HaveAll(), Reject(NOWHERE))),
    Offence("FAST-08", _say(HaveAll(), *[AllowedFast(0)] * 1001)),
    Offence("EXT-01", _say(HaveNone(), Extended(1, b"de"), reserved=Reserved.of(fast=True))),
    Offence("EXT-02", _say(ExtendedHandshake(), HaveNone(), Extended(77, b"de"))),
    Offence("EXT-03", _frame(b"\0\0\0\x08\x14\0rubbish"[:12])),
)


def test_every_rule_that_closes_a_connection_is_broken_here() -> None:
    closing = {
        rule.id
        for rule in RULES.rules
        if rule.id.split("-")[0] in GROUPS
        and not rule.for_sending
        and action_for(Profile.INTEROPERABLE, rule.finding("", Side.DIALER, HaveNone())) is Action.CLOSE
    }
    cases = {offence.rule for offence in OFFENCES}
    assert closing - cases - ELSEWHERE.keys() == set(), "rules without a case"
    assert cases | ELSEWHERE.keys() == closing, "cases for rules that close nothing"


@pytest.mark.parametrize("offence", OFFENCES, ids=str)
async def test_who_breaks_a_rule_is_closed_at_once_and_named_and_the_download_goes_on(
    offence: Offence, tmp_path: Path
) -> None:
    curtain = trio.Event()

    async def offender(talk: Talk) -> None:
        if len(peer.talks) == 1:
            await offence.commit(talk)
        await talk.closed()

    with trio.fail_after(10):
        async with (
            open_scripted_peer(offender, info_hash=TORRENT.info_hash) as peer,
            open_scripted_peer(late_seed(curtain), info_hash=TORRENT.info_hash) as honest,
            on_stage(
                place(tmp_path, pieces=offence.pieces), peer.address, honest.address, session=offence.session
            ) as stage,
        ):
            with trio.fail_after(5):
                farewell = await stage.audience.farewell(peer.address)
                await peer.talks[0].over.wait()
            curtain.set()
            assert await stage.run.finished() is Ending.COMPLETE
    assert farewell.cause is offence.cause
    assert farewell.ended_by is EndedBy.US
    assert farewell.finding is not None
    assert farewell.finding.rule == offence.rule
    assert farewell.detail == str(farewell.finding)
    assert farewell.recent
    noted = [event.finding for event in stage.audience.all(FindingNoted) if event.address == peer.address]
    if offence.cause is Cause.VIOLATION:  # to have met oneself is nobody's offence
        assert farewell.finding in noted
    assert {finding.rule for finding in noted if finding.severity is Severity.VIOLATION} <= {offence.rule}
    assert not [event for event in stage.audience.all(FindingNoted) if event.address == honest.address]
    assert stage.file == CONTENT


async def test_all_offenders_at_once_do_not_hinder_a_download(tmp_path: Path) -> None:
    curtain = trio.Event()

    def offender(offence: Offence) -> Callable[[Talk], Awaitable[None]]:
        async def script(talk: Talk) -> None:
            await offence.commit(talk)
            await talk.closed()

        return script

    async with trio.open_nursery() as nursery:
        opened: dict[str, object] = {}

        async def open_one(offence: Offence, *, task_status: trio.TaskStatus[object]) -> None:
            async with open_scripted_peer(offender(offence), info_hash=TORRENT.info_hash) as peer:
                task_status.started(peer.address)
                await trio.sleep_forever()

        for offence in OFFENCES:
            opened[offence.rule] = await nursery.start(open_one, offence)
        with trio.fail_after(15):
            async with (
                open_scripted_peer(late_seed(curtain), info_hash=TORRENT.info_hash) as honest,
                on_stage(place(tmp_path, pieces=1), *opened.values(), honest.address) as stage,  # type: ignore[arg-type]
            ):
                curtain.set()
                assert await stage.run.finished() is Ending.COMPLETE
                assert stage.file == CONTENT
        nursery.cancel_scope.cancel()
