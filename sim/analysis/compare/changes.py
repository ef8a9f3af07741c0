"""What changed from one row to another, column by column, with its uncertainty."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.analysis.compare.bootstrap import quantile_differences
from sim.analysis.compare.sides import Columns
from sim.results.statistics import (
    Difference,
    mean_difference,
    paired_ratio_difference,
    recovered_interval,
    wilson,
)
from sim.results.tables import QUANTILES

PAIRED, UNPAIRED, NONE = "paired", "unpaired", "no interval"
NO_DIFFERENCE = Difference(math.nan, math.nan, math.nan, math.nan, False)
_SUPPORT = ("_low", "_high", "_mcse")
_TIMES = ("initial_capability_months", "full_capability_months")
_MEANS = {
    "deaths_mean": "deaths",
    "breaches_mean": "breaches",
    "strength_soldiers_mean": "mean_strength",
}
_STAGES = ("authorised", "pledged", "initial", "full", "feasible", "adequate")


@dataclass(frozen=True, slots=True)
class Change:
    """One column of one row, on both sides."""

    first: Any
    second: Any
    difference: Difference
    method: str


def compared(tables: Sequence[Mapping[str, Any]]) -> list[str]:
    """Columns that hold estimates and facts, of all tables; intervals and errors belong to them."""
    names = list(dict.fromkeys(name for table in tables for name in table))
    known = set(names)
    return [
        name
        for name in names
        if not any(
            name.endswith(end) and {stem, f"{stem}_mean"} & known
            for end in _SUPPORT
            for stem in (name.removesuffix(end),)
        )
    ]


def is_proportion(column: str) -> bool:
    """Whether a column holds probabilities."""
    return column.startswith(("p_", "binding_"))


def changes_of(
    columns: Sequence[str],
    first: Mapping[str, Any],
    second: Mapping[str, Any],
    cells: tuple[Columns, Columns] | None,
    seed: int,
) -> dict[str, Change]:
    """Compare two rows.

    Parameters
    ----------
    columns
        Those to compare, which both rows have.
    first, second
        The rows.
    cells
        The replications of both, where they are the same futures; else None.
    seed
        Of the bootstrap.
    """
    found: dict[str, Change] = {}
    if cells is not None:
        found = _paired(columns, first, second, cells, seed)
    return {
        name: found[name] if name in found else _unpaired(name, first, second) for name in columns
    }


# -- Paired ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Sample:
    """Values of the replications of one cell, and which of them count."""

    values: NDArray[Any]
    among: NDArray[np.bool_]

    @property
    def mean(self) -> float:
        return float(np.mean(self.values[self.among])) if self.among.any() else math.nan

    def head(self, count: int) -> _Sample:
        return _Sample(self.values[:count], self.among[:count])


def _paired(
    columns: Sequence[str],
    first: Mapping[str, Any],
    second: Mapping[str, Any],
    cells: tuple[Columns, Columns],
    seed: int,
) -> dict[str, Change]:
    """Compare replication by replication what the replications tell."""
    found: dict[str, Change] = {}
    lengths = [len(cell["authorised"]) for cell in cells]
    count = min(lengths)
    for name in columns:
        samples = [
            _sample(name, row, cell) for row, cell in zip((first, second), cells, strict=True)
        ]
        one, other = samples
        if one is None or other is None:
            continue
        # Replications that do not give the table are not those that it was made of.
        if not (_agrees(one, first[name]) and _agrees(other, second[name])):
            continue
        one, other = one.head(count), other.head(count)
        whole = lengths[0] == lengths[1]
        found[name] = Change(
            first[name] if whole else one.mean,
            second[name] if whole else other.mean,
            paired_ratio_difference(one.values, one.among, other.values, other.among),
            PAIRED if whole else f"{PAIRED}, first {count:,}",
        )
    if lengths[0] == lengths[1]:
        for stem in _TIMES:
            found |= _times(stem, columns, first, second, cells, seed)
    return found


def _sample(column: str, row: Mapping[str, Any], cell: Columns) -> _Sample | None:
    """Find the replications' values of a column of a table; None where they do not hold it."""
    authorised = cell["authorised"].astype(np.bool_)
    everyone = np.ones(len(authorised), np.bool_)
    name = column.removeprefix("p_")
    if column in _MEANS and _MEANS[column] in cell:
        return _Sample(cell[_MEANS[column]].astype(np.float64), authorised)
    if column.startswith("binding_"):
        return _Sample(cell["binding"] == column.removeprefix("binding_"), everyone)
    if column == "p_joins":
        joins = f"contributors.{row['contributor']}.joins"
        if joins not in cell:
            return None
        return _Sample(np.array([value is True or value == 1 for value in cell[joins]]), authorised)
    if column == "p_feasible_if_authorised":
        return _Sample(cell["feasible"].astype(np.bool_), authorised)
    if column == "p_feasible_and_adequate":
        both = cell["feasible"].astype(np.bool_) & cell["adequate"].astype(np.bool_)
        return _Sample(both, everyone)
    if column.startswith("p_") and name in _STAGES:
        return _Sample(cell[name].astype(np.bool_), everyone)
    return None


