"""One block of replications through every cell of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from sim.engine.conflict import ConflictChain
from sim.engine.core import Deployment
from sim.engine.futures import Futures, draw_futures
from sim.engine.muster import Muster, Pledge, muster, pledge
from sim.engine.outcomes import Ledger, Outcomes
from sim.engine.plan import NEVER, Plan
from sim.engine.pools import Pools
from sim.engine.verdict import Verdict

Columns = dict[str, NDArray[np.generic]]

WIDTH = 16384  # lanes that are simulated as one array, at most (one size at least)


@dataclass(frozen=True, slots=True)
class Cell:
    """One mandate (its index in the plan) and one force size."""

    mandate: int
    size: int


@dataclass(frozen=True, slots=True)
class CellResult:
    """A cell's outcomes in one block; one row per replication where they were asked for."""

    cell: Cell
    block: int
    outcomes: Outcomes
    rows: Columns | None


def cells_of(plan: Plan) -> tuple[Cell, ...]:
    """Every cell of a plan, in the order of its mandates and sizes."""
    return tuple(
        Cell(index, size) for index, mandate in enumerate(plan.mandates) for size in mandate.sizes
    )


def simulate_block(
    plan: Plan, seed: int, block: int, count: int, cells: Sequence[Cell], keep_rows: bool = False
) -> list[CellResult]:
    """Simulate replications ``block * BLOCK ... + count - 1`` in some cells of a plan.

    A pure function: the same arguments give the same bytes wherever it runs.
    """
    return list(chain.from_iterable(simulate_groups(plan, seed, block, count, cells, keep_rows)))


def simulate_groups(
    plan: Plan, seed: int, block: int, count: int, cells: Sequence[Cell], keep_rows: bool = False
) -> Iterator[list[CellResult]]:
    """Simulate a block as `simulate_block` does, and give the cells' results as they come."""
    futures = draw_futures(plan, seed, block, count)
    for index in dict.fromkeys(cell.mandate for cell in cells):
        own = [cell for cell in cells if cell.mandate == index]
        yield from _simulate_mandate(plan, index, block, futures, own, keep_rows)


def _simulate_mandate(
    plan: Plan, index: int, block: int, futures: Futures, cells: Sequence[Cell], keep_rows: bool
) -> Iterator[list[CellResult]]:
    """Simulate a mandate's cells, group by group.

    Nothing that a group or a mandate works on is still held when the next one's is made.
    """
    lanes = muster(plan, index, futures)
    offer = pledge(plan, index, futures, lanes.lanes)
    pools = Pools(plan, index, lanes)
    war = _wars_without_force(plan, index, futures)

    def results(group: Sequence[Cell]) -> list[CellResult]:
        sizes = tuple(cell.size for cell in group)
        ledger = run_cells(plan, index, sizes, futures, lanes, offer, pools)[2]
        return [
            close(plan, cell, block, futures, ledger, part, war, keep_rows)
            for part, cell in enumerate(group)
        ]

    yield from map(results, side_by_side(cells, lanes.count))


def close(
    plan: Plan,
    cell: Cell,
    block: int,
    futures: Futures,
    ledger: Ledger,
    part: int,
    war: NDArray[np.bool_],
    keep_rows: bool,
) -> CellResult:
    """Close the books on a cell after the last step.

    Parameters
    ----------
    part
        Number of the cell's size among those simulated side by side.
    war : bool array (B,)
        Replications in which a mission-ending state occurs when nobody is sent.
    """
    deployment, war = ledger.deployment, war.copy()
    if deployment.chain:
        war[deployment.muster.lanes] = deployment.chain.broken[deployment.lanes_of(part)]
    adequate = futures.required <= cell.size
    outcomes = ledger.outcomes(part, adequate, futures.count, int(war.sum()))
    rows = _rows(plan, cell.mandate, futures, ledger, part, adequate) if keep_rows else None
    return CellResult(cell, block, outcomes, rows)


