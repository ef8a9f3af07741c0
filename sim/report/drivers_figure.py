"""Pictures of drivers: differences beside PAWN with its noise floor, and Sobol indices."""

from __future__ import annotations

import math

from sim.analysis.drivers.ranking import FIRST, Drivers
from sim.analysis.drivers.sobol import Sobol
from sim.report.style import BLUE, MUTED, REST, VERMILION, drawing, footnote, rendered, titled

_ROW = 0.3  # inches


def drivers_figure(found: Drivers) -> dict[str, bytes]:
    """Draw the first inputs in rank: both differences at the left, PAWN at the right.

    Returns
    -------
    dict of bytes
        ``drivers.png`` and ``drivers.svg``; the same bytes for the same drivers.
    """
    shown = found.drivers[:FIRST]
    rows, scale = range(len(shown)), 100 if found.truth else 1
    with drawing(9.6, 1.9 + _ROW * len(shown)) as figure:
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=[3, 2])
        left.axvline(0, color="black", linewidth=0.8)
        for shift, colour, marker, label, points in (
            (-0.17, REST, "s", "with all that goes with it", [
                (d.contrast.difference, d.contrast.difference_low, d.contrast.difference_high)
                for d in shown
            ]),
            (0.17, BLUE, "o", "other inputs equal", [
                (d.adjusted.others_equal, d.adjusted.others_equal_low, d.adjusted.others_equal_high)
                for d in shown
            ]),
        ):  # fmt: skip
            for row, (middle, low, high) in zip(rows, points, strict=True):
                if math.isnan(middle):
                    continue
                edge = MUTED if colour == REST else colour
                left.plot([scale * low, scale * high], [row + shift] * 2, color=edge, linewidth=1.6)
                left.plot(
                    scale * middle, row + shift, marker, color=colour, markeredgecolor=edge, ms=5,
                    label=label if row == 0 else None,
                )  # fmt: skip
        values = [d.pawn for d in shown]
        colours = [BLUE if d.adjusted.own else REST for d in shown]
        right.barh(rows, values, height=0.6, color=colours, edgecolor=MUTED, linewidth=0.5)
        for row, driver in enumerate(shown):
            if not math.isnan(driver.pawn_low):
                right.plot([driver.pawn_low, driver.pawn_high], [row] * 2, color="black", lw=1)
        right.axvline(found.noise, color=VERMILION, linestyle="--", linewidth=1.2)
        right.annotate(
            "noise floor", (found.noise, 1), xycoords=("data", "axes fraction"), xytext=(3, 2),
            textcoords="offset points", color=VERMILION, fontsize=8,
        )  # fmt: skip
        left.set_yticks(list(rows), [_named(d.input) for d in shown])
        left.invert_yaxis()
        left.legend(loc="best")
        unit = f"P({found.outcome}), percentage points" if found.truth else found.outcome
        left.set_xlabel(f"difference in {unit}")
        right.set_xlabel("PAWN index (blue: an influence of its own)")
        reading = "if authorised" if found.given == "authorisation" else "outright"
        what = f"P({found.outcome})" if found.truth else found.outcome
        below = f"{found.mandate}, {found.force_size:,}: what {what} depends on, {reading}"
        titled(left, found.title, below)
        footnote(
            figure,
            f"{found.replications:,} replications, seed {found.seed}; lines: 95% intervals",
        )
        return {f"drivers.{kind}": data for kind, data in rendered(figure).items()}


def sobol_figure(found: Sobol) -> dict[str, bytes]:
    """Draw first and total indices with their intervals.

    Returns
    -------
    dict of bytes
        ``sobol.png`` and ``sobol.svg``.
    """
    with drawing(8.0, 1.9 + 2 * _ROW * len(found.indices)) as figure:
        axes = figure.add_subplot()
        for row, index in enumerate(found.indices):
            for shift, colour, marker, label, middle, low, high in (
                (-0.12, BLUE, "o", "total", index.total, index.total_low, index.total_high),
                (0.12, VERMILION, "s", "first", index.first, index.first_low, index.first_high),
            ):
                axes.plot([low, high], [row + shift] * 2, color=colour, linewidth=1.6)
                axes.plot(middle, row + shift, marker, color=colour, label=None if row else label)
        axes.axvline(0, color="black", linewidth=0.8)
        names = [f"{index.lever}\n{index.range}" for index in found.indices]
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_xlabel(f"share of the variance of P({found.outcome})")
        axes.legend(loc="best")
        reading = "if authorised" if found.given == "authorisation" else "outright"
        titled(
            axes,
            found.title,
            f"{found.mandate}, {found.force_size:,}, {reading}: P({found.outcome}) from "
            f"{found.least:.0%} to {found.most:.0%} over the levers",
        )
        footnote(
            figure,
            f"{found.runs:,} runs of {found.replications:,} replications, seed {found.seed}; "
            "lines: 95% intervals",
        )
        return {f"sobol.{kind}": data for kind, data in rendered(figure).items()}


def _named(name: str) -> str:
    return name.removeprefix("contributors.").removeprefix("conditions.")
