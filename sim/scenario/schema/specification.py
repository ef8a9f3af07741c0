"""The whole scenario: its sections, and what must hold between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from sim.errors import MOST_TOLD, ScenarioError
from sim.scenario.scalars import show
from sim.scenario.schema.assessment import Costs, Requirement
from sim.scenario.schema.base import KEY, AsTuple, Problem, Section, SourceList
from sim.scenario.schema.checks import cross_checks
from sim.scenario.schema.conflict import Conflict
from sim.scenario.schema.contributors import Contributor, Corridor
from sim.scenario.schema.force import FeasibleWhen, Force, Run, Time
from sim.scenario.schema.names import names_of
from sim.scenario.schema.policy import Rotation
from sim.scenario.schema.politics import Condition, Mandate, Will
from sim.scenario.schema.references import Name
from sim.scenario.schema.translate import issue_at, problems_of
from sim.scenario.tree import Node, Path, locate, plain

LANGUAGE = 1


def _language(written: Any) -> Any:
    if written != LANGUAGE or isinstance(written, bool):
        message = f"must be {LANGUAGE}, the one version of the language known here"
        raise ValueError(f"{message}, found {show(written)}")
    return LANGUAGE


class Specification(Section):
    """A validated scenario, section by section as the language names them."""

    language: Annotated[Literal[1], BeforeValidator(_language)]
    """Version of the scenario language."""
    title: Annotated[str, Field(min_length=1, max_length=300)]
    """One line, at the head of every table."""
    summary: str = ""
    """A sentence below it."""
    time: Time
    force: Force
    feasible_when: FeasibleWhen
    rotation: Rotation = Rotation()
    conditions: dict[Name, Condition] = Field(default_factory=dict)
    """In order: each may depend on those before it."""
    mandates: Annotated[dict[Name, Mandate], Field(min_length=1)]
    contributors: dict[Name, Contributor]
    will: Will | None = None
    corridors: dict[Name, Corridor] = Field(default_factory=dict)
    conflict: Conflict = Conflict()
    requirement: Annotated[tuple[Requirement, ...], AsTuple] = ()
    """How many soldiers the task takes: methods, mixed by their weights."""
    costs: Costs | None = None
    run: Run = Run()
    sources: SourceList = ()

    def force_of(self, mandate: str) -> Force:
        """Return the force asked for under a mandate: its own keys over the scenario's."""
        return overlay(self.force, self.mandates[mandate].force)

    def tests_of(self, mandate: str) -> FeasibleWhen:
        """Return ``feasible_when`` under a mandate: its own keys over the scenario's."""
        return overlay(self.feasible_when, self.mandates[mandate].feasible_when)

    def conflict_of(self, mandate: str) -> Conflict:
        """Return the conflict chain under a mandate: its own keys over the scenario's."""
        return overlay(self.conflict, self.mandates[mandate].conflict)


T = TypeVar("T", bound=BaseModel)

# Mappings that are one value: a mandate's own takes the place of the scenario's.
_WHOLE = {"capabilities", "substitutes"}


def overlay(base: T, over: T | None) -> T:
    """Lay one section over another.

    Parameters
    ----------
    base, over
        Of the same type; both stay as they are.

    Returns
    -------
    Section
        `base` with the keys that `over` says, section by section and name by name; what `over`
        leaves out stays as `base` has it.
    """
    if over is None:
        return base
    update: dict[str, Any] = {}
    for key in over.model_fields_set:
        ours, theirs = getattr(base, key), getattr(over, key)
        if isinstance(ours, Section) and isinstance(theirs, Section):
            theirs = overlay(ours, theirs)
        elif isinstance(ours, dict) and key not in _WHOLE:
            theirs = ours | {name: _over(ours.get(name), item) for name, item in theirs.items()}
        update[key] = theirs
    return base.model_copy(update=update)


def _over(ours: Any, theirs: Any) -> Any:
    both = isinstance(ours, Section) and isinstance(theirs, Section)
    return overlay(ours, theirs) if both else theirs


def specify(root: Node) -> Specification:
    """Validate a merged scenario.

    Parameters
    ----------
    root
        Its tree.

    Returns
    -------
    Specification
        The scenario, section by section.

    Raises
    ------
    ScenarioError
        With everything that is wrong, each with its place.
    """
    empty, data = without_empty(plain(root))
    blank = (((*path, KEY), "has no value", _advice(path[-1])) for path in empty)
    invalid: Iterable[Problem] = ()
    specification = None
    try:
        specification = Specification.model_validate(data, context=names_of(data))
    except ValidationError as error:
        invalid = problems_of(error, Specification)
    crossed = cross_checks(data, lambda paths: _latest(root, paths))
    missing = {(path[:-1], f"needs '{path[-1]}'") for path in empty}
    problems = chain(blank, (p for p in chain(invalid, crossed) if p[:2] not in missing))
    told = list(islice(problems, MOST_TOLD))  # to find more takes longer than anybody will read
    if specification is None or told:
        raise ScenarioError(issue_at(root, problem) for problem in told)
    return specification


def _advice(key: str) -> str:
    if key.replace("_", "").isdecimal():  # braces take 120,000 and 0,9 apart
        return "if it belongs to the number before it, write that without the comma"
    return "give one, or leave the key out"


def _latest(root: Node, paths: Sequence[Path]) -> Path:
    """Of several places, choose the one on top: by option, in the scenario's file, for one part."""

    def rank(path: Path) -> tuple[int, int]:
        mark = locate(root, path)
        written = 2 if not mark.line else int(mark.file == root.mark.file)
        return written, sum(step in ("mandates", "contributors", "forces") for step in path)

    return max(paths, key=rank)


def without_empty(data: Any, path: tuple[str | int, ...] = ()) -> tuple[list[Any], Any]:
    """Find keys without a value: their paths, and the data without them."""
    if isinstance(data, list):
        items = [without_empty(item, (*path, place)) for place, item in enumerate(data)]
        return [found for paths, _ in items for found in paths], [item for _, item in items]
    if not isinstance(data, dict):
        return [], data
    empty: list[Any] = []
    kept: dict[str, Any] = {}
    for key, value in data.items():
        if value is None:
            empty.append((*path, key))
            continue
        below, kept[key] = without_empty(value, (*path, key))
        empty += below
    return empty, kept
