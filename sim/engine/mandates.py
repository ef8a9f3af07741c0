"""Scenario -> Plan, the mandates: who decides, who may be asked for what, and what is feasible."""

from __future__ import annotations

from typing import Any

from sim.engine.forces import Line, Pool
from sim.engine.plan import NEVER, Authorisation, Conflict, Criteria, Mandate, Player, Stance, State
from sim.scenario.amounts import Amount, steps_of
from sim.scenario.schema import Specification
from sim.scenario.schema.base import When
from sim.scenario.schema.conflict import Conflict as ConflictSection
from sim.scenario.schema.force import FeasibleWhen, Force
from sim.scenario.schema.politics import Authorisation as AuthorisationSection
from sim.scenario.schema.politics import CouncilRule
from sim.scenario.schema.politics import Mandate as MandateSection


def mandate_of(
    spec: Specification,
    name: str,
    capabilities: tuple[str, ...],
    pools: tuple[Pool, ...],
    steps: int,
) -> Mandate:
    """Translate one mandate, with what it says in place of the scenario's."""
    mandate, force, tests = spec.mandates[name], spec.force_of(name), spec.tests_of(name)
    step_days = spec.time.step.value
    sends = mandate.kind != "none"
    shares = force.capabilities or {}
    stances, open_to = _stances(spec, mandate, name, capabilities)
    return Mandate(
        name=name,
        kind=mandate.kind,
        sends=sends,
        requires=mandate.requires,
        authorisation=_authorisation(mandate.authorisation),
        renewal=max(1, steps_of(mandate.renewal.every.value, step_days)) if mandate.renewal else 0,
        withdrawn_over=max(1, steps_of(_days(mandate.withdrawn_over), step_days)),
        stances=stances if sends else (None,) * len(stances),
        open_to=open_to if sends else (False,) * len(open_to),
        sizes=force.sizes or (),
        shares=tuple(float(shares.get(capability, 0.0)) for capability in capabilities),
        phases=tuple((steps_of(days, step_days), share) for days, share in force.phases),
        lines=_lines(force, capabilities, stances, pools) if sends else (),
        criteria=_criteria(tests, step_days, steps),
        conflict=_conflict(spec.conflict_of(name), step_days),
    )


def _days(duration: Amount | None) -> float:
    return duration.value if duration else 0.0


def _stances(
    spec: Specification, mandate: MandateSection, name: str, capabilities: tuple[str, ...]
) -> tuple[tuple[Stance | None, ...], tuple[bool, ...]]:
    """Per contributor: its stance, and whether it could contribute at all."""
    stances: list[Stance | None] = []
    open_to: list[bool] = []
    for nation, contributor in spec.contributors.items():
        key = name if name in contributor.participation else mandate.kind
        said = contributor.participation.get(key)
        serves = (said.serves if said else None) or contributor.serves
        allowed = mandate.eligible is None or nation in mandate.eligible
        allowed = allowed and nation not in mandate.excluded and serves in mandate.counts
        open_to.append(allowed)
        if said is None or not allowed:
            stances.append(None)
            continue
        excludes = {*contributor.excludes, *said.excludes}
        stances.append(
            Stance(
                name=f"contributors.{nation}.participation.{key}",
                probability=said.probability,
                delay=said.delay,
                at_most=said.at_most,
                delivered=said.delivered,
                requires=said.requires,
                excludes=frozenset(i for i, c in enumerate(capabilities) if c in excludes),
            )
        )
    return tuple(stances), tuple(open_to)


def _lines(
    force: Force,
    capabilities: tuple[str, ...],
    stances: tuple[Stance | None, ...],
    pools: tuple[Pool, ...],
) -> tuple[Line, ...]:
    """Who is asked for what, in order: by priority, then declaration; substitutes last."""
    order = sorted(range(len(pools)), key=lambda index: pools[index].priority)
    willing: list[int] = []
    for index in order:
        stance = stances[pools[index].contributor]
        if stance and pools[index].capability not in stance.excludes and pools[index].units:
            willing.append(index)
    shares = force.capabilities or {}
    demanded = {capabilities.index(name) for name in shares}
    lines = [
        Line(index, pools[index].capability, pools[index].strength, substitute=False)
        for index in willing
        if pools[index].capability in demanded
    ]
    for needed, substitutes in force.substitutes.items():
        if needed not in shares:
            continue
        for donor, rate in substitutes.items():
            for index in willing:
                worth = int(pools[index].strength / rate + 1e-9)
                if capabilities[pools[index].capability] == donor and worth > 0:
                    lines.append(Line(index, capabilities.index(needed), worth, substitute=True))
    return tuple(lines)


def _authorisation(section: AuthorisationSection) -> Authorisation:
    players = tuple(
        Player(
            name=name,
            consents=player.consents,
            delay=player.delay,
            renews=player.consents if player.renews is None else player.renews,
        )
        for name, player in section.decided_by.items()
    )
    count, rule = len(players), section.rule
    vetoes: tuple[int, ...] = ()
    if isinstance(rule, CouncilRule):
        needed = rule.at_least
        names = list(section.decided_by)
        vetoes = tuple(names.index(name) for name in rule.vetoes)
    else:
        needed = {"unanimous": count, "majority": count // 2 + 1, "none": 0}[rule]
        needed = needed if count else 0
    return Authorisation(players, needed, vetoes, section.delay)


def _criteria(tests: FeasibleWhen, step_days: float, steps: int) -> Criteria:
    def of(duration: Amount | None, default: int) -> int:
        return int(steps_of(duration.value, step_days)) if duration else default

    full_within = of(tests.full.within if tests.full else None, 0)
    hold_for = of(tests.hold.for_ if tests.hold else None, 0)
    from_authorisation = tests.counted_from == "authorisation"
    # So late that nothing of the hold lies within the horizon is too late in any case.
    latest = steps - 1 - (full_within if from_authorisation else 0)
    within = of(tests.authorised.within if tests.authorised else None, latest)
    return Criteria(
        fill=tests.fill,
        authorised_within=min(latest, within),
        initial_share=tests.initial.share if tests.initial else 0.0,
        initial_within=of(tests.initial.within if tests.initial else None, 0),
        full_within=full_within,
        from_authorisation=from_authorisation,
        hold_for=hold_for,
        share_of_time=tests.hold.share_of_time if tests.hold else 1.0,
        longest_gap=of(tests.longest_gap, NEVER),
        confidence=tests.confidence,
        given_authorisation=tests.given == "authorisation",
    )


def _conflict(section: ConflictSection, step_days: float) -> Conflict | None:
    if not section.states:
        return None
    names = list(section.states)
    return Conflict(
        states=tuple(
            State(name, state.deaths, state.withdrawal, state.ends_mission)
            for name, state in section.states.items()
        ),
        start=_indexed(section.start if section.start is not None else names[0], names),
        rates=tuple(
            (names.index(here), names.index(there), rate)
            for (here, there), rate in section.rates.items()
        ),
        process=section.process,
        hazard_ratio=section.deterrence.hazard_ratio if section.deterrence else None,
        reference=section.deterrence.at if section.deterrence else 1,
        half_life_days=section.settling.half_life.value if section.settling else 0.0,
        contagion_factor=section.contagion.factor if section.contagion else 1.0,
        contagion_steps=steps_of(section.contagion.for_.value, step_days)
        if section.contagion
        else 0,
    )


def _indexed(choice: Any, names: list[str]) -> Any:
    """A choice of states with their indices in place of their names."""
    if isinstance(choice, When):
        return When(
            choice.condition, _indexed(choice.then, names), _indexed(choice.otherwise, names)
        )
    return float(names.index(choice))
