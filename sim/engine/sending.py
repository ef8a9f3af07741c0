"""Who is sent: the asking rules of one step, lane by lane.

Round A asks for rested units up to the level that each pool can keep up; round B, where the
scenario allows a surge, for every other unit that may go. Substitutes are asked in the same two
rounds after every primary line was.

In a lane one line is asked after the other, as each leaves less to ask for; but lanes know nothing
of each other. So a round goes in *turns*: in a turn every lane asks its next line, whichever that
is.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.engine.counts import Counts
from sim.engine.movements import Seats
from sim.engine.muster import parameters_in
from sim.engine.plan import Plan
from sim.engine.pools import Pools
from sim.engine.rules import rule_of
from sim.engine.sharing import Share
from sim.scenario.plugins import BURDEN_SHARING

if TYPE_CHECKING:
    from sim.engine.core import Deployment

Soldiers = NDArray[np.float32]
Lanes = NDArray[np.intp]


class Lines(NamedTuple):
    """The lines of a mandate in the order of asking: what each works on, arrays (K,)."""

    row: NDArray[np.intp]  # of the capability served
    slot: NDArray[np.intp]  # of the contributor
    corridor: NDArray[np.intp]  # -1: without limit
    worth: Soldiers  # what a unit counts for there, in soldiers
    strength: Soldiers
    primary: int  # so many come first; the others are substitutes


class Round(NamedTuple):
    """Lines that are asked together, and whether units go beyond the level, before their rest."""

    substitutes: bool
    beyond: bool


class Sender:
    """The asking rules of one deployment, and the lift that it carries over.

    Attributes
    ----------
    rounds : list of Round
    deficit : float32 array (C, L)
        Soldiers still needed in this step; below zero where units are larger than the need.
    lift : float32 array (corridors + 1, L)
        Soldiers that can still be moved in this step; the last row is the way without limit.
    largest : float32 array (corridors + 1, 1)
        Soldiers of the largest unit that uses each corridor: more lift is not carried over.
    cap, room : float32 arrays (N, L)
        Most soldiers of a contributor at once, and how many it may still send in this step.
    """

    def __init__(self, deployment: Deployment) -> None:
        d = deployment  # passed to every method and not kept: no circle of references
        plan, muster, count = d.plan, d.muster, len(d.lane_of)
        self.rounds = [
            Round(substitutes, beyond)
            for substitutes in ((False, True) if d.lines.primary < len(d.lines.row) else (False,))
            for beyond in ((False, True) if plan.surge else (False,))
        ]
        self.cap = muster.cap[:, d.lane_of][list(d.nations)]
        self.room = self.cap.copy()
        self.deficit: Soldiers = np.empty((len(d.capabilities), count), np.float32)
        self.lift: Soldiers = np.zeros((len(plan.corridors) + 1, count), np.float32)
        self.largest: Soldiers = np.zeros((len(self.lift), 1), np.float32)
        for pool in d.pools.pools:
            largest = max(self.largest[pool.corridor, 0], pool.strength)
            self.largest[pool.corridor] = largest
        self.lift[-1] = self.largest[-1] = np.inf
        self.rule = rule_of(BURDEN_SHARING, plan.burden_sharing) if plan.proportional else None
        self.parameters = parameters_in(muster.sharing, d.lane_of)
        self._whom = Whom(plan, d.lines, self.cap, np.diff(d.pools.layout.seat_edges), d.lane)
        self._sent: list[tuple[Seats, Counts]] = []  # in this round, and still in their places

    def send(self, d: Deployment, step: int) -> None:
        """Fill what is missing, as far as units, caps and lift allow."""
        np.subtract(d.asked, d.counted, out=self.deficit)
        d.lift_short.fill(False)
        # What is left is carried over up to a largest unit: small ways are slow, not shut.
        np.minimum(self.lift, self.largest, out=self.lift)
        self.lift[:-1] += d.muster.lift[:, step][:, d.replication_of]
        np.subtract(self.cap, d.soldiers, out=self.room)
        for substitutes, beyond in self.rounds:
            if not (self.deficit > 0).any():
                break
            seats = self._worth_asking(d, substitutes, beyond)
            for group in self._groups(d, seats):
                self._ask_all(d, step, group, substitutes, beyond)
        np.subtract(d.asked, self.deficit, out=d.counted)

    def _worth_asking(self, d: Deployment, substitutes: bool, beyond: bool) -> Seats:
        """Seats that have units, are needed and may send, line by line: in most steps, few.

        Needs and room under a cap only shrink in a round, and nobody else takes a pool's units, so
        nobody who could send is left out.
        """
        pools, layout = d.pools, d.pools.layout
        has = pools.ready > 0 if beyond else (pools.room > 0) & (pools.rested > 0)
        if layout.shared:
            has = has[layout.place]
        edge = int(layout.seat_edges[d.lines.primary])
        own = slice(edge, None) if substitutes else slice(edge)
        first = edge if substitutes else 0
        return np.flatnonzero(has[own] & self._whom.find(self.deficit, self.room)[own]) + first

    def _groups(self, d: Deployment, seats: Seats) -> Iterator[Seats]:
        """Seats that are asked together: all, or, where the burden is shared, by capability.

        As declared: who is worth asking depends on the other lanes, and must not decide who is
        asked first.
        """
        if not d.plan.proportional:
            yield seats
            return
        rows = d.lines.row[d.pools.layout.line[seats]]
        for row in np.unique(rows):
            yield seats[rows == row]

    def _ask_all(
        self, d: Deployment, step: int, seats: Seats, substitutes: bool, beyond: bool
    ) -> None:
        """Ask some lines in their order, in every lane, turn by turn: whole units, as needed.

        In a turn every lane asks its next line, within cap and lift.
        """
        if not len(seats):
            return
        order, edges = _turns(d.lane[seats])
        seats = seats[order]
        line, lanes = d.pools.layout.line[seats], d.lane[seats]
        strength, worth = d.lines.strength[line], d.lines.worth[line]
        at, cap, way = (
            rows[line] * len(d.lane_of) + lanes
            for rows in (d.lines.row, d.lines.slot, d.lines.corridor)
        )
        ready = self.available(d.pools, seats, beyond)
        share = Share(self, d, seats, beyond, self.rule) if self.rule else None
        deficit, room, lift = self.deficit.ravel(), self.room.ravel(), self.lift.ravel()
        lift_short = d.lift_short.ravel()
        for begin, end in pairwise(edges):
            now = slice(begin, end)
            if substitutes and begin:  # another line may have asked the same pool
                ready[now] = self.available(d.pools, seats[now], beyond)
            need = share.due(now, lanes[now]) if share else deficit[at[now]]
            units = np.ceil(need / worth[now])
            np.minimum(units, ready[now], out=units)
            np.minimum(units, np.floor(room[cap[now]] / strength[now]), out=units)
            fits = np.floor(lift[way[now]] / strength[now])
            lift_short[at[now][fits < units]] = True
            np.minimum(units, fits, out=units)
            going = (units > 0).nonzero()[0]
            if not len(going):
                continue
            units, going = units[going], going + begin
            soldiers = units * strength[going]
            deficit[at[going]] -= units * worth[going]
            room[cap[going]] -= soldiers
            lift[way[going]] -= soldiers
            self._sent.append((seats[going], units.astype(d.pools.kind)))
            if substitutes:
                self._go(d, step, beyond)
        self._go(d, step, beyond)

    def available(self, pools: Pools, seats: Seats, beyond: bool) -> Counts:
        """Units that may go in this round; not above zero where none may."""
        places = pools.layout.place[seats] if pools.layout.shared else seats
        if beyond:
            return np.asarray(pools.ready[places])
        return np.asarray(np.minimum(pools.room[places], pools.rested[places]))

    def _go(self, d: Deployment, step: int, beyond: bool) -> None:
        """Those sent go."""
        if not self._sent:
            return
        seats = np.concatenate([seats for seats, _ in self._sent])
        units = np.concatenate([units for _, units in self._sent])
        self._sent = []
        if beyond:
            d.breach(seats, units - np.maximum(d.pools.rested[d.pools.layout.place[seats]], 0))
        d.pools.take(step, seats, units)
        d.arrive(seats, units)


def _turns(lanes: Lanes) -> tuple[NDArray[np.intp], list[int]]:
    """Sort seats that stand in the order of asking into turns: each lane once, its next seat.

    Of the seats only their lanes matter. An order, and where in it each turn begins and ends.
    """
    by_lane = np.argsort(lanes.astype(np.uint16), kind="stable")  # a block is smaller than that
    lanes, position = lanes[by_lane], np.arange(len(lanes))
    begins = np.where(np.diff(lanes, prepend=-1) != 0, position, 0)
    turn = position - np.maximum.accumulate(begins)
    by_turn = by_lane[np.argsort(turn.astype(np.uint16), kind="stable")]
    return by_turn, [0, *np.cumsum(np.bincount(turn)).tolist()]


class Whom:
    """Whom to ask: seats that are needed and have room under their contributor's cap.

    Lines with a capability and a cap in common are looked at together, a lane at a time; each seat
    then reads what its line's group came to.
    """

    def __init__(
        self, plan: Plan, lines: Lines, cap: Soldiers, widths: NDArray[np.intp], lane: Lanes
    ) -> None:
        groups: dict[tuple[int, int], list[int]] = {}
        for number, (row, slot) in enumerate(zip(lines.row, lines.slot, strict=True)):
            # Where the burden is shared, it is by what all have, caps or not.
            capped = np.isfinite(cap[slot]).any() and not plan.proportional
            groups.setdefault((int(row), int(slot) if capped else -1), []).append(number)
        self.groups = [
            (row, slot, lines.strength[numbers].min()) for (row, slot), numbers in groups.items()
        ]
        group = np.zeros(len(lines.row), np.intp)
        for which, numbers in enumerate(groups.values()):
            group[numbers] = which
        self.asks = np.empty((len(groups), cap.shape[1]), np.bool_)
        self.place = np.repeat(group * cap.shape[1], widths) + lane

    def find(self, deficit: Soldiers, room: Soldiers) -> NDArray[np.bool_]:
        """Whether to ask: bool (seats,)."""
        needed = deficit > 0
        for asks, (row, slot, smallest) in zip(self.asks, self.groups, strict=True):
            asks[:] = needed[row]
            if slot >= 0:
                asks &= room[slot] >= smallest
        return self.asks.ravel().take(self.place)
