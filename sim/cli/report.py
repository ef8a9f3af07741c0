"""``sim report``."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.text import Text

from sim.cli.console import console


@click.command(
    epilog="""\b
Examples:
  sim report results/reassurance_force
  sim report results/reassurance_force results/un_mission --out compared.html
  sim report results/reassurance_force --pictures"""
)
@click.argument(
    "results", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RESULTS..."
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The page.  [default: report.html in the first folder]",
)
@click.option("--pictures", is_flag=True, help="Also draw every picture, as PNG and as SVG.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def command(results: tuple[Path, ...], out: Path | None, pictures: bool, as_json: bool) -> None:
    """Make one HTML page of the RESULTS folders that sim run wrote.

    The page holds everything it needs and asks no network for anything: the question, the answer
    with its uncertainty, what binds, each contributor's burden, the assumptions with their sources,
    and how to reproduce it. Several folders stand side by side. With --pictures the pictures of
    each folder are written beside the page, in a folder of the result's name where there are
    several.
    """
    from sim.report.page import write_report

    page, *drawn = write_report(results, out, pictures=pictures)
    size = page.stat().st_size
    if as_json:
        answer = {"page": str(page), "bytes": size, "pictures": [str(path) for path in drawn]}
        click.echo(json.dumps(answer, indent=2, ensure_ascii=False))
        return
    console().print(Text(f"Page: {page} ({size / 1e6:.1f} MB)"), soft_wrap=True)
    for path in drawn:
        console().print(Text(f"Picture: {path}"), soft_wrap=True)
