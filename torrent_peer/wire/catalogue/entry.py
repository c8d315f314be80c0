"""What there is to say of a rule beside the rule itself: what to do instead, what may race, what clients do."""

from typing import Final

from attrs import Attribute, field, fields

from torrent_peer.core.values import frozen
from torrent_peer.wire.catalogue.exchange import Example

OBSERVED: Final = "°"
"""Behind what was seen on loopback; the rest was read in the client's source."""


@frozen(kw_only=True)
class Clients:
    """What each does when the other side breaks the rule; empty where that is not known, or cannot happen."""

    libtorrent: str = field(default="", metadata={"name": "libtorrent", "probed": "2.1.1", "read": "069017e3"})
    transmission: str = field(default="", metadata={"name": "Transmission", "probed": "3.00", "read": "85fc9d9"})
    anacrolix: str = field(default="", metadata={"name": "anacrolix/torrent", "read": "3e79365b"})
    rqbit: str = field(default="", metadata={"name": "rqbit", "read": "a499d2f2"})
    rain: str = field(default="", metadata={"name": "rain", "read": "8318eb04"})
    webtorrent: str = field(default="", metadata={"name": "WebTorrent", "probed": "2.8.5", "read": "c168675"})
    aria2: str = field(default="", metadata={"name": "aria2", "probed": "1.36.0", "read": "b4fd7cb1"})

    def reactions(self) -> dict[str, list[str]]:
        """Reaction → the clients that have it; of those probed with the version, and the mark of what was seen."""
        said: dict[str, list[str]] = {}
        for each in fields(Clients):
            reaction = getattr(self, each.name)
            if reaction:
                said.setdefault(reaction.removesuffix(OBSERVED), []).append(_label(each, reaction))
        return said


def _label(each: "Attribute[str]", reaction: str) -> str:
    name = str(each.metadata["name"])
    return f"{name} {each.metadata['probed']}{OBSERVED}" if reaction.endswith(OBSERVED) else name


@frozen(kw_only=True)
class Entry:
    """One rule explained."""

    rule: str
    """Its id."""
    instead: str
    """What an honest implementer should do instead, in one line."""
    races: str
    """When it may be broken through something that crossed on the wire; "never: …" when it cannot."""
    clients: Clients = Clients()
    broken_by: str = ""
    """Who is known to break it, in ordinary use."""
    examples: tuple[Example, ...]
    """One for each severity the rule has."""

    @property
    def at_sender(self) -> bool:
        """Whether it is about what is written, so that it is judged there and not where it is read."""
        return self.rule.startswith("S-")
