"""Scenario -> Plan."""

from __future__ import annotations

import datetime

from sim.engine.forces import CyclePlan, Pool
from sim.engine.mandates import mandate_of
from sim.engine.plan import Corridor, Plan, Requirement, whole
from sim.scenario.amounts import steps_of
from sim.scenario.plugins import REQUIREMENT_METHODS, Choice
from sim.scenario.schema import Specification
from sim.scenario.schema.contributors import Contributor, ForceElement, availability
from sim.scenario.schema.plugged import package_of, parameters_of
from sim.scenario.schema.rotation import resolve


def plan_of(spec: Specification) -> Plan:
    """Translate a validated scenario into steps, soldiers and indices."""
    step_days = spec.time.step.value
    capabilities = _capabilities(spec)
    contributors = tuple(spec.contributors)
    corridors = tuple(spec.corridors)
    pools: list[Pool] = []
    for index, (nation, contributor) in enumerate(spec.contributors.items()):
        seen: dict[str, int] = {}
        for element in contributor.forces:
            seen[element.capability] = nth = seen.get(element.capability, 0) + 1
            suffix = f".{nth}" if nth > 1 else ""
            name = f"contributors.{nation}.forces.{element.capability}{suffix}"
            pools.append(_pool(spec, name, index, contributor, element, capabilities, corridors))
    steps = steps_of(spec.time.horizon.value, step_days)
    return Plan(
        title=spec.title,
        start=spec.time.start,
        step_days=step_days,
        steps=steps,
        capabilities=capabilities,
        contributors=contributors,
        armies=tuple(c.army for c in spec.contributors.values()),
        withdrawal_ratios=tuple(c.withdrawal_hazard_ratio for c in spec.contributors.values()),
        conditions=tuple((name, c.probability) for name, c in spec.conditions.items()),
        correlation=spec.will.correlation if spec.will else None,
        corridors=tuple(_corridor(name, spec) for name in corridors),
        pools=tuple(pools),
        mandates=tuple(
            mandate_of(spec, name, capabilities, tuple(pools), steps) for name in spec.mandates
        ),
        requirement=_requirement(spec),
        cost=spec.costs.per_soldier_month if spec.costs else None,
        currency=spec.costs.per_soldier_month.unit if spec.costs else "",
        surge=spec.rotation.surge,
        burden_sharing=spec.rotation.burden_sharing,
    )


def _capabilities(spec: Specification) -> tuple[str, ...]:
    names = dict.fromkeys(spec.force.capabilities or ())
    for mandate in spec.mandates:
        names.update(dict.fromkeys(spec.force_of(mandate).capabilities or ()))
    for contributor in spec.contributors.values():
        names.update(dict.fromkeys(element.capability for element in contributor.forces))
    return tuple(names)


def _pool(
    spec: Specification,
    name: str,
    index: int,
    contributor: Contributor,
    element: ForceElement,
    capabilities: tuple[str, ...],
    corridors: tuple[str, ...],
) -> Pool:
    step_days = spec.time.step.value
    policy = resolve(element, contributor, spec.rotation)

    def steps(days: float) -> int:
        return int(steps_of(days, step_days))

    tour = max(1, steps(policy.tour))
    demobilisation = steps(policy.demobilisation)
    total = _schedule(element, spec.time.start, step_days)
    corridor = element.corridor or contributor.corridor
    limited = corridor is not None and spec.corridors[corridor].capacity is not None
    cycle = None
    if policy.cycle:
        ready_from, ready_until = steps(policy.cycle.ready_from), steps(policy.cycle.ready_until)
        ready_until = max(ready_until, ready_from + 1)
        cycle = CyclePlan(max(steps(policy.cycle.length), ready_until), ready_from, ready_until)
    return Pool(
        name=name,
        contributor=index,
        capability=capabilities.index(element.capability),
        corridor=corridors.index(corridor) if corridor and limited else -1,
        strength=element.strength,
        units=tuple((step, _sendable(units, element.kept_back)) for step, units in total),
        total_units=total,
        available=availability(element),
        notice=element.notice,
        priority=contributor.priority if element.priority is None else element.priority,
        tour=tour,
        # At least one step where there is one, and at least one step of the tour counts.
        handover=min(tour - 1, steps(policy.handover)),
        least=demobilisation + steps(policy.least),
        rested_after=demobilisation + steps(policy.goal) + steps(policy.mobilisation),
        demobilisation=demobilisation,
        cycle=cycle,
        spread=policy.at_start == "spread",
    )


def _schedule(
    element: ForceElement, start: datetime.date, step_days: float
) -> tuple[tuple[int, int], ...]:
    """Units by step: changes before the start are folded into step 0."""
    schedule: dict[int, int] = {0: 0}
    for date, units in element.units:
        days = (date - start).days if date else 0
        schedule[max(0, steps_of(max(0, days), step_days))] = units
    return tuple(sorted(schedule.items()))


def _sendable(units: int, kept_back: int | float) -> int:
    """Units that may be sent: a share kept back is rounded up to whole units."""
    kept = whole(kept_back * units) if isinstance(kept_back, float) else kept_back
    return max(0, units - kept)


def _corridor(name: str, spec: Specification) -> Corridor:
    corridor = spec.corridors[name]
    disruption = corridor.disruption
    return Corridor(
        name=name,
        capacity=corridor.capacity,
        disruption_rate=disruption.rate if disruption else None,
        disruption_days=disruption.lasts.value if disruption else 0.0,
        remaining=disruption.remaining if disruption else None,
    )


def _requirement(spec: Specification) -> tuple[Requirement, ...]:
    methods = []
    seen: dict[str, int] = {}
    for section in spec.requirement:
        name = section.method
        seen[name] = nth = seen.get(name, 0) + 1
        package = package_of(REQUIREMENT_METHODS, name)
        methods.append(
            Requirement(
                name=f"requirement.{name}" + (f".{nth}" if nth > 1 else ""),
                weight=section.weight,
                method=Choice(name, parameters_of(section), package),
            )
        )
    return tuple(methods)