def _agrees(sample: _Sample, told: Any) -> bool:
    # Sums of the tables are in fixed point, to a soldier or a ten-thousandth of a death.
    return isinstance(told, (int, float)) and math.isclose(
        sample.mean, told, rel_tol=1e-3, abs_tol=1e-3
    )


def _times(
    stem: str,
    columns: Sequence[str],
    first: Mapping[str, Any],
    second: Mapping[str, Any],
    cells: tuple[Columns, Columns],
    seed: int,
) -> dict[str, Change]:
    """Quantiles of a time, from the replications that are authorised."""
    wanted = {f"{stem}_{key}": q for key, q in QUANTILES.items() if f"{stem}_{key}" in columns}
    if not wanted:
        return {}
    times = [
        np.where(
            cell["authorised"].astype(np.bool_),
            np.nan_to_num(cell[stem].astype(np.float64), nan=np.inf),
            np.nan,
        )
        for cell in cells
    ]
    differences = quantile_differences(times[0], times[1], list(wanted.values()), seed)
    return {
        name: Change(first[name], second[name], difference, PAIRED)
        for name, difference in zip(wanted, differences, strict=True)
        if math.isclose(difference.estimate, second[name] - first[name], abs_tol=1e-6)
    }


# -- Unpaired -------------------------------------------------------------------------------------


def _unpaired(name: str, first: Mapping[str, Any], second: Mapping[str, Any]) -> Change:
    """Compare what the two tables say, as if they had nothing in common."""
    one, other = first[name], second[name]
    if not (_number(one) and _number(other)):
        return Change(one, other, NO_DIFFERENCE, NONE)
    error = f"{name.removesuffix('_mean')}_mcse"
    ends = [_ends(name, row) for row in (first, second)]
    errors = [row.get(error, math.nan) for row in (first, second)]
    mcse = math.hypot(*errors) if all(map(_number, errors)) else math.nan
    if ends[0] and ends[1]:
        low, high = recovered_interval((one, *ends[0]), (other, *ends[1]))
        found = Difference(other - one, low, high, mcse, False)
        return Change(one, other, found, UNPAIRED)
    if name.endswith("_mean") and not math.isnan(mcse):
        return Change(one, other, mean_difference((one, errors[0]), (other, errors[1])), UNPAIRED)
    difference = Difference(other - one, math.nan, math.nan, math.nan, False)
    return Change(one, other, difference, NONE)


def _ends(name: str, row: Mapping[str, Any]) -> tuple[float, float] | None:
    """The two ends of an estimate's interval, as the table tells them."""
    if name.startswith("binding_") and _number(row.get("replications")):
        trials = int(row["replications"])
        return wilson(round(row[name] * trials), trials)
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    return (low, high) if low is not None and high is not None and _number(low + high) else None


def _number(value: Any) -> bool:
    return (
        isinstance(value, (int, float, np.number))
        and not isinstance(value, bool)
        and math.isfinite(value)
    )
