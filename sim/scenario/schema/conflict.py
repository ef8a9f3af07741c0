"""The conflict chain: states, rates, what a force and a lasting peace change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from sim.errors import nearest
from sim.scenario.amounts import PER_YEAR, Amount, parse_amount
from sim.scenario.schema.base import (
    Name,
    NumberAmount,
    PositiveCount,
    PositiveDuration,
    Problem,
    Section,
    SourceList,
    StateChoice,
    YearlyRate,
    refuse,
)


class State(Section):
    """A state of the conflict."""

    deaths: NumberAmount | None = None
    """Deaths per 1,000 person-years of the force (default none)."""
    withdrawal: YearlyRate | None = None
    """A contributor's hazard of withdrawing, per year (default none)."""
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
    for_: Annotated[PositiveDuration, Field(alias="for")]


Transition = tuple[str, str]


def _rates(written: Any) -> dict[Transition, Amount]:
    """``{a -> b: 0.4 per year}`` as {(a, b): rate}."""
    if not isinstance(written, Mapping):
        raise ValueError("must be a mapping as {ceasefire -> war: 0.1 per year}")
    rates: dict[Transition, Amount] = {}
    problems: list[Problem] = []
    for key, rate in written.items():
        if isinstance(key, tuple):
            rates[key] = rate
            continue
        ends = [end.strip() for end in str(key).split("->")]
        if len(ends) != 2 or not all(ends) or ends[0] == ends[1]:
            problems.append(((key,), f"'{key}' must name two states as 'ceasefire -> war'", ""))
            continue
        try:
            rates[ends[0], ends[1]] = parse_amount(rate, PER_YEAR)
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


class Conflict(Section):
    """A Markov chain over named states, declared from the calmest to the worst."""

    states: dict[Name, State] = {}
    start: StateChoice | None = None
    """State at step 0; may depend on conditions (default: the first state)."""
    rates: Rates = {}
    """Yearly rates from state to state."""
    deterrence: Deterrence | None = None
    settling: Settling | None = None
    contagion: Contagion | None = None
    sources: SourceList = ()


def unknown_states(conflict: Conflict) -> list[Problem]:
    """References of a complete conflict block to states that it does not declare."""
    states = tuple(conflict.states)
    problems: list[Problem] = []
    for ends in conflict.rates:
        for name in ends:
            if name not in states:
                hint = nearest(name, states) or f"declared states: {', '.join(states)}"
                problems.append((("rates", " -> ".join(ends)), f"no state '{name}'", hint))

    def walk(choice: Any, path: tuple[str, ...]) -> None:
        if isinstance(choice, str):
            if choice not in states:
                hint = nearest(choice, states) or f"declared states: {', '.join(states)}"
                problems.append((path, f"no state '{choice}'", hint))
        elif choice is not None:
            walk(choice.then, (*path, "then"))
            walk(choice.otherwise, (*path, "else"))

    walk(conflict.start, ("start",))
    if not states and (conflict.rates or conflict.deterrence or conflict.contagion):
        problems.append((("states",), "needs states", ""))
    return problems
