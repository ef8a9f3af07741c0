"""Outcomes of every cell -> the tables that people read and compare.

A table is a dict of columns, keys first. Units stand in the column names, and a column, once
published, keeps its meaning (`LAYOUT` counts the changes).
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.engine.outcomes import (
    BINS_PER_FORCE,
    COUNTS,
    FILL_UNIT,
    NATION_QUANTITIES,
    QUANTITIES,
    Outcomes,
    unit_of,
)
from sim.engine.plan import CAUSES, Mandate, Plan
from sim.engine.simulate import Cell
from sim.results.statistics import (
    histogram_quantile,
    histogram_quantiles,
    mean_and_error,
    proportion_error,
    quantile_interval,
    wilson,
)

Table: TypeAlias = dict[str, list[Any]]

LAYOUT = 1
QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
STAGES = ("authorised", "pledged", "initial", "full", "feasible")
MILLION = 1e6

TEXTS = frozenset(
    (
        *("mandate", "contributor", "date", "verdict", "binding", "currency"),
        "burden_highest_contributor",
    )
)
"""Columns of text; every other holds numbers or truth values."""


def columns(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Rows of the same keys as columns."""
    return {key: [row[key] for row in rows] for key in rows[0]} if rows else {}


def rows_of(table: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """A table's columns as rows."""
    return [dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True)]


def summary(plan: Plan, cells: Mapping[Cell, Outcomes]) -> Table:
    """One row per mandate and force size."""
    return columns([_summary_row(plan, cell, outcomes) for cell, outcomes in cells.items()])


def _proportion(name: str, successes: int, trials: int) -> dict[str, float]:
    low, high = wilson(successes, trials)
    return {
        name: successes / trials if trials else math.nan,
        f"{name}_low": low,
        f"{name}_high": high,
        f"{name}_mcse": proportion_error(successes, trials),
    }


def _summary_row(plan: Plan, cell: Cell, outcomes: Outcomes) -> dict[str, Any]:
    mandate = plan.mandates[cell.mandate]
    counts = dict(zip(COUNTS, map(int, outcomes.counts), strict=True))
    total, authorised = counts["replications"], counts["authorised"]
    row: dict[str, Any] = {"mandate": mandate.name, "force_size": cell.size}
    for stage in STAGES:
        row |= _proportion(f"p_{stage}", counts[stage], total)
    row |= _proportion("p_feasible_if_authorised", counts["feasible"], authorised)
    judged = total if plan.requirement else 0
    row |= _proportion("p_adequate", counts["adequate"], judged)
    row |= _proportion("p_feasible_and_adequate", counts["feasible_and_adequate"], judged)
    row["verdict"] = verdict_of(mandate, row)
    row["replications"], row["authorised_replications"] = total, authorised
    months = plan.step_days / (365.25 / 12)
    for name, counts_by_step in (
        ("initial_capability", outcomes.initial_steps),
        ("full_capability", outcomes.full_steps),
    ):
        row |= _times(f"{name}_months", counts_by_step, months)
    row |= _totals(plan, mandate, outcomes, authorised)
    row["currency"] = plan.currency
    row |= _highest_burden(plan, mandate, outcomes, authorised)
    row |= _proportion("p_mission_ended_if_authorised", counts["mission_ended"], authorised)
    has_chain = total if mandate.conflict else 0
    row |= _proportion("p_mission_ending_state", counts["war"], has_chain)
    for cause, count in zip(CAUSES, outcomes.causes, strict=True):
        row[f"binding_{cause}"] = int(count) / total if total else math.nan
    return row


def verdict_of(mandate: Mandate, row: Mapping[str, Any]) -> str:
    """``feasible``, ``infeasible``, ``open`` (the interval spans the wanted confidence) ...

    ``no force`` for a mandate that sends nobody, ``never authorised`` where no replication was.
    """
    if not mandate.sends:
        return "no force"
    key = "p_feasible_if_authorised" if mandate.criteria.given_authorisation else "p_feasible"
    if math.isnan(row[key]):
        return "never authorised"
    wanted = mandate.criteria.confidence
    if row[f"{key}_low"] >= wanted:
        return "feasible"
    return "infeasible" if row[f"{key}_high"] < wanted else "open"


def _times(name: str, counts: Any, months: float) -> dict[str, float]:
    """Quantiles over the authorised replications; empty where it is not reached in the horizon."""
    never = len(counts) - 1

    def value(index: int) -> float:
        return index * months if 0 <= index < never else math.nan

    times = {f"{name}_{key}": value(histogram_quantile(counts, q)) for key, q in QUANTILES.items()}
    low, high = quantile_interval(counts, 0.5)
    return times | {f"{name}_p50_low": value(low), f"{name}_p50_high": value(high)}


def _totals(plan: Plan, mandate: Mandate, outcomes: Outcomes, authorised: int) -> dict[str, float]:
    """Means over the authorised replications, each with its Monte Carlo standard error."""
    totals: dict[str, float] = {}
    for index, quantity in enumerate(QUANTITIES):
        count = authorised if _modelled(plan, mandate, quantity) else 0
        totals |= _mean(quantity, outcomes.sums[index], outcomes.squares[index], count)
    return totals


_COLUMNS = {
    "cost": "cost_million",
    "strength": "strength_soldiers",
    "peak": "peak_soldiers",
    "mean": "present_soldiers",
}


def _mean(quantity: str, total: int, squares: int, count: int) -> dict[str, float]:
    mean, error = mean_and_error(total, squares, count, unit_of(quantity))
    name = _COLUMNS.get(quantity, quantity)
    scale = MILLION if quantity == "cost" else 1.0
    return {f"{name}_mean": mean / scale, f"{name}_mcse": error / scale}


