"""The futures of a block of replications: everything that chance decides, drawn once.

The same futures serve every mandate and every force size of a scenario, so that differences between
cells are differences of policy and not of luck. Arrays have the replications last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.scenario.amounts import Amount, steps_of
from sim.scenario.schema.base import Conditional, When
from sim.engine.plan import NEVER, Authorisation, Corridor, Mandate, Plan, Pool
from sim.engine.streams import uniforms

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int32]

Draw = Callable[[str], Floats]


@dataclass(frozen=True, slots=True)
class Politics:
    """What a mandate's players and contributors decide.

    Attributes
    ----------
    authorised : int32 array (B,)
        Step of the authorisation; `NEVER` where it is refused or comes too late.
    refused_renewal : int32 array (B,)
        Step at which a renewal is refused; `NEVER` where none is.
    joins : bool array (N, B)
    joined : int32 array (N, B)
        Step of the contributor's own decision (meaningful where it joins).
    cap : float64 array (N, B)
        Most soldiers at once; infinite without a cap. Whole soldiers.
    delivered : float64 array (N, B)
        Share of the pledge that really comes.
    consents : bool array (players, B)
    """

    authorised: Ints
    refused_renewal: Ints
    joins: Bools
    joined: Ints
    cap: Floats
    delivered: Floats
    consents: Bools


@dataclass(frozen=True, slots=True)
class ConflictDraws:
    """A mandate's uncertain conflict parameters, each a float64 array (B,) or (.., B)."""

    start: NDArray[np.int8]
    rates: Floats  # (transitions, B), per year
    deaths: Floats  # (states, B), per 1,000 person-years
    withdrawal: Floats  # (states, B), per year
    hazard_ratio: Floats  # (B,)


@dataclass(frozen=True, slots=True)
class Futures:
    """The draws of one block; B replications.

    Attributes
    ----------
    conditions : bool array (conditions, B)
    politics : one per mandate
    units : tuple of int32 arrays (segments, B)
        Per pool: units really available, before any share that is not delivered.
    offset : int64 array (P, B)
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
    required : float64 array (B,)
        Soldiers that the task requires; NaN without a requirement.
    cost : float64 array (B,)
        Per soldier-month; NaN without costs.
    """

    count: int
    conditions: Bools
    politics: tuple[Politics, ...]
    units: tuple[Ints, ...]
    offset: NDArray[np.int64]
    rounding: Floats
    notice: Ints
    lift: NDArray[np.float32]
    conflict_uniform: Floats
    patience: Floats
    conflict: tuple[ConflictDraws | None, ...]
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
    will = _will(plan, draw)
    politics = tuple(_politics(plan, m, conditions, will, draw, count) for m in plan.mandates)
    units = tuple(_units(pool, seed, block, count) for pool in plan.pools)
    lift = np.empty((len(plan.corridors), plan.steps, count), np.float32)
    for index, corridor in enumerate(plan.corridors):
        lift[index] = _lift(corridor, plan, seed, block, count)
    chains = any(m.conflict for m in plan.mandates)
    return Futures(
        count=count,
        conditions=_stacked([conditions[name] for name, _ in plan.conditions], count, np.bool_),
        politics=politics,
        units=units,
        offset=_stacked(
            [(draw(f"{p.name}.offset") * 65536).astype(np.int64) for p in plan.pools],
            count,
            np.int64,
        ),
        rounding=_stacked([draw(f"{p.name}.rounding") for p in plan.pools], count, np.float64),
        notice=_stacked(
            [_steps(p.notice, f"{p.name}.notice", plan, draw, count) for p in plan.pools],
            count,
            np.int32,
        ),
        lift=lift,
        conflict_uniform=uniforms(seed, "conflict.step", block, count, plan.steps)
        if chains
        else np.empty((0, count)),
        patience=_stacked(
            [-np.log(draw(f"contributors.{n}.withdrawal")) for n in plan.contributors]
            if chains
            else [],
            count,
            np.float64,
        ),
        conflict=tuple(_conflict(m, conditions, draw, count) for m in plan.mandates),
        required=_required(plan, draw, count),
        cost=_amount(plan.cost, "costs.per_soldier_month", draw, count, np.nan),
    )


def evaluate(value: Conditional, conditions: Mapping[str, Bools], count: int) -> Floats:
    """The value of a conditional in every replication: float64 array (count,)."""
    if isinstance(value, When):
        return np.where(
            conditions[value.condition],
            evaluate(value.then, conditions, count),
            evaluate(value.otherwise, conditions, count),
        )
    return np.full(count, float(value))


