"""``sim trace``."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from sim.analysis.trace.future import WHICH, choose
from sim.analysis.trace.tracing import Trace, trace
from sim.cli.console import console
from sim.cli.options import load_all, scenario_options
from sim.engine.streams import BLOCK
from sim.report.gantt import gantt
from sim.results.files import nulled, to_csv, write_all
from sim.results.words import percent

_NAMES_SHOWN = 12  # of contributors that stay away


@click.command(
    epilog="""\b
Examples:
  sim trace my.yaml --size 5000
  sim trace scenarios/reassurance_force.yaml --size 30000 --worst
  sim trace my.yaml --size 5000 --replication 17 --given ceasefire=true"""
)
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--mandate", help="Which mandate; not needed where a single one sends.")
@click.option("--size", type=int, help="Which of its force sizes.  [default: the smallest]")
@click.option("-k", "--replication", type=click.IntRange(0), help="This future, counted from 0.")
@click.option("--worst", "which", flag_value="worst", help="The future that is held worst.")
@click.option("--median", "which", flag_value="median", help="The one in the middle.  [default]")
@click.option("--best", "which", flag_value="best", help="The one that is held best.")
@click.option(
    "-n",
    "--replications",
    type=click.IntRange(1, BLOCK),
    help="How many futures --worst, --median and --best choose from.  "
    "[default: those of the scenario]",
)
@click.option("--seed", type=click.IntRange(0), help="Same seed, same futures.")
@scenario_options
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder.  [default: results/<scenario>/trace]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def command(
    file: Path,
    mandate: str | None,
    size: int | None,
    replication: int | None,
    which: str | None,
    replications: int | None,
    seed: int | None,
    settings: tuple[str, ...],
    given: tuple[str, ...],
    allow: tuple[Path, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Follow one future of a scenario FILE unit by unit.

    Prints who came, when, and which gates were passed; writes events.csv (everything that
    happened to any unit), gantt.png and gantt.svg. Futures are ranked by the share of the time to
    be held in which every capability is filled, then by the mean fill in it; of equals the first.
    """
    if replication is not None and (which or replications):
        raise click.UsageError(
            f"--replication names one future; --{which or 'replications'} chooses among many"
        )
    (scenario,) = load_all([file], settings, given, allow)
    future = choose(
        scenario,
        mandate,
        size,
        replication=replication,
        which=which or WHICH[1],
        replications=replications,
        seed=seed,
    )
    found = trace(future)
    folder = out or Path("results") / scenario.name / "trace"
    pictures = gantt(found)
    write_all(folder, {"events.csv": to_csv(found.events()), **pictures})
    if as_json:
        answer = {**found.facts(), "results": str(folder)}
        click.echo(json.dumps(nulled(answer), indent=2, ensure_ascii=False))
    else:
        _show(found, console())
        console().print(f"\nResults: {folder}/  (events.csv, {', '.join(pictures)})")


def _show(found: Trace, out: Console) -> None:
    """Say in short what happened."""
    future, facts = found.future, found.facts()
    out.print(Text(f"{found.plan.title}: {found.mandate.name}, {future.size:,}", style="bold"))
    chosen = f"replication {future.replication}, seed {future.seed}: {future.chosen}"
    if future.score and facts["hold_filled"] is not None:
        chosen += f" ({percent(future.score[0])} of the time to be held filled"
        chosen += f", mean fill {percent(future.score[1])})"
    out.print(Text(chosen))
    out.print(_gates(found))
    out.print(Text("A gate is passed only with all before it.", style="dim"))
    if facts["feasible"]:
        out.print(Text("feasible: every gate is passed", style="bold green"))
    else:
        out.print(Text(f"not feasible: {found.binding} binds", style="red"))
    if facts["mission_ended"]:
        out.print(Text(f"the mission ends on {facts['mission_ended']}", style="yellow"))
    out.print(_contributors(found))
    away = [row["contributor"] for row in facts["contributors"] if not row["joins"]]
    if away:
        more = f" and {len(away) - _NAMES_SHOWN} more" if len(away) > _NAMES_SHOWN else ""
        out.print(Text(f"stay away: {', '.join(away[:_NAMES_SHOWN])}{more}"))


def _gates(found: Trace) -> RichTable:
    table = RichTable(box=None)
    for name in ("Gate", "Passed", "By", "Reached"):
        table.add_column(name)
    for gate in found.facts()["gates"]:
        passed = Text("yes", style="green") if gate["passed"] else Text("no", style="red")
        table.add_row(gate["gate"], passed, gate["by"], gate["at"] or "-")
    return table


def _contributors(found: Trace) -> RichTable:
    table = RichTable(box=None)
    for name in ("Joins", "On", "Withdraws", "Units sent", "Most soldiers"):
        number = name in ("Units sent", "Most soldiers")
        table.add_column(name, justify="right" if number else "left")
    for row in found.contributors():
        if row["joins"]:
            table.add_row(
                Text(row["contributor"]),
                row["joined"] or "-",
                row["withdrew"] or "-",
                f"{row['units_sent']:,}",
                f"{row['most_soldiers']:,}",
            )
    return table
