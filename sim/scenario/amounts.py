"""Amounts: a number or a distribution, with its unit, as an analyst writes it.

``triangular(1, 2, 6) months`` is parsed by a small grammar (never by ``eval``), turned into the
base unit of its dimension and sampled by inverting its distribution function, so that the same
uniform number always gives the same quantile whatever the parameters are.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DAYS_PER_YEAR = 365.25
DAYS_PER_MONTH = DAYS_PER_YEAR / 12

_PERIODS = {"day": 1.0, "week": 7.0, "month": DAYS_PER_MONTH, "year": DAYS_PER_YEAR}

# What little of a distribution may lie outside the range of its field, to be moved to the limit.
TOLERATED_TAIL = 0.01


@dataclass(frozen=True, slots=True)
class Dimension:
    """What an amount measures: its name, and the units accepted with their factor to the base."""

    name: str
    units: Mapping[str, float]
    examples: str


def _durations() -> dict[str, float]:
    return {word: days for name, days in _PERIODS.items() for word in (name, name + "s")}


def _rates(base: float) -> dict[str, float]:
    return {f"per {name}": base / days for name, days in _PERIODS.items()}


NUMBER = Dimension("a number", {"": 1.0}, "3, uniform(1, 4)")
DURATION = Dimension("a duration", _durations(), "10 days, 2 weeks, triangular(1, 2, 6) months")
PER_DAY = Dimension("a rate", _rates(1.0), "420 per day")
PER_YEAR = Dimension("a rate", _rates(DAYS_PER_YEAR), "0.4 per year")
LENGTH = Dimension("a length", {"km": 1.0}, "1_100 km")
AREA = Dimension("an area", {"km2": 1.0}, "11_000 km2")
PER_LENGTH = Dimension("a density", {"per km": 1.0}, "13.6 per km")
PER_AREA = Dimension("a density", {"per km2": 1.0}, "1.4 per km2")
PER_THOUSAND = Dimension("a ratio", {"per 1000": 1e-3}, "uniform(1, 4) per 1000")
MONEY = Dimension("an amount of money", {}, "9000 EUR")  # the unit is any currency code


@dataclass(frozen=True, slots=True)
class Amount:
    """A number or a distribution in the base unit of its dimension.

    Parameters
    ----------
    family
        ``fixed``, ``uniform``, ``triangular``, ``normal``, ``lognormal``, ``beta`` or ``choice``.
    parameters
        The family's parameters, before `scale`.
    scale
        Factor to the base unit: days, soldiers per day, events per year, km ...
    low, high
        The field's range in the base unit; the little mass beyond it is moved to the limit.
    text
        As it was written.
    unit
        As it was written (``EUR``, ``months``); empty for plain numbers.
    """

    family: str
    parameters: tuple[float, ...]
    scale: float = 1.0
    low: float = -math.inf
    high: float = math.inf
    text: str = ""
    unit: str = ""

    @property
    def fixed(self) -> bool:
        """Whether every draw gives the same value."""
        return self.family == "fixed"

    @property
    def value(self) -> float:
        """The value of a fixed amount, in the base unit."""
        if not self.fixed:
            raise ValueError(f"{self.text} is a distribution, not one value")
        return self.parameters[0] * self.scale

    def quantile(self, u: Floats) -> Floats:
        """Values at the probabilities `u` in (0, 1), any shape, in the base unit."""
        raw = _FAMILIES[self.family].quantile(u, *self.parameters) * self.scale
        return np.clip(raw, self.low, self.high)

    def mean(self) -> float:
        """Mean in the base unit (of the distribution as written, before any clipping)."""
        return _FAMILIES[self.family].mean(*self.parameters) * self.scale

    def below(self, x: float) -> float:
        """Probability of a value below `x` (base unit)."""
        return _FAMILIES[self.family].below(x / self.scale, *self.parameters)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class _Family:
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


_Z90 = 1.2815515655446004  # the 90% point of the standard normal


def _lognormal_quantile(u: Floats, median: float, p90: float) -> Floats:
    sigma = math.log(p90 / median) / _Z90
    return np.exp(_normal_quantile(u, math.log(median), sigma))


def _lognormal_below(x: float, median: float, p90: float) -> float:
    if x <= 0:
        return 0.0
    return _normal_below(math.log(x), math.log(median), math.log(p90 / median) / _Z90)


def _beta_quantile(u: Floats, a: float, b: float) -> Floats:
    from scipy.special import betaincinv

    return np.asarray(betaincinv(a, b, u), dtype=np.float64)


def _beta_below(x: float, a: float, b: float) -> float:
    from scipy.special import betainc

    return float(betainc(a, b, min(1.0, max(0.0, x))))


def _choice_quantile(u: Floats, *values: float) -> Floats:
    index = np.minimum((u * len(values)).astype(np.int64), len(values) - 1)
    return np.asarray(values, dtype=np.float64)[index]


_FAMILIES: dict[str, _Family] = {
    "fixed": _Family(
        ("value",),
        lambda v: "",
        lambda u, v: np.full_like(u, v),
        lambda v: v,
        lambda x, v: float(v < x),
    ),
    "uniform": _Family(
        ("low", "high"),
        lambda a, b: "" if a <= b else "low must not be above high",
        lambda u, a, b: a + u * (b - a),
        lambda a, b: (a + b) / 2,
        lambda x, a, b: min(1.0, max(0.0, (x - a) / (b - a))) if b > a else float(a < x),
    ),
    "triangular": _Family(
        ("low", "mode", "high"),
        lambda a, m, b: "" if a <= m <= b else "must be in order low, mode, high",
        _triangular_quantile,
        lambda a, m, b: (a + m + b) / 3,
        _triangular_below,
    ),
    "normal": _Family(
        ("mean", "sd"),
        lambda m, sd: "" if sd > 0 else "sd must be above 0",
        _normal_quantile,
        lambda m, sd: m,
        _normal_below,
    ),
    "lognormal": _Family(
        ("median", "p90"),
        lambda m, p: "" if 0 < m < p else "must be 0 < median < p90",
        _lognormal_quantile,
        lambda m, p: m * math.exp((math.log(p / m) / _Z90) ** 2 / 2),
        _lognormal_below,
    ),
    "beta": _Family(
        ("a", "b"),
        lambda a, b: "" if a > 0 and b > 0 else "a and b must be above 0",
        _beta_quantile,
        lambda a, b: a / (a + b),
        _beta_below,
    ),
    "choice": _Family(
        (),
        lambda *v: "" if v else "needs at least one value",
        _choice_quantile,
        lambda *v: sum(v) / len(v),
        lambda x, *v: sum(value < x for value in v) / len(v),
    ),
}

_NUMBER = re.compile(r"[-+]?(?:\d(?:_?\d)*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")
_CALL = re.compile(r"\s*([a-zA-Z]+)\s*\(([^()]*)\)\s*(.*?)\s*$", re.DOTALL)
_PLAIN = re.compile(rf"\s*({_NUMBER.pattern})\s*(.*?)\s*$", re.DOTALL)
_MAX_TEXT = 200  # an amount is one short phrase; more is a mistake


def _number(text: str) -> float:
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"'{text}' is not a number")
    value = float(text.replace("_", ""))
    if not math.isfinite(value):
        raise ValueError("NaN and infinity are not allowed")
    return value


def _between(p10: float, p90: float) -> tuple[str, tuple[float, ...]]:
    """``between(p10, p90)``: the lognormal through the two where both are positive, else normal."""
    if p10 >= p90:
        raise ValueError("between(p10, p90): p10 must be below p90")
    if p10 > 0:
        return "lognormal", (math.sqrt(p10 * p90), p90)
    return "normal", ((p10 + p90) / 2, (p90 - p10) / (2 * _Z90))


def _split(text: str) -> tuple[str, tuple[float, ...], str]:
    """Family, parameters and unit of an amount's text."""
    if len(text) > _MAX_TEXT:
        raise ValueError("this is too long for an amount")
    call = _CALL.match(text)
    if call:
        name, inside, unit = call.groups()
        arguments = tuple(_number(part) for part in inside.split(",")) if inside.strip() else ()
        if name == "between":
            if len(arguments) != 2:
                raise ValueError("between takes 2 numbers: between(p10, p90)")
            return (*_between(*arguments), unit)
        family = _FAMILIES.get(name)
        if family is None or name == "fixed":
            from ..errors import nearest

            known = sorted([*(set(_FAMILIES) - {"fixed"}), "between"])
            hint = nearest(name, known) or f"known: {', '.join(known)}"
            raise ValueError(f"unknown distribution '{name}'; {hint}")
        form = f"{name}({', '.join(family.names)})"
        if family.names and len(arguments) != len(family.names):
            raise ValueError(f"{name} takes {len(family.names)} numbers: {form}")
        if problem := family.check(*arguments):
            raise ValueError(f"{form}: {problem}")
        return name, arguments, unit
    plain = _PLAIN.match(text)
    if not plain:
        raise ValueError("is neither a number nor a distribution")
    return "fixed", (_number(plain.group(1)),), plain.group(2)


