"""``sim compare``."""

from __future__ import annotations

from pathlib import Path

import click

from sim.analysis.compare.comparison import DEFAULT_TABLES, Comparison, compare
from sim.cli.comparison import markdown, show
from sim.cli.console import console
from sim.results.files import to_csv, to_json, write_all

_TOP = 10
_FORMATS = ("table", "markdown", "csv", "json")
_SUFFIXES = {".md": "markdown", ".csv": "csv", ".json": "json"}
_FAILED_CHECK = 1


@click.command(
    epilog="""\b
Examples:
  sim compare results/before results/after
  sim compare before/summary.csv after/summary.csv --tolerance 0.02
  sim compare results/a results/b results/c --out changes.md

\b
Paired intervals need the same seed and sim run --keep-replications on both sides.
Exit code 1: a change beyond --tolerance."""
)
@click.argument(
    "results",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
    metavar="BASELINE OTHER...",
)
@click.option(
    "--tolerance",
    type=click.FloatRange(0),
    metavar="X",
    help="Exit with 1 if a probability changes by more than X, or a row or column is on one side "
    "only; 0: if anything at all differs.",
)
@click.option(
    "--column",
    "chosen",
    multiple=True,
    metavar="NAME",
    help="A column that counts for --tolerance, in place of all probabilities; may be repeated.",
)
@click.option(
    "--table",
    "tables",
    multiple=True,
    type=click.Choice(["summary", "contributors", "trajectory"]),
    help="Which tables of a results folder; may be repeated.  [default: summary, contributors]",
)
@click.option(
    "--top",
    type=click.IntRange(1),
    default=_TOP,
    show_default=True,
    help="Lines shown of each table.",
)
@click.option("--all", "everything", is_flag=True, help="Show all lines.")
@click.option(
    "--format", "form", type=click.Choice(_FORMATS), help="What is printed.  [default: table]"
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON: --format json.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write a file; .md, .csv or .json says in which form.",
)
def command(
    results: tuple[Path, ...],
    tolerance: float | None,
    chosen: tuple[str, ...],
    tables: tuple[str, ...],
    top: int,
    everything: bool,
    form: str | None,
    as_json: bool,
    out: Path | None,
) -> int:
    """Say what changed from the BASELINE to each OTHER: results folders or their CSV files.

    First the inputs that differ, then the figures, the largest change first, with 95% intervals:
    over the same futures where seeds and kept replications allow it, else as of independent runs.
    Markdown and tables are cut to --top lines; CSV and JSON hold everything.
    """
    if len(results) < 2:
        raise click.UsageError("a comparison takes two results or more")
    if as_json and form not in (None, "json"):
        raise click.UsageError("--json and --format say different things")
    if out and out.suffix not in _SUFFIXES:
        raise click.UsageError(f"--out {out}: must end in {', '.join(_SUFFIXES)}")
    if chosen and tolerance is None:
        raise click.UsageError("--column says what --tolerance is about, and there is none")
    found = compare(*results, tables=tables or DEFAULT_TABLES)
    rows = None if everything else top
    beyond = [] if tolerance is None else found.beyond(tolerance, chosen)
    if out:
        write_all(out.parent, {out.name: _content(found, _SUFFIXES[out.suffix], rows)})
    form = "json" if as_json else form or "table"
    if form == "table":
        show(found, console(), rows)
        if out:
            console().print(f"\nWritten: {out}", soft_wrap=True)
    else:
        click.echo(_content(found, form, rows).decode(), nl=False)
    if tolerance is None:
        return 0
    told = f"{len(beyond):,} changes are beyond" if beyond else "no change is beyond"
    click.echo(f"sim: {told} the tolerance of {tolerance:g}", err=True)
    return _FAILED_CHECK if beyond else 0


def _content(found: Comparison, form: str, rows: int | None) -> bytes:
    if form == "markdown":
        return markdown(found, rows).encode()
    if form == "csv":
        return to_csv(found.tables["changes"])
    facts = ("title", "scenario_hash", "seed", "replications", "stepped", "set")
    sides = [
        {"label": side.label, **{key: side.run[key] for key in facts if key in side.run}}
        for side in found.sides
    ]
    tables = {name: found.rows(name) for name in ("inputs", "unmatched", "changes")}
    return to_json({"sides": sides, "notes": list(found.notes), **tables})
