"""Both engines on the same futures, laid side by side step by step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from builders import by_pool, sends
from numpy.typing import NDArray

from sim.engine.core import Deployment
from sim.engine.forces import Pool
from sim.engine.futures import draw_futures
from sim.engine.muster import Muster, Pledge, muster, pledge
from sim.engine.plan import Plan
from sim.engine.pools import Pools
from sim.engine.units import simulate_units
from sim.engine.units_record import UnitRecord, verdict_of
from sim.engine.verdict import Verdict

Array = NDArray[Any]
Records = dict[int, UnitRecord]  # by lane
OF_POOLS = ("counted", "outgoing", "ready", "rested", "resting", "waiting")
GATES = ("pledged", "initial", "full", "held", "initial_at", "full_at", "cause")


class EnginesDifferError(AssertionError):
    """The two engines do not agree, or one of them loses units."""


@dataclass(frozen=True)
class Case:
    """One cell with its futures, and the lanes that are compared."""

    plan: Plan
    mandate: int
    size: int
    muster: Muster
    offer: Pledge
    lanes: tuple[int, ...]

    @property
    def asked(self) -> list[int]:
        """The pools that the mandate asks."""
        return sorted({line.pool for line in self.plan.mandates[self.mandate].lines})

    @property
    def nations(self) -> list[int]:
        """Their contributors."""
        return sorted({self.plan.pools[pool].contributor for pool in self.asked})


def case_of(plan: Plan, mandate: int, size: int, seed: int, replications: int, most: int) -> Case:
    """Draw a case: `most` of the lanes are compared, but the core simulates them all."""
    futures = draw_futures(plan, seed, 0, replications)
    lanes = muster(plan, mandate, futures)
    offer = pledge(plan, mandate, futures, lanes.lanes)
    return Case(plan, mandate, size, lanes, offer, tuple(range(min(most, lanes.count))))


def records_of(case: Case) -> Records:
    """The unit-level engine in every lane that is compared."""
    return {
        lane: simulate_units(case.plan, case.mandate, case.size, case.muster, lane)
        for lane in case.lanes
    }


@dataclass(frozen=True)
class CoreRun:
    """What the core did; the arrays of `history` have the steps first and the lanes last."""

    case: Case
    history: dict[str, Array]
    verdict: Verdict
    ended_at: Array
    ended_by_conflict: Array

    def over(self, lane: int) -> Array:
        """Steps in which the mission is over: bool (steps,)."""
        first = self.ended_at[lane] + self.ended_by_conflict[lane]
        return np.asarray(np.arange(self.case.plan.steps) >= first)


def run_core(case: Case) -> CoreRun:
    """The core, step by step; another size goes before, as one does in a run."""
    plan, lanes = case.plan, case.muster
    pools = Pools(plan, case.mandate, lanes)
    before = Deployment(plan, case.mandate, case.size // 2 + 1, lanes, pools)
    for _ in range(plan.steps):
        before.advance()
    deployment = Deployment(plan, case.mandate, case.size, lanes, pools)
    verdict = Verdict(plan, deployment.mandate, case.size, lanes, case.offer)
    nobody = np.zeros((len(plan.contributors), lanes.count), np.bool_)
    no_state = np.full(lanes.count, -1)
    history: dict[str, list[Array]] = {}
    for step in range(plan.steps):
        deployment.advance()
        verdict.observe(step, deployment)
        waits = lanes.start[case.asked] > step
        bias = np.where(waits, pools.bias, 0)
        row = {
            "sends": sends(pools, step),
            "ready": by_pool(pools, pools.ready, -pools.bias) + bias,
            "rested": by_pool(pools, pools.rested, -pools.bias) + bias,
            "used": by_pool(pools, pools.level - pools.room, 0),
            "present for": deployment.present,
            "counted for": deployment.counted,
            "strength": deployment.strength[None],
            "soldiers": deployment.soldiers,
            "breaches": deployment.breaches,
            "lift short": deployment.lift_short,
            "lost": deployment.lost,
            "withdrawn": deployment.patience.gone if deployment.patience else nobody,
            "conflict": (deployment.chain.state if deployment.chain else no_state)[None],
        }
        for name, values in row.items():  # copied now: the core goes on with its own books
            history.setdefault(name, []).append(np.array(values, np.int64))
    verdict.finish(plan.steps - 1, deployment)
    stacked = {name: np.stack(rows) for name, rows in history.items()}
    return CoreRun(case, stacked, verdict, deployment.ended_at, deployment.ended_by_conflict)


def of_core(run: CoreRun, lane: int) -> dict[str, Array]:
    """One lane of the core in the words of the unit-level engine: arrays (steps, ...).

    Where units are follows from what was sent and from where they stood at step 0. Only how many
    are ready is read off the core's counters, and everything must then add up.
    """
    case, plan = run.case, run.case.plan
    history = {name: values[..., lane] for name, values in run.history.items()}
    whole = {name: np.zeros((plan.steps, len(plan.pools)), np.int64) for name in OF_POOLS}
    for row, index in enumerate(case.asked):
        pool, units = plan.pools[index], case.muster.units[index][:, lane]
        serving = [line.pool == index for line in plan.mandates[case.mandate].lines]
        sends = history["sends"][:, serving].sum(axis=1)
        ready, rested = history["ready"][:, row], history["rested"][:, row]
        scheduled = units[segments(pool, plan.steps)]
        counted = sent_ago(sends, 0, pool.tour - pool.handover)
        outgoing = sent_ago(sends, pool.tour - pool.handover, pool.tour)
        released = run.over(lane) | history["withdrawn"][:, pool.contributor].astype(np.bool_)
        if pool.cycle:  # who is at home and not ready depends on windows: what is left over
            resting = scheduled - counted - outgoing - ready
        else:
            resting = sent_ago(sends, pool.tour, pool.tour + pool.least)
            resting += still_resting(case, index, lane)
        adds_up = (counted + outgoing + resting + ready == scheduled) & (resting >= 0)
        if not (adds_up | released).all():
            raise EnginesDifferError(f"the core loses units of {pool.name}, lane {lane}")
        if not ((history["used"][:, row] == counted) | released).all():
            raise EnginesDifferError(f"the core miscounts units of {pool.name}, lane {lane}")
        free = np.maximum(ready, 0), np.maximum(rested, 0)
        values = (counted, outgoing, *free, resting, np.maximum(-ready, 0))
        for name, value in zip(OF_POOLS, values, strict=True):
            whole[name][:, index] = np.where(released, 0, value)
    rest = {name: values for name, values in history.items() if name not in (*OF_POOLS, "used")}
    return whole | rest


def sent_ago(sends: Array, least: int, below: int) -> Array:
    """Units sent at least `least` and fewer than `below` steps ago, at every step."""
    total = np.concatenate([[0], sends.cumsum()])
    steps = np.arange(len(sends)) + 1
    return np.asarray(total[np.maximum(steps - least, 0)] - total[np.maximum(steps - below, 0)])


def segments(pool: Pool, steps: int) -> Array:
    """Segment of the pool's schedule at every step."""
    begins = [begin for begin, _ in pool.units]
    return np.searchsorted(begins, np.arange(steps), side="right") - 1


