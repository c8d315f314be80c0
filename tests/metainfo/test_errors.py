"""An error says what is wrong and under which key."""

from torrent_peer.metainfo.errors import TorrentError


def test_an_error_names_its_key() -> None:
    error = TorrentError("is missing", "info.pieces")
    assert (str(error), error.reason, error.key) == ("info.pieces: is missing", "is missing", "info.pieces")


def test_an_error_about_the_whole_file_names_none() -> None:
    error = TorrentError("this is not a torrent file")
    assert (str(error), error.key) == ("this is not a torrent file", "")
