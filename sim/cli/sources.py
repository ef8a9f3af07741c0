"""``sim sources``."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.table import Table as RichTable

from sim.analysis.sources import sources_of
from sim.cli.console import console
from sim.cli.options import files, load_all, scenario_options
from sim.results.files import to_csv, to_markdown
from sim.results.tables import Table, rows_of


@click.command(
    epilog="""\b
Examples:
  sim sources scenarios/reassurance_force.yaml
  sim sources scenarios/*.yaml --only judgement
  sim sources my.yaml --format csv > sources.csv"""
)
@files
@scenario_options
@click.option(
    "--only",
    type=click.Choice(["high", "medium", "low", "judgement"]),
    help="Only figures of this confidence, or only judgements.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "markdown", "json"]),
    default="table",
    show_default=True,
    help="How to print them.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def command(
    files: tuple[Path, ...],
    settings: tuple[str, ...],
    given: tuple[str, ...],
    allow: tuple[Path, ...],
    only: str | None,
    form: str,
    as_json: bool,
) -> None:
    """List every figure of the scenario FILEs with its source, date and confidence.

    A judgement is the author's own reading and is marked as one. An entry that several files
    extend is listed once.
    """
    found = [sources_of(s.data, s.origins) for s in load_all(files, settings, given, allow)]
    rows = [row for table in found for row in rows_of(table)]
    rows = list({tuple(row.values()): row for row in rows}.values())
    if only:
        wanted = "judgement" if only == "judgement" else "confidence"
        rows = [row for row in rows if row[wanted] == (True if only == "judgement" else only)]
    if as_json or form == "json":
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    elif form == "csv":
        click.echo(to_csv(_columns(rows, found[0])).decode(), nl=False)
    elif form == "markdown":
        click.echo(to_markdown(_columns(rows, found[0])), nl=False)
    else:
        _show(rows)


def _columns(rows: list[dict[str, object]], header: Table) -> Table:
    return {key: [row[key] for row in rows] for key in header}


def _show(rows: list[dict[str, object]]) -> None:
    out = console()
    narrow = out.width < 110
    table = RichTable(box=None)
    for name, ratio in (("Where", 3), ("Figure", 4), ("Source", 4)):
        table.add_column(name, ratio=ratio, overflow="fold")
    if not narrow:
        table.add_column("Date", no_wrap=True)
    table.add_column("Confidence")
    for row in rows:
        confidence = [str(row["confidence"])] if row["confidence"] else []
        marks = ", ".join([*confidence, *(["judgement"] if row["judgement"] else [])])
        date = [] if narrow else [str(row["date"])]
        told = str(row["source"] or row["note"])
        table.add_row(str(row["path"]), str(row["figure"]), told, *date, marks)
    out.print(table)
    judged = sum(bool(row["judgement"]) for row in rows)
    low = sum(row["confidence"] == "low" for row in rows)
    out.print(f"\n{len(rows)} entries, {judged} of them judgements, {low} of low confidence")
