"""What a run takes of the memory, said before it starts."""

from __future__ import annotations

import math
import os

from sim.engine.plan import Plan
from sim.engine.simulate import WIDTH
from sim.engine.streams import BLOCK
from sim.errors import SimError


def check_memory(plan: Plan, cells: int, kept: int, workers: int) -> None:
    """Refuse a run that cannot fit.

    Parameters
    ----------
    plan
        The scenario's.
    cells
        How many are simulated.
    kept
        Replications of which the rows are kept.
    workers
        Processes on this machine.

    Raises
    ------
    SimError
        With what it would take and what the machine has.
    """
    # Per pool and lane: counts of some forty bytes, and a log of movements for every step.
    state = WIDTH * len(plan.pools) * (40 + 2 * plan.steps)
    state += BLOCK * plan.steps * (8 + 8 * len(plan.corridors))
    histograms = cells * plan.steps * 401 * 8 * 3
    needed = workers * (state + histograms) + histograms
    needed += kept * cells * (20 + 3 * len(plan.contributors)) * 64
    memory = _memory()
    if needed > memory:
        raise SimError(
            f"this run would take about {needed / 1e9:,.1f} GB of memory, the machine has "
            f"{memory / 1e9:,.1f} GB; take longer steps, fewer sizes or fewer workers"
        )


def _memory() -> float:
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):  # not every system says
        return math.inf
