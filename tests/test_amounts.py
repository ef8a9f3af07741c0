"""Amounts: what is written, in which unit, and how it is distributed."""

import math
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import example, given
from hypothesis import strategies as st

from sim.scenario.amounts import TOLERATED_TAIL, Amount, parse_amount, steps_of
from sim.scenario.units import (
    DAYS_PER_MONTH,
    DAYS_PER_YEAR,
    DURATION,
    LENGTH,
    MONEY,
    NUMBER,
    PER_DAY,
    PER_THOUSAND,
    PER_YEAR,
    Dimension,
)

ANY = -math.inf  # as a lower limit: none


def number(text: str) -> Amount:
    return parse_amount(text, NUMBER, low=ANY)


def told(written: Any, dimension: Dimension = NUMBER, **field: Any) -> str:
    with pytest.raises(ValueError) as caught:
        parse_amount(written, dimension, **field)
    assert type(caught.value) is ValueError
    return str(caught.value)


# --- distributions ----------------------------------------------------------------------------

SIGMA = math.log(60 / 20) / scipy.stats.norm.ppf(0.9)
FROZEN: dict[str, Any] = {
    "uniform(2, 5)": scipy.stats.uniform(2, 3),
    "uniform(-4, -1)": scipy.stats.uniform(-4, 3),
    "triangular(1, 2, 6)": scipy.stats.triang(0.2, 1, 5),
    "triangular(1, 1, 6)": scipy.stats.triang(0, 1, 5),
    "triangular(1, 6, 6)": scipy.stats.triang(1, 1, 5),
    "triangular(-3, 0, 3)": scipy.stats.triang(0.5, -3, 6),
    "normal(10, 3)": scipy.stats.norm(10, 3),
    "normal(-10, 0.5)": scipy.stats.norm(-10, 0.5),
    "lognormal(20, 60)": scipy.stats.lognorm(SIGMA, scale=20),
    "beta(6, 3)": scipy.stats.beta(6, 3),
    "beta(0.5, 0.5)": scipy.stats.beta(0.5, 0.5),
    "beta(1, 9)": scipy.stats.beta(1, 9),
}
U = np.concatenate([[1e-12, 1e-6], np.linspace(0.001, 0.999, 201), [1 - 1e-6, 1 - 1e-12]])


@pytest.mark.parametrize("text", FROZEN)
def test_distributions_are_those_of_scipy(text: str) -> None:
    amount, frozen = number(text), FROZEN[text]
    assert not amount.fixed
    np.testing.assert_allclose(amount.quantile(U), frozen.ppf(U), rtol=1e-9, atol=1e-9)
    assert amount.mean() == pytest.approx(frozen.mean(), rel=1e-12)
    beyond = frozen.ppf(0.999) - frozen.ppf(0.001)
    for x in np.linspace(frozen.ppf(0.001) - beyond, frozen.ppf(0.999) + beyond, 41):
        assert amount.below(float(x)) == pytest.approx(frozen.cdf(x), abs=1e-12)


@pytest.mark.parametrize("text", [text for text in FROZEN if "-" not in text])
def test_units_scale_the_distribution(text: str) -> None:
    plain, months = number(text), parse_amount(f"{text} months", DURATION, low=ANY)
    np.testing.assert_allclose(months.quantile(U), plain.quantile(U) * DAYS_PER_MONTH, rtol=1e-12)
    assert months.mean() == pytest.approx(plain.mean() * DAYS_PER_MONTH)
    for x in (0.3, 0.9, 3.0, 25.0):
        assert months.below(x * DAYS_PER_MONTH) == pytest.approx(plain.below(x), abs=1e-12)


def test_choice_gives_each_value_as_often() -> None:
    amount = number("choice(3, 1, 1, 7)")
    u = np.array([1e-9, 0.24, 0.26, 0.49, 0.51, 0.74, 0.76, 1 - 1e-16])
    assert amount.quantile(u).tolist() == [3, 3, 1, 1, 1, 1, 7, 7]
    assert amount.mean() == 3
    assert [amount.below(x) for x in (1, 1.5, 3, 3.5, 7, 8)] == [0, 0.5, 0.5, 0.75, 0.75, 1]


def test_between_goes_through_its_two_points() -> None:
    positive, mixed = number("between(250, 700)"), number("between(-5, 20)")
    assert positive.family == "lognormal"
    assert mixed.family == "normal"
    for amount, p10, p90 in ((positive, 250, 700), (mixed, -5, 20)):
        np.testing.assert_allclose(amount.quantile(np.array([0.1, 0.9])), [p10, p90], rtol=1e-9)
        assert amount.below(p10) == pytest.approx(0.1)
        assert amount.below(p90) == pytest.approx(0.9)


