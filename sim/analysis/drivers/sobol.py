"""Variance-based sensitivity over chosen levers: the scenario is run again for every sample.

What replications cannot tell, because it is the same in all of them (a correlation, a rate, a
rule), is set to values over a range, and P(outcome) is split by which lever its variance is due to.
Every run has the same futures, so that nothing of it is luck.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.analysis.dial import Dial, dial_of
from sim.analysis.drivers.measures import NEEDS_SALIB
from sim.analysis.drivers.replicated import STAGES
from sim.engine.outcomes import COUNTS
from sim.engine.planning import plan_of
from sim.engine.simulate import Cell
from sim.engine.streams import generator
from sim.errors import SimError, nearest
from sim.results.tables import Table, columns
from sim.running.blocks import Progress, simulate
from sim.running.executors import processes
from sim.scenario.scenario import Scenario

BASE = 64
"""Base samples, unless told otherwise; a power of two. Runs: this times (levers + 2)."""
REPLICATIONS = 1_000
"""Futures of each run, unless told otherwise."""

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Index:
    """Sobol indices of one lever, each with its 95% interval.

    Attributes
    ----------
    lever, range
        Path of the value, and over what it was set: ``1 to 4 weeks``, ``0.5 to 2 times``.
    first
        Share of the variance of P(outcome) that this lever explains alone.
    total
        Share that it takes part in, alone or together with others.
    low_outcome, high_outcome
        Mean of P(outcome) over the lowest and the highest third of the lever's samples.
    """

    lever: str
    range: str
    first: float
    first_low: float
    first_high: float
    total: float
    total_low: float
    total_high: float
    low_outcome: float
    high_outcome: float


@dataclass(frozen=True, slots=True)
class Sobol:
    """How P(outcome) varies over levers.

    Attributes
    ----------
    mean, least, most
        Of P(outcome) over the samples.
    deviation
        Its standard deviation: what the indices are shares of.
    runs, replications
        Runs, and futures of each.
    """

    title: str
    scenario: str
    mandate: str
    force_size: int
    outcome: str
    given: str
    seed: int
    base: int
    runs: int
    replications: int
    mean: float
    least: float
    most: float
    deviation: float
    indices: tuple[Index, ...]

    def table(self) -> Table:
        """One row per lever, by falling total index: ``sobol.csv``."""
        return columns([asdict(index) for index in self.indices])


def levers_of(scenario: Scenario, texts: Sequence[str]) -> list[Dial]:
    """Read ``PATH=LOW..HIGH``: a value and the range over which it is set.

    A distribution is turned as a whole, by a factor. Without a range it is 0 to 1 for a
    share, else from a quarter to four times what it is.

    Raises
    ------
    SimError
        If one has another form, leads nowhere, is no number, or is given twice; ScenarioError if
        the scenario is not valid at an end of its range.
    """
    levers: dict[str, Dial] = {}
    for text in texts:
        path, equals, span = (part.strip() for part in text.partition("="))
        low, dots, high = (part.strip() for part in span.partition(".."))
        if not path or (equals and not (low and dots and high)):
            raise SimError(
                f"--lever {text}: expected PATH=LOW..HIGH, as in will.correlation=0..0.6"
            )
        if path in levers:
            raise SimError(f"--lever {text}: {path} is given twice")
        # Where a value stands does not matter here, so neither does what it is on average.
        try:
            lever = dial_of(scenario, path, low or None, high or None, lambda written: 0.5)
        except SimError as error:
            raise SimError(f"--lever {error}") from None
        for end in (lever.low, lever.high):
            scenario.with_(path, lever.value(end))
        levers[path] = lever
    return list(levers.values())


def sobol(
    scenario: Scenario,
    levers: Sequence[Dial],
    cell: Cell,
    *,
    outcome: str = "feasible",
    given: str | None = None,
    base: int = BASE,
    replications: int = REPLICATIONS,
    seed: int = 0,
    workers: int = 1,
    progress: Progress | None = None,
) -> Sobol:
    """Sobol indices of P(outcome) over levers, each even over its range and free of the others.

    Saltelli's design and estimators (Saltelli et al. 2010, Computer Physics Communications
    181:259), by SALib, with bootstrap intervals.

    Parameters
    ----------
    levers
        At least one.
    cell
        A mandate that sends and its size.
    outcome
        One of the stages of the funnel: ``authorised`` ... ``feasible``.
    given
        ``authorisation`` or ``nothing``; default: as the mandate's verdict is read.
    base
        Base samples: a power of two, at least 8. The cost is ``base * (levers + 2)`` runs.
    replications, seed, workers
        Of each run; all have the same futures.
    progress
        Called as ``progress(runs done, runs)``.

    Raises
    ------
    SimError
        If the outcome is no stage or never varies, or SALib is not installed.
    """
    try:
        from SALib.analyze import sobol as analysis
        from SALib.sample import sobol as sampling
    except ImportError:
        raise SimError(NEEDS_SALIB) from None
    if outcome not in STAGES:
        hint = nearest(outcome, STAGES) or f"one of: {', '.join(STAGES)}"
        raise SimError(f"levers explain a stage of the funnel, found '{outcome}'; {hint}")
    if base < 8 or base & (base - 1):
        raise SimError(f"the base must be a power of two, at least 8; found {base}")
    criteria = plan_of(scenario.specification).mandates[cell.mandate].criteria
    if given is None:
        given = "authorisation" if criteria.given_authorisation else "nothing"
    problem = {
        "num_vars": len(levers),
        "names": [lever.path for lever in levers],
        "bounds": [[lever.low, lever.high] for lever in levers],
    }
    # SALib takes a seed of 0 for none; this one is never 0.
    own = int(generator(seed, "drivers.sobol", 0).integers(1, 2**31))
    design = np.asarray(sampling.sample(problem, base, calc_second_order=False, seed=own))
    counts = _runs(scenario, levers, design, cell, replications, seed, workers, progress)
    trials = counts[:, COUNTS.index("authorised" if given == "authorisation" else "replications")]
    if not trials.all():
        raise SimError("in some runs the mandate is never authorised; read it --outright")
    chance = counts[:, COUNTS.index(outcome)] / trials
    if np.ptp(chance) == 0:
        raise SimError(
            f"P({outcome}) is {chance[0]:.0%} at every value of the levers: nothing to explain"
        )
    found = analysis.analyze(problem, chance, calc_second_order=False, seed=own)
    indices = [
        _index(lever, place, found, design[:, place], chance) for place, lever in enumerate(levers)
    ]
    return Sobol(
        scenario.title,
        scenario.name,
        plan_of(scenario.specification).mandates[cell.mandate].name,
        cell.size,
        outcome,
        given,
        seed,
        base,
        len(design),
        replications,
        float(chance.mean()),
        float(chance.min()),
        float(chance.max()),
        float(chance.std(ddof=1)),
        tuple(sorted(indices, key=lambda index: -index.total)),
    )


def _range(lever: Dial) -> str:
    """Over what a lever is set; a distribution by a factor of all of it."""
    last = {"factor": f"{lever.high:g} times", "amount": lever.value(lever.high)}
    return f"{lever.low:g} to {last.get(lever.kind, f'{lever.high:g}')}"


def _index(lever: Dial, place: int, found: Any, values: _Floats, chance: _Floats) -> Index:
    lower, upper = np.quantile(values, (1 / 3, 2 / 3))
    first, total = float(found["S1"][place]), float(found["ST"][place])
    first_reach, total_reach = float(found["S1_conf"][place]), float(found["ST_conf"][place])
    return Index(
        lever.path,
        _range(lever),
        first,
        first - first_reach,
        first + first_reach,
        total,
        total - total_reach,
        total + total_reach,
        float(chance[values <= lower].mean()),
        float(chance[values >= upper].mean()),
    )


def _runs(
    scenario: Scenario,
    levers: Sequence[Dial],
    design: _Floats,
    cell: Cell,
    replications: int,
    seed: int,
    workers: int,
    progress: Progress | None,
) -> NDArray[np.int64]:
    """Counts of every run, in the order of the design: int64 (runs, len(COUNTS))."""
    counts = np.zeros((len(design), len(COUNTS)), np.int64)
    settings = [
        tuple((lever.path, lever.value(v)) for lever, v in zip(levers, row, strict=True))
        for row in design.tolist()
    ]
    alike: dict[Any, list[int]] = {}
    for place, values in enumerate(settings):  # levers of few values: nothing is run twice
        alike.setdefault(values, []).append(place)
    work = partial(count, scenario, cell=cell, replications=replications, seed=seed)
    done = 0
    with processes(workers) as pool:
        for places, found in zip(
            alike.values(), (pool.map if pool else map)(work, alike), strict=True
        ):
            counts[places] = found
            done += len(places)
            if progress:
                progress(done, len(design))
    return counts


def count(
    scenario: Scenario, values: Sequence[tuple[str, Any]], cell: Cell, replications: int, seed: int
) -> NDArray[np.int64]:
    """Run one cell with values set: int64 (len(COUNTS),)."""
    for path, value in values:
        scenario = scenario.with_(path, value)
    plan = plan_of(scenario.specification)
    found = simulate(plan, cells=[cell], replications=replications, seed=seed)
    return np.asarray(found.outcomes[cell].counts, np.int64)
