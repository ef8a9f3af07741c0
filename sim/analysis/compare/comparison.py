"""Two or more results side by side: what changed, by how much, and which inputs differ."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.analysis.compare.alignment import aligned
from sim.analysis.compare.changes import PAIRED, UNPAIRED, is_proportion
from sim.analysis.compare.inputs import differing_inputs, set_by_a_model
from sim.analysis.compare.sides import Side, side_of
from sim.errors import SimError, nearest
from sim.results.files import cell_text
from sim.results.result import Result
from sim.results.tables import Table, rows_of

if TYPE_CHECKING:
    import pandas

DEFAULT_TABLES = ("summary", "contributors")


@dataclass(frozen=True)
class Comparison:
    """What differs between a baseline and one or more others.

    Attributes
    ----------
    sides : tuple of Side
        The baseline first.
    tables : mapping of name to table
        ``changes``: one row per other side, row and column of the tables compared. The largest
        change comes first: words, then probabilities by their difference, then other figures by
        their relative difference (those whose interval spans 0 after the rest), then what only one
        side has, then what is the same.
        ``inputs``: one row per leaf that differs in what it means, whose ``kind`` says what it is
        about: ``set`` (by another model, `sim.Model`), ``feasible`` (what that word means under a
        common mandate), ``run``, ``scenario``, ``words`` or ``versions``. ``unmatched``: rows,
        columns and tables that only one side has; their values stand in ``changes`` too. The
        properties of the same names give them as DataFrames.
    notes : tuple of str
        What a reader must know: which results another model drove, and how intervals came about.
    """

    sides: tuple[Side, ...]
    tables: Mapping[str, Table]
    notes: tuple[str, ...]

    @cached_property
    def changes(self) -> pandas.DataFrame:
        """One row per other side, row and column."""
        return self._frame("changes")

    @cached_property
    def inputs(self) -> pandas.DataFrame:
        """One row per other side and leaf of the inputs that differs."""
        return self._frame("inputs")

    @cached_property
    def unmatched(self) -> pandas.DataFrame:
        """One row per row, column or table that only one side has."""
        return self._frame("unmatched")

    def _frame(self, name: str) -> pandas.DataFrame:
        import pandas

        return pandas.DataFrame(self.tables[name])

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The rows of a table as dicts."""
        return rows_of(self.tables[name])

    def beyond(self, tolerance: float, chosen: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Find the changes that are larger than a tolerance.

        Parameters
        ----------
        tolerance
            Largest absolute difference that is let pass. At 0 every column counts, words and
            intervals too, to the ten digits of the files.
        chosen
            Columns that count; default: all probabilities. A value that is there on one side only
            is always beyond.

        Raises
        ------
        SimError
            If no table has a column of that name, or the tolerance is negative.
        """
        if not tolerance >= 0:
            raise SimError(f"a tolerance is not negative, found {tolerance:g}")
        rows = self.rows("changes")
        known = dict.fromkeys(row["column"] for row in rows)
        for name in chosen:
            if name not in known:
                raise SimError(f"no column '{name}'; {nearest(name, known) or 'see summary.csv'}")
        return [row for row in rows if _beyond(row, tolerance, chosen)]


def _beyond(row: Mapping[str, Any], tolerance: float, chosen: Sequence[str]) -> bool:
    if chosen and row["column"] not in chosen:
        return False
    if row["only"]:
        return True
    if not tolerance:
        return bool(row["changed"])
    if not chosen and not is_proportion(row["column"]):
        return False
    # A word, or a figure on one side and none on the other, has no difference.
    same = cell_text(row["first"]) == cell_text(row["second"])
    return not same and not abs(row["difference"]) <= tolerance


def compare(*sources: Result | str | Path, tables: Sequence[str] = DEFAULT_TABLES) -> Comparison:
    """Compare results with the first of them.

    Differences of shares, means and times are taken replication by replication where both sides
    kept their replications and come from the same seed: the same futures. Otherwise the intervals
    are those of independent runs.

    Parameters
    ----------
    *sources
        Two or more results, results folders, or CSV files of such a folder (``summary.csv``,
        ``sweep.csv`` ...).
    tables
        Which tables of results and folders are compared: ``summary``, ``contributors``,
        ``trajectory``.

    Returns
    -------
    Comparison

    Raises
    ------
    SimError
        If one is nothing of ours, or they have no table in common.
    """
    if len(sources) < 2:
        raise SimError("a comparison takes two results or more")
    sides = _named([side_of(source, tuple(tables)) for source in sources])
    baseline = sides[0]
    found: dict[str, list[dict[str, Any]]] = {"changes": [], "inputs": [], "unmatched": []}
    for other in sides[1:]:
        if not baseline.tables.keys() & other.tables.keys():
            told = (f"{s.label} ({', '.join(s.tables) or 'none'})" for s in (baseline, other))
            raise SimError(f"no table in common: {' and '.join(told)}")
        changes, unmatched = aligned(baseline, other)
        found["changes"] += changes
        found["unmatched"] += unmatched
        found["inputs"] += [
            {"other": other.label, **row} for row in differing_inputs(baseline.run, other.run)
        ]
    found["changes"].sort(key=_rank)
    return Comparison(
        sides,
        {name: _table(name, rows) for name, rows in found.items()},
        tuple(_notes(sides, found["changes"])),
    )


_HEADERS = {
    "changes": ("other", "table"),
    "inputs": ("other", "path", "kind", "first", "second", "first_origin", "second_origin"),
    "unmatched": ("other", "table", "kind", "what", "only"),
}
_FOUND = (
    *("column", "first", "second", "difference", "low", "high", "mcse"),
    *("p_value", "method", "changed", "only"),
)


def _table(name: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    """Rows as columns; keys that only some tables have are left empty for the others."""
    names = [*dict.fromkeys((*_HEADERS[name], *(key for row in rows for key in row)))]
    if name == "changes":
        names = [*(key for key in names if key not in _FOUND), *_FOUND]
    return {key: [row.get(key, "") for row in rows] for key in names}


def _rank(row: Mapping[str, Any]) -> tuple[int, float]:
    """Words, probabilities, other figures (those within chance last); of each the largest first."""
    one, other = row["first"], row["second"]
    if row["only"]:
        return 4, 0.0
    if cell_text(one) == cell_text(other):
        return 5, 0.0
    if isinstance(one, str) or isinstance(other, str):
        return 0, 0.0
    if math.isnan(row["difference"]):  # a figure on one side, none on the other
        return 2, -math.inf
    if is_proportion(row["column"]):
        return 1, -abs(row["difference"])
    # Relative to next to nothing, chance alone is a large change.
    chance = row["low"] <= 0 <= row["high"]
    return 3 if chance else 2, -abs(row["difference"]) / max(abs(one), abs(other))


def _notes(sides: Sequence[Side], changes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Say what no scenario tells, then how the intervals came about."""
    baseline = sides[0]
    for side in sides:
        if names := set_by_a_model(side.run):
            yield (
                f"{side.label}: another model set {names} on the way (sim.Model). What it set is "
                "not recorded; the scenario alone does not give these figures."
            )
    for other in sides[1:]:
        own = [row for row in changes if row["other"] == other.label]
        if any(row["method"].startswith(PAIRED) for row in own):
            some = (
                ""
                if all(row["method"] != UNPAIRED for row in own)
                else (" What the replications do not hold is compared as if unpaired.")
            )
            yield f"{other.label}: paired, over the same futures (same seed).{some}"
        elif baseline.shares_futures(other) and baseline.kept and other.kept:
            yield f"{other.label}: same seed, but the replications do not hold these columns."
        elif baseline.shares_futures(other):
            yield (
                f"{other.label}: same seed, no replications kept: intervals are as if unpaired, "
                "wider than they need be (sim run --keep-replications on both sides)."
            )
        elif baseline.run and other.run:
            yield f"{other.label}: unpaired: another seed, so not the same futures."
        else:
            yield f"{other.label}: unpaired: without run.json nobody knows the seed."
        told = [row for row in own if not math.isnan(row["low"]) and not math.isnan(row["high"])]
        away = sum(row["low"] > 0 or row["high"] < 0 for row in told)
        if told:
            yield (
                f"{other.label}: {away:,} of {len(told):,} 95% intervals exclude no change; of "
                f"intervals about no change one in twenty does so by chance."
            )


def _named(sides: Sequence[Side]) -> tuple[Side, ...]:
    """Give sides of the same name numbers."""
    labels: list[str] = []
    for side in sides:
        times = sum(before.label == side.label for before in sides[: len(labels)])
        labels.append(f"{side.label} ({times + 1})" if times else side.label)
    return tuple(replace(side, label=label) for side, label in zip(sides, labels, strict=True))
