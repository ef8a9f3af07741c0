"""What the task requires, and what a force costs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sim.scenario.amounts import Amount
from sim.scenario.plugins import REQUIREMENT_METHODS
from sim.scenario.schema.base import Section, SourceList
from sim.scenario.schema.plugged import or_plugged
from sim.scenario.schema.values import Money, NumberAmount, ShareAmount, amount
from sim.scenario.units import AREA, LENGTH, PER_AREA, PER_LENGTH, PER_THOUSAND

_length = amount(LENGTH)
Length = Annotated[Amount, _length[0], _length[1]]
_positive_length = amount(LENGTH, positive=True)
PositiveLength = Annotated[Amount, _positive_length[0], _positive_length[1]]
_area = amount(AREA)
Area = Annotated[Amount, _area[0], _area[1]]
_per_length = amount(PER_LENGTH)
PerLength = Annotated[Amount, _per_length[0], _per_length[1]]
_per_area = amount(PER_AREA)
PerArea = Annotated[Amount, _per_area[0], _per_area[1]]
_per_thousand = amount(PER_THOUSAND)
PerThousand = Annotated[Amount, _per_thousand[0], _per_thousand[1]]


class Method(Section):
    """What every method of the requirement has."""

    weight: Annotated[float, Field(gt=0)] = 1.0
    """Weight of this method in the mixture."""
    sources: SourceList = ()


class Line(Method):
    """Soldiers per km of line."""

    method: Literal["line"]
    length: Length
    """Length of the line."""
    density: PerLength
    """Soldiers per km of it."""


class Posts(Method):
    """Observation posts: spacing, crew, shifts, and shares for reserve and support."""

    method: Literal["posts"]
    length: Length
    """Length of the line that the posts watch."""
    spacing: PositiveLength
    """Distance between two posts."""
    crew: NumberAmount
    """Soldiers on duty in a post."""
    shifts: NumberAmount
    """Crews that share a post."""
    reserve: ShareAmount
    """Soldiers in reserve, as a share of those who man the posts."""
    support: ShareAmount
    """Soldiers in support, as a share of those who man the posts and of the reserve."""


class Population(Method):
    """Soldiers per 1,000 inhabitants."""

    method: Literal["population"]
    population: NumberAmount
    """Inhabitants."""
    ratio: PerThousand
    """Soldiers per 1,000 of them."""


class AreaMethod(Method):
    """Soldiers per square kilometre."""

    method: Literal["area"]
    area: Area
    """Area to be covered."""
    density: PerArea
    """Soldiers per square kilometre."""


class OpposingForce(Method):
    """A ratio to the opposing force."""

    method: Literal["opposing_force"]
    strength: NumberAmount
    """Soldiers of the opposing force."""
    ratio: NumberAmount
    """Soldiers asked for per soldier of it."""


class Brigades(Method):
    """Brigades, each with its slice of support."""

    method: Literal["brigades"]
    count: NumberAmount
    """Brigades asked for."""
    slice: NumberAmount
    """Soldiers per brigade with its support."""


_plugged = or_plugged(REQUIREMENT_METHODS, "method", Method)
Requirement = Annotated[
    Line | Posts | Population | AreaMethod | OpposingForce | Brigades,
    Field(discriminator="method"),
    _plugged[0],
    _plugged[1],
]
"""One of these, or a package's."""


class Costs(Section):
    """What a soldier in the theatre costs."""

    per_soldier_month: Money
    """For each month that a soldier is in the theatre."""
    sources: SourceList = ()
