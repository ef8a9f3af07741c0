"""The vectorised core: one force size under one mandate, in many futures at once.

Replications are the last, contiguous axis of every array ("lanes"); Python loops run over steps and
pools only. All quantities are whole soldiers and whole units: float32 holds them exactly, so the
speed costs no truth. The order of a step is that of ``docs/model.md``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.engine.conflict import ConflictChain, Patience
from sim.engine.muster import Muster
from sim.engine.plan import NEVER, Plan
from sim.engine.pools import Pools
from sim.engine.sending import AskedLine, Sender

Soldiers = NDArray[np.float32]


class Deployment:
    """State of one cell (mandate, force size) in L lanes, advanced step by step.

    Attributes
    ----------
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
    ended_at : int32 array (L,);  ended_by_conflict : bool array (L,)
        Step in which the mission ended, and whether by the conflict's state (else by a refused
        renewal).
    step : int
        The next step to simulate.
    """

    def __init__(self, plan: Plan, index: int, size: int, muster: Muster, pools: Pools) -> None:
        self.plan, self.mandate, self.size, self.muster = plan, plan.mandates[index], size, muster
        mandate, count = self.mandate, muster.count
        self.step = 0
        self.capabilities = tuple(c for c, share in enumerate(mandate.shares) if share > 0)
        row = {c: i for i, c in enumerate(self.capabilities)}
        self.nations = tuple(sorted({pool.contributor for pool in pools.pools}))
        slot = {nation: i for i, nation in enumerate(self.nations)}

        self.pools = pools
        pools.reset()
        self.lines = tuple(
            AskedLine(
                number=number,
                pool=plan.pools[line.pool],
                pool_row=pools.position[line.pool],
                row=row[line.capability],
                slot=slot[plan.pools[line.pool].contributor],
                worth=np.float32(line.worth),
                strength=np.float32(plan.pools[line.pool].strength),
                substitute=line.substitute,
            )
            for number, line in enumerate(mandate.lines)
        )
        # What a unit of each line adds, in matrix form: whole numbers, so exact in any order.
        self._worths = np.zeros((len(self.capabilities), len(self.lines)), np.float32)
        self._strengths = np.zeros((len(self.nations), len(self.lines)), np.float32)
        for line in self.lines:
            self._worths[line.row, line.number] = line.worth
            self._strengths[line.slot, line.number] = line.strength
        self._lines_of = {
            nation: tuple(line for line in self.lines if line.slot == i)
            for nation, i in slot.items()
        }
        shape = (len(self.capabilities), count)
        self.present: Soldiers = np.zeros(shape, np.float32)
        self.counted: Soldiers = np.zeros(shape, np.float32)
        self.asked: Soldiers = np.zeros(shape, np.float32)
        self.lost: Soldiers = np.zeros(shape, np.float32)
        self.lift_short = np.zeros(shape, np.bool_)
        self.soldiers: Soldiers = np.zeros((len(self.nations), count), np.float32)
        self.breaches = np.zeros((len(self.nations), count), np.int32)
        self.strength: Soldiers = np.zeros(count, np.float32)
        self._scratch: Soldiers = np.empty(count, np.float32)

        self.ended_at = np.full(count, NEVER, np.int32)
        self.ended_by_conflict = np.zeros(count, np.bool_)
        self._ended = np.empty(0, np.intp)  # lanes whose mission has ended, once they go home
        self._exits: list[tuple[int, NDArray[np.intp], NDArray[np.int64]]] = []
        self.phase_of_step = self._phases()
        self.chain: ConflictChain | None = None
        self.patience: Patience | None = None
        if mandate.conflict and muster.conflict:
            self.chain = ConflictChain(plan, mandate.conflict, muster.conflict)
            if self.chain.withdraws:
                self.patience = Patience(plan, mandate.conflict, muster.patience, muster.joined)
        self.sender = Sender(self)

    def _phases(self) -> dict[int, list[tuple[int, NDArray[np.intp]]]]:
        """Lanes that enter a phase, by step: {step: [(phase, lanes), ...]}."""
        entries: dict[int, list[tuple[int, NDArray[np.intp]]]] = {}
        for phase, (after, _) in enumerate(self.mandate.phases):
            begins = self.muster.authorised + after
            for step in np.unique(begins):
                if step < self.plan.steps:
                    lanes = np.flatnonzero(begins == step)
                    entries.setdefault(int(step), []).append((phase, lanes))
        return entries

    def advance(self) -> None:
        """Simulate one step."""
        step = self.step
        self._leave(step)
        self.pools.advance(step, self.patience.gone if self.patience else None)
        self._withdraw(step)
        for phase, lanes in self.phase_of_step.get(step, ()):
            targets = self.mandate.targets(self.size, self.mandate.phases[phase][1])
            running = lanes[self.ended_at[lanes] == NEVER]
            for row, capability in enumerate(self.capabilities):
                self.asked[row, running] = targets[capability]
        self.sender.send(self, step)
        np.sum(self.soldiers, axis=0, out=self.strength)
        if self.chain:
            self._conflict(step, self.chain)
        self.step += 1

    def _leave(self, step: int) -> None:
        """Units whose tour ends go home; units whose relief may come no longer count."""
        pools, scratch = self.pools, self._scratch
        for number in pools.leaving(step, pools.counting):
            line, units = self.lines[number], pools.sent[number, step - pools.counting[number]]
            pools.used[line.pool_row] -= units
            self.counted[line.row] -= np.multiply(units, line.worth, out=scratch)
        for number in pools.leaving(step, pools.tour):
            line, units = self.lines[number], pools.sent[number, step - pools.tour[number]]
            self.present[line.row] -= np.multiply(units, line.worth, out=scratch)
            self.soldiers[line.slot] -= np.multiply(units, line.strength, out=scratch)

    def _withdraw(self, step: int) -> None:
        """Ended missions go home over some time, contributors that have lost patience at once."""
        ending = np.flatnonzero(
            ((self.ended_at == step - 1) & self.ended_by_conflict)
            | ((self.muster.refused_renewal == step) & (self.ended_at == NEVER))
        )
        if len(ending):
            self.ended_at[ending] = np.minimum(self.ended_at[ending], step)
            self.asked[:, ending] = 0
            self._ended = np.concatenate([self._ended, ending])
            if self.mandate.withdrawn_over > 1:
                here = np.zeros((len(self.lines), len(ending)), np.int64)
                for line in self.lines:
                    here[line.number] = self.pools.away(step, line.number, ending)[0]
                self._exits.append((step, ending, here))
        self._exit(step)
        if self.patience:
            self.patience.join(step)
            nations, lanes = self.patience.leave(step, self.ended_at != NEVER)
            for nation in np.unique(nations):
                self._dismiss(step, int(nation), lanes[nations == nation])

    def _dismiss(self, step: int, nation: int, lanes: NDArray[np.intp]) -> None:
        """Take a contributor's units out of the theatre for good."""
        for line in self._lines_of.get(nation, ()):
            present, counted = self.pools.dismiss(step, line.number, lanes)
            self.present[line.row, lanes] -= present * line.worth
            self.counted[line.row, lanes] -= counted * line.worth
            self.soldiers[line.slot, lanes] -= present * line.strength
            self.lost[line.row, lanes] += present * line.worth

    def _exit(self, step: int) -> None:
        """Of ended missions ``floor(units * (W - k) / W)`` of every line remain in the k-th step.

        Nobody is sent any more, so the pools' own books may run on: what stands in the theatre is
        set here.
        """
        if not len(self._ended):
            return
        for soldiers in (self.present, self.counted, self.soldiers):
            soldiers[:, self._ended] = 0
        over = self.mandate.withdrawn_over
        self._exits = [entry for entry in self._exits if step - entry[0] + 1 < over]
        for began, lanes, units in self._exits:
            here = (units * (over - (step - began + 1)) // over).astype(np.float32)
            self.present[:, lanes] += self._worths @ here
            self.soldiers[:, lanes] += self._strengths @ here

    def _conflict(self, step: int, chain: ConflictChain) -> None:
        """Peace or war, hazards of withdrawal, and missions that the conflict ends."""
        chain.advance(self.muster.conflict_uniform[step], self.strength)
        if self.patience:
            self.patience.accrue(step, chain.withdrawal_hazard())
        over = chain.ends_mission() & (self.ended_at == NEVER) & (self.muster.authorised <= step)
        self.ended_at[over] = step
        self.ended_by_conflict |= over
