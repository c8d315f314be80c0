"""attrs' `define` and `frozen`, as every class here is made with them: they write no `__repr__`, all share one.

To import the program is mostly to make its classes: attrs writes their methods as source text and has it compiled, a
third of it for `__repr__`, which hardly anybody ever asks for.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attrs import define as define
    from attrs import frozen as frozen
else:
    from collections.abc import Callable
    from functools import partial
    from reprlib import recursive_repr

    import attrs

    @recursive_repr("...")
    def _repr(self: object) -> str:
        """What attrs would have written."""
        shown = (
            f"{field.name}={(repr if field.repr is True else field.repr)(getattr(self, field.name))}"
            for field in attrs.fields(type(self))
            if field.repr
        )
        return f"{type(self).__qualname__.rpartition('>.')[2]}({', '.join(shown)})"

    def _sharing(make: Callable[..., type]) -> Callable[..., type | Callable[[type], type]]:
        """The decorator `make`, used alone or with options; a class with a `__repr__` of its own keeps it."""

        def decorate(cls: type | None = None, **options: object) -> type | Callable[[type], type]:
            if cls is None:
                return partial(decorate, **options)
            if "__repr__" not in vars(cls):
                cls.__repr__ = _repr
            return make(cls, **options)

        return decorate

    define = _sharing(attrs.define)
    frozen = _sharing(attrs.frozen)
