"""`lint`: captures judged from the command line, sizes learnt on the way, exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.capture.frames import ethernet, pcap, talk
from tests.cli.fakes import Invoke
from torrent_peer.cli.exits import Exit
from torrent_peer.cli.lint import learn_sizes
from torrent_peer.core.geometry import Geometry
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.metainfo.torrent import Torrent
from torrent_peer.wire.catalogue.exchange import Scene, Step, announces, dialer, listener
from torrent_peer.wire.messages import (
    Bitfield,
    Handshake,
    Have,
    Interested,
    MetadataPiece,
    MetadataRequest,
    Piece,
    Request,
    Unchoke,
)
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.side import Side


def handshakes(torrent: Torrent) -> tuple[Step, ...]:
    """Both handshakes for a torrent, with the extension protocol and without fast."""
    bits = Reserved.of(extended=True)
    return tuple(
        Step(side, (Handshake(bits, torrent.info_hash, PeerId(b"-TR3000-" + side.value.encode().ljust(12, b"."))),))
        for side in Side
    )


def write(path: Path, *steps: Step) -> Path:
    path.write_bytes(pcap(map(ethernet, talk(Scene(greeted=False), *steps).packets)))
    return path


@pytest.fixture
def download(tmp_path: Path, torrent: Torrent) -> Path:
    """A capture in which the listener unchokes twice, and sends a block that nobody asked for."""
    block, other = torrent.geometry.block(0, 0), torrent.geometry.block(1, 0)
    return write(
        tmp_path / "download.pcap",
        *handshakes(torrent),
        listener(Bitfield(b"\xff"), Unchoke(), Unchoke()),
        dialer(Interested(), Request(block)),
        listener(Piece(block, bytes(block.length)), Piece(other, bytes(other.length))),
    )


@pytest.fixture
def magnet(tmp_path: Path, torrent: Torrent) -> Path:
    """A capture in which the torrent's metadata passes by, and a have of a piece that it has not got."""
    size = len(torrent.info)
    both = (announces(side, "ut_metadata", metadata_size=size) for side in Side)
    return write(
        tmp_path / "magnet.pcap",
        *handshakes(torrent),
        *both,
        dialer(MetadataRequest(0)),
        listener(MetadataPiece(0, size, torrent.info), Have(torrent.geometry.piece_count)),
    )


def test_a_capture_is_judged_by_the_torrents_that_are_given(invoke: Invoke, download: Path, torrent_path: Path) -> None:
    result = invoke("lint", download, "--torrent", torrent_path)
    assert (result.exit_code, result.stderr) == (Exit.DONE, "")
    assert "  violation PIECE-02, 1 time, by the listener (Transmission 3.0); BEP 6, Fast Extension\n" in result.stdout
    assert "    packet 8, offset 16481: piece 1 [0:16384] was never requested\n" in result.stdout
    assert result.stdout.endswith("\n1 connection, 9 messages: 1 violation, 1 deviation, 1 redundant\n")


@pytest.mark.parametrize(("fail_on", "code"), [("violation", 10), ("deviation", 10), ("redundant", 10), (None, 0)])
def test_findings_are_an_exit_code_when_asked_for(
    invoke: Invoke, download: Path, torrent_path: Path, fail_on: str | None, code: int
) -> None:
    words = [] if fail_on is None else ["--fail-on", fail_on]
    assert invoke("lint", download, "--torrent", torrent_path, *words).exit_code == code


def test_findings_below_the_one_named_do_not_fail(invoke: Invoke, tmp_path: Path, torrent: Torrent) -> None:
    path = write(tmp_path / "x.pcap", *handshakes(torrent), listener(Unchoke(), Unchoke()))
    assert invoke("lint", path, "--fail-on", "deviation").exit_code == Exit.DONE
    assert invoke("lint", path, "--fail-on", "redundant").exit_code == Exit.FINDINGS


def test_the_size_is_learnt_from_metadata_that_passes_by(invoke: Invoke, magnet: Path, torrent: Torrent) -> None:
    (connection,) = json.loads(invoke("lint", magnet, "--json").stdout)["connections"]
    assert connection["size_known"] is True
    assert [each["rule"] for each in connection["findings"]] == ["BF-06"]
    assert connection["findings"][0]["evidence"] == f"have {torrent.geometry.piece_count}: the torrent has 6 pieces"


def test_metadata_is_believed_only_if_it_is_what_the_info_hash_says(torrent: Torrent) -> None:
    wrong = torrent.info.replace(b"sample", b"simple")
    assert learn_sizes([(torrent.info_hash, wrong), (InfoHash(b"x" * 20), b"nonsense")]) == {}
    assert learn_sizes([(torrent.info_hash, torrent.info)]) == {torrent.info_hash: torrent.geometry}
    assert isinstance(torrent.geometry, Geometry)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"d8:announce", "neither pcap nor pcapng: it begins with 0x64383a61"),
        (b"\x1f\x8b\x08\x00", "the file is compressed; unpack it with gunzip first"),
    ],
)
def test_what_is_no_capture_is_one_line(invoke: Invoke, tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "what\x1b[2J.pcap"
    path.write_bytes(content)
    result = invoke("lint", path)
    assert (result.exit_code, result.stdout) == (Exit.ERROR, "")
    assert result.stderr == f"torrent-peer: {tmp_path}/what\\x1b[2J.pcap: {said}\n"


def test_a_file_that_is_not_there_is_wrong_usage(invoke: Invoke, tmp_path: Path) -> None:
    assert invoke("lint", tmp_path / "none.pcap").exit_code == Exit.USAGE
    assert invoke("lint", tmp_path).exit_code == Exit.USAGE


def test_lint_needs_neither_trio_nor_httpx2_nor_rich(download: Path, torrent_path: Path) -> None:
    program = (
        "import sys\n"
        "from torrent_peer.cli.main import main\n"
        f"sys.argv = ['torrent-peer', '--quiet', 'lint', {str(download)!r}, '--torrent', {str(torrent_path)!r}]\n"
        "try:\n    main()\n"
        "finally:\n    print(sorted({'trio', 'httpx2', 'rich', 'asyncio', 'ssl'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[]\n")
