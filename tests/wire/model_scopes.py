"""The scopes that are explored: each about one thing that may cross another, with and without the Fast Extension."""

from collections.abc import Mapping
from typing import Final

from tests.wire.model_scope import (
    BLOCKS,
    LEECH,
    SEED,
    Scope,
    advice,
    asking,
    available,
    chatter,
    choking,
    greets,
    hashes,
    interest,
    learns,
    meeting,
    metadata,
    opening,
    opens,
    pieces,
    say,
)
from torrent_peer.wire.messages import AllowedFast, Interested, Unchoke

Budgets = Mapping[str, int]


def requests(fast: bool, **budgets: int) -> Scope:
    """Blocks are asked for, and taken back, while the seed chokes and unchokes."""
    moves = (*asking(LEECH), *choking(SEED))
    return Scope(name="requests", fast=fast, before=opening(fast), moves=moves, budgets=budgets)


def cancels(fast: bool, **budgets: int) -> Scope:
    """Two blocks that are given up and asked for again, before the seed chokes."""
    moves = (*asking(LEECH, BLOCKS[1:3]), *choking(SEED))
    before = (*opening(fast), say(SEED, Unchoke()))
    return Scope(name="cancels", fast=fast, before=before, moves=moves, budgets=budgets)


def withdrawals(fast: bool, **budgets: int) -> Scope:
    """Pieces that the seed loses, and gets again."""
    moves = (*asking(LEECH, BLOCKS[1:3]), *choking(SEED), *pieces(SEED, 0))
    before = (*opening(fast), say(SEED, Unchoke()))
    return Scope(name="withdrawals", fast=fast, before=before, moves=moves, budgets=budgets)


def both_ways(fast: bool, **budgets: int) -> Scope:
    """Either end asks the other, and chokes it."""
    moves = (*asking(LEECH, BLOCKS[:1]), *asking(SEED, BLOCKS[2:3], uses="requests back"))
    moves += (*choking(SEED), *choking(LEECH, "chokes back"))
    return Scope(name="both ways", fast=fast, before=opening(fast, back=True), moves=moves, budgets=budgets)


def interests(fast: bool, **budgets: int) -> Scope:
    """A leech that changes its mind, a seed that recommends pieces and, with fast, serves some though it chokes."""
    moves = (*asking(LEECH, BLOCKS[1:3]), *choking(SEED), *interest(LEECH), *advice(SEED, 0))
    return Scope(name="interests", fast=fast, before=opening(fast), moves=moves, budgets=budgets)


def spared(fast: bool, **budgets: int) -> Scope:
    """A piece that is allowed fast, asked for more often than it is worth, while the seed chokes and unchokes."""
    moves = (*asking(LEECH, BLOCKS[:1]), *choking(SEED))
    before = (*opening(fast), say(SEED, AllowedFast(0)))
    return Scope(name="spared", fast=fast, before=before, moves=moves, budgets=budgets, queue=1)


def extensions(fast: bool, **budgets: int) -> Scope:
    """Metadata, hashes and meetings asked for, extensions disabled and enabled again, in the midst of chokes."""
    moves = (*metadata(LEECH), *hashes(LEECH), *meeting(LEECH), *asking(LEECH, BLOCKS[:1]), *choking(SEED))
    moves += (greets(LEECH, "greetings", ut_metadata=0, ut_holepunch=0), greets(LEECH, "greetings"))
    moves += (greets(SEED, "greetings", ut_metadata=9, lt_donthave=0, ut_holepunch=0), *pieces(SEED, 1))
    return Scope(name="extensions", fast=fast, before=opening(fast), moves=moves, budgets=budgets)


def small_talk(fast: bool, **budgets: int) -> Scope:
    """What asks for nothing, from either side, around a request."""
    moves = (*chatter(LEECH), *chatter(SEED), *asking(LEECH, BLOCKS[:1]), *choking(SEED))
    return Scope(name="small talk", fast=fast, before=opening(fast), moves=moves, budgets=budgets)


def first_words(fast: bool, **budgets: int) -> Scope:
    """From the first byte: who says what before it has heard the other; a listener with several torrents."""
    moves = [opens(LEECH), opens(SEED), greets(LEECH, "opening"), greets(SEED, "opening")]
    moves += [say(each.side, each.message, "opening") for each in available(fast) if each.message]
    moves += [say(LEECH, Interested(), "opening"), *asking(LEECH, BLOCKS[:1]), *choking(SEED), *chatter(LEECH)]
    return Scope(name="first words", fast=fast, moves=tuple(moves), budgets=budgets, unnamed=True)


