"""What the tests of the command line share: a small torrent on disk, and a way to run a command."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.cli.fakes import Invoke
from torrent_peer.cli.main import main
from torrent_peer.metainfo.create import create_torrent
from torrent_peer.metainfo.torrent import Torrent, parse_torrent

CONTENT = {"a.txt": b"a" * 40_000, "sub/b.bin": bytes(range(256)) * 200, "c.txt": b"c"}


@pytest.fixture
def invoke(monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Run `torrent-peer` in this process with these words."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: object, input: bytes | None = None, **environment: str) -> Result:  # noqa: A002  # as click has it
        return CliRunner().invoke(main, [str(word) for word in words], input=input, env=environment)

    return run


@pytest.fixture
def torrent_path(tmp_path: Path) -> Path:
    """A .torrent of three files called `sample`."""
    path = tmp_path / "sample.torrent"
    path.write_bytes(create_torrent("sample", CONTENT, piece_length=16384, comment="for \x1b[31mtests"))
    return path


@pytest.fixture
def torrent(torrent_path: Path) -> Torrent:
    """The same, read."""
    return parse_torrent(torrent_path.read_bytes())


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A directory that holds its content."""
    root = tmp_path / "there"
    for name, data in CONTENT.items():
        path = root / "sample" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root
