"""The uncertainty that a table tells is the uncertainty there is: over many seeds.

The scenario is small enough for its probabilities to be written down: a ceasefire, and two
contributors either of whom is enough.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from builders import LIMIT, Array, days, errors_off, mean_errors_off, nation, plan
from scipy import stats
from shipped import Halved, shares

from sim.engine.plan import Plan
from sim.engine.simulate import Cell, simulate_block
from sim.results import tables
from sim.results.statistics import Z95, proportion_error, wilson

SEEDS = 1_000
COUNT = 40
CELL = Cell(0, 1000)
CEASEFIRE, EITHER = 0.75, 0.9
SHARES = {"authorised": CEASEFIRE, "feasible": CEASEFIRE * EITHER}
INSIDE = "feasible_if_authorised"

Interval = Callable[[int, int], tuple[float, float]]


def small(aland: float = 0.8, bland: float = 0.5) -> Plan:
    """Feasible with a ceasefire, unless both stay at home."""
    return plan(
        time=days(4),
        feasible_when={"full": {"within": "1 day"}, "hold": {"for": "2 days"}},
        conditions={"ceasefire": {"probability": CEASEFIRE}},
        mandates={"force": {"kind": "alliance", "requires": ["ceasefire"]}},
        contributors={"Aland": nation(probability=aland), "Bland": nation(probability=bland)},
    )


@pytest.fixture(scope="module")
def told() -> dict[str, Array]:
    """Columns of the table, by seed."""
    scenario = small()
    rows: list[dict[str, Any]] = []
    for seed in range(SEEDS):
        [result] = simulate_block(scenario, seed, 0, COUNT, [CELL])
        table = tables.summary(scenario, {CELL: result.outcomes})
        rows.append({key: column[0] for key, column in table.items()})
    return {key: np.array([row[key] for row in rows]) for key in rows[0]}


# -- intervals --------------------------------------------------------------------------------


def exact_coverage(share: float, trials: int, interval: Interval = wilson) -> float:
    """How often the interval holds the share, over all outcomes of so many trials."""
    inside = [
        low <= share <= high for low, high in (interval(k, trials) for k in range(trials + 1))
    ]
    return float(stats.binom(trials, share).pmf(np.arange(trials + 1))[inside].sum())


def covers_as_promised(covered: Array, exact: float) -> bool:
    """As often as Wilson's interval does exactly, and close to 95%."""
    return errors_off(covered, exact) <= LIMIT and abs(float(np.mean(covered)) - 0.95) <= 0.03


def covered(told: dict[str, Array], name: str, share: float) -> Array:
    return np.asarray((told[f"p_{name}_low"] <= share) & (share <= told[f"p_{name}_high"]))


@pytest.mark.parametrize("name", SHARES)
def test_an_interval_covers_as_often_as_it_says(name: str, told: dict[str, Array]) -> None:
    share = SHARES[name]
    assert mean_errors_off(told[f"p_{name}"], share) <= LIMIT
    assert covers_as_promised(covered(told, name, share), exact_coverage(share, COUNT))


def test_an_interval_given_the_authorisation_covers_too(told: dict[str, Array]) -> None:
    """Of as many trials as chance authorised."""
    authorised = stats.binom(COUNT, CEASEFIRE).pmf(np.arange(COUNT + 1))
    exact = sum(
        float(chance) * exact_coverage(EITHER, trials)
        for trials, chance in enumerate(authorised)
        if trials
    )
    assert covers_as_promised(covered(told, INSIDE, EITHER), exact)


def wald_of_half_the_variance(successes: int, trials: int) -> tuple[float, float]:
    half = Z95 * proportion_error(successes, trials) / math.sqrt(2)
    return successes / trials - half, successes / trials + half


def too_narrow(successes: int, trials: int) -> tuple[float, float]:
    return wilson(successes, trials, z=1.5)


