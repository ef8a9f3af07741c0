"""Generic parameters fitted to the record: minimum CRPS, with common random numbers.

The estimator is that of Gneiting and Raftery (JASA 102:359, 2007, section 9): the parameters whose
predictive distributions score best over the record. Differential evolution (Storn & Price, 1997)
finds candidates, the simplex of Nelder and Mead refines; both are SciPy's. The same draws serve all
candidates, so that the search sees parameters and not luck. A dozen missions decide little, so no
single best is taken: missions are resampled, and the best candidates of the resamples averaged
(bagging; Breiman, Machine Learning 24:123, 1996).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from sim.analysis.calibration.flow import Flow
from sim.analysis.calibration.library import library_text
from sim.analysis.history.generation import BOUNDS, NAMES, Generation, from_unit, to_unit
from sim.analysis.history.record import FILLS, Mission
from sim.analysis.history.scores import climatology, crps, crps_each
from sim.engine.streams import generator
from sim.errors import SimError
from sim.results.tables import Table

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]

_FEWEST = 4  # missions; fewer cannot be left out one by one
RESAMPLES = 400
_MEMBERS = 4  # of a generation of the evolution, per parameter
_FIRST_STEP = 0.06  # of the simplex, in the unit cube of the parameters


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the record teaches.

    Attributes
    ----------
    generation
        Fitted to the whole record.
    score
        Its mean CRPS in sample, each milestone over the mean climatology of its kind (times or
        strengths).
    left_out
        Per mission, fitted to the others alone.
    ranges
        Per parameter the 10th and 90th percentile over resampled missions, each time of the best
        of all candidates that were tried.
    tried, replications, seed, missions
        Candidates, draws of each, their seed, and missions of the record.
    """

    generation: Generation
    score: float
    left_out: Mapping[str, Generation]
    ranges: Mapping[str, tuple[float, float]]
    tried: int
    replications: int
    seed: int
    missions: int

    def library(self) -> str:
        """The library file, with how it was obtained."""
        return library_text(
            self.generation,
            (
                f"Fitted to the {self.missions} missions of scenarios/history by minimum CRPS with"
                f" common random numbers: {self.tried:,}",
                f"candidates of {self.replications} draws each, seed {self.seed}. How good it is,"
                " mission by mission: docs/history.md.",
                "The ranges are the 10th to 90th percentile over resampled missions. Few missions,"
                " most of them in Africa, of 2,500 to",
                "16,000 soldiers: whatever is read for a larger one is an extrapolation.",
            ),
            {name: f"{low:.3g} to {high:.3g}" for name, (low, high) in self.ranges.items()},
        )

    def left_out_table(self) -> Table:
        """A row per mission: the parameters that the others give."""
        table: Table = {"mission": list(self.left_out)}
        for name in NAMES:
            table[name] = [getattr(generation, name) for generation in self.left_out.values()]
        return table


class _Objective:
    """The score of candidates, over all missions or some; every candidate is remembered."""

    def __init__(self, flow: Flow, tell: Callable[[], None]) -> None:
        self._flow, self._tell = flow, tell
        pairs = [(i, m, s) for i, m in enumerate(flow.missions) for s in m.scored()]
        self._place = [(i, s.name) for i, _, s in pairs]
        self._observed = np.array([s.observed for _, _, s in pairs])
        self._limit = np.array([s.limit for _, _, s in pairs])
        self.owner = np.array([m.mission for _, m, _ in pairs])
        rival = np.array([crps(s.observed, climatology(m, s, flow.missions)) for _, m, s in pairs])
        strength = np.array([s.name in FILLS for _, _, s in pairs])
        self._scale = np.where(strength, rival[strength].mean(), rival[~strength].mean())
        self.units: list[tuple[float, ...]] = []
        self.scores: list[Floats] = []

    def each(self, unit: Sequence[float]) -> Floats:
        """Scaled CRPS of every milestone under one candidate."""
        # As it will be written: what is fitted is what the library says.
        predicted = self._flow.predict(from_unit(unit))
        ensembles = np.array([predicted[i][name] for i, name in self._place])
        cut = np.minimum(ensembles, self._limit[:, None])
        scores: Floats = crps_each(self._observed, cut) / self._scale
        self.units.append(tuple(float(u) for u in unit))
        self.scores.append(scores)
        self._tell()
        return scores

    def best(self, weights: Floats) -> int:
        """The best of all candidates so far, milestones weighed."""
        return int(np.argmin(np.array(self.scores) @ weights))

    def bagged(self, names: Sequence[str], seed: int, tried: int | None = None) -> Floats:
        """The best candidate of each resample of some missions: (`RESAMPLES`, parameters)."""
        draws = generator(seed, "calibration.bootstrap", 0)
        drawn = draws.integers(len(names), size=(RESAMPLES, len(names)))
        times = (drawn[:, :, None] == np.arange(len(names))).sum(axis=1)
        scores = np.array(self.scores[:tried])
        sums = np.stack([scores[:, self.owner == name].sum(axis=1) for name in names], axis=1)
        best: Floats = np.array(self.units, np.float64)[(sums @ times.T).argmin(axis=0)]
        return best


