"""``sim history``."""

from __future__ import annotations

import json
import math
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from sim.analysis.history.folder import Record, read_record
from sim.analysis.history.predictions import (
    REPLICATIONS,
    SEED,
    History,
    Prediction,
    history,
)
from sim.analysis.history.record import FILLS, Mission, read_missions
from sim.analysis.history.scores import INTERVALS, Summary
from sim.cli.console import console, progress
from sim.engine.streams import BLOCK
from sim.errors import SimError
from sim.report.history_figure import history_figure
from sim.results.files import nulled, to_csv, write_all
from sim.results.words import percent

RECORD = Path("scenarios") / "history"


def _record() -> Path:
    """The record of the working folder; without one, that of the checkout that holds `sim`."""
    own = Path(__file__).parents[2] / RECORD
    return RECORD if RECORD.is_dir() or not own.is_dir() else own


record_option = click.option(
    "--record",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=_record,
    help=f"Folder of the record.  [default: {RECORD}]",
)


@click.command(
    epilog="""\b
Examples:
  sim history
  sim history further.csv --json
  sim history --replications 500 -o /tmp/history"""
)
@click.argument(
    "files", nargs=-1, type=click.Path(path_type=Path, dir_okay=False), metavar="[FILE.csv]..."
)
@record_option
@click.option(
    "--in-sample",
    is_flag=True,
    help="Predict with the library's parameters, to which the record itself was fitted.",
)
@click.option(
    "-n",
    "--replications",
    type=click.IntRange(2, BLOCK),
    default=REPLICATIONS,
    show_default=True,
    help="Futures to simulate of each mission.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=SEED, show_default=True,
    help="Same seed, same futures.",
)  # fmt: skip
@click.option(
    "--write-scenarios",
    is_flag=True,
    help="Write the record's scenario files anew from its observed.csv, and do nothing else.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("results") / "history",
    show_default=True,
    help="Folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def command(
    files: tuple[Path, ...],
    folder: Path,
    in_sample: bool,
    replications: int,
    seed: int,
    write_scenarios: bool,
    out: Path,
    as_json: bool,
) -> None:
    """Predict missions that happened, and score the predictions.

    Without a FILE those of the record, each with parameters fitted to the others alone. A FILE.csv
    in the layout of the record's observed.csv brings further missions; they need no scenario.
    Milestones of the record that other sources contradict are not scored in it either.
    Writes history.csv (a row per milestone), history.png and history.svg.
    """
    record = read_record(folder)
    if write_scenarios:
        if files:
            raise click.UsageError("--write-scenarios takes no FILE")
        texts = record.texts()
        write_all(folder, texts)
        click.echo(f"{len(texts)} scenarios written into {folder}/")
        return
    further = _further(files)
    with progress("missions") as show:
        found = history(
            record,
            further,
            blind=not in_sample,
            replications=replications,
            seed=seed,
            progress=show,
        )
    contents = {"history.csv": to_csv(found.table()), **history_figure(found)}
    write_all(out, contents)
    if as_json:
        answer = {**found.facts(), "results": str(out)}
        click.echo(json.dumps(nulled(answer), indent=2, ensure_ascii=False))
        return
    _show(found, record, bool(further), in_sample, console())
    console().print(f"\nResults: {out}/  ({', '.join(contents)})")


def _further(files: tuple[Path, ...]) -> list[Mission]:
    missions: list[Mission] = []
    for path in files:
        for mission in read_missions(path):
            if any((m.name, m.date) == (mission.name, mission.date) for m in missions):
                raise SimError(f"{path}: {mission.name} stands in two files")
            missions.append(mission)
    return missions


def _show(found: History, record: Record, further: bool, in_sample: bool, out: Console) -> None:
    total = found.summary
    what = "further missions" if further else "missions of the record"
    out.print(Text(f"{total.missions} {what}, {total.milestones} milestones", style="bold"))
    if in_sample:
        out.print(Text("In sample: the parameters have seen the record.", style="yellow"))
    elif not further:
        out.print("Blind: each with parameters fitted to the others alone.")
    out.print(f"{found.replications:,} replications, seed {found.seed}\n")
    out.print(_summary(total))
    out.print()
    out.print(_missions(found.predictions, out.width))
    outside = [p.mission.name for p in found.predictions if p.outside]
    if outside:
        out.print(Text(f"Wholly outside the 98% band: {'; '.join(outside)}", style="red"))
    out.print(
        Text(
            "Skill: 1 less the CRPS over that of the rival; above 0 is better. 95% intervals in "
            "brackets, over resampled missions. Months are cut where the figures end.",
            style="dim",
        )
    )


def _summary(total: Summary) -> RichTable:
    table = RichTable(box=None, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    ends = total.intervals

    def ratio(name: str, value: float, label: str) -> None:
        low, high = ends[name]
        told = "" if math.isnan(low) else f"({percent(low)} to {percent(high)})"
        table.add_row(label, percent(value), told)

    for share in INTERVALS:
        ratio(f"coverage_{share * 100:.0f}", total.coverage[share], f"inside the {share:.0%} band")
    for name, value, label in (
        ("crps", total.crps, "CRPS, months"),
        ("crps_fill", total.crps_fill, "CRPS, share of strength"),
    ):
        if not math.isnan(value):
            low, high = ends[name]
            table.add_row(label, f"{value:.2f}", f"({low:.2f} to {high:.2f})")
    ratio("skill", total.skill, "skill against other missions")
    ratio("skill_norm", total.skill_norm, "skill against 90 days")
    ratio("skill_ten_months", total.skill_ten_months, "skill against ten months")
    return table


def _missions(predictions: tuple[Prediction, ...], width: int) -> RichTable:
    table = RichTable(box=None)
    wide = width >= 100
    for name in ("Mission", "Date" if wide else "Year", "Half strength", "predicted, 80%"):
        table.add_column(name, justify="left" if name == "Mission" else "right")
    table.add_column("inside", justify="right")
    if wide:
        table.add_column("Fill, 12 months", justify="right")
        table.add_column("predicted, 80%", justify="right")
    for prediction in predictions:
        mission = prediction.mission
        scores = {s.milestone.name: s for s in prediction.scores}
        inside = sum(s.inside(0.8) for s in prediction.scores)
        cells = [mission.name, str(mission.date if wide else mission.date.year)]
        cells += _cells(scores.get("m50"))
        cells.append(f"{inside}/{len(scores)}")
        if wide:
            cells += _cells(scores.get("fill_at_12m"))
        table.add_row(*(Text(cell) for cell in cells))
    return table


def _cells(score: object) -> tuple[str, str]:
    """What was observed and predicted of a milestone; dashes where it is not scored."""
    from sim.analysis.history.scores import Score

    if not isinstance(score, Score):
        return "-", "-"
    seen, low, high = score.milestone.observed, score.low[0.8], score.high[0.8]
    if score.milestone.name in FILLS:
        return percent(seen), f"{percent(low)} to {percent(high)}"
    more = ">" if score.milestone.censored else ""
    return f"{more}{seen:.1f}", f"{low:.1f} to {high:.1f}"
