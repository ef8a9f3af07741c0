"""Who stands ready under one mandate: the futures narrowed to the replications that matter.

Replications in which the mandate is not authorised in time are left out (no force can exist there);
what remains is shared by every force size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.engine.forces import Pool
from sim.engine.futures import ConflictDraws, Futures
from sim.engine.plan import NEVER, Mandate, Plan
from sim.engine.politics import Bools, Floats, Ints


@dataclass(frozen=True, slots=True)
class Muster:
    """The lanes (replications) in which the mandate is authorised, or may still be; L of them.

    Attributes
    ----------
    lanes : int array (L,)
        Index of each lane in its block.
    authorised, refused_renewal : int32 arrays (L,)
    joins : bool array (N, L);  joined : int32 array (N, L);  cap : float32 array (N, L)
        `cap` in whole soldiers, the share that is not delivered already taken off.
    units : per pool an int array (segments, L)
        Units that will really come, 0 where the contributor does not join.
    undelivered : per pool an int array (segments, L)
        Units that were pledged and will not come.
    start : int32 array (P, L)
        Step from which the pool can send; `NEVER` where its contributor does not join.
    offset : uint16 array (P, L)
    lift : float32 array (K, steps, B);  conflict_uniform : float64 array (steps, B)
        Those of the futures, over the whole block and not copied: lane l is column ``lanes[l]``.
    patience : float64 array (N, L)
    conflict : the mandate's conflict parameters in these lanes
    sharing : mapping of name to float64 array (L,)
        Parameters of the burden-sharing rule.
    """

    lanes: NDArray[np.intp]
    authorised: Ints
    refused_renewal: Ints
    joins: Bools
    joined: Ints
    cap: NDArray[np.float32]
    units: tuple[Ints, ...]
    undelivered: tuple[Ints, ...]
    start: Ints
    offset: NDArray[np.uint16]
    lift: NDArray[np.float32]
    conflict_uniform: Floats
    patience: Floats
    conflict: ConflictDraws | None
    sharing: Mapping[str, Floats]

    @property
    def count(self) -> int:
        """Number of lanes."""
        return len(self.lanes)


def muster(
    plan: Plan, mandate: int, futures: Futures, lanes: NDArray[np.intp] | None = None
) -> Muster:
    """Narrow `futures` to the lanes in which the mandate is authorised, or to those given."""
    politics = futures.politics[mandate]
    if lanes is None:
        lanes = np.flatnonzero(politics.authorised < NEVER)
    joins, delivered = politics.joins[:, lanes], politics.delivered[:, lanes]
    joined = politics.joined[:, lanes]
    units, undelivered = [], []
    start = np.full((len(plan.pools), len(lanes)), NEVER, np.int32)
    for index, pool in enumerate(plan.pools):
        nation = pool.contributor
        pledged = futures.units[index][:, lanes] * joins[nation]
        # One uniform per pool rounds to whole units without a bias.
        real = pledged * delivered[nation] + futures.rounding[index, lanes]
        units.append(np.minimum(pledged, np.floor(real)).astype(np.int32))
        undelivered.append(pledged - units[-1])
        ready = np.minimum(joined[nation] + futures.notice[index, lanes], NEVER)
        start[index] = np.where(joins[nation], ready, NEVER)
    chain = futures.conflict[mandate]
    cap = politics.cap[:, lanes]
    capped = np.isfinite(cap)
    fewer = np.floor(np.where(capped, cap, 0) * delivered + 1e-9)
    return Muster(
        lanes=lanes,
        authorised=politics.authorised[lanes],
        refused_renewal=politics.refused_renewal[lanes],
        joins=joins,
        joined=np.where(joins, joined, NEVER).astype(np.int32),
        cap=np.where(capped, fewer, np.inf).astype(np.float32),
        units=tuple(units),
        undelivered=tuple(undelivered),
        start=start,
        offset=futures.offset[:, lanes],
        lift=futures.lift,
        conflict_uniform=futures.conflict_uniform,
        patience=futures.patience[:, lanes],
        conflict=chain and narrow(chain, lanes),
        sharing=parameters_in(futures.sharing, lanes),
    )


def narrow(draws: ConflictDraws, lanes: NDArray[np.intp]) -> ConflictDraws:
    """Pick the conflict parameters of some replications."""
    return ConflictDraws(
        start=draws.start[lanes],
        rates=draws.rates[:, lanes],
        deaths=draws.deaths[:, lanes],
        withdrawal=draws.withdrawal[:, lanes],
        hazard_ratio=draws.hazard_ratio[lanes],
        process=parameters_in(draws.process, lanes),
    )


def parameters_in(
    parameters: Mapping[str, Floats], lanes: NDArray[np.intp]
) -> Mapping[str, Floats]:
    """Pick a rule's parameters of some replications."""
    return {name: values[lanes] for name, values in parameters.items()}


