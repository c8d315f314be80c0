from torrent_peer.core.addresses import Address
from torrent_peer.wire.messages import Holepunch, HolepunchKind
from torrent_peer.wire.messages.bep55 import HOLEPUNCH_NAMES


def test_the_kinds_are_those_of_the_bep_in_words_and_numbers() -> None:
    assert HOLEPUNCH_NAMES == {0: "rendezvous", 1: "connect", 2: "error"}
    assert Holepunch(1, Address("1.2.3.4", 5)) == Holepunch(HolepunchKind.CONNECT, Address("1.2.3.4", 5), 0)
