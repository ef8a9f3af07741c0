"""Both engines on the same futures, laid side by side step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.core import Deployment
from sim.engine.futures import draw_futures
from sim.engine.muster import Muster, Pledge, muster, pledge
from sim.engine.plan import NEVER, Plan
from sim.engine.pools import Pools
from sim.engine.units import simulate_units
from sim.engine.units_record import UnitRecord, verdict_of
from sim.engine.verdict import Verdict

Array = NDArray[Any]
GATES = ("pledged", "initial", "full", "held", "initial_at", "full_at", "cause")


@dataclass(frozen=True)
class Case:
    """One cell with its futures, and the lanes that are compared."""

    plan: Plan
    mandate: int
    size: int
    muster: Muster
    offer: Pledge
    lanes: tuple[int, ...]


def case_of(
    plan: Plan, mandate: int, size: int, seed: int, replications: int, most: int
) -> Case:
    """Draw a case: `most` of the lanes are compared, but the core simulates them all."""
    futures = draw_futures(plan, seed, 0, replications)
    lanes = muster(plan, mandate, futures)
    offer = pledge(plan, mandate, futures, lanes.lanes)
    return Case(plan, mandate, size, lanes, offer, tuple(range(min(most, lanes.count))))


@dataclass(frozen=True)
class CoreRun:
    """What the core did; every array has the steps first and the lanes last."""

    case: Case
    history: dict[str, Array]
    verdict: Verdict
    ended_at: Array
    ended_by_conflict: Array


def run_core(case: Case) -> CoreRun:
    plan, lanes = case.plan, case.muster
    pools = Pools(plan, case.mandate, lanes)
    deployment = Deployment(plan, case.mandate, case.size, lanes, pools)
    verdict = Verdict(plan, deployment.mandate, case.size, lanes, case.offer)
    history: dict[str, list[Array]] = {}
    nobody = np.zeros((len(plan.contributors), lanes.count), np.bool_)
    for step in range(plan.steps):
        deployment.advance()
        verdict.observe(step, deployment)
        row = {
            # Copied now: the core's own books may be changed later.
            "sends": pools.sent[:, step],
            "ready": pools.ready + np.where(_not_yet(case, pools, step), pools.bias, 0),
            "rested": pools.rested + np.where(_not_yet(case, pools, step), pools.bias, 0),
            "used": pools.used,
            "present for": deployment.present,
            "counted for": deployment.counted,
            "strength": deployment.strength[None],
            "soldiers": deployment.soldiers,
            "breaches": deployment.breaches,
            "lift short": deployment.lift_short,
            "lost": deployment.lost,
            "withdrawn": deployment.patience.gone if deployment.patience else nobody,
            "conflict": deployment.chain.state[None]
            if deployment.chain
            else np.full((1, lanes.count), -1),
        }
        for name, values in row.items():
            history.setdefault(name, []).append(np.array(values, np.int64))
    verdict.finish(plan.steps - 1, deployment)
    stacked = {name: np.stack(rows) for name, rows in history.items()}
    return CoreRun(case, stacked, verdict, deployment.ended_at, deployment.ended_by_conflict)


def _not_yet(case: Case, pools: Pools, step: int) -> Array:
    return np.asarray(case.muster.start[list(pools.indices)] > step)


def of_core(run: CoreRun, lane: int) -> dict[str, Array]:
    """The core's lane in the words of the unit-level engine: arrays (steps, ...).

    Where units are follows from what was sent and where they stood at step 0; only who is ready is
    taken from the core's counters (and must then add up).
    """
    case, plan = run.case, run.case.plan
    lines = plan.mandates[case.mandate].lines
    history = {name: values[..., lane] for name, values in run.history.items()}
    asked = sorted({line.pool for line in lines})
    names = ("counted", "outgoing", "ready", "rested", "resting", "waiting")
    pools = {name: np.zeros((plan.steps, len(plan.pools)), np.int64) for name in names}
    over = np.arange(plan.steps) > run.ended_at[lane]
    if not run.ended_by_conflict[lane]:
        over |= np.arange(plan.steps) == run.ended_at[lane]
    for row, index in enumerate(asked):
        pool, units = plan.pools[index], case.muster.units[index][:, lane]
        sends = sum(
            (history["sends"][:, k] for k, line in enumerate(lines) if line.pool == index),
            np.zeros(plan.steps, np.int64),
        )
        released = over | history["withdrawn"][:, pool.contributor].astype(bool)
        scheduled = np.array(
            [
                units[max(k for k, (begin, _) in enumerate(pool.units) if begin <= step)]
                for step in range(plan.steps)
            ]
        )

        def sent_ago(first: int, last: int, sends: Array = sends) -> Array:
            """Units sent at least `first` and fewer than `last` steps ago, at every step."""
            return np.array(
                [sends[max(0, t - last + 1) : max(0, t - first + 1)].sum() for t in range(plan.steps)]
            )

        counting = pool.tour - pool.handover
        ready, rested = history["ready"][:, row], history["rested"][:, row]
        counted, outgoing = sent_ago(0, counting), sent_ago(counting, pool.tour)
        resting = scheduled - counted - outgoing - ready
        if pool.cycle is None:
            at_home = [pool.rested_after] * units[0]
            if pool.spread:
                offset, cycle = int(case.muster.offset[index, lane]), pool.cycle_length
                at_home = [(i * 65536 + offset) * cycle // (units[0] * 65536) for i in range(units[0])]
            still = [sum(h + t < pool.least for h in at_home) for t in range(plan.steps)]
            resting = np.array(still) + sent_ago(pool.tour, pool.tour + pool.least)
            unbalanced = ~released & (counted + outgoing + ready + resting != scheduled)
            if unbalanced.any():
                raise AssertionError(f"the core loses units of {pool.name}: step {unbalanced.argmax()}")
        if not (history["used"][:, row] == counted)[~released].all():
            raise AssertionError(f"the core miscounts {pool.name} against what it sent")
        values = (counted, outgoing, np.maximum(ready, 0), np.maximum(rested, 0), resting)
        for name, value in zip(names, (*values, np.maximum(-ready, 0)), strict=True):
            pools[name][:, index] = np.where(released, 0, value)
    return {
        **pools,
        **{name: values for name, values in history.items() if name not in (*names, "used")},
    }


def of_units(record: UnitRecord, plan: Plan, nations: list[int]) -> dict[str, Array]:
    """The unit-level engine's record in the same form."""
    released = (record.released > 0) | record.withdrawn[:, [p.contributor for p in plan.pools]]
    if record.ended_at < NEVER:
        over = np.arange(plan.steps) >= record.ended_at + record.ended_by_conflict
        released |= over[:, None]
    pools = {
        name: np.where(released, 0, getattr(record, name))
        for name in ("counted", "outgoing", "ready", "rested", "resting", "waiting")
    }
    return {
        **pools,
        "sends": record.sends,
        "present for": record.present_for,
        "counted for": record.counted_for,
        "strength": record.strength[:, None],
        "soldiers": record.soldiers[:, nations],
        "breaches": record.breaches.cumsum(axis=0)[:, nations],
        "lift short": record.lift_short,
        "lost": record.lost,
        "withdrawn": record.withdrawn,
        "conflict": record.conflict[:, None],
    }


