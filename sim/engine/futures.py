"""The futures of a block of replications: everything that chance decides, drawn once.

The same futures serve every mandate and every force size of a scenario, so that differences between
cells are differences of policy and not of luck. Arrays have the replications last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from sim.engine.forces import Pool
from sim.engine.plan import Corridor, Mandate, Plan
from sim.engine.politics import (
    Bools,
    Draw,
    Floats,
    Ints,
    Politics,
    amounts,
    delays,
    draw_politics,
    draw_will,
    evaluate,
    stacked,
)
from sim.engine.rules import drawn, rule_of
from sim.engine.streams import uniforms
from sim.scenario.amounts import Amount
from sim.scenario.plugins import REQUIREMENT_METHODS


@dataclass(frozen=True, slots=True)
class ConflictDraws:
    """A mandate's uncertain conflict parameters, each a float64 array (B,) or (.., B)."""

    start: NDArray[np.int8]
    rates: Floats  # (transitions, B), per year
    deaths: Floats  # (states, B), per 1,000 person-years
    withdrawal: Floats  # (states, B), per year
    hazard_ratio: Floats  # (B,)
    process: Mapping[str, Floats]  # parameters of the process, each (B,)


@dataclass(frozen=True, slots=True)
class Futures:
    """The draws of one block; B replications.

    Attributes
    ----------
    conditions : bool array (conditions, B)
    politics : one per mandate
    units : tuple of int32 arrays (segments, B)
        Per pool: units really available, before any share that is not delivered.
    offset : uint16 array (P, B)
        Start of the pool's even spread over its cycle, in 65536ths of a unit's distance.
    rounding : float64 array (P, B)
        Uniform that rounds delivered units to whole ones.
    notice : int32 array (P, B)
    lift : float32 array (K, steps, B)
        Soldiers that a corridor can newly carry in each step; whole numbers.
    conflict_uniform : float64 array (steps, B)
    patience : float64 array (N, B)
        Unit-exponential thresholds of the withdrawal hazard.
    conflict : one per mandate, None without a conflict chain
    sharing : mapping of name to float64 array (B,)
        Parameters of the burden-sharing rule.
    required : float64 array (B,)
        Soldiers that the task requires; NaN without a requirement.
    cost : float64 array (B,)
        Per soldier-month; NaN without costs.
    """

    count: int
    conditions: Bools
    politics: tuple[Politics, ...]
    units: tuple[Ints, ...]
    offset: NDArray[np.uint16]
    rounding: Floats
    notice: Ints
    lift: NDArray[np.float32]
    conflict_uniform: Floats
    patience: Floats
    conflict: tuple[ConflictDraws | None, ...]
    sharing: Mapping[str, Floats]
    required: Floats
    cost: Floats


def draw_futures(plan: Plan, seed: int, block: int, count: int) -> Futures:
    """Draw everything that chance decides in replications ``block * BLOCK + (0 ... count - 1)``."""

    def draw(name: str) -> Floats:
        return uniforms(seed, name, block, count)

    conditions: dict[str, Bools] = {}
    for name, probability in plan.conditions:
        chance = evaluate(probability, conditions, count)
        conditions[name] = draw(f"conditions.{name}") < chance
    will = draw_will(plan, draw)
    politics = tuple(draw_politics(plan, m, conditions, will, draw, count) for m in plan.mandates)
    units = tuple(_units(pool, seed, block, count) for pool in plan.pools)
    lift = np.empty((len(plan.corridors), plan.steps, count), np.float32)
    for index, corridor in enumerate(plan.corridors):
        lift[index] = _lift(corridor, plan, seed, block, count)
    chains = any(m.conflict for m in plan.mandates)
    return Futures(
        count=count,
        conditions=stacked([conditions[name] for name, _ in plan.conditions], count, np.bool_),
        politics=politics,
        units=units,
        offset=stacked(
            [(draw(f"{p.name}.offset") * 65536).astype(np.uint16) for p in plan.pools],
            count,
            np.uint16,
        ),
        rounding=stacked([draw(f"{p.name}.rounding") for p in plan.pools], count, np.float64),
        notice=stacked(
            [delays(p.notice, f"{p.name}.notice", plan, draw, count) for p in plan.pools],
            count,
            np.int32,
        ),
        lift=lift,
        conflict_uniform=uniforms(seed, "conflict.step", block, count, plan.steps)
        if chains
        else np.empty((0, count)),
        patience=stacked(
            [-np.log(draw(f"contributors.{n}.withdrawal")) for n in plan.contributors]
            if chains
            else [],
            count,
            np.float64,
        ),
        conflict=tuple(_conflict(m, conditions, draw, count) for m in plan.mandates),
        sharing=drawn(plan.burden_sharing, "rotation.burden_sharing", draw, count),
        required=_required(plan, draw, count),
        cost=amounts(plan.cost, "costs.per_soldier_month", draw, count, np.nan),
    )