def _scale(dimension: Dimension, unit: str) -> float:
    """Factor from `unit` to the base unit of `dimension`."""
    unit = " ".join(unit.split())
    if dimension is MONEY:
        if not re.fullmatch(r"[A-Z]{3}", unit):
            raise ValueError(f"needs a currency of three capital letters, as in {MONEY.examples}")
        return 1.0
    if unit in dimension.units:
        return dimension.units[unit]
    if not unit:
        raise ValueError(f"needs a unit, as in {dimension.examples}")
    if dimension is NUMBER:
        raise ValueError(f"takes no unit, found '{unit}'")
    allowed = ", ".join(u for u in dimension.units if not u.endswith("s"))
    raise ValueError(f"has the wrong unit '{unit}'; allowed: {allowed}")


def parse_amount(
    written: Any,
    dimension: Dimension,
    low: float = 0.0,
    high: float = math.inf,
    positive: bool = False,
) -> Amount:
    """Parse what stands in a scenario into an `Amount`.

    Parameters
    ----------
    written
        A number, or text such as ``triangular(1, 2, 6) months``.
    dimension
        What it must measure; decides which units are allowed.
    low, high
        Range of the field in the base unit. A fixed value outside it is refused, and so is a
        distribution with more than 1% of its mass outside; less than that is moved to the limit.
    positive
        Whether `low` itself is excluded.

    Raises
    ------
    ValueError
        With a message for people: what is wrong and what is allowed.
    """
    if isinstance(written, Amount):
        return written
    if isinstance(written, bool) or not isinstance(written, (int, float, str)):
        raise ValueError(f"must be {dimension.name}, as in {dimension.examples}")
    text = str(written)
    family, parameters, unit = _split(text)
    scale = _scale(dimension, unit)
    amount = Amount(family, parameters, scale, low, high, " ".join(text.split()), unit)
    base_low, base_high = f"{low / scale:g}", f"{high / scale:g}"
    where = f"at least {base_low}" if math.isinf(high) else f"between {base_low} and {base_high}"
    if amount.fixed:
        value = amount.value
        if math.isnan(value) or not low <= value <= high:
            raise ValueError(f"must be {where}{' ' + unit if unit else ''}, found {text}")
        if positive and value <= low:
            raise ValueError(f"must be above {base_low}{' ' + unit if unit else ''}, found {text}")
        return amount
    bounds = _support(amount)
    if not all(math.isfinite(bound) for bound in bounds):
        tail = amount.below(low) + (0.0 if math.isinf(high) else 1 - amount.below(high))
        if tail > TOLERATED_TAIL:
            raise ValueError(f"must be {where}, but {text} puts {tail:.0%} outside")
    elif bounds[0] < low or bounds[1] > high:
        raise ValueError(f"must be {where}, but {text} reaches outside")
    return amount


def _support(amount: Amount) -> tuple[float, float]:
    """Lowest and highest value that the family can give, in the base unit."""
    if amount.family == "beta":
        return 0.0, amount.scale
    if amount.family in ("normal", "lognormal"):
        return (0.0 if amount.family == "lognormal" else -math.inf), math.inf
    return min(amount.parameters) * amount.scale, max(amount.parameters) * amount.scale


def steps_of(days: Any, step_days: float) -> Any:
    """Whole steps of a duration: ``ceil(days / step_days - 1e-9)``; takes scalars and arrays."""
    steps = np.ceil(np.asarray(days, dtype=np.float64) / step_days - 1e-9)
    return int(steps) if steps.ndim == 0 else steps.astype(np.int32)
