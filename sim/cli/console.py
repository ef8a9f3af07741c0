"""What a person reads: tables that fit the terminal, progress that stays out of pipes."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from sim.engine.plan import CAUSES
from sim.results.result import Result

# Nobody folds lines in a pipe; a file may be wider than any terminal.
_PIPE_WIDTH = 140


def console() -> Console:
    """Standard output: coloured on a terminal unless NO_COLOR says otherwise, plain in a pipe."""
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _PIPE_WIDTH
    return Console(width=width, highlight=False, soft_wrap=False)


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar on standard error, where that is a terminal; else nothing."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def percent(value: float, digits: int = 0) -> str:
    """A probability as a percentage; a dash where there is none."""
    if value is None or math.isnan(value):
        return "-"
    if 0 < value < 0.005 and not digits:
        return "<1%"
    if 0.995 < value < 1 and not digits:
        return ">99%"
    return f"{100 * value:.{digits}f}%"


def interval(row: Mapping[str, Any], name: str) -> str:
    """An estimate with its 95% interval: ``44% (43-45)``."""
    if math.isnan(row[name]):
        return "-"
    low, high = 100 * row[f"{name}_low"], 100 * row[f"{name}_high"]
    return f"{percent(row[name])} ({math.floor(low + 0.5)}-{math.floor(high + 0.5)})"


def binding(row: Mapping[str, Any]) -> str:
    """What binds most where the mandate is authorised, with its share of those failures."""
    causes = {cause: row[f"binding_{cause}"] for cause in CAUSES}
    # Refused or late authorisation is no failure of the force; a refused renewal is.
    causes["authorisation"] -= 1 - row["p_authorised"]
    failed = row["p_authorised"] - row["p_feasible"]
    if not failed > 1e-12:
        return ""
    cause = max(causes, key=lambda name: causes[name])
    name = "renewal" if cause == "authorisation" else cause
    return f"{name} {percent(causes[cause] / failed)}"


_STYLES = {"feasible": "bold green", "infeasible": "red", "open": "yellow"}


def show_result(result: Result, out: Console) -> None:
    """The answer first, then the grid."""
    rows = rows_of(result.tables["summary"])
    run = result.run
    out.print(Text(result.title, style="bold"))
    if summary := run["inputs"].get("summary"):
        out.print(Text(str(summary)))
    out.print(f"{run['replications']:,} replications, seed {run['seed']}\n")
    mandates = list(dict.fromkeys(row["mandate"] for row in rows))
    show_verdicts(result, mandates, rows, out)
    for mandate in mandates:
        own = [row for row in rows if row["mandate"] == mandate]
        if own[0]["verdict"] == "no force":
            continue
        out.print()
        out.print(_grid(mandate, own, out.width))
    if any(row["verdict"] != "no force" for row in rows):
        out.print(
            Text(
                "95% intervals in brackets. Each stage includes those before it. "
                "Binds: what fails first, as a share of the authorised futures that fail.",
                style="dim",
            )
        )


def show_verdicts(
    result: Result, mandates: Sequence[str], rows: Sequence[Mapping[str, Any]], out: Console
) -> None:
    """Per mandate: the largest force that is feasible at the wanted confidence."""
    largest = result.largest()
    for mandate in mandates:
        row = next(row for row in rows if row["mandate"] == mandate)
        confidence = percent(result.run["confidence"][mandate])
        reading = (
            ", if authorised" if result.run["given"][mandate] == "authorisation" else ", outright"
        )
        size = largest[mandate]
        line = Text(f"{mandate}: ", style="bold")
        if row["verdict"] == "no force":
            state = row["p_mission_ending_state"]
            line.append("nobody is sent")
            if not math.isnan(state):
                line.append(
                    f"; a state that would end a mission occurs in {percent(state)} of futures"
                )
        elif size is None:
            smallest = min(
                (r for r in rows if r["mandate"] == mandate), key=lambda r: int(r["force_size"])
            )
            given = result.run["given"][mandate] == "authorisation"
            reached = percent(smallest["p_feasible_if_authorised" if given else "p_feasible"])
            line.append(
                f"no size from {smallest['force_size']:,} ({reached}) up is feasible at "
                f"{confidence} confidence{reading}",
                style="red",
            )
        else:
            line.append(f"up to {size:,}", style="bold green")
            line.append(f" at {confidence} confidence{reading}")
        if row["verdict"] != "no force":
            line.append(f"; P(authorised) {interval(row, 'p_authorised')}")
        out.print(line)


_Row = Mapping[str, Any]

# Name, least width of the terminal from which on it is shown, and what stands in the cell.
_COLUMNS: tuple[tuple[str, int, Callable[[_Row], str]], ...] = (
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


def _grid(mandate: str, rows: Sequence[Mapping[str, Any]], width: int) -> RichTable:
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


def rows_of(table: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """A table's columns as rows."""
    return [dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True)]