def magnet(fast: bool, **budgets: int) -> Scope:
    """A leech that learns the torrent's size from the seed's metadata, or from elsewhere, at any time."""
    before = (opens(LEECH), opens(SEED), greets(LEECH, size=None), greets(SEED))
    moves = [say(each.side, each.message, "opening") for each in available(fast) if each.message]
    moves += [say(LEECH, Interested(), "opening"), learns(LEECH), *metadata(LEECH), *asking(LEECH, BLOCKS[:1])]
    moves += [*choking(SEED), *pieces(SEED, 0), *advice(SEED, 1)]
    unsized = frozenset({LEECH})
    return Scope(name="magnet", fast=fast, before=before, moves=tuple(moves), budgets=budgets, unsized=unsized)


SMALL: Final = (
    requests(True, requests=3, cancels=1, chokes=2),
    requests(False, requests=3, cancels=1, chokes=3),
    cancels(True, requests=4, cancels=2, chokes=1),
    cancels(False, requests=4, cancels=2, chokes=2),
    withdrawals(True, requests=3, cancels=0, chokes=1, withdrawals=2),
    withdrawals(False, requests=3, cancels=1, chokes=1, withdrawals=2),
    both_ways(True, **{"requests": 2, "requests back": 2, "cancels": 1, "chokes": 1, "chokes back": 1}),
    both_ways(False, **{"requests": 2, "requests back": 1, "cancels": 1, "chokes": 2, "chokes back": 2}),
    interests(True, requests=2, cancels=1, chokes=2, interest=1, advice=1),
    interests(False, requests=3, cancels=1, chokes=2, interest=3, advice=0),
    spared(True, requests=8, cancels=1, chokes=2),
    extensions(True, metadata=2, hashes=1, holepunch=0, requests=1, cancels=0, chokes=1, greetings=2, withdrawals=0),
    extensions(False, metadata=1, hashes=0, holepunch=1, requests=1, cancels=0, chokes=1, greetings=2, withdrawals=1),
    small_talk(True, chatter=2, requests=1, cancels=1, chokes=2),
    small_talk(False, chatter=2, requests=1, cancels=1, chokes=2),
    first_words(True, opening=8, chatter=1, requests=1, cancels=0, chokes=1),
    first_words(False, opening=7, chatter=2, requests=1, cancels=0, chokes=1),
    magnet(True, opening=3, learning=1, metadata=1, requests=1, cancels=0, chokes=1, withdrawals=2, advice=1),
    magnet(False, opening=2, learning=1, metadata=1, requests=1, cancels=1, chokes=2, withdrawals=2, advice=0),
)
"""For every run of the tests."""

WIDE: Final = (
    requests(True, requests=4, cancels=1, chokes=3),
    requests(False, requests=4, cancels=2, chokes=3),
    cancels(True, requests=4, cancels=3, chokes=2),
    cancels(False, requests=5, cancels=3, chokes=3),
    withdrawals(True, requests=3, cancels=1, chokes=2, withdrawals=2),
    withdrawals(False, requests=3, cancels=1, chokes=2, withdrawals=3),
    both_ways(True, **{"requests": 3, "requests back": 2, "cancels": 1, "chokes": 2, "chokes back": 1}),
    both_ways(False, **{"requests": 3, "requests back": 2, "cancels": 1, "chokes": 3, "chokes back": 3}),
    interests(True, requests=3, cancels=1, chokes=2, interest=2, advice=1),
    interests(False, requests=4, cancels=2, chokes=3, interest=4, advice=0),
    spared(True, requests=9, cancels=2, chokes=5),
    extensions(True, metadata=2, hashes=1, holepunch=1, requests=1, cancels=0, chokes=1, greetings=2, withdrawals=0),
    extensions(False, metadata=2, hashes=1, holepunch=1, requests=1, cancels=0, chokes=1, greetings=2, withdrawals=0),
    small_talk(True, chatter=4, requests=1, cancels=1, chokes=2),
    small_talk(False, chatter=4, requests=1, cancels=1, chokes=3),
    first_words(True, opening=9, chatter=2, requests=2, cancels=1, chokes=2),
    first_words(False, opening=8, chatter=2, requests=2, cancels=1, chokes=1),
    magnet(True, opening=3, learning=1, metadata=1, requests=2, cancels=1, chokes=2, withdrawals=2, advice=1),
    magnet(False, opening=3, learning=1, metadata=2, requests=2, cancels=1, chokes=3, withdrawals=2, advice=0),
)
"""For `scripts/model_check`: minutes, and some gigabytes of memory."""