def still_resting(case: Case, index: int, lane: int) -> Array:
    """Units that have rested at home since before step 0, at every step."""
    pool, units = case.plan.pools[index], int(case.muster.units[index][0, lane])
    home = np.full(units, pool.rested_after)
    if pool.spread:
        offset, length = int(case.muster.offset[index, lane]), pool.tour + pool.rested_after
        spread = [(unit * 65536 + offset) * length // (units * 65536) for unit in range(units)]
        home = np.array(spread, np.int64)
    return np.asarray((home + np.arange(case.plan.steps)[:, None] < pool.least).sum(axis=1))


def of_units(record: UnitRecord, run: CoreRun, lane: int) -> dict[str, Array]:
    """The unit-level engine's record in the same form."""
    plan, nations = run.case.plan, run.case.nations
    released = run.over(lane)[:, None] | record.withdrawn[:, [p.contributor for p in plan.pools]]
    return {
        **{name: np.where(released, 0, getattr(record, name)) for name in OF_POOLS},
        "sends": record.sends,
        "present for": record.present_for,
        "counted for": record.counted_for,
        "strength": record.strength[:, None],
        "soldiers": record.soldiers[:, nations],
        "breaches": record.breaches.cumsum(axis=0)[:, nations],
        "lift short": record.lift_short.astype(np.int64),
        "lost": record.lost,
        "withdrawn": record.withdrawn.astype(np.int64),
        "conflict": record.conflict[:, None],
    }


def balance(record: UnitRecord, plan: Plan) -> None:
    """No unit comes out of nothing or goes there.

    Raises
    ------
    EnginesDifferError
        With the first step and pool in which units do not add up.
    """
    here = record.counted + record.outgoing + record.ready + record.resting + record.released
    owned = np.zeros_like(here)
    for index, pool in enumerate(plan.pools):
        owned[:, index] = np.array(pool.total_units)[segments(pool, plan.steps), 1]
    wrong = np.argwhere(here + record.held_back != owned + record.waiting)
    if len(wrong):
        step, pool_index = wrong[0]
        raise EnginesDifferError(
            f"units of {plan.pools[pool_index].name} do not add up in step {step}"
        )


def compare(case: Case, records: Records | None = None) -> None:
    """Run the core, and hold it against the unit-level engine in every lane of the case.

    Raises
    ------
    EnginesDifferError
        With the first step in which they differ, and both states.
    """
    if not case.muster.count:
        return
    run = run_core(case)
    for lane, record in (records_of(case) if records is None else records).items():
        balance(record, case.plan)
        _compare_states(run, record, lane)
        ends = run.ended_at[lane], run.ended_by_conflict[lane]
        if ends != (record.ended_at, record.ended_by_conflict):
            raise EnginesDifferError(
                f"lane {lane}: the mission ends {ends} in the core, not by units"
            )
        args = (case.plan, case.mandate, case.size, case.muster, case.offer, lane, record)
        verdict = verdict_of(*args)
        for gate in GATES:
            core, units = getattr(run.verdict, gate)[lane], getattr(verdict, gate)[0]
            if core != units:
                raise EnginesDifferError(f"lane {lane}, {gate}: core {core}, units {units}")


def _compare_states(run: CoreRun, record: UnitRecord, lane: int) -> None:
    core, units = of_core(run, lane), of_units(record, run, lane)
    assert core.keys() == units.keys()
    differ = {name: (core[name] != units[name]).any(axis=1) for name in core}
    first = min((int(steps.argmax()) for steps in differ.values() if steps.any()), default=-1)
    if first < 0:
        return
    plan, asked = run.case.plan, run.case.asked
    told = [f"lane {lane}, step {first} (authorised in {run.case.muster.authorised[lane]})"]
    for name in core:
        here = f"core {_list(core[name][first])}   units {_list(units[name][first])}"
        told.append(f"  {name:12} {here}{'   <--' if differ[name][first] else ''}")
    for index in asked:
        if any(core[name][first, index] != units[name][first, index] for name in OF_POOLS):
            told.append(f"  pool {index} differs: {plan.pools[index]}")
    raise EnginesDifferError("\n".join(told))


def _list(values: Iterable[Any]) -> str:
    return " ".join(str(int(value)) for value in values)
