"""What amounts measure, and the units in which they are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DAYS_PER_YEAR = 365.25
DAYS_PER_MONTH = DAYS_PER_YEAR / 12

_PERIODS = {"day": 1.0, "week": 7.0, "month": DAYS_PER_MONTH, "year": DAYS_PER_YEAR}


@dataclass(frozen=True, slots=True)
class Dimension:
    """What an amount measures.

    Attributes
    ----------
    name
        In words, with its article.
    units
        Those accepted, with their factor to the base unit; none at all stands for any currency.
    example
        One as it is written.
    """

    name: str
    units: Mapping[str, float]
    example: str


def _durations() -> dict[str, float]:
    return {word: days for name, days in _PERIODS.items() for word in (name, name + "s")}


def _rates(base: float) -> dict[str, float]:
    return {f"per {name}": base / days for name, days in _PERIODS.items()}


NUMBER = Dimension("a number", {"": 1.0}, "3 or uniform(1, 4)")
DURATION = Dimension("a duration", _durations(), "6 months or triangular(1, 2, 6) months")
PER_DAY = Dimension("a rate", _rates(1.0), "420 per day")
PER_YEAR = Dimension("a rate", _rates(DAYS_PER_YEAR), "0.4 per year")
LENGTH = Dimension("a length", {"km": 1.0}, "1_100 km")
AREA = Dimension("an area", {"km2": 1.0}, "11_000 km2")
PER_LENGTH = Dimension("a density", {"per km": 1.0}, "13.6 per km")
PER_AREA = Dimension("a density", {"per km2": 1.0}, "1.4 per km2")
PER_THOUSAND = Dimension("a ratio", {"per 1000": 1e-3}, "uniform(1, 4) per 1000")
MONEY = Dimension("an amount of money", {}, "9000 EUR")  # the unit is any currency code
