"""The cases that are timed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sim

SCENARIOS = Path(__file__).parent.parent / "scenarios"


@dataclass(frozen=True)
class Case:
    """A scenario, how to build it, and how many replications are timed."""

    name: str
    build: Callable[[], sim.Scenario]
    replications: int


def _small() -> sim.Scenario:
    return sim.load(SCENARIOS / "reassurance_force.yaml").with_("force.sizes", [10_000, 50_000])


def _reference() -> sim.Scenario:
    return sim.load(SCENARIOS / "all_mandates.yaml")


def _layout() -> sim.Scenario:
    """The case of the measured prototype: 128 pools, 156 weekly steps, 8,192 replications."""
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
                    "strength": strength,
                    "available": "beta(6, 3)",
                    "notice": "triangular(10, 20, 60) days",
                }
                for capability, strength in (
                    ("manoeuvre", 700),
                    ("logistics", 450),
                    ("engineers", 350),
                    ("medical", 150),
                )
            ],
            "participation": {
                "reassurance": {"probability": 0.6, "delay": "triangular(0.5, 1, 3) months"}
            },
        }
        for n in range(32)
    }
    return sim.Scenario(
        title="128 pools, 156 weekly steps",
        time={"start": "2026-07-01", "step": "1 week", "horizon": "1092 days"},
        force={
            "sizes": [50_000],
            "capabilities": {
                "manoeuvre": 0.55, "logistics": 0.25, "engineers": 0.13, "medical": 0.07,
            },
        },
        feasible_when={"full": {"within": "9 months"}, "hold": {"for": "24 months"}},
        rotation={"surge": True, "handover": "2 weeks"},
        mandates={"reassurance": {"kind": "reassurance"}},
        will={"correlation": 0.3},
        corridors={"north": {"capacity": "420 per day"}, "south": {"capacity": "420 per day"}},
        contributors=contributors,
    )  # fmt: skip


CASES = (
    Case("small", _small, 4_096),
    Case("reference", _reference, 10_000),
    Case("layout", _layout, 8_192),
)
