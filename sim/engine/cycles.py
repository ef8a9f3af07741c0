"""Readiness cycles: units that can be sent only inside a window of their cycle."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.counts import Counts
from sim.engine.forces import CyclePlan


class CycleQueue:
    """Units of one pool by the step at which their cycle began, over L lanes.

    The unit whose cycle began first is first to enter its window, to be sent, and to see its window
    pass, so again counts suffice.

    Parameters
    ----------
    home : int array (units, L)
        Steps since each unit's cycle began, at step 0; -1 where a lane has fewer units.
    """

    def __init__(
        self, cycle: CyclePlan, home: NDArray[np.int32], steps: int, kind: type[Any]
    ) -> None:
        self.cycle = cycle
        # Row `length` is step 0: cycles may have begun before.
        self.began: Counts = np.zeros((cycle.length + steps, home.shape[1]), kind)
        for row in home:
            began = np.where(row < cycle.ready_until, -row, cycle.length - row) + cycle.length
            there = np.flatnonzero((row >= 0) & (began < len(self.began)))
            self.began[began[there], there] += 1
        inside = (home >= cycle.ready_from) & (home < cycle.ready_until)
        self.first_inside: Counts = inside.sum(axis=0).astype(kind)
        # Windows that have closed, less all units that left theirs: never above zero after a step.
        self.closed: Counts = np.zeros(home.shape[1], kind)
        self._first_began = self.began.copy()

    def reset(self) -> None:
        """Go back to step 0."""
        self.began[:] = self._first_began
        self.closed.fill(0)

    def begin(self, step: int, units: Counts) -> None:
        """Cycles of units that begin at `step`."""
        self.began[self.cycle.length + step] += units

    def advance(self, step: int) -> Counts:
        """Units that enter their window now, less those whose window passes unused.

        The latter run on to the end of their cycle, where it begins anew.
        """
        if step == 0:
            return np.zeros_like(self.closed)
        now, cycle = cycle_row(self.cycle, step), self.cycle
        self.closed += self.began[now - cycle.ready_until]
        unused = np.maximum(self.closed, 0)
        if unused.any():
            self.closed -= unused
            anew = now + cycle.length - cycle.ready_until
            if anew < len(self.began):
                self.began[anew] += unused
        return np.asarray(self.began[now - cycle.ready_from] - unused)

    def resize(self, step: int, raised: Counts, cut: Counts) -> None:
        """Units raised now enter their window; units disbanded leave theirs or the next ones do."""
        self.closed -= cut
        self.began[cycle_row(self.cycle, step) - self.cycle.ready_from] += raised


def cycle_row(cycle: CyclePlan, step: int) -> int:
    """Row of `began` that belongs to a step."""
    return cycle.length + step
