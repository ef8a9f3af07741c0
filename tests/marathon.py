"""The runs of MARATHON as scenarios: one contributor, daily steps, ten units asked for.

MARATHON is the rotation model of the United States Army (github.com/fsdonks/m4, 4.2.20). Its
figures, and no code of it, stand in `tests/data/`: unit-days per window of days, counted from 1.

Its units are placed in their cycle on day 0, and its demand begins on day 1, our step 0: every unit
is a day further then (`run`).
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
from sim.engine.muster import Muster, muster
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


def run(plan: Plan, starts: Mapping[int, Array], day: int = 1) -> UnitDays:
    """The core, step by step, with every unit where MARATHON places it.

    Parameters
    ----------
    plan
        The scenario.
    starts : int arrays (units, lanes) by pool
        Day of its cycle on which each unit stands on day 0; -1 where a lane has fewer units.
    day
        Day on which the demand begins: 1 in MARATHON.
    """
    lanes = next(iter(starts.values())).shape[1]
    mustered = muster(plan, 0, futures_of(plan, lanes))
    supplies = {pool: (days >= 0).sum(axis=0, dtype=np.int32) for pool, days in starts.items()}
    units = tuple(
        supplies[pool][None] if pool in supplies else there
        for pool, there in enumerate(mustered.units)
    )
    mustered = replace(mustered, units=units)
    pools = Placed(plan, mustered, {pool: later(plan, pool, starts[pool], day) for pool in starts})
    deployment = Deployment(plan, 0, plan.mandates[0].sizes[0], mustered, pools)
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


def later(plan: Plan, pool: int, starts: Array, days: int) -> NDArray[np.int32]:
    """Where units stand in their cycle some days later; the last day leads to the first."""
    cycle = plan.pools[pool].cycle
    assert cycle is not None
    return np.where(starts < 0, -1, (starts + days) % cycle.length).astype(np.int32)


class Placed(Pools):
    """Pools of which every unit begins on a day of its own: the language spreads them evenly."""

    def __init__(
        self, plan: Plan, mustered: Muster, starts: Mapping[int, NDArray[np.int32]]
    ) -> None:
        self.starts = starts
        super().__init__(plan, 0, mustered)

    def _home(self, row: int) -> NDArray[np.int32]:
        return self.starts[self.indices[row]]


def evenly(policy: str, supplies: Sequence[int]) -> Array:
    """Starts spread evenly from the first day of the cycle on, one supply per lane."""
    length = int(POLICIES[policy]["cycle"]["length"].split()[0])
    unit, units = np.arange(max(supplies))[:, None], np.array(supplies)
    return np.where(unit < units, unit * length // units, -1)


# -- How many units it takes: sizing_grid ---------------------------------------------------------


@dataclass(frozen=True)
class GridRow:
    """One row of the grid: what MARATHON found, and unit-days by which ours are more."""

    policy: str
    overlap: int
    prefill: bool
    supply: int
    window: str
    asked: int
    filled: int
    outgoing: int
    ready: int

    @property
    def off(self) -> float:
        """Ours less MARATHON's fill."""
        return self.filled / self.asked

    @property
    def close(self) -> bool:
        """Whether the two agree, nearly."""
        return abs(self.off) <= CLOSE

    @property
    def same(self) -> bool:
        """Whether the two agree to the unit-day."""
        return not (self.filled or self.outgoing or self.ready)


@cache
def grid(policies: tuple[str, ...] = tuple(POLICIES), day: int = 1) -> tuple[GridRow, ...]:
    """Every row of the grid; all supplies of a policy and an overlap are lanes of one run."""
    table = [row for row in rows_of("marathon.csv") if row["policy"] in policies]
    found = []
    for policy, overlap in dict.fromkeys((r["policy"], int(r["overlap"])) for r in table):
        rows = [r for r in table if (r["policy"], int(r["overlap"])) == (policy, overlap)]
        supplies = sorted({int(r["supply"]) for r in rows})
        asked_for = scenario_of(policy, overlap, {"infantry": supplies[-1]})
        ours = run(asked_for, {0: evenly(policy, supplies)}, day)
        for row in rows:
            lane, steps = supplies.index(int(row["supply"])), steps_of(row["window"])
            filled = int(ours.filled[0, steps, lane].sum())
            outgoing = int(ours.present[0, steps, lane].sum()) - filled
            found.append(
                GridRow(
                    policy,
                    overlap,
                    row["prefill"] == "1",
                    int(row["supply"]),
                    row["window"],
                    asked=int(ours.asked[0, steps, lane].sum()),
                    filled=filled - int(row["filled"]),
                    outgoing=outgoing - int(row["outgoing"]),
                    ready=int(ours.ready[steps, lane].sum()) - int(row["ready"]),
                )
            )
    return tuple(found)


