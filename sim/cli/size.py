"""``sim size``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from sim.analysis.sizing.levers import Lever, levers
from sim.analysis.sizing.points import Point, Rise
from sim.analysis.sizing.sizes import STEP, Sizing, size, verdict_of
from sim.cli.console import console, progress
from sim.cli.options import load_all, scenario_options, simulation_options
from sim.results.files import nulled, to_csv, to_json, write_all
from sim.results.tables import Table
from sim.results.words import interval, percent
from sim.scenario.scenario import Scenario

_SUFFIXES = (".csv", ".json")
_READINGS = {"authorisation": "if authorised", "nothing": "outright"}


@click.command(
    epilog="""\b
Examples:
  sim size scenarios/reassurance_force.yaml
  sim size my.yaml --sizes 1000,2000,4000 --step 100 --replications 2000
  sim size my.yaml --size 5000 --lever corridors.railway.capacity --lever rotation.handover
  sim size scenarios/reassurance_force.yaml --size 20000 \\
    --lever contributors.Germany.participation.reassurance.probability

\b
A lever that is a distribution is scaled as a whole, or its mean moved if it is a beta."""
)
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--mandate", help="Only this mandate.  [default: all; with --lever, the only one]")
@click.option(
    "--sizes", metavar="A,B,...", help="Sizes to begin with.  [default: those of the scenario]"
)
@click.option(
    "--step",
    type=click.IntRange(1),
    default=STEP,
    show_default=True,
    help="How finely to look, in soldiers.",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    help="Largest size looked for.  [default: what all soldiers there are could fill]",
)
@click.option("--size", "wanted", type=click.IntRange(1), help="With --lever: the force wanted.")
@click.option(
    "--lever",
    "paths",
    multiple=True,
    metavar="PATH",
    help="Find the least change of this value that makes the force feasible; of several, each "
    "alone.",
)
@click.option("--from", "low", metavar="VALUE", help="Turn the lever from here ...")
@click.option("--to", "high", metavar="VALUE", help="... to here.")
@simulation_options
@scenario_options
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write everything simulated: a .csv or .json file.",
)
def command(
    file: Path,
    mandate: str | None,
    sizes: str | None,
    step: int,
    limit: int | None,
    wanted: int | None,
    paths: tuple[str, ...],
    low: str | None,
    high: str | None,
    replications: int | None,
    seed: int | None,
    workers: int,
    settings: tuple[str, ...],
    given: tuple[str, ...],
    allow: tuple[Path, ...],
    as_json: bool,
    out: Path | None,
) -> None:
    """Find the largest feasible force of FILE per mandate; or the least change that makes one so.

    Sizes are simulated over the same futures, ever finer around the answer. Where the probability
    rises with the size, that is said, and every size of the step is simulated. With --lever the
    size is given, and one value at a time is turned.
    """
    if bool(paths) != (wanted is not None):
        raise click.UsageError("--lever and --size go together: which value, for which force")
    if (low or high) and len(paths) != 1:
        raise click.UsageError("--from and --to are the range of a single --lever")
    if paths and (sizes or limit):
        raise click.UsageError("--sizes and --limit look for a size; --lever is given one")
    if out and out.suffix not in _SUFFIXES:
        raise click.UsageError(f"--out {out}: must end in {' or '.join(_SUFFIXES)}")
    begin = _sizes(sizes)
    (scenario,) = load_all([file], settings, given, allow)
    with progress(scenario.name) as show:
        common: dict[str, Any] = {
            "replications": replications,
            "seed": seed,
            "workers": workers,
            "progress": show,
        }
        found: Sequence[Sizing] | Sequence[Lever]
        if wanted is not None:
            found = levers(scenario, paths, wanted, mandate=mandate, low=low, high=high, **common)
        else:
            names = [mandate] if mandate else []
            sized = size(scenario, mandates=names, sizes=begin, step=step, limit=limit, **common)
            found = list(sized.values())
    answer = _answer(scenario, found)
    if out:
        content = to_json(answer) if out.suffix == ".json" else to_csv(_stacked(found))
        write_all(out.parent, {out.name: content})
    if as_json:
        click.echo(json.dumps(nulled(answer), indent=2, ensure_ascii=False))
        return
    screen = console()
    screen.print(Text(scenario.title, style="bold"))
    drawn = len(next((p.feasible for f in found for p in f.points), ()))
    screen.print(f"{drawn:,} replications, seed {found[0].seed}\n" if found else "")
    for one in found:
        if isinstance(one, Sizing):
            _show_sizing(one, screen)
    if wanted is not None:
        _show_levers([one for one in found if isinstance(one, Lever)], screen)
    if out:
        screen.print(f"\nWritten: {out}", soft_wrap=True)


def _sizes(text: str | None) -> list[int]:
    try:
        return [int(part) for part in (text or "").split(",") if part.strip()]
    except ValueError:
        raise click.UsageError(f"--sizes {text}: expected whole numbers, as 5000,10000") from None


# -- Sizes ----------------------------------------------------------------------------------------


def _show_sizing(found: Sizing, out: Console) -> None:
    out.print(_headline(found))
    if found.reason:
        return
    for line in _remarks(found):
        out.print(Text(line, style="yellow"))
    table = RichTable(box=None)
    table.add_column("Force", justify="right")
    table.add_column(_READINGS[found.given].capitalize(), justify="right")
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
    at = f"at {percent(found.confidence)} confidence, {_READINGS[found.given]}"
    if found.reason == "no force":
        return line.append("nobody is sent")
    if found.reason:
        return line.append("never authorised in these replications", style="red")
    if found.size is None:
        smallest = f"no size from {found.points[0].at:,.0f} ({_share(found.points[0])}) up"
        line.append(f"{smallest} is feasible", style="red").append(f" {at}")
        if found.estimate:
            line.append(f"; best estimate {found.estimate:,}")
        if found.possible:
            line.append(f"; not ruled out up to {found.possible:,}")
        return line
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


def _show_levers(found: Sequence[Lever], out: Console) -> None:
    first = found[0]
    now = first.at(first.dial.start)
    line = Text(f"{first.mandate}, {first.size:,}: ", style="bold")
    line.append(f"now {_share(now)} {_READINGS[first.given]}, wanted {percent(first.confidence)}")
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
        lines.append((f"now {start}; nothing from {ends[0]} to {ends[1]} suffices", "red"))
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


def _answer(scenario: Scenario, found: Sequence[Sizing] | Sequence[Lever]) -> dict[str, Any]:
    facts = {"title": scenario.title, "scenario": scenario.name, "scenario_hash": scenario.hash}
    key = "levers" if any(isinstance(one, Lever) for one in found) else "mandates"
    return {**facts, key: [one.facts() for one in found]}


def _stacked(found: Sequence[Sizing] | Sequence[Lever]) -> Table:
    stacked: Table = {}
    for one in found:
        for name, values in one.table().items():
            stacked.setdefault(name, []).extend(values)
    return stacked
