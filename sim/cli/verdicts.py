"""What a result says, as a person reads it: the answer first, then the tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from sim.analysis.same_futures import READINGS
from sim.results.result import Result
from sim.results.tables import rows_of
from sim.results.words import failures, interval, percent

Row = Mapping[str, Any]

# More mandates than these are compared in one table, in place of a funnel for each.
_FUNNELS = 3
NEVER_AUTHORISED = "never authorised in these replications"
_STYLES = {"feasible": "bold green", "infeasible": "red", "open": "yellow"}


def show_result(result: Result, out: Console, full: bool = False) -> None:
    """The answer first; then a funnel per mandate, or for many mandates one table of all.

    Parameters
    ----------
    result
        What to show.
    out
        Where.
    full
        Show every funnel, however many there are.
    """
    rows = rows_of(result.tables["summary"])
    run = result.run
    out.print(Text(result.title, style="bold"))
    if summary := run["inputs"].get("summary"):
        out.print(Text(str(summary)))
    out.print(f"{run['replications']:,} replications, seed {run['seed']}\n")
    mandates = list(dict.fromkeys(row["mandate"] for row in rows))
    many = len(mandates) > _FUNNELS
    if many:
        out.print(_comparison(result, rows, out.width))
        out.print(Text(_READING_OF_COMPARISON, style="dim"))
    else:
        show_verdicts(result, mandates, rows, out)
    shown = set[str]()
    for mandate in [] if many and not full else mandates:
        own = [row for row in rows if row["mandate"] == mandate]
        if own[0]["verdict"] != "no force":
            funnel = _funnel(mandate, own, out.width)
            shown |= {str(column.header) for column in funnel.columns}
            out.print()
            out.print(funnel)
    if shown:
        adequate = _ADEQUATE if "Adequate" in shown else ""
        out.print(Text(f"{_READING_OF_FUNNELS}{adequate}", style="dim"))


_READING_OF_FUNNELS = (
    "95% intervals in brackets. Each stage includes those before it. "
    "Binds: what fails first, as a share of the authorised futures that fail."
)
_ADEQUATE = " Adequate: at least as large as the task requires, whether or not it can be sent."
_READING_OF_COMPARISON = (
    "By force size: P(feasible) if authorised, with 95% intervals; * at the wanted confidence. "
    "Binds: what stops the smallest size that is not feasible. War: a state that ends a mission "
    "occurs, in all futures, at the largest size. Stage by stage: summary.csv, or --full."
)


def _comparison(result: Result, rows: Sequence[Row], width: int) -> RichTable:
    """A row per mandate; as many of the sizes as the terminal has room for."""
    mandates = list(dict.fromkeys(row["mandate"] for row in rows))
    by_cell = {(row["mandate"], row["force_size"]): row for row in rows}
    sizes = sorted({row["force_size"] for row in rows if row["verdict"] != "no force"})
    wide = width >= 100
    room = width - max(map(len, mandates)) - 2 - (13 if width >= 70 else 7) - (36 if wide else 0)
    sizes = _spread_out(sizes, max(1, room // 14))
    table = RichTable(box=None)
    table.add_column("Mandate", no_wrap=True)
    table.add_column("Authorised", justify="right", no_wrap=True)
    for size in sizes:
        table.add_column(f"{size:,}", justify="right", no_wrap=True)
    if wide:
        table.add_column("Binds", no_wrap=True)
        table.add_column("War", justify="right", no_wrap=True)

    def authorised(row: Row) -> str:
        return interval(row, "p_authorised") if width >= 70 else percent(row["p_authorised"])

    for mandate in mandates:
        own = [row for row in rows if row["mandate"] == mandate]
        nobody = own[0]["verdict"] == "no force"
        given = result.run["given"][mandate] == "authorisation"
        figure = "p_feasible_if_authorised" if given else "p_feasible"
        cells = [_feasibility(by_cell.get((mandate, size)), figure) for size in sizes]
        stopped = next((row for row in own if row["verdict"] != "feasible"), None)
        war = percent(own[-1]["p_mission_ending_state"])
        more = [binding(stopped) if stopped and not nobody else "", war]
        table.add_row(
            mandate,
            "nobody is sent" if nobody else authorised(own[0]),
            *cells,
            *(more if wide else ()),
        )
    return table


def _spread_out(sizes: Sequence[int], most: int) -> list[int]:
    """At most so many of the sizes, the first and the last among them."""
    if len(sizes) <= most:
        return list(sizes)
    last = len(sizes) - 1
    return [sizes[round(i * last / max(1, most - 1))] for i in range(most)]


def _feasibility(row: Row | None, figure: str) -> Text:
    if row is None or row["verdict"] == "no force":
        return Text("")
    mark = "*" if row["verdict"] == "feasible" else ""
    return Text(f"{interval(row, figure)}{mark}", style=_STYLES.get(row["verdict"], ""))


def binding(row: Row) -> str:
    """What binds most where the mandate is authorised, with its share of those failures."""
    shares = failures(row)
    if not shares:
        return ""
    cause = max(shares, key=lambda name: shares[name])
    return f"{cause} {percent(shares[cause])}"


def show_verdicts(
    result: Result, mandates: Sequence[str], rows: Sequence[Row], out: Console
) -> None:
    """Per mandate: the largest force that is feasible at the wanted confidence."""
    largest = result.largest()
    for mandate in mandates:
        row = next(row for row in rows if row["mandate"] == mandate)
        given = result.run["given"][mandate]
        wanted = f"at {percent(result.run['confidence'][mandate])} confidence, {READINGS[given]}"
        size = largest[mandate]
        line = Text(f"{mandate}: ", style="bold")
        if row["verdict"] == "no force":
            state = row["p_mission_ending_state"]
            line.append("nobody is sent")
            if not math.isnan(state):
                line.append(
                    f"; a state that would end a mission occurs in {percent(state)} of futures"
                )
        elif row["verdict"] == "never authorised":
            line.append(NEVER_AUTHORISED, style="red")
        elif size is None:
            own = [row for row in rows if row["mandate"] == mandate]
            line.append(_none_of(own, given, result.run["confidence"][mandate], wanted))
        else:
            line.append(f"up to {size:,}", style="bold green")
            line.append(f" {wanted}")
        if row["verdict"] != "no force":
            line.append(f"; P(authorised) {interval(row, 'p_authorised')}")
        out.print(line)


def _none_of(rows: Sequence[Row], given: str, confidence: float, wanted: str) -> Text:
    figure = "p_feasible_if_authorised" if given == "authorisation" else "p_feasible"
    smallest = min(rows, key=lambda row: int(row["force_size"]))

    def largest(name: str) -> int | None:
        reached = (int(row["force_size"]) for row in rows if row[name] >= confidence)
        return max(reached, default=None)

    told = f"{smallest['force_size']:,} ({interval(smallest, figure)})"
    return none_feasible(told, wanted, largest(figure), largest(f"{figure}_high"))


def none_feasible(smallest: str, wanted: str, estimate: int | None, possible: int | None) -> Text:
    """No size is feasible; and how large the force might be all the same.

    Parameters
    ----------
    smallest
        The smallest size that was tried, with its probability.
    wanted
        The confidence, and what it is given.
    estimate, possible
        The largest size whose estimate, and whose interval's upper end, reaches the confidence.
    """
    line = Text().append(f"no size from {smallest} up is feasible", style="red")
    line.append(f" {wanted}")
    if estimate:
        line.append(f"; best estimate {estimate:,}")
    if possible:
        line.append(f"; not ruled out up to {possible:,}")
    return line


# Name, least width of the terminal from which on it is shown, and what stands in the cell.
_COLUMNS: tuple[tuple[str, int, Callable[[Row], str]], ...] = (
    ("Force", 0, lambda row: f"{row['force_size']:,}"),
    ("Authorised", 120, lambda row: percent(row["p_authorised"])),
    ("Pledged", 120, lambda row: percent(row["p_pledged"])),
    ("Initial", 120, lambda row: percent(row["p_initial"])),
    ("Full", 120, lambda row: percent(row["p_full"])),
    ("Feasible", 76, lambda row: interval(row, "p_feasible")),
    ("If authorised", 0, lambda row: interval(row, "p_feasible_if_authorised")),
    ("Adequate", 92, lambda row: interval(row, "p_adequate")),
    ("Binds", 60, lambda row: binding(row)),
    ("Verdict", 0, lambda row: str(row["verdict"])),
)


def _funnel(mandate: str, rows: Sequence[Row], width: int) -> RichTable:
    """The funnel by force size; the narrower the terminal, the fewer stages."""
    table = RichTable(title=mandate, title_justify="left", title_style="bold", box=None)
    columns = [
        (name, show)
        for name, least, show in _COLUMNS
        if width >= least and any(show(row) not in ("", "-") for row in rows)
    ]
    for name, _ in columns:
        left = name in ("Binds", "Verdict")
        table.add_column(name, justify="left" if left else "right", no_wrap=True)
    for row in rows:
        style = _STYLES.get(row["verdict"], "")
        table.add_row(
            *(Text(show(row), style=style if name == "Verdict" else "") for name, show in columns)
        )
    return table
