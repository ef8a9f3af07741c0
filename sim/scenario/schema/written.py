"""Looks things up in a scenario as it was written, which may be wrong in any way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sim.scenario.amounts import Amount, parse_amount
from sim.scenario.tree import Path
from sim.scenario.units import DURATION

Data = Mapping[str, Any]
Latest = Callable[[Sequence[Path]], Path]
"""Chooses, of places that do not fit together, the one that was written on top of the others."""


def at(data: Any, *path: str | int) -> Any:
    """Look a value up; None where it does not exist."""
    for step in path:
        data = data.get(step) if isinstance(data, Mapping) else None
    return data


def mapping(data: Any, *path: str | int) -> Data:
    """Look a mapping up; an empty one where there is none."""
    found = at(data, *path)
    return found if isinstance(found, Mapping) else {}


def items(data: Data, *path: str | int) -> Iterator[tuple[str, Data]]:
    """Go through those items of a mapping that are mappings themselves."""
    for key, value in mapping(data, *path).items():
        if isinstance(value, Mapping):
            yield key, value


def duration(data: Any, *path: str | int) -> Amount | None:
    """Read one fixed duration, or nothing if there is none."""
    try:
        amount = parse_amount(at(data, *path), DURATION)
    except ValueError:
        return None
    return amount if amount.fixed else None


def said(data: Data, levels: Sequence[Path], *key: str) -> tuple[Amount | None, Path]:
    """Give a duration from the first level that says it, and where that is."""
    for level in levels:
        path = (*level, *key)
        if at(data, *path) is not None:
            return duration(data, *path), path
    return None, ()
