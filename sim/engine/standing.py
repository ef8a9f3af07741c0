"""Where the units of a pool stand at step 0."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.counts import Counts
from sim.engine.forces import Pool


def time_at_home(
    pool: Pool, units: NDArray[np.int32], offset: NDArray[np.uint16]
) -> NDArray[np.int32]:
    """Steps at home of each unit at step 0: (units, lanes), -1 where a lane has fewer units.

    Spread evenly over the cycle with the drawn offset: unit i of U stands at
    ``floor((i + offset) * length / U)``, in whole numbers.
    """
    unit, cycle = np.arange(int(units.max(initial=0)))[:, None], pool.cycle
    if pool.spread:
        length = cycle.length if cycle else pool.cycle_length
        home = (unit * 65536 + offset) * length // (np.maximum(units, 1) * 65536)
    else:
        home = np.full_like(unit, cycle.ready_from if cycle else pool.rested_after)
    return np.where(unit < units, home, -1).astype(np.int32)


def standing(pool: Pool, home: NDArray[np.int32], kind: type[Any]) -> tuple[Counts, Counts, Counts]:
    """Units that are ready and that are rested, by lane; and the others by their time at home.

    With a readiness cycle the first two are the units inside their window, and there is no table.
    """
    if pool.cycle:
        inside = (home >= pool.cycle.ready_from) & (home < pool.cycle.ready_until)
        within = inside.sum(axis=0).astype(kind)
        return within, within, np.zeros((0, home.shape[1]), kind)
    ready = (home >= pool.least).sum(axis=0).astype(kind)
    rested = (home >= pool.rested_after).sum(axis=0).astype(kind)
    table = np.zeros((pool.rested_after, home.shape[1]), kind)
    for unit in home:
        waiting = np.flatnonzero((unit >= 0) & (unit < pool.rested_after))
        table[unit[waiting], waiting] += 1
    return ready, rested, table
