"""The largest force that is feasible at the wanted confidence."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.analysis.sizing.points import Point, Rise
from sim.analysis.sizing.search import SizeSearch
from sim.engine.plan import Plan
from sim.engine.planning import plan_of
from sim.engine.simulate import Cell
from sim.errors import SimError, nearest
from sim.results.tables import Table, columns, rows_of
from sim.running.blocks import Progress, simulate, whole
from sim.running.seeds import seed_of
from sim.scenario.scenario import Scenario

STEP = 500
_ROWS_AT_ONCE = 250_000  # replications kept at a time


@dataclass(frozen=True)
class Sizing:
    """The largest feasible force of one mandate.

    Attributes
    ----------
    mandate, confidence
        The probability that is wanted.
    given
        What the probability is given: ``authorisation`` or ``nothing``.
    size
        The largest size simulated whose 95% interval lies at or above the confidence; None if no
        size does.
    estimate
        The largest whose estimate does.
    possible
        The largest whose interval does not lie below it. From `size` to `possible` is the interval
        of the answer.
    step
        Sizes between two answers are looked at this finely.
    least, most
        The smallest size looked for (one unit) and the largest.
    limited
        Whether soldiers would be left for more than `most`.
    rises : tuple of Rise
        Where the probability rises with the size, by more than chance.
    points : tuple of Point
        Everything simulated, by size.
    scanned
        The sizes simulated first.
    seed
        Of the futures, which all sizes share.
    reason
        Why there is nothing to look for: ``no force``, ``never authorised``; else empty.
    """

    mandate: str
    confidence: float
    given: str
    size: int | None
    estimate: int | None
    possible: int | None
    step: int
    least: int
    most: int
    limited: bool
    rises: tuple[Rise, ...] = field(repr=False)
    points: tuple[Point, ...] = field(repr=False)
    scanned: tuple[int, ...] = field(repr=False)
    seed: int
    reason: str = ""

    @property
    def at_least(self) -> bool:
        """Whether larger sizes may be feasible, beyond the limit."""
        return self.limited and self.size is not None and self.size >= self.most

    @property
    def gaps(self) -> tuple[int, ...]:
        """Sizes below the answer that are not feasible at the confidence."""
        return tuple(
            int(p.at)
            for p in self.points
            if self.size is not None and p.at < self.size and p.interval[0] < self.confidence
        )

    def facts(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {
            "mandate": self.mandate,
            "confidence": self.confidence,
            "given": self.given,
            "size": self.size,
            "estimate": self.estimate,
            "possible": self.possible,
            "at_least": self.at_least,
            "step": self.step,
            "least": self.least,
            "most": self.most,
            "seed": self.seed,
            "reason": self.reason,
            "gaps": list(self.gaps),
            "rises": [rise.facts() for rise in self.rises],
            "sizes": rows_of(self.table()),
        }

    def table(self) -> Table:
        """One row per size simulated."""
        return columns(
            [
                {
                    "mandate": self.mandate,
                    "force_size": int(point.at),
                    **point.row(),
                    "verdict": verdict_of(point, self.confidence),
                    "scanned": int(point.at) in self.scanned,
                }
                for point in self.points
            ]
        )


def verdict_of(point: Point, confidence: float) -> str:
    """``feasible``, ``infeasible``, or ``open``: the interval spans the confidence."""
    low, high = point.interval
    if low >= confidence:
        return "feasible"
    return "infeasible" if high < confidence else "open"


def size(
    scenario: Scenario,
    *,
    mandates: Sequence[str] = (),
    sizes: Sequence[int] = (),
    step: int = STEP,
    limit: int | None = None,
    replications: int | None = None,
    seed: int | None = None,
    workers: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> dict[str, Sizing]:
    """Find the largest force that is feasible at the wanted confidence, per mandate.

    The sizes are simulated first, then ever finer ones between the last that is feasible and the
    first that is not; below the smallest if none is, and beyond the largest if it is. All sizes
    share their futures, so whether the probability falls with the size can be tested, and where it
    does not, every size of the step is simulated.

    Parameters
    ----------
    scenario
        With its ``confidence`` and what it is ``given``.
    mandates
        Default: all.
    sizes
        To begin with; default: the scenario's.
    step
        How finely, in soldiers.
    limit
        Largest size looked for; default: all soldiers that could ever be sent, over the wanted
        fill, beyond which nothing can be feasible.
    replications, seed, workers, executor
        As for `sim.run`.
    progress
        Called as ``progress(done, total)`` for every round of sizes.

    Returns
    -------
    dict of str to Sizing

    Raises
    ------
    SimError
        If there is no such mandate, a size or the step is below 1, or a size beyond the limit.
    """
    plan = plan_of(scenario.specification)
    if step < 1 or any(s < 1 for s in sizes):
        raise SimError("sizes and the step between them are at least 1 soldier")
    settings = scenario.specification.run
    searches = [
        SizeSearch(plan, index, tuple(sizes), step, limit) for index in _chosen(plan, mandates)
    ]
    seed = seed_of(scenario, seed)
    count = settings.replications if replications is None else replications
    count = whole("replications", count, 1)

    def simulated(cells: Sequence[Cell]) -> dict[Cell, Point]:
        found = simulate(
            plan,
            cells=cells,
            replications=count,
            seed=seed,
            workers=workers,
            executor=executor,
            keep_replications=True,
            progress=progress,
        )
        given = {s.index: s.mandate.criteria.given_authorisation for s in searches}
        return {
            cell: _point(cell.size, rows, given[cell.mandate]) for cell, rows in found.rows.items()
        }

    while cells := [Cell(s.index, size) for s in searches for size in s.wanted()]:
        at_once = max(1, _ROWS_AT_ONCE // count)
        for start in range(0, len(cells), at_once):
            for cell, point in simulated(cells[start : start + at_once]).items():
                next(s for s in searches if s.index == cell.mandate).points[cell.size] = point
    return {s.mandate.name: _answer(s, seed) for s in searches}


def _answer(search: SizeSearch, seed: int) -> Sizing:
    criteria = search.mandate.criteria
    reason = ""
    if not search.mandate.sends:
        reason = "no force"
    elif search.never_judged():
        reason = "never authorised"
    size, estimate, possible = search.largest()
    return Sizing(
        mandate=search.mandate.name,
        confidence=criteria.confidence,
        given="authorisation" if criteria.given_authorisation else "nothing",
        size=size,
        estimate=estimate,
        possible=possible,
        step=search.step,
        least=search.least,
        most=search.most,
        limited=search.limited,
        rises=tuple(search.rises()),
        points=tuple(search.points[known] for known in sorted(search.points)),
        scanned=search.sizes,
        seed=seed,
        reason=reason,
    )


def _chosen(plan: Plan, names: Sequence[str]) -> list[int]:
    known = [mandate.name for mandate in plan.mandates]
    for name in names:
        if name not in known:
            hint = nearest(name, known) or f"mandates: {', '.join(known)}"
            raise SimError(f"no mandate '{name}'; {hint}")
    return [index for index, name in enumerate(known) if not names or name in names]


def _point(at: int, rows: Sequence[Any], given_authorisation: bool) -> Point:
    feasible, authorised = (
        np.concatenate([np.asarray(block[name], np.bool_) for block in rows])
        for name in ("feasible", "authorised")
    )
    return Point(at, feasible, authorised if given_authorisation else np.ones_like(feasible))
