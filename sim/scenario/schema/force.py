"""The force asked for, the tests it must pass, and the rotation policy."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from sim.errors import nearest
from sim.scenario.amounts import DAYS_PER_MONTH, DURATION, parse_amount
from sim.scenario.scalars import clip, show, slip
from sim.scenario.schema.base import (
    KEY,
    CapabilityName,
    Date,
    FixedDuration,
    Name,
    PositiveCount,
    PositiveDuration,
    PositiveShare,
    Problem,
    Section,
    Whole,
    refuse,
    whole,
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
    """Share of the force asked for, by time since the authorisation."""
    substitutes: dict[CapabilityName, dict[CapabilityName, Rate]] = Field(default_factory=dict)
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
            found = f"found {self.ready_from}, {self.ready_until} and {self.length}"
            refuse(((), f"must be in order ready_from < ready_until <= length, {found}", ""))
        return self


_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_MONTHS = {
    **{word: number for number, word in enumerate(_WORDS, start=1)},
    **{"twelve": 12, "fifteen": 15, "eighteen": 18},
}


def parse_policy(text: str) -> tuple[float, float]:
    """Read a rotation policy by its name.

    Parameters
    ----------
    text
        A preset such as ``1:4 six-month``: one part away and four at home, six months at a time.

    Returns
    -------
    tuple of float
        Tour and rest goal in days.

    Raises
    ------
    ValueError
        If it names no policy.
    """
    parts = re.fullmatch(r"1:([0-9]{1,2}(?:\.[0-9]+)?) (\w{1,9})-month", text.strip(), re.ASCII)
    months = _MONTHS.get(parts[2]) or (int(parts[2]) if parts[2].isdigit() else 0) if parts else 0
    if not parts or not 1 <= months <= 36:
        raise ValueError(
            f"must be a policy as '1:4 six-month' or '1:2 12-month', found {clip(text)}"
        )
    tour = months * DAYS_PER_MONTH
    return tour, tour * float(parts[1])


def _policy(text: Any) -> str:
    if not isinstance(text, str):
        raise ValueError(f"must be a policy as '1:4 six-month', found {show(text)}")
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

    def contradictions(self) -> list[Problem]:
        """Tell which of these keys contradict each other."""
        problems: list[Problem] = []
        rest = self.rest or Rest()
        if self.policy:
            for path, said in ((("tour",), self.tour), (("rest", "goal"), rest.goal)):
                if said:
                    message = f"is already said by the policy '{self.policy}'"
                    problems.append((path, message, "leave out one of the two"))
        if self.cycle and (self.policy or self.rest):
            said_by = "policy" if self.policy else "rest"
            message = f"takes the place of rest; '{said_by}' stands beside it"
            problems.append((("cycle", KEY), message, "leave out one of the two"))
        if self.tour and self.handover and self.handover.value >= self.tour.value:
            message = f"must be shorter than the tour ({self.tour}), found {self.handover}"
            problems.append((("handover",), message, ""))
        if rest.goal and rest.least and rest.least.value > rest.goal.value:
            message = f"must not be longer than the goal ({rest.goal}), found {rest.least}"
            problems.append((("rest", "least"), message, ""))
        return problems


class Rotation(RotationPolicy):
    """How units are chosen and relieved, for every contributor that does not say otherwise."""

    surge: bool = False
    """Whether units beyond the sustainable level, and units short of their rest, may be sent."""
    burden_sharing: Literal["priority", "proportional"] = "priority"
    """Pools in order of priority, or in proportion to what each has ready."""


class Run(Section):
    """Defaults of a run."""

    replications: PositiveCount = 10_000
    seed: Annotated[Whole, Field(ge=0, lt=2**63)] = 0
