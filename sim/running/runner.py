"""Runs a scenario: blocks over an executor, merged into a result."""

from __future__ import annotations

import datetime
import importlib.metadata
import math
import operator
import os
import platform
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from sim.engine.outcomes import Outcomes
from sim.engine.plan import Plan
from sim.engine.planning import plan_of
from sim.engine.simulate import Cell, CellResult, Columns, cells_of, simulate_block
from sim.engine.streams import BLOCK
from sim.errors import SimError
from sim.results import tables
from sim.results.result import Result
from sim.scenario.scenario import Scenario

Progress = Callable[[int, int], None]
_Task = tuple[int, int, tuple[Cell, ...]]  # block, replications, cells


def run(
    scenario: Scenario,
    *,
    replications: int | None = None,
    seed: int | None = None,
    workers: int = 1,
    executor: Executor | None = None,
    keep_replications: bool = False,
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
    progress
        Called as ``progress(done, total)`` when a part of the run is done.

    Returns
    -------
    Result

    Raises
    ------
    SimError
        If the run is too large for the memory, with the figure.
    """
    begun = time.perf_counter()
    settings = scenario.specification.run
    replications = settings.replications if replications is None else replications
    if seed is None:
        seed = settings.seed if "seed" in settings.model_fields_set else secrets.randbits(32)
    plan = plan_of(scenario.specification)
    simulated = simulate(
        plan,
        replications=replications,
        seed=seed,
        workers=workers,
        executor=executor,
        keep_replications=keep_replications,
        progress=progress,
    )
    result_tables = {
        "summary": tables.summary(plan, simulated.outcomes),
        "trajectory": tables.trajectory(plan, simulated.outcomes),
        "contributors": tables.contributors(plan, simulated.outcomes),
    }
    if keep_replications:
        result_tables["replications"] = tables.replications(plan, simulated.rows)
    seconds = time.perf_counter() - begun
    record = _record(scenario, plan, simulated.replications, simulated.seed, seconds)
    return Result(result_tables, record)


@dataclass(frozen=True, slots=True)
class Simulated:
    """What a plan came to.

    Attributes
    ----------
    outcomes
        Per cell, over all replications.
    rows
        Per cell one table of columns a block, in order; empty where they were not kept.
    replications, seed
        As they were used.
    """

    outcomes: Mapping[Cell, Outcomes]
    rows: Mapping[Cell, Sequence[Columns]]
    replications: int
    seed: int


def simulate(
    plan: Plan,
    *,
    cells: Sequence[Cell] | None = None,
    replications: int,
    seed: int,
    workers: int = 1,
    executor: Executor | None = None,
    keep_replications: bool = False,
    progress: Progress | None = None,
) -> Simulated:
    """Simulate some cells of a plan: what `run` does before it makes tables.

    Parameters
    ----------
    plan
        Of a scenario, or one derived from it: the same seed gives the same futures.
    cells
        Default: all of the plan's. A size need not be one that the scenario names.
    replications, seed, workers, executor, keep_replications, progress
        As for `run`.

    Returns
    -------
    Simulated

    Raises
    ------
    SimError
        If the run is too large for the memory, with the figure.
    """
    replications, seed = _whole("replications", replications, 1), _whole("seed", seed, 0)
    cells = cells_of(plan) if cells is None else tuple(dict.fromkeys(cells))
    check_memory(plan, len(cells), replications if keep_replications else 0, workers)
    tasks = _tasks(replications, cells, workers if executor is None else 2)
    merged: dict[Cell, Outcomes] = {}
    rows: dict[Cell, dict[int, Columns]] = {cell: {} for cell in cells}
    done, total = 0, sum(len(task[2]) * task[1] for task in tasks)
    with _executor(workers if len(tasks) > 1 else 1, executor) as pool:
        for task, results in _results(pool, plan, seed, tasks, keep_replications):
            for part in results:
                held = merged.get(part.cell)
                merged[part.cell] = part.outcomes if held is None else held + part.outcomes
                if part.rows is not None:
                    rows[part.cell][part.block] = part.rows
            done += len(task[2]) * task[1]
            if progress:
                progress(done, total)
    return Simulated(
        {cell: merged[cell] for cell in cells},
        {cell: [blocks[b] for b in sorted(blocks)] for cell, blocks in rows.items()},
        replications,
        seed,
    )


def _whole(name: str, number: Any, least: int) -> int:
    """Take any kind of whole number, NumPy's too, as a plain one: `run.json` must hold it."""
    try:
        whole = operator.index(number)
    except TypeError:
        raise SimError(f"{name} must be a whole number, found {number!r}") from None
    if whole < least:
        raise SimError(f"{name} must be at least {least}, found {whole}")
    return whole


def _tasks(replications: int, cells: tuple[Cell, ...], workers: int) -> list[_Task]:
    """Blocks, cut into groups of cells while there are too few to keep the workers busy."""
    blocks = math.ceil(replications / BLOCK)
    groups = min(len(cells), math.ceil(4 * workers / blocks)) if workers > 1 else 1
    return [
        (block, min(BLOCK, replications - block * BLOCK), cells[group::groups])
        for block in range(blocks)
        for group in range(groups)
    ]


@contextmanager
def _executor(workers: int, executor: Executor | None) -> Iterator[Executor | None]:
    if executor is not None or workers <= 1:
        yield executor
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _results(
    pool: Executor | None, plan: Plan, seed: int, tasks: Sequence[_Task], keep: bool
) -> Iterator[tuple[_Task, list[CellResult]]]:
    """Results as they come; merging does not depend on their order."""
    if pool is None:
        for task in tasks:
            yield task, simulate_block(plan, seed, *task, keep)
        return
    waiting: dict[Future[list[CellResult]], _Task] = {
        pool.submit(simulate_block, plan, seed, *task, keep): task for task in tasks
    }
    try:
        while waiting:
            finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in finished:
                yield waiting.pop(future), future.result()
    finally:
        for future in waiting:  # an executor of the caller's outlives a run that was broken off
            future.cancel()


def check_memory(plan: Plan, cells: int, kept: int, workers: int) -> None:
    """Refuse a run that cannot fit, before it starts.

    Raises
    ------
    SimError
        With what it would take and what the machine has.
    """
    lines = max((len(mandate.lines) for mandate in plan.mandates), default=0)
    rest = sum(pool.rested_after for pool in plan.pools)
    state = BLOCK * (lines * plan.steps + 2 * rest + 40 * len(plan.pools))
    state += BLOCK * plan.steps * (8 + 8 * len(plan.corridors))
    histograms = cells * plan.steps * 401 * 8 * 3
    needed = workers * (state + histograms) + histograms
    needed += kept * cells * (20 + 3 * len(plan.contributors)) * 64
    memory = _memory()
    if needed > memory:
        raise SimError(
            f"this run would take about {needed / 1e9:,.1f} GB of memory, the machine has "
            f"{memory / 1e9:,.1f} GB; take longer steps, fewer sizes or fewer workers"
        )


def _memory() -> float:
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):  # not every system says
        return math.inf


def _record(
    scenario: Scenario, plan: Plan, replications: int, seed: int, seconds: float
) -> dict[str, Any]:
    """How the result was made, for ``run.json``."""
    packages = ("peacekeeping-sim", "numpy", "scipy", "pydantic", "pyyaml")
    return {
        "layout": tables.LAYOUT,
        "title": scenario.title,
        "scenario": scenario.name,
        "scenario_hash": scenario.hash,
        "seed": seed,
        "replications": replications,
        "block": BLOCK,
        "bit_generator": "PCG64DXSM",
        "confidence": {m.name: m.criteria.confidence for m in plan.mandates},
        "given": {
            m.name: "authorisation" if m.criteria.given_authorisation else "nothing"
            for m in plan.mandates
        },
        "versions": {
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in packages},
        },
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 2),
        "inputs": scenario.data,
        "origins": scenario.origins,
    }
