"""The figures behind the page's charts and tables, ready to be put into it.

Every chart has rows of named fields. Estimates come with a text of their own, so that the page
rounds as the terminal does, and nothing is computed in the browser.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sim.report.cases import Case, Row, known
from sim.results.statistics import Z95
from sim.results.words import CAUSE_MEANINGS, failures, interval

MOST_CELLS = 60
"""Cells (mandate and size) that are shown in detail, evenly spread over the sizes."""
_MOST_DATES, _MOST_STACKED_DATES, _NAMED, _BARS = 120, 60, 7, 20

STAGES = {
    "p_authorised": "authorised",
    "p_pledged": "and pledged",
    "p_initial": "and initial capability on time",
    "p_full": "and full capability on time",
    "p_feasible": "and held: feasible",
}
QUANTILES = ("p05", "p25", "p50", "p75", "p95", "mean")

Fields = list[dict[str, Any]]


def detail(cases: Sequence[Case]) -> dict[str, Any]:
    """All rows of all charts.

    Returns
    -------
    dict
        ``cases``: name, sizes and the one shown first of each case that sends. ``feasibility`` and
        ``binding``: rows by case. ``funnel``, ``strength``, ``contingents``, ``burden`` and
        ``nations``: by case, then by size; the first four packed: names of the fields and values.
    """
    sending = [case for case in cases if case.sends]
    most = max(1, MOST_CELLS // max(1, len(sending)))
    sizes = {case.name: _spread(case, most) for case in sending}
    return {
        "cases": [
            {"name": case.name, "sizes": sizes[case.name], "shown": case.shown} for case in sending
        ],
        "nationColumns": [name for name, _, _ in NATION_COLUMNS],
        "feasibility": {case.name: _feasibility(case) for case in sending},
        "binding": {case.name: _binding(case) for case in sending},
        **{
            name: {
                case.name: {str(size): _packed(rows(case, size)) for size in sizes[case.name]}
                for case in sending
            }
            for name, rows in (
                ("funnel", _funnel),
                ("strength", _strength),
                ("contingents", _contingents),
                ("burden", _burden),
            )
        },
        "nations": {
            case.name: {str(size): nations(case, size) for size in sizes[case.name]}
            for case in sending
        },
    }


def _packed(rows: Fields) -> dict[str, list[Any]]:
    """Name every field once, and not in every row."""
    return {"fields": list(rows[0]) if rows else [], "rows": [list(row.values()) for row in rows]}


def _spread(case: Case, most: int) -> list[int]:
    """At most so many sizes, the first, the last and the shown one among them."""
    sizes = [int(row["force_size"]) for row in case.rows]
    if len(sizes) <= most:
        return sizes
    step = (len(sizes) - 1) / max(1, most - 1)
    chosen = {sizes[round(place * step)] for place in range(most)}
    return sorted({*chosen, case.shown})


def _number(value: Any) -> float | int | None:
    """A figure with six significant digits, as short as JSON takes it."""
    if value is None or math.isnan(value):
        return None
    return int(value) if float(value).is_integer() else float(f"{value:.6g}")


def _estimate(row: Row, name: str) -> dict[str, Any]:
    ends = {"p": "", "low": "_low", "high": "_high"}
    return {
        **{key: _number(row[name + end]) for key, end in ends.items()},
        "told": interval(row, name),
    }


def _feasibility(case: Case) -> Fields:
    readings = {"p_feasible_if_authorised": "if authorised", "p_feasible": "outright"}
    return [
        {
            "case": case.name,
            "size": row["force_size"],
            "reading": reading,
            **_estimate(row, name),
            "wanted": case.confidence,
        }
        for name, reading in readings.items()
        for row in case.rows
    ]


def _funnel(case: Case, size: int) -> Fields:
    row = case.row(size)
    return [
        {"stage": label, "place": place, **_estimate(row, name)}
        for place, (name, label) in enumerate(STAGES.items())
    ]


def _binding(case: Case) -> Fields:
    return [
        {
            "size": row["force_size"],
            "cause": cause,
            "place": place,
            "share": _number(share * (1 - row["p_feasible_if_authorised"])),
            "meaning": CAUSE_MEANINGS[cause],
        }
        for row in case.rows
        for place, (cause, share) in enumerate(failures(row).items())
        if share > 0
    ]


def _thin(dates: Sequence[Any], most: int) -> list[Any]:
    """Every so-and-so-manieth date, so that there are at most so many."""
    return list(dates[:: max(1, math.ceil(len(dates) / most))])


def _strength(case: Case, size: int) -> Fields:
    rows = [row for row in case.table("trajectory", size) if row["replications"]]
    return [
        {
            "date": row["date"],
            "asked": size,
            **{
                f"{name}_{key}": _number(row[f"{name}_{key}"])
                for name in ("present", "fill")
                for key in QUANTILES
            },
        }
        for row in _thin(rows, _MOST_DATES)
    ]


def _contingents(case: Case, size: int) -> Fields:
    rows = case.table("contingents", size)
    if not rows or not case.row(size)["authorised_replications"]:
        return []
    dates = _thin(list(dict.fromkeys(row["date"] for row in rows)), _MOST_STACKED_DATES)
    wanted, totals = set(dates), dict[str, float]()
    for row in rows:
        name = row["contributor"]
        totals[name] = totals.get(name, 0.0) + row["present_soldiers_mean"]
    order = sorted((name for name in totals if totals[name]), key=lambda name: -totals[name])
    named = {name: place for place, name in enumerate(order[:_NAMED])}
    others = f"{len(order) - len(named)} others"
    sums: dict[tuple[str, str], float] = {}
    for row in rows:
        if row["date"] in wanted and totals[row["contributor"]]:
            name = row["contributor"] if row["contributor"] in named else others
            key = (row["date"], name)
            sums[key] = sums.get(key, 0.0) + row["present_soldiers_mean"]
    return [
        {"date": date, "contributor": name, "place": named.get(name, _NAMED), "mean": _number(mean)}
        for (date, name), mean in sorted(
            sums.items(), key=lambda item: (named.get(item[0][1], _NAMED), item[0][0])
        )
    ]


def _burden(case: Case, size: int) -> Fields:
    rows = [row for row in case.table("contributors", size) if row["burden_percent_mean"] > 0]
    rows.sort(key=lambda row: -float(row["burden_percent_mean"]))
    return [
        {
            "contributor": row["contributor"],
            "mean": _number(row["burden_percent_mean"]),
            "low": _number(max(0.0, row["burden_percent_mean"] - Z95 * row["burden_percent_mcse"])),
            "high": _number(row["burden_percent_mean"] + Z95 * row["burden_percent_mcse"]),
            "peak": _number(row["burden_peak_percent_mean"]),
            "told": _mean(row, "burden_percent", 2),
        }
        for row in rows[:_BARS]
    ]


def _mean(row: Row, name: str, digits: int) -> str:
    """A mean with the half-width of its 95% interval: ``1,234 ± 56``."""
    if math.isnan(row[f"{name}_mean"]):
        return "-"
    error = row[f"{name}_mcse"]
    half = "" if math.isnan(error) else f" ± {Z95 * error:,.{digits}f}"
    return f"{row[f'{name}_mean']:,.{digits}f}{half}"


NATION_COLUMNS: tuple[tuple[str, str, int], ...] = (
    ("p_joins", "Takes part", -1),
    ("present_soldiers", "Soldiers, mean", 0),
    ("peak_soldiers", "Soldiers, peak", 0),
    ("burden_percent", "Burden, % of army", 2),
    ("breaches", "Breaches of rest", 1),
    ("deaths", "Deaths", 2),
    ("cost_million", "Cost, million", 0),
    ("p_withdraws", "Withdraws", -1),
)
"""Column of contributors.csv, heading, and digits after the point; -1 for a probability."""


def nation_columns(cases: Sequence[Case]) -> list[tuple[str, str, int]]:
    """Those of `NATION_COLUMNS` of which the scenario says anything."""
    rows = [row for case in cases if case.sends for row in case.table("contributors")]
    return [
        column
        for column in NATION_COLUMNS
        if known(rows, column[0] if column[2] < 0 else f"{column[0]}_mean")
    ]


def nations(case: Case, size: int) -> list[list[Any]]:
    """A row per contributor: its name, then value and text by column of `NATION_COLUMNS`."""
    return [
        [row["contributor"], *(_cell(row, name, digits) for name, _, digits in NATION_COLUMNS)]
        for row in case.table("contributors", size)
    ]


def _cell(row: Mapping[str, Any], name: str, digits: int) -> list[Any]:
    if digits < 0:
        return [_number(row[name]), interval(row, name)]
    return [_number(row[f"{name}_mean"]), _mean(row, name, digits)]
