"""Small multiples: what happened over what was predicted, mission by mission."""

from __future__ import annotations

import math
from typing import Any

from sim.analysis.history.predictions import History, Prediction, pit_histogram
from sim.analysis.history.record import FILLS, HORIZON, SHARES, Mission
from sim.analysis.history.scores import CURVE
from sim.report.style import (
    BLUE,
    MUTED,
    VERMILION,
    drawing,
    percent_axis,
    rendered,
)

_COLUMNS = 4
_FANS = ((CURVE, 0.12), (0.8, 0.22), (0.5, 0.34))
_BINS = 5


def history_figure(found: History) -> dict[str, bytes]:
    """Draw the predicted fan of every mission, the observed milestones, and the PIT histogram.

    Returns
    -------
    dict of bytes
        ``history.png`` and ``history.svg``.
    """
    panels = len(found.predictions) + 1
    columns = min(_COLUMNS, panels)
    rows = math.ceil(panels / columns)
    with drawing(2.6 * columns, 0.9 + 2.05 * rows) as figure:
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        for panel, prediction in zip(axes, found.predictions, strict=False):
            _panel(panel, prediction)
        _pit(axes[-1], found)
        for unused in axes[panels - 1 : -1]:
            unused.set_visible(False)
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=3)
        figure.supylabel("strength, share of the authorised", fontsize=8)
        figure.supxlabel("months after the resolution", fontsize=8)
        total = found.summary
        low, high = total.intervals["coverage_80"]
        figure.suptitle(
            f"80% intervals cover {total.coverage[0.8]:.0%} of {total.milestones} milestones "
            f"(95% interval {low:.0%} to {high:.0%})",
            fontsize=8, color=MUTED, x=0.99, ha="right",
        )  # fmt: skip
        _note(figure, found)
        return {f"history.{kind}": data for kind, data in rendered(figure).items()}


def _note(figure: Any, found: History) -> None:
    text = f"{found.replications:,} replications a mission, seed {found.seed}"
    figure.text(0.99, 0.004, text, fontsize=6, color=MUTED, ha="right", va="bottom")


def _panel(axes: Any, prediction: Prediction) -> None:
    for share, alpha in _FANS:
        low, high = prediction.bands[share]
        axes.fill_between(
            prediction.months, low, high, color=BLUE, alpha=alpha, linewidth=0,
            label=f"predicted, {share:.0%} band",
        )  # fmt: skip
    axes.plot(prediction.months, prediction.median, color=BLUE, linewidth=1.2, label="median")
    mission = prediction.mission
    points = observed_points(mission)
    scored = {s.milestone.name for s in prediction.scores}
    axes.plot(
        [month for _, month, _ in points], [fill for _, _, fill in points],
        color=VERMILION, linewidth=1.4, label="observed",
    )  # fmt: skip
    for used, face, label in ((True, VERMILION, "scored"), (False, "white", "not scored")):
        chosen = [p for p in points if (p[0] in scored) == used]
        axes.plot(
            [month for _, month, _ in chosen], [fill for _, _, fill in chosen], "o",
            markersize=3.6, color=VERMILION, markerfacecolor=face, label=label,
        )  # fmt: skip
    if mission.months_observed < HORIZON:
        axes.axvline(mission.months_observed, color=MUTED, linewidth=0.8, linestyle=":")
    axes.set_xlim(0, HORIZON)
    axes.set_ylim(0, 1.18)
    axes.set_xticks([0, 6, 12, 18, 24])
    percent_axis(axes.yaxis)
    axes.tick_params(labelsize=7)
    title = f"{mission.mission} {mission.date.year}, {mission.authorised:,}"
    axes.set_title(title, loc="left", fontsize=8)


def observed_points(mission: Mission) -> list[tuple[str, float, float]]:
    """Points of the observed curve, from its milestones: (milestone, month, share)."""
    there = mission.in_theatre / mission.authorised
    points = [("", 0.0, there)]
    points += [
        (name, mission.milestones[name], share)
        for name, share in SHARES.items()
        if not math.isnan(mission.milestones[name]) and share > there
    ]
    points += [
        (name, month, mission.milestones[name])
        for name, month in FILLS.items()
        if not math.isnan(mission.milestones[name])
    ]
    return sorted(points, key=lambda point: (point[1], point[2]))


def _pit(axes: Any, found: History) -> None:
    counts = pit_histogram(found.scores, _BINS)
    axes.bar(
        [(i + 0.5) / _BINS for i in range(_BINS)], counts, width=0.92 / _BINS, color=BLUE, alpha=0.5
    )
    axes.axhline(len(found.scores) / _BINS, color="black", linewidth=0.8, linestyle="--")
    axes.set_title("PIT (even where calibrated)", loc="left", fontsize=8)
    axes.set_xlabel("predicted probability of less", fontsize=7)
    axes.set_ylabel("milestones", fontsize=7)
    axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.tick_params(labelsize=7)
