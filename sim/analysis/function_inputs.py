"""What is given to a function of a scenario: tables of numbers, and what each number means."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from sim.analysis.dial import Dial, dial_of
from sim.errors import Issue, ScenarioError, SimError, nearest
from sim.scenario.scalars import show
from sim.scenario.scenario import Scenario
from sim.scenario.tree import dotted, leaves

SIZE = "size"
"""The input that is the force size, and no path of the scenario."""

Row: TypeAlias = tuple[Any, ...]

_REACH = 4  # without bounds, sizes from a quarter to four times, as for every other figure


def meaning(scenario: Scenario, path: str, size: int, bounds: Any = None) -> Dial | None:
    """What a number given for an input means; None where only texts and truth values do.

    Parameters
    ----------
    path
        As for ``--set``, or `SIZE`.
    size
        Where `SIZE` stands.
    bounds
        Lowest and highest number, or None.

    Raises
    ------
    SimError
        If there is nothing at the path that can be set so, or the bounds are none; ScenarioError
        if the scenario is not valid at one of them.
    """
    try:
        low, high = (None, None) if bounds is None else map(float, bounds)
    except (TypeError, ValueError):
        raise SimError(f"input {path}: expected (lowest, highest), found {bounds!r}") from None
    if path == SIZE:
        if low is None or high is None:
            low, high = size / _REACH, float(size * _REACH)
        if not 0 < low < high:
            raise SimError(f"input {path}: no range of sizes, from {low:g} to {high:g}")
        return Dial(SIZE, "count", size, size, low, high, 1.0)
    try:
        # Where the value stands matters to those who search from it, and nobody does here.
        dial = dial_of(scenario, path, low, high, lambda written: 0.5)
    except SimError as error:
        words = (dotted(at) for at, leaf in leaves(scenario.root) if _is_word(leaf.value))
        if bounds is None and path in words:
            return None
        raise SimError(f"input {error}") from None
    for end in () if bounds is None else (dial.low, dial.high):
        scenario.with_(path, dial.value(end))
    return dial


def rows_of(table: Any, inputs: Sequence[str]) -> tuple[list[Row], bool]:
    """Read a table.

    Parameters
    ----------
    table
        An array (rows, inputs) or, for one row, (inputs,); or anything with columns of these names.

    Returns
    -------
    tuple of list of tuple, and bool
        The rows, and whether it is a single one that stands alone.

    Raises
    ------
    SimError
        If it has another shape or other columns.
    """
    # A row of a DataFrame too has names, and an order that need not be ours.
    names = table.keys() if hasattr(table, "keys") else getattr(table, "columns", None)
    if names is not None:
        _check_names(list(map(str, names)), inputs)
        return _rows_of_columns({name: np.asarray(table[name], object) for name in inputs})
    array = np.asarray(table, object)  # numbers stay numbers beside texts
    alone = array.ndim < 2
    array = array.reshape(1, -1) if alone else array
    if array.ndim != 2 or array.shape[1] != len(inputs):
        raise SimError(
            f"expected rows of {len(inputs)} inputs ({', '.join(inputs)}), found an array of the "
            f"shape {np.shape(array[0] if alone else array)}"
        )
    return [tuple(row) for row in array.tolist()], alone


def written(place: int, row: Row, inputs: Sequence[str], dials: Sequence[Dial | None]) -> Row:
    """What is written in the scenario for a row; for `SIZE` a whole number.

    Raises
    ------
    ScenarioError
        With row, path and reason, if a value is neither a number nor a text.
    """
    values = []
    for path, dial, given in zip(inputs, dials, row, strict=True):
        plain = given.item() if isinstance(given, np.generic) else given
        number = not _is_word(plain) and isinstance(plain, (int, float)) and math.isfinite(plain)
        wanted = ""
        if path == SIZE:
            wanted = "" if number and round(plain) >= 1 else "a number of soldiers, at least 1"
        elif dial is None:
            wanted = "" if _is_word(plain) else "a text or a truth value"
        elif not number and not isinstance(plain, str):
            wanted = "a number"
        if wanted:
            told = f"expected {wanted}, found {show(plain)}"
            raise ScenarioError([Issue(f"row {place}", 0, 0, path, told)])
        values.append(dial.value(plain) if dial and number else plain)
    return tuple(values)


def _is_word(value: Any) -> bool:
    return isinstance(value, (str, bool))


def _check_names(names: Iterable[str], inputs: Sequence[str]) -> None:
    for name in names:
        if name not in inputs:
            hint = nearest(name, inputs) or f"the inputs are {', '.join(inputs)}"
            raise SimError(f"the table has a column '{name}', which is no input; {hint}")
    if missing := [name for name in inputs if name not in names]:
        raise SimError(f"the table has no column '{missing[0]}'")


def _rows_of_columns(columns: Mapping[str, Any]) -> tuple[list[Row], bool]:
    """Rows of columns of one length; a single value stands for a column of it."""
    lengths = {np.size(column) for column in columns.values() if np.ndim(column)}
    if len(lengths) > 1 or any(np.ndim(column) > 1 for column in columns.values()):
        shapes = ", ".join(f"{name} {np.shape(column)}" for name, column in columns.items())
        raise SimError(f"expected columns of one length, found {shapes}")
    level = np.broadcast_arrays(*columns.values())
    rows = zip(*(np.atleast_1d(column).tolist() for column in level), strict=True)
    return list(rows), not lengths
