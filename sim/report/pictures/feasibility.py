"""How likely a force is feasible, by its size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.report.cases import Case, ran
from sim.report.style import LINES, MARKERS, MUTED, footnote, new_figure, percent_axis, titled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_READINGS = (
    ("p_feasible_if_authorised", "-", "if authorised"),
    ("p_feasible", "--", "outright"),
)


def feasibility(cases: Sequence[Case]) -> Figure:
    """Draw P(feasible) by force size, per mandate: if authorised and outright, with 95% bands."""
    figure = new_figure(8, 4.8)
    axes = figure.add_subplot()
    drawn = [case for case in cases if case.sends]
    for index, case in enumerate(drawn):
        look: dict[str, Any] = {
            "color": LINES[index % len(LINES)],
            "marker": MARKERS[index % len(MARKERS)],
        }
        size = np.array([row["force_size"] for row in case.rows]) / 1000
        for name, style, reading in _READINGS:
            middle, low, high = (
                np.array([row[name + end] for row in case.rows], float)
                for end in ("", "_low", "_high")
            )
            label = f"{case.name}, {reading}"
            if len(size) == 1:  # a band of one size has no width
                axes.errorbar(
                    size, middle, [middle - low, high - middle], capsize=4, label=label, **look,
                    markerfacecolor=look["color"] if style == "-" else "white", linestyle="none",
                )  # fmt: skip
                continue
            axes.plot(
                size, middle, style, ms=5, label=label, **look,
                markerfacecolor=look["color"] if style == "-" else "white",
            )  # fmt: skip
            axes.fill_between(size, low, high, color=look["color"], alpha=0.15, linewidth=0)
    _wanted(axes, drawn)
    axes.set_ylim(-0.02, 1.02)
    percent_axis(axes.yaxis)
    axes.set_xlabel("force size, thousand soldiers")
    axes.set_ylabel("probability that the force is feasible")
    titled(axes, cases[0].result.title)
    if drawn:
        axes.legend()
    else:
        axes.text(0.5, 0.5, "nobody is sent", transform=axes.transAxes, ha="center")
    footnote(figure, f"{ran(cases[0].result)}; bands: 95% intervals")
    return figure


def _wanted(axes: Any, cases: Sequence[Case]) -> None:
    """Mark the confidence from which on a force counts as feasible."""
    for confidence in sorted({case.confidence for case in cases}):
        axes.axhline(confidence, color=MUTED, linewidth=0.8, linestyle=":")
        axes.annotate(
            f"wanted {confidence:.0%}", (0.99, confidence), xycoords=("axes fraction", "data"),
            ha="right", va="bottom", fontsize=8, color=MUTED,
        )  # fmt: skip
