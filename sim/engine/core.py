"""The vectorised core: one force size under one mandate, in many futures at once.

Replications are the last, contiguous axis of every array ("lanes"); Python loops run over steps and
pools only. All quantities are whole soldiers and whole units: float32 holds them exactly, so the
speed costs no truth. The order of a step is that of ``docs/model.md``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .conflict import ConflictChain, Patience
from .muster import Muster
from .plan import NEVER, Plan
from .pools import PoolState
from .sending import AskedLine, Sender

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

    def __init__(
        self, plan: Plan, index: int, size: int, muster: Muster, pools: dict[int, PoolState]
    ) -> None:
        self.plan, self.mandate, self.size, self.muster = plan, plan.mandates[index], size, muster
        mandate, count = self.mandate, muster.count
        self.step = 0
        self.capabilities = tuple(c for c, share in enumerate(mandate.shares) if share > 0)
        row = {c: i for i, c in enumerate(self.capabilities)}
        self.nations = tuple(sorted({plan.pools[p].contributor for p in pools}))
        slot = {nation: i for i, nation in enumerate(self.nations)}

        lines_of = {p: [line for line in mandate.lines if line.pool == p] for p in pools}
        self.pools = pools
        for pool in pools.values():
            pool.reset()
        self.lines = tuple(
            AskedLine(
                self.pools[line.pool],
                lines_of[line.pool].index(line),
                row[line.capability],
                slot[plan.pools[line.pool].contributor],
                line,
            )
            for line in mandate.lines
        )
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
        for pool in self.pools.values():
            gone = self.patience.gone[pool.pool.contributor] if self.patience else None
            pool.advance(step, gone)
        self._withdraw(step)
        for phase, lanes in self.phase_of_step.get(step, ()):
            targets = self.mandate.targets(self.size, self.mandate.phases[phase][1])
            running = lanes[self.ended_at[lanes] == NEVER]
            for row, capability in enumerate(self.capabilities):
                self.asked[row, running] = targets[capability]
        self.sender.send(step)
        np.sum(self.soldiers, axis=0, out=self.strength)
        if self.chain:
            self._conflict(step, self.chain)
        self.step += 1

    def _leave(self, step: int) -> None:
        """Units whose tour ends go home; units whose relief may come no longer count."""
        for state, number, row, slot, line in self.lines:
            pool = state.pool
            relieved, home = step - (pool.tour - pool.handover), step - pool.tour
            if relieved >= 0 and state.any_sent[number][relieved]:
                units = state.sent[number][relieved]
                state.used -= units
                self.counted[row] -= np.multiply(units, np.float32(line.worth), out=self._scratch)
            if home >= 0 and state.any_sent[number][home]:
                units = state.sent[number][home]
                self.present[row] -= np.multiply(units, np.float32(line.worth), out=self._scratch)
                self.soldiers[slot] -= np.multiply(
                    units, np.float32(pool.strength), out=self._scratch
                )

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
                here = [s.away(step, ending)[0][number] for s, number, *_ in self.lines]
                self._exits.append((step, ending, np.array(here)))
        self._exit(step)
        if self.patience:
            self.patience.join(step)
            nations, lanes = self.patience.leave(step, self.ended_at != NEVER)
            for nation in np.unique(nations):
                self._dismiss(step, int(nation), lanes[nations == nation])

    def _dismiss(self, step: int, nation: int, lanes: NDArray[np.intp]) -> None:
        """Take a contributor's units out of the theatre for good."""
        lines = self._lines_of.get(nation, ())
        units = {p: self.pools[p].dismiss(step, lanes) for p in {line.line.pool for line in lines}}
        for state, number, row, slot, line in lines:
            present, counted = (there[number] for there in units[line.pool])
            self.present[row, lanes] -= present * line.worth
            self.counted[row, lanes] -= counted * line.worth
            self.soldiers[slot, lanes] -= present * state.pool.strength
            self.lost[row, lanes] += present * line.worth

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
            here = units * (over - (step - began + 1)) // over
            for remaining, (state, _, row, slot, line) in zip(here, self.lines, strict=True):
                self.present[row, lanes] += remaining * line.worth
                self.soldiers[slot, lanes] += remaining * state.pool.strength

    def _conflict(self, step: int, chain: ConflictChain) -> None:
        """Peace or war, hazards of withdrawal, and missions that the conflict ends."""
        chain.advance(self.muster.conflict_uniform[step], self.strength)
        if self.patience:
            self.patience.accrue(step, chain.withdrawal_hazard())
        over = chain.ends_mission() & (self.ended_at == NEVER) & (self.muster.authorised <= step)
        self.ended_at[over] = step
        self.ended_by_conflict |= over
