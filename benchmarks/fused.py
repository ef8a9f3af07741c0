"""The comparator: the same model as one straightforward loop, lane by lane, compiled with Numba.

Written from `docs/model.md` as one would write it in C: no lists of events, no turns, every pool
looked at in every step. It leaves out substitutes, readiness cycles and shared burdens, which the
reference mandates do not have, and pools that grow by date (see `without_growth`); it must give
the same integers as the core.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numba import njit

from sim.engine.muster import Muster
from sim.engine.plan import NEVER, Plan


def without_growth(plan: Plan) -> Plan:
    """The plan with every pool as large throughout as it is at the start, as the loop has it."""
    return replace(plan, pools=tuple(replace(p, units=p.units[:1]) for p in plan.pools))


def inputs_of(plan: Plan, index: int, size: int, muster: Muster) -> tuple[Any, ...]:
    """What the loop reads; ValueError where the mandate has what the loop leaves out."""
    mandate = plan.mandates[index]
    pools = [plan.pools[line.pool] for line in mandate.lines]
    left_out = plan.proportional or any(line.substitute for line in mandate.lines)
    left_out |= any(pool.cycle or len(pool.units) > 1 or not pool.spread for pool in pools)
    if left_out or not (mandate.conflict and muster.conflict):
        raise ValueError(f"the loop does not have all that '{mandate.name}' needs")
    chain, draws = mandate.conflict, muster.conflict
    capabilities = [c for c, share in enumerate(mandate.shares) if share > 0]
    nations = sorted({pool.contributor for pool in pools})
    index_of = [line.pool for line in mandate.lines]

    def of(key: str) -> Any:
        return np.array([getattr(pool, key) for pool in pools], np.int64)

    units = np.stack([muster.units[p][0] for p in index_of]).T.copy()
    most = int(units.max(initial=0))
    mission = mandate.criteria.mission
    level = np.array([[pool.level(n, mission) for n in range(most + 1)] for pool in pools])
    largest = np.zeros(len(plan.corridors) + 1)
    for pool in pools:
        largest[pool.corridor] = max(largest[pool.corridor], pool.strength)
    targets = np.array(
        [[mandate.targets(size, share)[c] for c in capabilities] for _, share in mandate.phases]
    )
    with np.errstate(divide="ignore"):
        threshold = muster.patience / np.array(plan.withdrawal_ratios)[:, None]
    return (
        of("tour"), of("tour") - of("handover"), of("least"), of("rested_after"), of("strength"),
        of("corridor"), np.array([nations.index(pool.contributor) for pool in pools]),
        np.array([capabilities.index(pool.capability) for pool in pools]), plan.surge, level,
        largest, units, np.ascontiguousarray(muster.offset[index_of].T),
        np.ascontiguousarray(muster.start[index_of].T),
        np.ascontiguousarray(muster.cap[nations].T.astype(np.float64)),
        np.ascontiguousarray(muster.lift[..., muster.lanes].transpose(2, 1, 0).astype(np.float64)),
        muster.authorised, muster.refused_renewal, mandate.withdrawn_over,
        np.array([after for after, _ in mandate.phases]), targets,
        np.ascontiguousarray(muster.conflict_uniform[:, muster.lanes].T),
        np.ascontiguousarray(muster.joined[nations].T), np.ascontiguousarray(threshold[nations].T),
        draws.start.astype(np.int64), draws.rates.T.copy(), draws.withdrawal.T.copy(),
        draws.hazard_ratio, np.array([here for here, _, _ in chain.rates], np.int64),
        np.array([there for _, there, _ in chain.rates], np.int64),
        np.array([state.ends_mission for state in chain.states]), chain.hazard_ratio is not None,
        float(chain.reference), plan.step_days / chain.half_life_days if chain.half_life_days
        else 0.0, plan.step_years, chain.contagion_factor, chain.contagion_steps,
    )  # fmt: skip


@njit(cache=True)
def fused(  # type: ignore[no-untyped-def]
    tour, counting, least, rested_after, strength, corridor, nation, row, surge, level,
    largest, units, offset, start, cap, lift, authorised, refused, over, phase_after, targets,
    uniform, joined, threshold, first_state, rates, withdrawal, hazard_ratio, come_from, go_to,
    ends, deters, reference, settling, step_years, contagion_factor, contagion_steps,
):  # fmt: skip
    """Strength (lanes, steps), present at the end (lanes, C), breaches (lanes, N)."""
    lanes, lines, steps = units.shape[0], units.shape[1], uniform.shape[1]
    rows, nations, ways = targets.shape[1], cap.shape[1], lift.shape[2]
    strengths = np.zeros((lanes, steps), np.int64)
    breaches = np.zeros((lanes, nations), np.int64)
    presents = np.zeros((lanes, rows), np.int64)
    longest = rested_after.max()
    for lane in range(lanes):
        sent = np.zeros((steps, lines), np.int16)
        initial = np.zeros((lines, longest + 1), np.int16)
        ready, rested = np.zeros(lines, np.int64), np.zeros(lines, np.int64)
        used, here = np.zeros(lines, np.int64), np.zeros(lines, np.int64)
        for k in range(lines):
            for unit in range(units[lane, k]):
                cycle = tour[k] + rested_after[k]
                home = (unit * 65536 + offset[lane, k]) * cycle // (units[lane, k] * 65536)
                ready[k] += home >= least[k]
                rested[k] += home >= rested_after[k]
                if home < rested_after[k]:
                    initial[k, home] += 1
        present, counted = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
        deficit, soldiers = np.zeros(rows, np.int64), np.zeros(nations, np.int64)
        left = np.zeros(ways)
        gone, has_joined = np.zeros(nations, np.bool_), np.zeros(nations, np.bool_)
        trigger = np.full(nations, np.inf)
        hazard, contagious, quiet, state = 0.0, -NEVER, 0, first_state[lane]
        ended_at, by_conflict, over_since = NEVER, False, NEVER
        at_end = np.zeros(lines, np.int64)
        for step in range(steps):
            # Leave, rest.
            for k in range(lines):
                since = step - counting[k]
                if since >= 0:
                    used[k] -= sent[since, k]
                    counted[row[k]] -= sent[since, k] * strength[k]
                since = step - tour[k]
                if since >= 0:
                    here[k] -= sent[since, k]
                    present[row[k]] -= sent[since, k] * strength[k]
                    soldiers[nation[k]] -= sent[since, k] * strength[k]
                if step > 0:
                    if step <= least[k]:
                        ready[k] += initial[k, least[k] - step]
                    if step <= rested_after[k]:
                        rested[k] += initial[k, rested_after[k] - step]
                since = step - tour[k] - least[k]
                if since >= 0:
                    ready[k] += sent[since, k]
                since = step - tour[k] - rested_after[k]
                if since >= 0:
                    rested[k] += sent[since, k]
            # Withdraw.
            begins = ended_at == step - 1 and by_conflict
            if begins or (refused[lane] == step and ended_at == NEVER):
                ended_at, over_since = min(ended_at, step), step
                at_end[:] = here
                sent[:step] = 0
                counted[:], used[:], here[:] = 0, 0, 0
            if over_since != NEVER:
                k_th = step - over_since + 1
                present[:], soldiers[:] = 0, 0
                for k in range(lines):
                    there = at_end[k] * (over - k_th) // over if k_th < over else 0
                    present[row[k]] += there * strength[k]
                    soldiers[nation[k]] += there * strength[k]
            for n in range(nations):
                if not has_joined[n] and joined[lane, n] <= step:
                    has_joined[n], trigger[n] = True, hazard + threshold[lane, n]
            leaves = False
            if ended_at == NEVER:
                for n in range(nations):
                    if hazard >= trigger[n] and not gone[n]:
                        gone[n] = leaves = True
                        for k in range(lines):
                            if nation[k] == n:
                                for past in range(max(0, step - tour[k] + 1), step):
                                    if past > step - counting[k]:
                                        counted[row[k]] -= sent[past, k] * strength[k]
                                present[row[k]] -= here[k] * strength[k]
                                soldiers[n] -= here[k] * strength[k]
                                sent[:step, k] = 0
                                used[k] = here[k] = 0
            if leaves and contagion_steps:
                contagious = step + contagion_steps
            # Need.
            needs = False
            for c in range(rows):
                deficit[c] = 0
                for phase in range(len(phase_after)):
                    if authorised[lane] + phase_after[phase] <= step and ended_at == NEVER:
                        deficit[c] = targets[phase, c]
                if ended_at == step and over_since == NEVER:
                    deficit[c] = 0
                deficit[c] -= counted[c]
                needs |= deficit[c] > 0
            # Send.
            for way in range(ways):
                left[way] = min(left[way], largest[way]) + lift[lane, step, way]
            for beyond in range(2 if surge and needs else 1 if needs else 0):
                for k in range(lines):
                    if deficit[row[k]] <= 0 or step < start[lane, k] or gone[nation[k]]:
                        continue
                    n = nation[k]
                    if beyond:
                        number = ready[k]
                    else:
                        number = min(level[k, units[lane, k]] - used[k], rested[k])
                    number = min(number, -(-deficit[row[k]] // strength[k]))
                    if number <= 0:
                        continue
                    room = (cap[lane, n] - soldiers[n]) // strength[k]
                    if room < number:
                        number = int(room)
                    if corridor[k] >= 0 and left[corridor[k]] // strength[k] < number:
                        number = int(left[corridor[k]] // strength[k])
                    if number <= 0:
                        continue
                    if beyond:
                        breaches[lane, n] += max(0, number - max(0, rested[k]))
                    if corridor[k] >= 0:
                        left[corridor[k]] -= number * strength[k]
                    sent[step, k] += number
                    used[k] += number
                    here[k] += number
                    ready[k] -= number
                    rested[k] -= number
                    soldiers[n] += number * strength[k]
                    present[row[k]] += number * strength[k]
                    counted[row[k]] += number * strength[k]
                    deficit[row[k]] -= number * strength[k]
            total = soldiers.sum()
            strengths[lane, step] = total
            # Conflict.
            worse = hazard_ratio[lane] ** min(1.0, total / reference) if deters else 1.0
            settled = 2.0 ** (-quiet * settling) if settling else 1.0
            exits = 0.0
            for r in range(len(come_from)):
                if come_from[r] == state:
                    rate = rates[lane, r] * (worse if go_to[r] > state else 1.0)
                    exits += rate * (settled if state == 0 else 1.0)
            leaving = -np.expm1(-exits * step_years)
            new, edge = state, 0.0
            if uniform[lane, step] < leaving:
                for r in range(len(come_from)):
                    if come_from[r] == state and new == state:
                        rate = rates[lane, r] * (worse if go_to[r] > state else 1.0)
                        edge += rate * (settled if state == 0 else 1.0) * leaving / exits
                        if uniform[lane, step] < edge:
                            new = go_to[r]
            state, quiet = new, quiet + 1 if new == 0 else 0
            accrued = withdrawal[lane, state] * step_years
            hazard += accrued * contagion_factor if step < contagious else accrued
            if ends[state] and ended_at == NEVER and authorised[lane] <= step:
                ended_at, by_conflict = step, True
        presents[lane] = present
    return strengths, presents, breaches