def side_by_side(cells: Sequence[Cell], lanes: int) -> list[Sequence[Cell]]:
    """Cells of one mandate in groups of about the same number, to be simulated as one array.

    A step costs some time however few lanes there are; too many leave the processor's caches.
    """
    groups = -(-len(cells) * lanes // WIDTH) or 1
    each = -(-len(cells) // min(groups, len(cells)))
    return [cells[begin : begin + each] for begin in range(0, len(cells), each)]


def run_cells(
    plan: Plan,
    index: int,
    sizes: Sequence[int],
    futures: Futures,
    lanes: Muster,
    offer: Pledge,
    pools: Pools,
) -> tuple[Deployment, Verdict, Ledger]:
    """Simulate a mandate at some force sizes, side by side, from the first step to the last."""
    deployment = Deployment(plan, index, sizes, lanes, pools)
    verdict = Verdict(plan, plan.mandates[index], sizes, lanes, offer)
    ledger = Ledger(plan, deployment, verdict, futures.cost)
    if lanes.count:
        for step in range(plan.steps):
            deployment.advance()
            verdict.observe(step, deployment)
            ledger.observe(step)
        verdict.finish(plan.steps - 1, deployment)
    return deployment, verdict, ledger


def run_cell(
    plan: Plan,
    index: int,
    size: int,
    futures: Futures,
    lanes: Muster,
    offer: Pledge,
    pools: Pools,
) -> tuple[Deployment, Verdict, Ledger]:
    """Simulate one cell from the first step to the last."""
    return run_cells(plan, index, (size,), futures, lanes, offer, pools)


def _wars_without_force(plan: Plan, index: int, futures: Futures) -> NDArray[np.bool_]:
    """Replications in which a mission-ending state occurs when nobody is sent: bool (B,)."""
    chain, draws = plan.mandates[index].conflict, futures.conflict[index]
    nobody = np.zeros(futures.count, np.float32)
    if not (chain and draws):
        return nobody > 0
    states = ConflictChain(plan, chain, draws)
    for step in range(plan.steps):
        states.advance(futures.conflict_uniform[step], nobody)
    return states.broken


def _rows(
    plan: Plan,
    index: int,
    futures: Futures,
    ledger: Ledger,
    part: int,
    adequate: NDArray[np.bool_],
) -> Columns:
    """One row per replication: outcomes, and the draws that matter most."""
    deployment, verdict = ledger.deployment, ledger.verdict
    at, lanes = deployment.authorised_of(part)
    count, politics = futures.count, futures.politics[index]

    def spread(values: NDArray[np.generic], missing: float) -> NDArray[np.generic]:
        column = np.full(count, missing, values.dtype if missing == 0 else np.float64)
        column[lanes] = values[at]
        return column

    def months(steps: NDArray[np.int32]) -> NDArray[np.float64]:
        return np.where(steps < NEVER, steps * plan.step_days / (365.25 / 12), np.nan)

    cause = np.zeros(count, np.int8)
    cause[lanes] = verdict.cause[at]
    rows: Columns = {
        "authorised": politics.authorised < NEVER,
        "pledged": spread(verdict.pledged, 0),
        "initial": spread(verdict.initial, 0),
        "full": spread(verdict.full, 0),
        "feasible": spread(verdict.held, 0),
        "adequate": adequate,
        "binding": cause,
        "authorised_months": months(politics.authorised),
        "initial_capability_months": spread(months(verdict.elapsed(verdict.initial_at)), np.nan),
        "full_capability_months": spread(months(verdict.elapsed(verdict.full_at)), np.nan),
        "mean_strength": spread(ledger.soldier_steps.sum(axis=0) / plan.steps, np.nan),
        "deaths": spread(ledger.deaths.sum(axis=0), np.nan),
        "breaches": spread(deployment.breaches.sum(axis=0).astype(np.float64), np.nan),
        "required": futures.required,
    }
    for row, (name, _) in enumerate(plan.conditions):
        rows[f"conditions.{name}"] = futures.conditions[row]
    players = deployment.mandate.authorisation.players
    for row, player in enumerate(players):
        rows[f"consents.{player.name}"] = politics.consents[row]
    for row, corridor in enumerate(plan.corridors):
        mean = futures.lift[row].mean(axis=0, dtype=np.float64) / plan.step_days
        rows[f"corridors.{corridor.name}.per_day"] = mean
    for nation in deployment.nations:
        name = plan.contributors[nation]
        rows[f"contributors.{name}.joins"] = politics.joins[nation]
        rows[f"contributors.{name}.at_most"] = np.where(
            np.isfinite(politics.cap[nation]), politics.cap[nation], np.nan
        )
        soldiers = sum(
            (
                futures.units[p][0] * pool.strength
                for p, pool in enumerate(plan.pools)
                if pool.contributor == nation
            ),
            np.zeros(count, np.int64),
        )
        rows[f"contributors.{name}.available"] = soldiers
    return rows