def unbalanced(record: UnitRecord, plan: Plan) -> str:
    """Where units of the unit-level engine came out of nothing, or went there; or nothing."""
    here = record.counted + record.outgoing + record.ready + record.resting + record.released
    all_units = np.array(
        [
            [[n for begin, n in pool.total_units if begin <= step][-1] for pool in plan.pools]
            for step in range(plan.steps)
        ]
    ).reshape(here.shape)
    wrong = np.argwhere(here + record.held_back != all_units + record.waiting)
    return "" if not len(wrong) else f"units of pool {wrong[0][1]} do not add up in step {wrong[0][0]}"


def difference(run: CoreRun, record: UnitRecord, lane: int) -> str:
    """The first step in which the engines differ, with both states; nothing where they agree."""
    plan, case = run.case.plan, run.case
    lines = plan.mandates[case.mandate].lines
    nations = sorted({plan.pools[line.pool].contributor for line in lines})
    core, units = of_core(run, lane), of_units(record, plan, nations)
    assert core.keys() == units.keys()
    steps = {
        name: int((core[name] != units[name]).any(axis=1).argmax())
        for name in core
        if (core[name] != units[name]).any()
    }
    if steps:
        first = min(steps.values())
        told = [f"lane {lane}, step {first} (authorised at {case.muster.authorised[lane]}):"]
        for name in core:
            mark = "  <--" if steps.get(name) == first else ""
            told.append(
                f"  {name:12} core {core[name][first].tolist()}  units {units[name][first].tolist()}{mark}"
            )
        for index in range(len(plan.pools)):
            for name in ("ready", "rested", "resting", "counted", "outgoing"):
                if core[name][first, index] != units[name][first, index]:
                    told.append(f"  {name} differs in pool {index}: {plan.pools[index]}")
        return "\n".join(told)
    if (run.ended_at[lane], run.ended_by_conflict[lane]) != (
        record.ended_at,
        record.ended_by_conflict,
    ):
        return f"lane {lane}: ended at {run.ended_at[lane]} in the core, {record.ended_at} by units"
    verdict = verdict_of(plan, case.mandate, case.size, case.muster, case.offer, lane, record)
    for gate in GATES:
        ours, theirs = getattr(verdict, gate)[0], getattr(run.verdict, gate)[lane]
        if ours != theirs:
            return f"lane {lane}: the verdicts differ in '{gate}': core {theirs}, units {ours}"
    return ""


def records_of(case: Case) -> dict[int, UnitRecord]:
    """The unit-level engine in every lane that is compared."""
    return {
        lane: simulate_units(case.plan, case.mandate, case.size, case.muster, lane)
        for lane in case.lanes
    }


def disagreement(case: Case, records: dict[int, UnitRecord] | None = None) -> str:
    """The first difference in any lane of a case, or nothing."""
    if not case.muster.count:
        return ""
    run = run_core(case)
    for lane, record in (records_of(case) if records is None else records).items():
        told = unbalanced(record, case.plan) or difference(run, record, lane)
        if told:
            return told
    return ""
