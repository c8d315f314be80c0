"""The bench of the receive path still runs: it leans on the machine's inside."""

import json
import subprocess
import sys
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
