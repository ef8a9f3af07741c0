"""The conflict chain: one step of peace or war, lane by lane. Shared by both engines."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.futures import ConflictDraws
from sim.engine.plan import NEVER, Conflict, Plan
from sim.engine.politics import Floats
from sim.engine.rules import rule_of
from sim.scenario.plugins import CONFLICT_PROCESSES

States = NDArray[np.int8]


class ConflictChain:
    """State of the conflict in L lanes.

    The process says what becomes of the declared rates in each step (`chain`: nothing). Then
    worsening rates (to a state declared later) are multiplied by ``hazard_ratio ** min(1, strength
    / reference)``: the force deters (Fortna 2008 for the direction). Rates out of the calmest state
    are multiplied by ``2 ** (-quiet / half_life)``, where *quiet* is the time spent in it without
    interruption: a peace that has held is likelier to hold.

    Attributes
    ----------
    state : int8 array (L,)
    held : int32 array (L,)
        Steps in the present state without interruption.
    steps : int
        How many have been taken.
    broken : bool array (L,)
        Whether a state that ends missions has occurred in any step so far.
    """

    def __init__(self, plan: Plan, chain: Conflict, draws: ConflictDraws) -> None:
        self.chain = chain
        self.draws = draws
        self.step_days = plan.step_days
        self.step_years = plan.step_years
        self.state: States = draws.start.copy()
        self.held = np.zeros(len(self.state), np.int32)
        self.steps = 0
        self.broken = np.zeros(len(self.state), np.bool_)
        self.ends = np.array([state.ends_mission for state in chain.states], np.bool_)
        self.lethal = any(state.deaths is not None for state in chain.states)
        self.withdraws = any(state.withdrawal is not None for state in chain.states)
        self.start = plan.start
        self.process = rule_of(CONFLICT_PROCESSES, chain.process)

    def advance(self, uniform: Floats, strength: NDArray[np.float32]) -> None:
        """One step, with the soldiers present in `strength`."""
        self.enter(self.next_state(uniform, strength))

    def next_state(self, uniform: Floats, strength: NDArray[np.float32]) -> States:
        """Where each lane goes: int8 (L,)."""
        chain, draws = self.chain, self.draws
        worsening = np.ones(len(self.state))
        if chain.hazard_ratio is not None:
            presence = np.minimum(1.0, strength.astype(np.float64) / chain.reference)
            worsening = draws.hazard_ratio**presence
        settled = np.ones(len(self.state))
        if chain.half_life_days:
            quiet = np.where(self.state == 0, self.held, 0)
            settled = np.exp2(-quiet * (self.step_days / chain.half_life_days))
        rates = np.zeros((len(chain.rates), len(self.state)))
        declared = self._declared(strength)
        for row, (here, there, _) in enumerate(chain.rates):
            rate = declared[row] * (self.state == here)
            if there > here:
                rate = rate * worsening
            if here == 0:
                rate = rate * settled
            rates[row] = rate
        total = rates.sum(axis=0) if len(rates) else np.zeros(len(self.state))
        leaves = -np.expm1(-total * self.step_years)
        # The uniform that says "something happens" also says what: the exits share [0, leaves).
        edge = np.zeros(len(self.state))
        new = self.state.copy()
        undecided = uniform < leaves
        scale = np.divide(leaves, total, out=np.zeros_like(total), where=total > 0)
        for row, (_, there, _) in enumerate(chain.rates):
            edge += rates[row] * scale
            hit = undecided & (uniform < edge)
            new[hit] = there
            undecided &= ~hit
        # Rounding may leave the last exit a hair short of `leaves`; then the last one applies.
        for row in range(len(chain.rates) - 1, -1, -1):
            rest = undecided & (rates[row] > 0)
            new[rest] = chain.rates[row][1]
            undecided &= ~rest
        return new

    def _declared(self, strength: NDArray[np.float32]) -> Floats:
        """What the process makes of the yearly rates: (transitions, L)."""
        rates = self.draws.rates
        if not len(rates):
            return rates
        wanted = {name: _GIVEN[name](self, strength) for name in self.process.given}
        return self.process(rates.shape, **wanted, **self.draws.process)

    def enter(self, new: States) -> None:
        """Be in these states from now on."""
        self.held = np.where(new == self.state, self.held + 1, 1).astype(np.int32)
        self.state = new
        self.steps += 1
        self.broken |= self.ends_mission()

    def ends_mission(self) -> NDArray[np.bool_]:
        """Lanes in a state that ends the mission."""
        return np.asarray(self.ends[self.state])

    def death_rate(self) -> Floats:
        """Deaths per soldier and step in the present state."""
        return self._of_state(self.draws.deaths) / 1000 * self.step_years

    def withdrawal_hazard(self) -> Floats:
        """A contributor's hazard of withdrawing in one step in the present state."""
        return self._of_state(self.draws.withdrawal) * self.step_years

    def _of_state(self, table: Floats) -> Floats:
        return np.asarray(np.take_along_axis(table, self.state[None].astype(np.intp), axis=0)[0])


