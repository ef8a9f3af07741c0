"""Who is sent: the asking rules of one step, lane by lane.

Round A asks for rested units up to the level that each pool can keep up; round B, where the
scenario allows a surge, for every other unit that may go. Substitutes are asked in the same two
rounds after every primary line was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.engine.counts import Counts
from sim.engine.forces import Pool
from sim.engine.pools import Pools

if TYPE_CHECKING:
    from sim.engine.core import Deployment

Soldiers = NDArray[np.float32]


class AskedLine(NamedTuple):
    """A line with the rows of a deployment's arrays that it works on."""

    number: int
    pool: Pool
    pool_row: int
    row: int  # of the capability served
    slot: int  # of the contributor
    worth: np.float32  # what a unit counts for there, in soldiers
    strength: np.float32
    substitute: bool


# Up to this share of lanes, picking them out costs less than working on all.
SPARSE = 1 / 6

At = NDArray[np.intp] | slice
_EVERYWHERE = slice(None)


class Sender:
    """The asking rules of one deployment, and the lift that it carries over.

    Attributes
    ----------
    deficit : float32 array (C, L)
        Soldiers still needed in this step; below zero where units are larger than the need.
    lift : float32 arrays (L,) by corridor
        Soldiers that can still be moved in this step.
    """

    def __init__(self, deployment: Deployment) -> None:
        d = deployment  # passed to every method and not kept: no circle of references
        plan, muster, count = d.plan, d.muster, d.muster.count
        primary = tuple(line for line in d.lines if not line.substitute)
        substitutes = tuple(line for line in d.lines if line.substitute)
        levels = (False, True) if plan.surge else (False,)
        self.rounds = [
            (group, beyond) for group in (primary, substitutes) if group for beyond in levels
        ]
        self.capped = [bool(np.isfinite(muster.cap[n]).any()) for n in d.nations]
        self.cap = muster.cap[list(d.nations)]
        self.deficit: Soldiers = np.empty((len(d.capabilities), count), np.float32)
        corridors = {pool.corridor for pool in d.pools.pools} - {-1}
        self.lift: dict[int, Soldiers] = {k: np.zeros(count, np.float32) for k in corridors}
        self.largest = {
            k: np.float32(max(pool.strength for pool in d.pools.pools if pool.corridor == k))
            for k in corridors
        }
        self._needed = np.empty((len(d.capabilities), count), np.bool_)
        self._asked = np.empty(count, np.bool_)

    def send(self, d: Deployment, step: int) -> None:
        """Fill what is missing, as far as units, caps and lift allow."""
        np.subtract(d.asked, d.counted, out=self.deficit)
        np.greater(self.deficit, 0, out=self._needed)
        d.lift_short.fill(False)
        for corridor, lift in self.lift.items():
            # What is left is carried over up to a largest unit: small ways are slow, not shut.
            np.minimum(lift, self.largest[corridor], out=lift)
            lift += d.muster.lift[corridor, step]
        for lines, beyond in self.rounds:
            if not self._needed.any():
                break
            asked = self._worth_asking(d.pools, lines, beyond)
            if d.plan.proportional:
                self._share(d, step, asked, beyond)
            else:
                for line in asked:
                    self._ask(d, step, line, beyond, self.deficit[line.row])
        np.subtract(d.asked, self.deficit, out=d.counted)

    def _worth_asking(
        self, pools: Pools, lines: tuple[AskedLine, ...], beyond: bool
    ) -> list[AskedLine]:
        """Lines that some lane needs and has units for: in most steps, few.

        Needs only shrink in a round, and nobody else takes a pool's units, so no line that could
        send is left out.
        """
        units = pools.ready if beyond else np.minimum(pools.level - pools.used, pools.rested)
        has = units > 0
        rows = np.asarray(has.any(axis=1))
        return [
            line
            for line in lines
            if rows[line.pool_row] and (has[line.pool_row] & self._needed[line.row]).any()
        ]

    def _available(self, pools: Pools, row: int, beyond: bool) -> Counts:
        """Units of a pool that may go in this round; not above zero where none may."""
        if beyond:
            return np.asarray(pools.ready[row])
        return np.asarray(np.minimum(pools.level[row] - pools.used[row], pools.rested[row]))

    def _ask(self, d: Deployment, step: int, line: AskedLine, beyond: bool, need: Soldiers) -> None:
        """Send what one line has of what is needed: whole units, within cap and lift."""
        row, slot, strength = line.row, line.slot, line.strength
        available = self._available(d.pools, line.pool_row, beyond)
        np.greater(available, 0, out=self._asked)
        np.logical_and(self._asked, self._needed[row], out=self._asked)
        lanes = self._asked.nonzero()[0]
        if not len(lanes):
            return
        at: At = lanes if len(lanes) < SPARSE * len(need) else _EVERYWHERE
        units = np.ceil(need[at] / line.worth)
        np.minimum(units, available[at], out=units)
        # Caps and lift seldom bind everywhere, and a comparison costs less than a division.
        if self.capped[slot]:
            room = self.cap[slot][at] - d.soldiers[slot][at]
            if (room < units * strength).any():
                np.minimum(units, np.floor(room / strength), out=units)
        if line.pool.corridor >= 0:
            room = self.lift[line.pool.corridor][at]
            short = room < units * strength
            if short.any():
                d.lift_short[row][at] |= short
                np.minimum(units, np.floor(room / strength), out=units)
        np.maximum(units, 0, out=units)
        if units.any():
            self._go(d, step, line, beyond, at, units)

    def _go(
        self, d: Deployment, step: int, line: AskedLine, beyond: bool, at: At, units: Soldiers
    ) -> None:
        """Send so many units in the lanes `at`."""
        pools, row, slot = d.pools, line.row, line.slot
        whole = units.astype(pools.kind)
        if beyond:
            early = whole - np.maximum(pools.rested[line.pool_row][at], 0)
            if early.max() > 0:
                d.breaches[slot][at] += np.maximum(early, 0)
        pools.take(step, line.number, whole, at)
        soldiers = units * line.strength
        d.soldiers[slot][at] += soldiers
        if line.pool.corridor >= 0:
            self.lift[line.pool.corridor][at] -= soldiers
        if line.worth != line.strength:
            soldiers = units * line.worth
        d.present[row][at] += soldiers
        self.deficit[row][at] -= soldiers
        self._needed[row][at] = self.deficit[row][at] > 0

    def _share(self, d: Deployment, step: int, lines: list[AskedLine], beyond: bool) -> None:
        """Burden sharing in proportion to what each has ready, with cumulative rounding.

        Of a need of N soldiers, the first i lines together are asked for ``N * W_i / W`` (what they
        have ready over what all have), rounded up to whole units; what one cannot send falls to
        those after it. Capability by capability, as declared: who is worth asking depends on the
        other lanes, and must not decide who is asked first.
        """
        rows: dict[int, list[AskedLine]] = {}
        for line in lines:
            rows.setdefault(line.row, []).append(line)
        for row, group in sorted(rows.items()):
            need = np.maximum(self.deficit[row], 0).astype(np.float64)
            weights = [self._weight(d.pools, line, beyond) for line in group]
            total = np.sum(weights, axis=0, dtype=np.float64)
            running = np.zeros_like(total)
            for line, weight in zip(group, weights, strict=True):
                running += weight
                sent = need - np.maximum(self.deficit[row], 0)
                quota = np.minimum(
                    need, np.divide(need * running, total, where=total > 0, out=need * 0)
                )
                due = np.ceil(quota - 1e-9) - sent
                self._ask(d, step, line, beyond, due.astype(np.float32))

    def _weight(self, pools: Pools, line: AskedLine, beyond: bool) -> NDArray[np.float64]:
        """Soldiers that a line has ready in this round."""
        available = np.maximum(self._available(pools, line.pool_row, beyond), 0)
        return available.astype(np.float64) * float(line.worth)
