"""Conditions, mandates and who decides on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from sim.errors import nearest
from sim.scenario.scalars import show
from sim.scenario.schema.base import AsTuple, Section, SourceList, Territory, refuse
from sim.scenario.schema.conditional import Probability
from sim.scenario.schema.conflict import Conflict
from sim.scenario.schema.force import FeasibleWhen, Force
from sim.scenario.schema.references import ConditionName, ContributorName, Name
from sim.scenario.schema.values import Duration, FixedDuration, PositiveDuration, ShareAmount, Whole

SHIPPED_KINDS = (
    "reassurance",
    "un_mission",
    "guarantors",
    "alliance",
    "neighbouring",
    "monitors",
    "line",
    "air_sea",
    "none",
)


class Condition(Section):
    """A state of the world that holds or not in one future."""

    probability: Probability
    """May depend on conditions declared before this one."""
    sources: SourceList = ()


class Player(Section):
    """Somebody whose consent the mandate may need."""

    consents: Probability
    """That it consents (for a council: votes for it or lets it pass)."""
    delay: Duration | None = None
    """Until it does (default none)."""
    renews: Probability | None = None
    """That it consents again, drawn anew at every renewal (default: as `consents`)."""
    sources: SourceList = ()


class CouncilRule(Section):
    """A council's rule: so many consents, and some players whose refusal blocks alone."""

    at_least: Annotated[Whole, Field(ge=1)]
    """So many players must consent."""
    vetoes: Annotated[tuple[Name, ...], AsTuple] = ()
    """Players whose refusal alone is enough to refuse."""


_RULES = ("unanimous", "majority", "none")


def _rule(written: Any) -> Any:
    if not isinstance(written, (Mapping, CouncilRule)) and written not in _RULES:
        allowed = "must be unanimous, majority, none or {at_least: k, vetoes: [...]}"
        refuse(((), f"{allowed}, found {show(written)}", nearest(str(written), _RULES)))
    return written


def _form(written: Any) -> str:
    return "council" if isinstance(written, (Mapping, CouncilRule)) else "word"


class Authorisation(Section):
    """How a mandate comes about (default: certain, at once)."""

    rule: Annotated[
        Annotated[Literal["unanimous", "majority", "none"], Tag("word")]
        | Annotated[CouncilRule, Tag("council")],
        Discriminator(_form),
        BeforeValidator(_rule),
    ] = "unanimous"
    """Which consents are needed."""
    delay: Duration | None = None
    """The procedure's own time, after the last consent that was needed (default none)."""
    decided_by: dict[Name, Player] = Field(default_factory=dict)
    """The players; nobody asked means consent is certain."""


class Renewal(Section):
    """The deciding players are asked again at fixed intervals."""

    every: PositiveDuration
    """Time between two renewals, the first one counted from the authorisation."""


class Mandate(Section):
    """One political arrangement under which a force could be sent."""

    kind: Name
    """What contributors take a stance on: any name will do, but that `none` sends nobody."""
    requires: Annotated[tuple[ConditionName, ...], AsTuple] = ()
    """Conditions without which it is not authorised."""
    authorisation: Authorisation = Authorisation()
    renewal: Renewal | None = None
    """A refusal ends the mission (default: never asked again)."""
    withdrawn_over: FixedDuration | None = None
    """How long the exit takes once the mission has ended (default: one step)."""
    eligible: Annotated[tuple[ContributorName, ...], AsTuple] | None = None
    """Who may contribute (default: everybody)."""
    excluded: Annotated[tuple[ContributorName, ...], AsTuple] = ()
    """Who may not."""
    counts: Annotated[tuple[Territory, ...], AsTuple] = ("inside",)
    """Whose presence fills the need."""
    force: Force | None = None
    """This mandate's own, merged over the scenario's."""
    feasible_when: FeasibleWhen | None = None
    """This mandate's own, merged over the scenario's."""
    conflict: Conflict | None = None
    """This mandate's own, merged over the scenario's."""
    sources: SourceList = ()


class Will(Section):
    """How far contributors' decisions go together."""

    correlation: ShareAmount
    """rho of the one-factor Gaussian copula."""
    sources: SourceList = ()
