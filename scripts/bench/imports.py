"""What Python imports before it works, and what that costs: `python -X importtime`, added up by package."""

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from attrs import define, frozen

from bench.processes import Command, measured

_LINE = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \| (\s*)(\S+)")


@define
class Package:
    """One top-level package, or the standard library as a whole."""

    seconds: float = 0.0
    """Of its own modules; what they import counts where it belongs."""
    modules: int = 0


@frozen
class Imports:
    """Everything one process imported."""

    packages: dict[str, Package]
    """The dearest first."""

    @property
    def seconds(self) -> float:
        """All together. The measuring itself makes it longer than it is."""
        return sum(package.seconds for package in self.packages.values())


def imports_of(argv: Sequence[str], *, directory: Path) -> Imports:
    """Run Python with these arguments and add up what it says; raises BenchError when it fails."""
    command = Command(argv=[sys.executable, "-X", "importtime", *argv])
    found: dict[str, Package] = {}
    for module, seconds in _modules(measured(command, directory=directory).output):
        top = module.partition(".")[0]
        package = found.setdefault("standard library" if top in sys.stdlib_module_names else top, Package())
        package.seconds += seconds
        package.modules += 1
    return Imports(dict(sorted(found.items(), key=lambda item: -item[1].seconds)))


def _modules(said: str) -> Iterator[tuple[str, float]]:
    for own, _, _, module in _LINE.findall(said):
        yield module, int(own) / 1e6