@pytest.mark.parametrize("broken", [wald_of_half_the_variance, too_narrow])
@pytest.mark.parametrize("name", SHARES)
def test_a_broken_interval_is_found(
    broken: Interval, name: str, told: dict[str, Array], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same table, made with another interval."""
    monkeypatch.setattr(tables, "wilson", broken)
    bounds: list[tuple[float, float]] = []
    for share in told[f"p_{name}"]:
        made = tables._proportion("p", round(share * COUNT), COUNT)
        bounds.append((made["p_low"], made["p_high"]))
    low, high = np.array(bounds).T
    share = SHARES[name]
    inside = np.asarray((low <= share) & (share <= high))
    assert not covers_as_promised(inside, exact_coverage(share, COUNT))


# -- standard errors --------------------------------------------------------------------------


def errors_off_spread(found: Array, error: Array, share: float, trials: Array) -> float:
    """By how much squared standard errors miss the squared deviations of their seeds.

    ``p (1 - p) / n`` is smaller than the variance by ``(n - 1) / n`` on average.
    """
    return mean_errors_off((found - share) ** 2 - error**2 * trials / (trials - 1), 0.0)


@pytest.mark.parametrize(("name", "share"), [*SHARES.items(), (INSIDE, EITHER)])
def test_the_standard_error_is_the_spread_over_seeds(
    name: str, share: float, told: dict[str, Array]
) -> None:
    trials = told["authorised_replications" if name == INSIDE else "replications"]
    found, error = told[f"p_{name}"], told[f"p_{name}_mcse"]
    assert errors_off_spread(found, error, share, trials) <= LIMIT
    assert errors_off_spread(found, error / math.sqrt(2), share, trials) > LIMIT


# -- paired differences -----------------------------------------------------------------------


def passed(scenario: Plan, seed: int, count: int) -> Array:
    [result] = simulate_block(scenario, seed, 0, count, [CELL], keep_rows=True)
    assert result.rows
    return np.asarray(result.rows["feasible"], np.bool_)


def test_a_difference_of_variants_varies_as_their_pairs_do() -> None:
    """Both are drawn from one seed, so whoever comes in one all but comes in the other."""
    seeds, count = 600, 200
    one, other = small(0.8, 0.5), small(0.7, 0.7)
    differences, paired, unpaired = np.zeros((3, seeds))
    for seed in range(seeds):
        a, b = passed(one, seed, count), passed(other, seed, count)
        only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
        differences[seed] = (only_b - only_a) / count
        paired[seed] = (only_a + only_b - (only_a - only_b) ** 2 / count) / count**2
        unpaired[seed] = sum(proportion_error(int(p.sum()), count) ** 2 for p in (a, b))
    # Both stay at home in 0.1 of one and 0.09 of the other, in 0.06 of both.
    only_one, only_other = CEASEFIRE * 0.03, CEASEFIRE * 0.04
    expected = only_other - only_one
    variance = (only_one + only_other - expected**2) / count
    deviations = (differences - expected) ** 2
    unbiased = count / (count - 1)
    assert mean_errors_off(differences, expected) <= LIMIT
    assert mean_errors_off(deviations, variance) <= LIMIT
    assert mean_errors_off(paired * unbiased, variance) <= LIMIT
    assert mean_errors_off(deviations - paired * unbiased, 0.0) <= LIMIT
    assert (paired < unpaired).all()
    assert mean_errors_off(deviations - unpaired * unbiased, 0.0) > LIMIT


# -- the length of the step -------------------------------------------------------------------


def test_half_the_step_moves_a_share_by_hardly_more_than_chance() -> None:
    """Other scenarios, and a whole block: docs/validation.md."""
    sizes = (10_000, 20_000)
    whole, half = (
        shares("reassurance_force", sizes, step, 1_500) for step in ("1 week", "3.5 days")
    )
    for pair in zip(whole, half, strict=True):
        halved = Halved("reassurance_force", *pair)
        assert halved.half.step_days == halved.whole.step_days / 2
        assert abs(halved.moved) <= 3 * halved.error + 0.02