def test_lognormal_goes_through_its_two_points() -> None:
    np.testing.assert_allclose(number("lognormal(20, 60)").quantile(np.array([0.5, 0.9])), [20, 60])


def test_distributions_of_no_width() -> None:
    for text in ("uniform(3, 3)", "triangular(3, 3, 3)", "choice(3)"):
        amount = number(text)
        assert amount.quantile(np.array([0.01, 0.5, 0.99])).tolist() == [3, 3, 3]
        assert amount.mean() == 3
        assert (amount.below(3), amount.below(3.1)) == (0, 1)


def test_a_fixed_amount_has_a_value_and_a_distribution_has_none() -> None:
    amount = parse_amount("6 months", DURATION)
    assert (amount.fixed, amount.value, amount.mean()) == (True, 182.625, 182.625)
    assert amount.quantile(np.full((2, 3), 0.4)).tolist() == [[182.625] * 3] * 2
    assert (amount.below(182.625), amount.below(182.626)) == (0, 1)
    with pytest.raises(ValueError, match="is a distribution, not one value"):
        _ = parse_amount("uniform(1, 2) months", DURATION).value


parameters = st.floats(-1e6, 1e6).map(lambda x: round(x, 3))
shapes = st.floats(0.01, 50).map(lambda x: round(x, 2))
texts = st.one_of(
    st.builds(lambda a, b: f"uniform({min(a, b)}, {max(a, b)})", parameters, parameters),
    st.lists(parameters, min_size=3, max_size=3).map(
        lambda abc: "triangular({}, {}, {})".format(*sorted(abc))
    ),
    st.builds(lambda m, s: f"normal({m}, {s})", parameters, shapes),
    st.builds(lambda m, f: f"lognormal({m}, {m * (1 + f)})", shapes, shapes),
    st.builds(lambda a, b: f"beta({a}, {b})", shapes, shapes),
    st.builds(lambda m, f: f"between({m}, {m + f})", parameters, shapes),
    parameters.map(str),
)


@given(texts, st.lists(st.floats(1e-12, 1 - 1e-12), min_size=2, max_size=8))
def test_quantiles_rise_with_u_and_answer_below(text: str, us: list[float]) -> None:
    amount = number(text)
    u = np.sort(np.array(us))
    values = amount.quantile(u)
    assert values.shape == u.shape
    assert np.isfinite(values).all()
    slack = 1e-9 * (1 + np.abs(values).max())
    assert (np.diff(values) >= -slack).all()
    for value, probability in zip(values, u, strict=True):
        assert amount.below(float(value) - slack) <= probability + 1e-6
        assert amount.below(float(value) + slack) >= probability - 1e-6


# --- units ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "dimension", "value"),
    [
        (3, NUMBER, 3), ("3", NUMBER, 3), (2.5, NUMBER, 2.5), ("30_000", NUMBER, 30_000),
        (1e4, NUMBER, 10_000), ("1e4", NUMBER, 10_000), ("+.5", NUMBER, 0.5), ("5.", NUMBER, 5),
        ("1 day", DURATION, 1), ("2 weeks", DURATION, 14), ("1 month", DURATION, 30.4375),
        ("12 months", DURATION, 365.25), ("1 year", DURATION, 365.25), ("3weeks", DURATION, 21),
        ("  2   weeks ", DURATION, 14), ("2\nweeks", DURATION, 14),
        ("420 per day", PER_DAY, 420), ("700 per week", PER_DAY, 100),
        ("1 per day", PER_YEAR, DAYS_PER_YEAR), ("1 per month", PER_YEAR, 12),
        ("0.4 per year", PER_YEAR, 0.4), ("1_100 km", LENGTH, 1100),
        ("4 per 1000", PER_THOUSAND, 0.004),
        ("9000 EUR", MONEY, 9000),
    ],
)  # fmt: skip
def test_values_in_the_base_unit(written: Any, dimension: Dimension, value: float) -> None:
    assert parse_amount(written, dimension).value == pytest.approx(value, rel=1e-12)


def test_an_amount_keeps_what_was_written() -> None:
    amount = parse_amount(" triangular( 6000,9000, 15000 )   EUR ", MONEY)
    assert (amount.text, amount.unit) == ("triangular( 6000,9000, 15000 ) EUR", "EUR")
    assert str(amount) == amount.text
    assert parse_amount(amount, MONEY) is amount


