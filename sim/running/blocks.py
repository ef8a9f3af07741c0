"""Blocks of replications over an executor, added up; until they are enough."""

from __future__ import annotations

import math
import operator
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    wait,
)
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from sim.engine.outcomes import Outcomes
from sim.engine.plan import Plan
from sim.engine.simulate import Cell, CellResult, Columns, cells_of, simulate_block, simulate_groups
from sim.engine.streams import BLOCK
from sim.errors import SimError
from sim.results.checkpoint import Checkpoint, Part, Tally
from sim.running.executors import LOST, processes
from sim.running.memory import check_memory
from sim.running.precision import Precision

Progress = Callable[[int, int], None]
_KEEP_EVERY, _PULSE = 5.0, 0.2  # seconds


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
    reached
        Whether the wanted precision was reached; None where none was wanted.
    """

    outcomes: Mapping[Cell, Outcomes]
    rows: Mapping[Cell, Sequence[Columns]]
    replications: int
    seed: int
    reached: bool | None = None


@dataclass(frozen=True, slots=True)
class _Task:
    block: int
    count: int
    cells: tuple[Cell, ...]

    @property
    def size(self) -> int:
        return self.count * len(self.cells)


def simulate(
    plan: Plan,
    *,
    cells: Sequence[Cell] | None = None,
    replications: int,
    seed: int,
    workers: int = 1,
    executor: Executor | None = None,
    keep_replications: bool = False,
    precision: Precision | None = None,
    checkpoint: Checkpoint | None = None,
    progress: Progress | None = None,
) -> Simulated:
    """Simulate some cells of a plan: what `sim.run` does before it makes tables.

    Parameters
    ----------
    plan
        Of a scenario, or one derived from it: the same seed gives the same futures.
    cells
        Default: all of the plan's. A size need not be one that the scenario names.
    replications, seed, workers, executor, keep_replications, progress
        As for `sim.run`.
    precision
        Go on until it is reached, in whole blocks; `replications` is then the most.
    checkpoint
        Where finished parts are kept from time to time, and found again.

    Returns
    -------
    Simulated

    Raises
    ------
    SimError
        If the run is too large for the memory, with the figure; or if a worker was lost.
    """
    most, seed = whole("replications", replications, 1), whole("seed", seed, 0)
    cells = cells_of(plan) if cells is None else tuple(dict.fromkeys(cells))
    check_memory(plan, len(cells), most if keep_replications else 0, workers)
    tally = checkpoint.read() if checkpoint else Tally()
    if checkpoint and not tally.fits(parts_of(most)):
        checkpoint.clear()
        tally = Tally()
    keep = _keeper(checkpoint, tally)
    wanted = min(most, BLOCK) if precision else most
    reached = None
    alone = workers <= 1 or (len(cells) == 1 and most <= BLOCK)
    home = nullcontext(executor) if executor else processes(1 if alone else workers)
    with home as pool, _kept(keep):
        groups = 1 if pool is None else 2 * (workers if executor is None else 4)
        while True:
            tasks = _tasks(parts_of(wanted), cells, groups, tally)
            total = len(cells) * wanted
            done = total - sum(task.size for task in tasks)
            for task, results in _results(pool, plan, seed, tasks, keep_replications):
                while results:  # emptied: no result is held until the next ones are there
                    tally.add(results.pop(0), task.count)
                keep()
                done += task.size
                if progress:
                    progress(done, total)
            if precision is None:
                break
            reached = precision.reached(plan, tally.outcomes)
            if reached or wanted == most:
                break
            wanted = precision.more(plan, tally.outcomes, wanted, most)
    return Simulated(
        {cell: tally.outcomes[cell] for cell in cells},
        {
            cell: [columns for _, columns in sorted(tally.rows[cell].items())]
            for cell in cells
            if cell in tally.rows
        },
        wanted,
        seed,
        reached,
    )


def parts_of(replications: int) -> list[Part]:
    """Blocks and how many replications of each; the last may be a part of one."""
    blocks = range(math.ceil(replications / BLOCK))
    return [(block, min(BLOCK, replications - block * BLOCK)) for block in blocks]


def _tasks(
    parts: Sequence[Part], cells: tuple[Cell, ...], groups: int, tally: Tally
) -> list[_Task]:
    """What is still to be done, cut into groups of cells while blocks are few."""
    groups = min(len(cells), math.ceil(groups / len(parts)))
    found = []
    for block, count in parts:
        missing = tuple(cell for cell in cells if tally.lacks(cell, (block, count)))
        for group in range(min(groups, len(missing))):
            found.append(_Task(block, count, missing[group::groups]))
    return found


def _keeper(checkpoint: Checkpoint | None, tally: Tally) -> Callable[..., None]:
    """Keep the tally now and then: seldom enough to cost a few per cent at most."""
    due = time.monotonic() + _KEEP_EVERY

    def keep(at_once: bool = False) -> None:
        nonlocal due
        begun = time.monotonic()
        if checkpoint is None or not tally.outcomes or (begun < due and not at_once):
            return
        checkpoint.write(tally)
        now = time.monotonic()
        due = now + max(_KEEP_EVERY, 20 * (now - begun))

    return keep


@contextmanager
def _kept(keep: Callable[..., None]) -> Iterator[None]:
    """Keep what is finished where a run is broken off."""
    try:
        yield
    except SimError:
        raise
    except BaseException as error:
        keep(at_once=True)
        if isinstance(error, (BrokenExecutor, CancelledError)):
            raise SimError(LOST) from None
        raise


def _results(
    pool: Executor | None, plan: Plan, seed: int, tasks: Sequence[_Task], keep: bool
) -> Iterator[tuple[_Task, list[CellResult]]]:
    """Results as they come; adding up does not depend on their order.

    Of others' work none comes at all now and then, so that whoever waits can say that he does not.
    """
    if pool is None:
        for task in tasks:
            for results in simulate_groups(plan, seed, task.block, task.count, task.cells, keep):
                yield replace(task, cells=tuple(part.cell for part in results)), results
        return
    waiting: dict[Future[list[CellResult]], _Task] = {
        pool.submit(simulate_block, plan, seed, task.block, task.count, task.cells, keep): task
        for task in tasks
    }
    try:
        while waiting:
            wait(waiting, _PULSE, return_when=FIRST_COMPLETED)
            finished = [future for future in waiting if future.done()]  # or cancelled, by others
            for future in finished:
                yield waiting.pop(future), future.result()
            if not finished:
                yield replace(tasks[0], cells=()), []
    finally:
        for future in waiting:  # an executor of the caller's outlives a run that was broken off
            future.cancel()


def whole(name: str, number: Any, least: int) -> int:
    """Take any kind of whole number, NumPy's too, as a plain one: `run.json` must hold it."""
    try:
        value = operator.index(number)
    except TypeError:
        raise SimError(f"{name} must be a whole number, found {number!r}") from None
    if value < least:
        raise SimError(f"{name} must be at least {least}, found {value}")
    return value
