"""Estimates with their uncertainty: proportions, means, quantiles of histograms."""

from __future__ import annotations

import math
from collections.abc import Sequence
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


def histogram_quantiles(counts: NDArray[Any], quantiles: Sequence[float]) -> NDArray[np.intp]:
    """Index of the bin that holds each quantile (the inverse of the distribution function).

    Parameters
    ----------
    counts : int array (n, bins)
        So many histograms.
    quantiles
        From 0 to 1.

    Returns
    -------
    int array (n, quantiles)
        -1 for an empty histogram.
    """
    running = np.cumsum(counts, axis=1)
    totals = running[:, -1] if running.shape[1] else np.zeros(len(running), np.int64)
    found = np.empty((len(running), len(quantiles)), np.intp)
    for i, q in enumerate(quantiles):
        ranks = np.maximum(1, np.ceil(q * totals - 1e-9))
        found[:, i] = (running < ranks[:, None]).sum(axis=1)
    found[totals == 0] = -1
    return found


def histogram_quantile(counts: NDArray[Any], q: float) -> int:
    """The same of one histogram and one quantile."""
    return int(histogram_quantiles(counts[None], [q])[0, 0])


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
    """A difference of two estimates, second minus first, with its 95% interval and error.

    `p_value` is two-sided, of no difference; NaN where no test was made.
    """

    estimate: float
    low: float
    high: float
    mcse: float
    paired: bool
    p_value: float = math.nan


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
    (low1, high1), (low2, high2) = wilson(*first), wilson(*second)
    low, high = recovered_interval(
        (first[0] / first[1], low1, high1), (second[0] / second[1], low2, high2), correlation
    )
    return max(-1.0, low), min(1.0, high)


Estimate = tuple[float, float, float]
"""An estimate and the two ends of its interval."""


def recovered_interval(
    first: Estimate, second: Estimate, correlation: float = 0.0
) -> tuple[float, float]:
    """Interval of a difference, second minus first, from the intervals of the two.

    The method of variance estimates recovery (Zou & Donner 2008, Statistics in Medicine 27:1693),
    of which Newcombe's intervals are a case: each distance from estimate to limit stands for an
    error, squared and added, less what the correlation takes away.
    """
    (p1, low1, high1), (p2, low2, high2) = first, second

    def reach(a: float, b: float) -> float:
        return math.sqrt(max(0.0, a * a - 2 * correlation * a * b + b * b))

    return p2 - p1 - reach(p2 - low2, high1 - p1), p2 - p1 + reach(high2 - p2, p1 - low1)


def mean_difference(first: tuple[float, float], second: tuple[float, float]) -> Difference:
    """Difference of two independent means, given as (mean, Monte Carlo standard error)."""
    return _normal(second[0] - first[0], math.hypot(first[1], second[1]), paired=False)


def _normal(estimate: float, mcse: float, paired: bool) -> Difference:
    p_value = math.nan
    if paired and mcse > 0:
        p_value = math.erfc(abs(estimate) / mcse / math.sqrt(2))
    elif paired and mcse == 0:
        p_value = float(estimate == 0)
    return Difference(estimate, estimate - Z95 * mcse, estimate + Z95 * mcse, mcse, paired, p_value)


def mcnemar(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> tuple[float, float]:
    """Exact McNemar test (1947) of the same replications in the same order.

    Returns
    -------
    tuple of float
        p-values of no difference, two-sided, and of no rise from the first to the second. Of the
        replications in which the two differ, each way is as likely.
    """
    gained, lost = int((~first & second).sum()), int((first & ~second).sum())
    if not gained + lost:
        return 1.0, 1.0
    from scipy.stats import binomtest

    two_sided = binomtest(gained, gained + lost).pvalue
    return float(two_sided), float(binomtest(gained, gained + lost, alternative="greater").pvalue)


def paired_ratio_difference(
    first: NDArray[Any],
    first_among: NDArray[np.bool_],
    second: NDArray[Any],
    second_among: NDArray[np.bool_],
) -> Difference:
    """Difference of two means over the same futures, each over those in which it has a value.

    Parameters
    ----------
    first, second : arrays (n,)
        Values of the same replications in the same order; truth values for shares.
    first_among, second_among : bool arrays (n,)
        Which of them count: those that are authorised, or all.

    Returns
    -------
    Difference
        Shares of the same replications: Newcombe's interval for pairs and the exact McNemar test.
        Otherwise the correlation is that of the two ratios' linearisations (Cochran 1977, section
        6.3), with Wilson's intervals for shares and normal ones for means.
    """
    shares = first.dtype == second.dtype == np.bool_
    if shares and np.array_equal(first_among, second_among):
        one, other = first[first_among], second[first_among]
        plain = paired_difference(one, other)
        p_value = mcnemar(one, other)[0] if len(one) else math.nan
        return Difference(plain.estimate, plain.low, plain.high, plain.mcse, True, p_value)
    counts = int(first_among.sum()), int(second_among.sum())
    if not all(counts):
        return Difference(math.nan, math.nan, math.nan, math.nan, True)
    means, parts = [], []
    for values, among, count in zip(
        (first, second), (first_among, second_among), counts, strict=True
    ):
        numbers = np.where(among, values, 0).astype(np.float64)
        mean = float(numbers.sum()) / count
        means.append(mean)
        parts.append((numbers - mean * among) * (len(among) / count))
    n, estimate = len(first), means[1] - means[0]
    found = _normal(estimate, float(np.std(parts[1] - parts[0])) / math.sqrt(n), paired=True)
    if not shares:
        return found
    spreads = float(np.std(parts[0])) * float(np.std(parts[1]))
    correlation = float(np.mean(parts[0] * parts[1])) / spreads if spreads else 0.0
    low, high = _newcombe(
        (int((first & first_among).sum()), counts[0]),
        (int((second & second_among).sum()), counts[1]),
        correlation,
    )
    return Difference(estimate, low, high, found.mcse, True, found.p_value)
