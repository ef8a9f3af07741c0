"""Whose soldiers are in the theatre, month by month."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
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
    dates = [
        (plan.start + datetime.timedelta(days=round(step * plan.step_days))).isoformat()
        for step in steps
    ]
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
            found = [
                mean_and_error(total, square, count, 1.0)
                for total, square in zip(sums.tolist(), squares.tolist(), strict=True)
            ]
            of_all = (mandate.name, cell.size, plan.contributors[nation])
            own: list[Sequence[Any]] = [
                *([value] * len(steps) for value in of_all),
                steps,
                dates,
                [count] * len(steps),
                *zip(*found, strict=True),
            ]
            for name, values in zip(COLUMNS, own, strict=True):
                table[name].extend(values)
    return table
