"""Two tables row by row and column by column; nothing that only one has is dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sim.analysis.compare.changes import NO_DIFFERENCE, NONE, Change, changes_of, compared
from sim.analysis.compare.sides import Columns, Side, keys_of, rows_by_key
from sim.results.files import cell_text

Rows = list[dict[str, Any]]


def aligned(baseline: Side, other: Side) -> tuple[Rows, Rows]:
    """Compare all tables of two sides.

    Returns
    -------
    tuple of two lists of rows
        ``changes`` and ``unmatched`` of a `sim.analysis.compare.comparison.Comparison`.
    """
    changes: Rows = []
    unmatched: Rows = []
    for name in dict.fromkeys((*baseline.tables, *other.tables)):
        held = [side for side in (baseline, other) if name in side.tables]
        if len(held) == 1:
            unmatched.append(_unmatched(other, name, "table", name, held[0]))
        else:
            _align(baseline, other, name, changes, unmatched)
    return changes, unmatched


def _unmatched(other: Side, table: str, kind: str, what: str, owner: Side) -> dict[str, Any]:
    return {"other": other.label, "table": table, "kind": kind, "what": what, "only": owner.label}


def _align(baseline: Side, other: Side, name: str, changes: Rows, unmatched: Rows) -> None:
    """Add every row and column of a table that both have."""
    pair = (baseline, other)
    tables = [side.tables[name] for side in pair]
    keys = list(dict.fromkeys(key for table in tables for key in keys_of(table)))
    rows = [rows_by_key(side, name, keys) for side in pair]
    names = [column for column in compared(tables) if column not in keys]
    for column in dict.fromkeys((*tables[0], *tables[1])):
        for side, table, without in zip(pair, tables, reversed(tables), strict=True):
            if column in table and column not in without:
                unmatched.append(_unmatched(other, name, "column", column, side))
    paired = baseline.shares_futures(other)
    for key in dict.fromkeys((*rows[0], *rows[1])):
        first, second = rows[0].get(key), rows[1].get(key)
        place = {k: (first or second or {}).get(k, "") for k in keys}
        head = {"other": other.label, "table": name, **place}
        if first is None or second is None:
            told = ", ".join(f"{k} {text}" for k, text in zip(keys, key, strict=True) if text)
            owner = baseline if second is None else other
            unmatched.append(_unmatched(other, name, "row", told, owner))
        first, second = first or {}, second or {}
        both = [column for column in names if column in first and column in second]
        cells = _cells(pair, place) if paired and both else None
        found = changes_of(both, first, second, cells, int(baseline.run.get("seed", 0)))
        for column in names:
            if column in found:
                changes.append({**head, **_row(column, found[column], first, second)})
            elif column in first or column in second:
                alone = Change(first.get(column), second.get(column), NO_DIFFERENCE, NONE)
                only = "first" if column in first else "second"
                changes.append({**head, **_row(column, alone, first, second, only)})


def _cells(pair: Sequence[Side], place: Mapping[str, Any]) -> tuple[Columns, Columns] | None:
    cell = (str(place["mandate"]), cell_text(place["force_size"]))
    one, other = (side.replications(*cell) for side in pair)
    return (one, other) if one is not None and other is not None else None


def _row(
    column: str,
    change: Change,
    first: Mapping[str, Any],
    second: Mapping[str, Any],
    only: str = "",
) -> dict[str, Any]:
    d = change.difference
    stem = column.removesuffix("_mean")
    written = [column, *(f"{stem}{end}" for end in ("_low", "_high", "_mcse"))]
    return {
        "column": column,
        "first": change.first,
        "second": change.second,
        "difference": d.estimate,
        "low": d.low,
        "high": d.high,
        "mcse": d.mcse,
        "p_value": d.p_value,
        "method": change.method,
        "changed": any(cell_text(first.get(s)) != cell_text(second.get(s)) for s in written),
        "only": only,
    }
