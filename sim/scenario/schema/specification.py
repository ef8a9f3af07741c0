"""The whole scenario: its sections, and what must hold between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from sim.errors import ScenarioError
from sim.scenario.tree import Node, plain
from sim.scenario.schema.assessment import Costs, Requirement
from sim.scenario.schema.base import (
    AsTuple,
    Name,
    Names,
    Problem,
    Section,
    SourceList,
    When,
    refuse,
)
from sim.scenario.schema.checks import cross_checks
from sim.scenario.schema.conflict import Conflict
from sim.scenario.schema.contributors import Contributor, Corridor
from sim.scenario.schema.force import FeasibleWhen, Force, Rotation, Run, Time
from sim.scenario.schema.politics import SHIPPED_KINDS, Condition, Mandate, Will
from sim.scenario.schema.translate import empty_values, issues_of

LANGUAGE = 1


class Specification(Section):
    """A validated scenario, section by section as the language names them."""

    language: Literal[1]
    """Version of the scenario language."""
    title: Annotated[str, Field(min_length=1, max_length=300)]
    summary: str = ""
    time: Time
    force: Force
    feasible_when: FeasibleWhen
    rotation: Rotation = Rotation()
    conditions: dict[Name, Condition] = {}
    """In order: each may depend on those before it."""
    mandates: Annotated[dict[Name, Mandate], Field(min_length=1)]
    contributors: dict[Name, Contributor]
    will: Will | None = None
    corridors: dict[Name, Corridor] = {}
    conflict: Conflict = Conflict()
    requirement: Annotated[tuple[Requirement, ...], AsTuple] = ()
    costs: Costs | None = None
    run: Run = Run()
    sources: SourceList = ()

    @field_validator("force")
    @classmethod
    def _force_complete(cls, force: Force) -> Force:
        problems: list[Problem] = [
            ((key,), f"needs '{key}'", "")
            for key in ("sizes", "capabilities")
            if getattr(force, key) is None
        ]
        if problems:
            refuse(*problems)
        return force

    @field_validator("feasible_when")
    @classmethod
    def _full_is_said(cls, tests: FeasibleWhen) -> FeasibleWhen:
        if tests.full is None:
            refuse((("full",), "needs 'full'", "as in full: {within: 9 months}"))
        return tests

    @field_validator("conditions")
    @classmethod
    def _conditions_in_order(cls, conditions: dict[str, Condition]) -> dict[str, Condition]:
        order = list(conditions)
        problems: list[Problem] = []
        for position, (name, condition) in enumerate(conditions.items()):
            if isinstance(condition.probability, When):
                problems += [
                    (
                        (name, "probability"),
                        f"depends on '{other}', which is not declared before it",
                        "",
                    )
                    for other in condition.probability.conditions()
                    if other in order and order.index(other) >= position
                ]
        if problems:
            refuse(*problems)
        return conditions

    @model_validator(mode="after")
    def _consistent(self) -> Specification:
        problems = cross_checks(self)
        if problems:
            refuse(*problems)
        return self

    def force_of(self, mandate: str) -> Force:
        """The force asked for under `mandate`: its own keys over the scenario's."""
        return overlay(self.force, self.mandates[mandate].force)

    def tests_of(self, mandate: str) -> FeasibleWhen:
        """`feasible_when` under `mandate`."""
        return overlay(self.feasible_when, self.mandates[mandate].feasible_when)

    def conflict_of(self, mandate: str) -> Conflict:
        """The conflict chain under `mandate`."""
        return overlay(self.conflict, self.mandates[mandate].conflict)


T = TypeVar("T", bound=BaseModel)

# Mappings that are one value: a mandate's own takes the place of the scenario's.
_WHOLE = {"capabilities", "substitutes"}


def overlay(base: T, over: T | None) -> T:
    """`base` with the keys that `over` says, section by section.

    The two are of the same type; what `over` leaves out stays as `base` has it.
    """
    if over is None:
        return base
    update: dict[str, Any] = {}
    for key in over.model_fields_set:
        ours, theirs = getattr(base, key), getattr(over, key)
        if isinstance(ours, Section) and isinstance(theirs, Section):
            theirs = overlay(ours, theirs)
        elif isinstance(ours, dict) and key not in _WHOLE:
            theirs = {
                **ours,
                **{
                    name: overlay(ours[name], value)
                    if isinstance(value, Section) and name in ours
                    else value
                    for name, value in theirs.items()
                },
            }
        update[key] = theirs
    return base.model_copy(update=update)


def names_of(data: Mapping[str, Any]) -> Names:
    """What a scenario declares, read leniently from data that may be wrong elsewhere."""

    def keys(section: Any) -> tuple[str, ...]:
        return tuple(section) if isinstance(section, Mapping) else ()

    mandates = data.get("mandates")
    kinds: list[str] = []
    if isinstance(mandates, Mapping):
        kinds = [
            str(m["kind"]) for m in mandates.values() if isinstance(m, Mapping) and "kind" in m
        ]
    conflict = data.get("conflict")
    return Names(
        conditions=keys(data.get("conditions")),
        contributors=keys(data.get("contributors")),
        corridors=keys(data.get("corridors")),
        stances=tuple(dict.fromkeys([*keys(mandates), *kinds, *SHIPPED_KINDS])),
        states=keys(conflict.get("states")) if isinstance(conflict, Mapping) else (),
    )


def specify(root: Node) -> Specification:
    """Validate a merged scenario.

    Raises
    ------
    ScenarioError
        With everything that is wrong, each with its place.
    """
    data = plain(root)
    issues, data = empty_values(root, data)
    try:
        specification = Specification.model_validate(data, context=names_of(data))
    except ValidationError as error:
        issues += issues_of(error, root, Specification)
    if issues:
        raise ScenarioError(issues)
    return specification


def json_schema() -> dict[str, Any]:
    """JSON Schema of the language, generated from the same definitions that validate it."""
    schema = Specification.model_json_schema()
    extends = {
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
        "description": "Files whose keys this one is merged over, in order; relative to this file.",
    }
    schema["properties"] = {
        "language": schema["properties"]["language"],
        "extends": extends,
        **schema["properties"],
    }
    schema["title"] = "Scenario of peacekeeping-sim"
    schema.pop("required", None)  # what is required may come from a file that this one extends
    return schema
