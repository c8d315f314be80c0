"""The ratios of all rows as one SVG, drawn by hand: no library, legible on light and on dark ground."""

import json
from collections.abc import Iterator
from html import escape
from math import log2
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from bench.processes import BenchError
from bench.units import RESULTS

NAME: Final = "ratios.svg"
WIDTH: Final = 860
LEFT: Final = 400
"""Where the axis begins; labels stand before it."""
RIGHT: Final = 90
"""For the figures behind it."""
LINE: Final = 19
HEAD: Final = 46
GROUP: Final = 30
LEAST, MOST = -2, 4
"""Powers of two the axis shows; what lies beyond is drawn at its end."""

STYLE: Final = """
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 13px }
.quiet { fill: #57606a }
.grid { stroke: #8c959f; stroke-opacity: .35 }
.even { stroke: #57606a; stroke-width: 1.5 }
.ahead { stroke: #0969da; fill: #0969da }
.behind { stroke: #bc4c00; fill: #bc4c00 }
.none { stroke: #6e7781; fill: #6e7781 }
.target { stroke: #24292f; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .quiet { fill: #9198a1 }
  .even { stroke: #9198a1 }
  .ahead { stroke: #4493f8; fill: #4493f8 }
  .behind { stroke: #f0883e; fill: #f0883e }
  .none { stroke: #9198a1; fill: #9198a1 }
  .target { stroke: #e6edf3 }
}
"""


@frozen
class Bar:
    """One ratio."""

    label: str
    median: float
    least: float
    most: float
    target: float | None

    @property
    def kind(self) -> str:
        """How it is coloured: by whether its target is met."""
        if self.target is None:
            return "none"
        return "ahead" if self.median >= self.target else "behind"


def write_plot(results: Path | None) -> Path:
    """Draw what lies in `results`; the file. Raises BenchError when there is nothing."""
    folder = results or RESULTS
    groups = [(document["title"], bars) for document in _documents(folder) if (bars := _bars(document))]
    if not groups:
        raise BenchError(f"nothing to draw in {folder}; measure with --results {folder} first")
    path = folder / NAME
    path.write_text(draw(groups))
    return path


def draw(groups: list[tuple[str, list[Bar]]]) -> str:
    """The SVG."""
    height = HEAD + sum(GROUP + LINE * len(bars) for _, bars in groups) + 12
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'role="img" aria-label="How many times better than others torrent_peer is">',
        f"<style>{STYLE}</style>",
        '<text class="quiet" x="8" y="16">how many times better torrent_peer is than the one named, or than the limit '
        "named: median (dot), all runs (line), target (tick)</text>",
    ]
    for power in range(LEAST, MOST + 1):
        x = _x(2.0**power)
        label = f"{2.0**power:g}×"
        parts.append(f'<text class="quiet" x="{x:.1f}" y="34" text-anchor="middle">{label}</text>')
        kind = "even" if power == 0 else "grid"
        parts.append(f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="40" y2="{height - 6}"/>')
    y = HEAD
    for title, bars in groups:
        parts.append(f'<text class="title" x="8" y="{y + 19}">{escape(title)}</text>')
        y += GROUP
        for bar in bars:
            parts += _drawn(bar, y + LINE / 2)
            y += LINE
    return "\n".join([*parts, "</svg>", ""])


def _drawn(bar: Bar, y: float) -> Iterator[str]:
    text = y + 4
    yield f'<text x="{LEFT - 14}" y="{text}" text-anchor="end">{escape(bar.label)}</text>'
    if bar.target is not None:
        x = _x(bar.target)
        yield f'<line class="target" x1="{x:.1f}" x2="{x:.1f}" y1="{y - 6}" y2="{y + 6}"/>'
    ends = f'x1="{_x(bar.least):.1f}" x2="{_x(bar.most):.1f}" y1="{y}" y2="{y}"'
    yield f'<line class="{bar.kind}" stroke-width="2.5" stroke-linecap="round" {ends}/>'
    yield f'<circle class="{bar.kind}" cx="{_x(bar.median):.1f}" cy="{y}" r="4.5"/>'
    yield f'<text x="{WIDTH - 8}" y="{text}" text-anchor="end">{bar.median:.2f}×</text>'


def _x(ratio: float) -> float:
    power = min(max(log2(ratio) if ratio > 0 else LEAST, LEAST), MOST)
    return LEFT + (power - LEAST) / (MOST - LEAST) * (WIDTH - LEFT - RIGHT)


def _documents(folder: Path) -> Iterator[dict[str, Any]]:
    from bench.command_line import ROWS

    for row in ROWS:
        path = folder / f"{row}.json"
        if path.exists():
            yield json.loads(path.read_text())


def _bars(document: dict[str, Any]) -> list[Bar]:
    return [Bar(each["label"], each["median"], each["min"], each["max"], each["target"]) for each in document["ratios"]]