def segment_at(pool: Pool, step: Ints) -> NDArray[np.intp]:
    """Which segment of the pool's schedule holds at each step."""
    begins = [begin for begin, _ in pool.units]
    return np.searchsorted(begins, step, side="right") - 1


@dataclass(frozen=True, slots=True)
class Pledge:
    """What is on offer in each lane, for every subset of the capabilities asked for.

    Attributes
    ----------
    subsets
        Tuples of capability indices.
    joined : float32 array (subsets, L)
        Soldiers that the joined contributors could have there at once in these capabilities.
    everybody : float32 array (subsets, L)
        The same if every contributor who may take part did, without caps.
    """

    subsets: tuple[tuple[int, ...], ...]
    joined: NDArray[np.float32]
    everybody: NDArray[np.float32]


def pledge(plan: Plan, index: int, futures: Futures, lanes: NDArray[np.intp]) -> Pledge:
    """Add up what is offered (before any share that is not delivered).

    A contributor's cap spans its capabilities, so "enough in every capability" is a flow problem.
    By Gale's theorem (1957) the demands can be met at once if and only if for every subset A of
    capabilities ``sum_n min(cap_n, supply_n(A)) >= demand(A)`` (up to whole units under a cap).
    Substitutes are counted where they could help most, so the test is then necessary only.
    """
    mandate, politics = plan.mandates[index], futures.politics[index]
    asked = [c for c, share in enumerate(mandate.shares) if share > 0]
    subsets = tuple(
        tuple(c for i, c in enumerate(asked) if bit >> i & 1) for bit in range(1, 1 << len(asked))
    )
    factors = _factors(plan, mandate, subsets)
    most = max(1.0, factors.max(initial=1.0))  # a substitute may count for more
    joined = np.zeros((len(subsets), len(lanes)))
    everybody = np.zeros_like(joined)
    full_by = _deadline(mandate, politics.authorised[lanes])
    for nation in range(len(plan.contributors)):
        if not mandate.open_to[nation]:
            continue
        stance = mandate.stances[nation]
        cap = np.floor(politics.cap[nation, lanes])
        offered = np.zeros((len(plan.capabilities), len(lanes)))
        owned = np.zeros_like(offered)
        for p, pool in enumerate(plan.pools):
            if pool.contributor != nation:
                continue
            units = futures.units[p][:, lanes]
            now = np.take_along_axis(units, segment_at(pool, full_by)[None], axis=0)[0]
            owned[pool.capability] += now * pool.strength
            if stance is not None and pool.capability not in stance.excludes:
                fit = np.minimum(now, np.floor(cap / pool.strength))
                offered[pool.capability] += fit * pool.strength
        everybody += factors @ owned
        if stance is not None:
            joined += np.minimum(factors @ offered, cap * most) * politics.joins[nation, lanes]
    # What a substitute counts for is a fraction; "just enough" must not fail by its last digit.
    return Pledge(subsets, *(np.floor(s + 1e-6).astype(np.float32) for s in (joined, everybody)))


def _factors(plan: Plan, mandate: Mandate, subsets: tuple[tuple[int, ...], ...]) -> Floats:
    """Say what a soldier of a capability adds to a subset: float64 (subsets, capabilities).

    One where the capability is in the subset, nothing elsewhere; where units may stand in for a
    capability of the subset, what they count for there if that is more.
    """
    factors = np.zeros((len(subsets), len(plan.capabilities)))
    for row, subset in enumerate(subsets):
        factors[row, list(subset)] = 1
        for line in mandate.lines:
            if line.substitute and line.capability in subset:
                pool = plan.pools[line.pool]
                worth = line.worth / pool.strength
                factors[row, pool.capability] = max(factors[row, pool.capability], worth)
    return factors


def _deadline(mandate: Mandate, authorised: Ints) -> Ints:
    """Step by which full capability is asked."""
    begins = authorised if mandate.criteria.from_authorisation else np.zeros_like(authorised)
    return np.asarray(begins + mandate.criteria.full_within)
