"""The `__repr__` that all share is the one attrs would have written."""

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


def test_frozen_stays_frozen_and_equal() -> None:
    @frozen
    class Value:
        """One field."""

        number: int

    value = Value(1)
    assert value == Value(1)
    assert hash(value) == hash(Value(1))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        value.number = 2  # type: ignore[misc]
