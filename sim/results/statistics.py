"""Estimates with their uncertainty: proportions, means, quantiles of histograms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Z95 = 1.959963984540054  # two-sided 95% point of the standard normal


def wilson(successes: int, trials: int, z: float = Z95) -> tuple[float, float]:
    """Wilson score interval of a proportion (Wilson 1927); (nan, nan) without trials.

    Unlike the textbook interval it stays inside [0, 1] and keeps its coverage near the ends, where
    feasibility figures tend to lie.
    """
    if not trials:
        return math.nan, math.nan
    p, zz = successes / trials, z * z
    centre = (p + zz / (2 * trials)) / (1 + zz / trials)
    half = z / (1 + zz / trials) * math.sqrt(p * (1 - p) / trials + zz / (4 * trials**2))
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == trials else min(1.0, centre + half)
    return low, high


def proportion_error(successes: int, trials: int) -> float:
    """Monte Carlo standard error of a proportion (Morris, White & Crowther 2019)."""
    if not trials:
        return math.nan
    p = successes / trials
    return math.sqrt(p * (1 - p) / trials)


def mean_and_error(total: int, squares: int, count: int, unit: float) -> tuple[float, float]:
    """Mean and its Monte Carlo standard error from exact sums of whole multiples of `unit`."""
    if not count:
        return math.nan, math.nan
    if count == 1:
        return total * unit, math.nan
    # In whole numbers until the very end: no cancellation.
    spread = count * squares - total * total
    return total / count * unit, math.sqrt(spread / (count * count * (count - 1))) * unit


def histogram_quantile(counts: NDArray[Any], q: float) -> int:
    """Index of the bin that holds the quantile `q` (the inverse of the distribution function).

    -1 for an empty histogram.
    """
    running = np.cumsum(counts)
    if not len(running) or not running[-1]:
        return -1
    rank = max(1, math.ceil(q * int(running[-1]) - 1e-9))
    return int(np.searchsorted(running, rank))


def quantile_interval(counts: NDArray[Any], q: float, z: float = Z95) -> tuple[int, int]:
    """Bins of a 95% interval of a quantile, by order statistics (normal approximation).

    The number of values below the quantile is binomial, so its fluctuation in rank is
    ``z * sqrt(n q (1 - q))`` (Conover 1999, section 3.2).
    """
    n = int(np.sum(counts))
    if not n:
        return -1, -1
    half = z * math.sqrt(n * q * (1 - q)) / n
    return (
        histogram_quantile(counts, max(0.0, q - half)),
        histogram_quantile(counts, min(1.0, q + half + 1 / n)),
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference of two estimates, second minus first, with its 95% interval and error."""

    estimate: float
    low: float
    high: float
    mcse: float
    paired: bool


def paired_difference(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> Difference:
    """Difference of two proportions over the same futures, second minus first.

    Newcombe's score interval for paired data (1998, Statistics in Medicine 17:2635, method 10): the
    two Wilson intervals, squared and added, less what their correlation takes away.

    Parameters
    ----------
    first, second : bool arrays (n,)
        The same replications in the same order.
    """
    n = len(first)
    if not n:
        return Difference(math.nan, math.nan, math.nan, math.nan, True)
    both, lost = int((first & second).sum()), int((first & ~second).sum())
    gained = int((~first & second).sum())
    neither = n - both - lost - gained
    estimate = (gained - lost) / n
    mcse = math.sqrt(max(0.0, (gained + lost) / n - estimate**2) / n)
    margins = (both + gained) * (lost + neither) * (both + lost) * (gained + neither)
    excess = float(both * neither - gained * lost)
    if excess > 0:
        excess = max(0.0, excess - n / 2)  # continuity correction
    correlation = excess / math.sqrt(margins) if margins else 0.0
    low, high = _newcombe((both + lost, n), (both + gained, n), correlation)
    return Difference(estimate, low, high, mcse, True)


def unpaired_difference(first: tuple[int, int], second: tuple[int, int]) -> Difference:
    """Difference of two proportions over different futures, second minus first.

    Newcombe's score interval for independent samples (1998, Statistics in Medicine 17:873, method
    10).

    Parameters
    ----------
    first, second
        (successes, trials) each.
    """
    if not first[1] or not second[1]:
        return Difference(math.nan, math.nan, math.nan, math.nan, False)
    estimate = second[0] / second[1] - first[0] / first[1]
    mcse = math.hypot(proportion_error(*first), proportion_error(*second))
    return Difference(estimate, *_newcombe(first, second, 0.0), mcse, False)


def _newcombe(
    first: tuple[int, int], second: tuple[int, int], correlation: float
) -> tuple[float, float]:
    (p1, (low1, high1)), (p2, (low2, high2)) = (
        (successes / trials, wilson(successes, trials)) for successes, trials in (first, second)
    )

    def reach(a: float, b: float) -> float:
        return math.sqrt(max(0.0, a * a - 2 * correlation * a * b + b * b))

    estimate = p2 - p1
    return (
        max(-1.0, estimate - reach(p2 - low2, high1 - p1)),
        min(1.0, estimate + reach(high2 - p2, p1 - low1)),
    )
