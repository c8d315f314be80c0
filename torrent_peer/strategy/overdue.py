"""Which requests will hardly be answered any more: those of a silent peer, and those it passed over (LV-03)."""

from collections.abc import Sequence, Set
from typing import Final

from torrent_peer.core.block import Block

REQUEST_TIMEOUT: Final = 60.0
"""Seconds. libtorrent and aria2: 60."""


class RequestAges:
    """The requests outstanding with one peer, by the time they were sent.

    A slow peer that answers in order never has an overdue request, however long its queue takes: requests are overdue
    when nothing at all has come for `REQUEST_TIMEOUT`, or when they are that old and one sent later was answered.
    Nothing is done per block but in `overdue`.
    """

    __slots__ = ("_batches", "_heard", "_passed", "is_snubbing")

    def __init__(self) -> None:
        self._batches: list[tuple[float, Sequence[Block]]] = []
        self._passed: Sequence[tuple[float, Block]] = ()
        self._heard = 0.0
        self.is_snubbing = False
        """Whether it owed us blocks and sent none for `REQUEST_TIMEOUT`; until it sends one."""

    def asked(self, blocks: Sequence[Block], *, now: float) -> None:
        """Requests were sent, in this order. The sequence is kept, not copied."""
        if not self._batches and not self._passed:
            self._heard = now
        self._batches.append((now, blocks))

    def heard(self, *, now: float) -> None:
        """Blocks have come; call it once per buffer."""
        self._heard = now
        self.is_snubbing = False

    def silence(self, *, now: float) -> float:
        """Seconds since a block came, or since it was first asked for what it owes us."""
        return now - self._heard

    def excuse(self, seconds: float) -> None:
        """For so long it was not the peer who was slow, but we, who did not read."""
        self._heard += seconds

    def forget(self) -> None:
        """Nothing is outstanding any more: the peer has choked us, say."""
        self._batches = []
        self._passed = ()

    def overdue(self, outstanding: Set[Block], *, now: float) -> list[Block]:
        """The requests to give up, each reported once; `outstanding` are those not answered.

        To be called about once a second; O(outstanding and answered since the last call).
        """
        passed: list[tuple[float, Block]] = []
        waiting: list[tuple[float, Sequence[Block]]] = []
        answered_later = False
        counted: set[Block] = set()
        for asked, blocks in reversed(self._batches):
            if outstanding.isdisjoint(blocks):  # true of nearly all when a peer is fast, and found out in C
                answered_later = True
                continue
            pending: list[Block] = []
            for block in reversed(blocks):
                if block not in outstanding:
                    answered_later = True
                elif block in counted:
                    continue  # it was refused, say, and asked again since
                elif answered_later:
                    passed.append((asked, block))
                else:
                    pending.append(block)
                counted.add(block)
            if pending:
                waiting.append((asked, pending[::-1]))
        passed += [entry for entry in self._passed if entry[1] in outstanding and entry[1] not in counted]
        self._batches = waiting[::-1]
        if (waiting or passed) and now - self._heard >= REQUEST_TIMEOUT:
            self.is_snubbing = True
            self.forget()
            return [block for _, block in passed] + [block for _, blocks in waiting[::-1] for block in blocks]
        self._passed = [entry for entry in passed if now - entry[0] < REQUEST_TIMEOUT]
        return [block for asked, block in passed if now - asked >= REQUEST_TIMEOUT]
