"""Who decides what: consents, renewals, and the will of contributors, drawn for a block."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.plan import NEVER, Authorisation, Mandate, Plan
from sim.scenario.amounts import Amount, steps_of
from sim.scenario.schema.base import Conditional, When

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int32]

Draw = Callable[[str], Floats]

MOST_SOLDIERS = 1e9  # more is no cap


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


def evaluate(value: Conditional, conditions: Mapping[str, Bools], count: int) -> Floats:
    """Work out a conditional in every replication: float64 array (count,)."""
    if isinstance(value, When):
        return np.where(
            conditions[value.condition],
            evaluate(value.then, conditions, count),
            evaluate(value.otherwise, conditions, count),
        )
    return np.full(count, float(value))


def stacked(rows: list[NDArray[Any]], count: int, dtype: type[Any]) -> NDArray[Any]:
    """Stack rows of replications; without rows, an empty table of the type."""
    return np.stack(rows) if rows else np.empty((0, count), dtype)


def amounts(amount: Amount | None, name: str, draw: Draw, count: int, default: float) -> Floats:
    """Draw an amount: (count,), the default where the scenario says nothing."""
    if amount is None:
        return np.full(count, default)
    if amount.fixed:
        return np.full(count, min(max(amount.value, amount.low), amount.high))
    return amount.quantile(draw(name))


def delays(amount: Amount | None, name: str, plan: Plan, draw: Draw, count: int) -> Ints:
    """Draw a duration in whole steps, at most `NEVER`."""
    return _in_steps(amounts(amount, name, draw, count, 0.0), plan)


def _in_steps(days: Floats, plan: Plan) -> Ints:
    """Whole steps; what takes longer than any scenario (or for ever) takes until `NEVER`."""
    steps: Ints = steps_of(np.minimum(days, NEVER * plan.step_days), plan.step_days)
    return np.minimum(steps, NEVER)


def draw_will(plan: Plan, draw: Draw) -> Callable[[str], Floats]:
    """Draw each contributor's latent will: uniform, correlated through one common factor.

    One-factor Gaussian copula (Li 2000): ``Z_n = sqrt(rho) M + sqrt(1 - rho) e_n``, and the
    contributor joins when ``Phi(Z_n) < p_n``.
    """
    from scipy.special import ndtr, ndtri

    if plan.correlation is None:
        return lambda nation: draw(f"contributors.{nation}.participation")
    common = ndtri(draw("will.common"))
    rho = amounts(plan.correlation, "will.correlation", draw, len(common), 0.0)

    def latent(nation: str) -> Floats:
        own = ndtri(draw(f"contributors.{nation}.participation"))
        return np.asarray(ndtr(np.sqrt(rho) * common + np.sqrt(1 - rho) * own))

    return latent


def draw_politics(
    plan: Plan,
    mandate: Mandate,
    conditions: Mapping[str, Bools],
    will: Callable[[str], Floats],
    draw: Draw,
    count: int,
) -> Politics:
    """Draw what players and contributors decide under one mandate."""
    consents = stacked(
        [
            draw(f"{_authorisation(mandate)}.{p.name}.consents")
            < evaluate(p.consents, conditions, count)
            for p in mandate.authorisation.players
        ],
        count,
        np.bool_,
    )
    authorised = authorisation(plan, mandate, consents, conditions, draw)

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
        delay = delays(stance.delay, f"{stance.name}.delay", plan, draw, count)
        joins.append(takes_part)
        joined.append(np.minimum(authorised + delay, NEVER).astype(np.int32))
        most = amounts(stance.at_most, f"{stance.name}.at_most", draw, count, np.inf)
        cap.append(np.where(most < MOST_SOLDIERS, np.floor(most + 1e-9), np.inf))
        delivered.append(amounts(stance.delivered, f"{stance.name}.delivered", draw, count, 1.0))
    return Politics(
        authorised=authorised,
        refused_renewal=renewals(plan, mandate, authorised, conditions, draw),
        joins=stacked(joins, count, np.bool_),
        joined=stacked(joined, count, np.int32),
        cap=stacked(cap, count, np.float64),
        delivered=stacked(delivered, count, np.float64),
        consents=consents,
    )


def _authorisation(mandate: Mandate) -> str:
    return f"mandates.{mandate.name}.authorisation"


def authorisation(
    plan: Plan,
    mandate: Mandate,
    consents: Bools,
    conditions: Mapping[str, Bools],
    draw: Draw,
    since: Ints | None = None,
) -> Ints:
    """Step of the authorisation, given who consents: int32 (B,); `NEVER` as in `Politics`.

    A consent is given after the player's own delay; with `since`, (players, B), not before that
    step.
    """
    rule, prefix, count = mandate.authorisation, _authorisation(mandate), consents.shape[1]
    given = stacked(
        [amounts(p.delay, f"{prefix}.{p.name}.delay", draw, count, 0.0) for p in rule.players],
        count,
        np.float64,
    )
    if since is not None:
        given = np.maximum(given, since * plan.step_days)
    days = _agreement(rule, consents, given)
    days = days + amounts(rule.delay, f"{prefix}.delay", draw, count, 0.0)
    step = _in_steps(days, plan)
    allowed = (step <= mandate.criteria.authorised_within) & (step < plan.steps)
    for name in mandate.requires:
        allowed &= conditions[name]
    return np.where(allowed & mandate.sends, step, NEVER).astype(np.int32)


def agreed(rule: Authorisation, consents: Bools) -> Bools:
    """Whether the rule is met by those who consent, (players, B): bool array (B,)."""
    return np.isfinite(_agreement(rule, consents, np.zeros(consents.shape)))


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


def renewals(
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
        step = np.minimum(authorised + number * mandate.renewal, NEVER)
        refused = np.where((refused == NEVER) & ~agreed(rule, consents), step, refused)
    return refused.astype(np.int32)
