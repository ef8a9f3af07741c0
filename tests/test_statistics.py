"""Estimates and their uncertainty against SciPy and NumPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim.engine.outcomes import BINS, _histogram, exact_sums
from sim.results.statistics import (
    Z95,
    histogram_quantile,
    mean_and_error,
    paired_difference,
    proportion_error,
    quantile_interval,
    unpaired_difference,
    wilson,
)

TRIALS = [(0, 1), (1, 1), (0, 10), (10, 10), (3, 10), (1, 8192), (4096, 8192), (19_999, 20_000)]


@pytest.mark.parametrize(("successes", "trials"), TRIALS)
def test_wilson_against_scipy(successes: int, trials: int) -> None:
    expected = stats.binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    low, high = wilson(successes, trials)
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0 <= low <= successes / trials <= high <= 1
    # The textbook interval is told apart, unless it happens to agree to four digits.
    half = Z95 * proportion_error(successes, trials)
    if trials <= 10:
        assert (
            abs(high - (successes / trials + half)) > 1e-4
            or abs(low - (successes / trials - half)) > 1e-4
        )


@given(st.integers(1, 3000), st.floats(0, 1))
def test_wilson_mirrors(trials: int, share: float) -> None:
    successes = round(share * trials)
    low, high = wilson(successes, trials)
    other_low, other_high = wilson(trials - successes, trials)
    assert (low, high) == pytest.approx((1 - other_high, 1 - other_low), abs=1e-12)


def test_wilson_covers_what_it_promises() -> None:
    """Over all outcomes of 200 trials, on average over p: 95%, to a point."""
    bounds = [wilson(k, 200) for k in range(201)]
    coverage = []
    for p in np.linspace(0.01, 0.99, 99):
        chance = stats.binom(200, p).pmf(np.arange(201))
        inside = np.array([low <= p <= high for low, high in bounds])
        coverage.append(float(chance[inside].sum()))
    assert np.mean(coverage) == pytest.approx(0.95, abs=0.005)
    assert min(coverage) > 0.9


def test_no_trials_no_estimate() -> None:
    assert all(map(math.isnan, wilson(0, 0)))
    assert math.isnan(proportion_error(0, 0))
    assert all(map(math.isnan, mean_and_error(0, 0, 0, 1.0)))
    assert histogram_quantile(np.zeros(5, np.int64), 0.5) == -1
    assert histogram_quantile(np.zeros(0, np.int64), 0.5) == -1
    assert quantile_interval(np.zeros(5, np.int64), 0.5) == (-1, -1)


def test_error_of_a_proportion() -> None:
    hits = np.arange(1000) < 371
    expected = np.std(hits) / math.sqrt(1000)
    assert proportion_error(371, 1000) == pytest.approx(expected, rel=1e-12)
    assert proportion_error(0, 50) == proportion_error(50, 50) == 0.0


@given(
    st.lists(st.integers(-(10**9), 10**9), min_size=2, max_size=50), st.sampled_from([1.0, 1e-4])
)
def test_mean_and_error_against_numpy(values: list[int], unit: float) -> None:
    total, squares = exact_sums(np.array(values))
    assert total == sum(values)
    assert squares == sum(value * value for value in values)
    mean, error = mean_and_error(total, squares, len(values), unit)
    scaled = np.array(values, np.float64) * unit
    assert mean == pytest.approx(float(np.mean(scaled)), rel=1e-9, abs=unit * 1e-6)
    expected = float(np.std(scaled, ddof=1)) / math.sqrt(len(values))
    assert error == pytest.approx(expected, rel=1e-6, abs=unit * 1e-6)


def test_sums_stay_exact_where_64_bits_end() -> None:
    values = np.full(1000, 3_000_000_001)
    total, squares = exact_sums(values)
    assert total == 3_000_000_001_000
    assert squares == 1000 * 3_000_000_001**2 > 2**63
    # One value among them is off by one: lost in floating point, found in whole numbers.
    values[7] += 1
    mean, error = mean_and_error(*exact_sums(values), 1000, 1.0)
    assert mean == 3_000_000_001.001
    assert error == pytest.approx(0.001, rel=1e-9)
    naive = np.sqrt(np.mean(values.astype(float) ** 2) - np.mean(values.astype(float)) ** 2)
    assert not math.isclose(naive / math.sqrt(999), 0.001, rel_tol=0.1)


def test_one_value_has_a_mean_and_no_error() -> None:
    mean, error = mean_and_error(7, 49, 1, 0.5)
    assert mean == 3.5
    assert math.isnan(error)


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=200),
    st.sampled_from([0.05, 0.25, 0.5, 0.75, 0.95]),
)
def test_quantiles_against_numpy(values: list[int], q: float) -> None:
    found = histogram_quantile(np.bincount(values, minlength=40), q)
    assert found == int(np.quantile(values, q, method="inverted_cdf"))


def test_quantiles_at_the_ends() -> None:
    counts = np.array([0, 3, 0, 0, 5, 0])
    assert [histogram_quantile(counts, q) for q in (0.0, 0.375, 0.3751, 1.0)] == [1, 1, 4, 4]


@pytest.mark.parametrize(("q", "count"), [(0.5, 100), (0.5, 2000), (0.25, 400), (0.05, 1000)])
def test_interval_of_a_quantile_covers_it(q: float, count: int) -> None:
    """For a uniform on 0 ... 9,999, the interval is wide enough and no wider than it must be."""
    numbers = np.random.default_rng(1).integers(0, 10_000, (400, count))
    covers, narrow = 0, 0
    for sample in numbers:
        counts = np.bincount(sample, minlength=10_000)
        low, high = quantile_interval(counts, q)
        assert low <= histogram_quantile(counts, q) <= high
        covers += low <= q * 10_000 <= high
        low, high = quantile_interval(counts, q, z=1.0)
        narrow += low <= q * 10_000 <= high
    error = math.sqrt(0.95 * 0.05 / 400)
    assert covers / 400 > 0.95 - 4.5 * error
    assert narrow / 400 < 0.95 - 4.5 * error


@pytest.mark.parametrize("size", [359, 396, 600, 729, 1000, 1025, 4429, 40_000])
def test_values_on_an_edge_fall_into_the_bin_that_begins_there(size: int) -> None:
    """Half a per cent of the force is a bin: 729 of 729 soldiers are all of it, not 99.5%."""
    present = np.arange(0, min(2 * size, 9000) + 1, max(1, size // 360))
    for soldiers in (*present, size):
        counts = _histogram(np.array([soldiers], np.float32), 200 / size)
        bins, rest = divmod(int(soldiers) * 200, size)
        near = rest > size * 0.998  # a hair below an edge counts as on it
        assert counts.argmax() - min(bins, BINS - 1) in ({0, 1} if near else {0})
        assert counts.sum() == 1
    assert _histogram(np.array([5 * size], np.float32), 200 / size)[-1] == 1


# Newcombe 1998: table III of the paired paper (36, 12, 2, 0), table II of the independent one.
def test_newcombes_paired_interval_is_the_published_one() -> None:
    first = np.repeat([True, False, True, False], [36, 2, 12, 0])
    second = np.repeat([True, True, False, False], [36, 2, 12, 0])
    found = paired_difference(second, first)
    assert (found.low, found.high) == pytest.approx((0.0569, 0.3404), abs=5e-5)
    assert found.estimate == pytest.approx(0.2)
    backwards = paired_difference(first, second)
    assert (backwards.low, backwards.high) == pytest.approx((-found.high, -found.low))


def test_newcombes_unpaired_interval_is_the_published_one() -> None:
    found = unpaired_difference((48, 80), (56, 70))
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_a_pair_that_moves_together_is_known_better_than_two_strangers() -> None:
    first = np.arange(2000) % 2 == 0
    second = first.copy()
    second[:40] = True
    paired = paired_difference(first, second)
    alone = unpaired_difference((int(first.sum()), 2000), (int(second.sum()), 2000))
    assert paired.estimate == pytest.approx(alone.estimate) == pytest.approx(0.01)
    assert paired.mcse < alone.mcse / 4
    assert paired.high - paired.low < (alone.high - alone.low) / 4


def test_no_replications_give_no_difference() -> None:
    nothing = np.zeros(0, bool)
    assert np.isnan(paired_difference(nothing, nothing).estimate)
    assert np.isnan(unpaired_difference((0, 0), (1, 2)).low)
