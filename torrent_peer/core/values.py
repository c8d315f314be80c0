"""attrs' `define` and `frozen`, as every class here is made with them: with what is rarely needed shared by all.

To import the program is mostly to make its classes: attrs writes their methods as source text and has it compiled, half
of it for printing, comparing and hashing, which is what tests and bug reports do. So it is let write `__init__` alone.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attrs import define as define
    from attrs import frozen as frozen
else:
    from collections.abc import Callable
    from functools import cache, partial
    from reprlib import recursive_repr

    import attrs

    @recursive_repr("...")
    def _repr(self: object) -> str:
        shown = (
            f"{field.name}={(repr if field.repr is True else field.repr)(getattr(self, field.name))}"
            for field in attrs.fields(type(self))
            if field.repr
        )
        return f"{type(self).__qualname__.rpartition('>.')[2]}({', '.join(shown)})"

    @cache
    def _compared(cls: type) -> tuple[tuple[str, Callable[[object], object] | None], ...]:
        """The fields that make an instance equal to another, and what is made of each before."""
        return tuple((field.name, field.eq_key) for field in attrs.fields(cls) if field.eq)

    def _key(self: object) -> tuple[object, ...]:
        fields = ((getattr(self, name), made) for name, made in _compared(type(self)))
        return tuple(value if made is None else made(value) for value, made in fields)

    def _eq(self: object, other: object) -> bool:
        return _key(self) == _key(other) if type(other) is type(self) else NotImplemented

    def _hash(self: object) -> int:
        return hash((type(self), _key(self)))

    def _sharing(make: Callable[..., type], *, hashable: bool) -> Callable[..., type | Callable[[type], type]]:
        """The decorator `make`, used alone or with options; a class keeps what it has written itself."""

        def decorate(
            cls: type | None = None, *, eq: bool = True, unsafe_hash: bool = hashable, **options: object
        ) -> type | Callable[[type], type]:
            if cls is None:
                return partial(decorate, eq=eq, unsafe_hash=unsafe_hash, **options)
            if "__repr__" not in vars(cls):
                cls.__repr__ = _repr
            if eq and "__eq__" not in vars(cls):
                cls.__eq__ = _eq
                cls.__hash__ = _hash if unsafe_hash else None
            return make(cls, eq=False, **options)

        return decorate

    define = _sharing(attrs.define, hashable=False)
    frozen = _sharing(attrs.frozen, hashable=True)
