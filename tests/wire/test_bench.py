"""The bench of the receive path still runs: it leans on the machine's inside."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

RUN = Path(__file__).parent.parent.parent / "scripts" / "bench" / "run"


def test_the_bench_measures_every_kind_and_the_receive_path(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, RUN, "wire", "--runs", "1", "--results", tmp_path], capture_output=True, text=True, check=True
    )
    (result,) = json.loads((tmp_path / "wire.json").read_text())["runs"]
    assert set(result["messages"]) == {"have", "request", "piece"}
    assert all(row["judged"] > 0 for row in result["messages"].values())
    assert result["block"]["whole"] > 0
    assert "| the whole receive path |" in done.stdout


def test_the_plot_has_a_dot_for_every_ratio(tmp_path: Path) -> None:
    ratios = [
        {"label": "ahead & <more>", "median": 1.5, "min": 1.2, "max": 99.0, "target": 1.1},
        {"label": "behind", "median": 0.5, "min": 0.0, "max": 0.6, "target": 1.0},
        {"label": "only told", "median": 1.0, "min": 1.0, "max": 1.0, "target": None},
    ]
    (tmp_path / "wire.json").write_text(json.dumps({"title": "The wire", "ratios": ratios}))
    done = subprocess.run(
        [sys.executable, RUN, "--plot", "--results", tmp_path], capture_output=True, text=True, check=True
    )
    drawn = ElementTree.parse(done.stdout.strip()).getroot()
    dots = [element.get("class") for element in drawn if element.tag.endswith("circle")]
    assert dots == ["ahead", "behind", "none"]
    assert any(element.text == "ahead & <more>" for element in drawn)


def test_nothing_to_draw_is_said_in_a_line(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, RUN, "--plot", "--results", tmp_path], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == f"bench: nothing to draw in {tmp_path}; measure with --results {tmp_path} first\n"
