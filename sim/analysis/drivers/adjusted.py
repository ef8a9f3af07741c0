"""An outcome where an input is low and where it is high, with the other inputs equal.

Inputs that go together (governments that watch one another) share their influence in a plain
comparison; a regression leaves each with its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.analysis.drivers.measures import ends
from sim.analysis.drivers.replicated import Sample
from sim.results.statistics import Z95

_Floats = NDArray[np.float64]

_RIDGE = 1.0  # keeps the slope finite of an input without which the outcome never holds
_STEPS, _CLOSE = 50, 1e-9  # Newton's method


@dataclass(frozen=True, slots=True)
class Adjusted:
    """The difference with all other inputs equal.

    Attributes
    ----------
    others_equal, others_equal_low, others_equal_high
        With the 95% interval; NaN where the input cannot be told from others, or there are not
        twice as many replications as inputs.
    own
        Whether it differs from nothing, at 5% for all inputs together (Bonferroni).
    """

    others_equal: float
    others_equal_low: float
    others_equal_high: float
    own: bool


@dataclass(frozen=True, slots=True)
class _Fit:
    """A regression on an intercept and centred columns.

    Attributes
    ----------
    design : float64 array (n, 1 + width)
    slopes, covariance : float64 arrays (1 + width,), (1 + width, 1 + width)
    determined : bool array (width,)
        Whether the rows tell the column from the others.
    truth
        Whether it is logistic; else linear.
    """

    design: _Floats
    slopes: _Floats
    covariance: _Floats
    determined: NDArray[np.bool_]
    truth: bool

    def effect(self, column: int, low: float, high: float) -> tuple[float, float]:
        """Mean difference of the outcome were the column high instead of low in every row.

        With its standard error (delta method).
        """
        if not self.determined[column]:
            return math.nan, math.nan
        place = column + 1
        if not self.truth:
            reach = high - low
            error = math.sqrt(self.covariance[place, place]) * reach
            return float(self.slopes[place] * reach), error
        means, gradient = list[float](), np.zeros(len(self.slopes))
        for sign, value in ((-1, low), (1, high)):
            design = self.design.copy()
            design[:, place] = value
            chance = _expit(design @ self.slopes)
            means.append(float(chance.mean()))
            gradient += sign * (design.T @ (chance * (1 - chance))) / len(design)
        return means[1] - means[0], math.sqrt(gradient @ self.covariance @ gradient)


def others_equal(sample: Sample) -> list[Adjusted]:
    """Compare what `sim.analysis.drivers.measures.contrast` does with the other inputs equal.

    A truth value is regressed on the inputs by logistic regression, and its probability averaged
    over all replications with the input set to each end (marginal standardisation: Muller &
    MacLehose 2014, International Journal of Epidemiology 43:962). A number is regressed linearly,
    with errors that hold for unequal variances (HC1: MacKinnon & White 1985, Journal of
    Econometrics 29:305). Truth values enter as 0 and 1, numbers as ranks, all without interactions.

    An input is not compared with those equal that may depend on it, since its influence may pass
    through them: for a condition later conditions, consents, the date of the authorisation and who
    joins; for a consent the last two.

    Returns
    -------
    list of Adjusted
        In the order of the sample's inputs.
    """
    from scipy.special import ndtri

    critical = ndtri(1 - 0.025 / len(sample.inputs))
    columns = np.column_stack([i.values if i.truth else _scaled(i.values) for i in sample.inputs])
    means = columns.mean(axis=0)
    names = [item.name for item in sample.inputs]
    fits: dict[tuple[int, ...], _Fit | None] = {}
    found = []
    for place, item in enumerate(sample.inputs):
        taken = tuple(k for k in range(len(names)) if k == place or not _after(names, place, k))
        if taken not in fits:
            fits[taken] = _fit((columns - means)[:, taken], sample.values, sample.truth)
        fit, (low, high, *_) = fits[taken], ends(item)
        estimate, error = math.nan, math.nan
        if fit:
            own = columns[:, place] - means[place]
            estimate, error = fit.effect(
                taken.index(place), float(own[low].mean()), float(own[high].mean())
            )
        told = bool(abs(estimate) > critical * error)
        found.append(Adjusted(estimate, estimate - Z95 * error, estimate + Z95 * error, told))
    return found


def _scaled(values: _Floats) -> _Floats:
    from scipy.stats import rankdata

    return np.asarray(rankdata(values) / len(values), np.float64)


def _after(names: Sequence[str], place: int, other: int) -> bool:
    """Whether one input may depend on another, at `place`."""
    first, second = names[place], names[other]
    decided = second.endswith(".joins") or second == "authorised_months"
    if first.startswith("conditions."):
        later = second.startswith("conditions.") and other > place
        return decided or later or second.startswith("consents.")
    return first.startswith("consents.") and decided


def _fit(columns: _Floats, outcome: _Floats, truth: bool) -> _Fit | None:
    """Regress an outcome on centred columns; None with too few rows."""
    n, width = columns.shape
    if n <= 2 * width:
        return None
    design = np.column_stack([np.ones(n), columns])
    inverse = np.linalg.pinv(design)
    determined = np.abs(np.einsum("ij,ji->i", inverse, design) - 1)[1:] < 1e-6
    if truth:
        slopes, covariance = _logistic(design, outcome)
    else:
        slopes = inverse @ outcome
        residuals = outcome - design @ slopes
        covariance = (inverse * residuals**2) @ inverse.T * n / (n - width - 1)
    return _Fit(design, slopes, covariance, determined, truth)


def _logistic(design: _Floats, outcome: _Floats) -> tuple[_Floats, _Floats]:
    """Slopes and their covariance, by Newton's method."""
    mean, width = float(outcome.mean()), design.shape[1]
    slopes: _Floats = np.zeros(width)
    slopes[0] = math.log(mean / (1 - mean))
    penalty = np.diag([0.0, *[_RIDGE] * (width - 1)])
    for _ in range(_STEPS):
        chance = _expit(design @ slopes)
        information = (design.T * (chance * (1 - chance))) @ design + penalty
        step = np.linalg.solve(information, design.T @ (outcome - chance) - penalty @ slopes)
        slopes = slopes + step
        if np.abs(step).max() < _CLOSE:
            break
    return slopes, np.asarray(np.linalg.inv(information), np.float64)


def _expit(x: _Floats) -> _Floats:
    from scipy.special import expit

    return np.asarray(expit(x), np.float64)
