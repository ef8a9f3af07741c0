"""The pools over the lanes: who is in the theatre, who rests, who can be sent.

Units of a pool are alike and the longest-rested goes first, so a pool is a queue, and a queue needs
no list of units: it is known from how many have come to each point of it and how many have been
taken. `ready` counts units home for the least interval, less all that were sent; `rested` those
home for the whole goal, less all that were sent: below zero while units sent early would still be
resting.

All counts are whole units in a small integer type; a bias is taken off until the pool may send, so
that a pool that may not send simply has nothing ready.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.counts import Counts, count_type
from sim.engine.cycles import CycleQueue
from sim.engine.forces import Pool
from sim.engine.muster import Muster
from sim.engine.plan import NEVER, Plan

Lanes = NDArray[np.intp]


class Pools:
    """State of all pools that a mandate asks, in L lanes; reused by one force size after another.

    P pools, K lines. A pool may serve several lines (its own capability, and those that it stands
    in for); it is one queue all the same.

    Attributes
    ----------
    pools : tuple of Pool
        The P pools; `position` maps their index in the plan to the row here.
    rested, ready : integer arrays (P, L)
        See the module. For a readiness cycle both are the units inside their window.
    used : integer array (P, L)
        Units in the theatre that count (not outgoing), over all lines.
    level : integer array (P, L)
        Presence that can be kept up for the whole mission.
    sent : integer array (K, steps, L)
        Units sent on each line, by the step in which they were.
    any_sent : bool array (K, steps)
        Whether any lane sent on a line at a step: most rows of `sent` are empty, and need no work.
    """

    def __init__(self, plan: Plan, index: int, muster: Muster) -> None:
        mandate = plan.mandates[index]
        indices = sorted({line.pool for line in mandate.lines})
        self.plan, self.muster, self.mission = plan, muster, mandate.criteria.mission
        self.indices = indices
        self.pools: tuple[Pool, ...] = tuple(plan.pools[p] for p in indices)
        self.position = {p: row for row, p in enumerate(indices)}
        self.kind, self.bias = count_type(self.pools)
        shape = (len(indices), muster.count)
        self.rested: Counts = np.empty(shape, self.kind)
        self.ready: Counts = np.empty(shape, self.kind)
        self.used: Counts = np.zeros(shape, self.kind)
        self.level: Counts = np.empty(shape, self.kind)
        self.pool_of_line = np.array([self.position[line.pool] for line in mandate.lines], np.intp)
        self.sent: Counts = np.zeros((len(mandate.lines), plan.steps, muster.count), self.kind)
        self.any_sent = np.zeros((len(mandate.lines), plan.steps), np.bool_)

        def of_pools(key: str) -> NDArray[np.int64]:
            return np.array([getattr(pool, key) for pool in self.pools], np.int64)

        self.tour = of_pools("tour")[self.pool_of_line]
        self.counting = self.tour - of_pools("handover")[self.pool_of_line]
        self.contributor = of_pools("contributor")
        resting = np.array([pool.cycle is None for pool in self.pools], np.bool_)
        self.least = np.where(resting, of_pools("least"), NEVER)
        self.rested_after = np.where(resting, of_pools("rested_after"), NEVER)
        # Lines in layers within which no pool stands twice, so that rows can be added at once.
        nth = [list(self.pool_of_line[:k]).count(p) for k, p in enumerate(self.pool_of_line)]
        self._layers = [np.flatnonzero(np.array(nth) == n) for n in range(max(nth, default=-1) + 1)]
        self._resized = {
            (begin, row): segment
            for row, pool in enumerate(self.pools)
            for segment, (begin, _) in enumerate(pool.units)
            if segment > 0
        }
        self._resize_steps = {step for step, _ in self._resized}
        self._begin()
        starts = muster.start[indices]
        order = np.argsort(starts, axis=None, kind="stable")
        self._starting = np.unravel_index(order, starts.shape)
        self._start_edges = np.searchsorted(starts.ravel()[order], np.arange(plan.steps + 1))
        self._dirty = False

    def _begin(self) -> None:
        """Where units stand at step 0."""
        self.cycles: dict[int, CycleQueue] = {}
        tables: list[Counts] = []
        # First row of each pool in `_initial`: units by their time at home at step 0.
        self._initial_row = np.zeros(len(self.pools), np.int64)
        rows = 0
        for row, pool in enumerate(self.pools):
            home = self._home(row)
            self.level[row] = self._level(row, 0)
            self._initial_row[row] = rows
            if pool.cycle:
                queue = CycleQueue(pool.cycle, home, self.plan.steps, self.kind)
                self.cycles[row] = queue
                self.ready[row] = self.rested[row] = queue.first_inside
                continue
            self.rested[row] = (home >= pool.rested_after).sum(axis=0)
            self.ready[row] = (home >= pool.least).sum(axis=0)
            table: Counts = np.zeros((pool.rested_after, self.muster.count), self.kind)
            for unit in home:
                waiting = np.flatnonzero((unit >= 0) & (unit < pool.rested_after))
                table[unit[waiting], waiting] += 1
            tables.append(table)
            rows += pool.rested_after
        self._initial: Counts = (
            np.concatenate(tables) if tables else np.zeros((0, self.muster.count), self.kind)
        )
        self.rested -= self.bias
        self.ready -= self.bias
        self._first = [counts.copy() for counts in (self.rested, self.ready, self.level)]
        # Growth changes the table; else it is only read.
        self._first_initial = self._initial.copy() if self._resized else None

    def reset(self) -> None:
        """Go back to step 0."""
        if self._dirty:
            for counts, first in zip(
                (self.rested, self.ready, self.level), self._first, strict=True
            ):
                counts[:] = first
            self.used.fill(0)
            self.sent.fill(0)
            self.any_sent.fill(False)
            if self._first_initial is not None:
                self._initial[:] = self._first_initial
            for cycle in self.cycles.values():
                cycle.reset()
        self._dirty = True

    def _level(self, row: int, segment: int) -> Counts:
        units = self.muster.units[self.indices[row]][segment]
        pool, most = self.pools[row], int(units.max(initial=0))
        table = np.array([pool.level(n, self.mission) for n in range(most + 1)])
        return np.asarray(np.minimum(table, np.iinfo(self.kind).max).astype(self.kind)[units])

    def _home(self, row: int) -> NDArray[np.int32]:
        """Steps at home of each unit at step 0: (units, L), -1 where a lane has fewer units.

        Spread evenly over the cycle with the drawn offset: unit i of U stands at
        ``floor((i + offset) * length / U)``, in whole numbers.
        """
        pool = self.pools[row]
        units, cycle = self.muster.units[self.indices[row]][0], pool.cycle
        unit = np.arange(int(units.max(initial=0)))[:, None]
        if pool.spread:
            length = cycle.length if cycle else pool.cycle_length
            offset = self.muster.offset[self.indices[row]]
            home = (unit * 65536 + offset) * length // (np.maximum(units, 1) * 65536)
        else:
            home = np.full_like(unit, cycle.ready_from if cycle else pool.rested_after)
        return np.where(unit < units, home, -1).astype(np.int32)

    def leaving(self, step: int, after: NDArray[np.int64]) -> list[int]:
        """Lines of which units sent `after` steps ago exist."""
        since = step - after
        there = since >= 0
        there[there] = self.any_sent[np.flatnonzero(there), since[there]]
        return list(np.flatnonzero(there))

    def advance(self, step: int, gone: NDArray[np.bool_] | None) -> None:
        """Go one step on: rest, schedule of units, and lanes that may send from now on.

        Parameters
        ----------
        gone : bool array (contributors, L), optional
            Contributors that have withdrawn, and may never send again.
        """
        if step > 0:
            self._rest(step, self.ready, self.least)
            self._rest(step, self.rested, self.rested_after)
        for row, cycle in self.cycles.items():
            pool = self.pools[row]
            back = step - pool.tour - pool.demobilisation
            for line in np.flatnonzero(self.pool_of_line == row):
                if back >= 0 and self.any_sent[line, back]:
                    cycle.begin(step, self.sent[line, back])
            change = cycle.advance(step)
            self.ready[row] += change
            self.rested[row] += change
        if step in self._resize_steps:
            self._resize(step, gone)
        first, last = self._start_edges[step : step + 2]
        rows, lanes = (axis[first:last] for axis in self._starting)
        if gone is not None and len(rows):
            stay = ~gone[self.contributor[rows], lanes]
            rows, lanes = rows[stay], lanes[stay]
        self.rested[rows, lanes] += self.bias
        self.ready[rows, lanes] += self.bias

    def _rest(self, step: int, counts: Counts, after: NDArray[np.int64]) -> None:
        """Add the units whose time at home reaches a threshold now."""
        early = np.flatnonzero(step <= after)
        early = early[after[early] < NEVER]
        if len(early):
            counts[early] += self._initial[self._initial_row[early] + after[early] - step]
        for layer in self._layers:
            since = step - self.tour[layer] - after[self.pool_of_line[layer]]
            back = since >= 0
            back[back] = self.any_sent[layer[back], since[back]]
            lines = layer[back]
            if len(lines):
                counts[self.pool_of_line[lines]] += self.sent[lines, since[back]]

    def _resize(self, step: int, gone: NDArray[np.bool_] | None) -> None:
        """Units raised now are rested; units disbanded are the next in line for a tour."""
        for (begin, row), segment in self._resized.items():
            if begin != step:
                continue
            units = self.muster.units[self.indices[row]]
            change = (units[segment] - units[segment - 1]).astype(self.kind)
            if gone is not None:  # the bias leaves room for the units that rest on, and for no more
                change *= ~gone[self.contributor[row]]
            raised, cut = np.maximum(change, 0), np.maximum(-change, 0)
            self.level[row] = self._level(row, segment)
            self.ready[row] -= cut
            self.rested[row] -= cut
            if row in self.cycles:
                self.cycles[row].resize(step, raised, cut)
            else:
                self._settle(step, row, raised > 0)
            self.ready[row] += raised
            self.rested[row] += raised

    def _settle(self, step: int, row: int, lanes: NDArray[np.bool_]) -> None:
        """Take units that were sent or disbanded early out of the line of those still resting.

        `rested` is below zero by as many, and new units must not be hidden behind them. The ones
        that are gone are those that would come to the goal next, longest at home first.
        """
        bias = np.where(self.muster.start[self.indices[row]] < step, 0, self.bias)
        owed = np.minimum(self.ready[row] + bias, 0) - (self.rested[row] + bias)
        owed = np.where(lanes & (owed > 0), owed, 0).astype(self.kind)
        pool = self.pools[row]
        for home in range(pool.rested_after - 1, -1, -1):
            since = step - home - pool.tour
            if home >= step:
                waiting = [self._initial[self._initial_row[row] + home - step]]
            elif since >= 0:
                waiting = [
                    self.sent[line, since] for line in np.flatnonzero(self.pool_of_line == row)
                ]
            else:
                continue
            for units in waiting:
                taken = np.minimum(units, owed)
                units -= taken
                owed -= taken
                self.rested[row] += taken

    def take(self, step: int, line: int, units: Counts, at: Lanes | slice) -> None:
        """Send `units` on `line` in the lanes `at`, the longest-rested first."""
        row = self.pool_of_line[line]
        self.sent[line, step][at] += units
        self.any_sent[line, step] = True
        for counts, change in ((self.used, units), (self.rested, -units), (self.ready, -units)):
            counts[row][at] += change
        if row in self.cycles:
            self.cycles[row].closed[at] -= units

    def away(self, step: int, line: int, lanes: Lanes) -> tuple[NDArray[Any], NDArray[Any]]:
        """Units of a line in the theatre before `step` sends, and those that count: each (k,)."""
        begun = max(0, step - int(self.tour[line]) + 1)
        counting = max(0, step - int(self.counting[line]) + 1)
        there = self.sent[line, begun:step, lanes].astype(np.int64)  # (k, steps)
        return there.sum(axis=1), there[:, counting - begun :].sum(axis=1)

    def dismiss(self, step: int, line: int, lanes: Lanes) -> tuple[NDArray[Any], NDArray[Any]]:
        """Everybody leaves for good in `lanes`; nobody is sent again. Returns as `away`."""
        units = self.away(step, line, lanes)
        self.sent[line, max(0, step - int(self.tour[line]) + 1) : step, lanes] = 0
        row = self.pool_of_line[line]
        # Those at home may rest on: the bias keeps them from ever being ready.
        self.used[row, lanes] = 0
        self.rested[row, lanes] = -self.bias
        self.ready[row, lanes] = -self.bias
        return units
