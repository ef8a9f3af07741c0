"""``sim calibrate``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click
from rich.table import Table as RichTable
from rich.text import Text

from sim.analysis.calibration.fit import Calibration, calibrate
from sim.analysis.history.folder import LEFT_OUT, LIBRARY, OBSERVED
from sim.analysis.history.record import read_missions
from sim.cli.console import console, progress
from sim.cli.history import record_option
from sim.engine.streams import BLOCK
from sim.results.files import nulled, to_csv, write_all


@click.command(
    epilog="""\b
Examples:
  sim calibrate
  sim calibrate --generations 40 --refinements 200"""
)
@record_option
@click.option(
    "-n",
    "--replications",
    type=click.IntRange(2, BLOCK),
    default=1_000,
    show_default=True,
    help="Draws of each candidate.",
)
@click.option(
    "--generations",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="Of the evolution that searches the parameters.",
)
@click.option(
    "--refinements",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="Most candidates tried around the best, for the record and without each mission.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=2026,
    show_default=True,
    help="Of the draws and of the search.",
)
@click.option("--dry-run", is_flag=True, help="Write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def command(
    folder: Path,
    replications: int,
    generations: int,
    refinements: int,
    seed: int,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Fit the generic parameters of a United Nations build-up to the record.

    Writes the library file un-generation.yaml beside the record, and into the record left_out.csv:
    per mission the parameters that the others give, with which `sim history` predicts it.
    """
    missions = read_missions(folder / OBSERVED)
    with progress("candidates") as show:
        found = calibrate(
            missions,
            replications=replications,
            seed=seed,
            generations=generations,
            refinements=refinements,
            progress=show,
        )
    library = folder / LIBRARY
    if not dry_run:
        write_all(library.parent, {library.name: found.library().encode()})
        write_all(folder, {LEFT_OUT: to_csv(found.left_out_table())})
    if as_json:
        click.echo(json.dumps(nulled(asdict(found)), indent=2))
        return
    _show(found)
    if dry_run:
        click.echo("\nNothing was written.")
    else:
        click.echo(f"\nWritten: {library.resolve()}\n         {(folder / LEFT_OUT).resolve()}")


def _show(found: Calibration) -> None:
    out = console()
    out.print(
        Text(
            f"{found.missions} missions, {found.tried:,} candidates of {found.replications:,} "
            f"draws, seed {found.seed}",
            style="bold",
        )
    )
    table = RichTable(box=None)
    for name in ("Parameter", "Fitted", "10% to 90%", "Left out one by one"):
        table.add_column(name, justify="left" if name == "Parameter" else "right")
    for name, (low, high) in found.ranges.items():
        values = [getattr(generation, name) for generation in found.left_out.values()]
        table.add_row(
            Text(name),
            f"{getattr(found.generation, name):.3g}",
            f"{low:.3g} to {high:.3g}",
            f"{min(values):.3g} to {max(values):.3g}",
        )
    out.print(table)
    out.print(
        Text(
            "10% to 90%: over resampled missions, among the candidates tried. CRPS in sample: "
            f"{found.score:.2f} of the other missions'.",
            style="dim",
        )
    )