def _stacked(rows: list[NDArray[np.generic]], count: int, dtype: type) -> NDArray:  # type: ignore[type-arg]
    return np.stack(rows) if rows else np.empty((0, count), dtype)


def _amount(amount: Amount | None, name: str, draw: Draw, count: int, default: float) -> Floats:
    if amount is None:
        return np.full(count, default)
    if amount.fixed:
        return np.full(count, min(max(amount.value, amount.low), amount.high))
    return amount.quantile(draw(name))


def _steps(amount: Amount | None, name: str, plan: Plan, draw: Draw, count: int) -> Ints:
    days = _amount(amount, name, draw, count, 0.0)
    return np.minimum(steps_of(days, plan.step_days), NEVER).astype(np.int32)


def _will(plan: Plan, draw: Draw) -> Callable[[str], Floats]:
    """Each contributor's latent will: uniform, correlated through one common factor.

    One-factor Gaussian copula (Li 2000): ``Z_n = sqrt(rho) M + sqrt(1 - rho) e_n``, and the
    contributor joins when ``Phi(Z_n) < p_n``.
    """
    from scipy.special import ndtr, ndtri

    if plan.correlation is None:
        return lambda nation: draw(f"contributors.{nation}.participation")
    common = ndtri(draw("will.common"))
    rho = _amount(plan.correlation, "will.correlation", draw, len(common), 0.0)

    def latent(nation: str) -> Floats:
        own = ndtri(draw(f"contributors.{nation}.participation"))
        return np.asarray(ndtr(np.sqrt(rho) * common + np.sqrt(1 - rho) * own))

    return latent


def _politics(
    plan: Plan,
    mandate: Mandate,
    conditions: Mapping[str, Bools],
    will: Callable[[str], Floats],
    draw: Draw,
    count: int,
) -> Politics:
    prefix = f"mandates.{mandate.name}.authorisation"
    rule = mandate.authorisation
    consents = _stacked(
        [
            draw(f"{prefix}.{p.name}.consents") < evaluate(p.consents, conditions, count)
            for p in rule.players
        ],
        count,
        np.bool_,
    )
    days = _agreement(
        rule,
        consents,
        _stacked(
            [_amount(p.delay, f"{prefix}.{p.name}.delay", draw, count, 0.0) for p in rule.players],
            count,
            np.float64,
        ),
    )
    days = days + _amount(rule.delay, f"{prefix}.delay", draw, count, 0.0)
    step = steps_of(np.where(np.isfinite(days), days, 0.0), plan.step_days)
    allowed = np.isfinite(days) & (step <= mandate.criteria.authorised_within)
    allowed &= step < plan.steps
    for name in mandate.requires:
        allowed &= conditions[name]
    authorised = np.where(allowed & mandate.sends, step, NEVER).astype(np.int32)

    joins, joined, cap, delivered = [], [], [], []
    for nation, stance in zip(plan.contributors, mandate.stances, strict=True):
        if stance is None:
            joins.append(np.zeros(count, np.bool_))
            joined.append(np.full(count, NEVER, np.int32))
            cap.append(np.full(count, np.inf))
            delivered.append(np.ones(count))
            continue
        takes_part = will(nation) < evaluate(stance.probability, conditions, count)
        for name in stance.requires:
            takes_part = takes_part & conditions[name]
        delay = _steps(stance.delay, f"{stance.name}.delay", plan, draw, count)
        joins.append(takes_part)
        joined.append(np.minimum(authorised + delay, NEVER).astype(np.int32))
        most = _amount(stance.at_most, f"{stance.name}.at_most", draw, count, np.inf)
        cap.append(np.floor(most + 1e-9))
        delivered.append(_amount(stance.delivered, f"{stance.name}.delivered", draw, count, 1.0))
    return Politics(
        authorised=authorised,
        refused_renewal=_renewals(plan, mandate, authorised, conditions, draw),
        joins=_stacked(joins, count, np.bool_),
        joined=_stacked(joined, count, np.int32),
        cap=_stacked(cap, count, np.float64),
        delivered=_stacked(delivered, count, np.float64),
        consents=consents,
    )


