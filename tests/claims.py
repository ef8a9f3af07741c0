"""Published claims about how many soldiers a force takes: `scenarios/claims/`.

Every file begins with its question, our figure, and why the two agree or do not; what the figure
says is what the scenario gives.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import sim

FOLDER = Path(__file__).parent.parent / "scenarios" / "claims"
FILES = sorted(FOLDER.glob("*.yaml"))


def told(path: Path) -> int:
    """Our figure as the comment has it."""
    found = re.search(r"^# Our figure: ([\d,]+) kept up$", path.read_text("utf-8"), re.MULTILINE)
    assert found, f"{path.name} tells no figure"
    return int(found[1].replace(",", ""))


def why(path: Path) -> str:
    """What the comment says about the claim and our figure."""
    head, figure, rest = path.read_text("utf-8").partition("# Our figure: ")
    assert head.startswith("# Question: ")
    assert figure
    lines = rest.partition("\n\n")[0].splitlines()[1:]
    return " ".join(line.removeprefix("#").strip() for line in lines)


def kept_up(path: Path, **changes: Any) -> int:
    """The largest size of the table that is kept up in every future; dots written as ``__``."""
    scenario = sim.load(path)
    for key, value in changes.items():
        scenario = scenario.with_(key.replace("__", "."), value)
    summary = sim.run(scenario, replications=32, seed=2026).tables["summary"]
    sizes = zip(summary["force_size"], summary["p_feasible"], strict=True)
    return max((int(size) for size, share in sizes if share == 1), default=0)


def smallest_and_largest(path: Path) -> tuple[int, int]:
    """The sizes between which the table tips."""
    sizes = sim.load(path).specification.force.sizes
    assert sizes
    return min(sizes), max(sizes)
