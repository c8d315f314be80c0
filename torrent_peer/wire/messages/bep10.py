"""The messages of BEP 10, the extension protocol."""

from collections.abc import Mapping

from attrs import field

from torrent_peer.core.bencoding import Value
from torrent_peer.core.values import frozen


@frozen
class ExtendedHandshake:
    """Extended message 0: the ids under which the sender wants to receive extensions, and what it says of itself.

    Every field is `None` when the key was absent, or present with a type or value it may not have (such keys are
    named in `ignored`): only `m` is the protocol's business, the rest is advice (BEP 10, "unknown names are ignored").
    """

    extensions: Mapping[str, int] = field(factory=dict)
    """`m`: extension name → id, 0 meaning disabled."""
    client: str | None = None
    """`v`: name and version of the client."""
    listen_port: int | None = None
    """`p`: TCP port the sender listens on."""
    request_queue: int | None = None
    """`reqq`: requests the sender takes without dropping any."""
    your_ip: bytes | None = None
    """`yourip`: the receiver's address as the sender sees it, 4 or 16 bytes."""
    metadata_size: int | None = None
    """`metadata_size` of BEP 9, bytes."""
    upload_only: bool | None = None
    """`upload_only` of BEP 21."""
    others: Mapping[bytes, Value] = field(factory=dict)
    """Keys not named above, as decoded."""
    excessive_metadata_size: int | None = None
    """`metadata_size`, if it is beyond what any torrent needs, bytes; then it is in `ignored` as well."""
    ignored: tuple[str, ...] = ()
    """Known keys whose value could not be used."""
    duplicate_ids: tuple[int, ...] = ()
    """Non-zero ids that `m` gives to more than one name."""
    trailing: int = 0
    """Bytes behind the dictionary."""


@frozen
class Extended:
    """Any other extended message, under the id its *receiver* announced for it.

    Those of extensions that are known here have types of their own; this is what came under an id never announced, or
    announced for an extension that is not.
    """

    id: int
    payload: bytes = field(repr=lambda data: f"<{len(data)} bytes>")
