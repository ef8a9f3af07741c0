"""Panels side by side, one per mandate that sends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sim.report.cases import Case
from sim.report.style import MUTED, new_figure, wrapped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_PANELS = 4


def panels(
    cases: Sequence[Case], height: float, rows: int = 1, **options: Any
) -> tuple[Figure, list[list[Any]]]:
    """A figure with a column of axes per case, at most `MOST_PANELS`.

    Parameters
    ----------
    cases
        At least one.
    height
        Inches.
    rows
        Of axes in a column.
    **options
        To `matplotlib.figure.Figure.subplots`.

    Returns
    -------
    figure, axes
        The axes by column, then by row.
    """
    count = min(len(cases), MOST_PANELS)
    figure = new_figure((7.0, 10.0, 13.0, 15.0)[count - 1], height)
    grid = figure.subplots(rows, count, squeeze=False, **options)
    return figure, [list(grid[:, column]) for column in range(count)]


def headed(figure: Figure, cases: Sequence[Case], what: str) -> None:
    """Write the scenario's title and what is shown above all panels."""
    more = len(cases) - MOST_PANELS
    left_out = f" ({more} further mandates are not shown)" if more > 0 else ""
    title = wrapped(cases[0].result.title, int(11 * figure.get_figwidth()))
    figure.suptitle(f"{title}\n{what}{left_out}", x=0.01, ha="left", fontsize=11)


def empty(axes: Any, text: str) -> None:
    """Say in the middle of an axes why there is nothing."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", color=MUTED)


def slanted(axes: Any) -> None:
    """Slant the dates below an axes: they would run into one another."""
    for label in axes.get_xticklabels():
        label.set(rotation=30, ha="right")
