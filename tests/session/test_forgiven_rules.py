"""Every rule whose breach is recorded and forgiven: the connection goes on, and the download with it."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trio
from attrs import field, frozen

from tests.session.stage import (
    CONTENT,
    GEOMETRY,
    NOT_FAST,
    PIECE_LENGTH,
    TORRENT,
    on_stage,
    place,
    serve_on,
    true_piece,
)
from torrent_peer.core.block import BLOCK_LENGTH, Block
from torrent_peer.core.ids import PeerId
from torrent_peer.session.events import FindingNoted, PeerClosed
from torrent_peer.session.options import Ending
from torrent_peer.testing.scripted_peer import Talk, open_scripted_peer
from torrent_peer.testing.scripted_seed import answer
from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Cancel,
    Choke,
    Extended,
    ExtendedHandshake,
    Have,
    HaveAll,
    HaveNone,
    Interested,
    Message,
    NotInterested,
    Piece,
    Reject,
    Request,
    Suggest,
    Unchoke,
    Unknown,
)
from torrent_peer.wire.policy import Action, Profile, action_for
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.rules import RULES
from torrent_peer.wire.side import Side

GROUPS = ("HS", "FR", "ST", "BF", "REQ", "CAN", "PIECE", "FAST", "EXT")
BLOCK = GEOMETRY.block(0, 0)
NOWHERE = Block(9999, 0, BLOCK_LENGTH)
LAST = GEOMETRY.piece_count - 1
ELSEWHERE = {
    "HS-11": "a session does not ask trackers for peer ids",
    "BF-09": "needs a torrent of unknown size; a session always knows it",
    "REQ-11": "a session allows nothing fast",
    "CAN-03": "a session answers the first cancel at once, so that a second one takes back nothing: CAN-02",
    "EXT-09": "a session announces no extension that calls for answers",
    "EXT-10": "a session announces no extension, so that every extended message breaks EXT-02",
}
"""Rules that are forgiven and cannot be broken here."""
Script = Callable[[Talk], Awaitable[None]]


@frozen
class Lapse:
    """A rule broken, by a peer that then goes on to serve the whole torrent."""

    rule: str
    commit: Script = field(repr=False)
    also: frozenset[str] = frozenset()
    """Other rules broken on the way."""

    def __str__(self) -> str:
        return self.rule


def says(*messages: Message) -> Script:
    """A seed that says this before it unchokes."""

    async def commit(talk: Talk) -> None:
        await talk.handshake()
        await talk.send(*messages)
        await serve_on(talk)

    return commit


async def _bitfield_late(talk: Talk) -> None:
    await talk.handshake(reserved=NOT_FAST)
    await talk.send(Interested(), NotInterested(), Bitfield(b"\xfc"))
    await serve_on(talk)


async def _no_word_about_pieces(talk: Talk) -> None:
    await talk.handshake()
    await talk.send(Interested(), NotInterested(), *map(Have, range(GEOMETRY.piece_count)))
    await serve_on(talk)


def asks(*messages: Request | Cancel, answers: int, rejects: int = 0, interested: bool = True) -> Script:
    """A leech that asks wrongly, counts what it gets, and then has everything after all."""

    async def commit(talk: Talk) -> None:
        await talk.handshake()
        await talk.send(HaveNone(), Interested())
        await talk.expect(Unchoke)
        if not interested:
            await talk.send(NotInterested())
        await talk.send(*messages)
        for _ in range(answers + rejects):
            await _an_answer(talk)
        assert sum(isinstance(message, Piece) for message in talk.heard) == answers
        assert sum(isinstance(message, Reject) for message in talk.heard) == rejects
        await talk.send(*[NotInterested()] * interested, *map(Have, range(GEOMETRY.piece_count)))
        await serve_on(talk)

    return commit


async def _asks_while_choked(talk: Talk) -> None:
    await talk.handshake()
    await talk.send(HaveAll(), Request(BLOCK))
    assert await talk.expect(Reject) == Reject(BLOCK)
    await serve_on(talk)


async def _an_answer(talk: Talk) -> Piece | Reject:
    while not isinstance(message := await talk.next(), Piece | Reject):
        pass
    return message


async def _asks_for_too_much_at_once(talk: Talk) -> None:
    await talk.handshake()
    await talk.send(HaveNone(), Interested())
    await talk.expect(Unchoke)
    asked = [Block(0, begin, 1) for begin in range(1500)]
    await talk.send(*map(Request, asked))
    answered = [(await _an_answer(talk)).block for _ in asked]
    assert sorted(answered) == asked
    assert sum(isinstance(message, Piece) for message in talk.heard) >= 500
    assert any(isinstance(message, Reject) for message in talk.heard)
    await talk.send(NotInterested(), *map(Have, range(GEOMETRY.piece_count)))
    await serve_on(talk)


async def _answers_twice(talk: Talk) -> None:
    await talk.handshake()
    await talk.send(HaveAll(), Unchoke())
    piece = true_piece(await talk.expect(Request))
    await talk.send(piece, piece)
    await answer(talk, CONTENT, PIECE_LENGTH)


async def _answers_while_choking(talk: Talk) -> None:
    await talk.handshake(reserved=NOT_FAST)
    await talk.send(Bitfield(b"\xfc"), Unchoke())
    request = await talk.expect(Request)
    await talk.send(Choke(), true_piece(request))
    await serve_on(talk)


async def _rejects_what_it_sent(talk: Talk) -> None:
    await talk.handshake()
    await talk.send(HaveAll(), Unchoke())
    request = await talk.expect(Request)
    await talk.send(true_piece(request), Reject(request.block))
    await answer(talk, CONTENT, PIECE_LENGTH)


async def _rejects_without_the_bit(talk: Talk) -> None:
    await talk.handshake(reserved=NOT_FAST)
    await talk.send(Bitfield(b"\xfc"), Unchoke())
    request = await talk.expect(Request)
    await talk.send(Reject(request.block))
    await serve_on(talk)


async def _greets_without_the_bit(talk: Talk) -> None:
    await talk.handshake(reserved=Reserved.of(fast=True))
    await talk.send(ExtendedHandshake(client="bold"), HaveAll())
    await serve_on(talk)


async def _speaks_like_xunlei(talk: Talk) -> None:
    await talk.handshake(peer_id=PeerId(b"-XL0012-twelve bytes"))
    await talk.send(ExtendedHandshake({"ut_pex": 9}), HaveAll(), Extended(9, b"de"))
    await serve_on(talk)


def greets(dictionary: bytes) -> Script:
    async def commit(talk: Talk) -> None:
        await talk.handshake()
        await talk.send_bytes((2 + len(dictionary)).to_bytes(4) + b"\x14\x00" + dictionary)
        await talk.send(HaveAll())
        await serve_on(talk)

    return commit


LAPSES = (
    Lapse("FR-04", says(HaveAll(), Unknown(99, b"hello"))),
    Lapse("ST-02", says(HaveAll(), Choke())),
    Lapse("BF-01", _no_word_about_pieces),
    Lapse("BF-02", _bitfield_late),
    Lapse("BF-03", says(HaveAll(), HaveAll())),
    Lapse("BF-05", says(Bitfield(b"\xff"))),
    Lapse("BF-07", says(HaveAll(), Have(0))),
    Lapse("REQ-02", asks(Request(GEOMETRY.block(LAST, 0)), answers=0, rejects=1)),
    Lapse("REQ-05", asks(Request(Block(0, 0, 128 * 1024)), answers=0, rejects=1)),
    Lapse("REQ-07", _asks_while_choked, frozenset({"REQ-08"})),
    Lapse("REQ-08", asks(Request(BLOCK), answers=1, interested=False)),
    Lapse("REQ-09", asks(Request(BLOCK), Request(BLOCK), answers=2)),
    Lapse("REQ-10", _asks_for_too_much_at_once),
    Lapse("CAN-01", asks(Cancel(NOWHERE), Request(BLOCK), answers=1)),
    Lapse("CAN-02", asks(Cancel(BLOCK), Request(BLOCK), answers=1)),
    Lapse("PIECE-04", _answers_twice),
    Lapse("PIECE-05", _answers_while_choking),
    Lapse("FAST-01", _rejects_without_the_bit, frozenset({"ST-02"})),
    Lapse("FAST-02", _rejects_what_it_sent),
    Lapse("FAST-04", says(HaveAll(), AllowedFast(GEOMETRY.piece_count))),
    Lapse("FAST-05", says(HaveAll(), Suggest(GEOMETRY.piece_count))),
    Lapse("EXT-01", _greets_without_the_bit),
    Lapse("EXT-02", _speaks_like_xunlei),
    Lapse("EXT-04", greets(b"de rest")),
    Lapse("EXT-06", greets(b"d1:md1:ai1e1:bi1eee")),
    Lapse("EXT-07", greets(b"d1:pi70000ee")),
)


def test_every_rule_that_is_forgiven_is_broken_here() -> None:
    forgiven = {
        rule.id
        for rule in RULES.rules
        if rule.id.split("-")[0] in GROUPS
        and not rule.for_sending
        and action_for(Profile.INTEROPERABLE, rule.finding("", Side.DIALER, HaveNone())) is not Action.CLOSE
    }
    cases = {lapse.rule for lapse in LAPSES}
    assert forgiven - cases - ELSEWHERE.keys() == set(), "rules without a case"
    assert cases | ELSEWHERE.keys() == forgiven, "cases for rules that are not forgiven"


@pytest.mark.parametrize("lapse", LAPSES, ids=str)
async def test_a_lapse_is_noted_and_the_same_peer_goes_on_to_serve_everything(lapse: Lapse, tmp_path: Path) -> None:
    with trio.fail_after(5):
        async with (
            open_scripted_peer(lapse.commit, info_hash=TORRENT.info_hash) as peer,
            on_stage(place(tmp_path, pieces=1 if lapse.rule.startswith(("REQ", "CAN")) else 0), peer.address) as stage,
        ):
            ending = await stage.run.finished()
    assert ending is Ending.COMPLETE
    assert stage.file == CONTENT
    assert len(peer.talks) == 1
    assert len(stage.audience.all(PeerClosed)) == 1
    noted = [event.finding for event in stage.audience.all(FindingNoted)]
    assert {finding.rule for finding in noted} == {lapse.rule, *lapse.also}
    assert all(action_for(Profile.INTEROPERABLE, finding) is not Action.CLOSE for finding in noted)
