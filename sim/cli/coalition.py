"""``sim coalition``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from sim.analysis.coalition.coalitions import CRITERIA, REPLICATIONS, Coalition, Worth, coalition
from sim.cli.console import console, progress
from sim.cli.explain import FEW, reading_of, reading_option, show_words
from sim.cli.options import answer_options, load_all, scenario_options, simulation_options
from sim.results.files import nulled, to_csv, write_all
from sim.results.words import percent

_SHOWN = 20  # contributors outside of the coalition


@click.command(
    epilog="""\b
Examples:
  sim coalition my.yaml --size 3000
  sim coalition scenarios/reassurance_force.yaml --size 5000 --confidence 0.6 --require France
  sim coalition my.yaml --size 3000 --by soldiers --without Germany"""
)
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--size", type=click.IntRange(1), required=True, help="Soldiers asked for.")
@click.option("--mandate", help="Which mandate; not needed where a single one sends.")
@click.option(
    "--by",
    type=click.Choice(CRITERIA),
    default=CRITERIA[0],
    show_default=True,
    help="What is to be smallest: the number of contributors, or the soldiers that they offer.",
)
@click.option("--require", multiple=True, metavar="NAME", help="Must belong to it; repeatable.")
@click.option("--without", multiple=True, metavar="NAME", help="Is not asked; repeatable.")
@click.option(
    "--confidence",
    type=click.FloatRange(0, 1, min_open=True),
    help="The probability to be reached.  [default: the scenario's]",
)
@reading_option
@simulation_options
@scenario_options
@answer_options
def command(
    file: Path,
    size: int,
    mandate: str | None,
    by: str,
    require: tuple[str, ...],
    without: tuple[str, ...],
    confidence: float | None,
    reading: str | None,
    replications: int | None,
    seed: int | None,
    workers: int,
    settings: tuple[str, ...],
    given: tuple[str, ...],
    allow: tuple[Path, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Find the smallest set of contributors with which a force of a scenario FILE is feasible.

    Says what each contributor is worth: how much less likely the force is without it. Where few
    sets must be tried the answer is exact; else contributors are added one by one, and it is said
    how much smaller a set could be at best. Writes coalition.csv.

    Without -n, 1,000 futures are simulated.
    """
    (scenario,) = load_all([file], settings, given, allow)
    with progress(scenario.name) as show:
        found = coalition(
            scenario,
            size,
            mandate,
            by=by,
            require=require,
            without=without,
            confidence=confidence,
            given=reading_of(reading),
            replications=replications or REPLICATIONS,
            seed=seed,
            workers=workers,
            progress=show,
        )
    folder = out or Path("results") / scenario.name
    write_all(folder, {"coalition.csv": to_csv(found.table())})
    if as_json:
        answer = {"words": sentences(found), **asdict(found), "results": str(folder)}
        click.echo(json.dumps(nulled(answer), indent=2, ensure_ascii=False))
    else:
        _show(found, console())
        console().print(f"\nResults: {folder}/  (coalition.csv)")


def sentences(found: Coalition) -> list[str]:
    """What was found, in words."""
    wanted, told = percent(found.confidence), []
    if found.members is None or found.reached is None or found.checked is None:
        told.append(
            f"Not even all {len(found.worths)} who can be asked are enough: feasible in "
            f"{found.everybody}; {wanted} is wanted."
        )
    else:
        count = len(found.members)
        who = f"{count} of {len(found.worths)} contributors" if count > 1 else "One contributor"
        told.append(f"{who} {'are' if count > 1 else 'is'} enough: {', '.join(found.members)}.")
        told.append(
            f"Feasible in {found.reached}; {wanted} is wanted. In futures that the "
            f"search did not see: {found.checked}. "
            f"With everybody: {found.everybody}."
        )
        told.append(_how(found))
        if found.cost == found.cost:
            told.append(
                f"Mean cost where authorised: {found.cost / 1e6:,.0f} million {found.currency}."
            )
    if found.judged < FEW:
        told.append(
            f"These are only {found.judged:,} futures: take more (-n) or fix a condition (--given)."
        )
    return told


def _how(found: Coalition) -> str:
    """Whether the set is the smallest."""
    if found.method == "exact":
        least = "smaller number" if found.by == "number" else "set with fewer soldiers"
        return f"Exact: in these futures no {least} is enough ({found.simulated} sets simulated)."
    bound = found.bound or 0.0
    if found.by == "number":
        least = f"no set of fewer than {bound:.0f} can be enough"
    else:
        least = (
            f"it offers {found.soldiers:,.0f} soldiers in the mean, and no set that offers fewer "
            f"than {bound:,.0f} can be enough"
        )
    return f"Greedy: a smaller set may do; {least} ({found.simulated} sets simulated)."


def _show(found: Coalition, out: Console) -> None:
    """The answer first, then who is worth what."""
    show_words(found, sentences(found), out)
    out.print()
    out.print(_table(found, out.width))
    out.print(
        Text(
            "Soldiers: offered in the mean, 0 where it stays away. Worth: points by which "
            "P(feasible) falls without this one, of everybody and of the coalition; 95% intervals.",
            style="dim",
        )
    )


def _table(found: Coalition, width: int) -> RichTable:
    table = RichTable(box=None)
    table.add_column("Contributor")
    inside = found.members is not None
    table.add_column("Soldiers", justify="right", no_wrap=True)
    table.add_column("Worth to all", justify="right", no_wrap=True)
    if inside:
        table.add_column("To the coalition", justify="right", no_wrap=True)
    members = [worth for worth in found.worths if worth.member]
    others = [worth for worth in found.worths if not worth.member]
    for worth in (*members, *others[:_SHOWN]):
        cells = [f"{worth.soldiers:,.0f}", _points(worth, False, width)]
        if inside:
            cells.append(_points(worth, True, width))
        style = "bold" if worth.member else ""
        table.add_row(Text(worth.name, style=style), *cells)
    if len(others) > _SHOWN:
        more = len(others) - _SHOWN
        table.add_row(Text(f"{more} more, in coalition.csv", style="dim"))
    return table


def _points(worth: Worth, coalition: bool, width: int) -> str:
    loss = worth.coalition_loss if coalition else worth.loss
    if loss is None:
        return "-"
    points = f"{100 * loss.estimate:.1f}"
    if width < 76:
        return points
    return f"{points} ({100 * loss.low:.1f} to {100 * loss.high:.1f})"
