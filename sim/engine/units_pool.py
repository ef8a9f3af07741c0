"""Units and their pools in the unit-level engine: what units do by themselves.

These are points 1 and 2 of a step in `docs/model.md`, Leave and Rest; the others are headquarters'.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import simpy

from sim.engine.forces import Pool
from sim.engine.plan import NEVER
from sim.engine.units_record import FREE, SENT, Event, State
from sim.engine.units_setting import Clock, Process


class Unit:
    """One unit: a process that rests, waits, serves, and begins again.

    Attributes
    ----------
    home_since
        Step of its return; with a readiness cycle, the step in which its cycle began.
    line
        Index of the line that it serves, once it has been sent.
    """

    def __init__(self, pool: UnitPool, home_since: int, state: State) -> None:
        self.pool, self.number = pool, len(pool.units) + 1
        self.home_since = home_since
        self.state = state
        self.line = -1
        self.sent_at = NEVER
        self.process = pool.clock.env.process(self.life())

    def life(self) -> Process:
        """Do what a unit does by itself; headquarters interrupts."""
        while True:
            try:
                yield from self.rest_in_cycle() if self.pool.plan.cycle else self.rest()
            except simpy.Interrupt as order:
                if order.cause != SENT:
                    return
            try:
                yield from self.leave()
            except simpy.Interrupt:
                return

    # -- 1. Leave ---------------------------------------------------------------------------------

    def leave(self) -> Process:
        """1. Leave: sent at step s, be outgoing from s+T-O on, and at home at s+T."""
        pool = self.pool.plan
        if pool.handover:
            yield self.pool.clock.until(self.sent_at + pool.tour - pool.handover)
            self.become(State.OUTGOING)
        yield self.pool.clock.until(self.sent_at + pool.tour)
        self.home_since = self.sent_at + pool.tour
        if pool.cycle:
            self.home_since += pool.demobilisation
        self.become(State.RESTING, "home")

    # -- 2. Rest ----------------------------------------------------------------------------------

    def rest(self) -> Process:
        """2. Rest: be ready after the least rest, rested after the whole of it."""
        pool = self.pool.plan
        if pool.least < pool.rested_after:
            yield self.pool.clock.until(self.home_since + pool.least)
            self.become(State.READY)
        yield self.pool.clock.until(self.home_since + pool.rested_after)
        self.become(State.RESTED)
        yield self.pool.clock.env.event()  # that never comes: the unit waits for orders

    def rest_in_cycle(self) -> Process:
        """2. Rest: be ready inside the window of each cycle.

        When the window passes unused, the cycle runs on to its end, and begins anew there.
        """
        cycle = self.pool.plan.cycle
        assert cycle is not None
        while True:
            if self.home_since + cycle.ready_until > self.pool.step:
                yield self.pool.clock.until(self.home_since + cycle.ready_from)
                self.become(State.RESTED)
                yield self.pool.clock.until(self.home_since + cycle.ready_until)
                self.become(State.RESTING, "cycle restarted", "its window passed unused")
            self.home_since += cycle.length

    # -- Orders -----------------------------------------------------------------------------------

    def send(self, line: int, reason: str) -> None:
        """Go to the theatre, in this step."""
        self.line, self.sent_at = line, self.pool.step
        self.become(State.COUNTED, SENT, reason)
        self.process.interrupt(SENT)

    def dismiss(self, state: State, event: str, reason: str) -> None:
        """Leave the routine for good: released or disbanded, or outgoing from an ended mission."""
        if self.process.is_alive:
            self.process.interrupt(event)
        self.become(state, event, reason)

    def become(self, state: State, event: str = "", reason: str = "") -> None:
        """Change the state, and say so."""
        self.pool.tally[self.state] -= 1
        self.pool.tally[state] += 1
        self.state = state
        self.pool.tell(self, event or state.value, reason)


class UnitPool:
    """The units of one pool, its schedule and its level.

    Parameters
    ----------
    contributor
        Name.
    scheduled
        Units that will really come, by segment of the pool's schedule.
    may_send_from
        Step.
    offset
        Where the even spread over the cycle begins, in 65536ths.
    mission
        Steps for which the force is to be kept up.
    log
        Takes down what happens.
    """

    def __init__(
        self,
        clock: Clock,
        plan: Pool,
        contributor: str,
        scheduled: list[int],
        may_send_from: int,
        offset: int,
        mission: int,
        log: list[Event],
    ) -> None:
        self.clock, self.plan, self.contributor, self.log = clock, plan, contributor, log
        self.scheduled, self.may_send_from, self.mission = scheduled, may_send_from, mission
        self.units: list[Unit] = []
        self.tally: Counter[State] = Counter()
        self.segment = 0
        self.to_disband = 0
        self.released = False  # whether its contributor has withdrawn, or the mission is over
        self.level = self.level_of(scheduled[0])
        whole = plan.cycle.length if plan.cycle else plan.tour + plan.rested_after
        for unit in range(scheduled[0]):
            spread = (unit * 65536 + offset) * whole // (scheduled[0] * 65536)
            self.add(-spread if plan.spread else -self.until_rested, State.RESTING)

    @property
    def step(self) -> int:
        """The present step."""
        return self.clock.step

    @property
    def until_rested(self) -> int:
        """Steps until a unit is rested; with a readiness cycle, after its beginning."""
        return self.plan.cycle.ready_from if self.plan.cycle else self.plan.rested_after

    def level_of(self, units: int) -> int:
        """Work out the presence that so many units can keep up for the whole mission."""
        counted = self.plan.tour - self.plan.handover
        round_trip = self.plan.tour + self.until_rested
        if self.plan.cycle:
            round_trip += self.plan.demobilisation
        turns = max(1, -(-self.mission // counted))
        return max(1, units * counted // round_trip, units // turns)

    def add(self, home_since: int, state: State) -> Unit:
        """Add a unit."""
        self.units.append(Unit(self, home_since, state))
        self.tally[state] += 1
        return self.units[-1]

    def follow_schedule(self) -> None:
        """2. Rest: raise units when the schedule grows, disband them when it shrinks."""
        self.disband()
        following = self.segment + 1
        if following < len(self.scheduled) and self.plan.units[following][0] == self.step:
            raised = self.scheduled[following] - self.scheduled[self.segment] - self.to_disband
            self.segment, self.to_disband = following, max(0, -raised)
            for _ in range(raised):
                self.raise_unit()
            self.level = self.level_of(self.scheduled[following])
            self.disband()

    def disband(self) -> None:
        """Disband units that have come up, as many as are still to be disbanded."""
        if self.to_disband:
            for unit in self.in_line((*FREE, State.RELEASED))[: self.to_disband]:
                unit.dismiss(State.DISBANDED, "disbanded", "by the schedule")
                self.to_disband -= 1

    def raise_unit(self) -> None:
        """Raise a unit; it is rested at once."""
        unit = self.add(self.step - self.until_rested, State.RESTED)
        self.tell(unit, "raised", "by the schedule")
        if self.released:
            unit.dismiss(State.RELEASED, "dismissed", "no longer needed")

    def in_line(self, states: Iterable[State]) -> list[Unit]:
        """List the units in these states, the longest at home first."""
        found = [unit for unit in self.units if unit.state in states]
        return sorted(found, key=lambda unit: (unit.home_since, unit.number))

    def count(self, states: Iterable[State]) -> int:
        """Count the units in these states."""
        return sum([self.tally[state] for state in states])

    def available(self, surge: bool) -> int:
        """Count the units that may be sent in this round; none before the end of the notice."""
        if self.released or self.step < self.may_send_from:
            return 0
        if surge:
            return self.count(FREE)
        return min(self.tally[State.RESTED], max(0, self.level - self.tally[State.COUNTED]))

    def tell(self, unit: Unit, event: str, reason: str = "") -> None:
        """Take down what happened to a unit."""
        self.log.append(
            Event(self.step, self.contributor, self.plan.name, unit.number, event, reason)
        )
