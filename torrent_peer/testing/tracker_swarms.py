"""What a tracker knows: swarms and their peers. No sockets, no clock; bounded whatever clients send."""

import random
from collections.abc import Iterator
from typing import Final

from attrs import field

from torrent_peer.core.addresses import Address, is_dialable
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.core.values import define, frozen
from torrent_peer.trackers.announce import AnnounceRequest, Event, ScrapeEntry, TrackerError

MAX_SWARMS: Final = 1000
"""Torrents tracked at once; further ones are refused. It is a tracker for one machine or one test."""
MAX_SWARM_PEERS: Final = 1000
"""Peers remembered per torrent; the one heard of least recently makes room."""
MAX_PEERS: Final = 20_000
"""Peers remembered in all."""
MAX_NUM_WANT: Final = 200
"""Peers given at most in one answer. opentracker: 200."""
DEFAULT_NUM_WANT: Final = 50
"""Peers given when the client names no number. BEP 3's original tracker: 50."""


@define
class SwarmPeer:
    """One peer as the tracker last heard of it."""

    address: Address
    peer_id: PeerId
    left: int
    uploaded: int
    downloaded: int
    heard_at: float


@define
class Swarm:
    """One torrent's peers, by address, least recently heard of first."""

    peers: dict[Address, SwarmPeer] = field(factory=dict)
    completed: int = 0
    """`completed` events ever counted."""

    @property
    def seeders(self) -> int:
        return sum(peer.left == 0 for peer in self.peers.values())

    @property
    def leechers(self) -> int:
        return len(self.peers) - self.seeders

    @property
    def entry(self) -> ScrapeEntry:
        return ScrapeEntry(seeders=self.seeders, completed=self.completed, leechers=self.leechers)


@frozen
class Told:
    """What an announce is answered with."""

    seeders: int
    leechers: int
    peers: tuple[SwarmPeer, ...]


class SwarmBook:
    """All swarms of one tracker. `lifetime`: seconds after which a peer not heard of is forgotten."""

    def __init__(self, *, lifetime: float, dice: random.Random) -> None:
        self._lifetime = lifetime
        self._dice = dice
        self._swarms: dict[InfoHash, Swarm] = {}
        self.peer_count = 0
        """Peers of all swarms together."""

    def __len__(self) -> int:
        return len(self._swarms)

    def __iter__(self) -> Iterator[InfoHash]:
        return iter(self._swarms)

    def swarm(self, info_hash: InfoHash) -> Swarm:
        """The swarm as it is; an empty one when nobody announced it."""
        return self._swarms.get(info_hash) or Swarm()

    def announce(self, host: str, request: AnnounceRequest, *, now: float) -> Told:
        """Takes an announce in and answers it. Raises TrackerError when there is no room for another torrent.

        The asker's address is the one it was heard from, never one it claims (BEP 7: that would let it name a victim).
        """
        self._expire(request.info_hash, now=now)
        asker = Address(host, request.port)
        swarm = self._swarms.get(request.info_hash)
        if request.event is Event.STOPPED:
            if swarm is not None:
                self._forget(request.info_hash, swarm, asker)
                return Told(swarm.seeders, swarm.leechers, ())
            return Told(0, 0, ())
        if swarm is None:
            swarm = self._new_swarm(request.info_hash, now=now)
        known = swarm.peers.pop(asker, None)
        self.peer_count -= known is not None
        if request.event is Event.COMPLETED and (known is None or known.left > 0):
            swarm.completed += 1
        if is_dialable(asker):
            self._make_room(request.info_hash, swarm)
            swarm.peers[asker] = SwarmPeer(
                asker, request.peer_id, request.left, request.uploaded, request.downloaded, heard_at=now
            )
            self.peer_count += 1
        return Told(swarm.seeders, swarm.leechers, self._choose(swarm, asker, request))

    def expire(self, *, now: float) -> None:
        """Forgets everybody not heard of for a lifetime, and swarms without peers that nobody ever completed."""
        for info_hash in list(self._swarms):
            self._expire(info_hash, now=now)

    def _new_swarm(self, info_hash: InfoHash, *, now: float) -> Swarm:
        if len(self._swarms) >= MAX_SWARMS:
            self.expire(now=now)
        if len(self._swarms) >= MAX_SWARMS:
            deserted = next((name for name, swarm in self._swarms.items() if not swarm.peers), None)
            if deserted is None:
                raise TrackerError("this tracker tracks as many torrents as it can")
            del self._swarms[deserted]
        swarm = self._swarms[info_hash] = Swarm()
        return swarm

    def _expire(self, info_hash: InfoHash, *, now: float) -> None:
        swarm = self._swarms.get(info_hash)
        if swarm is None:
            return
        for peer in list(swarm.peers.values()):
            if now - peer.heard_at < self._lifetime:
                break
            del swarm.peers[peer.address]
            self.peer_count -= 1
        if not swarm.peers and not swarm.completed:
            del self._swarms[info_hash]

    def _forget(self, info_hash: InfoHash, swarm: Swarm, address: Address) -> None:
        if swarm.peers.pop(address, None) is not None:
            self.peer_count -= 1
        if not swarm.peers and not swarm.completed:
            del self._swarms[info_hash]

    def _make_room(self, info_hash: InfoHash, swarm: Swarm) -> None:
        if len(swarm.peers) >= MAX_SWARM_PEERS:
            self._forget(info_hash, swarm, next(iter(swarm.peers)))
        elif self.peer_count >= MAX_PEERS:
            largest = max(self._swarms, key=lambda name: len(self._swarms[name].peers))
            self._forget(largest, self._swarms[largest], next(iter(self._swarms[largest].peers)))

    def _choose(self, swarm: Swarm, asker: Address, request: AnnounceRequest) -> tuple[SwarmPeer, ...]:
        """Random others; never the asker, by address or by peer id."""
        others = [p for p in swarm.peers.values() if p.address != asker and p.peer_id != request.peer_id]
        wanted = DEFAULT_NUM_WANT if request.num_want < 0 else min(request.num_want, MAX_NUM_WANT)
        return tuple(self._dice.sample(others, min(wanted, len(others))))
