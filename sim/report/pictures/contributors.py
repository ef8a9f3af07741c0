"""Who contributes how much, and how surely."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sim.report.cases import Case
from sim.report.pictures.burden import Quantity, bars
from sim.report.style import BLUE, SKY

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def contributors(cases: Sequence[Case]) -> Figure | None:
    """Draw the mean and the peak soldiers of each contributor, the largest first; one size."""
    return bars(
        [case for case in cases if case.sends],
        "Who contributes: soldiers in the theatre, where the mandate is authorised",
        "soldiers",
        (
            Quantity("peak_soldiers", "mean peak", SKY, "...."),
            Quantity("present_soldiers", "mean over the whole time", BLUE, ""),
        ),
    )
