"""The integers that units are counted in: as small as they can be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.engine.forces import Pool

Counts: TypeAlias = NDArray[np.signedinteger[Any]]


def count_type(pools: Iterable[Pool]) -> tuple[type[np.signedinteger[Any]], int]:
    """Choose the smallest type for counts of units, and the bias of pools that may not send.

    A unit that is always sent as soon as it is ready has come home up to ``ceil(rested_after /
    (tour + least))`` times without having been rested since: so often may it be missing from
    `rested`, and so often still reach the goal once its contributor has withdrawn. With a readiness
    cycle so many windows may be open that it has left.
    """
    lowest, bias = 0, 1
    for pool in pools:
        most = max(units for _, units in pool.total_units)
        waits, round_trip = pool.rested_after, pool.tour + pool.least
        if pool.cycle:
            waits, round_trip = pool.cycle.ready_until - pool.cycle.ready_from, pool.cycle_length
        bias = max(bias, most * max(1, -(-waits // round_trip)) + 1)
        lowest = max(lowest, most)
    lowest += bias
    kinds = (np.int8, np.int16, np.int32)
    return next((kind for kind in kinds if lowest <= np.iinfo(kind).max), np.int32), bias
