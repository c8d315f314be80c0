import subprocess
import sys

import pytest

import torrent_peer


def test_importing_the_package_imports_nothing_heavy() -> None:
    heavy = "trio", "httpx2", "click", "rich", "attrs", "torrent_peer.session", "torrent_peer.wire"
    program = f"import sys, torrent_peer; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("name", torrent_peer.__all__)
def test_every_public_name_is_there(name: str) -> None:
    found = getattr(torrent_peer, name)
    if isinstance(found, type):
        assert found.__name__ == name


def test_every_public_name_has_a_home_and_no_home_is_secret() -> None:
    assert set(torrent_peer._HOMES) | {"__version__"} == set(torrent_peer.__all__)
    assert sorted(torrent_peer._HOMES) == list(torrent_peer._HOMES)


def test_every_public_name_is_defined_or_offered_where_its_home_is() -> None:
    for name, home in torrent_peer._HOMES.items():
        module = sys.modules.get(f"torrent_peer.{home}") or __import__(f"torrent_peer.{home}", fromlist=[name])
        assert getattr(torrent_peer, name) is getattr(module, name)


def test_other_names_are_errors_as_in_any_module() -> None:
    with pytest.raises(AttributeError) as caught:
        torrent_peer.no_such_thing  # noqa: B018
    assert str(caught.value) == "module 'torrent_peer' has no attribute 'no_such_thing'"


def test_the_version_is_the_packages() -> None:
    from torrent_peer.core.version import __version__

    assert torrent_peer.__version__ == __version__
