"""Reading bencoded dictionaries by type: an error names the key it happened at."""

from collections.abc import Iterator
from typing import Final

from torrent_peer.core.bencoding import Value
from torrent_peer.core.values import frozen
from torrent_peer.metainfo.errors import TorrentError

_KINDS: Final = {int: "an integer", bytes: "a string", list: "a list", dict: "a dictionary"}


def kind_of(value: Value) -> str:
    """The name of a value's type for people."""
    return _KINDS[type(value)]


@frozen
class Fields:
    """A bencoded dictionary and where it stands in the torrent."""

    values: dict[bytes, Value]
    path: str = ""
    """Like `info.files[3]`; empty for the torrent itself."""

    @classmethod
    def of(cls, value: Value, path: str) -> "Fields":
        """`value` as a dictionary; raises TorrentError."""
        if not isinstance(value, dict):
            raise TorrentError(f"should be a dictionary, but is {kind_of(value)}", path)
        return cls(value, path)

    def at(self, key: str) -> str:
        """Where `key` stands in the torrent."""
        return f"{self.path}.{key}" if self.path else key

    def get(self, key: str) -> Value | None:
        """Whatever is there."""
        return self.values.get(key.encode())

    def integer(self, key: str, *, least: int, most: int) -> int:
        """A required integer between `least` and `most`, both included; raises TorrentError."""
        value = self._required(key)
        if not isinstance(value, int):
            raise TorrentError(f"should be an integer, but is {kind_of(value)}", self.at(key))
        if not least <= value <= most:
            raise TorrentError(f"{value} is outside {least} to {most}", self.at(key))
        return value

    def string(self, key: str) -> bytes:
        """A required string; raises TorrentError."""
        value = self._required(key)
        if not isinstance(value, bytes):
            raise TorrentError(f"should be a string, but is {kind_of(value)}", self.at(key))
        return value

    def strings(self, key: str) -> list[bytes]:
        """A required list of strings; raises TorrentError."""
        strings = []
        for path, value in self.items(key):
            if not isinstance(value, bytes):
                raise TorrentError(f"should be a string, but is {kind_of(value)}", path)
            strings.append(value)
        return strings

    def dictionary(self, key: str) -> "Fields":
        """A required dictionary; raises TorrentError."""
        return Fields.of(self._required(key), self.at(key))

    def items(self, key: str) -> Iterator[tuple[str, Value]]:
        """The values of a required list, each with where it stands; raises TorrentError."""
        value = self._required(key)
        if not isinstance(value, list):
            raise TorrentError(f"should be a list, but is {kind_of(value)}", self.at(key))
        return ((f"{self.at(key)}[{number}]", item) for number, item in enumerate(value))

    def _required(self, key: str) -> Value:
        value = self.get(key)
        if value is None:
            raise TorrentError("is missing", self.at(key))
        return value
