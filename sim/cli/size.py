"""``sim size``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from sim.analysis.sizing.levers import Lever, levers
from sim.analysis.sizing.sizes import STEP, Sizing, size
from sim.cli.console import console, progress
from sim.cli.options import load_all, scenario_options, simulation_options
from sim.cli.size_shown import show_levers, show_sizing
from sim.results.files import nulled, to_csv, to_json, write_all
from sim.results.tables import Table
from sim.scenario.scenario import Scenario

_SUFFIXES = (".csv", ".json")


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
            show_sizing(one, screen)
    if wanted is not None:
        show_levers([one for one in found if isinstance(one, Lever)], screen)
    if out:
        screen.print(f"\nWritten: {out}", soft_wrap=True)


def _sizes(text: str | None) -> list[int]:
    try:
        return [int(part) for part in (text or "").split(",") if part.strip()]
    except ValueError:
        raise click.UsageError(f"--sizes {text}: expected whole numbers, as 5000,10000") from None


# -- Sizes ----------------------------------------------------------------------------------------


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
