"""What all share does what attrs would have written."""

import attrs
import pytest
from attrs import field

from torrent_peer.core.values import define, frozen


def _in_short(data: bytes) -> str:
    return f"<{len(data)} bytes>"


class Told:
    """What both decorators are put on; a class inside another, as attrs names those."""

    number: int
    data: bytes = field(repr=_in_short)
    secret: str = field(default="hush", repr=False)
    inner: object = None


@pytest.mark.parametrize("ours", [define, frozen, define(slots=False), frozen(kw_only=True)])
def test_a_repr_is_what_attrs_would_have_written(ours: type) -> None:
    theirs = attrs.define(type("Told", (), dict(vars(Told))))
    made = ours(type("Told", (), dict(vars(Told))))
    inner = made(number=1, data=b"abc")
    assert repr(inner) == "Told(number=1, data=<3 bytes>, inner=None)"
    assert repr(inner) == repr(theirs(number=1, data=b"abc"))
    assert repr(made(number=2, data=b"", inner=inner)) == f"Told(number=2, data=<0 bytes>, inner={inner!r})"


def test_a_class_in_a_function_is_named_without_it() -> None:
    @frozen
    class Local:
        """No fields."""

    assert repr(Local()) == "Local()"


def test_who_contains_itself_ends() -> None:
    @define(eq=False)
    class Ring:
        """Of one."""

        following: object = None

    ring = Ring()
    ring.following = ring
    assert repr(ring) == "Ring(following=...)"


def test_a_class_keeps_the_repr_of_its_own() -> None:
    @frozen
    class Own:
        """Says little."""

        number: int

        def __repr__(self) -> str:
            return "mine"

    assert repr(Own(1)) == "mine"


def test_a_subclass_tells_its_own_fields_too() -> None:
    @frozen
    class Base:
        """One field."""

        number: int

    @frozen
    class More(Base):
        """Another."""

        word: str

    assert repr(More(1, "x")) == "More(number=1, word='x')"


@frozen
class Pair:
    """Two fields, one of them compared, by its size."""

    number: int = field(eq=abs)
    note: str = field(default="", eq=False)


@frozen
class Lookalike:
    """The same fields, another class."""

    number: int
    note: str = field(default="", eq=False)


@frozen
class Nothing:
    """No fields."""


@frozen
class Nought:
    """None either."""


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (Pair(1), Pair(1), True),
        (Pair(1, "x"), Pair(1, "y"), True),
        (Pair(1), Pair(-1), True),
        (Pair(1), Pair(2), False),
        (Pair(1), Lookalike(1), False),
        (Pair(1), 1, False),
        (Nothing(), Nothing(), True),
        (Nothing(), Nought(), False),
    ],
)
def test_values_are_equal_when_class_and_compared_fields_are(one: object, other: object, equal: bool) -> None:
    assert (one == other) is equal
    assert (one != other) is not equal
    assert (len({one, other}) == 1) is equal


def test_frozen_stays_frozen() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Pair(1).number = 2  # type: ignore[misc]


def test_what_changes_is_equal_but_no_key_unless_it_is_asked_for() -> None:
    @define
    class Changing:
        """One field."""

        number: int

    @define(unsafe_hash=True)
    class Key:
        """The same."""

        number: int

    assert Changing(1) == Changing(1)
    with pytest.raises(TypeError, match="unhashable type: 'Changing'"):
        hash(Changing(1))
    assert hash(Key(1)) == hash(Key(1))


@pytest.mark.parametrize("make", [define(eq=False), frozen(eq=False)])
def test_without_equality_each_is_itself(make: type) -> None:
    made = make(type("Each", (), {"__annotations__": {"number": int}}))
    one, other = made(1), made(1)
    assert one != other
    assert len({one, other}) == 2


def test_a_class_keeps_the_equality_of_its_own() -> None:
    @frozen
    class Alike:
        """Equal to all."""

        number: int

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 7

    assert Alike(1) == Alike(2)
    assert hash(Alike(1)) == 7


def test_a_subclass_compares_its_own_fields_too() -> None:
    @frozen
    class Wide(Pair):
        """One more."""

        word: str = ""

    assert Wide(1, "x", "y") == Wide(1, "z", "y")
    assert Wide(1, "x", "y") != Wide(1, "x", "z")
    assert Wide(1) != Pair(1)
