"""The kit's front door: every name is there, and importing it costs nothing."""

import subprocess
import sys

import pytest

from torrent_peer import testing


@pytest.mark.parametrize("name", testing.__all__)
def test_every_name_is_the_one_of_its_module(name: str) -> None:
    home = f"torrent_peer.testing.{testing._HOMES[name]}"
    assert getattr(testing, name) is getattr(__import__(home, fromlist=[name]), name)


def test_every_name_has_a_home_and_no_home_is_secret() -> None:
    assert sorted(testing._HOMES) == list(testing._HOMES) == sorted(testing.__all__)


def test_other_names_are_errors_as_in_any_module() -> None:
    with pytest.raises(AttributeError) as caught:
        testing.no_such_thing  # noqa: B018
    assert str(caught.value) == "module 'torrent_peer.testing' has no attribute 'no_such_thing'"


def test_importing_the_kit_imports_nothing_of_it() -> None:
    program = "import sys, torrent_peer.testing; print(sorted(n for n in sys.modules if n.startswith('torrent_peer.')))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "['torrent_peer.core', 'torrent_peer.core.version', 'torrent_peer.testing']\n"
