"""What every contributor offers in every future, and which sets cannot be enough for that reason.

A force that is not pledged is not feasible, and pledges add up (see "Pledged" in docs/model.md); so
does the presence that contributors can keep up at most while the force is to be held. So both bound
P(feasible) of any set from above, without simulating it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.analysis.same_futures import Study
from sim.engine.futures import Futures, draw_futures
from sim.engine.muster import muster, pledge
from sim.engine.plan import NEVER, Mandate, Plan
from sim.engine.streams import BLOCK


def only(plan: Plan, nations: Collection[int]) -> Plan:
    """Let nobody but these contributors (indices) take part in a plan of one mandate."""
    kept = [p for p, pool in enumerate(plan.pools) if pool.contributor in nations]
    place = {p: row for row, p in enumerate(kept)}
    mandate = plan.mandates[0]
    mandate = replace(
        mandate,
        stances=tuple(
            stance if nation in nations else None for nation, stance in enumerate(mandate.stances)
        ),
        lines=tuple(
            replace(line, pool=place[line.pool]) for line in mandate.lines if line.pool in place
        ),
    )
    return replace(plan, pools=tuple(plan.pools[p] for p in kept), mandates=(mandate,))


def candidates(plan: Plan) -> tuple[int, ...]:
    """Contributors that a plan's mandate can ask for anything (indices)."""
    return tuple(sorted({plan.pools[line.pool].contributor for line in plan.mandates[0].lines}))


@dataclass(frozen=True, slots=True)
class Offers:
    """What contributors offer.

    Attributes
    ----------
    nations
        Indices in the plan, N of them.
    soldiers : float32 array (N, rows, L)
        Soldiers offered in each subset of the capabilities, in the authorised futures: first those
        whom units can keep there in the mean over the hold, their rests taken off, then those
        pledged. The last row is the pledge in all capabilities.
    demand : float64 array (rows,)
        Soldiers that must be offered.
    slack
        Soldiers by which an offer may have been rounded down.
    judged
        Futures that probabilities are of; at least L.
    """

    nations: tuple[int, ...]
    soldiers: NDArray[np.float32]
    demand: NDArray[np.float64]
    slack: int
    judged: int

    def total(self, chosen: Iterable[int]) -> NDArray[np.float32]:
        """What a set (places in `nations`) offers together: (rows, L)."""
        members = list(chosen)
        together = self.soldiers[members].sum(axis=0) + np.float32(self.slack * len(members))
        return np.asarray(together)

    def most(self, chosen: Iterable[int]) -> float:
        """P(enough is offered) of a set: P(feasible) is no higher."""
        enough = (self.total(chosen) >= self.demand[:, None]).all(axis=0)
        return float(enough.sum()) / self.judged

    def met(self, chosen: Iterable[int]) -> float:
        """Mean share of the demand that is offered, over subsets and futures."""
        share = self.total(chosen) / np.maximum(self.demand, 1)[:, None]
        return float(np.minimum(share, 1).mean())

    @property
    def means(self) -> NDArray[np.float64]:
        """Soldiers that each contributor offers in all, in the mean over the authorised futures."""
        return np.asarray(self.soldiers[:, -1].mean(axis=-1, dtype=np.float64))


def offers_of(study: Study, nations: Sequence[int]) -> Offers:
    """Work out what contributors (indices) offer in the futures of a study."""
    plan, mandate = study.plan, study.plan.mandates[0]
    # Nothing of this changes a pledge, and it need not be drawn.
    plan = replace(plan, corridors=(), cost=None)
    plan = replace(plan, mandates=(replace(mandate, conflict=None, renewal=0),))
    plan = replace(plan, pools=tuple(replace(p, corridor=-1, notice=None) for p in plan.pools))
    parts: list[NDArray[np.float32]] = []
    subsets: tuple[tuple[int, ...], ...] = ()
    for block in range(math.ceil(study.replications / BLOCK)):
        count = min(BLOCK, study.replications - block * BLOCK)
        rows = []
        for nation in nations:
            alone = only(plan, [nation])
            futures = draw_futures(alone, study.seed, block, count)
            lanes = np.flatnonzero(futures.politics[0].authorised < NEVER)
            offer = pledge(alone, 0, futures, lanes)
            subsets = offer.subsets
            held = _held(alone, futures, subsets, offer.joined)
            rows.append(np.concatenate([held, offer.joined]))
        parts.append(np.stack(rows))
    soldiers = np.concatenate(parts, axis=2)
    pledged = mandate.thresholds(study.size, mandate.peak)
    lowest = mandate.thresholds(study.size, _lowest_phase(mandate))
    always = mandate.criteria.share_of_time * (1 - 1e-6)
    demand = [always * sum(lowest[c] for c in subset) for subset in subsets]
    demand += [sum(pledged[c] for c in subset) for subset in subsets]
    return Offers(
        nations=tuple(nations),
        soldiers=soldiers,
        demand=np.array(demand, float),
        slack=int(any(line.substitute for line in mandate.lines)),
        judged=soldiers.shape[2] if study.given == "authorisation" else study.replications,
    )


