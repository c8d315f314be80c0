import resource
from math import inf

import pytest

from torrent_peer.net.descriptors import OTHERS, allow_peers, room_for_peers


@pytest.mark.parametrize(
    ("limit", "room"), [(resource.RLIM_INFINITY, inf), (20_000, 19_840), (256, 160), (64, 16), (30, 0)]
)
def test_data_files_and_the_rest_are_left_their_descriptors(limit: int, room: float) -> None:
    assert room_for_peers(limit) == room


@pytest.mark.parametrize(
    ("soft", "hard", "count", "after", "room"),
    [
        (1024, 4096, 200, 1024, 864),  # enough as it is
        (1024, 4096, 2000, 2160, 2000),
        (1024, 4096, 10_000, 4096, 3936),
        (256, resource.RLIM_INFINITY, 1000, 1160, 1000),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, 10_000, resource.RLIM_INFINITY, inf),
    ],
)
def test_the_soft_limit_is_raised_as_far_as_needed_and_allowed(
    soft: int, hard: int, count: int, after: int, room: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [(soft, hard)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: now[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: now.append(limits))
    assert allow_peers(count) == room
    assert now[-1] == (after, hard)


def test_a_system_that_says_no_leaves_the_limit_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int, limits: tuple[int, int]) -> None:
        raise ValueError("not allowed to raise maximum limit")

    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 4096))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    assert allow_peers(1000) == 256 - 64 - OTHERS
