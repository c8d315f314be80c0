"""What all tests share: property tests that draw the same examples on every run, and figures printed at the end."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,  # a busy machine is no bug
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how much the model explored, and what swarms cost their seeds."""
    worlds = [int(str(value)) for value in _figures(terminalreporter, "worlds")]
    if worlds:
        scopes = f"in {len(worlds)} scopes"
        terminalreporter.write_line(f"model: {sum(worlds):,} states of two honest ends explored, {scopes}")
    for copies in _figures(terminalreporter, "copies"):
        terminalreporter.write_line(f"swarm: {copies}")


def _figures(reporter: pytest.TerminalReporter, name: str) -> Iterator[object]:
    """What passed tests have recorded under `name`; through `record_property` it comes from other processes, too."""
    for report in reporter.getreports("passed"):
        yield from (value for key, value in report.user_properties if key == name)
