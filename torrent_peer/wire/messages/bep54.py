"""The message of BEP 54, `lt_donthave`."""

from attrs import frozen


@frozen
class DontHave:
    """The sender no longer has `piece`, which it once announced."""

    piece: int