def calibrate(
    missions: Sequence[Mission],
    *,
    replications: int = 1_000,
    seed: int = 2026,
    generations: int = 20,
    refinements: int = 100,
    progress: Progress | None = None,
) -> Calibration:
    """Fit the generic parameters to a record, and to the record without each mission.

    Parameters
    ----------
    missions
        The record.
    replications
        Draws of each candidate.
    seed
        Of the draws and of the search.
    generations, refinements
        Of the evolution, and most candidates of each simplex.
    progress
        Called with candidates tried and the most that there can be.

    Raises
    ------
    SimError
        If the record is too small.
    """
    from scipy.optimize import Bounds, differential_evolution, minimize

    names = list(dict.fromkeys(m.mission for m in missions))
    if len(names) < _FEWEST:
        raise SimError(f"{len(names)} missions are too few to calibrate on; at least {_FEWEST}")
    size = len(BOUNDS)
    # SciPy rounds a Sobol population up to a power of two.
    population = 1 << (_MEMBERS * size - 1).bit_length()
    most = population * (generations + 1) + refinements * (len(names) + 1)
    objective = _Objective(
        Flow(missions, replications, seed),
        lambda: progress(min(len(objective.scores), most), most) if progress else None,
    )

    def refine(weights: Floats) -> None:
        """Try candidates around the best so far."""
        start = np.array(objective.units[objective.best(weights)])
        inward = np.where(start > 0.5, -_FIRST_STEP, _FIRST_STEP)

        def weighed(unit: Floats) -> float:
            return float(objective.each(unit.tolist()) @ weights)

        minimize(
            weighed,
            start,
            method="Nelder-Mead",
            bounds=[(0.0, 1.0)] * size,
            options={
                "initial_simplex": np.vstack([start, start + np.diag(inward)]),
                "maxfev": refinements,
            },
        )

    def plain(unit: Floats) -> float:
        return float(objective.each(unit.tolist()).mean())

    differential_evolution(
        plain,
        Bounds(np.zeros(size), np.ones(size)),
        init="sobol",
        popsize=_MEMBERS,
        maxiter=generations,
        tol=0,
        polish=False,
        rng=generator(seed, "calibration.evolution", 0),
    )
    for left in (None, *names):
        others = (objective.owner != left).astype(np.float64)
        refine(others / others.sum())
    tried = len(objective.scores)
    units = objective.bagged(names, seed)
    generation = from_unit(units.mean(axis=0).tolist())
    values = np.array([astuple(from_unit(unit)) for unit in units.tolist()])
    ends = np.quantile(values, [0.1, 0.9], axis=0)
    return Calibration(
        generation=generation,
        score=float(objective.each(to_unit(generation)).mean()),
        left_out={
            name: from_unit(
                objective.bagged([other for other in names if other != name], seed, tried)
                .mean(axis=0)
                .tolist()
            )
            for name in names
        },
        ranges={name: (float(ends[0, i]), float(ends[1, i])) for i, name in enumerate(NAMES)},
        tried=tried,
        replications=replications,
        seed=seed,
        missions=len(names),
    )
