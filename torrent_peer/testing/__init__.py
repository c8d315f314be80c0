"""The public test kit: trackers, scripted peers, swarms, links with faults and tiny torrents, all on loopback.

Names are imported when first used. `README.md` beside this file shows each; `pytest_plugin` makes fixtures of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torrent_peer.testing.fixtures import LocalSwarms, ScriptedPeers, Seeders
    from torrent_peer.testing.link import Link, Loss, open_link
    from torrent_peer.testing.memory import InlineDisk, MemoryHost, MemoryNetwork
    from torrent_peer.testing.scripted_peer import (
        HungUpError,
        ScriptedPeer,
        Talk,
        dial_scripted_peer,
        open_scripted_peer,
    )
    from torrent_peer.testing.scripted_seed import answer, offer_everything, serve, spoil
    from torrent_peer.testing.swarm import LOOPBACK, STAYING, LocalSwarm, Member, SwarmError, open_local_swarm
    from torrent_peer.testing.tiny import place_content, read_content, tiny_torrent
    from torrent_peer.testing.tracker import LocalTracker, open_local_tracker
    from torrent_peer.testing.tracker_desk import Announced, Fault

_HOMES = {
    "Announced": "tracker_desk",
    "Fault": "tracker_desk",
    "HungUpError": "scripted_peer",
    "InlineDisk": "memory",
    "LOOPBACK": "swarm",
    "Link": "link",
    "LocalSwarm": "swarm",
    "LocalSwarms": "fixtures",
    "LocalTracker": "tracker",
    "Loss": "link",
    "Member": "swarm",
    "MemoryHost": "memory",
    "MemoryNetwork": "memory",
    "STAYING": "swarm",
    "ScriptedPeer": "scripted_peer",
    "ScriptedPeers": "fixtures",
    "Seeders": "fixtures",
    "SwarmError": "swarm",
    "Talk": "scripted_peer",
    "answer": "scripted_seed",
    "dial_scripted_peer": "scripted_peer",
    "offer_everything": "scripted_seed",
    "open_link": "link",
    "open_local_swarm": "swarm",
    "open_local_tracker": "tracker",
    "open_scripted_peer": "scripted_peer",
    "place_content": "tiny",
    "read_content": "tiny",
    "serve": "scripted_seed",
    "spoil": "scripted_seed",
    "tiny_torrent": "tiny",
}

__all__ = [
    "LOOPBACK",
    "STAYING",
    "Announced",
    "Fault",
    "HungUpError",
    "InlineDisk",
    "Link",
    "LocalSwarm",
    "LocalSwarms",
    "LocalTracker",
    "Loss",
    "Member",
    "MemoryHost",
    "MemoryNetwork",
    "ScriptedPeer",
    "ScriptedPeers",
    "Seeders",
    "SwarmError",
    "Talk",
    "answer",
    "dial_scripted_peer",
    "offer_everything",
    "open_link",
    "open_local_swarm",
    "open_local_tracker",
    "open_scripted_peer",
    "place_content",
    "read_content",
    "serve",
    "spoil",
    "tiny_torrent",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