@pytest.mark.parametrize(
    ("written", "dimension", "message"),
    [
        (6, DURATION, "needs a unit, found 6; allowed: days, weeks, months, years"),
        ("6 mnths", DURATION, "is no unit of a duration, found 6 mnths; did you mean 'months'"),
        ("6 per year", DURATION, "'per year' is no unit of a duration"),
        ("6 months", NUMBER, "must be a number without a unit, found 6 months"),
        ("6 km", PER_DAY, "'km' is no unit of a rate, found 6 km; allowed: per day, per week"),
        (9000, MONEY, "needs a currency of three capital letters, as in 9000 EUR; found 9000"),
        ("9000 eur", MONEY, "needs a currency of three capital letters"),
        (True, DURATION, "as in 6 months or triangular(1, 2, 6) months; found true"),
        (None, NUMBER, "must be a number, as in 3 or uniform(1, 4); found nothing"),
        ([1], NUMBER, "found a list"), ({}, NUMBER, "found an empty mapping"),
        ("soon", DURATION, "'soon' is neither a number nor a distribution"),
        ("120,000", NUMBER, "; write 120_000"), ("0,9", NUMBER, "; write 0.9"),
        ("90%", NUMBER, "; write 0.9"),
        ("017", NUMBER, "; write 17"), ("12:30", DURATION, "neither"), ("1.2.3", NUMBER, "neither"),
        ("beta(6, 3", NUMBER, "; a parenthesis is missing"), ("", NUMBER, "'' is neither"),
        ("Beta(6, 3)", NUMBER, "unknown distribution 'Beta'; did you mean 'beta'?"),
        ("gamma(1, 2)", NUMBER, "known: uniform, triangular, normal, lognormal, beta, between"),
        ("fixed(1)", NUMBER, "unknown distribution 'fixed'"),
        ("uniform(1)", NUMBER, "uniform(low, high) takes 2 numbers, found 1"),
        ("uniform()", NUMBER, "uniform(low, high) takes 2 numbers, found 0"),
        ("triangular(1, 2, 3, 4)", NUMBER, "triangular(low, mode, high) takes 3 numbers, found 4"),
        ("between(1)", NUMBER, "between(p10, p90) takes 2 numbers, found 1"),
        ("uniform(2, 1)", NUMBER, "low must not be above high, found 'uniform(2, 1)'"),
        ("triangular(2, 1, 3)", NUMBER, "must be in order low, mode, high"),
        ("normal(1, 0)", NUMBER, "sd must be above 0"),
        ("beta(0, 1)", NUMBER, "a and b must be above 0"),
        ("beta(1e5, 1)", NUMBER, "must be from 0.01 to 10,000"),
        ("lognormal(2, 1)", NUMBER, "must be in order 0 < median < p90"),
        ("lognormal(0, 1)", NUMBER, "must be in order 0 < median < p90"),
        ("lognormal(1, 1e9)", NUMBER, "p90 is more than 1,000,000 times the median"),
        ("between(3, 2)", NUMBER, "p10 must be below p90"),
        ("choice()", NUMBER, "needs at least one value"),
        ("uniform(nan, 1)", NUMBER, "NaN and infinity are not allowed, found 'nan'"),
        ("uniform(0, -inf)", NUMBER, "NaN and infinity are not allowed"),
        ("uniform(0, .inf)", NUMBER, "NaN and infinity are not allowed"),
        ("1e999", NUMBER, "'1e999' is too large"), ("1e16 days", DURATION, "is too large"),
        ("uniform(1, a)", NUMBER, "'a' is not a number"),
        ("choice(1,,2)", NUMBER, "'' is not a number"),
        ("x" * 1_000_000, NUMBER, "is too long for an amount"),
    ],
)  # fmt: skip
def test_what_is_refused(written: Any, dimension: Dimension, message: str) -> None:
    said = told(written, dimension)
    assert message in said
    assert "\n" not in said
    assert len(said) < 600


# --- the range of a field ---------------------------------------------------------------------


def test_fixed_values_and_bounded_distributions_stay_inside() -> None:
    assert parse_amount(1, NUMBER, high=1).value == 1
    assert told(1.01, high=1) == "must be from 0 to 1, found 1.01"
    assert told(-1) == "must be at least 0, found -1"
    assert told("-1 months", DURATION) == "must be at least 0 months, found -1 months"
    assert told("uniform(0.5, 1.001)", high=1) == "must be from 0 to 1, found uniform(0.5, 1.001)"
    assert "found choice(0.5, 2)" in told("choice(0.5, 2)", high=1)
    assert "found beta(2, 2) years" in told("beta(2, 2) years", DURATION, high=300)
    assert parse_amount("beta(2, 2) years", DURATION, high=366).high == 366


