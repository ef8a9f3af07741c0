"""Runs a scenario: blocks over an executor, merged into a result."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform
import time
from collections.abc import Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from sim.citation import PACKAGE, citation
from sim.engine.plan import Plan
from sim.engine.planning import plan_of
from sim.engine.streams import BLOCK
from sim.errors import SimError
from sim.results import tables
from sim.results.checkpoint import Checkpoint
from sim.results.contingents import contingents
from sim.results.replications import replications as replications_table
from sim.results.result import Result
from sim.running.blocks import Progress, Simulated, simulate
from sim.running.precision import Precision
from sim.running.seeds import seed_of
from sim.scenario.compose import digest
from sim.scenario.scenario import Scenario

MOST_REPLICATIONS = 1_000_000
"""Where a run stops that does not reach the precision wanted, unless told otherwise."""


def run(
    scenario: Scenario,
    *,
    replications: int | None = None,
    seed: int | None = None,
    workers: int = 1,
    executor: Executor | None = None,
    keep_replications: bool = False,
    precision: float | None = None,
    max_replications: int | None = None,
    checkpoint: str | Path | None = None,
    progress: Progress | None = None,
) -> Result:
    """Run a scenario: every mandate and force size, over the same futures.

    Parameters
    ----------
    scenario
        A `Scenario`, from `sim.load` or built in code.
    replications, seed
        Default: what the scenario's ``run`` says. A seed of None in neither place is drawn and
        recorded.
    workers
        Processes of this machine; 1 runs in this process.
    executor
        Any `concurrent.futures.Executor` in place of `workers`. The numbers do not depend on it.
    keep_replications
        Keep one row per replication and cell; memory then grows with their number.
    precision
        In place of `replications`: go on until half the 95% interval of every cell's P(feasible)
        (the one that its verdict is about) is no wider. ``result.run["precision"]`` says whether it
        was reached.
    max_replications
        Where to stop all the same. Default: `MOST_REPLICATIONS`.
    checkpoint
        A results folder in which finished parts are kept from time to time. A run of the same
        scenario, seed and version goes on from there; `Result.save` to it removes them.
    progress
        Called as ``progress(done, total)`` when a part of the run is done, and while others are at
        work now and then; what it raises breaks the run off.

    Returns
    -------
    Result

    Raises
    ------
    SimError
        If the run is too large for the memory, with the figure; if a worker was lost, or a
        checkpoint cannot be written.
    """
    begun = time.perf_counter()
    settings = scenario.specification.run
    if precision is not None:
        if replications is not None:
            raise SimError("replications or a precision, not both; max_replications limits it")
        if not 0 < precision < 0.5:
            raise SimError(f"precision must lie between 0 and 0.5, found {precision:g}")
        replications = MOST_REPLICATIONS if max_replications is None else max_replications
    elif max_replications is not None:
        raise SimError("max_replications is the limit of a precision, and none is wanted")
    elif replications is None:
        replications = settings.replications
    seed = seed_of(scenario, seed)
    plan = plan_of(scenario.specification)
    simulated = simulate(
        plan,
        replications=replications,
        seed=seed,
        workers=workers,
        executor=executor,
        keep_replications=keep_replications,
        precision=None if precision is None else Precision(precision),
        checkpoint=_checkpoint(scenario, plan, seed, checkpoint, keep_replications),
        progress=progress,
    )
    made: dict[str, Any] = {}
    if precision is not None:
        widest = Precision(precision).widest(plan, simulated.outcomes)
        made["precision"] = {"wanted": precision, "found": widest, "reached": simulated.reached}
    return result_of(scenario, plan, simulated, begun, made)


def result_of(
    scenario: Scenario,
    plan: Plan,
    simulated: Simulated,
    begun: float,
    made: Mapping[str, Any],
) -> Result:
    """Make the tables of what was simulated, and the record of how.

    Parameters
    ----------
    begun
        When, as `time.perf_counter` has it.
    made
        What the record is to hold besides.
    """
    result_tables = {
        "summary": tables.summary(plan, simulated.outcomes),
        "trajectory": tables.trajectory(plan, simulated.outcomes),
        "contributors": tables.contributors(plan, simulated.outcomes),
        "contingents": contingents(plan, simulated.outcomes),
    }
    if simulated.rows:
        result_tables["replications"] = replications_table(plan, simulated.rows)
    seconds = time.perf_counter() - begun
    return Result(result_tables, {**_record(scenario, plan, simulated, seconds), **made})


def _checkpoint(
    scenario: Scenario, plan: Plan, seed: int, folder: str | Path | None, rows: bool
) -> Checkpoint | None:
    if folder is None:
        return None
    versions = {PACKAGE: importlib.metadata.version(PACKAGE), **plan.packages}
    key = digest([scenario.hash, seed, BLOCK, tables.LAYOUT, versions])
    return Checkpoint(Path(folder), key, rows)


def _record(scenario: Scenario, plan: Plan, simulated: Simulated, seconds: float) -> dict[str, Any]:
    """How the result was made, for ``run.json``."""
    packages = (PACKAGE, "numpy", "scipy", "pydantic", "pyyaml")
    return {
        "layout": tables.LAYOUT,
        "title": scenario.title,
        "scenario": scenario.name,
        "scenario_hash": scenario.hash,
        "seed": simulated.seed,
        "replications": simulated.replications,
        "block": BLOCK,
        "bit_generator": "PCG64DXSM",
        "confidence": {m.name: m.criteria.confidence for m in plan.mandates},
        "given": {
            m.name: "authorisation" if m.criteria.given_authorisation else "nothing"
            for m in plan.mandates
        },
        "citation": citation(),
        "versions": {
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in packages},
            **plan.packages,
        },
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 2),
        "inputs": scenario.data,
        "origins": scenario.origins,
    }
