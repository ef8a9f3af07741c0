"""Contributors: who could send what, under which mandate, by which way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from sim.scenario.amounts import Amount
from sim.scenario.schema.base import (
    AsTuple,
    ConditionName,
    CorridorName,
    DailyRate,
    Duration,
    Name,
    NumberAmount,
    PositiveCount,
    PositiveDuration,
    Probability,
    Section,
    ShareAmount,
    SourceList,
    Territory,
    YearlyRate,
    parse_date,
    refuse,
)
from sim.scenario.schema.force import RotationPolicy

MAX_UNITS = 10_000
Priority = Annotated[int, Field(ge=0, le=1_000_000)]


def _units(written: Any) -> Any:
    """Whole units, or {date: units}: normalised to ((date, units), ...) in order of date."""
    if isinstance(written, tuple):
        return written
    if not isinstance(written, Mapping):
        return ((None, _unit_count(written)),)
    if not written:
        raise ValueError("needs at least one date, as in {2026: 6, 2029-07: 8}")
    dated = sorted((parse_date(date), _unit_count(count)) for date, count in written.items())
    if len({date for date, _ in dated}) < len(dated):
        raise ValueError("a date stands twice")
    return tuple(dated)


def _unit_count(written: Any) -> int:
    whole = isinstance(written, int) or (isinstance(written, float) and written.is_integer())
    if isinstance(written, bool) or not whole or not 0 <= written <= MAX_UNITS:
        raise ValueError(f"must be whole units from 0 to {MAX_UNITS:,}, found {written!r}")
    return int(written)


Units = Annotated[
    Any, BeforeValidator(_units), WithJsonSchema({"type": ["integer", "object"], "minimum": 0})
]


def _kept_back(written: Any) -> int | float:
    if isinstance(written, bool) or not isinstance(written, (int, float)) or written < 0:
        raise ValueError(f"must be units (2) or a share (0.3), found {written!r}")
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
    strength: Annotated[int, Field(gt=0, le=100_000)]
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
    excludes: Annotated[tuple[Name, ...], AsTuple] = ()
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
    excludes: Annotated[tuple[Name, ...], AsTuple] = ()
    """Caveats: capabilities that it never offers."""
    withdrawal_hazard_ratio: Annotated[float, Field(ge=0, le=100)] = 1.0
    """Its hazard of withdrawal, as a multiple of the one that the conflict's state gives."""
    forces: Annotated[tuple[ForceElement, ...], AsTuple] = ()
    participation: dict[str, Participation] = {}
    """By the mandate's name or, failing that, its kind."""
    sources: SourceList = ()

    @model_validator(mode="after")
    def _stances_answer_something(self) -> Contributor:
        for name in self.participation:
            if re.search(r"[.\x00-\x1f]", name):
                refuse((("participation", name), "is no name of a mandate or a kind", ""))
        return self


class Disruption(Section):
    """Two-state disruption of a corridor."""

    rate: YearlyRate
    """Disruptions per year while it is open."""
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

    @model_validator(mode="after")
    def _disruption_needs_capacity(self) -> Corridor:
        if self.disruption and self.capacity is None:
            refuse((("disruption",), "needs a capacity that it can reduce", ""))
        return self


def availability(element: ForceElement) -> Amount | float:
    """Probability per unit (a float), or the distribution of the available share."""
    if element.available is None:
        return 1.0
    return element.available.value if element.available.fixed else element.available