# -- Random starts --------------------------------------------------------------------------------

CYCLE = 1095
"""Days of the cycle of AC12."""


def java_uniforms(seed: int, count: int) -> list[float]:
    """What `java.util.Random(seed).nextDouble()` gives, as the documentation of Java defines it.

    MARATHON draws with it (its `marathon.analysis.util`), and begins anew with each seed.
    """

    state = (seed ^ 0x5DEECE66D) % 2**48

    def bits(number: int) -> int:
        nonlocal state
        state = (state * 0x5DEECE66D + 0xB) % 2**48
        return state >> (48 - number)

    return [((bits(26) << 27) + bits(27)) / 2**53 for _ in range(count)]


def starts_of(supply: int, seeds: Sequence[int]) -> Array:
    """MARATHON's random starts, (units, seeds): of a cycle of N days, ``floor(uniform * N)``."""
    uniforms: Array = np.array([java_uniforms(seed, supply) for seed in seeds]).T
    return np.asarray(np.floor(uniforms * CYCLE).astype(np.int32))


@dataclass(frozen=True)
class RandomStarts:
    """Fill over random starts in one window, MARATHON's and ours.

    Attributes
    ----------
    theirs, ours : float arrays (seeds,)
        From the same starts.
    independent, first_held : float arrays (lanes,)
        Ours where every unit's start is drawn independently; and where all are but the first
        unit's, which is one of MARATHON's.
    """

    supply: int
    window: str
    theirs: Array
    ours: Array
    independent: Array
    first_held: Array

    def errors_off(self, ours: Array) -> float:
        """By how many standard errors of the difference the means differ."""
        error = np.sqrt(sum(fill.var(ddof=1) / fill.size for fill in (self.theirs, ours)))
        return float(abs(ours.mean() - self.theirs.mean()) / error) if error else 0.0


@cache
def random_starts(lanes: int = 1000) -> tuple[RandomStarts, ...]:
    """Every supply, in each window and over both."""
    table = rows_of("marathon_random.csv")
    found = []
    for supply in sorted({int(row["supply"]) for row in table}):
        rows = [row for row in table if int(row["supply"]) == supply]
        same = starts_of(supply, [int(row["seed"]) for row in rows])
        generator = np.random.default_rng(SEED)
        independent = generator.integers(0, CYCLE, (supply, lanes))
        held = independent.copy()
        held[0] = generator.choice(same[0], lanes)
        asked_for = scenario_of("AC12", 45, {"infantry": supply})
        ours = [run(asked_for, {0: days}).filled[0] for days in (same, independent, held)]
        early, late = (
            np.array([int(row[f"filled_{first}_{last}"]) for row in rows])
            for first, last in (window.split("-") for window in WINDOWS)
        )
        for window, theirs in zip((*WINDOWS, "1-3650"), (early, late, early + late), strict=True):
            steps = steps_of(window)
            asked = ASKED * (steps.stop - steps.start)
            fills = (filled[steps].sum(axis=0) / asked for filled in ours)
            found.append(RandomStarts(supply, window, theirs / asked, *fills))
    return tuple(found)


# -- Several demands ------------------------------------------------------------------------------


@dataclass(frozen=True)
class DemandRow:
    """Unit-days of one demand (or of two together) in one window."""

    case: str
    supply: int
    demand: str
    window: str
    asked: int
    filled: int
    ours: int


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
        even = evenly("AC12", [supply])
        ours = run(asked_for, dict.fromkeys(range(len(asked_for.pools)), even))
        rows = [row for row in table if (row["case"], int(row["supply"])) == (case, supply)]
        for window in dict.fromkeys(row["window"] for row in rows):
            for index, name in enumerate(names):
                mine = [r for r in rows if r["window"] == window and r["demand"] in name.split("+")]
                steps = steps_of(window)
                here = np.minimum(ours.filled, ours.asked)[index, steps].sum()
                asked, filled = (sum(int(row[key]) for row in mine) for key in ("asked", "filled"))
                found.append(DemandRow(case, supply, name, window, asked, filled, int(here)))
    return tuple(found)
