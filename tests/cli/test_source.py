"""Where torrents come from, and what is said when one does not come."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.fakes import Invoke
from torrent_peer.cli import source
from torrent_peer.cli.errors import CliError
from torrent_peer.cli.exits import Exit
from torrent_peer.cli.source import read_torrent

BODY: dict[str, bytes] = {}


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves BODY, redirects /hop/N to /hop/N-1, and breaks in some ways."""

    def do_GET(self) -> None:
        kind, _, rest = self.path.partition("?")[0].removeprefix("/").partition("/")
        if kind == "hop" and rest != "0":
            self.send_response(302)
            self.send_header("Location", f"/hop/{int(rest) - 1}")
            self.end_headers()
            return
        self.send_response(404 if kind == "gone" else 200)
        if kind == "gzip":
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        if kind == "endless":
            with_room = 4 * 1024**2
            try:
                while True:
                    self.wfile.write(bytes(with_room))
            except OSError:
                return
        self.wfile.write(BODY["torrent"])

    def log_message(self, *args: object) -> None:
        """Silence."""


@pytest.fixture
def url(torrent_path: Path) -> Iterator[str]:
    """Where the sample is served."""
    BODY["torrent"] = torrent_path.read_bytes()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_torrent_is_read_from_the_web_over_five_redirects(url: str) -> None:
    assert read_torrent(f"{url}/sample.torrent").name == "sample"
    assert read_torrent(f"{url}/hop/5").name == "sample"


@pytest.mark.parametrize(
    ("path", "said", "code"),
    [
        ("/gone?passkey=0123456789abcdef", "/gone?passkey=***: the server answered 404; check the address", 1),
        ("/hop/6", "/hop/6: more than 5 redirects; give the last address", 1),
        ("/gzip", "/gzip: the server sent it compressed, unasked; download it by other means", 1),
        ("/endless", "/endless: larger than 32 MiB; that is no .torrent file", 3),
    ],
)
def test_what_the_web_sends_is_bounded(url: str, path: str, said: str, code: int) -> None:
    with pytest.raises(CliError) as caught:
        read_torrent(url + path)
    assert (str(caught.value), caught.value.code) == (url + said, code)


def test_a_trickle_is_given_up(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "FETCH_TIMEOUT", -1.0)
    with pytest.raises(CliError) as caught:
        read_torrent(f"{url}/slow")
    assert str(caught.value) == f"{url}/slow: not here after -1 s; try again later"


def test_a_server_that_is_not_there_is_named_without_the_password() -> None:
    with pytest.raises(CliError) as caught:
        read_torrent("http://me:secret@127.0.0.1:1/x.torrent")
    assert str(caught.value).startswith("http://***@127.0.0.1:1/x.torrent: ")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("magnet:?xt=urn:btih:x", "magnet links are not supported yet; give a .torrent file or its URL"),
        ("a" * 40, "bare info-hashes are not supported yet; give a .torrent file or its URL"),
        ("F" * 64, "bare info-hashes are not supported yet; give a .torrent file or its URL"),
        ("none", "none: No such file or directory; name a .torrent file, a URL or -"),
        ("/", "/: Is a directory; name a .torrent file, a URL or -"),
        ("/dev/null", "/dev/null: empty; a .torrent file is needed"),
    ],
)
def test_what_is_no_torrent_is_exit_3(name: str, said: str) -> None:
    with pytest.raises(CliError) as caught:
        read_torrent(name)
    assert (str(caught.value), caught.value.code) == (said, Exit.BAD_TORRENT)


def test_junk_is_named_with_its_file(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "a\x1bb.torrent"
    path.write_bytes(b"<html>")
    result = invoke("show", path)
    assert result.exit_code == Exit.BAD_TORRENT
    assert result.stderr.startswith(f"torrent-peer: {tmp_path}/a\\x1bb.torrent: ")
    assert result.stderr.count("\n") == 1


def test_an_endless_file_is_not_read_whole(invoke: Invoke) -> None:
    assert invoke("show", "/dev/zero").stderr == (
        "torrent-peer: /dev/zero: larger than 32 MiB; that is no .torrent file\n"
    )


def test_standard_input_is_a_source(invoke: Invoke, torrent_path: Path) -> None:
    assert "name:       sample\n" in invoke("show", "-", input=torrent_path.read_bytes()).stdout
    assert invoke("show", "-").stderr == "torrent-peer: standard input: empty; a .torrent file is needed\n"


def test_a_url_with_a_host_that_cannot_be_is_an_error_like_any_other() -> None:
    with pytest.raises(CliError) as caught:
        read_torrent("http://a..b/x.torrent")
    assert str(caught.value) == "http://a..b/x.torrent: what it names can be no host; check the address"
