"""Strength over time against what was asked for."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.report.cases import Case, ran
from sim.report.pictures.panels import MOST_PANELS, empty, headed, panels, slanted
from sim.report.style import BLACK, BLUE, MUTED, VERMILION, footnote, percent_axis, thousands_axis

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def strength(cases: Sequence[Case]) -> Figure | None:
    """Draw fans of soldiers present, and of fill, over time; one size per mandate."""
    sending = [case for case in cases if case.sends]
    if not sending:
        return None
    figure, columns = panels(sending, 6.2, 2, sharex=True, sharey="row", height_ratios=[3, 2])
    for case, (above, below) in zip(sending[:MOST_PANELS], columns, strict=True):
        _column(above, below, case)
    columns[0][0].set_ylabel("soldiers in the theatre")
    columns[0][1].set_ylabel("fill of the worst capability")
    drawn = max((column[0] for column in columns), key=lambda axes: len(axes.lines))
    figure.legend(
        *drawn.get_legend_handles_labels(), loc="outside lower left", ncols=len(columns) + 2
    )
    headed(figure, sending, "Strength over time where the mandate is authorised")
    footnote(
        figure,
        f"{ran(sending[0].result)}; bands: quantiles over the authorised futures, not errors",
    )
    return figure


def _column(above: Any, below: Any, case: Case) -> None:
    rows = case.table("trajectory", case.shown)
    count = rows[0]["replications"] if rows else 0
    above.set_title(
        f"{case.mandate}, {case.shown:,} soldiers\n{count:,} authorised futures",
        loc="left", fontsize=9,
    )  # fmt: skip
    if not count:
        empty(above, "never authorised")
        return
    days = np.array([datetime.date.fromisoformat(row["date"]) for row in rows])
    fan(above, days, rows, "present")
    above.axhline(case.shown, color=BLACK, linewidth=1.2, linestyle=(0, (5, 2)), label="asked for")
    above.set_ylim(0, None)
    thousands_axis(above.yaxis)
    fan(below, days, rows, "fill")
    below.set_ylim(0, 1.3)
    percent_axis(below.yaxis)
    below.axhline(1, color=BLACK, linewidth=1.2, linestyle=(0, (5, 2)))
    fill = case.criteria.get("fill", 0.9)
    below.axhline(fill, color=VERMILION, linewidth=1)
    below.annotate(
        f"counts as filled: {fill:.0%}", (0.01, fill), xycoords=("axes fraction", "data"),
        xytext=(0, -2), textcoords="offset points", va="top", fontsize=7.5, color="#A34700",
    )  # fmt: skip
    slanted(below)


def fan(axes: Any, days: Any, rows: Sequence[Any], name: str) -> None:
    """Draw the 5-95% and 25-75% bands, the median and the mean of a quantity by step."""
    values = {
        end: np.array([row[f"{name}_{end}"] for row in rows], float)
        for end in ("p05", "p25", "p50", "p75", "p95", "mean")
    }
    axes.fill_between(
        days, values["p05"], values["p95"], color=BLUE, alpha=0.18, linewidth=0,
        label="5% to 95% of futures",
    )  # fmt: skip
    axes.fill_between(
        days, values["p25"], values["p75"], color=BLUE, alpha=0.35, linewidth=0,
        label="25% to 75%",
    )  # fmt: skip
    axes.plot(days, values["p50"], color=BLUE, linewidth=1.6, label="median")
    axes.plot(days, values["mean"], color=MUTED, linewidth=1.2, linestyle=":", label="mean")
