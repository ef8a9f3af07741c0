"""Headquarters of the unit-level engine: points 3 to 7 of a step, as `docs/model.md` has them.

Points 1 and 2, Leave and Rest, are done by the units themselves (`sim.engine.units_pool`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.engine.conflict import ConflictChain, Patience
from sim.engine.forces import Line
from sim.engine.muster import Muster
from sim.engine.plan import NEVER, Plan
from sim.engine.sharing import weights_of
from sim.engine.units_record import FREE, IN_THEATRE, Event, State, UnitRecord

if TYPE_CHECKING:
    from sim.engine.units_pool import Unit, UnitPool
    from sim.engine.units_setting import Way

COUNTED = (State.COUNTED,)
RECORDED = (State.COUNTED, State.OUTGOING, State.RESTED, State.RESTING, State.RELEASED)


class Headquarters:
    """Who decides: withdrawals, needs, who is sent, and what is written down.

    Parameters
    ----------
    plan
        The scenario in steps and soldiers.
    mandate
        Index of the mandate.
    size
        Soldiers asked for.
    muster
        A single lane.
    pools
        The pools that the mandate asks, by their index.
    ways
        The corridors that limit them, by index.
    """

    def __init__(
        self,
        plan: Plan,
        mandate: int,
        size: int,
        muster: Muster,
        pools: dict[int, UnitPool],
        ways: dict[int, Way],
    ) -> None:
        self.plan, self.mandate, self.size, self.muster = plan, plan.mandates[mandate], size, muster
        self.pools, self.ways = pools, ways
        self.lines = self.mandate.lines
        self.contingents = [
            [pool for pool in pools.values() if pool.plan.contributor == nation]
            for nation in range(len(plan.contributors))
        ]
        self.step = 0
        self.authorised = int(muster.authorised[0])
        self.capabilities = tuple(c for c, share in enumerate(self.mandate.shares) if share > 0)
        self.need = dict.fromkeys(self.capabilities, 0)
        self.lost = dict.fromkeys(self.capabilities, 0)
        self.ended_at, self.ended_by_conflict = NEVER, False
        self.over_since = NEVER  # the first step of the exit
        self.there_at_end: list[list[Unit]] = []  # per line, the units present when it began
        self.chain: ConflictChain | None = None
        if self.mandate.conflict and muster.conflict:
            self.chain = ConflictChain(plan, self.mandate.conflict, muster.conflict)
            self.patience = Patience(plan, self.mandate.conflict, muster.patience, muster.joined)
        self.pages = self._blank_pages()

    def decide(self, step: int) -> None:
        """Do everything in a step that units do not do by themselves, in the order of the model."""
        self.step = step
        for pool in self.pools.values():
            pool.follow_schedule()  # the end of 2. Rest: units are raised and disbanded
        self.withdraw()
        self.find_need()
        self.send()
        self.conflict()
        self.record()

    # -- 3. Join / withdraw -----------------------------------------------------------------------

    def withdraw(self) -> None:
        """3. Join / withdraw: an ended mission leaves over some time, a contributor at once.

        From when on a contributor that joins may send is in `UnitPool.available`.
        """
        if self.ended_at == NEVER and self.step == int(self.muster.refused_renewal[0]):
            self.ended_at = self.step
        if self.ended_at != NEVER and self.over_since == NEVER:
            self.over_since = self.step
            self.begin_exit()
        if self.over_since != NEVER:
            self.go_on_with_exit()
        if self.chain:
            self.patience.join(self.step)
            for nation in self.patience.leave(self.step, np.array([self.over_since != NEVER]))[0]:
                self.dismiss(int(nation))

    def begin_exit(self) -> None:
        """Call the mission off: nobody is sent any more, and nobody counts."""
        here = [u for pool in self.pools.values() for u in pool.units if u.state in IN_THEATRE]
        self.there_at_end = [[u for u in here if u.line == line] for line in range(len(self.lines))]
        for unit in here:
            unit.dismiss(State.OUTGOING, "outgoing", "the mission is over")
        for pool in self.pools.values():
            pool.released = True
            for unit in pool.units:
                if unit.state in (*FREE, State.RESTING):
                    unit.dismiss(State.RELEASED, "dismissed", "the mission is over")

    def go_on_with_exit(self) -> None:
        """Leave floor(N (W - k) / W) units of each line there in the k-th step."""
        over = self.mandate.withdrawn_over
        left = max(0, over - (self.step - self.over_since + 1))
        for units in self.there_at_end:
            for unit in units[: len(units) - len(units) * left // over]:
                if unit.state is State.OUTGOING:
                    unit.dismiss(State.RELEASED, "dismissed", "the mission is over")

    def dismiss(self, nation: int) -> None:
        """Take all of a contributor's units home; it sends none again."""
        for pool in self.contingents[nation]:
            pool.released = True
            for unit in pool.units:
                if unit.state in IN_THEATRE:
                    self.lost[self.lines[unit.line].capability] += self.lines[unit.line].worth
                if unit.state is not State.DISBANDED:
                    unit.dismiss(State.RELEASED, "withdrawn", "its contributor withdrew")

    # -- 4. Need ------------------------------------------------------------------------------

    def find_need(self) -> None:
        """4. Need: what each capability lacks, from the authorisation to the end."""
        elapsed = self.step - self.authorised
        self.need = dict.fromkeys(self.capabilities, 0)
        if elapsed < 0 or self.over_since != NEVER:
            return
        phase = [share for begin, share in self.mandate.phases if begin <= elapsed][-1]
        counted = self.serving(COUNTED)
        for capability in self.capabilities:
            target = int(self.size * phase * self.mandate.shares[capability] + 0.5)
            self.need[capability] = max(0, target - counted[capability])

    def serving(self, states: tuple[State, ...]) -> dict[int, int]:
        """Add up what units in these states are worth to each capability, in soldiers."""
        worth = dict.fromkeys(self.capabilities, 0)
        for pool in self.pools.values():
            for unit in pool.units if pool.count(states) else ():
                if unit.state in states:
                    worth[self.lines[unit.line].capability] += self.lines[unit.line].worth
        return worth

    # -- 5. Send ------------------------------------------------------------------------------

    def send(self) -> None:
        """5. Send: primary lines, then substitutes; each group up to the level, then in a surge."""
        for way in self.ways.values():
            way.begin(self.step)
        for substitute in (False, True):
            group = [i for i, line in enumerate(self.lines) if line.substitute == substitute]
            for surge in (False, True) if self.plan.surge else (False,):
                if self.plan.proportional:
                    for capability in self.capabilities:
                        same = [i for i in group if self.lines[i].capability == capability]
                        self.share(capability, same, surge)
                else:
                    for index in group:
                        self.ask(index, self.need[self.lines[index].capability], surge)

    def share(self, capability: int, group: list[int], surge: bool) -> None:
        """Ask the first i lines together for N W_i / W, rounded up, less what has been sent."""
        need = self.need[capability]
        weight = weights_of(self, group, need, surge) if need else []
        for nth, index in enumerate(group):
            if sum(weight):
                together = -(-need * sum(weight[: nth + 1]) // sum(weight))
                sent = need - self.need[capability]
                self.ask(index, together - sent, surge)

    def available(self, line: Line, surge: bool) -> int:
        """Count the units that a line may send in this round."""
        return self.pools[line.pool].available(surge)

    def ask(self, index: int, need: int, surge: bool) -> None:
        """Send whole units: as available, as needed, as the cap and the corridor allow."""
        line = self.lines[index]
        pool = self.pools[line.pool]
        strength, nation = pool.plan.strength, pool.plan.contributor
        wanted = min(pool.available(surge), -(-need // line.worth)) if need > 0 else 0
        cap = float(self.muster.cap[nation, 0])
        if wanted and cap < np.inf:
            wanted = min(wanted, (int(cap) - self.soldiers_of(nation)) // strength)
        if wanted <= 0:
            return
        way = self.ways.get(pool.plan.corridor)
        units = min(wanted, way.fits(strength)) if way else wanted
        if units < wanted:
            row = self.capabilities.index(line.capability)
            self.pages["lift_short"][self.step, row] = True
        if way and units:
            way.use(units * strength)
        for unit in pool.in_line(FREE if surge else (State.RESTED,))[:units]:
            breach = unit.state is not State.RESTED
            reason = f"for {self.plan.capabilities[line.capability]}"
            reason += ", as a substitute" * line.substitute + ", in a surge" * surge
            unit.send(index, reason + ", before it was rested" * breach)
            self.pages["breaches"][self.step, nation] += breach
        self.pages["sends"][self.step, index] += units
        self.need[line.capability] = max(0, self.need[line.capability] - units * line.worth)

    def soldiers_of(self, nation: int) -> int:
        """Count the soldiers that a contributor has in the theatre."""
        return sum(
            [pool.count(IN_THEATRE) * pool.plan.strength for pool in self.contingents[nation]]
        )

    # -- 6. Conflict --------------------------------------------------------------------------

    def conflict(self) -> None:
        """6. Conflict: see whether peace holds, and whose patience it tries."""
        if not self.chain:
            return
        strength = sum(self.soldiers_of(nation) for nation in range(len(self.plan.contributors)))
        uniform = self.muster.conflict_uniform[self.step, self.muster.lanes]
        self.chain.advance(uniform, np.array([strength], np.float32))
        self.patience.accrue(self.step, self.chain.withdrawal_hazard())
        ends = bool(self.chain.ends_mission()[0]) and self.step >= self.authorised
        if ends and self.ended_at == NEVER:
            self.ended_at, self.ended_by_conflict = self.step, True

    # -- 7. Record ----------------------------------------------------------------------------

    def record(self) -> None:
        """7. Record: write down how everything stands."""
        page = {name: values[self.step] for name, values in self.pages.items()}
        asked, pools = list(self.pools), self.pools.values()
        for state in RECORDED:
            page[state.value][asked] = [pool.tally[state] for pool in pools]
        page["ready"][asked] = [pool.count(FREE) for pool in pools]
        page["waiting"][asked] = [pool.to_disband for pool in pools]
        page["held_back"][:] = [
            [units for begin, units in pool.total_units if begin <= self.step][-1]
            for pool in self.plan.pools
        ]
        for index, pool in self.pools.items():
            page["held_back"][index] -= pool.scheduled[pool.segment]
        present, counted = self.serving(IN_THEATRE), self.serving(COUNTED)
        page["present_for"][:] = [present[c] for c in self.capabilities]
        page["counted_for"][:] = [counted[c] for c in self.capabilities]
        page["lost"][:] = [self.lost[c] for c in self.capabilities]
        page["soldiers"][:] = [self.soldiers_of(n) for n in range(len(self.plan.contributors))]
        self.pages["strength"][self.step] = page["soldiers"].sum()
        if self.chain:
            self.pages["conflict"][self.step] = self.chain.state[0]
            page["withdrawn"][:] = self.patience.gone[:, 0]

    def bind(self, log: tuple[Event, ...]) -> UnitRecord:
        """Bind what was written down, step by step, and the log of the units."""
        phases = tuple(
            (self.authorised + begin, number)
            for number, (begin, _) in enumerate(self.mandate.phases)
        )
        return UnitRecord(
            **self.pages,
            capabilities=self.capabilities,
            ended_at=self.ended_at,
            ended_by_conflict=self.ended_by_conflict,
            phases=phases,
            log=log,
        )

    def _blank_pages(self) -> dict[str, Any]:
        steps, pools, asked = self.plan.steps, len(self.plan.pools), len(self.capabilities)
        nations = len(self.plan.contributors)

        def blank(*shape: int, kind: type[Any] = np.int32) -> Any:
            return np.zeros((steps, *shape), kind)

        by_pool = ("ready", "waiting", "held_back", *(state.value for state in RECORDED))
        return {
            **{name: blank(pools) for name in by_pool},
            "sends": blank(len(self.lines)),
            "present_for": blank(asked),
            "counted_for": blank(asked),
            "strength": blank(),
            "soldiers": blank(nations),
            "breaches": blank(nations),
            "conflict": np.full(steps, -1, np.int8),
            "withdrawn": blank(nations, kind=np.bool_),
            "lift_short": blank(asked, kind=np.bool_),
            "lost": blank(asked),
        }
