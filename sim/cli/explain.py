"""``sim explain``."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from sim.analysis.coalition.coalitions import Coalition
from sim.analysis.explain.attribution import REPLICATIONS, Effect, Explanation, explain
from sim.analysis.same_futures import READINGS, Share
from sim.cli.console import console, progress
from sim.cli.options import answer_options, load_all, scenario_options, simulation_options
from sim.results.files import nulled, to_csv, write_all
from sim.results.words import percent

FEW = 400  # with fewer futures than these an interval is some ten points wide
_SETS_SHOWN = 3

reading_option = click.option(
    "--reading",
    type=click.Choice([words.replace(" ", "-") for words in READINGS.values()]),
    help="Of the futures in which the mandate is authorised, or of all.  "
    "[default: the scenario's feasible_when.given]",
)


@click.command(
    epilog="""\b
Examples:
  sim explain my.yaml --size 5000
  sim explain scenarios/reassurance_force.yaml --size 20000 --no-shapley
  sim explain scenarios/un_mission.yaml --size 30000 --reading outright"""
)
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--size", type=click.IntRange(1), required=True, help="Soldiers asked for.")
@click.option("--mandate", help="Which mandate; not needed where a single one sends.")
@reading_option
@click.option(
    "--shapley/--no-shapley",
    default=True,
    help="Share out the whole gap: exact, but a run per subset of the constraints.",
)
@simulation_options
@scenario_options
@answer_options
def command(
    file: Path,
    size: int,
    mandate: str | None,
    reading: str | None,
    shapley: bool,
    replications: int | None,
    seed: int | None,
    workers: int,
    settings: tuple[str, ...],
    given: tuple[str, ...],
    allow: tuple[Path, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Say what makes a force size of a scenario FILE infeasible.

    Simulates the same futures with each constraint relaxed alone, and with all others relaxed.
    The Shapley value of a constraint is what it adds on average when all are relaxed one after
    another, over all orders. Writes explain.csv, waterfall.png and waterfall.svg.

    Without -n, 1,000 futures are simulated.
    """
    (scenario,) = load_all([file], settings, given, allow)
    with progress(scenario.name) as show:
        found = explain(
            scenario,
            size,
            mandate,
            given=reading_of(reading),
            shapley=shapley,
            replications=replications or REPLICATIONS,
            seed=seed,
            workers=workers,
            progress=show,
        )
    folder = out or Path("results") / scenario.name
    pictures = _pictures(found, shapley)
    obsolete = () if shapley else ("waterfall.png", "waterfall.svg")
    write_all(folder, {"explain.csv": to_csv(found.table()), **pictures}, obsolete)
    if as_json:
        answer = {"words": sentences(found), **asdict(found), "results": str(folder)}
        click.echo(json.dumps(nulled(answer), indent=2, ensure_ascii=False))
    else:
        _show(found, console())
        console().print(f"\nResults: {folder}/  ({', '.join(['explain.csv', *pictures])})")


def reading_of(words: str | None) -> str | None:
    """The reading that an option names."""
    return next((key for key, value in READINGS.items() if value.replace(" ", "-") == words), None)


def _pictures(found: Explanation, shapley: bool) -> dict[str, bytes]:
    if not shapley:
        return {}
    from sim.report.waterfall import waterfall

    return waterfall(found)


def show_words(found: Explanation | Coalition, words: Sequence[str], out: Console) -> None:
    """What was asked, of how many futures, and the answer in words."""
    out.print(Text(f"{found.title}: {found.mandate}, {found.size:,}", style="bold"))
    if found.judged < found.replications:
        judged = f"{found.judged:,} of {found.replications:,} futures are authorised"
    else:
        judged = f"{found.replications:,} futures"
    out.print(f"{judged}, seed {found.seed}\n")
    for sentence in words:
        out.print(Text(sentence))


def _show(found: Explanation, out: Console) -> None:
    """The answer first, then the table."""
    show_words(found, sentences(found), out)
    if found.families:
        out.print()
        out.print(_table("Constraint", found.families, out.width))
    out.print()
    out.print(_table("Capability", found.capabilities, out.width))
    words = (
        "Alone: P(feasible) with this one relaxed. All but: with all others relaxed. 95% "
        "intervals. A capability alone: its need is met from nowhere; all but: it is the only "
        "scarce one."
    )
    tables = (found.families, found.capabilities)
    if any("Harmed" in _columns(effects, out.width) for effects in tables):
        words += " Harmed: futures that are feasible only as long as it is not relaxed."
    out.print(Text(words, style="dim"))


