"""Every shipped scenario in both engines, and shipped scenarios at half their step.

Long: `docs/validate.py` runs it, on every core, for docs/validation.md.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

from two_engines import Case, EnginesDifferError, case_of, compare, records_of

from sim.engine.outcomes import COUNTS
from sim.engine.plan import Plan
from sim.engine.planning import plan_of
from sim.engine.simulate import Cell, simulate_block
from sim.engine.streams import BLOCK
from sim.results.statistics import proportion_error
from sim.scenario.scenario import load

SCENARIOS = Path(__file__).parent.parent / "scenarios"
FILES = tuple(
    path
    for folder in (SCENARIOS, SCENARIOS / "claims", SCENARIOS / "history")
    for path in sorted(folder.glob("*.yaml"))
    if path.name != "options.yaml"  # its mandates are those of the other files
)
MOST = 200  # replications compared, of every mandate
PARTS = 4
SEED = 2026


# -- both engines -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Agreement:
    """What was compared in one mandate of one scenario, at one size."""

    file: Path
    mandate: str
    size: int
    drawn: int
    compared: int
    pools: int
    steps: int
    differ: int


def middle_case(plan: Plan, mandate: int, most: int) -> Case:
    """`most` authorised replications of the first block (or all it has), at the middle size."""
    sizes, count = plan.mandates[mandate].sizes, min(most, BLOCK)
    while True:
        case = case_of(plan, mandate, sizes[len(sizes) // 2], SEED, count, most)
        if len(case.lanes) == most or count == BLOCK:
            return case
        count = min(2 * count, BLOCK)


def differing(case: Case) -> int:
    """Replications of the case in which the engines differ."""
    records = records_of(case)
    try:
        compare(case, records)
    except EnginesDifferError:
        return sum(_differs(case, lane) for lane in case.lanes)
    return 0


def _differs(case: Case, lane: int) -> bool:
    alone = replace(case, lanes=(lane,))
    try:
        compare(alone)
    except EnginesDifferError:
        return True
    return False


def _agreement(file: Path, mandate: int, part: int) -> Agreement:
    plan = plan_of(load(file).specification)
    case = middle_case(plan, mandate, MOST)
    mine = replace(case, lanes=case.lanes[part::PARTS])
    drawn = int(case.muster.lanes[len(case.lanes) - 1]) + 1 if case.lanes else 0
    return Agreement(
        file=file,
        mandate=plan.mandates[mandate].name,
        size=case.size,
        drawn=drawn,
        compared=len(mine.lanes),
        pools=len(case.asked),
        steps=plan.steps,
        differ=differing(mine),
    )


def _sending() -> Iterator[tuple[Path, int]]:
    for file in FILES:
        for index, mandate in enumerate(plan_of(load(file).specification).mandates):
            if mandate.sends:
                yield file, index


def agreements() -> list[Agreement]:
    """Every mandate that sends, of every shipped scenario; several minutes."""
    cases = list(_sending())
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        parts = [
            [pool.submit(_agreement, file, mandate, part) for part in range(PARTS)]
            for file, mandate in cases
        ]
        found = [[part.result() for part in of_case] for of_case in parts]
    return [
        replace(
            of_case[0],
            compared=sum(part.compared for part in of_case),
            differ=sum(part.differ for part in of_case),
        )
        for of_case in found
    ]


# -- half the step ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Share:
    """P(feasible, if authorised) of one size at one length of the step."""

    size: int
    step_days: float
    feasible: int
    authorised: int

    @property
    def share(self) -> float:
        return self.feasible / self.authorised

    @property
    def error(self) -> float:
        return proportion_error(self.feasible, self.authorised)


def shares(name: str, sizes: tuple[int, ...], step: str, replications: int) -> list[Share]:
    """The shares of a shipped scenario with a mandate, at a length of the step."""
    scenario = load(SCENARIOS / f"{name}.yaml").with_("time.step", step)
    plan = plan_of(scenario.specification)
    cells = [Cell(0, size) for size in sizes]
    results = simulate_block(plan, SEED, 0, replications, cells)
    counts = [dict(zip(COUNTS, map(int, r.outcomes.counts), strict=True)) for r in results]
    return [
        Share(size, plan.step_days, count["feasible"], count["authorised"])
        for size, count in zip(sizes, counts, strict=True)
    ]


STEPS = ("1 week", "3.5 days")
HALVED = {  # sizes, replications: few of the second are authorised
    "reassurance_force": ((10_000, 20_000), 1_500),
    "un_mission": ((5_000, 10_000), BLOCK),
}


@dataclass(frozen=True)
class Halved:
    """A size at a step and at half of it."""

    name: str
    whole: Share
    half: Share

    @property
    def moved(self) -> float:
        return self.half.share - self.whole.share

    @property
    def error(self) -> float:
        """As if the two shared no draws: those they share make it smaller."""
        return math.hypot(self.whole.error, self.half.error)


def halved() -> list[Halved]:
    """The shipped scenarios of `HALVED`, by size."""
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        waiting = {
            name: [pool.submit(shares, name, sizes, step, count) for step in STEPS]
            for name, (sizes, count) in HALVED.items()
        }
        found = {name: [each.result() for each in of_name] for name, of_name in waiting.items()}
    return [
        Halved(name, whole, half)
        for name, of_name in found.items()
        for whole, half in zip(*of_name, strict=True)
    ]
