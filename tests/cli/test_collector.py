import gc

from torrent_peer.cli.collector import THRESHOLDS, calm_collector


def test_full_collections_are_rare_while_it_lasts_and_as_before_afterwards() -> None:
    before = gc.get_threshold()
    with calm_collector():
        assert gc.get_threshold() == THRESHOLDS
        assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
