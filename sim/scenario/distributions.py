"""The families of distributions: how each is checked, inverted and averaged.

All are sampled by inverting their distribution function, so that the same uniform number always
gives the same quantile whatever the parameters are.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Family:
    """A distribution family: how its parameters are checked, inverted and averaged."""

    names: tuple[str, ...]  # of the parameters, for messages; () takes any number
    check: Callable[..., str]  # "" or what is wrong
    quantile: Callable[..., Floats]
    mean: Callable[..., float]
    below: Callable[..., float]


def _triangular_quantile(u: Floats, low: float, mode: float, high: float) -> Floats:
    if high == low:
        return np.full_like(u, low)
    split = (mode - low) / (high - low)
    rising = low + np.sqrt(u * (high - low) * (mode - low))
    falling = high - np.sqrt((1 - u) * (high - low) * (high - mode))
    return np.where(u < split, rising, falling)


def _triangular_below(x: float, low: float, mode: float, high: float) -> float:
    if x <= low:
        return 0.0
    if x >= high:
        return 1.0
    if x < mode:
        return (x - low) ** 2 / ((high - low) * (mode - low))
    return 1 - (high - x) ** 2 / ((high - low) * (high - mode))


# scipy.special costs a tenth of a second to import, and only drawing needs it.
def _normal_quantile(u: Floats, mean: float, sd: float) -> Floats:
    from scipy.special import ndtri

    return np.asarray(mean + sd * ndtri(u), dtype=np.float64)


def _normal_below(x: float, mean: float, sd: float) -> float:
    return 0.5 * math.erfc((mean - x) / (sd * math.sqrt(2)))


_WIDEST = 1_000_000  # p90 over the median; beyond it the mean has no meaning
_Z90 = 1.2815515655446004  # the 90% point of the standard normal


def _lognormal_quantile(u: Floats, median: float, p90: float) -> Floats:
    sigma = math.log(p90 / median) / _Z90
    return np.exp(_normal_quantile(u, math.log(median), sigma))


def _lognormal_below(x: float, median: float, p90: float) -> float:
    if x <= 0:
        return 0.0
    return _normal_below(math.log(x), math.log(median), math.log(p90 / median) / _Z90)


def _lognormal_check(median: float, p90: float) -> str:
    if not 0 < median < p90:
        return "must be in order 0 < median < p90"
    return "" if p90 / median <= _WIDEST else f"p90 is more than {_WIDEST:,} times the median"


def _beta_check(a: float, b: float) -> str:
    if not (a > 0 and b > 0):
        return "a and b must be above 0"
    return "" if all(0.01 <= p <= 10_000 for p in (a, b)) else "must be from 0.01 to 10,000"


def _beta_quantile(u: Floats, a: float, b: float) -> Floats:
    from scipy.special import betaincinv

    return np.asarray(betaincinv(a, b, u), dtype=np.float64)


def _beta_below(x: float, a: float, b: float) -> float:
    from scipy.special import betainc

    return float(betainc(a, b, min(1.0, max(0.0, x))))


def _choice_quantile(u: Floats, *values: float) -> Floats:
    index = np.minimum((u * len(values)).astype(np.int64), len(values) - 1)
    return np.asarray(values, dtype=np.float64)[index]


FAMILIES: dict[str, Family] = {
    "fixed": Family(
        ("value",),
        lambda v: "",
        lambda u, v: np.full_like(u, v),
        lambda v: v,
        lambda x, v: float(v < x),
    ),
    "uniform": Family(
        ("low", "high"),
        lambda a, b: "" if a <= b else "low must not be above high",
        lambda u, a, b: a + u * (b - a),
        lambda a, b: (a + b) / 2,
        lambda x, a, b: min(1.0, max(0.0, (x - a) / (b - a))) if b > a else float(a < x),
    ),
    "triangular": Family(
        ("low", "mode", "high"),
        lambda a, m, b: "" if a <= m <= b else "must be in order low, mode, high",
        _triangular_quantile,
        lambda a, m, b: (a + m + b) / 3,
        _triangular_below,
    ),
    "normal": Family(
        ("mean", "sd"),
        lambda m, sd: "" if sd > 0 else "sd must be above 0",
        _normal_quantile,
        lambda m, sd: m,
        _normal_below,
    ),
    "lognormal": Family(
        ("median", "p90"),
        _lognormal_check,
        _lognormal_quantile,
        lambda m, p: m * math.exp((math.log(p / m) / _Z90) ** 2 / 2),
        _lognormal_below,
    ),
    "beta": Family(
        ("a", "b"),
        _beta_check,
        _beta_quantile,
        lambda a, b: a / (a + b),
        _beta_below,
    ),
    "choice": Family(
        (),
        lambda *v: "" if v else "needs at least one value",
        _choice_quantile,
        lambda *v: sum(v) / len(v),
        lambda x, *v: sum(value < x for value in v) / len(v),
    ),
}


def between(p10: float, p90: float) -> tuple[str, tuple[float, ...]]:
    """``between(p10, p90)``: the lognormal through the two where both are positive, else normal."""
    if p10 > 0:
        return "lognormal", (math.sqrt(p10) * math.sqrt(p90), p90)
    return "normal", ((p10 + p90) / 2, (p90 - p10) / (2 * _Z90))
