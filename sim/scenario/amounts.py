"""Amounts: a number or a distribution, with its unit, as an analyst writes it.

``triangular(1, 2, 6) months`` is parsed by a small grammar (never by ``eval``), turned into the
base unit of its dimension.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.errors import nearest
from sim.scenario.distributions import FAMILIES, Floats, between
from sim.scenario.scalars import clip, show, slip
from sim.scenario.units import MONEY, NUMBER, Dimension

# What little of a distribution may lie outside the range of its field, to be moved to the limit.
TOLERATED_TAIL = 0.01
_NEVER = 1e-12  # as rare as this, a value is never drawn


@dataclass(frozen=True, slots=True)
class Amount:
    """A number or a distribution in the base unit of its dimension.

    Attributes
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
        """The value of a fixed amount, in the base unit; ValueError if it is a distribution."""
        if not self.fixed:
            raise ValueError(f"{self.text} is a distribution, not one value")
        return self.parameters[0] * self.scale

    def quantile(self, u: Floats) -> Floats:
        """Invert the distribution function.

        Parameters
        ----------
        u
            Probabilities in (0, 1), of any shape.

        Returns
        -------
        ndarray of float64
            Values in the base unit, of the same shape; none outside the field's range.
        """
        raw = FAMILIES[self.family].quantile(u, *self.parameters) * self.scale
        return np.clip(raw, self.low, self.high)

    def mean(self) -> float:
        """Return the mean in the base unit, as written: before anything is moved to the limits."""
        return FAMILIES[self.family].mean(*self.parameters) * self.scale

    def below(self, x: float) -> float:
        """Return the probability of a value below `x` (base unit), as written."""
        return FAMILIES[self.family].below(x / self.scale, *self.parameters)

    def __str__(self) -> str:
        return self.text


