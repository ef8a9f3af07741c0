"""What two scenarios mean, however they are written: ``48 months`` are ``4 years``."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sim.errors import ScenarioError
from sim.scenario.amounts import Amount
from sim.scenario.scenario import Scenario
from sim.scenario.schema import Specification
from sim.scenario.schema.base import Section


@dataclass(frozen=True, slots=True)
class Meanings:
    """Two scenarios side by side.

    Attributes
    ----------
    both
        As the language reads them, defaults filled in; None where it does not read one of them
        (of another version, or with a rule of a package that is not installed).
    mandates
        Those that both results are about and that send somebody.
    """

    both: tuple[Specification, Specification] | None
    mandates: tuple[str, ...]

    def same(self, path: str) -> bool:
        """Whether a leaf means the same in both, defaults and a mandate's inheritance included."""
        if self.both is None:
            return False
        one, other = (_said(specification, path.split(".")) for specification in self.both)
        return alike(one, other)

    def decides_feasible(self, path: str) -> bool:
        """Whether a leaf that differs makes "feasible" another thing under a common mandate."""
        for mandate in self.mandates:
            for section in ("feasible_when", f"mandates.{mandate}.feasible_when"):
                if f"{path}.".startswith(f"{section}."):
                    steps = path.removeprefix(section).split(".")[1:]
                    if self.both is None or not alike(
                        *(_found(each.tests_of(mandate), steps) for each in self.both)
                    ):
                        return True
        return False


def meanings_of(first: Mapping[str, Any], second: Mapping[str, Any]) -> Meanings:
    """Read the scenarios of two runs.

    Parameters
    ----------
    first, second
        As ``run.json`` records them.
    """
    one, other = _specification(first), _specification(second)
    both = (one, other) if one and other else None
    common = [name for name in first.get("given", {}) if name in second.get("given", {})]
    sent = (name for name in common if all(s.mandates[name].kind != "none" for s in both or ()))
    return Meanings(both, tuple(sent))


def _specification(run: Mapping[str, Any]) -> Specification | None:
    try:
        return Scenario(**run.get("inputs", {})).specification
    except ScenarioError:
        return None


def _said(whole: Specification, steps: Sequence[str]) -> list[Any]:
    """What holds at a path; where a mandate may say its own, what the scenario says before it."""
    own = {"force": whole.force_of, "feasible_when": whole.tests_of, "conflict": whole.conflict_of}
    match steps:
        case ["mandates", name, section, *below] if name in whole.mandates and section in own:
            return [_found(whole, steps[2:]), _found(own[section](name), below)]
    return [_found(whole, steps)]


_NOWHERE = object()


def _found(value: Any, steps: Sequence[str]) -> Any:
    """The value furthest along a path: it is alike in both where all that it holds is."""
    for step in steps:
        below = _below(value, step)
        if below is _NOWHERE:
            break
        value = below
    return value


def _below(value: Any, step: str) -> Any:
    if isinstance(value, Section):
        for name, field in type(value).model_fields.items():
            if step == (field.alias or name):
                return getattr(value, name)
    elif isinstance(value, dict):
        return value.get(step, _NOWHERE)
    elif isinstance(value, tuple) and all(isinstance(item, Section) for item in value):
        named = [item for item in value if getattr(item, "capability", None) == step]
        if len(named) == 1:
            return named[0]
        if step.isdecimal() and int(step) < len(value):
            return value[int(step)]
    return _NOWHERE


def alike(one: Any, other: Any) -> bool:
    """Whether two values of a specification come to the same; their sources do not matter."""
    if isinstance(one, Amount) and isinstance(other, Amount):
        return one.family == other.family and alike(_measures(one), _measures(other))
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9)
    if type(one) is not type(other):
        return False
    if isinstance(one, Section):
        names = [name for name in type(one).model_fields if name != "sources"]
        return all(alike(getattr(one, name), getattr(other, name)) for name in names)
    if isinstance(one, dict):
        return alike(tuple(one.items()), tuple(other.items()))
    if isinstance(one, (tuple, list)):
        return len(one) == len(other) and all(map(alike, one, other))
    return bool(one == other)


def _measures(amount: Amount) -> tuple[float | str, ...]:
    """The family's parameters in the base unit; money has none, and every currency is its own."""
    currency = amount.unit if amount.unit.isupper() else ""
    if amount.family == "beta":  # its parameters are a shape
        return (currency, amount.scale, *amount.parameters)
    return (currency, *(value * amount.scale for value in amount.parameters))
