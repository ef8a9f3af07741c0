"""What a scenario comes to under one mandate, as the page shows it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from sim.engine.planning import plan_of
from sim.engine.simulate import cells_of
from sim.report.answers import answer
from sim.report.cases import Case, Row, cases_of
from sim.report.detail import detail, nation_columns
from sim.results import tables
from sim.results.contingents import contingents
from sim.results.result import Result
from sim.results.statistics import wilson
from sim.results.words import interval
from sim.running.blocks import simulate
from sim.running.seeds import seed_of
from sim.scenario.scenario import Scenario


class Abandoned(Exception):  # noqa: N818 - as KeyboardInterrupt, it is no error
    """Nobody waits for the answer any more."""


def result_of(
    scenario: Scenario,
    mandate: str,
    replications: int | None = None,
    *,
    size: int | None = None,
    executor: Executor | None = None,
    gone: Callable[[], bool] = lambda: False,
) -> Result:
    """Run one mandate of a scenario at all its sizes.

    Parameters
    ----------
    scenario, mandate
        What is run.
    replications
        Default: those of the scenario, which are also the most.
    size
        The only one of which contributors and contingents are wanted; where there is no such size,
        the one that is shown first. Default: all.
    executor
        What carries the parts of the run; None is this thread.
    gone
        Asked between the parts whether anybody still waits.

    Returns
    -------
    Result
        With the rows that `sim.run` gives for this mandate, in summary, contributors and
        contingents.

    Raises
    ------
    SimError
        If the run is too large for the memory.
    Abandoned
        If nobody waits any more.
    """

    def check(done: int, total: int) -> None:
        if gone() and done < total:
            raise Abandoned

    plan = plan_of(scenario.specification)
    wanted = scenario.specification.run.replications
    asked = next(m for m in plan.mandates if m.name == mandate)
    cells = [cell for cell in cells_of(plan) if plan.mandates[cell.mandate] is asked]
    simulated = simulate(
        plan,
        cells=cells,
        replications=wanted if replications is None else min(replications, wanted),
        seed=seed_of(scenario),
        executor=executor,
        progress=check,
    )
    given = "authorisation" if asked.criteria.given_authorisation else "nothing"
    record = {
        "title": scenario.title,
        "inputs": scenario.data,
        "seed": simulated.seed,
        "replications": simulated.replications,
        "confidence": {mandate: asked.criteria.confidence},
        "given": {mandate: given},
    }
    made = {"summary": tables.summary(plan, simulated.outcomes)}
    outcomes = simulated.outcomes
    if size is not None:
        (case,) = cases_of({"": Result(made, record)})
        size = size if size in asked.sizes else case.shown
        outcomes = {cell: own for cell, own in outcomes.items() if cell.size == size}
    made["contributors"] = tables.contributors(plan, outcomes)
    made["contingents"] = contingents(plan, outcomes)
    return Result(made, record)


def shown(result: Result) -> dict[str, Any]:
    """The result as the page shows it.

    Returns
    -------
    dict
        ``sentences``, ``sizes`` (a row of texts per force size), the rows of the charts, and, for
        each size that the result has in detail, those of the contributors and contingents. Every
        estimate comes as a text with its interval too.
    """
    (case,) = cases_of({"": result})
    found = detail([case])
    sends, detailed = case.sends, set(map(str, result.tables["contributors"]["force_size"]))
    return {
        "replications": result.run["replications"],
        "sentences": answer(case),
        "authorised": interval(case.rows[0], "p_authorised") if sends else "",
        "sizes": [_told(row) for row in case.rows] if sends else [],
        "shown": case.shown if sends else None,
        "feasibility": found["feasibility"].get(case.name, []),
        "binding": _with_intervals(case, found["binding"].get(case.name, [])),
        "contingents": {
            size: rows
            for size, rows in found["contingents"].get(case.name, {}).items()
            if size in detailed
        },
        "columns": [heading for _, heading, _ in nation_columns([case])],
        "contributors": _contributors(case, found) if sends else {},
    }


def _told(row: Row) -> dict[str, Any]:
    return {
        "size": row["force_size"],
        "if authorised": interval(row, "p_feasible_if_authorised"),
        "outright": interval(row, "p_feasible"),
        "verdict": row["verdict"],
    }


def _with_intervals(case: Case, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Shares of the authorised futures, each with a text that has its 95% interval."""
    for row in rows:
        trials = case.row(row["size"])["authorised_replications"]
        low, high = wilson(round(row["share"] * trials), trials)
        row["told"] = interval({"s": row["share"], "s_low": low, "s_high": high}, "s")
    return rows


def _contributors(case: Case, found: dict[str, Any]) -> dict[str, list[list[str]]]:
    """Texts by size: of those that send anybody, who sends most first."""
    names = found["nationColumns"]
    columns = [names.index(name) + 1 for name, _, _ in nation_columns([case])]
    soldiers = names.index("present_soldiers") + 1
    return {
        size: [
            [row[0], *(row[at][1] for at in columns)]
            for row in sorted(rows, key=lambda row: -(row[soldiers][0] or 0.0))
            if row[soldiers][0]
        ]
        for size, rows in found["nations"][case.name].items()
        if rows
    }
