import pytest
from attrs import evolve

from tests.session.stage import TORRENT
from torrent_peer.session.figures import torrent_status
from torrent_peer.session.status import State


@pytest.mark.parametrize(
    ("state", "super_seeding", "doing"),
    [
        (State.SEEDING, False, "seeding"),
        (State.SEEDING, True, "super-seeding"),
        (State.CHECKING, True, "checking"),
        (State.STOPPING, True, "stopping"),
    ],
)
def test_what_it_does_is_said_in_a_word(state: State, super_seeding: bool, doing: str) -> None:
    assert evolve(torrent_status(TORRENT, state, None), super_seeding=super_seeding).doing == doing
