"""One pool of units over the lanes: who is in the theatre, who rests, who can be sent.

Units of a pool are alike and the longest-rested goes first, so a pool is a queue, and a queue needs
no list of units: it is known from how many have come to each point of it and how many have been
taken. `ready` counts units home for the least interval, less all that were sent; `rested` those home
for the whole goal, less all that were sent: below zero while units sent early would still be resting.

All counts are whole units in a small integer type; `BIAS` is taken off until the pool may send, so
that a pool that may not send simply has nothing ready.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .muster import Muster
from .plan import CyclePlan, Plan, Pool

Counts = NDArray[np.signedinteger[Any]]


def count_type(plan: Plan) -> tuple[type[np.signedinteger[Any]], int]:
    """The smallest type that holds every count of units, and the bias of pools that may not send."""
    most = max((units for pool in plan.pools for _, units in pool.total_units), default=0)
    return (np.int8, 64) if most <= 60 else (np.int16, 16_000)


def pool_states(plan: Plan, index: int, muster: Muster) -> dict[int, PoolState]:
    """States of the pools that a mandate asks, by index; every force size begins with `reset`."""
    lines = plan.mandates[index].lines
    mission = plan.mandates[index].criteria.mission
    asked = sorted({line.pool for line in lines})
    return {
        pool: PoolState(plan, pool, sum(line.pool == pool for line in lines), mission, muster)
        for pool in asked
    }


class PoolState:
    """State of one pool in L lanes; the same buffers serve one force size after another.

    Attributes
    ----------
    rested, ready : integer arrays (L,)
        See the module. For a readiness cycle both are the same array: units inside their window.
    used : integer array (L,)
        Units in the theatre that count (not outgoing), over all lines.
    level : integer array (L,)
        Presence that can be kept up for the whole mission.
    sent : integer arrays (steps, L), one per line
    any_sent : lists of bool (steps,), one per line
        Whether any lane sent at a step: most rows of `sent` are empty, and need no work.
    """

    def __init__(self, plan: Plan, index: int, lines: int, mission: int, muster: Muster) -> None:
        self.pool: Pool = plan.pools[index]
        self.kind, self.bias = count_type(plan)
        self.mission = mission
        self.units = muster.units[index]
        self.start = muster.start[index]
        count = muster.count
        self.sent: list[Counts] = [np.zeros((plan.steps, count), self.kind) for _ in range(lines)]
        self.any_sent = [[False] * plan.steps for _ in range(lines)]
        self.used: Counts = np.zeros(count, self.kind)
        self.level: Counts
        self.resized = {begin: row for row, (begin, _) in enumerate(self.pool.units) if row > 0}
        # Lanes by the step at which they may begin to send.
        order = np.argsort(self.start, kind="stable")
        edges = np.searchsorted(self.start[order], np.arange(plan.steps + 1))
        self.starting = [order[edges[s] : edges[s + 1]] for s in range(plan.steps)]
        home = self._home(muster.offset[index])
        self.rested: Counts
        self.ready: Counts
        if self.pool.cycle:
            self._begin_cycle(home, plan.steps, self.pool.cycle)
        else:
            self._begin_rest(home)
        self._first_level = self._level(self.units[0])
        self._first = (self.rested.copy(), self.ready.copy())
        # Windows and growth change these tables; plain rest only reads them.
        changes = self._began if self.pool.cycle else self._initial if self.resized else None
        self._first_table = None if changes is None else changes.copy()
        self._dirty = False

    def reset(self) -> None:
        """Go back to step 0."""
        if self._dirty:
            self.rested[:], self.ready[:] = self._first
            self.used.fill(0)
            for sent in self.sent:
                sent.fill(0)
            self.any_sent = [[False] * len(sent) for sent in self.sent]
            if self._first_table is not None:
                table = self._began if self.pool.cycle else self._initial
                table[:] = self._first_table
            if self.pool.cycle:
                self._closed.fill(0)
        self.level = self._first_level
        self._dirty = True

    def _level(self, units: NDArray[np.int32]) -> Counts:
        table = [self.pool.level(n, self.mission) for n in range(int(units.max(initial=0)) + 1)]
        return np.array(table, self.kind)[units]

    def _home(self, offset: NDArray[np.int64]) -> NDArray[np.int32]:
        """Steps at home of each unit at step 0: (units, L), -1 where a lane has fewer units.

        Spread evenly over the cycle with the drawn offset: unit i of U stands at
        ``floor((i + offset) * length / U)``, in whole numbers.
        """
        units, cycle = self.units[0], self.pool.cycle
        rows = np.arange(int(units.max(initial=0)))[:, None]
        if self.pool.spread:
            length = cycle.length if cycle else self.pool.cycle_length
            home = (rows * 65536 + offset) * length // (np.maximum(units, 1) * 65536)
        else:
            home = np.full_like(rows, cycle.ready_from if cycle else self.pool.rested_after)
        return np.where(rows < units, home, -1).astype(np.int32)

    # -- rest goal and least interval ---------------------------------------------------------

    def _begin_rest(self, home: NDArray[np.int32]) -> None:
        pool = self.pool
        # Units that reach the two thresholds later, by their time at home at step 0.
        self._initial: Counts = np.zeros((pool.rested_after, len(self.start)), self.kind)
        for row in home:
            waiting = np.flatnonzero((row >= 0) & (row < pool.rested_after))
            self._initial[row[waiting], waiting] += 1
        self.rested = (home >= pool.rested_after).sum(axis=0).astype(self.kind) - self.bias
        self.ready = (home >= pool.least).sum(axis=0).astype(self.kind) - self.bias

    def _at_home_since(self, step: int, home: int) -> list[Counts]:
        """Units that have been at home for `home` steps now: the rows that hold them."""
        if home >= step:
            early = home - step  # time at home at step 0
            return [self._initial[early]] if early < len(self._initial) else []
        since = step - home - self.pool.tour
        if since < 0:
            return []
        rows = zip(self.sent, self.any_sent, strict=True)
        return [sent[since] for sent, any_sent in rows if any_sent[since]]

    def _advance_rest(self, step: int) -> None:
        """Units whose time at home reaches a threshold now."""
        if step > 0:
            for row in self._at_home_since(step, self.pool.least):
                self.ready += row
            for row in self._at_home_since(step, self.pool.rested_after):
                self.rested += row

    def _settle(self, step: int, lanes: NDArray[np.bool_]) -> None:
        """Take units that were sent early out of the line of those still resting.

        `rested` is below zero by as many, and new units must not be hidden behind them. The ones
        that were sent are those that would come to the goal next, longest at home first.
        """
        owed = np.minimum(self.ready, 0) - self.rested
        owed = np.where(lanes & (self.start <= step) & (owed > 0), owed, 0).astype(self.kind)
        for home in range(self.pool.rested_after - 1, -1, -1):
            for row in self._at_home_since(step, home):
                taken = np.minimum(row, owed)
                row -= taken
                owed -= taken
                self.rested += taken

    # -- readiness cycle ----------------------------------------------------------------------

    def _begin_cycle(self, home: NDArray[np.int32], steps: int, cycle: CyclePlan) -> None:
        # Units by the step at which their cycle began; row `_origin` is step 0.
        self._origin = cycle.length
        self._began: Counts = np.zeros((cycle.length + steps, len(self.start)), self.kind)
        for row in home:
            began = np.where(row < cycle.ready_until, -row, cycle.length - row) + self._origin
            there = np.flatnonzero((row >= 0) & (began < len(self._began)))
            self._began[began[there], there] += 1
        inside = (home >= cycle.ready_from) & (home < cycle.ready_until)
        self.rested = self.ready = inside.sum(axis=0).astype(self.kind) - self.bias
        # Windows that have closed, less all units that left theirs: never above zero after a step.
        self._closed: Counts = np.zeros(len(self.start), self.kind)

    def _advance_cycle(self, step: int, cycle: CyclePlan) -> None:
        """Windows close and open; a unit whose window passes unused begins its cycle anew."""
        now = self._origin + step
        returned = step - self.pool.tour - self.pool.demobilisation
        if returned >= 0:
            for sent, any_sent in zip(self.sent, self.any_sent, strict=True):
                if any_sent[returned]:
                    self._began[now] += sent[returned]
        if step == 0:
            return
        self._closed += self._began[now - cycle.ready_until]
        unused = np.maximum(self._closed, 0)
        if unused.any():
            self._closed -= unused
            self.rested -= unused
            anew = now + cycle.length - cycle.ready_until
            if anew < len(self._began):
                self._began[anew] += unused
        self.rested += self._began[now - cycle.ready_from]

    # -- both ---------------------------------------------------------------------------------

    def advance(self, step: int, gone: NDArray[np.bool_] | None) -> None:
        """Go one step on: rest, schedule of units, and lanes that may send from now on."""
        if self.pool.cycle:
            self._advance_cycle(step, self.pool.cycle)
        else:
            self._advance_rest(step)
        if step in self.resized:
            self._resize(step)
        starting = self.starting[step]
        if len(starting):
            if gone is not None:
                starting = starting[~gone[starting]]
            self.rested[starting] += self.bias
            if self.ready is not self.rested:
                self.ready[starting] += self.bias

    def _resize(self, step: int) -> None:
        """Units raised now are rested; units disbanded are the next in line for a tour."""
        row = self.resized[step]
        change = (self.units[row] - self.units[row - 1]).astype(self.kind)
        self.level = self._level(self.units[row])
        raised, cut = np.maximum(change, 0), np.maximum(-change, 0)
        self.rested -= cut
        if self.pool.cycle:
            self._closed -= cut
            self._began[self._origin + step - self.pool.cycle.ready_from] += raised
        else:
            self.ready -= cut
            self._settle(step, raised > 0)
            self.ready += raised
        self.rested += raised

    def take(self, step: int, line: int, units: Counts, at: NDArray[np.intp] | slice) -> None:
        """Send `units` on `line` in the lanes `at`, the longest-rested first."""
        self.sent[line][step][at] += units
        self.any_sent[line][step] = True
        self.used[at] += units
        self.rested[at] -= units
        if self.pool.cycle:
            self._closed[at] -= units
        else:
            self.ready[at] -= units

    def away(self, step: int, lanes: NDArray[np.intp]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Units in the theatre before `step` sends, and those of them that count: (lines, k)."""
        begun = max(0, step - self.pool.tour + 1)
        counting = max(0, step - (self.pool.tour - self.pool.handover) + 1)
        there = [sent[begun:step, lanes] for sent in self.sent]
        present = [units.sum(axis=0, dtype=np.int64) for units in there]
        counted = [units[counting - begun :].sum(axis=0, dtype=np.int64) for units in there]
        return np.array(present), np.array(counted)

    def dismiss(self, step: int, lanes: NDArray[np.intp]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Everybody leaves for good in `lanes`; nobody is sent again. Returns as `away`."""
        units = self.away(step, lanes)
        for sent in self.sent:
            sent[max(0, step - self.pool.tour + 1) : step, lanes] = 0
        # Those at home may rest on: the bias keeps them from ever being ready.
        self.used[lanes] = 0
        self.rested[lanes] = -self.bias
        self.ready[lanes] = -self.bias
        return units
