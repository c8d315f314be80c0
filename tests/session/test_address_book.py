from torrent_peer.core.addresses import Address
from torrent_peer.session.address_book import MAX_ADDRESSES, AddressBook, Source

ONE, TWO, THREE = (Address("127.0.0.1", port) for port in (1, 2, 3))


def test_new_addresses_are_due_at_once_and_only_once() -> None:
    book = AddressBook()
    assert book.add([ONE, TWO, ONE], Source.TRACKER, now=0.0) == 2
    assert book.due(now=0.0, room=5) == [ONE, TWO]
    assert book.due(now=0.0, room=5) == []
    assert list(book) == [ONE, TWO]


def test_no_more_than_there_is_room_for() -> None:
    book = AddressBook()
    book.add([ONE, TWO, THREE], Source.TRACKER, now=0.0)
    assert book.due(now=0.0, room=-1) == []
    assert book.due(now=0.0, room=2) == [ONE, TWO]


def test_failures_back_off_and_a_strangers_third_is_its_last() -> None:
    book = AddressBook()
    book.add([ONE], Source.TRACKER, now=0.0)
    now = 0.0
    for pause in (5.0, 10.0):
        assert book.due(now=now, room=1) == [ONE]
        book.ended(ONE, now=now, failed=True)
        assert book.next_due() == now + pause
        now += pause
        assert book.due(now=now - 0.1, room=1) == []
    assert book.due(now=now, room=1) == [ONE]
    book.ended(ONE, now=now, failed=True)
    assert book.next_due() is None
    assert book.hopeless


def test_a_peer_named_by_the_user_is_tried_for_ever_ever_more_slowly() -> None:
    book = AddressBook()
    book.add([ONE], Source.USER, now=0.0)
    for _ in range(20):
        book.ended(ONE, now=0.0, failed=True)
    assert book.next_due() == 300.0
    assert book.hopeless


def test_a_peer_given_up_gets_another_chance_when_named_again() -> None:
    book = AddressBook()
    book.add([ONE], Source.TRACKER, now=0.0)
    for _ in range(3):
        book.ended(ONE, now=0.0, failed=True)
    assert book.add([ONE], Source.TRACKER, now=100.0) == 0
    assert book.due(now=104.0, room=1) == []
    assert book.due(now=105.0, room=1) == [ONE]


def test_those_that_failed_least_come_first() -> None:
    book = AddressBook()
    book.add([ONE, TWO], Source.TRACKER, now=0.0)
    book.ended(ONE, now=0.0, failed=True)
    assert book.due(now=60.0, room=1) == [TWO]


def test_success_forgets_failures_and_a_connected_peer_is_not_dialled() -> None:
    book = AddressBook()
    book.add([ONE], Source.TRACKER, now=0.0)
    book.ended(ONE, now=0.0, failed=True)
    book.connected(ONE)
    assert book.next_due() is None
    book.ended(ONE, now=50.0, failed=False)
    assert book.next_due() == 55.0


def test_a_handshake_alone_forgets_no_failure() -> None:
    book = AddressBook()
    book.add([ONE], Source.USER, now=0.0)
    book.ended(ONE, now=0.0, failed=True)
    book.connected(ONE)
    book.ended(ONE, now=50.0, failed=True)
    assert book.next_due() == 60.0


def test_the_banned_are_neither_dialled_nor_let_in() -> None:
    book = AddressBook()
    book.add([ONE], Source.USER, now=0.0)
    book.never_again(ONE, "sent wrong data")
    book.never_again(TWO, "ourselves")
    assert book.due(now=1e9, room=9) == []
    assert book.refused(ONE) == "sent wrong data"
    assert book.refused(TWO) == "ourselves"
    assert book.refused(THREE) is None


def test_a_flood_of_addresses_is_bounded_but_the_users_own_always_fit() -> None:
    book = AddressBook()
    book.add(
        (Address(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", 1) for n in range(MAX_ADDRESSES + 99)), Source.TRACKER, now=0
    )
    assert len(book) == MAX_ADDRESSES
    assert book.add([ONE], Source.USER, now=0.0) == 1


def test_an_unknown_address_that_leaves_is_no_matter() -> None:
    book = AddressBook()
    book.ended(ONE, now=0.0, failed=True)
    book.connected(ONE)
    assert len(book) == 0
    assert book.hopeless
