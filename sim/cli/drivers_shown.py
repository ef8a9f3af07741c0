"""What ``sim drivers`` prints."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from sim.analysis.drivers.discovery import Box, Limit
from sim.analysis.drivers.measures import DUMMIES, told
from sim.analysis.drivers.ranking import Driver, Drivers
from sim.analysis.drivers.sobol import Index, Sobol
from sim.results.words import percent

_SHOWN, _NAMED, _NAME, _FIGURE, _WIDE = 15, 5, 24, 90, 0.2

_Cell = Callable[[Driver], str]


def short(name: str, width: int) -> str:
    """An input's name without its section; cut in the middle where it is longer than `width`."""
    name = name.partition(".")[2] or name
    if len(name) <= width:
        return name
    tail = name.rpartition(".")[2][-(width - 2) :]
    return f"{name[: max(1, width - len(tail) - 1)]}…{tail}"


def show_drivers(found: Drivers, out: Console) -> None:
    """The estimate, the ranking, the boxes, and what they rest on."""
    _head(found, out)
    shown = [d for d in found.drivers if d.adjusted.own or d.above_noise][:_SHOWN]
    if not shown:
        out.print(f"None of {len(found.drivers)} inputs is told from noise.")
    else:
        out.print(_ranking(found, shown, out.width))
    own = sum(d.adjusted.own for d in found.drivers)
    above = sum(d.above_noise and not d.adjusted.own for d in found.drivers)
    rest = len(found.drivers) - own - above
    model = "logistic" if found.truth else "linear"
    unit = "percentage points" if found.truth else f"the unit of {found.outcome}"
    out.print(
        Text(
            f"* has an influence of its own: {own} inputs. {above} more go with the outcome, and "
            f"{rest} are not told from noise (PAWN floor {found.noise:.3f}: the highest of "
            f"{DUMMIES} dummy inputs). {len(found.constant)} do not vary.\n"
            f"Difference ({unit}): the outcome where an input is true or in its highest third, "
            "less where it is false or in its lowest, with all that goes with it. Others equal: "
            f"the same with the other inputs equal, by {model} regression; see it as a hint where "
            "an input is nearly always or never true. 95% intervals in brackets.\n"
            "Ranked is what replications keep: no notice, decision delays or course of a conflict. "
            "For these and for what is the same in all of them there is --lever.",
            style="dim",
        )
    )
    if found.truth:
        out.print()
        _boxes(found, out)
    weak = found.weak()
    if weak:
        out.print()
        out.print(Text("Of those with an influence of their own, resting on little:", style="bold"))
        for driver in weak[:_NAMED]:
            figures = "; ".join(driver.evidence.figures) or "no source"
            figures = figures if len(figures) <= _FIGURE else f"{figures[: _FIGURE - 2]} …"
            line = f"{driver.input} ({driver.evidence.mark}): {figures}"
            out.print(Padding(Text(line), (0, 0, 0, 2), expand=False))
        if len(weak) > _NAMED:
            out.print(Text(f"  and {len(weak) - _NAMED} more"))


def _head(found: Drivers | Sobol, out: Console) -> None:
    out.print(Text(found.title, style="bold"))
    reading = "if authorised" if found.given == "authorisation" else "outright"
    where = f"{found.mandate}, {found.force_size:,}"
    if isinstance(found, Sobol):
        out.print(Text(f"{where}: P({found.outcome}), {reading}; {found.runs:,} runs of "
                       f"{found.replications:,} replications, seed {found.seed}\n"))  # fmt: skip
        return
    if found.truth:
        low, high = 100 * found.estimate_low, 100 * found.estimate_high
        estimate = f"P({found.outcome}) {percent(found.estimate)} ({low:.0f}-{high:.0f})"
    else:
        low, high = found.estimate_low, found.estimate_high
        estimate = f"{found.outcome} {told(found.estimate)} ({told(low)}-{told(high)}) on average"
    without = f", {found.left_out:,} without a value left out" if found.left_out else ""
    out.print(
        Text(
            f"{where}: {estimate}, {reading}; {found.replications:,} replications{without}, "
            f"seed {found.seed}\n"
        )
    )


def _signed(value: float, low: float, high: float, truth: bool) -> str:
    """A difference with its interval: ``+53 (51 to 56)``."""
    if math.isnan(value):
        return "-"
    if truth:
        return f"{100 * value:+.0f} ({100 * low:.0f} to {100 * high:.0f})"
    sign = "+" if value > 0 else ""
    return f"{sign}{told(value)} ({told(low)} to {told(high)})"


def _ranking(found: Drivers, shown: list[Driver], width: int) -> RichTable:
    def ends(driver: Driver) -> str:
        parts = driver.contrast.low_outcome, driver.contrast.high_outcome
        low, high = map(percent if found.truth else told, parts)
        c = driver.contrast
        return f"{c.low_when}: {low}, {c.high_when}: {high}"

    def plain(driver: Driver) -> str:
        c = driver.contrast
        return _signed(c.difference, c.difference_low, c.difference_high, found.truth)

    def equal(driver: Driver) -> str:
        a = driver.adjusted
        star = " *" if a.own else "  "
        return _signed(a.others_equal, a.others_equal_low, a.others_equal_high, found.truth) + star

    def pawn(driver: Driver) -> str:
        if math.isnan(driver.pawn_low):
            return f"{driver.pawn:.2f}"
        return f"{driver.pawn:.2f} ({driver.pawn_low:.2f}-{driver.pawn_high:.2f})"

    def correlation(driver: Driver) -> str:
        low, high = driver.correlation_low, driver.correlation_high
        return f"{driver.correlation:+.2f} ({low:.2f} to {high:.2f})"

    # As they stand; the number says which goes first where there is no room.
    columns: list[tuple[str, int, _Cell]] = [
        ("Others equal", 0, equal),
        ("Difference", 1, plain),
        ("PAWN", 2, pawn),
        ("Rank correlation", 4, correlation),
        ("Outcome", 5, ends),
        ("Rests on", 3, lambda driver: driver.evidence.mark),
    ]

    def taken(column: tuple[str, int, _Cell]) -> int:
        return max(len(column[0]), *(len(column[2](driver)) for driver in shown)) + 2

    while len(columns) > 1 and sum(map(taken, columns)) + _NAME > width:
        columns.remove(max(columns, key=lambda column: column[1]))
    cells = [[show(driver) for _, _, show in columns] for driver in shown]
    bold = [driver.adjusted.own for driver in shown]
    titles = ["Input", *(title for title, _, _ in columns)]
    return _fitted(titles, [driver.input for driver in shown], cells, bold, width)


