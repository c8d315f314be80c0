from torrent_peer.strategy.around import BEHIND, SLOWEST, TRIAL, AroundCache

PIECE = 1024 * 1024


def test_it_begins_when_much_waits_and_ends_when_nothing_does() -> None:
    around = AroundCache()
    waiting = [0, BEHIND - 1, BEHIND, BEHIND - 1, 1, 0, 1, BEHIND - 1, 5 * BEHIND]
    assert [around.wanted(bytes_) for bytes_ in waiting] == [False, False, True, True, True, False, False, False, True]


def test_it_is_not_done_where_it_is_slow() -> None:
    around = AroundCache()
    fast, slow = PIECE / (SLOWEST * 1.1), PIECE / (SLOWEST * 0.9)
    for _ in range(3 * TRIAL // PIECE):
        around.took(PIECE, fast)
    for _ in range(TRIAL // PIECE - 1):  # a stumble is not enough
        around.took(PIECE, slow)
        assert around.wanted(BEHIND)
    around.took(PIECE, slow)
    assert not around.wanted(BEHIND)
    for _ in range(3 * TRIAL // PIECE):
        around.took(PIECE, fast)
    assert not around.wanted(BEHIND)  # and not tried again
