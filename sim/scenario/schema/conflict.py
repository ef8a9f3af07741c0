"""The conflict chain: states, rates, what a force and a lasting peace change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from sim.scenario.amounts import Amount, parse_amount
from sim.scenario.plugins import CONFLICT_PROCESSES
from sim.scenario.scalars import clip, show
from sim.scenario.schema.base import KEY, Problem, Section, SourceList, refuse
from sim.scenario.schema.conditional import StateChoice
from sim.scenario.schema.plugged import choice
from sim.scenario.schema.references import Name
from sim.scenario.schema.values import NumberAmount, PositiveCount, PositiveDuration, YearlyRate
from sim.scenario.units import PER_YEAR


class State(Section):
    """A state of the conflict."""

    deaths: NumberAmount | None = None
    """Deaths per 1,000 person-years of the force (default none)."""
    withdrawal: YearlyRate | None = None
    """A contributor's hazard of withdrawing (default none)."""
    ends_mission: bool = False
    """Whether the force is withdrawn in this state."""


class Deterrence(Section):
    """What the force does to worsening rates."""

    hazard_ratio: NumberAmount
    """Worsening rates are multiplied by this at the reference strength."""
    at: PositiveCount
    """The reference strength."""


class Settling(Section):
    """A peace that has held is likelier to hold."""

    half_life: PositiveDuration
    """Time in the calmest state that halves the rates out of it."""


class Contagion(Section):
    """Withdrawals make withdrawals likelier."""

    factor: Annotated[float, Field(ge=1, le=1000)]
    """After an exit, all others' hazards of withdrawing are multiplied by this ..."""
    for_: Annotated[PositiveDuration, Field(alias="for")]
    """... for so long."""


Transition = tuple[str, str]


def transition(key: str) -> Transition:
    """Split ``ceasefire -> war`` into its two states; ValueError if it is not of this form."""
    here, arrow, there = (part.strip() for part in key.partition("->"))
    if not (here and arrow and there) or "->" in there or here == there:
        raise ValueError(f"must name two states as 'ceasefire -> war', found {clip(key)}")
    return here, there


def _rates(written: Any) -> dict[Transition, Amount]:
    """Turn ``{a -> b: 0.4 per year}`` into {(a, b): rate}."""
    if not isinstance(written, Mapping):
        form = "must be a mapping as {ceasefire -> war: 0.1 per year}"
        raise ValueError(f"{form}, found {show(written)}")
    rates: dict[Transition, Amount] = {}
    problems: list[Problem] = []
    for key, rate in written.items():
        if isinstance(key, tuple):
            rates[key] = rate
            continue
        try:
            ends = transition(key)
            if ends in rates:
                raise ValueError(f"the rate from '{ends[0]}' to '{ends[1]}' stands twice")
        except ValueError as error:
            problems.append(((key, KEY), str(error), ""))
            continue
        try:
            rates[ends] = parse_amount(rate, PER_YEAR)
        except ValueError as error:
            problems.append(((key,), str(error), ""))
    if problems:
        refuse(*problems)
    return rates


Rates = Annotated[
    Any,
    BeforeValidator(_rates),
    WithJsonSchema({"type": "object", "additionalProperties": {"type": "string"}}),
]


_process = choice(CONFLICT_PROCESSES)
Process = Annotated[Any, _process[0], _process[1]]


class Conflict(Section):
    """A Markov chain over named states, declared from the calmest to the worst."""

    states: dict[Name, State] = Field(default_factory=dict)
    start: StateChoice | None = None
    """State at step 0; may depend on conditions (default: the first state)."""
    rates: Rates = Field(default_factory=dict)
    """From state to state, each per day, week, month or year."""
    process: Annotated[Process, Field(validate_default=True)] = "chain"
    """How rates change over time: `chain` leaves them as they are; or one of a package's."""
    deterrence: Deterrence | None = None
    settling: Settling | None = None
    contagion: Contagion | None = None
    sources: SourceList = ()