def _modelled(plan: Plan, mandate: Mandate, quantity: str) -> bool:
    """Whether the scenario says anything about a quantity: without costs there is no cost of 0."""
    if quantity == "cost":
        return plan.cost is not None
    if quantity == "deaths":
        chain = mandate.conflict
        return chain is not None and any(state.deaths is not None for state in chain.states)
    return quantity != "hold_fill" or mandate.criteria.hold_for > 0


def _nations(plan: Plan, mandate: Mandate) -> list[int]:
    return sorted({plan.pools[line.pool].contributor for line in mandate.lines})


def _highest_burden(
    plan: Plan, mandate: Mandate, outcomes: Outcomes, authorised: int
) -> dict[str, Any]:
    """Find the contributor whose mean presence is the largest share of its army."""
    mean = NATION_QUANTITIES.index("mean")
    burdens = [
        (int(outcomes.nation_sums[row, mean]) * unit_of("mean") / authorised / army, nation)
        for row, nation in enumerate(_nations(plan, mandate))
        if authorised and (army := plan.armies[nation])
    ]
    burden, nation = max(burdens, default=(math.nan, -1))
    return {
        "burden_highest_percent": 100 * burden,
        "burden_highest_contributor": plan.contributors[nation] if nation >= 0 else "",
    }


def trajectory(plan: Plan, cells: Mapping[Cell, Outcomes]) -> Table:
    """Strength and fill by step, over the replications whose mandate is authorised in time."""
    tables = [
        _trajectory(plan, cell, outcomes)
        for cell, outcomes in cells.items()
        if plan.mandates[cell.mandate].sends
    ]
    if not tables:
        return _header(_trajectory(plan, *next(iter(cells.items()))))
    return {name: list(chain.from_iterable(t[name] for t in tables)) for name in tables[0]}


def _header(row: Mapping[str, Any]) -> Table:
    """Make a table without rows, which still says what would stand in them."""
    return {key: [] for key in row}


def _trajectory(plan: Plan, cell: Cell, outcomes: Outcomes) -> Table:
    count, steps = int(outcomes.counts[COUNTS.index("authorised")]), plan.steps
    dates = [plan.start + datetime.timedelta(days=round(s * plan.step_days)) for s in range(steps)]
    return {
        "mandate": [plan.mandates[cell.mandate].name] * steps,
        "force_size": [cell.size] * steps,
        "step": list(range(steps)),
        "date": [date.isoformat() for date in dates],
        "replications": [count] * steps,
        **_spread("present", outcomes.present, cell.size / BINS_PER_FORCE),
        "present_mean": _ratios(outcomes.present_sum, count),
        **_spread("counted", outcomes.counted, cell.size / BINS_PER_FORCE),
        "counted_mean": _ratios(outcomes.counted_sum, count),
        **_spread("fill", outcomes.fill, 1 / BINS_PER_FORCE),
        "fill_mean": _ratios(outcomes.fill_sum * FILL_UNIT, count),
    }


def _ratios(totals: NDArray[Any], count: int) -> list[float]:
    return (totals / count).tolist() if count else [math.nan] * len(totals)


def _spread(name: str, counts: NDArray[Any], width: float) -> Table:
    """Quantiles to the width of a bin (half a per cent of the force), the bin's lower edge."""
    bins = histogram_quantiles(counts, list(QUANTILES.values()))
    values = np.where(bins >= 0, bins * width, math.nan)
    return {f"{name}_{key}": values[:, i].tolist() for i, key in enumerate(QUANTILES)}


def contributors(plan: Plan, cells: Mapping[Cell, Outcomes]) -> Table:
    """One row per mandate, force size and contributor that is asked under it."""
    rows = [
        _contributor_row(plan, cell, outcomes, slot)
        for cell, outcomes in cells.items()
        for slot in range(len(outcomes.nation_sums))
    ]
    return columns(rows) or _header(_contributor_row(plan, *next(iter(cells.items())), None))


def _contributor_row(
    plan: Plan, cell: Cell, outcomes: Outcomes, slot: int | None
) -> dict[str, Any]:
    """Make the row of one contributor that is asked; without one, an empty row."""
    mandate = plan.mandates[cell.mandate]
    nation = None if slot is None else _nations(plan, mandate)[slot]
    count = 0 if slot is None else int(outcomes.counts[COUNTS.index("authorised")])
    nothing = [0] * len(NATION_QUANTITIES)
    sums = nothing if slot is None else outcomes.nation_sums[slot]
    squares = nothing if slot is None else outcomes.nation_squares[slot]
    row: dict[str, Any] = {
        "mandate": mandate.name,
        "force_size": cell.size,
        "contributor": "" if nation is None else plan.contributors[nation],
    }
    for index, quantity in enumerate(NATION_QUANTITIES):
        if quantity in ("joins", "withdraws"):
            row |= _proportion(f"p_{quantity}", int(sums[index]), count)
            continue
        known = count if _modelled(plan, mandate, quantity) else 0
        row |= _mean(quantity, sums[index], squares[index], known)
    army = (nation is not None and plan.armies[nation]) or math.nan
    row["army"] = army
    row["burden_percent_mean"] = 100 * row["present_soldiers_mean"] / army
    row["burden_percent_mcse"] = 100 * row["present_soldiers_mcse"] / army
    row["burden_peak_percent_mean"] = 100 * row["peak_soldiers_mean"] / army
    return row
