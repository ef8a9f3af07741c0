"""One pool's rotation policy, from the three places where it can be said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sim.scenario.amounts import DAYS_PER_MONTH, Amount
from sim.scenario.schema.force import Rest, RotationPolicy, parse_policy

DEFAULT_TOUR = 6 * DAYS_PER_MONTH
DEFAULT_GOAL = 18 * DAYS_PER_MONTH


@dataclass(frozen=True, slots=True)
class CycleDays:
    """A readiness cycle in days."""

    length: float
    ready_from: float
    ready_until: float


@dataclass(frozen=True, slots=True)
class PolicyDays:
    """A resolved rotation policy in days; exactly one of (`goal`, `least`) or `cycle` counts."""

    tour: float
    goal: float
    least: float
    handover: float
    mobilisation: float
    demobilisation: float
    cycle: CycleDays | None
    at_start: Literal["spread", "rested"]


def resolve(*levels: RotationPolicy) -> PolicyDays:
    """Merge rotation keys; earlier levels win over later ones, key by key.

    Raises
    ------
    ValueError
        If keys of different levels do not fit together.
    """

    def first(key: str) -> float:
        values: list[Amount] = [v for level in levels if (v := getattr(level, key)) is not None]
        return values[0].value if values else 0.0

    tour = goal = least = None
    cycle: CycleDays | None = None
    rest_is_settled = False  # by the innermost level that gives a goal or a cycle
    for level in levels:
        policy_tour, policy_goal = parse_policy(level.policy) if level.policy else (None, None)
        own_tour = level.tour.value if level.tour else policy_tour
        tour = own_tour if tour is None else tour
        rest = level.rest or Rest()
        own_goal = rest.goal.value if rest.goal else policy_goal
        if least is None and rest.least is not None:
            least = rest.least.value
        if not rest_is_settled and level.cycle is not None:
            c = level.cycle
            cycle = CycleDays(c.length.value, c.ready_from.value, c.ready_until.value)
            rest_is_settled = True
        elif not rest_is_settled and own_goal is not None:
            goal, rest_is_settled = own_goal, True
    tour = DEFAULT_TOUR if tour is None else tour
    goal = DEFAULT_GOAL if goal is None else goal
    least = goal if least is None else least
    handover = first("handover")
    if cycle is None and least > goal:
        raise ValueError(
            f"rest.least ({least:.0f} days) is longer than rest.goal ({goal:.0f} days)"
        )
    if handover >= tour:
        raise ValueError(
            f"handover ({handover:.0f} days) must be shorter than the tour ({tour:.0f} days)"
        )
    starts = [level.at_start for level in levels if level.at_start is not None]
    return PolicyDays(
        tour=tour,
        goal=goal,
        least=least,
        handover=handover,
        mobilisation=first("mobilisation"),
        demobilisation=first("demobilisation"),
        cycle=cycle,
        at_start=starts[0] if starts else "spread",
    )