# What a process may ask for: see `docs/how-to/plug-in.md`.
_GIVEN: Mapping[str, Callable[[ConflictChain, NDArray[np.float32]], Any]] = {
    "rates": lambda c, _: c.draws.rates,
    "origin": lambda c, _: np.array([here for here, _, _ in c.chain.rates]),
    "destination": lambda c, _: np.array([there for _, there, _ in c.chain.rates]),
    "state": lambda c, _: c.state,
    "held": lambda c, _: c.held * c.step_days,
    "strength": lambda _, strength: strength.astype(np.float64),
    "date": lambda c, _: c.start + datetime.timedelta(days=round(c.steps * c.step_days)),
    "step_years": lambda c, _: c.step_years,
}


class Patience:
    """When contributors lose patience: cumulative hazards against unit-exponential thresholds.

    All contributors of a lane meet the same hazard, times their own ratio, from their joining step
    on; after an exit it is multiplied by the contagion factor for a while.

    Attributes
    ----------
    gone : bool array (N, L)
        Contributors that have withdrawn.
    """

    def __init__(
        self, plan: Plan, chain: Conflict, patience: Floats, joined: NDArray[np.int32]
    ) -> None:
        self.chain = chain
        self.ratios = np.array(plan.withdrawal_ratios)
        with np.errstate(divide="ignore"):
            self.threshold = patience / self.ratios[:, None]
        self.gone = np.zeros(patience.shape, np.bool_)
        self.hazard = np.zeros(patience.shape[1])  # of a contributor of ratio 1, since step 0
        self.contagious_until = np.full(patience.shape[1], -NEVER, np.int32)
        # The hazard at which each contributor leaves; unknown before it joins.
        self.trigger = np.full(patience.shape, np.inf)
        self.next_trigger = np.full(patience.shape[1], np.inf)
        self.expect(joined, 0)

    def expect(self, joined: NDArray[np.int32], step: int) -> None:
        """From `step` on, contributors join in these steps: (N, L)."""
        order = np.argsort(joined, axis=None, kind="stable")
        self._order = np.unravel_index(order, joined.shape)
        self._when = joined.ravel()[order]
        self._next = int(np.searchsorted(self._when, step))

    def join(self, step: int) -> None:
        """Start the clocks of the contributors that join now."""
        until = int(np.searchsorted(self._when, step, side="right"))
        if until > self._next:
            nations, lanes = (axis[self._next : until] for axis in self._order)
            self.trigger[nations, lanes] = self.hazard[lanes] + self.threshold[nations, lanes]
            np.minimum.at(self.next_trigger, lanes, self.trigger[nations, lanes])
            self._next = until

    def leave(
        self, step: int, ended: NDArray[np.bool_]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """(contributor, lane) pairs that withdraw now; nobody leaves a mission that has ended."""
        lanes = np.flatnonzero((self.hazard >= self.next_trigger) & ~ended)
        if not len(lanes):
            return lanes, lanes
        leaving = (self.hazard[lanes] >= self.trigger[:, lanes]) & ~self.gone[:, lanes]
        nations, which = np.nonzero(leaving)
        self.release(step, nations, lanes[which])
        return nations, lanes[which]

    def release(self, step: int, nations: NDArray[np.intp], lanes: NDArray[np.intp]) -> None:
        """These pairs withdraw now, for whatever reason."""
        self.gone[nations, lanes] = True
        self.trigger[nations, lanes] = np.inf
        self.next_trigger[lanes] = self.trigger[:, lanes].min(axis=0)
        if self.chain.contagion_steps:
            self.contagious_until[lanes] = step + self.chain.contagion_steps

    def accrue(self, step: int, hazard: Floats) -> None:
        """Add one step's hazard."""
        contagious = step < self.contagious_until
        self.hazard += np.where(contagious, hazard * self.chain.contagion_factor, hazard)
