"""The force asked for, the tests it must pass, and the rotation policy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from sim.scenario.amounts import DAYS_PER_MONTH, DURATION, NUMBER, parse_amount
from sim.scenario.schema.base import (
    Date,
    FixedDuration,
    Name,
    PositiveDuration,
    PositiveShare,
    Section,
    refuse,
)

MAX_SIZES = 200
MAX_FORCE = 10_000_000
MAX_CAPABILITIES = 10


class Time(Section):
    """When the scenario begins, how long it runs and in which steps."""

    start: Date
    """Step 0 begins on this day."""
    step: PositiveDuration = parse_amount("1 week", DURATION)
    """Length of one step: 1 day to 1 month."""
    horizon: PositiveDuration
    """Length of the simulated time."""

    @model_validator(mode="after")
    def _in_range(self) -> Time:
        if not 1 <= self.step.value <= DAYS_PER_MONTH + 1e-9:
            refuse((("step",), f"must be from 1 day to 1 month, found {self.step}", ""))
        if self.horizon.value < self.step.value:
            refuse((("horizon",), "must be at least one step", ""))
        if self.horizon.value > 50 * 365.25:
            refuse((("horizon",), f"must be at most 50 years, found {self.horizon}", ""))
        return self


def _sizes(written: Any) -> tuple[int, ...]:
    if isinstance(written, tuple):
        return written
    if isinstance(written, Mapping):
        keys = ("from", "to", "step")
        unknown = [key for key in written if key not in keys]
        missing = [key for key in keys if key not in written]
        if unknown or missing:
            raise ValueError("must be {from: a, to: b, step: c}, a list, or one number")
        first, last, step = (_size(written[key]) for key in keys)
        if last < first:
            raise ValueError(f"'to' must not be below 'from', found {first} to {last}")
        if (last - first) // step >= MAX_SIZES:
            raise ValueError(f"at most {MAX_SIZES} sizes")
        return tuple(range(first, last + 1, step))
    values = tuple(_size(item) for item in (written if isinstance(written, list) else [written]))
    if not values or len(values) > MAX_SIZES:
        raise ValueError(f"needs 1 to {MAX_SIZES} sizes")
    if len(set(values)) < len(values):
        raise ValueError("a size stands twice")
    return tuple(sorted(values))


def _size(written: Any) -> int:
    whole = isinstance(written, int) or (isinstance(written, float) and written.is_integer())
    if isinstance(written, bool) or not whole or not 1 <= written <= MAX_FORCE:
        raise ValueError(f"must be whole soldiers from 1 to {MAX_FORCE:,}, found {written!r}")
    return int(written)


Sizes = Annotated[
    tuple[int, ...],
    BeforeValidator(_sizes),
    WithJsonSchema({"type": ["integer", "array", "object"]}),
]


def _phases(written: Any) -> tuple[tuple[float, float], ...]:
    if isinstance(written, tuple):
        return written
    if not isinstance(written, Mapping) or not written:
        raise ValueError("must be {0 months: 0.3, 6 months: 1.0}: the share asked for from then on")
    phases = []
    for moment, share in written.items():
        days = parse_amount(moment, DURATION)
        if not days.fixed:
            raise ValueError(f"'{moment}' must be one moment, not a distribution")
        level = parse_amount(share, NUMBER, high=1.0)
        if not level.fixed:
            raise ValueError(f"the share from {moment} on must be one number")
        phases.append((days.value, level.value))
    phases.sort()
    if phases[0][0] != 0:
        raise ValueError("the first phase must begin at '0 months'")
    if len({moment for moment, _ in phases}) < len(phases):
        raise ValueError("two phases begin at the same moment")
    if max(share for _, share in phases) <= 0:
        raise ValueError("at least one phase must ask for soldiers")
    return tuple(phases)


Phases = Annotated[
    tuple[tuple[float, float], ...],
    BeforeValidator(_phases),
    WithJsonSchema({"type": "object", "additionalProperties": {"type": "number"}}),
]


def _shares_add_up(shares: Any) -> Any:
    if isinstance(shares, Mapping):
        if not 1 <= len(shares) <= MAX_CAPABILITIES:
            raise ValueError(f"needs 1 to {MAX_CAPABILITIES} capabilities")
        values = [v for v in shares.values() if isinstance(v, (int, float))]
        if len(values) == len(shares) and all(0 <= v <= 1 for v in values):
            total = sum(values)
            if abs(total - 1) > 1e-6:
                raise ValueError(f"shares add up to {total:.6g}, not 1")
    return shares


Capabilities = Annotated[dict[Name, PositiveShare], BeforeValidator(_shares_add_up)]


class Force(Section):
    """The force that is asked for; a mandate may give its own."""

    sizes: Sizes | None = None
    """Soldiers: a list, one number, or {from, to, step}."""
    capabilities: Capabilities | None = None
    """Share of the force that each capability makes up; adds up to 1."""
    phases: Phases = ((0.0, 1.0),)
    """Share of the force asked for, by time since the authorisation."""
    substitutes: dict[str, dict[str, Annotated[float, Field(gt=0, le=100)]]] = {}
    """{fires: {manoeuvre: 1.5}}: 1.5 soldiers of manoeuvre stand in for one of fires."""


class Within(Section):
    """A deadline."""

    within: FixedDuration


class Initial(Section):
    """Initial capability: a share of the force by a deadline."""

    share: PositiveShare
    within: FixedDuration


class Hold(Section):
    """How long, and for which share of the time, the force must be held."""

    for_: Annotated[PositiveDuration, Field(alias="for")]
    share_of_time: PositiveShare = 1.0


class FeasibleWhen(Section):
    """What "feasible" means in this scenario; a mandate may give its own."""

    fill: PositiveShare = 0.9
    """Lowest fill, in every capability, that counts as filled."""
    authorised: Within | None = None
    """The authorisation must come within this time (default: the horizon)."""
    initial: Initial | None = None
    """Initial capability (default: not asked)."""
    full: Within | None = None
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


class Rest(Section):
    """Time at home between two tours."""

    goal: FixedDuration | None = None
    """Home for so long (and mobilisation), a unit is rested."""
    least: FixedDuration | None = None
    """Home for so long, a unit may be sent in a surge; such a send is a breach of rest."""


class Cycle(Section):
    """A readiness cycle: a unit can be sent only inside its window."""

    length: PositiveDuration
    ready_from: FixedDuration
    ready_until: FixedDuration

    @model_validator(mode="after")
    def _in_order(self) -> Cycle:
        if not self.ready_from.value < self.ready_until.value <= self.length.value:
            refuse(((), "must be in order: ready_from < ready_until <= length", ""))
        return self


_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_MONTHS = {
    **{word: number for number, word in enumerate(_WORDS, start=1)},
    **{"twelve": 12, "fifteen": 15, "eighteen": 18},
}


def parse_policy(text: str) -> tuple[float, float]:
    """Tour and rest goal in days of a preset such as ``1:4 six-month``."""
    parts = re.fullmatch(r"1:(\d+(?:\.\d+)?) (\w+)-month", text.strip())
    months = _MONTHS.get(parts[2]) or (int(parts[2]) if parts[2].isdigit() else 0) if parts else 0
    if not parts or not months:
        raise ValueError(f"must be a policy as '1:4 six-month' or '1:2 12-month', found '{text}'")
    tour = months * DAYS_PER_MONTH
    return tour, tour * float(parts[1])


def _policy(text: Any) -> str:
    if not isinstance(text, str):
        raise ValueError("must be a policy as '1:4 six-month'")
    parse_policy(text)
    return text


class RotationPolicy(Section):
    """Rotation keys; a force's value wins over its contributor's, and that over `rotation`'s."""

    policy: Annotated[str, BeforeValidator(_policy)] | None = None
    """Tour and rest goal by name: "1:4 six-month" is a six-month tour and four times that rest."""
    tour: PositiveDuration | None = None
    """Time in the theatre (default 6 months)."""
    rest: Rest | None = None
    """Time at home between tours (default goal 18 months; least: the goal)."""
    handover: FixedDuration | None = None
    """Overlap with the relief, at the end of the tour (default none)."""
    mobilisation: FixedDuration | None = None
    """Training inside the cycle before a unit is rested again: reserves (default none)."""
    demobilisation: FixedDuration | None = None
    """Time after the return before rest begins to count (default none)."""
    cycle: Cycle | None = None
    """A readiness cycle in place of rest goal and least."""
    at_start: Literal["spread", "rested"] | None = None
    """Where units stand in their cycle at step 0 (default spread)."""

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> RotationPolicy:
        goal = self.rest is not None and self.rest.goal is not None
        if self.policy and (self.tour or goal):
            refuse((("policy",), "says tour and rest goal: leave those out, or the policy", ""))
        if self.cycle and (goal or self.policy):
            refuse((("cycle",), "takes the place of a rest goal: leave one of them out", ""))
        if self.tour and self.handover and self.handover.value >= self.tour.value:
            refuse((("handover",), "must be shorter than the tour", ""))
        if self.rest and self.rest.goal and self.rest.least:
            if self.rest.least.value > self.rest.goal.value:
                refuse((("rest", "least"), "must not be longer than the goal", ""))
        return self


class Rotation(RotationPolicy):
    """How units are chosen and relieved, for every contributor that does not say otherwise."""

    surge: bool = False
    """Whether units beyond the sustainable level, and units short of their rest, may be sent."""
    burden_sharing: Literal["priority", "proportional"] = "priority"
    """Pools in order of priority, or in proportion to what each has ready."""


class Run(Section):
    """Defaults of a run."""

    replications: Annotated[int, Field(ge=1, le=1_000_000_000)] = 10_000
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
