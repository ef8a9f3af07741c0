"""What a contributor sends, as a share of its army."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.report.cases import Case, Row, ran
from sim.report.pictures.panels import MOST_PANELS, headed, panels
from sim.report.style import BLUE, ORANGE, footnote
from sim.results.statistics import Z95

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_BARS = 20


def _error(row: Row, name: str) -> float:
    return float(row[f"{name}_mcse"])


def _peak_error(row: Row, name: str) -> float:
    return 100 * _error(row, "peak_soldiers") / float(row["army"])


class Quantity(NamedTuple):
    """What a bar shows: a column without its ``_mean``, its label, look and standard error."""

    name: str
    label: str
    colour: str
    hatch: str
    error: Callable[[Row, str], float] = _error


def burden(cases: Sequence[Case]) -> Figure | None:
    """Draw the mean and the peak burden of each contributor, the heaviest first; one size."""
    return bars(
        [case for case in cases if case.sends],
        "Burden: soldiers in the theatre as a share of the army, where the mandate is authorised",
        "per cent of the army",
        (
            Quantity("burden_peak_percent", "mean peak", ORANGE, "////", _peak_error),
            Quantity("burden_percent", "mean over the whole time", BLUE, ""),
        ),
    )


def bars(
    cases: Sequence[Case], what: str, axis: str, quantities: Sequence[Quantity]
) -> Figure | None:
    """Draw contributors as pairs of horizontal bars, a panel per mandate.

    Parameters
    ----------
    cases
        Those that send.
    what, axis
        Title, and label of the axis.
    quantities
        One bar each; contributors stand in the order of the last.
    """
    order = f"{quantities[-1].name}_mean"
    rows = {case.name: _top(case, order) for case in cases}
    shown = [case for case in cases if rows[case.name]]
    if not shown:
        return None
    longest = max(len(rows[case.name]) for case in shown)
    figure, columns = panels(shown, 1.9 + 0.3 * max(longest, 4), 1)
    for case, (axes,) in zip(shown[:MOST_PANELS], columns, strict=True):
        _panel(axes, case, rows[case.name], quantities)
        axes.set_ylim(longest - 0.4, -0.6)
        axes.set_xlabel(axis)
    columns[-1][0].legend(loc="lower right")
    headed(figure, shown, what)
    footnote(
        figure,
        f"{ran(shown[0].result)}; whiskers: 95% intervals; at most the {MOST_BARS} highest",
    )
    return figure


def _top(case: Case, order: str) -> list[Row]:
    rows = [row for row in case.table("contributors", case.shown) if row[order] > 0]
    return sorted(rows, key=lambda row: -float(row[order]))[:MOST_BARS]


def _panel(axes: Any, case: Case, rows: Sequence[Row], quantities: Sequence[Quantity]) -> None:
    axes.set_title(f"{case.mandate}, {case.shown:,} soldiers", loc="left", fontsize=9)
    for place, quantity in enumerate(quantities):
        axes.barh(
            [index + 0.19 - 0.38 * place for index in range(len(rows))],
            [row[f"{quantity.name}_mean"] for row in rows], 0.38,
            xerr=[Z95 * quantity.error(row, quantity.name) for row in rows],
            facecolor=quantity.colour, hatch=quantity.hatch, edgecolor="#333333", linewidth=0.3,
            label=quantity.label, error_kw={"elinewidth": 0.9, "capsize": 2},
        )  # fmt: skip
    axes.set_yticks(range(len(rows)), [row["contributor"] for row in rows], fontsize=8)
    axes.set_xlim(0, None)
    axes.grid(visible=False, axis="y")
