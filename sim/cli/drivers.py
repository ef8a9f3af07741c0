"""``sim drivers``."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from sim.analysis.drivers.ranking import Drivers, drivers
from sim.analysis.drivers.replicated import replicate
from sim.analysis.drivers.sobol import BASE, REPLICATIONS, Sobol, count, levers_of, sobol
from sim.cli.console import console, progress
from sim.cli.drivers_shown import show_drivers, show_sobol
from sim.cli.options import load_all, scenario_options, simulation_options
from sim.engine.planning import plan_of
from sim.engine.simulate import Cell
from sim.report.drivers_figure import drivers_figure, sobol_figure
from sim.results.files import nulled, to_csv, write_all
from sim.results.result import read
from sim.running.cells import mandate_of, size_of
from sim.running.seeds import seed_of
from sim.scenario.scenario import Scenario


@click.command(
    epilog="""\b
Examples:
  sim run my.yaml --keep-replications csv && sim drivers results/my
  sim drivers my.yaml --size 5000
  sim drivers results/my --size 5000 --outcome binding=lift
  sim drivers my.yaml --lever will.correlation=0..0.6 --lever corridors.railway.capacity=0.5..2"""
)
@click.argument("source", type=click.Path(path_type=Path, exists=True), metavar="RESULTS|FILE")
@click.option("--mandate", help="Which mandate; not needed where a single one sends.")
@click.option("--size", type=int, help="Which of its force sizes.  [default: the smallest]")
@click.option(
    "--outcome",
    default="feasible",
    show_default=True,
    help="What is explained: a column of the replications (mean_strength, deaths ...) or a "
    "comparison (binding=lift, deaths>=50, feasible=false).",
)
@click.option(
    "--if-authorised/--outright",
    "authorised",
    default=None,
    help="Only authorised futures, or all.  [default: as the verdict is read]",
)
@click.option(
    "--density",
    type=click.FloatRange(0, 1, min_open=True),
    help="P(outcome) that a box is to reach.  [default: the wanted confidence]",
)
@click.option(
    "--lever",
    "levers",
    multiple=True,
    metavar="PATH=LOW..HIGH",
    help="Run FILE again with a value set over a range (a distribution by a factor): Sobol "
    "indices; may be repeated.",
)
@click.option("--base", type=int, help=f"With --lever: runs per lever, a power of two.  [{BASE}]")
@simulation_options
@scenario_options
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder.  [default: RESULTS, or results/<scenario>]",
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def command(
    source: Path,
    mandate: str | None,
    size: int | None,
    outcome: str,
    authorised: bool | None,
    density: float | None,
    levers: tuple[str, ...],
    base: int | None,
    replications: int | None,
    seed: int | None,
    workers: int,
    settings: tuple[str, ...],
    given: tuple[str, ...],
    allow: tuple[Path, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Rank the uncertain inputs on which an answer depends.

    RESULTS is the folder of a run that kept its replications; nothing is run again. FILE is a
    scenario, of which one mandate and size is run first. Writes drivers.csv, boxes.csv (boxes of
    inputs in which the outcome holds), drivers.png and .svg; with --lever sobol.csv, .png and .svg.
    """
    reading = {None: None, True: "authorisation", False: "nothing"}[authorised]
    folder_given = source.is_dir() or source.suffix not in (".yaml", ".yml")
    if folder_given and (levers or settings or given or allow or replications or seed is not None):
        raise click.UsageError(
            "a results folder is only read; --lever, --set, --given, --allow-extends, "
            "--replications and --seed are for a scenario FILE"
        )
    if base is not None and not levers:
        raise click.UsageError("--base is for --lever")
    if levers and density is not None:
        raise click.UsageError("--density is for boxes, which levers do not have")
    if folder_given:
        with progress("drivers") as show:
            found = drivers(
                read(source), mandate, size, outcome=outcome, given=reading, density=density,
                progress=show,
            )  # fmt: skip
        folder = out or (source if source.is_dir() else source.parent)
        _finish(found, folder, as_json)
        return
    (scenario,) = load_all([source], settings, given, allow)
    ranges = levers_of(scenario, levers)
    cell, seed = _cell(scenario, mandate, size), seed_of(scenario, seed)
    folder = out or Path("results") / scenario.name
    if ranges:
        replications, base = replications or REPLICATIONS, base or BASE
        runs = base * (len(ranges) + 2)
        _tell_cost(scenario, cell, replications, seed, runs, workers)
        with progress(f"{runs:,} runs") as show:
            split = sobol(
                scenario, ranges, cell, outcome=outcome, given=reading, base=base,
                replications=replications, seed=seed, workers=workers, progress=show,
            )  # fmt: skip
        _finish_sobol(split, folder, as_json)
        return
    with progress(scenario.name) as show:
        result = replicate(
            scenario,
            cell,
            replications=replications or scenario.specification.run.replications,
            seed=seed,
            workers=workers,
            progress=show,
        )
    with progress("drivers") as show:
        found = drivers(result, outcome=outcome, given=reading, density=density, progress=show)
    _finish(found, folder, as_json)


def _cell(scenario: Scenario, mandate: str | None, size: int | None) -> Cell:
    plan = plan_of(scenario.specification)
    index = mandate_of(plan, mandate)
    return Cell(index, size_of(plan, index, size))


def _tell_cost(
    scenario: Scenario, cell: Cell, replications: int, seed: int, runs: int, workers: int
) -> None:
    """Say what the runs will take, from one of them."""
    begun = time.perf_counter()
    count(scenario, (), cell, replications, seed)
    seconds = (time.perf_counter() - begun) * math.ceil(runs / workers)
    told = f"{seconds / 60:.0f} minutes" if seconds >= 100 else f"{seconds:.0f} seconds"
    click.echo(f"{runs:,} runs of {replications:,} replications each: about {told}", err=True)


def _finish(found: Drivers, folder: Path, as_json: bool) -> None:
    tables = {"drivers.csv": to_csv(found.table()), "boxes.csv": to_csv(found.boxes_table())}
    files = {**tables, **drivers_figure(found)}
    write_all(folder, files)
    if as_json:
        _print_json(found.facts(), folder)
        return
    show_drivers(found, console())
    console().print(f"\nResults: {folder}/  ({', '.join(files)})")


def _finish_sobol(found: Sobol, folder: Path, as_json: bool) -> None:
    files = {"sobol.csv": to_csv(found.table()), **sobol_figure(found)}
    write_all(folder, files)
    if as_json:
        _print_json(asdict(found), folder)
        return
    show_sobol(found, console())
    console().print(f"\nResults: {folder}/  ({', '.join(files)})")


def _print_json(data: Mapping[str, Any], folder: Path) -> None:
    answer = {**data, "results": str(folder)}
    click.echo(json.dumps(nulled(answer), indent=2, ensure_ascii=False))
