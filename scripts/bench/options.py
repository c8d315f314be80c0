"""What the command line says to a row."""

from pathlib import Path

from attrs import frozen


@frozen(kw_only=True)
class Options:
    """How much is measured, and where."""

    full: bool
    """The sizes the targets are about; else small ones for a quick look."""
    runs: int
    """Measured, of everything."""
    warm_up: int
    """Not kept, of everything, before."""
    scratch: Path
    """Where content is kept meanwhile; emptied between rows."""
    size: int | None = None
    """Bytes of content, instead of the row's own."""
    piece_length: int | None = None
    only: tuple[str, ...] = ()
    """Parts of names: just these clients are compared."""
    sources: tuple[str, ...] = ()
    """Parts of names: just these seeders serve."""

    def wants(self, client: str) -> bool:
        """Whether `client` takes part."""
        return not self.only or any(part in client for part in self.only)

    def wants_source(self, source: str) -> bool:
        """Whether `source` takes part."""
        return not self.sources or any(part in source for part in self.sources)
