"""One block of replications through every cell of a plan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .conflict import ConflictChain
from .core import Deployment
from .futures import Futures, draw_futures
from .muster import Muster, Pledge, muster, pledge
from .outcomes import Ledger, Outcomes
from .plan import NEVER, Plan
from .pools import PoolState, pool_states
from .verdict import Verdict

Columns = dict[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Cell:
    """One mandate (its index in the plan) and one force size."""

    mandate: int
    size: int


def cells_of(plan: Plan) -> tuple[Cell, ...]:
    """Every cell of a plan, in the order of its mandates and sizes."""
    return tuple(
        Cell(index, size) for index, mandate in enumerate(plan.mandates) for size in mandate.sizes
    )


@dataclass(frozen=True, slots=True)
class BlockResult:
    """Outcomes per cell, and one row per replication and cell where they were asked for."""

    block: int
    outcomes: tuple[Outcomes, ...]
    rows: tuple[Columns, ...] | None


def simulate_block(
    plan: Plan, seed: int, block: int, count: int, keep_rows: bool = False
) -> BlockResult:
    """Simulate replications ``block * BLOCK ... + count - 1`` in every cell.

    A pure function: the same arguments give the same bytes wherever it runs.
    """
    futures = draw_futures(plan, seed, block, count)
    outcomes: list[Outcomes] = []
    rows: list[Columns] = []
    for index, mandate in enumerate(plan.mandates):
        lanes = muster(plan, index, futures)
        offer = pledge(plan, index, futures, lanes.lanes)
        pools = pool_states(plan, index, lanes)
        war = _wars_without_force(plan, index, futures)
        for size in mandate.sizes:
            deployment, verdict, ledger = run_cell(
                plan, index, size, futures, lanes, offer, pools
            )
            wars = war.copy()
            if deployment.chain:
                wars[lanes.lanes] = deployment.ended_by_conflict
            adequate = futures.required <= size
            outcomes.append(ledger.outcomes(verdict, adequate, count, int(wars.sum())))
            if keep_rows:
                rows.append(_rows(plan, futures, deployment, verdict, ledger, adequate))
    return BlockResult(block, tuple(outcomes), tuple(rows) if keep_rows else None)


def run_cell(
    plan: Plan,
    index: int,
    size: int,
    futures: Futures,
    lanes: Muster,
    offer: Pledge,
    pools: dict[int, PoolState],
) -> tuple[Deployment, Verdict, Ledger]:
    """Simulate one cell from the first step to the last."""
    deployment = Deployment(plan, index, size, lanes, pools)
    verdict = Verdict(plan, plan.mandates[index], size, lanes, offer)
    ledger = Ledger(plan, deployment, futures.cost)
    if lanes.count:
        for step in range(plan.steps):
            deployment.advance()
            verdict.observe(step, deployment)
            ledger.observe(step)
        verdict.finish(plan.steps - 1, deployment)
    return deployment, verdict, ledger


def _wars_without_force(plan: Plan, index: int, futures: Futures) -> NDArray[np.bool_]:
    """Replications in which a mission-ending state occurs when nobody is sent: bool (B,)."""
    chain, draws = plan.mandates[index].conflict, futures.conflict[index]
    war = np.zeros(futures.count, np.bool_)
    if chain and draws:
        states = ConflictChain(plan, chain, draws)
        nobody = np.zeros(futures.count, np.float32)
        for step in range(plan.steps):
            states.advance(futures.conflict_uniform[step], nobody)
            war |= states.ends_mission()
    return war


def _rows(
    plan: Plan,
    futures: Futures,
    deployment: Deployment,
    verdict: Verdict,
    ledger: Ledger,
    adequate: NDArray[np.bool_],
) -> Columns:
    """One row per replication: outcomes, and the draws that matter most."""
    count, lanes = futures.count, deployment.muster.lanes
    index = plan.mandates.index(deployment.mandate)
    politics = futures.politics[index]

    def spread(values: NDArray[np.generic], missing: float) -> NDArray[np.generic]:
        column = np.full(count, missing, values.dtype if missing == 0 else np.float64)
        column[lanes] = values
        return column

    def months(steps: NDArray[np.int32]) -> NDArray[np.float64]:
        return np.where(steps < NEVER, steps * plan.step_days / (365.25 / 12), np.nan)

    cause = np.zeros(count, np.int8)
    cause[lanes] = verdict.cause
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
        rows[f"contributors.{name}.at_most"] = politics.cap[nation]
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