def _units(pool: Pool, seed: int, block: int, count: int) -> Ints:
    """Units really available in each segment of the pool's schedule: (segments, count).

    Binomial where a probability per unit is given (the same unit is there in every segment), the
    rounded-down share of the units where a distribution is.
    """
    rows = []
    if isinstance(pool.available, float):
        most = max(units for _, units in pool.units)
        if pool.available >= 1:
            return np.stack([np.full(count, units, np.int32) for _, units in pool.units])
        u = uniforms(seed, f"{pool.name}.available", block, count, max(1, most))
        there = u < pool.available
        rows = [there[:units].sum(axis=0, dtype=np.int32) for _, units in pool.units]
    else:
        u = uniforms(seed, f"{pool.name}.available", block, count)
        rows = [_share_of(units, pool.available, u) for _, units in pool.units]
    return np.stack(rows)


def _share_of(units: int, share: Amount, u: Floats) -> Ints:
    """Whole units in a drawn share of them, rounded down.

    The quantile function of the beta family takes its time, and a larger draw is never fewer units.
    So only the draws are looked for at which there is one unit more: by bisection, for all units at
    once.
    """
    if share.family != "beta":
        return np.floor(share.quantile(u) * units + 1e-9).astype(np.int32)
    order, unit = np.argsort(u), np.arange(1, units + 1)
    ranked = u[order]
    low, high = np.zeros(units, np.intp), np.full(units, len(u))  # from which draw on it is there
    while (search := np.flatnonzero(low < high)).size:
        middle = (low[search] + high[search]) // 2
        there = np.floor(share.quantile(ranked[middle]) * units + 1e-9) >= unit[search]
        high[search[there]] = middle[there]
        low[search[~there]] = middle[~there] + 1
    found = np.empty(len(u), np.int32)
    found[order] = np.searchsorted(low, np.arange(len(u)), side="right")
    return found


def _lift(corridor: Corridor, plan: Plan, seed: int, block: int, count: int) -> NDArray[np.float32]:
    """Soldiers that the corridor can newly carry in each step: float32 (steps, count), whole.

    Fractions of a soldier are carried to the next step, so that a small corridor is slow and not
    closed. A step at a time: tables of all steps would come to several times what is kept.
    """
    if corridor.capacity is None:
        return np.full((plan.steps, count), np.inf, np.float32)

    def draw(name: str) -> Floats:
        return uniforms(seed, name, block, count)

    capacity = amounts(corridor.capacity, f"corridors.{corridor.name}.capacity", draw, count, 0.0)
    lift = np.empty((plan.steps, count), np.float32)
    total, before = np.zeros(count), np.zeros(count)
    for step, share in enumerate(_open_shares(corridor, plan, seed, block, count)):
        total += share * capacity * plan.step_days
        whole = np.floor(total + 1e-6)
        lift[step] = whole - before
        before = whole
    return lift


def _open_shares(
    corridor: Corridor, plan: Plan, seed: int, block: int, count: int
) -> Iterator[Floats]:
    """Share of the corridor's capacity that is left in each step: (count,).

    The level is drawn once; a two-state process takes the rest of it away while the corridor is
    disrupted.
    """
    if corridor.disruption_rate is None:
        yield from repeat(np.ones(count), plan.steps)
        return
    prefix = f"corridors.{corridor.name}.disruption"

    def draw(name: str) -> Floats:
        return uniforms(seed, name, block, count)

    rate = amounts(corridor.disruption_rate, f"{prefix}.rate", draw, count, 0.0)
    remaining = amounts(corridor.remaining, f"{prefix}.remaining", draw, count, 1.0)
    begins = -np.expm1(-rate * plan.step_years)
    ends = -np.expm1(-plan.step_days / corridor.disruption_days)
    disrupted = np.zeros(count, np.bool_)
    for u in uniforms(seed, prefix, block, count, plan.steps):
        disrupted = np.where(disrupted, u >= ends, u < begins)
        yield np.where(disrupted, remaining, 1.0)


def _conflict(
    mandate: Mandate, conditions: Mapping[str, Bools], draw: Draw, count: int
) -> ConflictDraws | None:
    chain = mandate.conflict
    if chain is None:
        return None
    names = [state.name for state in chain.states]

    def per_state(key: str) -> Floats:
        return np.stack(
            [
                amounts(
                    getattr(state, key), f"conflict.states.{state.name}.{key}", draw, count, 0.0
                )
                for state in chain.states
            ]
        )

    rates = [
        amounts(rate, f"conflict.rates.{names[a]} -> {names[b]}", draw, count, 0.0)
        for a, b, rate in chain.rates
    ]
    return ConflictDraws(
        start=evaluate(chain.start, conditions, count).astype(np.int8),
        rates=stacked(rates, count, np.float64),
        deaths=per_state("deaths"),
        withdrawal=per_state("withdrawal"),
        hazard_ratio=amounts(
            chain.hazard_ratio, "conflict.deterrence.hazard_ratio", draw, count, 1.0
        ),
        process=drawn(chain.process, "conflict.process", draw, count),
    )


def _required(plan: Plan, draw: Draw, count: int) -> Floats:
    """Soldiers that the task requires: a mixture of the methods by weight."""
    if not plan.requirement:
        return np.full(count, np.nan)
    weights = np.array([method.weight for method in plan.requirement])
    edges = np.cumsum(weights / weights.sum())[:-1]
    chosen = np.searchsorted(edges, draw("requirement.method"), side="right")
    values = []
    for method in plan.requirement:
        parameters = drawn(method.method, method.name, draw, count)
        values.append(rule_of(REQUIREMENT_METHODS, method.method)((count,), **parameters))
    return np.stack(values)[chosen, np.arange(count)]
