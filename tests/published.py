"""Published rotation figures as scenarios, in months: what so many units keep up, and what fails.

Each comes from a document whose inputs do not depend on its output; see `docs/validation.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from builders import plan, simulate
from numpy.typing import NDArray

from sim.engine.plan import Plan

Array = NDArray[Any]
STRENGTH = 100
MONTHS = 240


@dataclass(frozen=True)
class Rule:
    """Months in the theatre, at home, and in training before a tour; units."""

    units: int
    tour: int
    rest: int
    training: int = 0


@dataclass(frozen=True)
class Published:
    """A row: who there is, and how many units the source says they keep up."""

    row: str
    told: str
    rules: tuple[Rule, ...]
    kept_up: int
    fewer: tuple[Rule, ...]  # the same with a unit less (two of reserves), too few
    figure: str
    stages: int = 1  # in so many steps of four months the force is built up


def _row(
    row: str,
    told: str,
    kept_up: int,
    *rules: Rule,
    less: int = 1,
    of: int = 0,
    stages: int = 1,
) -> Published:
    fewer = tuple(
        Rule(rule.units - less * (i == of), rule.tour, rule.rest, rule.training)
        for i, rule in enumerate(rules)
    )
    units = " + ".join(str(rule.units) for rule in rules)
    return Published(row, told, rules, kept_up, fewer, f"{units} units keep up {kept_up}", stages)


RESERVES = Rule(28, 8, 60, training=4)  # 12 months mobilised, of which 4 in training, 60 at home
ROWS = (
    _row("R1", "RAND 2009, p. 73: 8 months in 32, four units for one", 1, Rule(4, 8, 24)),
    _row("R1", "the same, ten times", 10, Rule(40, 8, 24)),
    _row("R1", "12 months in 48, four units for one", 5, Rule(20, 12, 36)),
    _row("R2", "RAND 2009, fn. 84: 9 months in 27, three units for one", 4, Rule(12, 9, 18)),
    _row("R2", "6 months in 24, four units for one", 4, Rule(16, 6, 18)),
    _row("R3", "RAND 2009, p. 44: 48 active at 1:2, 28 reserve", 19, Rule(48, 12, 24), RESERVES),
    _row("R3", "the same, fewer of the reserve", 19, Rule(48, 12, 24), RESERVES, less=2, of=1),
    _row("R4", "RAND 2009, p. 223: 60 active, 28 reserve", 23, Rule(60, 12, 24), RESERVES),
    _row("R5", "RAND 2009, table C.1: 42 active, 12 months in 56", 9, Rule(42, 12, 44), stages=3),
    _row("R7", "UK Harmony: six months, 24 between tours", 1, Rule(5, 6, 24)),
)


def _months(count: int) -> str:
    return f"{count} months"


def plan_with(
    rules: tuple[Rule, ...], asked: int, months: int = MONTHS, stages: int = 1, **keys: Any
) -> Plan:
    """One contributor for each rule, the first asked first; everything is certain."""
    contributors = {
        f"Land {number}": {
            "priority": number,
            "tour": _months(rule.tour),
            "rest": {"goal": _months(rule.rest)},
            "mobilisation": _months(rule.training),
            "forces": [{"capability": "infantry", "units": rule.units, "strength": STRENGTH}],
            "participation": {"alliance": {"probability": 1.0}},
            **keys,
        }
        for number, rule in enumerate(rules, 1)
    }
    phases = {_months(4 * stage): (stage + 1) / stages for stage in range(stages)}
    return plan(
        time={"start": "2026-07-01", "step": "1 month", "horizon": _months(months)},
        force={"sizes": [asked * STRENGTH], "capabilities": {"infantry": 1.0}, "phases": phases},
        feasible_when={"full": {"within": "12 months"}, "hold": {"for": _months(months - 12)}},
        contributors=contributors,
    )


def kept_up(rules: tuple[Rule, ...], asked: int, stages: int = 1) -> tuple[int, int]:
    """The fewest and the most units counted in any month, once the first cycles are over."""
    settled = max(rule.tour + rule.rest + rule.training for rule in rules)
    counted = simulate(plan_with(rules, asked, stages=stages)).counted[settled:]
    return int(np.min(counted) / STRENGTH), int(np.max(counted) / STRENGTH)
