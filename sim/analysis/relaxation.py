"""Constraints taken away: the same scenario in which one thing, or several, does not bind.

A relaxation makes a plan from a plan. Draws belong to names, so everything else is drawn as before,
and the difference between two relaxations is one of policy and not of luck.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from sim.engine.forces import Line, Pool
from sim.engine.plan import Mandate, Plan, Stance
from sim.scenario.amounts import Amount

_RARELY = 1e-3
"""The share of a pledge that comes is taken to be at least its quantile here ..."""
_LEAST_DELIVERED = 0.1
"""... and at least this, when "units without number" are counted."""


def single(plan: Plan, mandate: int) -> Plan:
    """Keep one mandate (its index) of a plan; in the new plan its index is 0.

    What feasible does not depend on is left out, so that it need not be drawn.
    """
    return replace(plan, mandates=(plan.mandates[mandate],), requirement=())


def relaxed(plan: Plan, size: int, families: Iterable[str]) -> Plan:
    """Take constraints away.

    Parameters
    ----------
    plan
        Of one mandate, see `single`.
    size
        Soldiers asked for: "units without number" are as many as this force can need.
    families
        Of `FAMILIES`, in any order.

    Returns
    -------
    Plan
        Equal to `plan` where the scenario knows none of these constraints.
    """
    wanted = set(families)
    for name, (_, relax) in FAMILIES.items():
        if name in wanted:
            plan = relax(plan, size)
    return plan


def families_of(plan: Plan, size: int) -> tuple[str, ...]:
    """Constraints that a plan of one mandate knows: those whose relaxation changes anything."""
    return tuple(name for name in FAMILIES if relaxed(plan, size, [name]) != plan)


def asked(plan: Plan) -> tuple[int, ...]:
    """Capabilities that the mandate asks for (indices)."""
    return tuple(c for c, share in enumerate(plan.mandates[0].shares) if share > 0)


def granted(plan: Plan, size: int, capabilities: Collection[int]) -> Plan:
    """Fill capabilities (indices) from nowhere: at once, for good, past caps and corridors.

    An invented contributor has one unit for each, as strong as the force needs, and is asked first.
    """
    for capability in capabilities:
        name = f"anybody ({plan.capabilities[capability]})"
        need = max(1, plan.mandates[0].targets(size, plan.mandates[0].peak)[capability])
        pool = Pool(
            name=f"contributors.{name}.forces",
            contributor=len(plan.contributors),
            capability=capability,
            corridor=-1,
            strength=need,
            units=((0, 1),),
            total_units=((0, 1),),
            available=1.0,
            notice=None,
            priority=0,
            cycle=None,
            spread=False,
            **_no_rotation(plan),
        )
        stance = Stance(name, 1.0, None, None, None, (), frozenset())
        line = Line(len(plan.pools), capability, need, substitute=False)
        plan = replace(
            plan,
            contributors=(*plan.contributors, name),
            armies=(*plan.armies, None),
            invented=plan.invented + 1,
            withdrawal_ratios=(*plan.withdrawal_ratios, 0.0),
            pools=(*plan.pools, pool),
        )
        plan = _mandate(
            plan,
            stances=(*plan.mandates[0].stances, stance),
            open_to=(*plan.mandates[0].open_to, True),
            lines=(line, *plan.mandates[0].lines),
        )
    return plan


def plentiful(plan: Plan, size: int, capabilities: Collection[int] | None = None) -> Plan:
    """Give every pool of some capabilities (indices; None: all) more units than can be needed.

    All are available and rested, and so many that no unit need serve twice: short rests cost
    nothing then. A capability that nobody may be asked for is filled from nowhere (`granted`).
    """
    wanted = set(asked(plan) if capabilities is None else capabilities)
    served = {line.capability for line in plan.mandates[0].lines}
    pools = list(plan.pools)
    for index, pool in enumerate(plan.pools):
        need = _most_units(plan, size, index)
        if need and (capabilities is None or pool.capability in wanted):
            # Never fewer than there are: then nothing can be made worse by counting.
            have = max(units for _, units in pool.units)
            units = ((0, max(need, have)),)
            pools[index] = replace(
                pool,
                units=units,
                total_units=units,
                available=1.0,
                least=0,
                rested_after=0,
                demobilisation=0,
                cycle=None,
                spread=False,
            )
    return granted(replace(plan, pools=tuple(pools)), size, sorted(wanted - served))


def _most_units(plan: Plan, size: int, index: int) -> int:
    """Units of a pool that its lines can have in the theatre at once, if it serves them alone."""
    mandate, pool = plan.mandates[0], plan.pools[index]
    targets = mandate.targets(size, mandate.peak)
    counted = sum(
        -(-targets[line.capability] // line.worth) for line in mandate.lines if line.pool == index
    )
    overlapping = -(-pool.tour // (pool.tour - pool.handover))
    stance = mandate.stances[pool.contributor]
    comes = _lowest(stance.delivered) if stance else 1.0
    return int(np.ceil(counted * overlapping / comes))


def _lowest(delivered: Amount | None) -> float:
    """The share of a pledge that comes, when little does."""
    if delivered is None:
        return 1.0
    low = delivered.value if delivered.fixed else float(delivered.quantile(np.array(_RARELY)))
    return min(1.0, max(low, _LEAST_DELIVERED))


def _mandate(plan: Plan, **changes: Any) -> Plan:
    return replace(plan, mandates=(replace(plan.mandates[0], **changes),))


def _stances(plan: Plan, **changes: Any) -> Plan:
    stances = (stance and replace(stance, **changes) for stance in plan.mandates[0].stances)
    return _mandate(plan, stances=tuple(stances))


def _pools(plan: Plan, **changes: Any) -> Plan:
    return replace(plan, pools=tuple(replace(pool, **changes) for pool in plan.pools))


def _states(plan: Plan, **changes: Any) -> Plan:
    chain = plan.mandates[0].conflict
    if chain is None:
        return plan
    states = tuple(replace(state, **changes) for state in chain.states)
    return _mandate(plan, conflict=replace(chain, states=states))


def _authorisation(plan: Plan, size: int) -> Plan:
    mandate: Mandate = plan.mandates[0]
    rule = mandate.authorisation
    players = tuple(replace(player, consents=1.0, delay=None) for player in rule.players)
    conditions = tuple(
        (name, 1.0 if name in mandate.requires else probability)
        for name, probability in plan.conditions
    )
    return _mandate(
        replace(plan, conditions=conditions),
        authorisation=replace(rule, players=players, delay=None),
    )


def _renewal(plan: Plan, size: int) -> Plan:
    return _mandate(plan, renewal=0) if plan.mandates[0].authorisation.players else plan


def _will(plan: Plan, size: int) -> Plan:
    return _stances(plan, probability=1.0, delay=None, delivered=None, requires=())


def _caps(plan: Plan, size: int) -> Plan:
    return _stances(plan, at_most=None)


def _no_rotation(plan: Plan) -> dict[str, int]:
    """Keys of a pool whose units stay as long as the mission."""
    return {
        "tour": plan.steps, "handover": 0, "least": 0, "rested_after": 0, "demobilisation": 0,
    }  # fmt: skip


def _rotation(plan: Plan, size: int) -> Plan:
    return _pools(plan, cycle=None, spread=False, **_no_rotation(plan))


def _lift(plan: Plan, size: int) -> Plan:
    used = any(pool.corridor >= 0 for pool in plan.pools)
    return replace(_pools(plan, corridor=-1), corridors=()) if used else plan


def _notice(plan: Plan, size: int) -> Plan:
    return _pools(plan, notice=None)


def _withdrawals(plan: Plan, size: int) -> Plan:
    return _states(plan, withdrawal=None)


def _conflict(plan: Plan, size: int) -> Plan:
    chain = plan.mandates[0].conflict
    if chain is None:
        return plan
    calm = _states(plan, ends_mission=False)
    chain = calm.mandates[0].conflict
    assert chain is not None
    return _mandate(calm, conflict=replace(chain, start=0.0, rates=()))


Relaxation = Callable[[Plan, int], Plan]

FAMILIES: dict[str, tuple[str, Relaxation]] = {
    "authorisation": (
        "what the mandate requires comes true, and everybody consents at once",
        _authorisation,
    ),
    "renewal": ("the mandate is never asked for again", _renewal),
    "will": (
        "everybody with a stance joins at once, and all that is pledged comes",
        _will,
    ),
    "caps": ("no contributor limits how many it sends", _caps),
    "pool": ("every contributor has units without number, all available and rested", plentiful),
    "rotation": ("tours last as long as the mission, and all units are rested", _rotation),
    "lift": ("any number can be moved at once", _lift),
    "notice": ("units move on the day their contributor decides", _notice),
    "withdrawals": ("no contributor leaves early", _withdrawals),
    "conflict": ("the calmest state lasts, and nothing ends the mission", _conflict),
}
"""Constraint families in the order of the gates: what it means that one does not bind, and how."""
