"""Measures of given data: how an outcome goes with one uncertain input."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.analysis.drivers.replicated import Input, Sample
from sim.engine.streams import generator
from sim.errors import SimError
from sim.results.statistics import Z95, unpaired_difference, wilson
from sim.running.blocks import Progress

SLICES = 10
"""Conditioning intervals of PAWN, of equal numbers of replications."""
DUMMIES = 100
"""Inputs without any influence; the highest of them is the noise floor."""
RESAMPLES = 25
"""Bootstrap samples behind the interval of a PAWN index: its standard error to a seventh."""
NEEDS_SALIB = "sim drivers needs SALib: pip install 'peacekeeping-sim[analysis]'"

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Contrast:
    """The outcome where an input is low, and where it is high.

    Attributes
    ----------
    low_when, high_when
        What is compared: ``false`` and ``true``, or the lowest and highest third: ``<= 2.4``.
    low_outcome, high_outcome
        P(outcome) in each, or its mean.
    difference, difference_low, difference_high
        The second less the first, with all that goes with the input: Newcombe's interval of two
        proportions, Welch's of two means.
    """

    low_when: str
    high_when: str
    low_outcome: float
    high_outcome: float
    difference: float
    difference_low: float
    difference_high: float


def estimate_of(sample: Sample) -> tuple[float, float, float]:
    """P(outcome), or its mean, with the 95% interval."""
    mean, n = float(sample.values.mean()), len(sample.values)
    if sample.truth:
        return mean, *wilson(int(sample.values.sum()), n)
    reach = Z95 * float(sample.values.std(ddof=1)) / math.sqrt(n)
    return mean, mean - reach, mean + reach


def spread_ranks(values: _Floats, seed: int, name: str) -> _Floats:
    """Ranks from 0 to 1 with ties broken at random: slices of them hold equally many.

    Equal values are what a truth value has most of; slices by quantile would leave some out.
    """
    tie = generator(seed, f"drivers.ties.{name}", 0).random(len(values))
    ranks = np.empty(len(values))
    ranks[np.lexsort((tie, values))] = np.arange(len(values))
    return ranks / len(values)


def pawn_index(inputs: _Floats, outcome: _Floats) -> _Floats:
    """PAWN, the mean over slices, by SALib.

    Parameters
    ----------
    inputs : float64 array (n, inputs)
        Without ties: see `spread_ranks`.
    outcome : float64 array (n,)

    Returns
    -------
    float64 array (inputs,)

    Raises
    ------
    SimError
        If SALib is not installed.
    """
    import warnings

    try:
        from SALib.analyze import pawn
    except ImportError:
        raise SimError(NEEDS_SALIB) from None
    names = [str(place) for place in range(inputs.shape[1])]
    problem = {"num_vars": len(names), "names": names, "bounds": [[0, 1]] * len(names)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the p-values, which nobody reads
        found = pawn.analyze(problem, inputs, outcome, S=SLICES)
    return np.asarray(found["mean"], np.float64)


def pawn_indices(sample: Sample, seed: int) -> _Floats:
    """PAWN index of every input: float64 (inputs,)."""
    return pawn_index(_ranks(sample, seed), sample.values)


def noise_floor(sample: Sample, seed: int, tell: Progress) -> float:
    """The highest PAWN index of `DUMMIES` inputs without influence; they are permutations."""
    n, draw = len(sample.values), generator(seed, "drivers.dummies", 0)
    highest = 0.0
    for done in range(DUMMIES):
        dummy = draw.permutation(n)[:, None] / n
        highest = max(highest, float(pawn_index(dummy, sample.values)[0]))
        tell(done + 1, DUMMIES + RESAMPLES)
    return highest


def pawn_errors(
    sample: Sample, places: Sequence[int], seed: int, tell: Progress
) -> dict[int, float]:
    """Bootstrap standard errors of the PAWN indices of some inputs, by place."""
    if not places:
        return {}
    ranks = _ranks(sample, seed)[:, list(places)]
    n, draw = len(sample.values), generator(seed, "drivers.bootstrap", 0)
    resampled = []
    for done in range(RESAMPLES):
        rows = draw.integers(n, size=n)
        # Ranks again: each slice is to hold a tenth of this resample.
        again = [spread_ranks(own[rows], seed, f"bootstrap.{done}") for own in ranks.T]
        resampled.append(pawn_index(np.column_stack(again), sample.values[rows]))
        tell(DUMMIES + done + 1, DUMMIES + RESAMPLES)
    return dict(zip(places, np.std(resampled, axis=0, ddof=1).tolist(), strict=True))


def _ranks(sample: Sample, seed: int) -> _Floats:
    return np.column_stack([spread_ranks(i.values, seed, i.name) for i in sample.inputs])


def rank_correlation(first: _Floats, second: _Floats) -> tuple[float, float, float]:
    """Spearman's rank correlation with its 95% interval; neither may be constant."""
    from scipy.stats import rankdata

    r = float(np.corrcoef(rankdata(first), rankdata(second))[0, 1])
    r = min(1.0, max(-1.0, r))
    if abs(r) == 1:
        return r, r, r
    reach = Z95 * math.sqrt((1 + r * r / 2) / (len(first) - 3))
    return r, math.tanh(math.atanh(r) - reach), math.tanh(math.atanh(r) + reach)


def contrast(item: Input, sample: Sample) -> Contrast:
    """Compare the outcome where an input is low and where it is high."""
    low, high, low_when, high_when = ends(item)
    first, second = sample.values[low], sample.values[high]
    told_ends = (low_when, high_when, float(first.mean()), float(second.mean()))
    if sample.truth:
        counts = [(int(part.sum()), len(part)) for part in (first, second)]
        difference = unpaired_difference(counts[0], counts[1])
        return Contrast(*told_ends, difference.estimate, difference.low, difference.high)
    estimate, reach = float(second.mean() - first.mean()), math.nan
    if min(len(first), len(second)) > 1:
        reach = Z95 * math.sqrt(sum(part.var(ddof=1) / len(part) for part in (first, second)))
    return Contrast(*told_ends, estimate, estimate - reach, estimate + reach)


def ends(item: Input) -> tuple[NDArray[np.bool_], NDArray[np.bool_], str, str]:
    """Rows at the low and at the high end, and what they are called."""
    values = item.values
    if item.truth:
        return values == 0, values == 1, "false", "true"
    lower, upper = np.quantile(values, (1 / 3, 2 / 3), method="inverted_cdf")
    if lower < upper:
        high = f">= {told(upper)}" if math.isfinite(upper) else told(upper)
        return values <= lower, values >= upper, f"<= {told(lower)}", high
    # More than a third have one value: it stands for the end on which nothing lies beyond it.
    below, beyond = values < lower, values > lower
    if not below.any():
        return values == lower, beyond, told(lower), f"> {told(lower)}"
    if not beyond.any():
        return below, values == lower, f"< {told(lower)}", told(lower)
    return below, beyond, f"< {told(lower)}", f"> {told(lower)}"


def told(value: float) -> str:
    """A value of an input, short: ``5,200``, ``0.35``, ``no cap``."""
    if math.isinf(value):
        return "no cap"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