def sentences(found: Explanation) -> list[str]:
    """What binds, in words."""
    wanted, gap = percent(found.confidence), found.everything.estimate - found.base.estimate
    told = [f"Feasible in {found.base} of these futures; {wanted} is wanted."]
    if found.everything.estimate < 1:
        told.append(
            f"Even with nothing in its way only in {found.everything}: what is asked for "
            "(phases, deadlines, the horizon) leaves no room."
        )
    told += _binding(found, gap)
    if found.enough and found.base.estimate < found.confidence:
        told.append(_enough(found, wanted))
    for effect in found.families:
        if effect.all_but.high < found.confidence:
            told.append(
                f"With everything else out of the way, {effect.name} still keeps it at "
                f"{effect.all_but}."
            )
    for effect in (*found.families, *found.capabilities):
        if effect.gain.high < 0:
            told.append(
                f"Relaxing {effect.name} alone makes it less likely, by "
                f"{-100 * effect.gain.estimate:.1f} points: units that come in one wave also go "
                "home in one."
            )
    if found.judged < FEW:
        told.append(
            f"These are only {found.judged:,} futures: take more (-n) or fix a condition (--given)."
        )
    return told


def _binding(found: Explanation, gap: float) -> list[str]:
    """What takes most away."""
    if gap <= 0:
        return ["Nothing binds."]
    by_shapley = any(not math.isnan(effect.shapley) for effect in found.families)
    effects = sorted(found.families, key=_weight)
    if by_shapley:
        weighty = [effect for effect in effects if effect.shapley >= 0.05 * gap][:4]
        shares = [f"{effect.name} {100 * effect.shapley:.0f}" for effect in weighty]
        told = ", ".join(shares)
        return [f"Of the {100 * gap:.0f} points that are missing to 100%: {told} (Shapley)."]
    best = effects[0]
    return [
        f"Relaxed alone, {best.name} adds most: {100 * best.gain.estimate:.0f} of the "
        f"{100 * gap:.0f} points that are missing to 100%."
    ]


def _enough(found: Explanation, wanted: str) -> str:
    """The smallest sets of constraints that must be relaxed."""
    sets = [f"{' and '.join(names)} ({percent(share.estimate)})" for names, share in found.enough]
    more = f", and {len(sets) - _SETS_SHOWN} other sets" if len(sets) > _SETS_SHOWN else ""
    listed = "; or ".join(sets[:_SETS_SHOWN]) + more
    if len(found.enough[0][0]) == 1:
        return f"To reach {wanted} it is enough to relax one: {listed}."
    return f"No constraint relaxed alone reaches {wanted}; together these do: {listed}."


def _table(title: str, effects: tuple[Effect, ...], width: int) -> RichTable:
    """One row per constraint, the weightiest first; fewer columns on a narrow terminal."""
    table = RichTable(box=None)
    table.add_column(title)
    shown = _columns(effects, width)
    for name in shown:
        table.add_column(name, justify="right", no_wrap=True)
    for effect in sorted(effects, key=_weight):
        gain = effect.gain
        cells = {
            "Alone": _share(effect.alone, width),
            "Gain, points": f"{100 * gain.estimate:+.1f} ({100 * gain.low:+.1f} to "
            f"{100 * gain.high:+.1f})"
            if width >= 76
            else f"{100 * gain.estimate:+.1f}",
            "All but": _share(effect.all_but, width),
            "Shapley": f"{100 * effect.shapley:+.1f} ± {196 * effect.shapley_mcse:.1f}",
            "Harmed": percent(effect.harmed),
        }
        table.add_row(Text(effect.name), *(Text(cells[name]) for name in shown))
    return table


def _columns(effects: Sequence[Effect], width: int) -> list[str]:
    """What a table has to say of these effects, as far as there is room for it."""
    columns = [("Alone", 0), ("Gain, points", 60), ("All but", 0)]
    if any(not math.isnan(effect.shapley) for effect in effects):
        columns.append(("Shapley", 0))
    if any(effect.harmed for effect in effects):
        columns.append(("Harmed", 76))
    return [name for name, least in columns if width >= least]


def _weight(effect: Effect) -> tuple[float, float]:
    shapley = 0.0 if math.isnan(effect.shapley) else effect.shapley
    return -shapley, -effect.gain.estimate


def _share(share: Share, width: int) -> str:
    return str(share) if width >= 60 else percent(share.estimate)
