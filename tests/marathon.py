"""The runs of MARATHON as scenarios: one contributor, daily steps, ten units asked for.

MARATHON is the rotation model of the United States Army (github.com/fsdonks/m4, 4.2.20). Its
figures, and no code of it, stand in `tests/data/`: unit-days per window of days, counted from 1.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from builders import SEED, days, futures_of, plan
from numpy.typing import NDArray

from sim.engine.core import Deployment
from sim.engine.muster import muster
from sim.engine.plan import Plan
from sim.engine.pools import Pools

Array = NDArray[Any]

DATA = Path(__file__).parent / "data"
DAYS, ASKED, STRENGTH = 3650, 10, 100
WINDOWS = ("1-1095", "1096-3650")
CLOSE = 0.02
"""Fill within which two programs are said to agree."""

POLICIES: dict[str, dict[str, Any]] = {
    "AC12": {
        "tour": "365 days",
        "cycle": {"length": "1095 days", "ready_from": "550 days", "ready_until": "910 days"},
    },
    "MaxUtilization": {
        "tour": "365 days",
        "cycle": {"length": "1095 days", "ready_from": "0 days", "ready_until": "1095 days"},
    },
    "RC14": {
        "tour": "270 days",
        "demobilisation": "95 days",
        "cycle": {"length": "1825 days", "ready_from": "1280 days", "ready_until": "1640 days"},
    },
}


def rows_of(name: str) -> list[dict[str, str]]:
    """A file of figures."""
    with (DATA / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def steps_of(window: str) -> slice:
    """Days from 1 on, the last one included, as steps."""
    first, last = window.split("-")
    return slice(int(first) - 1, int(last))


def scenario_of(policy: str, overlap: int, units: Mapping[str, int], **force: Any) -> Plan:
    """One contributor with a pool of each capability, and `surge`: whoever is ready is sent."""
    rules = POLICIES[policy] | ({"handover": f"{overlap} days"} if overlap else {})
    pools = [{"capability": c, "units": n, "strength": STRENGTH} for c, n in units.items()]
    return plan(
        time=days(DAYS),
        force={"sizes": [ASKED * STRENGTH], "capabilities": {"infantry": 1.0}} | force,
        feasible_when={"full": {"within": "1200 days"}, "hold": {"for": "2400 days"}},
        rotation={"surge": True},
        contributors={
            "Aland": {
                **rules,
                "forces": pools,
                "participation": {"alliance": {"probability": 1.0}},
            }
        },
    )


@dataclass(frozen=True)
class UnitDays:
    """Units by step: of each capability asked for, and of the first pool; (..., steps, lanes)."""

    filled: Array  # (capabilities, steps, lanes)
    present: Array  # (capabilities, steps, lanes)
    asked: Array  # (capabilities, steps, lanes)
    ready: Array  # (steps, lanes)


def run(plan: Plan, supplies: Sequence[int] | None = None, starts: Array | None = None) -> UnitDays:
    """The core, step by step, with starts spread evenly from the first day of the cycle.

    Parameters
    ----------
    plan
        The scenario.
    supplies
        Units of the first pool, lane by lane; otherwise one lane with those of the scenario.
    starts : int array (units, lanes)
        Day of its cycle on which each unit of the first pool begins, in place of the even spread.
    """
    lanes = starts.shape[1] if starts is not None else len(supplies or [0])
    mustered = muster(plan, 0, futures_of(plan, lanes))
    units = list(mustered.units)
    if supplies:
        units[0] = np.array([supplies], np.int32)
    even = replace(mustered, offset=np.zeros_like(mustered.offset), units=tuple(units))
    pools = Pools(plan, 0, even) if starts is None else Scattered(plan, even, starts)
    deployment = Deployment(plan, 0, plan.mandates[0].sizes[0], even, pools)
    found: list[tuple[Array, ...]] = []
    for _ in range(plan.steps):
        deployment.advance()
        soldiers = (deployment.counted, deployment.present, deployment.asked)
        found.append(
            (
                *(s.astype(float) / STRENGTH for s in soldiers),
                pools.ready[pools.layout.places(0)].copy(),
            )
        )
    filled, present, asked, ready = (np.stack(s, axis=-2) for s in zip(*found, strict=True))
    return UnitDays(filled, present, asked, ready)


class Scattered(Pools):
    """Pools of which every unit begins on a day of its own: the language spreads them evenly."""

    def __init__(self, plan: Plan, mustered: Any, starts: Array) -> None:
        self.starts = starts.astype(np.int32)
        super().__init__(plan, 0, mustered)

    def _home(self, row: int) -> NDArray[np.int32]:
        return self.starts


# -- How many units it takes: sizing_grid ---------------------------------------------------------


@dataclass(frozen=True)
class GridRow:
    """One row of the grid: what MARATHON found, and what we find."""

    policy: str
    overlap: int
    prefill: bool
    supply: int
    window: str
    fill: float
    ours: float
    outgoing: int  # unit-days by which ours are more; the same for `ready`
    ready: int
    total: int

    @property
    def off(self) -> float:
        """Ours less MARATHON's fill."""
        return self.ours - self.fill

    @property
    def close(self) -> bool:
        """Whether the two agree."""
        return abs(self.off) <= CLOSE


