"""What installed packages add: conflict processes, requirement methods and burden-sharing rules.

A plug-in is a plain function of arrays, found as an entry point by the name that a scenario gives.
Its arguments say what it needs: one whose annotation is a unit (``spacing: Length``) is an amount
that the scenario writes and the engine draws, with a default one that may be left out; any other is
something that the engine gives to its kind. So a plug-in draws nothing and keeps nothing.
"""

from __future__ import annotations

import importlib.metadata
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import SimError
from sim.scenario.amounts import Amount
from sim.scenario.units import (
    AREA,
    DURATION,
    LENGTH,
    NUMBER,
    PER_AREA,
    PER_DAY,
    PER_LENGTH,
    PER_THOUSAND,
    PER_YEAR,
    Dimension,
)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Unit:
    """What an argument measures, and its highest value in the base unit; the lowest is 0."""

    dimension: Dimension
    high: float = math.inf


Number = Annotated[Floats, Unit(NUMBER)]
Share = Annotated[Floats, Unit(NUMBER, 1.0)]
Duration = Annotated[Floats, Unit(DURATION)]
DailyRate = Annotated[Floats, Unit(PER_DAY)]
YearlyRate = Annotated[Floats, Unit(PER_YEAR)]
Length = Annotated[Floats, Unit(LENGTH)]
Area = Annotated[Floats, Unit(AREA)]
PerLength = Annotated[Floats, Unit(PER_LENGTH)]
PerArea = Annotated[Floats, Unit(PER_AREA)]
PerThousand = Annotated[Floats, Unit(PER_THOUSAND)]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of rule that a scenario chooses by name.

    Attributes
    ----------
    group
        Of the entry points.
    noun
        What messages call one of them.
    built_in
        Names that need no package.
    varying, fixed
        Arguments that the engine gives: arrays that differ between futures (their last axis), and
        what is the same in all of them.
    whole
        Whether it gives whole numbers; always finite ones, and none below 0.
    most
        The largest number that it may give.
    """

    group: str
    noun: str
    built_in: tuple[str, ...]
    varying: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    whole: bool = False
    most: float = math.inf


CONFLICT_PROCESSES = Kind(
    "sim.conflict_processes",
    "conflict process",
    ("chain",),
    varying=("rates", "state", "held", "strength"),
    fixed=("origin", "destination", "date", "step_years"),
)
REQUIREMENT_METHODS = Kind(
    "sim.requirement_methods",
    "requirement method",
    ("line", "posts", "population", "area", "opposing_force", "brigades"),
)
BURDEN_SHARING = Kind(
    "sim.burden_sharing",
    "burden-sharing rule",
    ("priority", "proportional"),
    varying=("available", "need", "present", "army", "contributor"),
    fixed=("contributors",),
    whole=True,
    most=10_000_000,  # so that a need times the sum of all weights is an exact float
)
KINDS = (CONFLICT_PROCESSES, REQUIREMENT_METHODS, BURDEN_SHARING)

RESERVED = ("name", "method", "weight", "sources")
"""Keys that stand beside parameters, and can name none."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a scenario chose.

    Attributes
    ----------
    name
        As written.
    parameters
        (name, amount) of those written.
    package
        Name and version of the package that it comes from; None where it is built in.
    """

    name: str
    parameters: tuple[tuple[str, Amount], ...] = ()
    package: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Plugin:
    """A function that a package adds.

    Attributes
    ----------
    given
        Arguments that the engine gives.
    parameters
        Arguments that the scenario writes, with their units.
    required
        Those among them that it must write.
    package
        Name and version.
    """

    kind: Kind
    name: str
    function: Callable[..., Any]
    given: tuple[str, ...]
    parameters: Mapping[str, Unit]
    required: tuple[str, ...]
    package: tuple[str, str]

    def __str__(self) -> str:
        return f"{self.kind.noun} '{self.name}' ({' '.join(self.package)})"


@cache
def _installed(kind: Kind) -> Mapping[str, tuple[importlib.metadata.EntryPoint, ...]]:
    found: dict[str, tuple[importlib.metadata.EntryPoint, ...]] = {}
    for entry in importlib.metadata.entry_points(group=kind.group):
        found[entry.name] = (*found.get(entry.name, ()), entry)
    return dict(sorted(found.items()))


def names(kind: Kind) -> tuple[str, ...]:
    """Names that a scenario may use: those built in, then those of installed packages."""
    return (*kind.built_in, *(name for name in _installed(kind) if name not in kind.built_in))


@cache
def plugin(kind: Kind, name: str) -> Plugin:
    """Load a plug-in by its name; it is not asked for where the name is built in.

    Parameters
    ----------
    kind
        One of `KINDS`.
    name
        As the scenario gives it.

    Returns
    -------
    Plugin
        With what its arguments say.

    Raises
    ------
    SimError
        If no installed package has it, or more than one; if it cannot be loaded, or is no function
        of its kind.
    """
    found = _installed(kind).get(name, ())
    if len(found) != 1:
        of = " and ".join(sorted(_package(entry)[0] for entry in found))
        told = f"is in {len(found)} packages: {of}" if found else "is not installed here"
        raise SimError(f"the {kind.noun} '{name}' {told}")
    package = _package(found[0])
    bare = Plugin(kind, name, _no_function, (), {}, (), package)
    try:
        function = found[0].load()
        arguments = inspect.signature(function, eval_str=True).parameters
    except Exception as error:  # whatever a module may do when it is imported
        raise SimError(f"{bare} does not load: {type(error).__name__}: {error}") from None
    parameters: dict[str, Unit] = {}
    for key, argument in arguments.items():
        notes = getattr(argument.annotation, "__metadata__", ())
        if unit := next((note for note in notes if isinstance(note, Unit)), None):
            parameters[key] = unit
        if problem := _problem(kind, key, argument, unit is not None):
            raise SimError(f"{bare}: {problem}")
    return Plugin(
        kind,
        name,
        function,
        tuple(key for key in arguments if key not in parameters),
        parameters,
        tuple(key for key in parameters if arguments[key].default is inspect.Parameter.empty),
        package,
    )


def _problem(kind: Kind, key: str, argument: inspect.Parameter, unit: bool) -> str:
    """Tell what is wrong with an argument; nothing where it is all right."""
    given = (*kind.varying, *kind.fixed)
    if argument.kind not in (argument.POSITIONAL_OR_KEYWORD, argument.KEYWORD_ONLY):
        return f"its argument '{key}' must be one that can be given by its name"
    if unit and key in RESERVED:
        return f"no parameter can be called '{key}'"
    if not unit and key not in given:
        listed = ", ".join(given) or "nothing"
        return f"its argument '{key}' has no unit, and is not given; given are: {listed}"
    return ""


def _package(entry: importlib.metadata.EntryPoint) -> tuple[str, str]:
    """Name and version of the package that has the entry point."""
    return (entry.dist.name, entry.dist.version) if entry.dist else ("a package", "")


def _no_function() -> None:
    """Stand in for one that is not loaded yet."""
