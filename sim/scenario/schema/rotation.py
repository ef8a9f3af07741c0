"""One pool's rotation policy, from the three places where it can be said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sim.scenario.amounts import Amount
from sim.scenario.schema.policy import Rest, RotationPolicy, parse_policy
from sim.scenario.units import DAYS_PER_MONTH

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


class PolicyError(ValueError):
    """Rotation keys of several levels that do not fit together.

    Parameters
    ----------
    message
        What is wrong.
    keys
        The keys that take part in it, as paths within a level.
    """

    def __init__(self, message: str, *keys: tuple[str, ...]) -> None:
        super().__init__(message)
        self.keys = keys


@dataclass(frozen=True, slots=True)
class _Said:
    """A duration, and how it was said."""

    days: float
    text: str


def resolve(*levels: RotationPolicy) -> PolicyDays:
    """Merge rotation keys; earlier levels win over later ones, key by key.

    Parameters
    ----------
    *levels
        From the innermost: a force, its contributor, the scenario's ``rotation``.

    Returns
    -------
    PolicyDays
        With the defaults for what no level says.

    Raises
    ------
    PolicyError
        If keys of different levels do not fit together.
    """
    tour = goal = least = None
    cycle: CycleDays | None = None
    rest_is_settled = False  # by the innermost level that gives a goal or a cycle
    for level in levels:
        policy_tour, policy_goal = _named(level.policy)
        rest = level.rest or Rest()
        tour = tour or _said(level.tour) or policy_tour
        least = least or _said(rest.least)
        own_goal = _said(rest.goal) or policy_goal
        if not rest_is_settled and level.cycle is not None:
            c = level.cycle
            cycle = CycleDays(c.length.value, c.ready_from.value, c.ready_until.value)
            rest_is_settled = True
        elif not rest_is_settled and own_goal is not None:
            goal, rest_is_settled = own_goal, True
    tour = tour or _Said(DEFAULT_TOUR, "6 months by default")
    goal = goal or _Said(DEFAULT_GOAL, "18 months by default")
    least = least or goal
    handover = _first("handover", levels)
    if cycle is None and least.days > goal.days:
        message = f"rest.least ({least.text}) is longer than rest.goal ({goal.text})"
        raise PolicyError(message, ("rest", "least"), ("rest", "goal"), ("policy",))
    if handover.days >= tour.days:
        message = f"handover ({handover.text}) must be shorter than the tour ({tour.text})"
        raise PolicyError(message, ("handover",), ("tour",), ("policy",))
    starts = [level.at_start for level in levels if level.at_start is not None]
    return PolicyDays(
        tour=tour.days,
        goal=goal.days,
        least=least.days,
        handover=handover.days,
        mobilisation=_first("mobilisation", levels).days,
        demobilisation=_first("demobilisation", levels).days,
        cycle=cycle,
        at_start=starts[0] if starts else "spread",
    )


def _said(amount: Amount | None) -> _Said | None:
    return None if amount is None else _Said(amount.value, amount.text)


def _named(policy: str | None) -> tuple[_Said | None, _Said | None]:
    if policy is None:
        return None, None
    tour, goal = parse_policy(policy)
    return _Said(tour, f"policy '{policy}'"), _Said(goal, f"policy '{policy}'")


def _first(key: str, levels: tuple[RotationPolicy, ...]) -> _Said:
    said = (_said(getattr(level, key)) for level in levels)
    return next((found for found in said if found is not None), _Said(0.0, "none"))
