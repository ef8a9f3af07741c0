"""The picture that every run draws."""

from __future__ import annotations

from pathlib import Path

from sim.report.pictures import draw
from sim.results.result import Result


def feasibility(result: Result, path: Path) -> None:
    """Draw P(feasible) by force size into ``feasibility.png``, or another format."""
    draw(result, path.stem, path.parent, (path.suffix.removeprefix("."),))
