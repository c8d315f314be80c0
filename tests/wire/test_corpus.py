"""The conversations that fuzzing found, played again: what must hold holds, and they reach nearly all there is.

`scripts/fuzz_wire` looks for more of them. What an input means, and what must hold, is in `fuzz_play.py`.
"""

from collections import Counter
from typing import get_args

import pytest

from tests.wire.fuzz_corpus import read_corpus
from tests.wire.fuzz_moves import STREAMS
from tests.wire.fuzz_play import FLOODS, Played, play
from torrent_peer.core.block import Block
from torrent_peer.wire import effects, hot
from torrent_peer.wire.messages import Extended, Have, Malformed, Message, MetadataUnknown, Unknown
from torrent_peer.wire.rules import RULES
from torrent_peer.wire.rules.bep3 import availability
from torrent_peer.wire.state import Direction
from torrent_peer.wire.wording import name_of

INPUTS = read_corpus()
HAVES_OF_UNKNOWN_SIZE = bytes([4, 0, 0, 0, 155, FLOODS.index(13), STREAMS.index(Have), *bytes(8), 1])
"""8192 different haves to a dialler that does not know the torrent's size."""


@pytest.fixture(scope="module")
def all_played() -> list[Played]:
    """Each of them, once for all tests; what must hold is asserted while they are played."""
    return [play(data) for data in INPUTS]


def test_whatever_was_found_holds_and_gets_past_the_handshakes(all_played: list[Played]) -> None:
    assert len(all_played) >= 100
    assert sum(played.opened for played in all_played) / len(all_played) > 0.8


def test_nearly_every_rule_is_broken_by_the_peer(all_played: list[Played]) -> None:
    broken: Counter[str] = Counter()
    for played in all_played:
        broken.update(played.rules)
    there_are = {rule.id for rule in RULES.rules if not rule.for_sending}
    assert len(there_are & broken.keys()) / len(there_are) > 0.85, sorted(there_are - broken.keys())


def test_every_message_is_received_that_can_be(all_played: list[Played]) -> None:
    heard: Counter[str] = Counter()
    for played in all_played:
        heard.update(played.heard)
    # Malformed ones close the connection, what is unknown is passed over, and every extension of ours has its messages.
    expected = {name_of(kind) for kind in set(get_args(Message)) - {Extended, Malformed, MetadataUnknown, Unknown}}
    assert heard.keys() == expected


def test_a_short_way_that_judges_less_than_the_rules_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(way: Direction, block: Block) -> bool:
        return way.receiver.requests.answer(block)

    monkeypatch.setattr(hot, "take_answer", careless)
    with pytest.raises(AssertionError, match="the short way: "):
        [play(data) for data in INPUTS]


def test_a_book_without_a_limit_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert play(HAVES_OF_UNKNOWN_SIZE).heard["have"] == 4096
    monkeypatch.setattr(effects, "DEFERRED_LIMIT", 1 << 30)
    monkeypatch.setattr(availability, "DEFERRED_LIMIT", 1 << 30)
    with pytest.raises(AssertionError, match="listener: deferred of 8192, at most 4096"):
        play(HAVES_OF_UNKNOWN_SIZE)
