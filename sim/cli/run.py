"""``sim run``."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from sim.analysis.scope import notes, slips
from sim.cli import DONE, IMPRECISE, InterruptedRun
from sim.cli.console import console, progress
from sim.cli.options import files, load_all, scenario_options, simulation_options
from sim.cli.verdicts import show_result, show_verdicts
from sim.report.pictures import draw
from sim.results.checkpoint import FOLDER, clear
from sim.results.files import locked, nulled, to_csv, write_all
from sim.results.result import Result
from sim.results.tables import Table, rows_of
from sim.running.executors import KINDS, executor_of
from sim.running.runner import run
from sim.scenario.overrides import sweep
from sim.scenario.scenario import Scenario

Variant = tuple[tuple[str, str], ...]


@click.command(
    epilog="""\b
Examples:
  sim run scenarios/reassurance_force.yaml
  sim run my.yaml --set contributors.Germany.participation.reassurance.probability=0.9
  sim run my.yaml --sweep will.correlation=0,0.3,0.6 --out results/correlation"""
)
@files
@simulation_options
@scenario_options
@click.option(
    "--sweep",
    "sweeps",
    multiple=True,
    metavar="PATH=V1,V2,...",
    help="Run once per value; several sweeps give every combination.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Results folder.  [default: results/<scenario>]",
)
@click.option(
    "--precision",
    type=click.FloatRange(0, 0.5, min_open=True, max_open=True),
    metavar="HALF_WIDTH",
    help="Go on until the 95% interval of every P(feasible) is this narrow, as 0.005.",
)
@click.option(
    "--max-replications",
    type=click.IntRange(1),
    help="Stop there all the same.  [default: 1,000,000]",
)
@click.option(
    "--executor",
    "executor_kind",
    type=click.Choice(KINDS),
    default="processes",
    show_default=True,
    help="What does the work.",
)
@click.option("--address", metavar="TCP://HOST:PORT", help="The Dask scheduler to use.")
@click.option(
    "--resume/--no-resume",
    default=True,
    show_default=True,
    help="Go on where a run of the same scenario and seed was broken off.",
)
@click.option(
    "--keep-replications",
    type=click.Choice(["csv", "parquet"]),
    help="Also write one row per replication.",
)
@click.option("--full", is_flag=True, help="Show each of many mandates stage by stage.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def command(
    files: tuple[Path, ...],
    replications: int | None,
    seed: int | None,
    settings: tuple[str, ...],
    given: tuple[str, ...],
    allow: tuple[Path, ...],
    sweeps: tuple[str, ...],
    workers: int,
    out: Path | None,
    precision: float | None,
    max_replications: int | None,
    executor_kind: str,
    address: str | None,
    resume: bool,
    keep_replications: str | None,
    full: bool,
    as_json: bool,
) -> int:
    """Simulate every mandate and force size of each scenario FILE.

    Prints the verdict and the table, and writes the results folder: summary.csv, trajectory.csv,
    contributors.csv, contingents.csv, run.json and feasibility.png. A run that is broken off goes
    on from where it was when the same command is given again. What is valid and hardly meant is
    noted on standard error; sim check notes more.
    """
    if len({path.stem for path in files}) < len(files):
        raise click.UsageError("two files of the same name would share a results folder")
    variants = sweep(sweeps)
    loaded = [
        (scenario, variant)
        for variant in variants
        for scenario in load_all(
            files, [*settings, *(f"{path}={value}" for path, value in variant)], given, allow
        )
    ]
    if not as_json:
        _warn([scenario for scenario, _ in loaded])
    names = dict.fromkeys(scenario.name for scenario, _ in loaded)
    homes = {name: _home(out, name, len(files)) for name in names}
    answers: list[dict[str, Any]] = []
    with executor_of(executor_kind, workers, address) as executor, ExitStack() as locks:
        for home in homes.values():
            locks.enter_context(locked(home))
        simulate = partial(
            run,
            replications=replications,
            seed=seed,
            workers=workers,
            executor=executor,
            keep_replications=keep_replications is not None,
            precision=precision,
            max_replications=max_replications,
        )
        for name, home in homes.items():
            tables: list[tuple[Variant, Table]] = []
            for scenario, variant in loaded:
                if scenario.name != name:
                    continue
                label = ", ".join(f"{path}={value}" for path, value in variant)
                folder = home / label.replace(", ", ",").replace("/", "-")
                if not resume:
                    clear(folder)
                result = _run_one(partial(simulate, scenario), folder, label or name)
                result.save(folder, parquet=keep_replications == "parquet")
                draw(result, "feasibility", folder, ("png",))
                tables.append((variant, result.tables["summary"]))
                told = notes(scenario.specification) if as_json else []
                answers.append(_answer(result, folder, variant, told))
                if variant and not as_json:
                    _show_variant(result, label)
                elif not as_json:
                    _show(result, folder, full)
            if variants != [()]:
                write_all(home, {"sweep.csv": to_csv(_stacked(tables))})
                if not as_json:
                    console().print(f"\nTable of all values: {home / 'sweep.csv'}")
    if as_json:
        answer: Any = answers[0] if len(answers) == 1 else answers
        click.echo(json.dumps(nulled(answer), indent=2, ensure_ascii=False))
    precise = all(answer["precision"]["reached"] for answer in answers if answer["precision"])
    return DONE if precise else IMPRECISE


def _warn(scenarios: Sequence[Scenario]) -> None:
    """Tell on standard error what is hardly meant, once and with the file where there are more."""
    several = len({scenario.name for scenario in scenarios}) > 1
    told = (
        f"note: {scenario.name}: {slip}" if several else f"note: {slip}"
        for scenario in scenarios
        for slip in slips(scenario.specification)
    )
    for note in dict.fromkeys(told):
        click.echo(note, err=True)


def _home(out: Path | None, name: str, count: int) -> Path:
    if out is None:
        return Path("results") / name
    return out / name if count > 1 else out


def _run_one(simulate: Callable[..., Result], folder: Path, label: str) -> Result:
    try:
        with progress(label) as show:
            result = simulate(checkpoint=folder, progress=show)
    except KeyboardInterrupt:
        kept = (folder / FOLDER).exists()
        raise InterruptedRun(
            f"what was finished is kept in {folder}, and the same command goes on from there"
            if kept
            else "nothing was finished yet"
        ) from None
    return replace(result, run={**result.run, "command": shlex.join(["sim", *sys.argv[1:]])})


def _show(result: Result, folder: Path, full: bool) -> None:
    out = console()
    show_result(result, out, full)
    if told := result.run.get("precision"):
        word = "reached" if told["reached"] else "not reached"
        out.print(f"\nPrecision {told['wanted']:g} {word}: half-widths up to {told['found']:.4f}")
    out.print(
        f"\nResults: {folder}/  (summary.csv, trajectory.csv, contributors.csv, contingents.csv, "
        "feasibility.png)"
    )


def _show_variant(result: Result, label: str) -> None:
    out = console()
    out.print(f"[bold]{label}[/bold]")
    rows = rows_of(result.tables["summary"])
    show_verdicts(result, list(dict.fromkeys(row["mandate"] for row in rows)), rows, out)


def _answer(result: Result, folder: Path, variant: Variant, told: Sequence[str]) -> dict[str, Any]:
    run_facts = ("title", "scenario", "scenario_hash", "seed", "replications", "seconds")
    return {
        **{key: result.run[key] for key in run_facts},
        "precision": result.run.get("precision"),
        **({"sweep": dict(variant)} if variant else {}),
        "largest_feasible": result.largest(),
        "notes": told,
        "results": str(folder),
        "summary": rows_of(result.tables["summary"]),
    }


def _stacked(tables: list[tuple[Variant, Table]]) -> Table:
    """One table of all variants, the swept paths as further keys in front."""
    stacked: Table = {}
    for variant, table in tables:
        count = len(table["mandate"])
        for path, value in variant:
            stacked.setdefault(path, []).extend([value] * count)
        for key, values in table.items():
            stacked.setdefault(key, []).extend(values)
    return stacked
