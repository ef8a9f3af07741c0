"""Variants of a plan over the same futures: what each comes to, replication by replication."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, as_completed
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.analysis.relaxation import single
from sim.engine.outcomes import QUANTITIES, unit_of
from sim.engine.plan import Plan
from sim.engine.planning import plan_of
from sim.engine.simulate import Cell
from sim.errors import SimError, nearest
from sim.results.statistics import proportion_error, wilson
from sim.results.words import percent
from sim.running.blocks import Progress, simulate, whole
from sim.running.cells import mandate_of
from sim.running.executors import processes
from sim.running.seeds import seed_of
from sim.scenario.scenario import Scenario

Bools = NDArray[np.bool_]

READINGS = {"authorisation": "if authorised", "nothing": "outright"}


@dataclass(frozen=True, slots=True)
class Study:
    """A question about one mandate and force size.

    Attributes
    ----------
    title, scenario
        Of the scenario: its title and its name.
    plan
        Of the one mandate, see `single`.
    given
        One of `READINGS`: probabilities are of the futures in which the mandate is authorised, or
        of all.
    """

    title: str
    scenario: str
    plan: Plan
    size: int
    given: str
    seed: int
    replications: int

    @property
    def mandate(self) -> str:
        """Name of the mandate."""
        return self.plan.mandates[0].name

    @property
    def confidence(self) -> float:
        """The probability from which on the force is called feasible."""
        return self.plan.mandates[0].criteria.confidence

    def judged(self, authorised: Bools) -> Bools:
        """Replications that probabilities are of.

        Raises
        ------
        SimError
            If there is none.
        """
        judged = authorised if self.given == "authorisation" else np.ones_like(authorised)
        if not judged.any():
            raise SimError(
                f"'{self.mandate}' is authorised in none of {len(judged):,} replications; "
                "take more, or fix a condition that it requires (--given CONDITION=true)"
            )
        return judged


def study_of(
    scenario: Scenario,
    size: int,
    mandate: str | None,
    given: str | None,
    replications: int,
    seed: int | None,
) -> Study:
    """Put a question.

    Parameters
    ----------
    size
        Need not be one that the scenario names.
    mandate
        Name; may be None where a single one sends.
    given
        One of `READINGS`; None: as the scenario's ``feasible_when.given``.
    seed
        None: the scenario's, or one that is drawn.

    Raises
    ------
    SimError
        If there is no such mandate or reading, or a number is out of range.
    """
    plan = plan_of(scenario.specification)
    index = mandate_of(plan, mandate)
    criteria = plan.mandates[index].criteria
    reading = given or ("authorisation" if criteria.given_authorisation else "nothing")
    if reading not in READINGS:
        hint = nearest(reading, READINGS) or f"known: {', '.join(READINGS)}"
        raise SimError(f"no reading '{reading}'; {hint}")
    return Study(
        title=scenario.title,
        scenario=scenario.name,
        plan=single(plan, index),
        size=whole("size", size, 1),
        given=reading,
        seed=whole("seed", seed_of(scenario, seed), 0),
        replications=whole("replications", replications, 1),
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What a plan came to in n replications.

    Attributes
    ----------
    authorised, pledged, feasible : bool arrays (n,)
        Gates passed, each with those before it.
    fill : float
        Mean fill over the time to be held, the lowest over capabilities, where authorised.
    cost : float
        Mean cost where authorised, in the plan's currency; NaN without costs.
    """

    authorised: Bools
    pledged: Bools
    feasible: Bools
    fill: float
    cost: float


@dataclass(frozen=True, slots=True)
class Share:
    """A probability with its 95% interval (Wilson) and Monte Carlo standard error."""

    estimate: float
    low: float
    high: float
    mcse: float

    def __str__(self) -> str:
        """In words: ``44% (43-45)``."""
        low, high = (math.floor(100 * end + 0.5) for end in (self.low, self.high))
        return f"{percent(self.estimate)} ({low}-{high})"


def share_of(hits: Bools) -> Share:
    """Estimate a probability from replications; NaN without any."""
    count, trials = int(hits.sum()), len(hits)
    estimate = count / trials if trials else math.nan
    return Share(estimate, *wilson(count, trials), proportion_error(count, trials))


class Runs:
    """Simulates plans of a study over the same futures.

    Attributes
    ----------
    done, expected
        Plans simulated, and how many there will be as far as is known.
    """

    def __init__(self, study: Study, pool: Executor | None, progress: Progress | None) -> None:
        self.study, self._pool, self._progress = study, pool, progress
        self.done = self.expected = 0

    def __call__(self, plans: Sequence[Plan]) -> list[Answer]:
        """Answer for every plan, in their order; each is one task."""
        size, replications, seed = self.study.size, self.study.replications, self.study.seed
        if self._pool is None or len(plans) == 1:
            return [self._count(answer(plan, size, replications, seed)) for plan in plans]
        tasks = [self._pool.submit(answer, plan, size, replications, seed) for plan in plans]
        try:
            for task in as_completed(tasks):
                self._count(task.result())
        finally:
            for task in tasks:  # an executor of the caller's outlives what was broken off
                task.cancel()
        return [task.result() for task in tasks]

    def _count(self, found: Answer) -> Answer:
        self.done += 1
        self.expected = max(self.done, self.expected)
        if self._progress:
            self._progress(self.done, self.expected)
        return found


@contextmanager
def same_futures(
    study: Study, workers: int, executor: Executor | None, progress: Progress | None
) -> Iterator[Runs]:
    """Open the executor of a study. The numbers depend neither on it nor on `workers`."""
    with nullcontext(executor) if executor else processes(workers) as pool:
        yield Runs(study, pool, progress)


def answer(plan: Plan, size: int, replications: int, seed: int) -> Answer:
    """Simulate the first mandate of a plan."""
    cell = Cell(0, size)
    simulated = simulate(
        plan, cells=[cell], replications=replications, seed=seed, keep_replications=True
    )
    rows, outcomes = simulated.rows[cell], simulated.outcomes[cell]

    def column(name: str) -> Bools:
        return np.concatenate([np.asarray(block[name], np.bool_) for block in rows])

    authorised = column("authorised")
    count = max(1, int(authorised.sum()))
    means = {
        name: int(total) * unit_of(name) / count
        for name, total in zip(QUANTITIES, outcomes.sums, strict=True)
    }
    return Answer(
        authorised=authorised,
        pledged=column("pledged"),
        feasible=column("feasible"),
        fill=means["hold_fill"],
        cost=math.nan if plan.cost is None else means["cost"],
    )
