"""Options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from sim.errors import Issue, ScenarioError, nearest
from sim.scenario.overrides import assignments
from sim.scenario.scenario import Scenario, load

F = TypeVar("F", bound=Callable[..., Any])

files = click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)


allow_extends = click.option(
    "--allow-extends",
    "allow",
    multiple=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Let the scenario extend files of a folder outside its own tree.",
)


def scenario_options(function: F) -> F:
    """Add ``--set``, ``--given`` and ``--allow-extends``."""
    for option in (
        allow_extends,
        click.option(
            "--given",
            "given",
            multiple=True,
            metavar="CONDITION=true|false",
            help="Fix a condition for this run.",
        ),
        click.option(
            "--set",
            "settings",
            multiple=True,
            metavar="PATH=VALUE",
            help="Override a value, as will.correlation=0.5; may be repeated.",
        ),
    ):
        function = option(function)
    return function


def simulation_options(function: F) -> F:
    """Add ``--replications``, ``--seed`` and ``--workers``."""
    for option in (
        click.option(
            "-j",
            "--workers",
            type=click.IntRange(1),
            default=lambda: os.cpu_count() or 1,
            help="Processes; the numbers do not depend on it.  [default: one per core]",
        ),
        click.option("--seed", type=click.IntRange(0), help="Same seed, same futures."),
        click.option("-n", "--replications", type=click.IntRange(1), help="Futures to simulate."),
    ):
        function = option(function)
    return function


def answer_options(function: F) -> F:
    """Add ``--out``, a folder, and ``--json``."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON."),
        click.option(
            "-o",
            "--out",
            type=click.Path(path_type=Path, file_okay=False),
            help="Folder.  [default: results/<scenario>]",
        ),
    ):
        function = option(function)
    return function


def load_all(
    files: Sequence[Path], settings: Sequence[str], given: Sequence[str], allow: Sequence[Path]
) -> list[Scenario]:
    """Load every scenario, telling what is wrong with all of them at once."""
    issues: list[Issue] = []
    scenarios: list[Scenario] = []
    try:
        overrides = assignments(settings)
    except ScenarioError as error:
        issues.extend(error.issues)
        overrides = []
    for path in files:
        try:
            scenario = load(path, overrides, allow)
            for name, value in _conditions(scenario, given):
                scenario = scenario.with_(f"conditions.{name}", {"probability": value})
            scenarios.append(scenario)
        except ScenarioError as error:
            issues.extend(error.issues)
    if issues:
        raise ScenarioError(issues)
    return scenarios


def _conditions(scenario: Scenario, given: Sequence[str]) -> list[tuple[str, float]]:
    """``ceasefire=true`` as the probability that the condition is given."""
    known, issues, fixed = scenario.specification.conditions, list[Issue](), []
    for text in given:
        name, _, value = (part.strip() for part in text.partition("="))
        where = f"--given {text}"
        if name not in known:
            hint = nearest(name, known) or f"declared: {', '.join(known) or 'none'}"
            issues.append(Issue(where, 0, 0, "", f"no condition '{name}'", hint))
        elif value not in ("true", "false"):
            issues.append(Issue(where, 0, 0, "", "must be CONDITION=true or CONDITION=false"))
        else:
            fixed.append((name, float(value == "true")))
    if issues:
        raise ScenarioError(issues)
    return fixed
