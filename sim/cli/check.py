"""``sim check``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from sim.analysis.scope import Ceiling, ceilings, notes
from sim.analysis.sources import unsourced
from sim.cli.console import console
from sim.cli.options import files, load_all, scenario_options
from sim.engine.planning import plan_of
from sim.errors import ScenarioError


@click.command(
    epilog="""\b
Examples:
  sim check my.yaml
  sim check my.yaml --strict
  sim check scenarios/*.yaml --json"""
)
@files
@scenario_options
@click.option("--strict", is_flag=True, help="Refuse figures without a source or a judgement.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def command(
    files: tuple[Path, ...],
    settings: tuple[str, ...],
    given: tuple[str, ...],
    allow: tuple[Path, ...],
    strict: bool,
    as_json: bool,
) -> None:
    """Validate each scenario FILE, and say what it can do at all, without running it.

    The ceiling is closed-form arithmetic: the force that could be there at once, and be kept there
    with rotation, if everybody who may come came.
    """
    answers: list[dict[str, Any]] = []
    scenarios = load_all(files, settings, given, allow)
    if issues := [issue for s in scenarios for issue in unsourced(s)] if strict else []:
        raise ScenarioError(issues)
    for path, scenario in zip(files, scenarios, strict=True):
        plan = plan_of(scenario.specification)
        found, table = notes(scenario.specification), ceilings(plan)
        if as_json:
            answers.append(
                {
                    "file": str(path),
                    "title": scenario.title,
                    "scenario_hash": scenario.hash,
                    "notes": found,
                    "ceilings": [
                        {
                            "mandate": c.mandate,
                            "capability": c.capability,
                            "available": round(c.available),
                            "sustained": round(c.sustained),
                            "force_at_once": round(c.force_at_once),
                            "force_sustained": round(c.force_sustained),
                        }
                        for c in table
                    ],
                }
            )
            continue
        out = console()
        sizes = {len(m.sizes) for m in plan.mandates if m.sends}
        out.print(Text(scenario.title, style="bold"))
        out.print(
            f"valid: {_counted(len(plan.mandates), 'mandate')}, "
            f"{_counted(len(plan.contributors), 'contributor')}, "
            f"{_counted(len(plan.pools), 'pool')}, {_counted(plan.steps, 'step')}, "
            f"{_counted(max(sizes, default=0), 'force size')}"
        )
        for note in found:
            out.print(Text(f"note: {note}", style="yellow"))
        for mandate in dict.fromkeys(c.mandate for c in table):
            _show(out, mandate, [c for c in table if c.mandate == mandate])
    if as_json:
        click.echo(json.dumps(answers[0] if len(answers) == 1 else answers, indent=2))


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"


def _show(out: Console, mandate: str, rows: list[Ceiling]) -> None:
    lowest = min(rows, key=lambda c: c.force_sustained)
    out.print(
        f"\n{mandate}: if everybody came, at most "
        f"{_round(min(c.force_at_once for c in rows))} at once and "
        f"{_round(lowest.force_sustained)} sustained; {lowest.capability} binds first"
    )
    table = RichTable(box=None)
    for name in (
        "Capability",
        "Share",
        "Available",
        "Sustained",
        "Force at once",
        "Force sustained",
    ):
        table.add_column(name, justify="left" if name == "Capability" else "right")
    for row in rows:
        table.add_row(
            row.capability,
            f"{row.share:.0%}",
            _round(row.available),
            _round(row.sustained),
            _round(row.force_at_once),
            _round(row.force_sustained),
        )
    out.print(table)


def _round(soldiers: float) -> str:
    """Hundreds are all that such arithmetic supports."""
    return f"{round(soldiers, -2):,.0f}"
