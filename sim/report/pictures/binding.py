"""What binds: why the futures that fail do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.report.cases import Case, ran
from sim.report.pictures.panels import MOST_PANELS, empty, headed, panels
from sim.report.style import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    YELLOW,
    footnote,
    percent_axis,
)
from sim.results.words import CAUSE_MEANINGS, failures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOOKS = {
    "renewal": ("#404040", ""),
    "will": (BLUE, ""),
    "pool": (SKY, "////"),
    "capability": (GREEN, "...."),
    "notice": (YELLOW, "xxxx"),
    "delivery": (PURPLE, "++++"),
    "lift": (ORANGE, "\\\\\\\\"),
    "rotation": (VERMILION, "////"),
    "withdrawal": ("#E8D5B7", "----"),
    "conflict": ("#8C8C8C", "oo"),
}
"""Colour and hatch of a cause, the same in every picture."""


def binding(cases: Sequence[Case]) -> Figure | None:
    """Draw, per mandate and size, what share of the authorised futures fails, and of what."""
    sending = [case for case in cases if case.sends]
    if not sending:
        return None
    figure, columns = panels(sending, 4.8, 1, sharey=True)
    causes = [c for c in CAUSE_MEANINGS if any(_failing(case, c).any() for case in sending)]
    for case, (axes,) in zip(sending[:MOST_PANELS], columns, strict=True):
        _panel(axes, case, causes)
    columns[0][0].set_ylabel("share of the authorised futures")
    figure.legend(
        *columns[0][0].get_legend_handles_labels(), loc="outside lower left",
        ncols=4 if len(columns) > 1 else 3,
    )  # fmt: skip
    headed(figure, sending, "What fails first, as a share of the authorised futures")
    footnote(figure, ran(sending[0].result))
    return figure


def _failing(case: Case, cause: str) -> Any:
    """By size: the share of the authorised futures that this cause fails."""
    return np.array(
        [
            failures(row).get(cause, 0.0) * (1 - row["p_feasible_if_authorised"])
            if row["authorised_replications"]
            else 0.0
            for row in case.rows
        ]
    )


def _panel(axes: Any, case: Case, causes: Sequence[str]) -> None:
    axes.set_title(case.mandate, loc="left", fontsize=9)
    below = np.zeros(len(case.rows))
    labels = [f"{row['force_size'] / 1000:g}" for row in case.rows]
    for cause in causes:
        values = _failing(case, cause)
        colour, hatch = LOOKS[cause]
        axes.bar(
            labels, values, 0.8, bottom=below, facecolor=colour, hatch=hatch, linewidth=0.3,
            edgecolor="#333333", label=cause,
        )  # fmt: skip
        below = below + values
    if not any(row["authorised_replications"] for row in case.rows):
        empty(axes, "never authorised")
    elif not below.any():
        empty(axes, "every authorised future succeeds")
    axes.set_ylim(0, 1)
    axes.set_xlabel("force size, thousand soldiers")
    axes.grid(visible=False, axis="x")
    percent_axis(axes.yaxis)
