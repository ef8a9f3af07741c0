"""``sim run``."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from sim.cli.console import console, progress, rows_of, show_result, show_verdicts
from sim.cli.options import files, load_all, scenario_options, simulation_options
from sim.results.files import nulled, to_csv, write_all
from sim.results.result import Result
from sim.results.tables import Table
from sim.running.runner import run
from sim.scenario.overrides import sweep
from sim.scenario.scenario import Scenario


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
    "--keep-replications",
    type=click.Choice(["csv", "parquet"]),
    help="Also write one row per replication.",
)
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
    keep_replications: str | None,
    as_json: bool,
) -> None:
    """Simulate every mandate and force size of each scenario FILE.

    Prints the verdict and the table, and writes the results folder: summary.csv, trajectory.csv,
    contributors.csv, run.json and feasibility.png.
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
    names = [scenario.name for scenario in dict.fromkeys(s for s, _ in loaded)]
    answers: list[dict[str, Any]] = []
    for name in dict.fromkeys(names):
        home = _home(out, name, len(files))
        runs = [(s, variant) for s, variant in loaded if s.name == name]
        tables: list[tuple[tuple[tuple[str, str], ...], Table]] = []
        for scenario, variant in runs:
            folder = home / ",".join(f"{path}={value}" for path, value in variant).replace("/", "-")
            label = ", ".join(f"{path}={value}" for path, value in variant)
            result = _run_one(
                scenario, folder, label, replications, seed, workers, keep_replications
            )
            tables.append((variant, result.tables["summary"]))
            if as_json:
                answers.append(_answer(result, folder, variant))
            elif variant:
                _show_variant(result, label)
            else:
                _show(result, folder)
        if variants != [()]:
            write_all(home, {"sweep.csv": to_csv(_stacked(tables))})
            if not as_json:
                console().print(f"\nTable of all values: {home / 'sweep.csv'}")
    if as_json:
        answer: Any = answers[0] if len(answers) == 1 else answers
        click.echo(json.dumps(nulled(answer), indent=2, ensure_ascii=False))


def _home(out: Path | None, name: str, count: int) -> Path:
    if out is None:
        return Path("results") / name
    return out / name if count > 1 else out


def _run_one(
    scenario: Scenario,
    folder: Path,
    label: str,
    replications: int | None,
    seed: int | None,
    workers: int,
    keep: str | None,
) -> Result:
    with progress(label or scenario.name) as show:
        result = run(
            scenario,
            replications=replications,
            seed=seed,
            workers=workers,
            keep_replications=keep is not None,
            progress=show,
        )
    result = replace(result, run={**result.run, "command": shlex.join(["sim", *sys.argv[1:]])})
    result.save(folder, parquet=keep == "parquet")
    from sim.report.figures import feasibility

    feasibility(result, folder / "feasibility.png")
    return result


def _show(result: Result, folder: Path) -> None:
    out = console()
    show_result(result, out)
    out.print(
        f"\nResults: {folder}/  (summary.csv, trajectory.csv, contributors.csv, feasibility.png)"
    )


def _show_variant(result: Result, label: str) -> None:
    out = console()
    out.print(f"[bold]{label}[/bold]")
    rows = rows_of(result.tables["summary"])
    show_verdicts(result, list(dict.fromkeys(row["mandate"] for row in rows)), rows, out)


def _answer(result: Result, folder: Path, variant: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    run_facts = ("title", "scenario", "scenario_hash", "seed", "replications", "seconds")
    return {
        **{key: result.run[key] for key in run_facts},
        **({"sweep": dict(variant)} if variant else {}),
        "largest_feasible": result.largest(),
        "results": str(folder),
        "summary": rows_of(result.tables["summary"]),
    }


def _stacked(tables: list[tuple[tuple[tuple[str, str], ...], Table]]) -> Table:
    """One table of all variants, the swept paths as further keys in front."""
    stacked: Table = {}
    for variant, table in tables:
        count = len(table["mandate"])
        for path, value in variant:
            stacked.setdefault(path, []).extend([value] * count)
        for key, values in table.items():
            stacked.setdefault(key, []).extend(values)
    return stacked
