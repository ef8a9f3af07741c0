"""The time that is simulated, the force asked for and the tests that it must pass."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from sim.errors import nearest
from sim.scenario.amounts import parse_amount
from sim.scenario.scalars import clip, show, slip
from sim.scenario.schema.base import KEY, Problem, Section, refuse
from sim.scenario.schema.references import CapabilityName, Name
from sim.scenario.schema.values import (
    Date,
    FixedDuration,
    PositiveCount,
    PositiveDuration,
    PositiveShare,
    Whole,
    whole,
)
from sim.scenario.units import DURATION

MAX_SIZES = 200
MAX_FORCE = 10_000_000
MAX_CAPABILITIES = 10
DEFAULT_STEP = parse_amount("1 week", DURATION)


class Time(Section):
    """When the scenario begins, how long it runs and in which steps."""

    start: Date
    """Step 0 begins on this day."""
    step: PositiveDuration = DEFAULT_STEP
    """Length of one step: 1 day to 1 month."""
    horizon: PositiveDuration
    """Length of the simulated time."""


_RANGE = ("from", "to", "step")


def _sizes(written: Any) -> tuple[int, ...]:
    if isinstance(written, tuple):
        return written
    if isinstance(written, Mapping):
        return _range(written)
    items = written if isinstance(written, list) else [written]
    if not 1 <= len(items) <= MAX_SIZES:
        raise ValueError(f"needs 1 to {MAX_SIZES} sizes, found {len(items)}")
    problems: list[Problem] = []
    sizes: list[int] = []
    for place, item in enumerate(items):
        path = (place,) if isinstance(written, list) else ()
        try:
            size = _size(item)
        except ValueError as error:
            problems.append((path, str(error), ""))
            continue
        if size in sizes:
            problems.append((path, f"{size} stands twice", ""))
        sizes.append(size)
    if problems:
        refuse(*problems)
    return tuple(sorted(sizes))


def _range(written: Mapping[str, Any]) -> tuple[int, ...]:
    problems: list[Problem] = []
    numbers: dict[str, int] = {}
    unknown = [key for key in written if key not in _RANGE]
    for key in unknown:
        hint = nearest(key, _RANGE) or f"allowed: {', '.join(_RANGE)}"
        problems.append(((key, KEY), f"unknown key {clip(key)}", hint))
    for key in _RANGE:
        if key in written:
            try:
                numbers[key] = _size(written[key])
            except ValueError as error:
                problems.append(((key,), str(error), ""))
        elif not any(nearest(other, [key]) for other in unknown):
            problems.append(((), f"needs '{key}'", "as in {from: a, to: b, step: c}"))
    if problems:
        refuse(*problems)
    first, last, step = (numbers[key] for key in _RANGE)
    if last < first:
        refuse((("to",), f"must not be below 'from' ({first}), found {last}", ""))
    if (count := (last - first) // step + 1) > MAX_SIZES:
        refuse(((), f"gives {count:,} sizes, at most {MAX_SIZES} are allowed", "take longer steps"))
    return tuple(range(first, last + 1, step))


def _size(written: Any) -> int:
    count = whole(written)
    if isinstance(count, bool) or not isinstance(count, int):
        hint = slip(written)
        message = f"must be a whole number of soldiers, found {show(written)}"
        raise ValueError(f"{message}; {hint}" if hint else message)
    if not 1 <= count <= MAX_FORCE:
        raise ValueError(f"must be from 1 to {MAX_FORCE:,} soldiers, found {count}")
    return count


Sizes = Annotated[
    tuple[int, ...],
    BeforeValidator(_sizes),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1},
                {"type": "array", "items": {"type": "integer", "minimum": 1}},
                {
                    "type": "object",
                    "properties": {key: {"type": "integer", "minimum": 1} for key in _RANGE},
                    "required": list(_RANGE),
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


def _phases(written: Any) -> tuple[tuple[float, float], ...]:
    if isinstance(written, tuple):
        return written
    form = "as in {0 months: 0.3, 6 months: 1.0}, the share asked for from then on"
    if not isinstance(written, Mapping) or not written:
        raise ValueError(f"must be a mapping {form}; found {show(written)}")
    problems: list[Problem] = []
    phases: dict[float, float] = {}
    for moment, share in written.items():
        try:
            days = parse_amount(moment, DURATION)
            if not days.fixed:
                raise ValueError(f"must be one moment, not a distribution, found {moment}")
            if days.value in phases:
                raise ValueError(f"a phase begins at {moment} already")
            phases[days.value] = 0.0
        except ValueError as error:
            problems.append(((moment, KEY), str(error), ""))
            continue
        if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share <= 1:
            message = f"must be a share from 0 to 1, found {show(share)}"
            problems.append(((moment,), message, slip(share)))
            continue
        phases[days.value] = float(share)
    if not problems and min(phases) > 0:
        problems.append(((), "the first phase must begin at '0 months'", form))
    if not problems and max(phases.values()) <= 0:
        problems.append(((), "at least one phase must ask for soldiers", ""))
    if problems:
        refuse(*problems)
    return tuple(sorted(phases.items()))


Phases = Annotated[
    tuple[tuple[float, float], ...],
    BeforeValidator(_phases),
    WithJsonSchema({"type": "object", "additionalProperties": {"type": "number"}}),
]


def _shares_add_up(shares: dict[str, float]) -> dict[str, float]:
    if not 1 <= len(shares) <= MAX_CAPABILITIES:
        raise ValueError(f"needs 1 to {MAX_CAPABILITIES} capabilities, found {len(shares)}")
    total = math.fsum(shares.values())
    if abs(total - 1) > 1e-6:
        raise ValueError(f"shares add up to {total:.6g}, not 1")
    return shares


Capabilities = Annotated[dict[Name, PositiveShare], AfterValidator(_shares_add_up)]
Rate = Annotated[float, Field(gt=0, le=100)]


class Force(Section):
    """The force that is asked for; a mandate may give its own."""

    sizes: Sizes | None = None
    """Soldiers: a list, one number, or {from, to, step}."""
    capabilities: Capabilities | None = None
    """Share of the force that each capability makes up; adds up to 1."""
    phases: Phases = ((0.0, 1.0),)
    """Share of the force asked for, by time since the authorisation (default all of it at once)."""
    substitutes: dict[CapabilityName, dict[CapabilityName, Rate]] = Field(default_factory=dict)
    """{fires: {manoeuvre: 1.5}}: 1.5 soldiers of manoeuvre stand in for one of fires."""


class Within(Section):
    """A deadline."""

    within: FixedDuration
    """At the latest."""


class Full(Within):
    """Full capability: the fill, in every capability, by a deadline."""


class Initial(Section):
    """Initial capability: a share of the force by a deadline."""

    share: PositiveShare
    """Share of the force, in every capability."""
    within: FixedDuration
    """At the latest."""


class Hold(Section):
    """How long, and for which share of the time, the force must be held."""

    for_: Annotated[PositiveDuration, Field(alias="for")]
    """Time after the deadline of full capability."""
    share_of_time: PositiveShare = 1.0
    """The force must be filled for this share of it."""


class FeasibleWhen(Section):
    """What "feasible" means in this scenario; a mandate may give its own."""

    fill: PositiveShare = 0.9
    """Lowest fill, in every capability, that counts as filled."""
    authorised: Within | None = None
    """The authorisation must come within this time (default: the horizon)."""
    initial: Initial | None = None
    """Initial capability (default: not asked)."""
    full: Full | None = None
    """Full capability: fill in every capability by then."""
    counted_from: Literal["authorisation", "start"] = "authorisation"
    """Where the clocks of initial and full capability begin."""
    hold: Hold | None = None
    """How long the force must be held after the deadline of full capability."""
    longest_gap: FixedDuration | None = None
    """A shortfall that lasts longer breaks the hold (default: no such limit)."""
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.80
    """Probability from which on the verdict says "feasible"."""
    given: Literal["authorisation", "nothing"] = "authorisation"
    """Whether the verdict is about P(feasible) if authorised, or outright."""


class Run(Section):
    """Defaults of a run."""

    replications: PositiveCount = 10_000
    """Futures to simulate."""
    seed: Annotated[Whole, Field(ge=0, lt=2**63)] = 0
    """Same seed, same futures (default: drawn and recorded)."""