def test_a_hundredth_of_an_endless_distribution_may_lie_outside() -> None:
    sd = 1 / scipy.stats.norm.ppf(1 - TOLERATED_TAIL)
    inside, outside = f"normal(1, {sd * 0.999})", f"normal(1, {sd * 1.001})"
    amount = parse_amount(inside, NUMBER)
    assert 0.0095 < amount.below(0) <= TOLERATED_TAIL
    assert amount.quantile(np.array([1e-9, 0.005, 0.5])).tolist() == [0, 0, 1]
    assert told(outside) == f"must be at least 0, but {outside} puts 1% of its mass outside"
    # Both ends count together.
    both = "normal(0.5, 0.2)"
    assert "puts 1% of its mass outside" in told(both, high=1)
    assert parse_amount("normal(0.5, 0.19)", NUMBER, high=1).quantile(U).max() == 1
    assert "puts 10% of its mass outside" in told("lognormal(0.5, 1)", high=1)
    assert "must be at least 0 months" in told("normal(1, 2) months", DURATION)


@pytest.mark.parametrize("unit", ["", " per week"])
def test_what_must_be_positive_is_never_zero(unit: str) -> None:
    dimension = PER_DAY if unit else NUMBER
    for text in ("0", "choice(0, 5)", "uniform(0, 0)", "triangular(0, 0, 0)", "normal(5, 2)"):
        assert f"must be above 0{unit}" in told(f"{text}{unit}", dimension, positive=True)
    for text in ("0.001", "uniform(0, 5)", "triangular(0, 0, 5)", "normal(100, 10)", "beta(1, 9)"):
        amount = parse_amount(f"{text}{unit}", dimension, positive=True)
        assert (amount.quantile(U) > 0).all()


# --- steps ------------------------------------------------------------------------------------


@given(st.floats(0, 20_000), st.floats(1, 31))
def test_steps_are_whole_and_cover_the_duration(days: float, step: float) -> None:
    steps = steps_of(days, step)
    assert isinstance(steps, int)
    assert steps == math.ceil(days / step - 1e-9)
    assert (steps - 1) * step < days + 1e-6 <= (steps + 1e-6) * step + 2e-6 or days == 0


def test_steps_of_arrays_and_of_what_rounding_left() -> None:
    days = np.array([[0.0, 7.0, 7.1], [14 * (1 + 1e-12), 13.9, 0.01]])
    steps = steps_of(days, 7)
    assert steps.dtype == np.int32
    assert steps.tolist() == [[0, 1, 2], [2, 2, 1]]
    assert steps_of(12 * DAYS_PER_MONTH, DAYS_PER_MONTH) == 12
    assert steps_of(3 * 0.1, 0.1) == 3


# --- whatever comes ---------------------------------------------------------------------------

PIECES = (
    "uniform triangular normal lognormal beta between choice ( ) , . - + e E _ 0 1 7 12 999 "
    "1e300 1e-300 nan inf months per day km km2 1000 EUR % : ; ' \n \t \u00a0 \u0663 \ufeff -> {"
)
pieces = st.sampled_from(PIECES.split(" "))
dimensions = st.sampled_from([NUMBER, DURATION, PER_DAY, PER_YEAR, LENGTH, PER_THOUSAND, MONEY])
limits = st.sampled_from([0.0, ANY])


@given(
    st.one_of(st.text(), st.lists(pieces).map("".join), st.lists(pieces).map(" ".join), texts),
    dimensions,
    limits,
    st.sampled_from([1.0, math.inf]),
    st.booleans(),
)
@example("between(1e-300, 1e15)", NUMBER, 0.0, math.inf, False)
@example("lognormal(1e-300, 1)", NUMBER, 0.0, math.inf, False)
@example("normal(1e15, 1e-300)", NUMBER, ANY, math.inf, True)
@example("between(1, 1.0000000000000002)", NUMBER, ANY, math.inf, False)
@example("uniform(1,2)" * 10_000, NUMBER, 0.0, math.inf, False)
@example("(" * 100 + ")" * 99, NUMBER, 0.0, math.inf, False)
def test_no_text_raises_anything_but_a_value_error(
    text: str, dimension: Dimension, low: float, high: float, positive: bool
) -> None:
    try:
        amount = parse_amount(text, dimension, low, high, positive)
    except ValueError as error:
        assert type(error) is ValueError
        assert "\n" not in str(error)
        assert len(str(error)) < 600
        return
    # What is taken can be used: it draws finite numbers within its range.
    values = amount.quantile(np.array([1e-12, 0.1, 0.5, 0.9, 1 - 1e-12]))
    assert np.isfinite(values).all()
    assert (values >= low).all()
    assert (values <= high).all()
    assert math.isfinite(amount.mean())
    assert 0 <= amount.below(1.0) <= 1
