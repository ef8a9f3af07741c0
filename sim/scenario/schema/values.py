"""Amounts, counts, shares and dates as the fields of sections hold them."""

from __future__ import annotations

import datetime
import math
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from sim.scenario.amounts import Amount, parse_amount
from sim.scenario.scalars import clip, show
from sim.scenario.units import DURATION, MONEY, NUMBER, PER_DAY, PER_YEAR, Dimension

MAX_COUNT = 1_000_000_000
"""More soldiers, or replications, than anybody can mean."""

_DISTRIBUTIONS = (
    "uniform(a, b), triangular(low, mode, high), normal(mean, sd), lognormal(median, p90), "
    "beta(a, b), between(p10, p90), choice(a, b, ...)"
)


def amount(
    dimension: Dimension,
    low: float = 0.0,
    high: float = float("inf"),
    positive: bool = False,
    fixed: bool = False,
) -> tuple[BeforeValidator, WithJsonSchema]:
    """Annotate a field that holds an `Amount` (see `parse_amount`)."""

    def check(written: Any) -> Amount:
        parsed = parse_amount(written, dimension, low, high, positive)
        if fixed and not parsed.fixed:
            raise ValueError(f"must be one value, not a distribution, found {clip(parsed.text)}")
        return parsed

    words = [unit for unit in dimension.units if unit and f"{unit}s" not in dimension.units]
    units = f" ({', '.join(words) or 'a currency, as EUR'})" if words or not dimension.units else ""
    limits = f" from {low:g} to {high:g}" if math.isfinite(high) else " above 0" * positive
    form = "" if fixed else f"; one value or a distribution: {_DISTRIBUTIONS}"
    described = {"type": "string", "description": f"{dimension.name}{limits}{units}{form}"}
    return BeforeValidator(check), WithJsonSchema({"anyOf": [{"type": "number"}, described]})


_duration = amount(DURATION)
Duration = Annotated[Amount, _duration[0], _duration[1]]
_fixed = amount(DURATION, fixed=True)
FixedDuration = Annotated[Amount, _fixed[0], _fixed[1]]
_positive = amount(DURATION, positive=True, fixed=True)
PositiveDuration = Annotated[Amount, _positive[0], _positive[1]]
_share = amount(NUMBER, high=1.0)
ShareAmount = Annotated[Amount, _share[0], _share[1]]
_number = amount(NUMBER)
NumberAmount = Annotated[Amount, _number[0], _number[1]]
_yearly = amount(PER_YEAR)
YearlyRate = Annotated[Amount, _yearly[0], _yearly[1]]
_daily = amount(PER_DAY, positive=True)
DailyRate = Annotated[Amount, _daily[0], _daily[1]]
_money = amount(MONEY)
Money = Annotated[Amount, _money[0], _money[1]]

PositiveShare = Annotated[float, Field(gt=0, le=1)]


def whole(written: Any) -> Any:
    """Take 1e4 for 10000: a whole number is a whole number however it is written."""
    if isinstance(written, float) and written.is_integer() and abs(written) < 1e15:
        if 0 < abs(written) < 1000:  # 30.000 is thirty thousand to half of Europe
            count = int(written)
            raise ValueError(
                f"must be a whole number, found {written}; write {count}, or {count}_000"
            )
        return int(written)
    return written


Whole = Annotated[int, BeforeValidator(whole)]
PositiveCount = Annotated[Whole, Field(gt=0, le=MAX_COUNT)]


def parse_date(written: Any) -> datetime.date:
    """Read a date.

    Parameters
    ----------
    written
        ``2026``, ``2026-07`` or ``2026-07-01``; the first day where the rest is left out.

    Returns
    -------
    datetime.date
        From 1900 to 2200.

    Raises
    ------
    ValueError
        If it is no such date.
    """
    if isinstance(written, datetime.date):
        return written
    parts = re.fullmatch(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", str(written))
    if parts and not isinstance(written, bool):
        year, month, day = (int(part or 1) for part in parts.groups())
        if 1900 <= year <= 2200:
            try:
                return datetime.date(year, month, day)
            except ValueError:
                pass
    raise ValueError(f"must be a date as 2026, 2026-07 or 2026-07-01, found {show(written)}")


Date = Annotated[
    datetime.date, BeforeValidator(parse_date), WithJsonSchema({"type": ["string", "integer"]})
]
