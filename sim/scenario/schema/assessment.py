"""What the task requires, and what a force costs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sim.scenario.amounts import Amount
from sim.scenario.schema.base import Section, SourceList
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


class _Method(Section):
    weight: Annotated[float, Field(gt=0)] = 1.0
    """Weight of this method in the mixture."""
    sources: SourceList = ()


class Line(_Method):
    """Soldiers per km of line."""

    method: Literal["line"]
    length: Length
    density: PerLength


class Posts(_Method):
    """Observation posts: spacing, crew, shifts, and shares for reserve and support."""

    method: Literal["posts"]
    length: Length
    spacing: PositiveLength
    """Distance between two posts."""
    crew: NumberAmount
    """Soldiers on duty in a post."""
    shifts: NumberAmount
    """Crews that share a post."""
    reserve: ShareAmount
    support: ShareAmount


class Population(_Method):
    """Soldiers per 1,000 inhabitants."""

    method: Literal["population"]
    population: NumberAmount
    ratio: PerThousand


class AreaMethod(_Method):
    """Soldiers per square kilometre."""

    method: Literal["area"]
    area: Area
    density: PerArea


class OpposingForce(_Method):
    """A ratio to the opposing force."""

    method: Literal["opposing_force"]
    strength: NumberAmount
    ratio: NumberAmount


class Brigades(_Method):
    """Brigades, each with its slice of support."""

    method: Literal["brigades"]
    count: NumberAmount
    slice: NumberAmount
    """Soldiers per brigade with its support."""


Requirement = Annotated[
    Line | Posts | Population | AreaMethod | OpposingForce | Brigades,
    Field(discriminator="method"),
]


class Costs(Section):
    """What a soldier in the theatre costs."""

    per_soldier_month: Money
    sources: SourceList = ()
