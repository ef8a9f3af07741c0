"""Contributors: who could send what, under which mandate, by which way."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from sim.scenario.amounts import Amount
from sim.scenario.scalars import show
from sim.scenario.schema.base import KEY, AsTuple, Problem, Section, SourceList, Territory, refuse
from sim.scenario.schema.conditional import Probability
from sim.scenario.schema.policy import RotationPolicy
from sim.scenario.schema.references import (
    CapabilityName,
    ConditionName,
    CorridorName,
    Name,
    StanceName,
)
from sim.scenario.schema.values import (
    DailyRate,
    Duration,
    NumberAmount,
    PositiveCount,
    PositiveDuration,
    ShareAmount,
    Whole,
    YearlyRate,
    parse_date,
    whole,
)

MAX_UNITS = 10_000
Priority = Annotated[Whole, Field(ge=0, le=1_000_000)]


def _units(written: Any) -> Any:
    """Normalise whole units or {date: units} to ((date, units), ...) in order of date."""
    if isinstance(written, tuple):
        return written
    if not isinstance(written, Mapping):
        return ((None, _unit_count(written)),)
    if not written:
        raise ValueError("needs at least one date, as in {2026: 6, 2029-07: 8}")
    problems: list[Problem] = []
    dated: dict[datetime.date, int] = {}
    for text, count in written.items():
        try:
            date = parse_date(text)
            if date in dated:
                raise ValueError(f"the date {date} stands twice")
            dated[date] = 0
        except ValueError as error:
            problems.append(((text, KEY), str(error), ""))
            continue
        try:
            dated[date] = _unit_count(count)
        except ValueError as error:
            problems.append(((text,), str(error), ""))
    if problems:
        refuse(*problems)
    return tuple(sorted(dated.items()))


def _unit_count(written: Any) -> int:
    count = whole(written)
    if isinstance(count, bool) or not isinstance(count, int):
        raise ValueError(
            f"must be whole units, or a mapping as {{2026: 6, 2029-07: 8}}; found {show(written)}"
        )
    if not 0 <= count <= MAX_UNITS:
        raise ValueError(f"must be from 0 to {MAX_UNITS:,} units, found {count}")
    return count


_WHOLE_UNITS = {"type": "integer", "minimum": 0, "maximum": MAX_UNITS}
Units = Annotated[
    Any,
    BeforeValidator(_units),
    WithJsonSchema(
        {"anyOf": [_WHOLE_UNITS, {"type": "object", "additionalProperties": _WHOLE_UNITS}]}
    ),
]


def _kept_back(written: Any) -> int | float:
    if isinstance(written, bool) or not isinstance(written, (int, float)) or written < 0:
        raise ValueError(f"must be units (2) or a share of them (0.3), found {show(written)}")
    if isinstance(written, float) and written > 1:
        raise ValueError(f"a share must be from 0 to 1, found {written:g}; units are whole numbers")
    return written


KeptBack = Annotated[
    Any, BeforeValidator(_kept_back), WithJsonSchema({"type": "number", "minimum": 0})
]


class ForceElement(RotationPolicy):
    """Units of one capability that a contributor has: a pool."""

    capability: Name
    """What the units are for."""
    units: Units
    """Whole units, or {date: units} for growth and cuts; before the first date there are none."""
    strength: Annotated[Whole, Field(gt=0, le=100_000)]
    """Soldiers of one unit."""
    available: ShareAmount | None = None
    """A number: each unit is available with this probability; a distribution: the share that is."""
    notice: Duration | None = None
    """From the contributor's decision to the first unit's readiness to move (default none)."""
    kept_back: KeptBack = 0
    """Never sent: units (2) or a share of them (0.3)."""
    corridor: CorridorName | None = None
    """Which way the units come (default: the contributor's)."""
    priority: Priority | None = None
    """Order in which pools are asked, lowest first (default: the contributor's)."""


class Participation(Section):
    """A contributor's stance towards a mandate or a kind of mandate."""

    probability: Probability
    """That it takes part if the mandate is authorised."""
    delay: Duration | None = None
    """From the authorisation to its own decision, such as a vote in parliament (default none)."""
    at_most: NumberAmount | None = None
    """Most soldiers that it will have in the theatre at once (default: no cap)."""
    delivered: ShareAmount | None = None
    """Share of what was pledged that really comes (default all of it)."""
    requires: Annotated[tuple[ConditionName, ...], AsTuple] = ()
    """Conditions without which it does not take part."""
    excludes: Annotated[tuple[CapabilityName, ...], AsTuple] = ()
    """Caveats: capabilities that it does not offer under this mandate."""
    serves: Territory | None = None
    """Where its units serve (default: as the contributor says)."""
    sources: SourceList = ()


class Contributor(RotationPolicy):
    """A nation, or whoever else sends units."""

    army: PositiveCount | None = None
    """Land forces; the burden is measured against it."""
    priority: Priority = 1
    """Order in which contributors are asked, lowest first."""
    corridor: CorridorName | None = None
    """Which way its units come (default: unlimited)."""
    serves: Territory = "inside"
    """Whether its units serve inside the host country or in its neighbours."""
    excludes: Annotated[tuple[CapabilityName, ...], AsTuple] = ()
    """Caveats: capabilities that it never offers."""
    withdrawal_hazard_ratio: Annotated[float, Field(ge=0, le=100)] = 1.0
    """Its hazard of withdrawal, as a multiple of the one that the conflict's state gives."""
    forces: Annotated[tuple[ForceElement, ...], AsTuple] = ()
    participation: dict[StanceName, Participation] = Field(default_factory=dict)
    """By the mandate's name or, failing that, its kind."""
    sources: SourceList = ()


class Disruption(Section):
    """Two-state disruption of a corridor."""

    rate: YearlyRate
    """How often it is disrupted while it is open."""
    lasts: PositiveDuration
    """Mean length of a disruption."""
    remaining: ShareAmount
    """Share of the capacity that remains meanwhile."""


class Corridor(Section):
    """A way into the theatre."""

    capacity: DailyRate | None = None
    """Soldiers with their equipment per day (default: unlimited)."""
    disruption: Disruption | None = None
    sources: SourceList = ()


def availability(element: ForceElement) -> Amount | float:
    """Say how many of a pool's units are available.

    Parameters
    ----------
    element
        The pool.

    Returns
    -------
    float or Amount
        The probability of each unit, or the distribution of the share that is available.
    """
    if element.available is None:
        return 1.0
    return element.available.value if element.available.fixed else element.available
