"""The cases that are timed, and what each must come to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import sim
from sim.engine.plan import Plan
from sim.engine.planning import plan_of

SCENARIOS = Path(__file__).parent.parent / "scenarios"


@dataclass(frozen=True)
class Case:
    """A scenario, how to build it, and how much of it is timed.

    Attributes
    ----------
    mandate, size
        The cell whose steps and verdict are timed alone.
    replications
        Of that cell.
    lanes, soldier_steps, pledged
        What it must come to with seed 2026, or a faster wrong answer would pass: replications
        that are authorised, soldiers in the theatre added up over steps, replications pledged.
    """

    name: str
    build: Callable[[], sim.Scenario]
    mandate: str
    size: int
    replications: int
    lanes: int
    soldier_steps: int
    pledged: int


@cache
def plan_for(case: Case) -> Plan:
    """The plan of a case, made once."""
    return plan_of(case.build().specification)


def cell_of(case: Case) -> int:
    """Index of the mandate that is timed."""
    return [mandate.name for mandate in plan_for(case).mandates].index(case.mandate)


def _small() -> sim.Scenario:
    return sim.load(SCENARIOS / "reassurance_force.yaml").with_("force.sizes", [10_000, 50_000])


def _reference() -> sim.Scenario:
    return sim.load(SCENARIOS / "all_mandates.yaml")


def _large() -> sim.Scenario:
    return grid(60, 6, 3_652)


def grid(nations: int, capabilities: int, days: int) -> sim.Scenario:
    """So many nations with a pool of each of so many capabilities, in weekly steps."""
    strengths = {
        "manoeuvre": 700, "logistics": 450, "engineers": 350, "medical": 150, "fires": 400,
        "aviation": 250,
    }  # fmt: skip
    shares = (0.55, 0.25, 0.13, 0.07, 0.05, 0.05)[:capabilities]
    asked = dict(zip(strengths, (share / sum(shares) for share in shares), strict=False))
    contributors = {
        f"nation {n:02d}": {
            "army": 50_000,
            "tour": "6 months",
            "rest": {"goal": "24 months", "least": "12 months"},
            "corridor": ("north", "south")[n % 2],
            "forces": [
                {
                    "capability": capability,
                    "units": 6 + n % 5,
                    "strength": strengths[capability],
                    "available": "beta(6, 3)",
                    "notice": "triangular(10, 20, 60) days",
                }
                for capability in asked
            ],
            "participation": {
                "reassurance": {"probability": 0.6, "delay": "triangular(0.5, 1, 3) months"}
            },
        }
        for n in range(nations)
    }
    return sim.Scenario(
        title=f"{nations} nations x {capabilities} capabilities, {days} days",
        time={"start": "2026-07-01", "step": "1 week", "horizon": f"{days} days"},
        force={"sizes": [50_000], "capabilities": asked},
        feasible_when={
            "full": {"within": "9 months"},
            "hold": {"for": f"{min(days * 2 // 3, days - 280)} days"},
        },
        rotation={"surge": True, "handover": "2 weeks"},
        mandates={"reassurance": {"kind": "reassurance"}},
        will={"correlation": 0.3},
        corridors={"north": {"capacity": "420 per day"}, "south": {"capacity": "420 per day"}},
        contributors=contributors,
    )


CASES = (
    Case("small", _small, "reassurance", 50_000, 2_048, 985, 3_230_587_420, 202),
    Case("reference", _reference, "reassurance", 60_000, 2_048, 985, 3_562_329_020, 79),
    Case("large", _large, "reassurance", 50_000, 512, 512, 13_924_082_800, 507),
)
SMALL, REFERENCE, LARGE = CASES
