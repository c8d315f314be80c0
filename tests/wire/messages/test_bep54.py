from torrent_peer.wire.messages import DontHave, Have


def test_it_is_not_the_have_it_takes_back() -> None:
    assert {DontHave(3), Have(3), DontHave(3)} == {Have(3), DontHave(3)}
