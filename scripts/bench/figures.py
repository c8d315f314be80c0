"""Medians with their spread, ratios run by run, and tables that people and programs read."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any, Final

from attrs import define, field, frozen

CLOCK: Final = 1e-4
"""Seconds; nothing that is divided by is taken for shorter."""


@frozen
class Spread:
    """A median, and the least and the most."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """Of at least one value."""
        known = sorted(values)
        return cls(median(known), known[0], known[-1])

    def text(self, digits: int = 2) -> str:
        """ "1.23 [1.10..1.40]"."""
        return f"{self.median:.{digits}f} [{self.least:.{digits}f}..{self.most:.{digits}f}]"


@frozen(kw_only=True)
class Ratio:
    """How many times better than somebody we are: above 1 is ahead."""

    label: str
    spread: Spread
    target: float | None = None
    """What is to be reached; None: it is only told."""

    @property
    def met(self) -> bool:
        """Whether the median is there."""
        return self.target is None or self.spread.median >= self.target

    def as_json(self) -> dict[str, Any]:
        """For the file of results."""
        spread = self.spread
        return {
            "label": self.label,
            "median": round(spread.median, 3),
            "min": round(spread.least, 3),
            "max": round(spread.most, 3),
            "target": self.target,
        }


def ratio_of_pairs(label: str, theirs: Sequence[float], ours: Sequence[float], *, target: float | None = None) -> Ratio:
    """Their seconds / our seconds, neighbouring run by neighbouring run."""
    pairs = zip(theirs, ours, strict=True)
    return Ratio(label=label, spread=Spread.of(a / max(b, CLOCK) for a, b in pairs), target=target)


def ratio_to_limit(label: str, limit: float, ours: Sequence[float]) -> Ratio:
    """The limit / what we need: 1 is just within."""
    return Ratio(label=label, spread=Spread.of(limit / max(value, CLOCK) for value in ours), target=1.0)


@define
class Table:
    """What one row of the bench found."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(factory=list)
    notes: list[str] = field(factory=list)

    def markdown(self) -> str:
        """As people read it."""
        lines = [f"**{self.title}**", ""] if self.title else []
        lines += [_line(self.columns), _line(["---", *["---:"] * (len(self.columns) - 1)])]
        lines += [_line(row) for row in self.rows]
        for note in self.notes:
            lines += ["", note]
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """For the file of results."""
        return {
            "title": self.title,
            "rows": [dict(zip(self.columns, row, strict=True)) for row in self.rows],
            "notes": self.notes,
        }


@define
class Findings:
    """Everything one row of the bench found."""

    tables: list[Table] = field(factory=list)
    ratios: list[Ratio] = field(factory=list)
    runs: list[Mapping[str, Any]] = field(factory=list)
    """Each measured run, as it was."""
    missing: list[str] = field(factory=list)
    """What could not be measured, and why."""

    def markdown(self) -> str:
        """As people read it."""
        parts = [table.markdown() for table in self.tables]
        if self.ratios:
            ratios = Table("ours beside theirs, run beside run: above 1 we are ahead", ("what", "ratio", "target", ""))
            for ratio in self.ratios:
                target = "" if ratio.target is None else f"≥ {ratio.target:.2g}"
                met = "" if ratio.target is None else "met" if ratio.met else "**not met**"
                ratios.rows.append((ratio.label, ratio.spread.text(), target, met))
            parts.append(ratios.markdown())
        parts += [f"Not measured: {each}" for each in self.missing]
        return "\n\n".join(parts)


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
