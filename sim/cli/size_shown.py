"""What ``sim size`` tells a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from sim.analysis.same_futures import READINGS
from sim.analysis.sizing.levers import Lever
from sim.analysis.sizing.points import Point, Rise
from sim.analysis.sizing.sizes import Sizing, verdict_of
from sim.cli.verdicts import NEVER_AUTHORISED, none_feasible
from sim.results.words import interval, percent


def show_sizing(found: Sizing, out: Console) -> None:
    """The largest feasible force of a mandate, and the sizes looked at."""
    out.print(_headline(found))
    if found.reason:
        return
    for line in _remarks(found):
        out.print(Text(line, style="yellow"))
    table = RichTable(box=None)
    table.add_column("Force", justify="right")
    table.add_column(READINGS[found.given].capitalize(), justify="right")
    table.add_column("Verdict")
    table.add_column("")
    for point in found.points:
        verdict = verdict_of(point, found.confidence)
        told = "largest" if point.at == found.size else ""
        table.add_row(f"{point.at:,.0f}", _share(point), verdict, told)
    out.print(table)
    out.print(Text("95% intervals in brackets; all sizes over the same futures.\n", style="dim"))


def _headline(found: Sizing) -> Text:
    line = Text(f"{found.mandate}: ", style="bold")
    at = f"at {percent(found.confidence)} confidence, {READINGS[found.given]}"
    if found.reason == "no force":
        return line.append("nobody is sent")
    if found.reason:
        return line.append(NEVER_AUTHORISED, style="red")
    if found.size is None:
        smallest = f"{found.points[0].at:,.0f} ({_share(found.points[0])})"
        return line.append(none_feasible(smallest, at, found.estimate, found.possible))
    told = "at least" if found.at_least else "up to"
    line.append(f"{told} {found.size:,}", style="bold green").append(f" {at}")
    if found.at_least:
        return line.append(f"; nothing larger than {found.most:,} was looked for")
    if found.size >= found.most:
        return line.append(": all soldiers there are")
    above = next((int(p.at) for p in found.points if p.at > (found.possible or 0)), None)
    end = f"below {above:,}" if above else f"{found.possible:,}"
    estimate = f"best estimate {found.estimate:,}; " if found.estimate != found.size else ""
    return line.append(f" ({estimate}95% interval: {found.size:,} to {end})")


def _remarks(found: Sizing) -> list[str]:
    lines = [f"P rises with the size, from {_moved(rise)}" for rise in found.rises]
    if found.gaps:
        sizes = ", ".join(f"{gap:,}" for gap in found.gaps)
        lines.append(f"Below it, not feasible at the confidence: {sizes}")
    return lines


def _moved(rise: Rise) -> str:
    d = rise.difference
    points = f"{100 * d.estimate:+.1f} points, {100 * d.low:.1f} to {100 * d.high:.1f}"
    return (
        f"{rise.first.at:,.10g} ({percent(rise.first.share)}) to {rise.second.at:,.10g} "
        f"({percent(rise.second.share)}): {points}"
    )


def _share(point: Point) -> str:
    return interval(point.row(), "p")


# -- Levers ---------------------------------------------------------------------------------------


def show_levers(found: Sequence[Lever], out: Console) -> None:
    """The least change of each lever, the least of all first."""
    first = found[0]
    now = first.at(first.dial.start)
    line = Text(f"{first.mandate}, {first.size:,}: ", style="bold")
    line.append(f"now {_share(now)} {READINGS[first.given]}, wanted {percent(first.confidence)}")
    out.print(line)
    if first.value == first.dial.start:
        out.print(Text("feasible as it is: nothing need change", style="bold green"))
        return
    for lever in found:
        out.print()
        out.print(Text(lever.dial.path, style="bold"))
        for text, style in _told(lever):
            out.print(Text(f"  {text}", style=style))
    out.print()
    several = "Each alone, the smallest relative change first. " if len(found) > 1 else ""
    out.print(
        Text(f"{several}95% intervals in brackets; all values over the same futures.", style="dim")
    )


def _told(lever: Lever) -> list[tuple[str, str]]:
    """Lines about one lever, each with its style."""
    dial, lines = lever.dial, list[tuple[str, str]]()
    start = _text(dial.written)
    if lever.value is None:
        ends = [_written(lever, point.at) for point in (lever.points[0], lever.points[-1])]
        lines.append((f"now {start}; none from {ends[0]} to {ends[1]} is shown to suffice", "red"))
        best = lever.best
        if len({point.successes for point in lever.points}) == 1:
            lines.append(("P is the same whatever it is: nothing depends on it here", ""))
        else:
            there = "as it is" if best.at == dial.start else _written(lever, best.at)
            lines.append((f"best: {there}, {_share(best)}", ""))
        if lever.possible is not None:
            lines.append((f"not ruled out from {_written(lever, lever.possible)} on", ""))
    else:
        lines.append((f"{start} -> {_written(lever, lever.value)}", "bold green"))
        lines.append((f"there {_share(lever.at(lever.value))}", ""))
        possible = lever.value if lever.possible is None else lever.possible
        told = f"95% interval of the answer: {_written(lever, possible)} to "
        lines.append((f"{told}{_written(lever, lever.value)}", ""))
        if lever.relative < 1e6:
            way = "more" if lever.value > dial.start else "less"
            lines.append((f"relative change: {percent(lever.relative)} {way}", ""))
    lines += [(f"P does not move one way: from {_moved(rise)}", "yellow") for rise in lever.rises]
    return lines


def _written(lever: Lever, x: float) -> str:
    text = _text(lever.dial.value(x))
    return f"{text} (x {x:g})" if lever.dial.kind == "factor" else text


def _text(written: Any) -> str:
    if isinstance(written, Mapping):
        return "{" + ", ".join(f"{key}: {_text(value)}" for key, value in written.items()) + "}"
    return f"{written:,.10g}" if isinstance(written, (int, float)) else str(written)


# -- Data -----------------------------------------------------------------------------------------
