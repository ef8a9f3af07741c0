"""The picture of one future: a bar per unit, and the strength above (matplotlib)."""

from __future__ import annotations

from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from sim.analysis.trace.tracing import Trace, UnitLife
from sim.report.style import (
    BLUE,
    GREEN,
    ORANGE,
    REST,
    VERMILION,
    YELLOW,
    drawing,
    rendered,
    thousands_axis,
)


class _Look(NamedTuple):
    """How a state is drawn; height as a share of a unit's row."""

    label: str
    colour: str
    height: float
    hatch: str


# Height and hatching tell the states apart in grey: in the theatre a bar fills
# its row, at home it is a thin line.
_LOOKS = {
    "counted": _Look("in the theatre", BLUE, 0.84, ""),
    "outgoing": _Look("outgoing (no longer counted)", ORANGE, 0.84, "//////"),
    "rested": _Look("at home, rested", GREEN, 0.34, ""),
    "ready": _Look("at home, ready for a surge", YELLOW, 0.34, "......"),
    "resting": _Look("at home, resting", REST, 0.34, ""),
}
_ALL_SHOWN = 40  # with more units than these, those that were never sent are left out
MOST_ROWS = 400
_WIDTH, _TOP, _MARGINS = 11.0, 2.6, 1.9  # inches


def gantt(trace: Trace) -> dict[str, bytes]:
    """Draw a future.

    Parameters
    ----------
    trace
        The future, unit by unit.

    Returns
    -------
    dict of bytes
        ``gantt.png`` and ``gantt.svg``; the same bytes for the same future.
    """
    shown, left_out = units_shown(trace)
    rows = _rows(shown)
    inches = max(1.2, _row_height(len(shown)) * (rows[-1] + 1 if rows else 0))
    height = _TOP + inches + _MARGINS
    with drawing(_WIDTH, height, layout="none") as figure:
        grid = figure.add_gridspec(
            2, 1, height_ratios=[_TOP, inches], hspace=0.55 / (_TOP + inches) * 2,
            left=0.2, right=0.975, top=1 - 0.95 / height, bottom=0.95 / height,
        )  # fmt: skip
        above = figure.add_subplot(grid[0])
        below = figure.add_subplot(grid[1], sharex=above)
        _strength(above, trace)
        _bars(below, trace, shown, rows)
        _deadlines(above, below, trace)
        _words(figure, height, trace, left_out)
        return {f"gantt.{kind}": data for kind, data in rendered(figure, dpi=130).items()}


def units_shown(trace: Trace) -> tuple[list[UnitLife], str]:
    """Say which units are drawn, and in words which are not."""
    lives, told = list(trace.lives), []
    if len(lives) > _ALL_SHOWN:
        sent = [life for life in lives if life.was_sent]
        if len(sent) < len(lives):
            told.append(f"{len(lives) - len(sent):,} units that were never sent")
        lives = sent
    if len(lives) > MOST_ROWS:
        told.append(f"{len(lives) - MOST_ROWS:,} further units, all in events.csv")
        lives = lives[:MOST_ROWS]
    order = {name: place for place, name in enumerate(dict.fromkeys(u.pool for u in trace.lives))}
    return sorted(lives, key=lambda u: (order[u.pool], u.first_sent, u.number)), " and ".join(told)


def _row_height(units: int) -> float:
    """Inches of a unit's row."""
    return 0.22 if units <= 20 else 0.16 if units <= 60 else 0.12


def _rows(lives: list[UnitLife]) -> list[float]:
    """Where each unit's row lies: a gap between contributors, a lesser one between pools."""
    rows, at = list[float](), 0.0
    for before, life in zip([None, *lives], lives, strict=False):
        if before and before.contributor != life.contributor:
            at += 1.0
        elif before and before.pool != life.pool:
            at += 0.35
        rows.append(at)
        at += 1
    return rows


def _days(trace: Trace, step: float) -> float:
    """A step as matplotlib counts days."""
    from matplotlib.dates import date2num

    start: float = date2num(trace.plan.start)  # type: ignore[no-untyped-call]
    return start + step * trace.plan.step_days


def _strength(axes: Any, trace: Trace) -> None:
    """Soldiers in the theatre and counted, against those asked for."""
    record = trace.record
    days = [_days(trace, step) for step in range(trace.plan.steps + 1)]
    counted = record.counted_for.sum(axis=1)
    for values, key in ((record.strength, "outgoing"), (counted, "counted")):
        look = _LOOKS[key]
        axes.stairs(
            values, days, fill=True, facecolor=look.colour, hatch=look.hatch,
            edgecolor="white" if look.hatch else look.colour, linewidth=0,
        )  # fmt: skip
    axes.stairs(trace.target, days, baseline=None, color="black", linewidth=1.4)
    axes.set_ylabel("soldiers")
    thousands_axis(axes.yaxis)
    axes.grid(visible=False)
    top = max(int(trace.target.max(initial=0)), int(record.strength.max(initial=0)), 1)
    axes.set_ylim(0, 1.12 * top)


