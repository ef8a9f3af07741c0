"""The least change of one value that makes a given force feasible."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from sim.analysis.dial import Dial, dial_of
from sim.analysis.same_futures import Study, same_futures, study_of
from sim.analysis.sizing.lever_search import LeverSearch
from sim.analysis.sizing.points import Point, Rise
from sim.engine.futures import draw_futures
from sim.engine.plan import NEVER
from sim.engine.streams import BLOCK
from sim.errors import SimError
from sim.results.tables import Table, columns, rows_of
from sim.running.blocks import Progress
from sim.scenario.scenario import Scenario


@dataclass(frozen=True)
class Lever:
    """What one value would have to be.

    Attributes
    ----------
    dial : Dial
        The value, where it stands, and the range in which it was turned.
    mandate, size, confidence, given
        The force, and the probability wanted of it.
    value
        The nearest value simulated whose 95% interval lies at or above the confidence; None if none
        in the range does.
    estimate
        The nearest whose estimate does.
    possible
        The nearest whose interval does not lie below it. From `possible` to `value` is the interval
        of the answer.
    rises : tuple of Rise
        Where the probability falls, by more than chance, although it should rise towards `value`.
    points : tuple of Point
        Everything simulated, by value.
    seed
        Of the futures, which all values share.
    """

    dial: Dial
    mandate: str
    size: int
    confidence: float
    given: str
    value: float | None
    estimate: float | None
    possible: float | None
    rises: tuple[Rise, ...] = field(repr=False)
    points: tuple[Point, ...] = field(repr=False)
    seed: int

    @property
    def relative(self) -> float:
        """The change relative to where the value stands; infinite where none suffices."""
        return math.inf if self.value is None else self.dial.relative(self.value)

    @property
    def best(self) -> Point:
        """The highest probability that any value reaches; of equals the nearest."""
        return max(self.points, key=lambda p: (p.share, -abs(p.at - self.dial.start)))

    def at(self, value: float) -> Point:
        """The point of a value that was simulated."""
        return next(point for point in self.points if point.at == value)

    def facts(self) -> dict[str, Any]:
        """Everything, for JSON."""
        dial = self.dial

        def written(x: float | None) -> Any:
            return None if x is None else dial.value(x)

        return {
            "lever": dial.path,
            "mandate": self.mandate,
            "force_size": self.size,
            "confidence": self.confidence,
            "given": self.given,
            "kind": dial.kind,
            "start": dial.start,
            "start_written": dial.written,
            "low": dial.low,
            "high": dial.high,
            "value": self.value,
            "value_written": written(self.value),
            "estimate": self.estimate,
            "possible": self.possible,
            "possible_written": written(self.possible),
            "relative_change": None if math.isinf(self.relative) else self.relative,
            "best": self.best.at,
            "best_p": self.best.share,
            "seed": self.seed,
            "rises": [rise.facts() for rise in self.rises],
            "values": rows_of(self.table()),
        }

    def table(self) -> Table:
        """One row per value simulated."""
        return columns(
            [
                {
                    "lever": self.dial.path,
                    "mandate": self.mandate,
                    "force_size": self.size,
                    "kind": self.dial.kind,
                    "value": point.at,
                    "written": str(self.dial.value(point.at)),
                    **point.row(),
                }
                for point in self.points
            ]
        )


def levers(
    scenario: Scenario,
    paths: Sequence[str],
    size: int,
    *,
    mandate: str | None = None,
    low: str | float | None = None,
    high: str | float | None = None,
    replications: int | None = None,
    seed: int | None = None,
    workers: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> list[Lever]:
    """Find, for each of some values alone, the least change that makes a force feasible.

    All values share their futures. A grid on both sides of where the value stands comes first;
    then the bracket nearest to it is halved while the probability moves one way, and looked
    through value by value where it does not.

    Parameters
    ----------
    scenario
        With its ``confidence`` and what it is ``given``.
    paths
        Of the values, as for ``--set``.
    size
        Soldiers.
    mandate
        Not needed where a single one sends.
    low, high
        The range; see `sim.analysis.dial.dial_of`.
    replications, seed, workers, executor
        As for `sim.run`.
    progress
        Called as ``progress(done, total)``; the total grows with what is still to be tried.

    Returns
    -------
    list of Lever
        The smallest relative change first; those that do not suffice last, by what they reach.

    Raises
    ------
    SimError
        If there is no such mandate or value, or the value is none that can be turned.
    """
    if replications is None:
        replications = scenario.specification.run.replications
    study = study_of(scenario, size, mandate, None, replications, seed)
    average = partial(_average, study)
    try:
        dials = [dial_of(scenario, path, low, high, average) for path in dict.fromkeys(paths)]
    except SimError as error:
        raise SimError(f"--lever {error}") from None
    found: list[Lever] = []
    with same_futures(study, workers, executor, progress) as ask:
        for dial in dials:
            search = LeverSearch(scenario, dial, study)
            while wanted := search.wanted():
                plans = search.plans(wanted)
                ask.expected += len(plans)
                search.take(zip(plans, ask(list(plans.values())), strict=True))
            found.append(_answer(search, study))
    return sorted(found, key=lambda lever: (lever.relative, -lever.best.share))


def _answer(search: LeverSearch, study: Study) -> Lever:
    value, estimate, possible = search.answers()
    return Lever(
        dial=search.dial,
        mandate=study.mandate,
        size=study.size,
        confidence=study.confidence,
        given=study.given,
        value=value,
        estimate=estimate,
        possible=possible,
        rises=tuple(search.against()),
        points=tuple(search.points[x] for x in sorted(search.points)),
        seed=study.seed,
    )


def _average(study: Study, written: Mapping[str, Any]) -> float:
    """Mean of a probability that depends on conditions, over the futures that are judged."""
    futures = draw_futures(study.plan, study.seed, 0, min(study.replications, BLOCK))
    judged = study.judged(futures.politics[0].authorised < NEVER)
    names = [name for name, _ in study.plan.conditions]
    given = dict(zip(names, futures.conditions, strict=True))

    def value(part: Any) -> Any:
        if not isinstance(part, Mapping):
            return float(part)
        return np.where(given[str(part["when"])], value(part["then"]), value(part["else"]))

    return float(value(written)[judged].mean())