def _lowest_phase(mandate: Mandate) -> float:
    """The least share of the force that is asked for in any step of the hold."""
    criteria, phases = mandate.criteria, mandate.phases
    if not criteria.from_authorisation:
        return min(share for _, share in phases)
    first = max(n for n, (begin, _) in enumerate(phases) if begin <= criteria.full_within)
    return min(share for _, share in phases[first:])


def _held(
    plan: Plan, futures: Futures, subsets: Sequence[tuple[int, ...]], pledged: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Soldiers whom the contributors of a plan can keep in the theatre in the mean over the hold.

    A unit that serves T steps and is then at home for at least G is there in at most ``floor(H /
    (T + G)) T + min(T, H mod (T + G))`` of any H steps. Where nothing is to be held, what is
    pledged.
    """
    mandate = plan.mandates[0]
    criteria, lanes = mandate.criteria, muster(plan, 0, futures)
    clock = lanes.authorised if criteria.from_authorisation else np.zeros_like(lanes.authorised)
    full_by = clock + criteria.full_within
    hold = np.maximum(np.minimum(full_by + criteria.hold_for, plan.steps) - full_by, 0)
    present = np.zeros((len(subsets), lanes.count))
    for index, pool in enumerate(plan.pools):
        home = pool.least if plan.surge else pool.rested_after
        if pool.cycle:
            home = pool.demobilisation + pool.cycle.ready_from
        period = pool.tour + home
        steps = hold // period * pool.tour + np.minimum(pool.tour, hold % period)
        # Units raised after others were disbanded are further units.
        raised = np.maximum(np.diff(lanes.units[index], axis=0), 0).sum(axis=0)
        units = lanes.units[index][0] + raised
        soldiers = units * (steps / np.maximum(hold, 1))
        for row, subset in enumerate(subsets):
            own = (line for line in mandate.lines if line.pool == index)
            worth = max((line.worth for line in own if line.capability in subset), default=0)
            present[row] += soldiers * worth
    worths = [line.worth / plan.pools[line.pool].strength for line in mandate.lines]
    most = max(1.0, *worths, 0.0)  # a substitute may count for more
    contributors = sorted({pool.contributor for pool in plan.pools})
    cap = lanes.cap[contributors].sum(axis=0) * most
    held = np.where(hold > 0, np.minimum(present, cap), pledged)
    return np.asarray(held.astype(np.float32))


def least_weight(
    offers: Offers, weights: Sequence[float], wanted: float, required: Collection[int]
) -> float | None:
    """A weight below which no set can be enough; None where no set at all can.

    Where a set is enough, it offers every demand D; so its mean offer, each contributor's cut at D,
    is at least D times P(feasible), for every row of the offers. The lightest set that keeps these
    inequalities is found by mixed-integer programming (HiGHS); every set that is enough keeps them
    too. A contributor without whom all others offer enough too rarely is in every such set.

    Parameters
    ----------
    weights
        Of each contributor, at least 0.
    wanted
        The probability to be reached.
    required
        Places in `offers.nations` that every set has.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    places = range(len(offers.nations))
    if not places or offers.most(places) < wanted:
        return None
    needed = {i for i in places if offers.most(j for j in places if j != i) < wanted}
    needed |= set(required)
    cut = np.minimum(offers.soldiers + offers.slack, offers.demand[None, :, None])
    means = cut.sum(axis=2, dtype=np.float64) / offers.judged  # (N, subsets)
    found = milp(
        np.asarray(weights, float),
        integrality=np.ones(len(places), np.uint8),
        bounds=Bounds([float(i in needed) for i in places], 1.0),
        constraints=LinearConstraint(means.T, lb=wanted * offers.demand * (1 - 1e-9)),
        options={"time_limit": 10.0},
    )
    if found.status == 2:  # no set keeps the inequalities
        return None
    bound = found.mip_dual_bound
    return float(sum(np.asarray(weights)[sorted(needed)]) if bound is None else bound)
