"""The pools over the lanes: who is in the theatre, who rests, who can be sent.

Units of a pool are alike and the longest-rested goes first, so a pool is a queue, and a queue needs
no list of units: it is known from how many have come to each point of it and how many have been
taken. `ready` counts units home for the least interval, less all that were sent; `rested` those
home for the whole goal, less all that were sent: below zero while units sent early would still be
resting.

A pool has *places* only in the lanes in which its contributor takes part; they stand one after the
other in flat arrays, pool by pool. A line has a *seat* in every place of its pool. Mostly a pool
serves one line, and seats and places are the same.

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
from sim.engine.layout import Layout
from sim.engine.movements import Movements, Seats
from sim.engine.muster import Muster
from sim.engine.plan import NEVER, Plan
from sim.engine.standing import standing, time_at_home

Lanes = NDArray[np.intp]
Places = NDArray[np.intp]


class Pools:
    """State of all pools that a mandate asks; used for some force sizes after others.

    P pools in the order in which they are asked, K lines. With S force sizes at once, the lanes of
    the muster stand there S times, size by size.

    Attributes
    ----------
    pools : tuple of Pool
        The P pools; `position` maps their index in the plan to the row.
    layout : Layout
        Which lane, pool and line each place and each seat belongs to.
    rested, ready : integer arrays (places,)
        See the module. For a readiness cycle both are the units inside their window.
    level : integer array (places,)
        Presence that can be kept up for the whole mission.
    room : integer array (places,)
        How far the units that count (not outgoing), over all lines, are below the level.
    present, counted : integer arrays (seats,)
        Units in the theatre, and those that count.
    dismissed : bool array (places,)
        Whether everybody has left for good.
    lost : integer array (places,)
        Units that were lost in the theatre.
    """

    def __init__(self, plan: Plan, index: int, muster: Muster) -> None:
        mandate = plan.mandates[index]
        self.indices = list(dict.fromkeys(line.pool for line in mandate.lines))
        self.plan, self.muster, self.mission = plan, muster, mandate.criteria.mission
        self.pools: tuple[Pool, ...] = tuple(plan.pools[p] for p in self.indices)
        self.position = {p: row for row, p in enumerate(self.indices)}
        self.kind, self.bias = count_type(self.pools)
        self.pool_of_line = np.array([self.position[line.pool] for line in mandate.lines], np.intp)

        def of_pools(key: str) -> NDArray[np.int64]:
            return np.array([getattr(pool, key) for pool in self.pools], np.int64)

        self.tour = of_pools("tour")[self.pool_of_line]
        self.counting = self.tour - of_pools("handover")[self.pool_of_line]
        resting = np.array([pool.cycle is None for pool in self.pools], np.bool_)
        self.least = np.where(resting, of_pools("least"), NEVER)
        self.rested_after = np.where(resting, of_pools("rested_after"), NEVER)
        self._kept = max(
            (p.tour + p.demobilisation + max(p.rested_after, p.least) for p in self.pools),
            default=0,
        )
        # Units of two pools move together if their times agree; a cycle is one pool's own.
        times = [
            (pool.tour, pool.handover, pool.least, pool.rested_after, pool.cycle and row)
            for row, pool in enumerate(self.pools)
        ]
        numbers = {key: number for number, key in enumerate(dict.fromkeys(times))}
        kinds = np.array([numbers[key] for key in times], np.intp)
        self._kind_of_line = kinds[self.pool_of_line]
        self._resized = {
            (begin, row): segment
            for row, pool in enumerate(self.pools)
            for segment, (begin, _) in enumerate(pool.units)
            if segment > 0
        }
        self._resize_steps = {step for step, _ in self._resized}
        self._stand(muster)

    def _stand(self, muster: Muster) -> None:
        """Where units stand at step 0, in the lanes as they are in the muster."""
        self.lanes = [np.flatnonzero(muster.joins[pool.contributor]) for pool in self.pools]
        self.units = [
            muster.units[index][:, lanes]
            for index, lanes in zip(self.indices, self.lanes, strict=True)
        ]
        self._home_at_start: dict[int, NDArray[np.int32]] = {}  # of pools with a cycle
        self._initial: list[Counts] = []  # per pool: units by their time at home, (steps, lanes)
        first: list[list[Counts]] = []
        for row, pool in enumerate(self.pools):
            home, level = self._home(row), self._level(row, self.units[row][0])
            ready, rested, table = standing(pool, home, self.kind)
            self._initial.append(table)
            first.append([ready, rested, level])
            if pool.cycle:
                self._home_at_start[row] = home
        none = [np.empty(0, self.kind)]
        self._first = [np.concatenate(none + [f[i] for f in first]) for i in range(3)]
        self.expect(muster.start)
        self.layout = Layout(self.lanes, self.pool_of_line, muster.count, sizes=1)

    def expect(self, start: NDArray[np.int32]) -> None:
        """From these steps on the plan's pools may send: (pools, L). The past is not looked at."""
        self.start = start
        starts = [start[i][at] for i, at in zip(self.indices, self.lanes, strict=True)]
        of_places = np.concatenate([np.empty(0, np.int32), *starts])
        self._starting = np.argsort(of_places, kind="stable")
        edges = np.arange(self.plan.steps + 1)
        self._start_edges = np.searchsorted(of_places[self._starting], edges)

    def reset(self, sizes: int) -> None:
        """Go back to step 0, with so many force sizes side by side."""
        if self.layout.sizes != sizes:
            self.layout = Layout(self.lanes, self.pool_of_line, self.muster.count, sizes)
        layout = self.layout
        self.ready, self.rested, self.level = (first[layout.origin] for first in self._first)
        self.ready -= self.kind(self.bias)
        self.rested -= self.kind(self.bias)
        self.room = self.level.copy()
        self.present: Counts = np.zeros(len(layout.place), self.kind)
        self.counted: Counts = np.zeros(len(layout.place), self.kind)
        self.dismissed = np.zeros(len(layout.lane), np.bool_)
        self.lost: Counts = np.zeros(len(layout.lane), self.kind)
        self.movements = Movements(self._kind_of_line, self.plan.steps, self._kept, self.kind)
        # Growth changes the table; else it is only read.
        changed = {row for _, row in self._resized}
        self.initial = [
            np.tile(table, sizes) if row in changed else table
            for row, table in enumerate(self._initial)
        ]
        self.cycles = {
            row: CycleQueue(cycle, np.tile(home, sizes), self.plan.steps, self.kind)
            for row, home in self._home_at_start.items()
            if (cycle := self.pools[row].cycle)
        }

    @property
    def read_only(self) -> list[NDArray[Any]]:
        """Tables that no step changes."""
        return [*self._initial, *self._first]

    def _level(self, row: int, units: NDArray[Any]) -> Counts:
        """Presence that so many units of a pool can keep up."""
        pool, most = self.pools[row], int(units.max(initial=0))
        table = np.array([pool.level(n, self.mission) for n in range(most + 1)])
        return np.asarray(np.minimum(table, np.iinfo(self.kind).max).astype(self.kind)[units])

    def _home(self, row: int) -> NDArray[np.int32]:
        offset = self.muster.offset[self.indices[row], self.lanes[row]]
        return time_at_home(self.pools[row], self.units[row][0], offset)

    def advance(self, step: int) -> None:
        """Go one step on: rest, schedule of units, and lanes that may send from now on."""
        if step > 0:
            self._rest(step, self.ready, self.least)
            self._rest(step, self.rested, self.rested_after)
        for row, cycle in self.cycles.items():
            self._turn(step, row, cycle)
        if step in self._resize_steps:
            self._resize(step)
        first, last = self._start_edges[step : step + 2]
        starting = self.layout.copies(self._starting[first:last])
        starting = starting[~self.dismissed[starting]]
        self.rested[starting] += self.kind(self.bias)
        self.ready[starting] += self.kind(self.bias)

    def due(self, step: int, after: NDArray[np.int64]) -> tuple[Seats, Counts]:
        """Units, not yet dismissed, that were sent ``after[line]`` steps ago."""
        seats, units = self.movements.due(step, after)
        stay = ~self.dismissed[self.layout.place[seats]]
        return seats[stay], units[stay]

    def _rest(self, step: int, counts: Counts, after: NDArray[np.int64]) -> None:
        """Add the units whose time at home reaches a threshold now."""
        for row in np.flatnonzero((step <= after) & (after < NEVER)).tolist():
            units = self.initial[row][after[row] - step]
            if len(units):
                here = counts[self.layout.places(row)].reshape(-1, len(units))
                here += units
        seats, units = self.due(step, self.tour + after[self.pool_of_line])
        np.add.at(counts, self.layout.place[seats], units)

    def _turn(self, step: int, row: int, cycle: CycleQueue) -> None:
        """Let a pool's readiness cycles run on, and those of returned units begin."""
        pool, places = self.pools[row], self.layout.places(row)
        after = np.where(self.pool_of_line == row, pool.tour + pool.demobilisation, NEVER)
        seats, units = self.due(step, after)
        begun: Counts = np.zeros(places.stop - places.start, self.kind)
        np.add.at(begun, self.layout.place[seats] - places.start, units)
        if step >= pool.tour + pool.demobilisation:
            cycle.begin(step, begun)
        change = cycle.advance(step)
        self.ready[places] += change
        self.rested[places] += change

    def _resize(self, step: int) -> None:
        """Units raised now are rested; units disbanded are the next in line for a tour."""
        for (begin, row), segment in self._resized.items():
            if begin != step:
                continue
            places, units = self.layout.places(row), self.units[row]
            change = (units[segment] - units[segment - 1]).astype(self.kind)
            # The bias leaves room for the units that rest on, and for no more.
            change = np.tile(change, self.layout.sizes) * ~self.dismissed[places]
            raised, cut = np.maximum(change, 0), np.maximum(-change, 0)
            self.relevel(row, segment)
            self.ready[places] -= cut
            self.rested[places] -= cut
            if row in self.cycles:
                self.cycles[row].resize(step, raised, cut)
            else:
                self._settle(step, row, raised > 0)
            self.ready[places] += raised
            self.rested[places] += raised

    def relevel(self, row: int, segment: int) -> None:
        """Find the level of a pool anew, and so the room below it."""
        places = self.layout.places(row)
        left = np.tile(self.units[row][segment], self.layout.sizes) - self.lost[places]
        level = self._level(row, np.maximum(left, 0))
        self.room[places] += level - self.level[places]
        self.level[places] = level

    def _settle(self, step: int, row: int, raised: NDArray[np.bool_]) -> None:
        """Take units that were sent or disbanded early out of the line of those still resting.

        `rested` is below zero by as many, and new units must not be hidden behind them. The ones
        that are gone are those that would come to the goal next, longest at home first.
        """
        places, layout, pool = self.layout.places(row), self.layout, self.pools[row]
        waits = self.start[self.indices[row], self.lanes[row]] >= step
        bias = np.tile(np.where(waits, self.bias, 0), layout.sizes)
        ready, rested = self.ready[places], self.rested[places]
        owed = np.minimum(ready + bias, 0) - (rested + bias)
        owed = np.where(raised & (owed > 0), owed, 0).astype(self.kind)
        everywhere = np.arange(len(owed))

        def take(units: Counts, at: Lanes) -> None:
            taken = np.minimum(units, owed[at])
            units -= taken
            owed[at] -= taken
            rested[at] += taken

        for home in range(pool.rested_after - 1, -1, -1):
            since = step - home - pool.tour
            if home >= step:
                take(self.initial[row][home - step], everywhere)
            elif since >= 0:
                for line in np.flatnonzero(self.pool_of_line == row).tolist():
                    for seats, units in self.movements.entries(since, line):
                        own = np.flatnonzero(layout.line[seats] == line)
                        left = units[own]
                        take(left, layout.place[seats[own]] - places.start)
                        units[own] = left

    def take(self, step: int, seats: Seats, units: Counts) -> None:
        """Send units, the longest-rested first; no seat stands there twice."""
        places = self.layout.place[seats]
        for row, cycle in self.cycles.items():
            own = self.layout.places(row)
            here = (places >= own.start) & (places < own.stop)
            cycle.closed[places[here] - own.start] -= units[here]
        self.movements.add(step, self.layout.line[seats], seats, units)
        for counts in (self.room, self.rested, self.ready):
            counts[places] -= units
        self.present[seats] += units
        self.counted[seats] += units

    def dismiss(self, seats: Seats) -> tuple[Counts, Counts]:
        """Everybody leaves for good; nobody is sent again. Units present, and those counted."""
        units = self.present[seats], self.counted[seats]
        self.present[seats] = self.counted[seats] = 0
        places = self.layout.place[seats]
        self.dismissed[places] = True
        # Those at home may rest on: the bias keeps them from ever being ready.
        self.rested[places] = self.ready[places] = -self.bias
        return units