def _agreement(rule: Authorisation, consents: Bools, delays: Floats) -> Floats:
    """Days until the rule is met; infinite where it never is.

    The rule is met when so many have consented as it needs and every player with a veto has: the
    later of the k-th consent and the last veto player's. A veto player who refuses blocks alone.
    """
    count = consents.shape[1]
    if not rule.players:
        return np.zeros(count)
    days = np.where(consents, delays, np.inf)
    met = np.sort(days, axis=0)[rule.needed - 1] if rule.needed else np.zeros(count)
    for index in rule.vetoes:
        met = np.maximum(met, days[index])
    return met


def _renewals(
    plan: Plan, mandate: Mandate, authorised: Ints, conditions: Mapping[str, Bools], draw: Draw
) -> Ints:
    """Step of the first renewal that is refused; every renewal has draws of its own."""
    count = len(authorised)
    refused = np.full(count, NEVER, np.int32)
    rule = mandate.authorisation
    if not mandate.renewal or not rule.players:
        return refused
    for number in range(1, plan.steps // mandate.renewal + 1):
        name = f"mandates.{mandate.name}.renewal.{number}"
        consents = np.stack(
            [draw(f"{name}.{p.name}") < evaluate(p.renews, conditions, count) for p in rule.players]
        )
        agreed = np.isfinite(_agreement(rule, consents, np.zeros(consents.shape)))
        step = authorised + number * mandate.renewal
        refused = np.where((refused == NEVER) & ~agreed, np.minimum(step, NEVER), refused)
    return refused.astype(np.int32)


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
        share = pool.available.quantile(uniforms(seed, f"{pool.name}.available", block, count))
        rows = [np.floor(share * units + 1e-9).astype(np.int32) for _, units in pool.units]
    return np.stack(rows)


def _lift(corridor: Corridor, plan: Plan, seed: int, block: int, count: int) -> NDArray[np.float32]:
    """Soldiers that the corridor can newly carry in each step: float32 (steps, count), whole.

    The level is drawn once; a two-state process takes the rest of it away while the corridor is
    disrupted. Fractions of a soldier are carried to the next step, so that a small corridor is slow
    and not closed.
    """
    if corridor.capacity is None:
        return np.full((plan.steps, count), np.inf, np.float32)
    prefix = f"corridors.{corridor.name}"

    def draw(name: str) -> Floats:
        return uniforms(seed, name, block, count)

    capacity = _amount(corridor.capacity, f"{prefix}.capacity", draw, count, 0.0)
    open_share = np.ones((plan.steps, count))
    if corridor.disruption_rate is not None:
        rate = _amount(corridor.disruption_rate, f"{prefix}.disruption.rate", draw, count, 0.0)
        remaining = _amount(corridor.remaining, f"{prefix}.disruption.remaining", draw, count, 1.0)
        begins = -np.expm1(-rate * plan.step_years)
        ends = -np.expm1(-plan.step_days / corridor.disruption_days)
        u = uniforms(seed, f"{prefix}.disruption", block, count, plan.steps)
        disrupted = np.zeros(count, np.bool_)
        for step in range(plan.steps):
            disrupted = np.where(disrupted, u[step] >= ends, u[step] < begins)
            open_share[step] = np.where(disrupted, remaining, 1.0)
    total = np.floor(np.cumsum(open_share * capacity * plan.step_days, axis=0) + 1e-6)
    return np.diff(total, axis=0, prepend=0.0).astype(np.float32)


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
                _amount(
                    getattr(state, key), f"conflict.states.{state.name}.{key}", draw, count, 0.0
                )
                for state in chain.states
            ]
        )

    rates = [
        _amount(rate, f"conflict.rates.{names[a]} -> {names[b]}", draw, count, 0.0)
        for a, b, rate in chain.rates
    ]
    return ConflictDraws(
        start=evaluate(chain.start, conditions, count).astype(np.int8),
        rates=_stacked(rates, count, np.float64),
        deaths=per_state("deaths"),
        withdrawal=per_state("withdrawal"),
        hazard_ratio=_amount(
            chain.hazard_ratio, "conflict.deterrence.hazard_ratio", draw, count, 1.0
        ),
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
        value = np.ones(count)
        for key, amount in method.factors:
            value = value * _amount(amount, f"{method.name}.{key}", draw, count, 0.0)
        for key, amount in method.surcharges:
            value = value * (1 + _amount(amount, f"{method.name}.{key}", draw, count, 0.0))
        if method.divisor:
            key, amount = method.divisor
            value = value / _amount(amount, f"{method.name}.{key}", draw, count, 1.0)
        values.append(value)
    return np.stack(values)[chosen, np.arange(count)]
