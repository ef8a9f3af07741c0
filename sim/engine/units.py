"""The unit-level engine: one replication of one cell, unit by unit, on SimPy.

Every unit is a process, every corridor a container, every step an event. Written from
`docs/model.md`, point by point, and not from the vectorised core: the two share the draws, the
conflict and the verdict, but nothing that handles units, and must agree to the last soldier.

Time t is the turn of step t, when units change by themselves (Leave and Rest, points 1 and 2 of a
step: `sim.engine.units_pool`); half a step later headquarters decides (points 3 to 7:
`sim.engine.headquarters`). So everybody has left or rested before anybody is sent. The environment
may be anybody's (see `UnitDeployment`).
"""

from __future__ import annotations

from sim.engine.headquarters import Headquarters
from sim.engine.muster import Muster
from sim.engine.plan import Plan
from sim.engine.units_pool import UnitPool
from sim.engine.units_record import Event, UnitRecord, only_lane
from sim.engine.units_setting import Clock, Environment, Process, Way


class UnitDeployment:
    """One replication of one cell in an environment, which somebody else runs.

    Parameters
    ----------
    env
        The environment; the time in it is the beginning of step 0.
    plan
        The scenario in steps and soldiers.
    mandate
        Index of the mandate.
    size
        Soldiers asked for.
    muster
        Who stands ready, lane by lane (see `sim.engine.muster`).
    lane
        Which of its lanes: a replication in which the mandate is authorised.
    step_length
        Environment time that one step takes.

    Attributes
    ----------
    headquarters : Headquarters
        Who decides, and how everything stands.
    decided : int
        The last step decided; -1 before the first.
    finished : simpy.Process
        Ends with the last step; its value is the `UnitRecord`.
    """

    def __init__(
        self,
        env: Environment,
        plan: Plan,
        mandate: int,
        size: int,
        muster: Muster,
        lane: int,
        step_length: float = 1.0,
    ) -> None:
        one = only_lane(muster, lane)
        lines, mission = plan.mandates[mandate].lines, plan.mandates[mandate].criteria.mission
        self.clock, self.log = Clock(env, step_length), list[Event]()
        self.pools = {
            index: UnitPool(
                self.clock,
                plan.pools[index],
                plan.contributors[plan.pools[index].contributor],
                [int(units[0]) for units in one.units[index]],
                int(one.start[index, 0]),
                int(one.offset[index, 0]),
                mission,
                self.log,
            )
            for index in sorted({line.pool for line in lines})
        }
        used = [pool.plan for pool in self.pools.values()]
        ways = {
            corridor: Way(
                env,
                max(pool.strength for pool in used if pool.corridor == corridor),
                [float(lift) for lift in one.lift[corridor, :, one.lanes[0]]],
            )
            for corridor in sorted({pool.corridor for pool in used} - {-1})
        }
        self.headquarters = Headquarters(plan, mandate, size, one, self.pools, ways)
        self.decided = -1
        self.finished = env.process(self.steps(plan.steps))

    def steps(self, count: int) -> Process:
        """Decide step by step; after the last one let all units go, and hand in the record."""
        for step in range(count):
            yield self.clock.until(step + 0.5)
            self.headquarters.decide(step)
            self.decided = step
        for unit in [unit for pool in self.pools.values() for unit in pool.units]:
            if unit.process.is_alive:
                unit.process.interrupt("over")
        yield self.clock.until(count)
        return self.headquarters.bind(tuple(self.log))


def simulate_units(plan: Plan, mandate: int, size: int, muster: Muster, lane: int) -> UnitRecord:
    """Simulate one replication of one cell, unit by unit, in an environment of its own.

    Parameters as for `UnitDeployment`.
    """
    env = Environment()
    record = env.run(UnitDeployment(env, plan, mandate, size, muster, lane).finished)
    assert isinstance(record, UnitRecord)
    return record
