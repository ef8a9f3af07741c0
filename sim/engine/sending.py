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
from sim.engine.movements import Seats, Sent
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


class Sender:
    """The asking rules of one deployment, and the lift that it carries over.

    Attributes
    ----------
    deficit : float32 array (C, L)
        Soldiers still needed in this step; below zero where units are larger than the need.
    lift : float32 arrays (L,) by corridor
        Soldiers that can still be moved in this step.
    room : float32 arrays (L,) by row of a contributor with a cap
        Soldiers that it may still send in this step.
    """

    def __init__(self, deployment: Deployment) -> None:
        d = deployment  # passed to every method and not kept: no circle of references
        plan, muster, count = d.plan, d.muster, len(d.lane_of)
        primary = tuple(line for line in d.lines if not line.substitute)
        substitutes = tuple(line for line in d.lines if line.substitute)
        levels = (False, True) if plan.surge else (False,)
        self.rounds = [
            (group, beyond) for group in (primary, substitutes) if group for beyond in levels
        ]
        self.capped = [bool(np.isfinite(muster.cap[n]).any()) for n in d.nations]
        self.cap = muster.cap[:, d.lane_of][list(d.nations)]
        self.deficit: Soldiers = np.empty((len(d.capabilities), count), np.float32)
        corridors = {pool.corridor for pool in d.pools.pools} - {-1}
        self.lift: dict[int, Soldiers] = {k: np.zeros(count, np.float32) for k in corridors}
        self.largest = {
            k: np.float32(max(pool.strength for pool in d.pools.pools if pool.corridor == k))
            for k in corridors
        }
        self.room: dict[int, Soldiers] = {}
        self._sent: list[Sent] = []  # in this round, not yet taken off anything that others ask

    def send(self, d: Deployment, step: int) -> None:
        """Fill what is missing, as far as units, caps and lift allow."""
        np.subtract(d.asked, d.counted, out=self.deficit)
        d.lift_short.fill(False)
        for corridor, lift in self.lift.items():
            # What is left is carried over up to a largest unit: small ways are slow, not shut.
            np.minimum(lift, self.largest[corridor], out=lift)
            lift += d.muster.lift[corridor, step][d.lane_of]
        self.room = {
            slot: self.cap[slot] - d.soldiers[slot]
            for slot, capped in enumerate(self.capped)
            if capped
        }
        for lines, beyond in self.rounds:
            needed = self.deficit > 0
            if not needed.any():
                break
            asked = self._worth_asking(d, lines, beyond, needed)
            if d.plan.proportional:
                self._share(d, step, asked, beyond)
            else:
                for line, seats in asked:
                    self._ask(d, line, seats, beyond)
                    if line.substitute:  # the next one may stand in from the same pool
                        self._go(d, step, beyond)
            self._go(d, step, beyond)
        np.subtract(d.asked, self.deficit, out=d.counted)

    def _worth_asking(
        self, d: Deployment, lines: tuple[AskedLine, ...], beyond: bool, needed: NDArray[np.bool_]
    ) -> list[tuple[AskedLine, Seats]]:
        """Lines with the seats that have units and are needed: in most steps, few.

        Needs only shrink in a round, and nobody else takes a pool's units, so nobody who could send
        is left out.
        """
        pools, layout = d.pools, d.pools.layout
        has = pools.ready > 0 if beyond else (pools.room > 0) & (pools.rested > 0)
        if layout.shared:
            has = has[layout.place]
        has &= needed.ravel().take(d.need_of)
        seats = np.flatnonzero(has)
        edges = np.searchsorted(seats, layout.seat_edges).tolist()
        return [
            (line, seats[edges[line.number] : edges[line.number + 1]])
            for line in lines
            if edges[line.number] < edges[line.number + 1]
        ]

    def _available(self, pools: Pools, seats: Seats, beyond: bool) -> Counts:
        """Units that may go in this round; not above zero where none may."""
        places = pools.layout.place[seats] if pools.layout.shared else seats
        if beyond:
            return np.asarray(pools.ready[places])
        return np.asarray(np.minimum(pools.room[places], pools.rested[places]))

    def _ask(
        self,
        d: Deployment,
        line: AskedLine,
        seats: Seats,
        beyond: bool,
        need: Soldiers | None = None,
    ) -> None:
        """Send what a line has of what is needed: whole units, within cap and lift."""
        row, slot, strength, corridor = line.row, line.slot, line.strength, line.pool.corridor
        lanes = d.lane[seats]
        units = np.ceil((self.deficit[row][lanes] if need is None else need) / line.worth)
        np.minimum(units, self._available(d.pools, seats, beyond), out=units)
        if self.capped[slot]:
            np.minimum(units, np.floor(self.room[slot][lanes] / strength), out=units)
        if corridor >= 0:
            lift = self.lift[corridor][lanes]
            short = lift < units * strength
            if short.any():
                d.lift_short[row][lanes[short]] = True
                np.minimum(units, np.floor(lift / strength), out=units)
        going = (units > 0).nonzero()[0]
        if not len(going):
            return
        if len(going) < len(units):
            seats, lanes, units = seats[going], lanes[going], units[going]
        self.deficit[row][lanes] -= units * line.worth
        if self.capped[slot]:
            self.room[slot][lanes] -= units * strength
        if corridor >= 0:
            self.lift[corridor][lanes] -= units * strength
        self._sent.append((line.number, seats, units.astype(d.pools.kind)))

    def _go(self, d: Deployment, step: int, beyond: bool) -> None:
        """Those sent go."""
        if not self._sent:
            return
        pools = d.pools
        if beyond:
            for number, seats, units in self._sent:
                early = units - np.maximum(pools.rested[pools.layout.place[seats]], 0)
                d.breaches[d.lines[number].slot][d.lane[seats]] += np.maximum(early, 0)
        seats, units = pools.take(step, self._sent)
        d.arrive(seats, units)
        self._sent = []

    def _share(
        self, d: Deployment, step: int, asked: list[tuple[AskedLine, Seats]], beyond: bool
    ) -> None:
        """Burden sharing in proportion to what each has ready, with cumulative rounding.

        Of a need of N soldiers, the first i lines together are asked for ``N * W_i / W`` (what they
        have ready over what all have), rounded up to whole units; what one cannot send falls to
        those after it. Capability by capability, as declared: who is worth asking depends on the
        other lanes, and must not decide who is asked first.
        """
        rows: dict[int, list[tuple[AskedLine, Seats]]] = {}
        for line, seats in asked:
            rows.setdefault(line.row, []).append((line, seats))
        for row, group in sorted(rows.items()):
            need = np.maximum(self.deficit[row], 0).astype(np.float64)
            total, running = np.zeros_like(need), np.zeros_like(need)
            weights = [self._weight(d.pools, line, seats, beyond) for line, seats in group]
            for (_, seats), weight in zip(group, weights, strict=True):
                total[d.lane[seats]] += weight
            for (line, seats), weight in zip(group, weights, strict=True):
                lanes = d.lane[seats]
                running[lanes] += weight
                wanted, whole = need[lanes], total[lanes]
                sent = wanted - np.maximum(self.deficit[row][lanes], 0)
                quota = np.divide(
                    wanted * running[lanes], whole, where=whole > 0, out=np.zeros_like(whole)
                )
                due = np.ceil(np.minimum(wanted, quota) - 1e-9) - sent
                self._ask(d, line, seats, beyond, due.astype(np.float32))
            self._go(d, step, beyond)

    def _weight(
        self, pools: Pools, line: AskedLine, seats: Seats, beyond: bool
    ) -> NDArray[np.float64]:
        """Soldiers that a line has ready in this round."""
        available = np.maximum(self._available(pools, seats, beyond), 0)
        return available.astype(np.float64) * float(line.worth)
