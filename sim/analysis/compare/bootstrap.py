"""Paired bootstrap of differences of quantiles, for outcomes that take few values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.streams import generator
from sim.results.statistics import Difference

RESAMPLES = 2_000

Floats = NDArray[np.float64]


def quantile_differences(
    first: Floats, second: Floats, quantiles: Sequence[float], seed: int
) -> list[Difference]:
    """Differences of quantiles over the same futures, with percentile intervals.

    The paired bootstrap (Efron & Tibshirani 1993, section 13.3) draws replications with
    replacement. Times come in whole steps, so few pairs of values differ, and how often each pair
    is drawn is one multinomial draw: the same resamples, without drawing replication by
    replication.

    Parameters
    ----------
    first, second : float arrays (n,)
        The same replications in the same order; NaN where one has no value (not authorised),
        infinity where it lies beyond the horizon.
    quantiles
        Each in (0, 1); the inverse of the distribution function, as in the tables.
    seed
        Of the resampling.

    Returns
    -------
    list of Difference
        One per quantile, second minus first; an end is NaN where resamples reach beyond the
        horizon, and all of it where the quantile itself lies there on one side.
    """
    nothing = Difference(math.nan, math.nan, math.nan, math.nan, True)
    if not len(first):
        return [nothing] * len(quantiles)
    values1, codes1 = np.unique(first, return_inverse=True)
    values2, codes2 = np.unique(second, return_inverse=True)
    pairs, counts = np.unique(codes1 * len(values2) + codes2, return_counts=True)
    weights = generator(seed, "bootstrap of quantiles", 0).multinomial(
        len(first), counts / len(first), size=RESAMPLES
    )
    weights = np.vstack([counts, weights])  # the sample itself first
    one = _quantiles(values1, _collected(weights, pairs // len(values2), len(values1)), quantiles)
    other = _quantiles(values2, _collected(weights, pairs % len(values2), len(values2)), quantiles)
    return [
        _percentiles(one[:, index], other[:, index]) if _known(one, other, index) else nothing
        for index in range(len(quantiles))
    ]


def _collected(weights: NDArray[Any], codes: NDArray[np.intp], count: int) -> NDArray[Any]:
    """Add up the weights of the pairs that share a value: (resamples, values)."""
    sums = np.zeros((len(weights), count), np.int64)
    order = np.argsort(codes, kind="stable")
    present, starts = np.unique(codes[order], return_index=True)
    sums[:, present] = np.add.reduceat(weights[:, order], starts, axis=1)
    return sums


def _quantiles(values: Floats, weights: NDArray[Any], quantiles: Sequence[float]) -> Floats:
    """Quantiles of each resample, (resamples, quantiles); NaN where nothing has a value."""
    real = ~np.isnan(values)
    running = np.cumsum(weights[:, real], axis=1)
    found = np.full((len(weights), len(quantiles)), np.nan)
    if not real.any():
        return found
    total = running[:, -1]
    for column, q in enumerate(quantiles):
        rank = np.maximum(1, np.ceil(q * total - 1e-9))
        index = np.minimum((running < rank[:, None]).sum(axis=1), int(real.sum()) - 1)
        found[:, column] = np.where(total > 0, values[real][index], np.nan)
    return found


def _known(one: Floats, other: Floats, index: int) -> bool:
    return bool(np.isfinite(one[0, index]) and np.isfinite(other[0, index]))


def _percentiles(one: Floats, other: Floats) -> Difference:
    with np.errstate(invalid="ignore"):  # beyond the horizon on both sides: nobody knows
        drawn = other[1:] - one[1:]
    low = np.sort(np.where(np.isnan(drawn), -np.inf, drawn))[math.floor(0.025 * len(drawn))]
    high = np.sort(np.where(np.isnan(drawn), np.inf, drawn))[math.ceil(0.975 * len(drawn)) - 1]
    error = float(np.std(drawn)) if np.isfinite(drawn).all() else math.nan
    return Difference(
        float(other[0] - one[0]),
        float(low) if np.isfinite(low) else math.nan,
        float(high) if np.isfinite(high) else math.nan,
        error,
        True,
    )
