"""Whose soldiers are in the theatre, month by month."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from sim.engine.outcomes import COUNTS, Outcomes, snapshots
from sim.engine.plan import Plan
from sim.engine.simulate import Cell
from sim.results.statistics import mean_and_error
from sim.results.tables import Table

COLUMNS = (
    *("mandate", "force_size", "contributor", "step", "date", "replications"),
    *("present_soldiers_mean", "present_soldiers_mcse"),
)


def contingents(plan: Plan, cells: Mapping[Cell, Outcomes]) -> Table:
    """One row per mandate, force size, contributor that ever sends, and month.

    Means over the replications whose mandate is authorised in time, with their Monte Carlo standard
    errors.
    """
    steps = snapshots(plan)
    dates = [(plan.start + datetime.timedelta(days=round(s * plan.step_days))) for s in steps]
    table: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for cell, outcomes in cells.items():
        mandate = plan.mandates[cell.mandate]
        count = int(outcomes.counts[COUNTS.index("authorised")])
        nations = sorted({plan.pools[line.pool].contributor for line in mandate.lines})
        for slot, nation in enumerate(nations):
            sums, squares = (
                values[slot]
                for values in (outcomes.nation_present_sum, outcomes.nation_present_squares)
            )
            if not sums.any():
                continue
            for place, (step, date) in enumerate(zip(steps, dates, strict=True)):
                mean, error = mean_and_error(int(sums[place]), int(squares[place]), count, 1.0)
                row = (mandate.name, cell.size, plan.contributors[nation], step, date.isoformat())
                for name, value in zip(COLUMNS, (*row, count, mean, error), strict=True):
                    table[name].append(value)
    return table
