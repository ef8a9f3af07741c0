"""Outcomes of one cell over a block: counts, exact histograms and sums, which add up across blocks.

Everything is a whole number, so blocks can be merged in any order and give the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.core import Deployment
from sim.engine.plan import CAUSES, NEVER, Plan
from sim.engine.verdict import Verdict

Integers = NDArray[np.int64]

# Strength and fill over time are kept in bins of half a per cent of the force size.
BINS_PER_FORCE = 200
BINS = 2 * BINS_PER_FORCE + 1  # up to twice the force; more lands in the last bin

# Fixed-point resolution of summed quantities.
DEATHS_UNIT = 1e-4
COST_UNIT = 1e4  # money
FILL_UNIT = 1e-6


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What one cell (mandate, force size) came to in some replications; adds up.

    Attributes
    ----------
    counts : int64 array (len(COUNTS),)
        Replications, and how many of them passed each gate.
    causes : int64 array (len(CAUSES),)
        Replications by what bound.
    initial_steps, full_steps : int64 arrays (steps + 1,)
        Steps from authorisation to initial and full capability; the last bin: never.
    present, counted, fill : int64 arrays (steps, BINS)
        Histograms over the authorised replications, by step.
    present_sum, counted_sum, fill_sum : int64 arrays (steps,)
        Sums over the authorised replications; fill in units of `FILL_UNIT`.
    sums, squares : object arrays of int (quantities,)
        Exact sums over the authorised replications of the quantities of `quantity_names`.
    nation_sums, nation_squares : object arrays of int (nations, quantities)
        The same per contributor that is asked, see `NATION_QUANTITIES`.
    nation_present_sum, nation_present_squares : int64 arrays (nations, snapshots)
        Soldiers of each contributor that is asked, and their squares, summed over the authorised
        replications at the steps of `snapshots`.
    """

    counts: Integers
    causes: Integers
    initial_steps: Integers
    full_steps: Integers
    present: Integers
    counted: Integers
    fill: Integers
    present_sum: Integers
    counted_sum: Integers
    fill_sum: Integers
    sums: NDArray[Any]
    squares: NDArray[Any]
    nation_sums: NDArray[Any]
    nation_squares: NDArray[Any]
    nation_present_sum: Integers
    nation_present_squares: Integers

    def __add__(self, other: Outcomes) -> Outcomes:
        return Outcomes(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


COUNTS = (
    "replications",
    "authorised",
    "pledged",
    "initial",
    "full",
    "feasible",
    "adequate",
    "feasible_and_adequate",
    "mission_ended",
    "war",
)
QUANTITIES = ("deaths", "cost", "breaches", "withdrawals", "strength", "hold_fill")
NATION_QUANTITIES = ("joins", "peak", "mean", "breaches", "deaths", "cost", "withdraws")


def snapshots(plan: Plan) -> list[int]:
    """The first step of every month: each contributor's soldiers are kept at these alone."""
    months = np.arange(plan.steps * plan.step_days // (365.25 / 12) + 1) * (365.25 / 12)
    steps = np.ceil(months / plan.step_days - 1e-9).astype(int)
    return [int(step) for step in np.unique(steps[steps < plan.steps])]


def exact_rows(values: NDArray[Any]) -> list[tuple[int, int]]:
    """Sum and sum of squares of whole numbers, exact whatever their size, for every row."""
    rounded = np.rint(values)
    largest = int(np.abs(rounded).max(initial=0))
    if largest * largest * max(1, rounded.shape[1]) < 2**63:
        whole = rounded.astype(np.int64)
        sums, squares = whole.sum(axis=1), np.square(whole).sum(axis=1)
        return list(zip(sums.tolist(), squares.tolist(), strict=True))
    numbers = [[int(value) for value in row] for row in rounded]
    return [(sum(row), sum(value * value for value in row)) for row in numbers]


def exact_sums(values: NDArray[Any]) -> tuple[int, int]:
    """The same of a single row."""
    return exact_rows(values[None])[0]


def _histogram(values: NDArray[np.float32], scale: Any, sizes: int = 1) -> Integers:
    """Count values by bin; with several sizes, one after the other."""
    # A value a hair below an edge is one that stands on it, less its last digit.
    bins = np.minimum(values * np.float32(scale) + np.float32(1e-3), BINS - 1).astype(np.intp)
    np.maximum(bins, 0, out=bins)
    bins.reshape(sizes, -1)[:] += np.arange(sizes)[:, None] * BINS
    return np.bincount(bins, minlength=sizes * BINS)


class Ledger:
    """Adds up what happens in L lanes (S force sizes one after the other), step by step."""

    def __init__(
        self, plan: Plan, deployment: Deployment, verdict: Verdict, cost: NDArray[np.float64]
    ) -> None:
        self.plan, self.deployment, self.verdict, self.cost = plan, deployment, verdict, cost
        count, nations = len(deployment.lane_of), len(deployment.nations)
        sizes = len(deployment.sizes)
        self.present = np.zeros((plan.steps, sizes * BINS), np.int64)
        self.counted = np.zeros((plan.steps, sizes * BINS), np.int64)
        self.fill = np.zeros((plan.steps, sizes * BINS), np.int64)
        self.present_sum = np.zeros((plan.steps, sizes), np.int64)
        self.counted_sum = np.zeros((plan.steps, sizes), np.int64)
        self.fill_sum = np.zeros((plan.steps, sizes), np.int64)
        self.snapshots = {step: place for place, step in enumerate(snapshots(plan))}
        self.nation_present_sum = np.zeros((nations, len(self.snapshots), sizes), np.int64)
        self.nation_present_squares = np.zeros_like(self.nation_present_sum)
        self.hold_fill = np.zeros(count)
        self.soldier_steps = np.zeros((nations, count))
        self.deaths = np.zeros((nations, count))
        self.peak = np.zeros((nations, count), np.float32)
        per_force = [np.float32(BINS_PER_FORCE / size) for size in deployment.sizes]
        self.per_force = np.repeat(per_force, deployment.muster.count)
        self.target = np.zeros(deployment.present.shape, np.float32)

    def observe(self, step: int) -> None:
        """Add one step."""
        d, sizes = self.deployment, len(self.deployment.sizes)
        counted = d.counted.sum(axis=0)
        self.present[step] += _histogram(d.strength, self.per_force, sizes)
        self.counted[step] += _histogram(counted, self.per_force, sizes)
        by_size = (sizes, d.muster.count)
        self.present_sum[step] += _whole_sums(d.strength.reshape(by_size))
        self.counted_sum[step] += _whole_sums(counted.reshape(by_size))
        for phase, lanes in d.phase_of_step.get(step, ()):
            self.target[:, lanes] = d.targets(phase)[:, lanes]
        fill = self.fill_now()
        self.fill[step] += _histogram(fill, BINS_PER_FORCE, sizes)
        self.fill_sum[step] += _whole_sums(np.rint(fill / FILL_UNIT).reshape(by_size))
        self.hold_fill += fill * self.verdict.holding(step)
        self.soldier_steps += d.soldiers
        if (place := self.snapshots.get(step)) is not None:
            here = d.soldiers.reshape(len(d.nations), *by_size)
            self.nation_present_sum[:, place] = _whole_sums(here)
            self.nation_present_squares[:, place] = _whole_sums(np.square(here, dtype=np.float64))
        np.maximum(self.peak, d.soldiers, out=self.peak)
        if d.chain and d.chain.lethal:
            self.deaths += d.soldiers * d.chain.death_rate()

    def fill_now(self) -> NDArray[np.float32]:
        """Present over target, the lowest over capabilities; 0 before the authorisation."""
        d = self.deployment
        shares = np.divide(
            d.present, self.target, out=np.full_like(d.present, 2), where=self.target > 0
        )
        lowest = shares.min(axis=0, initial=2)
        return np.where(self.target.any(axis=0), lowest, 0).astype(np.float32)

    def outcomes(
        self, part: int, adequate: NDArray[np.bool_], replications: int, war: int
    ) -> Outcomes:
        """Close the books on one of the force sizes.

        Parameters
        ----------
        part
            Number of the size among those simulated side by side.
        adequate : bool array (B,)
            Over all replications of the block, authorised or not.
        replications
            B.
        war
            Replications of the block, authorised or not, in which a mission-ending state occurs.
        """
        d, plan, verdict = self.deployment, self.plan, self.verdict
        months = plan.step_days / (365.25 / 12)
        at, replication = d.authorised_of(part)
        bins = slice(part * BINS, (part + 1) * BINS)
        held, breaches = verdict.held[at], d.breaches[:, at]
        soldier_steps, deaths = self.soldier_steps[:, at], self.deaths[:, at]
        counts = {
            "replications": replications,
            "authorised": len(replication),
            "pledged": verdict.pledged[at].sum(),
            "initial": verdict.initial[at].sum(),
            "full": verdict.full[at].sum(),
            "feasible": held.sum(),
            "adequate": adequate.sum(),
            "feasible_and_adequate": (held & adequate[replication]).sum(),
            "mission_ended": (d.ended_at[at] < NEVER).sum(),
            "war": war,
        }
        causes = np.bincount(verdict.cause[at][~held], minlength=len(CAUSES)).astype(np.int64)
        causes[0] += replications - len(replication)  # not authorised in time
        cost = soldier_steps * months * self.cost[replication] / COST_UNIT
        gone = d.withdrawn[:, at].astype(np.float64)
        nation_rows: tuple[tuple[NDArray[Any], float], ...] = (
            (d.muster.joins[list(d.nations)][:, d.lane_of[at]], 1.0),
            (self.peak[:, at], 1.0),
            (soldier_steps / plan.steps, 0.1),
            (breaches, 1.0),
            (deaths, DEATHS_UNIT),
            (cost, 1.0),
            (gone, 1.0),
        )
        total_rows = (
            (deaths.sum(axis=0), DEATHS_UNIT),
            (cost.sum(axis=0), 1.0),
            (breaches.sum(axis=0), 1.0),
            (gone.sum(axis=0), 1.0),
            (soldier_steps.sum(axis=0) / plan.steps, 1.0),
            (self.hold_fill[at] / np.maximum(verdict.hold_steps[at], 1), FILL_UNIT),
        )
        pairs = [exact_sums(np.nan_to_num(values) / unit) for values, unit in total_rows]
        by_quantity = [exact_rows(np.nan_to_num(values) / unit) for values, unit in nation_rows]
        nation_pairs = list(zip(*by_quantity, strict=True))
        shape = (len(d.nations), len(NATION_QUANTITIES))
        return Outcomes(
            counts=np.array([int(counts[name]) for name in COUNTS], np.int64),
            causes=causes,
            initial_steps=self._steps(verdict.elapsed(verdict.initial_at)[at]),
            full_steps=self._steps(verdict.elapsed(verdict.full_at)[at]),
            present=self._of_authorised(self.present[:, bins], len(replication)),
            counted=self._of_authorised(self.counted[:, bins], len(replication)),
            fill=self._of_authorised(self.fill[:, bins], len(replication)),
            present_sum=self.present_sum[:, part].copy(),
            counted_sum=self.counted_sum[:, part].copy(),
            fill_sum=self.fill_sum[:, part].copy(),
            sums=np.array([total for total, _ in pairs], object),
            squares=np.array([square for _, square in pairs], object),
            nation_sums=_table([[s for s, _ in row] for row in nation_pairs], shape),
            nation_squares=_table([[q for _, q in row] for row in nation_pairs], shape),
            nation_present_sum=self.nation_present_sum[..., part].copy(),
            nation_present_squares=self.nation_present_squares[..., part].copy(),
        )

    def _of_authorised(self, histograms: Integers, authorised: int) -> Integers:
        """Leave out lanes that were never authorised: all they had, at every step, was nothing."""
        histograms = histograms.copy()
        histograms[:, 0] -= self.deployment.muster.count - authorised
        return histograms

    def _steps(self, elapsed: NDArray[np.int32]) -> Integers:
        steps = self.plan.steps
        return np.bincount(np.minimum(elapsed, steps), minlength=steps + 1)


def _whole_sums(rows: NDArray[np.float32]) -> Integers:
    """Sum whole numbers along the last axis."""
    return np.asarray(rows.sum(axis=-1, dtype=np.float64), np.int64)


def _table(rows: list[list[int]], shape: tuple[int, int]) -> NDArray[Any]:
    table = np.zeros(shape, object)
    for i, row in enumerate(rows):
        table[i] = row
    return table


_UNITS = {"deaths": DEATHS_UNIT, "cost": COST_UNIT, "mean": 0.1, "hold_fill": FILL_UNIT}


def unit_of(quantity: str) -> float:
    """Say what one unit of a summed quantity is worth."""
    return _UNITS.get(quantity, 1.0)
