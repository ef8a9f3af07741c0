"""From what is likely today to what would be certain: the Shapley values as a waterfall."""

from __future__ import annotations

from typing import Any

from sim.analysis.explain.attribution import Explanation
from sim.analysis.same_futures import READINGS
from sim.report.style import (
    BLUE,
    HATCHES,
    MUTED,
    REST,
    VERMILION,
    drawing,
    footnote,
    percent_axis,
    rendered,
    titled,
)

_GAIN = {"color": BLUE, "edgecolor": "black", "linewidth": 0.5}
_LOSS = {"color": VERMILION, "edgecolor": "black", "linewidth": 0.5, "hatch": HATCHES[1]}
_LEVEL = {"color": REST, "edgecolor": "black", "linewidth": 0.5}
_Z95 = 1.96


def waterfall(explanation: Explanation) -> dict[str, bytes]:
    """Draw how much each constraint takes from the probability that the force is feasible.

    Parameters
    ----------
    explanation
        With Shapley values.

    Returns
    -------
    dict of bytes
        ``waterfall.png`` and ``waterfall.svg``; the same bytes for the same explanation.
    """
    effects = sorted(explanation.families, key=lambda effect: -effect.shapley)
    rows = len(effects) + 2
    with drawing(8.0, 1.7 + 0.34 * rows) as figure:
        axes = figure.add_subplot()
        level = explanation.base.estimate
        _bar(axes, 0, 0.0, level, str(explanation.base), _LEVEL)
        for row, effect in enumerate(effects, 1):
            after = level + effect.shapley
            style = _GAIN if effect.shapley >= 0 else _LOSS
            error = _Z95 * effect.shapley_mcse
            text = f"{100 * effect.shapley:+.1f} ± {100 * error:.1f}"
            _bar(axes, row, min(level, after), max(level, after), text, style)
            axes.plot([level, level], [row - 1.36, row + 0.36], color=MUTED, linewidth=0.7)
            level = after
        axes.plot([level, level], [rows - 2.36, rows - 0.64], color=MUTED, linewidth=0.7)
        end = explanation.everything.estimate
        _bar(axes, rows - 1, 0.0, end, str(explanation.everything), _LEVEL)
        axes.axvline(explanation.confidence, color=MUTED, linewidth=1, linestyle=":", zorder=0)
        axes.annotate(
            f"wanted {explanation.confidence:.0%}", (explanation.confidence, 1),
            xycoords=("data", "axes fraction"), xytext=(-3, -3), textcoords="offset points",
            ha="right", va="top", fontsize=7.5, color=MUTED,
        )  # fmt: skip
        names = [effect.name for effect in effects]
        axes.set_yticks(range(rows), ["as the scenario has it", *names, "nothing binds"])
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="y", visible=False)
        axes.set_ylim(rows - 0.4, -0.6)
        axes.set_xlim(min(0.0, explanation.base.estimate - 0.05), 1.17)
        percent_axis(axes.xaxis)
        reading = READINGS[explanation.given]
        axes.set_xlabel(f"probability that the force is feasible, {reading}")
        titled(
            axes,
            f"{explanation.title}: {explanation.mandate}, {explanation.size:,} soldiers",
            "What each constraint takes away, in points: its mean effect over all orders of "
            "relaxing them (Shapley)",
        )
        footnote(
            figure,
            f"{explanation.judged:,} futures of {explanation.replications:,}, seed "
            f"{explanation.seed}; ± and brackets: 95% intervals",
        )
        return {f"waterfall.{kind}": data for kind, data in rendered(figure).items()}


def _bar(axes: Any, row: int, low: float, high: float, text: str, style: dict[str, Any]) -> None:
    axes.barh(row, high - low, left=low, height=0.72, **style)
    axes.annotate(
        text, (high, row), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.8},
    )  # fmt: skip
