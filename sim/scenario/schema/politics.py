"""Conditions, mandates and who decides on them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from .base import (
    AsTuple,
    ConditionName,
    ContributorName,
    Duration,
    FixedDuration,
    Name,
    PositiveDuration,
    Probability,
    Section,
    ShareAmount,
    SourceList,
    Territory,
    refuse,
)
from .conflict import Conflict
from .force import FeasibleWhen, Force

SHIPPED_KINDS = (
    "reassurance",
    "un_mission",
    "guarantors",
    "alliance",
    "neighbouring",
    "monitors",
    "line",
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
    """That it consents again at a renewal (default: as `consents`)."""
    sources: SourceList = ()


class CouncilRule(Section):
    """A council's rule: so many consents, and some players whose refusal blocks alone."""

    at_least: Annotated[int, Field(ge=1)]
    vetoes: Annotated[tuple[Name, ...], AsTuple] = ()


def _rule(written: Any) -> Any:
    if isinstance(written, str) and written not in ("unanimous", "majority", "none"):
        raise ValueError(
            f"must be unanimous, majority, none or {{at_least: k, vetoes: [...]}}, found '{written}'"
        )
    return written


class Authorisation(Section):
    """How a mandate comes about (default: certain, at once)."""

    rule: Annotated[
        Literal["unanimous", "majority", "none"] | CouncilRule,
        BeforeValidator(_rule),
        WithJsonSchema(
            {
                "anyOf": [
                    {"enum": ["unanimous", "majority", "none"]},
                    {"$ref": "#/$defs/CouncilRule"},
                ]
            }
        ),
    ] = "unanimous"
    """Which consents are needed."""
    delay: Duration | None = None
    """The procedure's own time, after the last consent that was needed (default none)."""
    decided_by: dict[Name, Player] = {}
    """The players; nobody asked means consent is certain."""

    @model_validator(mode="after")
    def _rule_can_be_met(self) -> Authorisation:
        if self.rule == "none" and self.decided_by:
            refuse((("rule",), "'none' asks nobody: leave out decided_by, or give a rule", ""))
        if isinstance(self.rule, CouncilRule):
            count = len(self.decided_by)
            if self.rule.at_least > count:
                message = f"asks for {self.rule.at_least} consents, but {count} players decide"
                refuse((("rule", "at_least"), message, ""))
            for name in self.rule.vetoes:
                if name not in self.decided_by:
                    players = ", ".join(self.decided_by)
                    refuse(
                        (("rule", "vetoes"), f"'{name}' does not decide", f"players: {players}")
                    )
        return self


class Renewal(Section):
    """The deciding players are asked again at fixed intervals."""

    every: PositiveDuration


class Mandate(Section):
    """One political arrangement under which a force could be sent."""

    kind: Name
    """A stance that contributors declare by kind; `none` sends nobody."""
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

    @model_validator(mode="after")
    def _consistent(self) -> Mandate:
        if self.eligible is not None and self.excluded:
            refuse((("excluded",), "say either who is eligible or who is excluded", ""))
        if self.kind == "none" and (
            self.authorisation.decided_by
            or self.renewal
            or self.requires
            or self.force
            or self.feasible_when
        ):
            refuse((("kind",), "'none' sends nobody, so nothing else can be said about it", ""))
        return self


class Will(Section):
    """How far contributors' decisions go together."""

    correlation: ShareAmount
    """rho of the one-factor Gaussian copula."""
    sources: SourceList = ()