@cache
def grid() -> tuple[GridRow, ...]:
    """Every row of the grid; all supplies of a policy and an overlap are lanes of one run."""
    table = rows_of("marathon.csv")
    found = []
    for policy, overlap in dict.fromkeys((r["policy"], int(r["overlap"])) for r in table):
        rows = [r for r in table if (r["policy"], int(r["overlap"])) == (policy, overlap)]
        supplies = sorted({int(r["supply"]) for r in rows})
        ours = run(scenario_of(policy, overlap, {"infantry": supplies[-1]}), supplies)
        for row in rows:
            lane, steps = supplies.index(int(row["supply"])), steps_of(row["window"])
            filled = ours.filled[0, steps, lane].sum()
            outgoing = ours.present[0, steps, lane].sum() - filled
            asked = ours.asked[0, steps, lane].sum()
            found.append(
                GridRow(
                    policy,
                    overlap,
                    row["prefill"] == "1",
                    int(row["supply"]),
                    row["window"],
                    fill=int(row["filled"]) / asked,
                    ours=filled / asked,
                    outgoing=int(outgoing) - int(row["outgoing"]),
                    ready=int(ours.ready[steps, lane].sum()) - int(row["ready"]),
                    total=int(row["total"]),
                )
            )
    return tuple(found)


# -- Random starts --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Means:
    """Mean fill over random starts in one window: MARATHON's, ours, and standard errors off."""

    supply: int
    window: str
    theirs: float
    ours: float
    error: float

    @property
    def errors_off(self) -> float:
        """By how many standard errors of the difference the means differ."""
        return abs(self.ours - self.theirs) / self.error if self.error else 0.0


@cache
def random_starts(lanes: int = 2000) -> tuple[Means, ...]:
    """Means over the starts of each supply, in each window and over both."""
    table = rows_of("marathon_random.csv")
    found = []
    for supply in sorted({int(row["supply"]) for row in table}):
        starts = np.random.default_rng(SEED).integers(0, 1095, (supply, lanes))
        filled = run(scenario_of("AC12", 45, {"infantry": supply}), starts=starts).filled[0]
        rows = [row for row in table if int(row["supply"]) == supply]
        early = np.array([int(row["filled_1_1095"]) for row in rows])
        late = np.array([int(row["filled_1096_3650"]) for row in rows])
        for window, counts in ((WINDOWS[0], early), (WINDOWS[1], late), ("1-3650", early + late)):
            steps = steps_of(window)
            asked = ASKED * (steps.stop - steps.start)
            theirs, ours = counts / asked, filled[steps].sum(axis=0) / asked
            error = float(np.sqrt(theirs.var(ddof=1) / theirs.size + ours.var(ddof=1) / lanes))
            means = float(theirs.mean()), float(ours.mean())
            found.append(Means(supply, window, *means, error))
    return tuple(found)


# -- Several demands ------------------------------------------------------------------------------


@dataclass(frozen=True)
class DemandRow:
    """Fill of one demand (or of two together) in one window."""

    case: str
    supply: int
    demand: str
    window: str
    fill: float
    ours: float


def _demands(case: str, supply: int) -> tuple[tuple[str, ...], Plan]:
    """The demands of a case, as capabilities of one force, and the scenario."""
    twice, half = [2 * ASKED * STRENGTH], 0.5
    if case == "two_priorities":  # one pool: its own capability first, then the other as substitute
        force = {"sizes": twice, "capabilities": {"P1": half, "P2": half}}
        force["substitutes"] = {"P2": {"P1": 1.0}}
        return ("P1", "P2"), scenario_of("AC12", 45, {"P1": supply}, **force)
    if case == "surge":  # 5 units, 20 for two years, 5 again
        force = {"sizes": twice, "phases": {"0 days": 0.25, "1095 days": 1.0, "1825 days": 0.25}}
        return ("BASE+SURGE",), scenario_of("AC12", 45, {"infantry": supply}, **force)
    force = {"sizes": twice, "capabilities": {"A": half, "B": half}}
    if case == "substitution":
        force["substitutes"] = {"B": {"A": 1.0}}
    return ("A", "B"), scenario_of("AC12", 45, {"A": supply, "B": supply}, **force)


@cache
def demands() -> tuple[DemandRow, ...]:
    """Every row of the cases with several demands; those of a surge are added up."""
    table = rows_of("marathon_demands.csv")
    found = []
    for case, supply in dict.fromkeys((row["case"], int(row["supply"])) for row in table):
        names, asked_for = _demands(case, supply)
        ours = run(asked_for)
        rows = [row for row in table if (row["case"], int(row["supply"])) == (case, supply)]
        for window in dict.fromkeys(row["window"] for row in rows):
            for index, name in enumerate(names):
                mine = [r for r in rows if r["window"] == window and r["demand"] in name.split("+")]
                asked = sum(int(row["asked"]) for row in mine)
                steps = steps_of(window)
                here = np.minimum(ours.filled, ours.asked)[index, steps].sum()
                fill = sum(int(row["filled"]) for row in mine) / asked
                found.append(DemandRow(case, supply, name, window, fill, float(here / asked)))
    return tuple(found)
