"""Whose soldiers are in the theatre, over time."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.report.cases import Case, ran
from sim.report.pictures.panels import MOST_PANELS, empty, headed, panels, slanted
from sim.report.style import (
    BLACK,
    COLOURS,
    HATCHES,
    REST,
    footnote,
    thousands_axis,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NAMED = 7  # contributors with a colour of their own; the others are one area


def contingents(cases: Sequence[Case]) -> Figure | None:
    """Draw the mean soldiers present by contributor, stacked, over time; one size per mandate."""
    sending = [case for case in cases if case.sends and case.table("contingents", case.shown)]
    if not sending:
        return None
    figure, columns = panels(sending, 5.6, 1, sharey=True)
    for case, (axes,) in zip(sending[:MOST_PANELS], columns, strict=True):
        _panel(axes, case)
    columns[0][0].set_ylabel("mean soldiers in the theatre")
    headed(figure, sending, "Whose soldiers are there, where the mandate is authorised")
    footnote(figure, f"{ran(sending[0].result)}; means over the authorised futures")
    return figure


def _panel(axes: Any, case: Case) -> None:
    axes.set_title(f"{case.mandate}, {case.shown:,} soldiers", loc="left", fontsize=9)
    if not case.row(case.shown)["authorised_replications"]:
        empty(axes, "never authorised")
        return
    days, series = stacked(case)
    shown = list(series)[:_NAMED]
    for index, name in enumerate(shown):
        below = sum((series[other] for other in shown[:index]), np.zeros(len(days)))
        _area(axes, days, below, series[name], COLOURS[index], HATCHES[index], name)
    rest = list(series)[_NAMED:]
    if rest:
        below = sum((series[name] for name in shown), np.zeros(len(days)))
        others = sum((series[name] for name in rest), np.zeros(len(days)))
        _area(axes, days, below, others, REST, "", f"{len(rest)} others")
    axes.axhline(case.shown, color=BLACK, linewidth=1.2, linestyle=(0, (5, 2)), label="asked for")
    axes.set_ylim(0, None)
    thousands_axis(axes.yaxis)
    slanted(axes)
    axes.legend(fontsize=7.5, loc="upper left", bbox_to_anchor=(0, -0.16), ncols=3)
    axes.grid(visible=False)


def _area(
    axes: Any, days: Any, below: Any, values: Any, colour: str, hatch: str, name: str
) -> None:
    edge = "white" if colour == BLACK else "#333333"
    axes.fill_between(
        days, below, below + values, facecolor=colour, hatch=hatch, edgecolor=edge,
        linewidth=0.3, label=name,
    )  # fmt: skip


def stacked(case: Case) -> tuple[Any, dict[str, Any]]:
    """Days, and each contributor's mean presence by day, the largest contributor first."""
    rows = case.table("contingents", case.shown)
    dates = list(dict.fromkeys(row["date"] for row in rows))
    series: dict[str, list[float]] = {}
    for row in rows:
        series.setdefault(row["contributor"], []).append(row["present_soldiers_mean"])
    arrays = {name: np.array(values, float) for name, values in series.items()}
    order = sorted(arrays, key=lambda name: -float(arrays[name].sum()))
    days = np.array([datetime.date.fromisoformat(date) for date in dates])
    return days, {name: arrays[name] for name in order if arrays[name].any()}