def _fitted(
    titles: Sequence[str],
    names: Sequence[str],
    cells: Sequence[Sequence[str]],
    bold: Sequence[bool],
    width: int,
) -> RichTable:
    """A table in which the names give way, and nothing else."""
    taken = sum(max(map(len, column)) + 2 for column in zip(titles[1:], *cells, strict=True))
    table = RichTable(box=None)
    for title in titles:
        left = title in ("Input", "Lever", "Outcome", "Rests on", "Range")
        table.add_column(title, justify="left" if left else "right", no_wrap=True)
    for name, row, strong in zip(names, cells, bold, strict=True):
        told_name = Text(short(name, max(12, width - taken - 2)), style="bold" if strong else "")
        table.add_row(told_name, *map(Text, row))
    return table


def _boxes(found: Drivers, out: Console) -> None:
    wanted, outcome = percent(found.density), found.outcome
    if found.estimate >= found.density:
        other = f"; --outcome {outcome}=false finds where it fails" if outcome == "feasible" else ""
        out.print(f"P({outcome}) over all futures is at the wanted {wanted} already: no box{other}")
        return
    if not found.boxes:
        out.print(f"No limit on these inputs raises P({outcome}) beyond chance.")
        return
    truths = {d.input for d in found.drivers if d.contrast.low_when == "false"}
    reached = found.boxes[0].density_high >= found.density
    head = f"Where P({outcome}) reaches {wanted}"
    if not reached:
        head = f"No box reaches P({outcome}) of {wanted}; the best balance with coverage"
    out.print(Text(f"{head} (measured on the half not searched):", style="bold"))
    for number, box in enumerate(found.boxes, 1):
        after = "" if number == 1 else "else "
        out.print(
            Padding(Text(f"{number}. {after}{_limits(box, truths)}"), (0, 0, 0, 2), expand=False)
        )
        density = _interval(box.density, box.density_low, box.density_high)
        coverage = _interval(box.coverage, box.coverage_low, box.coverage_high)
        line = f"P {density}, coverage {coverage}, {percent(box.mass)} of the futures"
        out.print(Padding(Text(line), (0, 0, 0, 5), expand=False))
    out.print(Text(f"Coverage: how much of P({outcome}) lies in the box.", style="dim"))


def _interval(value: float, low: float, high: float) -> str:
    return f"{percent(value)} ({100 * low:.0f}-{100 * high:.0f})"


def _limits(box: Box, truths: set[str]) -> str:
    return ", ".join(_limit(limit, limit.input in truths) for limit in box.limits)


def _limit(limit: Limit, truth: bool) -> str:
    if truth:
        return limit.input if limit.low > 0 else f"not {limit.input}"
    if math.isinf(limit.low):
        return f"{limit.input} <= {told(limit.high)}"
    if math.isinf(limit.high):
        return f"{limit.input} >= {told(limit.low)}"
    return f"{limit.input} {told(limit.low)} to {told(limit.high)}"


def show_sobol(found: Sobol, out: Console) -> None:
    """The spread of P(outcome), then how much of it is due to each lever."""
    _head(found, out)
    out.print(
        f"P({found.outcome}) {percent(found.mean)} on average over the levers, from "
        f"{percent(found.least)} to {percent(found.most)}; standard deviation "
        f"{100 * found.deviation:.1f} points"
    )
    columns: list[tuple[str, int, Callable[[Index], str]]] = [
        ("First", 0, lambda i: f"{i.first:.2f} ({i.first_low:.2f} to {i.first_high:.2f})"),
        ("Total", 0, lambda i: f"{i.total:.2f} ({i.total_low:.2f} to {i.total_high:.2f})"),
        ("Range", 90, lambda i: i.range),
        ("P low third", 110, lambda i: percent(i.low_outcome)),
        ("P high third", 110, lambda i: percent(i.high_outcome)),
    ]
    columns = [column for column in columns if out.width >= column[1]]
    names = [f".{index.lever}" for index in found.indices]  # levers of one section or of many
    cells = [[show(index) for _, _, show in columns] for index in found.indices]
    titles = ["Lever", *(title for title, _, _ in columns)]
    out.print(_fitted(titles, names, cells, [False] * len(names), out.width))
    if any(index.total_high - index.total_low > _WIDE for index in found.indices):
        out.print("These intervals are wide; a larger --base narrows them.")
    out.print(
        Text(
            "Share of the variance that a lever explains alone (first), and alone or together with "
            "others (total); 95% intervals in brackets. Every run has the same futures; levers are "
            "even over their ranges and free of each other.",
            style="dim",
        )
    )