def _bars(axes: Any, trace: Trace, lives: list[UnitLife], rows: list[float]) -> None:
    """A row per unit, grouped by contributor and pool."""
    from matplotlib.collections import PolyCollection

    for state, look in _LOOKS.items():
        half = look.height / 2
        boxes = [
            [(begin, row - half), (begin, row + half), (end, row + half), (end, row - half)]
            for row, life in zip(rows, lives, strict=True)
            for stay in life.stays
            if stay.state == state
            for begin, end in [(_days(trace, stay.begin), _days(trace, stay.end))]
        ]
        edge = "#333333" if state == "ready" else "white"
        axes.add_collection(
            PolyCollection(
                boxes, facecolor=look.colour, hatch=look.hatch, edgecolor=edge, linewidth=0.3
            )
        )
    numbered = _row_height(len(lives)) > 0.12
    for row, life in zip(rows, lives, strict=True) if numbered else ():
        axes.text(
            -0.004, row, str(life.number), transform=axes.get_yaxis_transform(),
            ha="right", va="center", fontsize=5.5, color="0.4",
        )  # fmt: skip
    pools = [list(group) for _, group in groupby(range(len(lives)), lambda i: lives[i].pool)]
    axes.set_yticks(
        [(rows[own[0]] + rows[own[-1]]) / 2 for own in pools],
        [_pool_label(lives, own) for own in pools],
        fontsize=7,
    )
    axes.tick_params(axis="y", length=0, pad=16 if numbered else 3)
    nations = [list(g) for _, g in groupby(range(len(lives)), lambda i: lives[i].contributor)]
    for number, own in enumerate(nations):
        first = rows[own[0]]
        if number:
            axes.axhline(first - 1.0, color="0.75", linewidth=0.6)
        axes.text(
            -0.238, first - 0.5, _folded(lives[own[0]].contributor),
            transform=axes.get_yaxis_transform(),
            ha="left", va="top", fontsize=8, fontweight="bold", linespacing=0.95,
        )  # fmt: skip
    if not lives:
        axes.text(0.5, 0.5, "no unit came", transform=axes.transAxes, ha="center")
    axes.set_ylim((rows[-1] if rows else 0) + 0.8, -0.8)
    axes.set_xlim(_days(trace, 0), _days(trace, trace.plan.steps))
    axes.xaxis_date()
    _ticks(axes)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)


def _pool_label(lives: list[UnitLife], own: list[int]) -> str:
    """Name the capability (the pool, where there are several of it), and count its units."""
    life = lives[own[0]]
    same = {other.pool for other in lives if other.contributor == life.contributor
            and other.capability == life.capability}  # fmt: skip
    name = life.capability if len(same) == 1 else life.pool.rpartition(".")[2]
    if len(name) > 22:
        name = name[:21] + "…"
    return f"{name} ({len(own)})"


def _folded(name: str) -> str:
    """Fold a long name."""
    import textwrap

    return "\n".join(textwrap.wrap(name, 16, max_lines=2, placeholder="…"))


def _ticks(axes: Any) -> None:
    from matplotlib import dates

    locator = dates.AutoDateLocator(minticks=5, maxticks=12)  # type: ignore[no-untyped-call]
    formatter = dates.ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(formatter)


def _deadlines(above: Any, below: Any, trace: Trace) -> None:
    """Mark authorisation, deadlines, an early end, and when the force is to be held."""
    gates = {gate.name: gate for gate in trace.gates}
    steps = trace.plan.steps
    begin, end = gates["full"].by, gates["held"].by
    if begin < min(end, steps):
        for axes in (above, below):
            axes.axvspan(
                _days(trace, begin), _days(trace, min(end, steps)),
                color="black", alpha=0.055, linewidth=0, zorder=0,
            )  # fmt: skip
    marks = {"authorised": trace.authorised, "full by": begin}
    if end > begin:
        marks["hold ends"] = end
    marks["mission ends"] = trace.record.ended_at
    if "initial" in gates:
        marks["initial by"] = gates["initial"].by
    level, last = 0, -np.inf
    for name, step in sorted(marks.items(), key=lambda mark: mark[1]):
        if step > steps:
            continue
        day = _days(trace, step)
        near = day - last < 0.09 * steps * trace.plan.step_days
        level, last = (level + 1 if near else 0), day
        for axes in (above, below):
            axes.axvline(day, color=VERMILION, linewidth=1, linestyle=(0, (4, 2)), zorder=4)
        late = step > 0.9 * steps
        above.annotate(
            name, (day, 1), xycoords=("data", "axes fraction"),
            xytext=(-2 if late else 2, 2 + 9 * level), textcoords="offset points",
            ha="right" if late else "left", va="bottom", fontsize=7.5, color="#A34700",
        )  # fmt: skip


def _words(figure: Any, height: float, trace: Trace, left_out: str) -> None:
    """Title, legend, and what is left out."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    future = trace.future
    outcome = "feasible" if trace.gates[-1].passed else f"not feasible: {trace.binding}"
    figure.text(
        0.012, 1 - 0.1 / height,
        f"{_short(trace.plan.title, 70)}: {trace.mandate.name}, {future.size:,} soldiers",
        fontsize=11, va="top",
    )  # fmt: skip
    figure.text(
        0.012, 1 - 0.33 / height,
        f"replication {future.replication} (seed {future.seed}), {future.chosen}; {outcome}",
        fontsize=8, va="top", color="0.3",
    )  # fmt: skip
    patches = [
        Patch(
            facecolor=look.colour, hatch=look.hatch, label=look.label, linewidth=0.3,
            edgecolor="#333333" if state == "ready" else "white",
        )
        for state, look in _LOOKS.items()
    ]  # fmt: skip
    figure.legend(
        handles=[
            *patches,
            Line2D([], [], color="black", linewidth=1.4, label="asked for"),
            Line2D([], [], color=VERMILION, linestyle=(0, (4, 2)), linewidth=1, label="dates"),
            Patch(facecolor="black", alpha=0.07, label="to be held"),
        ],
        loc="lower left", bbox_to_anchor=(0.01, 0.18 / height), ncols=4, frameon=False,
        fontsize=7.5,
    )  # fmt: skip
    below = f"Not shown: {left_out}." if left_out else "All units are shown."
    figure.text(0.988, 0.1 / height, below, ha="right", va="bottom", fontsize=7, color="0.4")


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
