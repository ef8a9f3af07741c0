"""A comparison as people read it: the same sections on a terminal and in Markdown."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from sim.analysis.compare.changes import is_proportion
from sim.analysis.compare.comparison import Comparison
from sim.analysis.compare.inputs import set_by_a_model
from sim.analysis.compare.sides import Side
from sim.results.files import cell_text
from sim.results.words import percent

_Row = Mapping[str, Any]
_NARROW = 76
_INPUTS = ("Input", "First", "Second", "Second is from")
_NEVER_CUT = ("set", "feasible")  # kinds of inputs, the first ones
_TWO_MEANINGS = '"Feasible" means different things in the two: feasible_when differs, listed first.'
_NO_ROW_IN_COMMON = (
    "cannot be said: no row in common. Rows are matched by their keys, mandate and force size "
    "first: give both scenarios the same (sim report sets any results side by side)"
)


@dataclass(frozen=True)
class Section:
    """A title, what must be read before the table, the table and a remark."""

    title: str
    headers: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    remark: str = ""
    warning: str = ""


def sections(found: Comparison, top: int | None) -> list[Section]:
    """Everything there is to say, the inputs first.

    Parameters
    ----------
    found
        The comparison.
    top
        Rows shown of each table; None shows all of them.
    """
    shown: list[Section] = []
    several = len(found.sides) > 2
    for side in found.sides[1:]:
        own = {
            name: [row for row in found.rows(name) if row["other"] == side.label]
            for name in ("changes", "inputs", "unmatched")
        }
        suffix = f" ({side.label})" if several else ""
        shown.append(_inputs(own["inputs"], (found.sides[0], side), suffix, top))
        shown += _changes(own["changes"], list(found.sides[0].tables), suffix, top)
        if own["unmatched"]:
            shown.append(_unmatched(own["unmatched"], suffix, top))
    return shown


def _cut(rows: Sequence[Any], top: int | None, noun: str) -> tuple[Sequence[Any], str]:
    if top is None or len(rows) <= top:
        return rows, ""
    return rows[:top], f"{len(rows) - top:,} more {noun}: --all"


def _inputs(rows: Sequence[_Row], pair: tuple[Side, Side], suffix: str, top: int | None) -> Section:
    title = f"What differs in the inputs{suffix}"
    if not all(side.run for side in pair):
        return Section(title, remark="not known: a table without run.json")
    words = sum(row["kind"] == "words" for row in rows) if top is not None else 0
    rows = [row for row in rows if row["kind"] != "words" or not words]
    if not rows:
        remark = f"nothing but words ({words} in titles and sources)" if words else "nothing"
        if set_by_a_model(pair[0].run):  # and by name the same in the other
            remark += "; but what another model set on the way is not recorded"
        return Section(title, remark=remark)
    pinned = [row for row in rows if row["kind"] in _NEVER_CUT]
    cut, more = _cut(rows[len(pinned) :], top and max(0, top - len(pinned)), "leaves")
    if words:
        more = "; ".join(filter(None, (more, f"{words} in titles and sources not shown")))
    told = tuple(
        (row["path"], _written(row["first"]), _written(row["second"]), _origin(row))
        for row in (*pinned, *cut)
    )
    two = any(row["kind"] == "feasible" for row in pinned)
    return Section(title, _INPUTS, told, more, _TWO_MEANINGS if two else "")


def _origin(row: _Row) -> str:
    # An option repeats the path and the value.
    origin = str(row["second_origin"])
    return origin.split(" ")[0] if origin.startswith("--") else origin


def _written(value: Any) -> str:
    text = "none" if value is None else cell_text(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _changes(
    rows: Sequence[_Row], tables: Sequence[str], suffix: str, top: int | None
) -> list[Section]:
    """Per table: words, probabilities, other figures."""
    shown: list[Section] = []
    changed = [
        row
        for row in rows
        if not row["only"] and cell_text(row["first"]) != cell_text(row["second"])
    ]
    for name in tables:
        own = [row for row in changed if row["table"] == name]
        groups: tuple[tuple[str, Callable[[_Row], bool]], ...] = (
            ("words", lambda row: isinstance(row["first"], str) or isinstance(row["second"], str)),
            ("probabilities, in points", lambda row: is_proportion(row["column"])),
            ("other figures", lambda row: True),
        )
        for kind, belongs in groups:
            part = [row for row in own if belongs(row)]
            own = [row for row in own if not belongs(row)]
            if part:
                shown.append(_group(f"{name}: {kind}{suffix}", part, rows, kind == "words", top))
    if not changed:
        matched = any(not row["only"] for row in rows)
        remark = "nothing" if matched else _NO_ROW_IN_COMMON
        shown.append(Section(f"What changed{suffix}", remark=remark))
    return shown


def _group(
    title: str, part: Sequence[_Row], rows: Sequence[_Row], words: bool, top: int | None
) -> Section:
    gathered = _gathered(part, rows)
    cut, more = _cut(gathered, top, "that differ")
    headers: tuple[str, ...] = ("Where", "Column", "First", "Second")
    if not words:
        headers = (*headers, "Change (95%)", "Interval")
    told: list[tuple[str, ...]] = []
    for place, row in cut:
        change = () if words else (_difference(row), row["method"])
        told.append((place, row["column"], *_both(row), *change))
    return Section(title, headers, tuple(told), more)


def _gathered(part: Sequence[_Row], rows: Sequence[_Row]) -> list[tuple[str, _Row]]:
    """Put what changes alike at several sizes into one line."""
    mandates = {row.get("mandate") for row in rows}
    groups: dict[tuple[Any, ...], list[_Row]] = {}
    for row in part:
        alike = ("mandate", "contributor", "step", "column", "first", "second", "low", "high")
        key = tuple(cell_text(row.get(name)) for name in (*_swept(row), *alike))
        groups.setdefault(key, []).append(row)
    gathered: list[tuple[str, _Row]] = []
    for group in groups.values():
        row = group[0]
        words = [f"{name}={cell_text(row[name])}" for name in _swept(row) if cell_text(row[name])]
        if len(mandates) > 1:
            words.append(cell_text(row["mandate"]))
        words.append(f"{len(group)} sizes" if len(group) > 1 else f"{int(row['force_size']):,}")
        words += [cell_text(row[k]) for k in ("contributor",) if cell_text(row.get(k))]
        words += [f"step {cell_text(row[k])}" for k in ("step",) if cell_text(row.get(k))]
        gathered.append((", ".join(words), row))
    return gathered


def _swept(row: _Row) -> list[str]:
    names = list(row)
    return names[names.index("table") + 1 : names.index("mandate")]


def _both(row: _Row) -> tuple[str, str]:
    return _value(row["column"], row["first"]), _value(row["column"], row["second"])


def _value(column: str, value: Any) -> str:
    if isinstance(value, str):
        return value or "-"
    if value is None or math.isnan(value):
        return "-"
    return percent(value, 1) if is_proportion(column) else _figure(value)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _difference(row: _Row) -> str:
    """``+2.3 (1.9 to 2.7)``; probabilities in points."""
    scale = 100 if is_proportion(row["column"]) else 1

    def told(value: float) -> str:
        text = f"{scale * value:.1f}" if scale == 100 else _figure(value)
        return "0" + text[2:] if text in ("-0.0", "-0") else text

    if math.isnan(row["difference"]):
        return "-"
    text = told(row["difference"])
    text = text if text.startswith("-") else f"+{text}"
    ends = [row["low"], row["high"]]
    if all(map(math.isnan, ends)):
        return text
    low, high = ("open" if math.isnan(end) else told(end) for end in ends)
    return f"{text} ({low} to {high})"


def _unmatched(rows: Sequence[_Row], suffix: str, top: int | None) -> Section:
    cut, more = _cut(rows, top, "on one side only")
    told = tuple((row["kind"], row["table"], row["what"], row["only"]) for row in cut)
    return Section(f"On one side only{suffix}", ("What", "Table", "Which", "Only in"), told, more)


# -- Terminal -------------------------------------------------------------------------------------

_LEFT_OUT = ("Second", "Interval", "Table")  # on a narrow terminal
_NUMBERS = ("First", "Second", "Change (95%)")


def show(found: Comparison, out: Console, top: int | None) -> None:
    """Print it."""
    for place, side in enumerate(found.sides):
        line = Text("baseline " if place == 0 else "against  ", style="dim")
        out.print(line.append(f"{side.label}  ", style="bold").append(_about(side.run)))
    for section in sections(found, top):
        out.print()
        out.print(Text(section.title, style="bold"))
        if section.warning:
            out.print(Text(section.warning))
        if section.headers == _INPUTS:  # paths are long: lines fold better than columns
            for path, first, second, origin in section.rows:
                line = Text(f"{path}: {first} -> {second}")
                out.print(line.append(f"  ({origin})" if origin else "", style="dim"))
        elif section.rows:
            out.print(_grid(section, out.width))
        if section.remark:
            out.print(Text(section.remark, style="dim"))
    out.print()
    for note in found.notes:
        out.print(Text(note, style="dim"))


def _about(run: _Row) -> str:
    if not run:
        return "a table without run.json"
    told = f"{run['title']}, {run['replications']:,} replications, seed {run['seed']}"
    names = set_by_a_model(run)
    return f"{told}, {names} set by another model" if names else told


def _grid(section: Section, width: int) -> RichTable:
    table = RichTable(box=None, pad_edge=False)
    wide = width >= _NARROW
    # The first figure and the change say the second; of words, both are needed.
    left_out = _LEFT_OUT if "Change (95%)" in section.headers else _LEFT_OUT[1:]
    kept = [i for i, name in enumerate(section.headers) if wide or name not in left_out]
    methods = {row[-1] for row in section.rows}
    if section.headers[-1] == "Interval" and len(methods) == 1 and wide:
        kept = kept[:-1]
        table.caption = f"intervals: {methods.pop()}"
        table.caption_justify = "left"
    for i in kept:
        name = section.headers[i]
        right = name in _NUMBERS and "Change (95%)" in section.headers
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in section.rows:
        table.add_row(*(Text(row[i]) for i in kept))
    return table


# -- Markdown -------------------------------------------------------------------------------------


def markdown(found: Comparison, top: int | None) -> str:
    """Write it as Markdown."""
    lines = ["# Comparison", ""]
    for place, side in enumerate(found.sides):
        lines.append(
            f"- {'Baseline' if place == 0 else 'Against'} `{side.label}`: {_about(side.run)}"
        )
    for section in sections(found, top):
        lines += ["", f"## {section.title}", ""]
        lines += [section.warning, ""] if section.warning else []
        if section.rows:
            lines += [_line(section.headers), _line("---" for _ in section.headers)]
            lines += [_line(row) for row in section.rows]
        if section.remark:
            lines += ["", section.remark] if section.rows else [section.remark]
    lines += ["", "## Notes", "", *(f"- {note}" for note in found.notes)]
    return "\n".join(lines) + "\n"


def _line(cells: Iterable[str]) -> str:
    escaped = (cell.replace("|", r"\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"