_NUMBER = re.compile(r"[-+]?(?:(?:0|[1-9](?:_?[0-9])*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_CALL = re.compile(r"([^\W\d_]\w*)\s*\((.*)\)\s*([^()]*)", re.DOTALL)
_PLAIN = re.compile(rf"({_NUMBER.pattern})\s*([^\W\d_].*)?", re.DOTALL)
_KNOWN = ("uniform", "triangular", "normal", "lognormal", "beta", "between", "choice")

MAX_TEXT = 200
"""Characters of an amount: it is one short phrase, and more is a mistake."""
MAX_NUMBER = 1e15
"""No figure of a scenario is larger, and nothing overflows below it."""


def _number(text: str) -> float:
    text = text.strip()
    if text.lower().lstrip("+-.") in ("nan", "inf", "infinity"):
        raise ValueError(f"NaN and infinity are not allowed, found {clip(text)}")
    if not _NUMBER.fullmatch(text):
        raise ValueError(_advised(f"{clip(text)} is not a number", slip(text)))
    value = float(text.replace("_", ""))
    if abs(value) > MAX_NUMBER:
        raise ValueError(f"{clip(text)} is too large")
    return value


def _advised(message: str, hint: str) -> str:
    return f"{message}; {hint}" if hint else message


def _distribution(name: str, inside: str, text: str) -> tuple[str, tuple[float, ...]]:
    """Family and parameters of ``name(inside)``."""
    if name not in _KNOWN:
        hint = nearest(name.lower(), _KNOWN) or f"known: {', '.join(_KNOWN)}"
        raise ValueError(f"unknown distribution {clip(name)}; {hint}")
    arguments = tuple(_number(part) for part in inside.split(",")) if inside.strip() else ()
    names = ("p10", "p90") if name == "between" else FAMILIES[name].names
    form = f"{name}({', '.join(names) or 'a, b, ...'})"
    if names and len(arguments) != len(names):
        raise ValueError(f"{form} takes {len(names)} numbers, found {len(arguments)}")
    if name == "between":
        if arguments[0] >= arguments[1]:
            raise ValueError(f"{form}: p10 must be below p90, found {clip(text)}")
        name, arguments = between(*arguments)
    if problem := FAMILIES[name].check(*arguments):
        raise ValueError(f"{form}: {problem}, found {clip(text)}")
    return name, arguments


def _split(text: str) -> tuple[str, tuple[float, ...], str]:
    """Family, parameters and unit of an amount's text."""
    if call := _CALL.fullmatch(text):
        name, inside, unit = call.groups()
        return (*_distribution(name, inside, text), unit)
    if plain := _PLAIN.fullmatch(text):
        return "fixed", (_number(plain[1]),), plain[2] or ""
    hint = slip(text)
    if text.count("(") != text.count(")"):
        hint = "a parenthesis is missing"
    raise ValueError(_advised(f"{clip(text)} is neither a number nor a distribution", hint))


def _scale(dimension: Dimension, unit: str, text: str) -> float:
    """Factor from `unit` to the base unit of `dimension`."""
    if dimension is MONEY:
        if not re.fullmatch(r"[A-Z]{3}", unit):
            needs = "needs a currency of three capital letters"
            raise ValueError(f"{needs}, as in {dimension.example}; found {text}")
        return 1.0
    if unit in dimension.units:
        return dimension.units[unit]
    if dimension is NUMBER:
        raise ValueError(f"must be a number without a unit, found {text}")
    words = [word for word in dimension.units if word.endswith("s")] or list(dimension.units)
    allowed = f"allowed: {', '.join(words)}"
    if not unit:
        raise ValueError(f"needs a unit, found {text}; {allowed}")
    hint = nearest(unit, words) or allowed
    raise ValueError(f"{clip(unit)} is no unit of {dimension.name}, found {text}; {hint}")


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
        distribution that reaches outside; only of the endless ones may up to `TOLERATED_TAIL` of
        the mass lie there, to be moved to the limit.
    positive
        Whether `low` itself is excluded, even as a rare value.

    Returns
    -------
    Amount
        In the base unit of `dimension`.

    Raises
    ------
    ValueError
        With a message for people: what is wrong, what was found and what is allowed.
    """
    if isinstance(written, Amount):
        return written
    if isinstance(written, bool) or not isinstance(written, (int, float, str)):
        raise ValueError(
            f"must be {dimension.name}, as in {dimension.example}; found {show(written)}"
        )
    text = " ".join(str(written).split())
    if len(text) > MAX_TEXT:
        raise ValueError(f"is too long for an amount, found {clip(text)}")
    family, parameters, unit = _split(text)
    amount = Amount(family, parameters, _scale(dimension, unit, text), low, high, text, unit)
    if problem := _outside(amount, positive):
        raise ValueError(problem)
    return amount


def _outside(amount: Amount, positive: bool) -> str:
    """Tell in which way an amount leaves the range of its field."""
    low, high = amount.low / amount.scale, amount.high / amount.scale
    unit = f" {amount.unit}" if amount.unit else ""
    if positive:
        where = f"above {low:g}" if math.isinf(high) else f"above {low:g} and at most {high:g}"
    else:
        where = f"at least {low:g}" if math.isinf(high) else f"from {low:g} to {high:g}"
    least, most = _support(amount)
    if math.isfinite(least) and math.isfinite(most):
        inside = amount.low <= least and most <= amount.high
        if positive and inside:  # the limit itself: one value of a choice, or a width of nothing
            values = amount.parameters if amount.family in ("fixed", "choice") else ()
            inside = most > amount.low and all(value > low for value in values)
        return "" if inside else f"must be {where}{unit}, found {amount.text}"
    tail = amount.below(amount.low) + (
        0.0 if math.isinf(amount.high) else 1 - amount.below(amount.high)
    )
    if tail <= (_NEVER if positive else TOLERATED_TAIL):
        return ""
    share = f"{tail:.2g}" if tail < 0.01 else f"{tail:.0%}"
    return f"must be {where}{unit}, but {amount.text} puts {share} of its mass outside"


def _support(amount: Amount) -> tuple[float, float]:
    """Lowest and highest value that the family can give, in the base unit."""
    if amount.family == "beta":
        return 0.0, amount.scale
    if amount.family in ("normal", "lognormal"):
        return (0.0 if amount.family == "lognormal" else -math.inf), math.inf
    return min(amount.parameters) * amount.scale, max(amount.parameters) * amount.scale


def steps_of(days: Any, step_days: float) -> Any:
    """Turn a duration into whole steps: ``ceil(days / step_days - 1e-9)``.

    Parameters
    ----------
    days
        Days, a scalar or an array of any shape.
    step_days
        Days of one step.

    Returns
    -------
    int or ndarray of int32
        As `days`: an int for a scalar, an array of the same shape for an array.
    """
    steps = np.ceil(np.asarray(days, dtype=np.float64) / step_days - 1e-9)
    return int(steps) if steps.ndim == 0 else steps.astype(np.int32)
