"""The vectorised core: one mandate, at some force sizes, in many futures at once.

Replications are the last, contiguous axis of every array ("lanes"), with one force size after the
other; Python loops run over steps and lines only. All quantities are whole soldiers and whole
units: float32 holds them exactly, so the speed costs no truth. The order of a step is that of
``docs/model.md``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.engine.conflict import ConflictChain, Patience
from sim.engine.counts import Counts
from sim.engine.movements import Seats
from sim.engine.muster import Muster, narrow
from sim.engine.orders import NOTHING, Attrition, Orders
from sim.engine.plan import NEVER, Plan
from sim.engine.pools import Pools
from sim.engine.sending import Lines, Sender

Soldiers = NDArray[np.float32]
Lanes = NDArray[np.intp]


class Deployment:
    """State of a mandate at S force sizes in all lanes of a muster, advanced step by step.

    L lanes in all: lane l of the muster with size s is number ``s * muster.count + l``.

    Parameters
    ----------
    size
        Soldiers asked for: one number, or several to be simulated side by side.

    Attributes
    ----------
    sizes : tuple of int
        The S force sizes.
    lane_of, replication_of : int arrays (L,)
        Lane of the muster that each lane is, and its replication in the block.
    capabilities : tuple of int
        The capabilities asked for (indices of the plan), C of them: first axis below.
    nations : tuple of int
        The contributors that are asked (indices of the plan), N of them: first axis below.
    present, counted, asked : float32 arrays (C, L)
        Soldiers in the theatre, those that count (not outgoing), and those asked for.
    soldiers, breaches : float32 and int32 arrays (N, L)
        Soldiers in the theatre, and units sent so far before their rest was over.
    strength : float32 array (L,)
        All soldiers in the theatre.
    lift_short : bool array (C, L)
        Whether, in this step, a unit that was ready and needed had no lift.
    lost : float32 array (C, L)
        Soldiers that were in the theatre when their contributor withdrew.
    withdrawn : bool array (N, L)
        Contributors that have withdrawn.
    ended_at : int32 array (L,);  ended_by_conflict : bool array (L,)
        Step in which the mission ended, and whether by the conflict's state (else by a refused
        renewal).
    step : int
        The next step to simulate.
    """

    def __init__(
        self, plan: Plan, index: int, size: int | Sequence[int], muster: Muster, pools: Pools
    ) -> None:
        self.plan, self.mandate, self.muster = plan, plan.mandates[index], muster
        self.sizes = (size,) if isinstance(size, int) else tuple(size)
        mandate, count = self.mandate, muster.count * len(self.sizes)
        self.lane_of = np.tile(np.arange(muster.count), len(self.sizes))
        self.replication_of = muster.lanes[self.lane_of]
        self.authorised = muster.authorised[self.lane_of]
        self.refused_renewal = muster.refused_renewal[self.lane_of]
        self.step = 0
        self.capabilities = tuple(c for c, share in enumerate(mandate.shares) if share > 0)
        row = {c: i for i, c in enumerate(self.capabilities)}
        self.nations = tuple(sorted({pool.contributor for pool in pools.pools}))
        slot = {nation: i for i, nation in enumerate(self.nations)}

        self.pools = pools
        pools.reset(len(self.sizes))
        ways = len(plan.corridors) + 1  # the last one is without limit
        pool_of = [plan.pools[line.pool] for line in mandate.lines]
        self.lines = Lines(
            row=np.array([row[line.capability] for line in mandate.lines], np.intp),
            slot=np.array([slot[pool.contributor] for pool in pool_of], np.intp),
            corridor=np.array([pool.corridor % ways for pool in pool_of], np.intp),
            worth=np.array([line.worth for line in mandate.lines], np.float32),
            strength=np.array([pool.strength for pool in pool_of], np.float32),
            primary=sum(not line.substitute for line in mandate.lines),
        )
        # By seat of the pools: its lane, and the place of its capability in the arrays (C, L).
        layout = pools.layout
        self.lane = layout.lane[layout.place] if layout.shared else layout.lane
        self.need_of = np.repeat(self.lines.row * count, np.diff(layout.seat_edges)) + self.lane

        shape = (len(self.capabilities), count)
        self.present: Soldiers = np.zeros(shape, np.float32)
        self.counted: Soldiers = np.zeros(shape, np.float32)
        self.asked: Soldiers = np.zeros(shape, np.float32)
        self.lost: Soldiers = np.zeros(shape, np.float32)
        self.lift_short = np.zeros(shape, np.bool_)
        self.soldiers: Soldiers = np.zeros((len(self.nations), count), np.float32)
        self.breaches = np.zeros((len(self.nations), count), np.int32)
        self.withdrawn = np.zeros((len(self.nations), count), np.bool_)
        self.strength: Soldiers = np.zeros(count, np.float32)

        self.ended_at = np.full(count, NEVER, np.int32)
        self.ended_by_conflict = np.zeros(count, np.bool_)
        self._exits: list[tuple[int, Seats, Counts]] = []  # since when, and who was there
        self.phase_of_step = self._phases()
        self.reset_target: Soldiers | None = None  # (C, L), set by another model; NaN: is not
        self.attrition: Attrition | None = None
        self.chain: ConflictChain | None = None
        self.patience: Patience | None = None
        if mandate.conflict and muster.conflict:
            draws = narrow(muster.conflict, self.lane_of)
            self.chain = ConflictChain(plan, mandate.conflict, draws)
            if self.chain.withdraws:
                patience, joined = muster.patience[:, self.lane_of], muster.joined[:, self.lane_of]
                self.patience = Patience(plan, mandate.conflict, patience, joined)
        self.sender = Sender(self)

    def _phases(self) -> dict[int, list[tuple[int, Lanes]]]:
        """Lanes that enter a phase, by step: {step: [(phase, lanes), ...]}."""
        entries: dict[int, list[tuple[int, Lanes]]] = {}
        for phase, (after, _) in enumerate(self.mandate.phases):
            begins = self.authorised + after
            for step in np.unique(begins):
                if step < self.plan.steps:
                    lanes = np.flatnonzero(begins == step)
                    entries.setdefault(int(step), []).append((phase, lanes))
        return entries

    def lanes_of(self, part: int) -> slice:
        """The lanes of one of the force sizes."""
        return slice(part * self.muster.count, (part + 1) * self.muster.count)

    def authorised_of(self, part: int) -> tuple[slice | Lanes, NDArray[np.intp]]:
        """Those lanes of one of the force sizes that are authorised, and their replications."""
        at = self.lanes_of(part)
        yes = self.muster.authorised < NEVER
        if yes.all():
            return at, self.muster.lanes
        return np.flatnonzero(yes) + at.start, self.muster.lanes[yes]

    def targets(self, phase: int) -> Soldiers:
        """Soldiers asked for in a phase, by capability and lane: (C, L)."""
        share = self.mandate.phases[phase][1]
        by_size = np.array([self.mandate.targets(size, share) for size in self.sizes], np.float32)
        return by_size[:, list(self.capabilities)].T.repeat(self.muster.count, axis=1)

    def advance(self, orders: Orders = NOTHING) -> None:
        """Simulate one step."""
        step = self.step
        self._leave(step)
        self.pools.advance(step)
        self._withdraw(step, orders.leaving)
        if orders.losses is not None:
            self.attrition = self.attrition or Attrition(self)
            self.attrition.lose(self, orders.losses)
        for phase, lanes in self.phase_of_step.get(step, ()):
            running = lanes[self.ended_at[lanes] == NEVER]
            self.asked[:, running] = self.targets(phase)[:, running]
        if self.reset_target is not None:
            running = (self.authorised <= step) & (self.ended_at == NEVER)
            np.copyto(self.asked, self.reset_target, where=running & ~np.isnan(self.reset_target))
        self.sender.send(self, step)
        np.sum(self.soldiers, axis=0, out=self.strength)
        if self.chain:
            self._conflict(step, self.chain, orders.state)
        self.step += 1

    def follow(self, muster: Muster) -> None:
        """Go on with a muster of the same lanes in which something has changed that lies ahead."""
        self.muster = muster
        self.authorised = muster.authorised[self.lane_of]
        self.refused_renewal = muster.refused_renewal[self.lane_of]
        self.phase_of_step = self._phases()
        self.pools.expect(muster.start)
        if self.patience:
            self.patience.expect(muster.joined[:, self.lane_of], self.step)

    def arrive(self, seats: Seats, units: Counts) -> None:
        """Units reach the theatre."""
        self._change(self.present, self.soldiers, seats, units.astype(np.float32))

    def breach(self, seats: Seats, early: Counts) -> None:
        """So many units are sent before they are rested."""
        breaks = np.flatnonzero(early > 0)
        seats = seats[breaks]
        place = self.lines.slot[self.pools.layout.line[seats]] * len(self.lane_of)
        np.add.at(self.breaches.reshape(-1), place + self.lane[seats], early[breaks])

    def _change(
        self, capabilities: Soldiers, soldiers: Soldiers | None, seats: Seats, units: Soldiers
    ) -> None:
        """Add units to what capabilities have, and to their contributors' soldiers."""
        line = self.pools.layout.line[seats]
        np.add.at(capabilities.reshape(-1), self.need_of[seats], units * self.lines.worth[line])
        if soldiers is not None:
            place = self.lines.slot[line] * soldiers.shape[1] + self.lane[seats]
            np.add.at(soldiers.reshape(-1), place, units * self.lines.strength[line])

    def _leave(self, step: int) -> None:
        """Units whose tour ends go home; units whose relief may come no longer count."""
        pools = self.pools
        seats, units = pools.due(step, pools.counting)
        np.add.at(pools.room, pools.layout.place[seats], units)
        np.subtract.at(pools.counted, seats, units)
        self._change(self.counted, None, seats, -units.astype(np.float32))
        seats, units = pools.due(step, pools.tour)
        np.subtract.at(pools.present, seats, units)
        self._change(self.present, self.soldiers, seats, -units.astype(np.float32))

    def leave_for_good(self, seats: Seats, present: Counts, counted: Counts) -> None:
        """So many units, and of them so many that counted, are no longer in the theatre."""
        self._change(self.present, self.soldiers, seats, -present.astype(np.float32))
        self._change(self.counted, None, seats, -counted.astype(np.float32))

    def _withdraw(self, step: int, leaving: NDArray[np.bool_] | None) -> None:
        """Ended missions go home over some time, contributors that have lost patience at once."""
        ending = np.flatnonzero(
            ((self.ended_at == step - 1) & self.ended_by_conflict)
            | ((self.refused_renewal == step) & (self.ended_at == NEVER))
        )
        if len(ending):
            self.ended_at[ending] = np.minimum(self.ended_at[ending], step)
            self.asked[:, ending] = 0
            seats = self.pools.layout.seats_in(ending)
            self._exits.append((step, seats, self._dismiss(seats)))
        self._exit(step)
        if self.patience:
            self.patience.join(step)
            lanes = self.patience.leave(step, self.ended_at != NEVER)[1]
            if len(lanes):
                self._depart(self.patience.gone[list(self.nations)], lanes)
        if leaving is not None:
            slots, lanes = np.nonzero(leaving & (self.ended_at == NEVER) & ~self.withdrawn)
            if len(lanes):
                if self.patience:
                    self.patience.release(step, np.array(self.nations, np.intp)[slots], lanes)
                self._depart(self.withdrawn | leaving, lanes)

    def _depart(self, withdrawn: NDArray[np.bool_], lanes: Lanes) -> None:
        """In these lanes contributors have withdrawn, (N, L): their units leave at once."""
        self.withdrawn[:, lanes] = withdrawn[:, lanes]
        seats = self.pools.layout.seats_in(np.unique(lanes))
        seats = seats[
            self.withdrawn[self.lines.slot[self.pools.layout.line[seats]], self.lane[seats]]
        ]
        units = self._dismiss(seats).astype(np.float32)
        self._change(self.lost, None, seats, units)

    def _dismiss(self, seats: Seats) -> Counts:
        """Take units out of the theatre for good; how many were there."""
        present, counted = self.pools.dismiss(seats)
        self.leave_for_good(seats, present, counted)
        return present

    def _exit(self, step: int) -> None:
        """Of ended missions ``floor(units * (W - k) / W)`` of every line remain in the k-th step.

        Their pools know nothing of them any more: what stands in the theatre is kept here.
        """
        over = self.mandate.withdrawn_over
        for began, seats, units in self._exits:
            k = step - began + 1
            there = units.astype(np.int64)
            before = there * (over - k + 1) // over if k > 1 else 0 * there
            change = (there * (over - k) // over - before).astype(np.float32)
            self._change(self.present, self.soldiers, seats, change)
        self._exits = [exit_ for exit_ in self._exits if step - exit_[0] + 1 < over]

    def _conflict(
        self, step: int, chain: ConflictChain, given: NDArray[np.int8] | None = None
    ) -> None:
        """Peace or war, hazards of withdrawal, and missions that the conflict ends."""
        uniform = self.muster.conflict_uniform[step][self.replication_of]
        state = chain.next_state(uniform, self.strength)
        chain.enter(state if given is None else np.where(given < 0, state, given))
        if self.patience:
            self.patience.accrue(step, chain.withdrawal_hazard())
        over = chain.ends_mission() & (self.ended_at == NEVER) & (self.authorised <= step)
        self.ended_at[over] = step
        self.ended_by_conflict |= over
