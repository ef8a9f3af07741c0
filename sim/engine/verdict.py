"""The verdict on every lane: which gates it passes, when, and what bound where it fails.

Shared by both engines: it looks only at what they record step by step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .muster import Muster, Pledge, segment_at
from .plan import CAUSES, NEVER, Mandate, Plan, whole

Soldiers = NDArray[np.float32]
Lanes = NDArray[np.intp]
_CODE = {cause: code for code, cause in enumerate(CAUSES)}
_OF_THE_PLEDGE = [_CODE[cause] for cause in ("will", "pool", "capability")]


class Record(Protocol):
    """What an engine shows of a step (see `sim.engine.core.Deployment`)."""

    capabilities: tuple[int, ...]
    present: Soldiers
    strength: Soldiers
    lift_short: NDArray[np.bool_]
    lost: Soldiers
    ended_at: NDArray[np.int32]
    ended_by_conflict: NDArray[np.bool_]
    phase_of_step: dict[int, list[tuple[int, Lanes]]]


class Verdict:
    """Gates of L lanes, observed step by step.

    Parameters
    ----------
    size
        Soldiers asked for: one number, or several for which the lanes stand there one after the
        other.

    Attributes
    ----------
    pledged, initial, full, held : bool arrays (L,)
        Gates passed, each with all before it (valid after the last step).
    initial_at, full_at : int32 arrays (L,)
        First step with initial and with full capability, on time or not; `NEVER` without.
    cause : int8 array (L,)
        Index into `CAUSES` of what bound at the first gate that failed; -1 where none did.
    filled : bool array (L,)
        Whether, in the last step observed, every capability was filled.
    hold_steps : int32 array (L,)
        Steps for which the force must be held.
    """

    def __init__(
        self,
        plan: Plan,
        mandate: Mandate,
        size: int | Sequence[int],
        muster: Muster,
        offer: Pledge,
    ) -> None:
        self.plan, self.mandate, self.muster = plan, mandate, muster
        sizes = (size,) if isinstance(size, int) else size
        self._sizes = len(sizes)
        criteria, count = mandate.criteria, muster.count * len(sizes)
        self.rows = [c for c, share in enumerate(mandate.shares) if share > 0]
        peak = mandate.peak
        self.at_peak = self._levels([mandate.thresholds(size, peak) for size in sizes])
        self.targets = self._levels([mandate.targets(size, peak) for size in sizes])
        self.initial_strength = np.repeat(
            [whole(criteria.initial_share * size) for size in sizes], muster.count
        )
        self.needed = np.full((len(self.rows), count), np.inf, np.float32)
        self.needed_by_phase = [
            self._levels([mandate.thresholds(size, share) for size in sizes])
            for _, share in mandate.phases
        ]
        self.initial_at = np.full(count, NEVER, np.int32)
        self.full_at = np.full(count, NEVER, np.int32)
        self.misses = np.zeros(count, np.int32)
        self.gap = np.zeros(count, np.int32)
        self.broken = np.zeros(count, np.bool_)
        self.filled = np.zeros(count, np.bool_)
        self.cause = np.full(count, -1, np.int8)
        self.follow(muster, offer)

    def follow(self, muster: Muster, offer: Pledge) -> None:
        """Judge by this muster of the lanes and this offer from now on."""
        self.muster, criteria, mandate = muster, self.mandate.criteria, self.mandate
        self.authorised = np.tile(muster.authorised, self._sizes)
        clock = self.authorised if criteria.from_authorisation else 0 * self.authorised
        self.initial_by = clock + criteria.initial_within
        self.full_by = clock + criteria.full_within
        self.hold_until = np.minimum(self.full_by + criteria.hold_for, self.plan.steps)
        self.hold_steps = np.maximum(self.hold_until - self.full_by, 0)
        enough = np.ceil(criteria.share_of_time * self.hold_steps - 1e-9).astype(np.int32)
        self.may_miss = self.hold_steps - enough
        self.cause[np.isin(self.cause, _OF_THE_PLEDGE)] = -1
        self.pledged = self._judge_pledge(offer)
        # Primary lines, with the last step at which some lane still waits for one.
        self._sources = [
            (
                line,
                self.rows.index(line.capability),
                int(np.where(starts < NEVER, starts, 0).max(initial=0)),
                not muster.undelivered[line.pool].any(),
            )
            for line in mandate.lines
            if not line.substitute
            for starts in (muster.start[line.pool],)
        ]

    def _levels(self, by_size: list[tuple[int, ...]]) -> NDArray[np.float32]:
        """Soldiers by capability and lane: (C, L)."""
        levels = np.array(by_size, np.float32)[:, self.rows].T
        return levels.repeat(self.muster.count, axis=1)

    def _judge_pledge(self, offer: Pledge) -> NDArray[np.bool_]:
        """Enough offered in every subset of the capabilities; else will, pool or capability."""
        sizes = self._sizes
        demand = dict(zip(self.rows, self.at_peak, strict=True))
        pledged = np.ones(self.muster.count * sizes, np.bool_)
        possible = np.ones_like(pledged)
        for subset, joined, everybody in zip(
            offer.subsets, offer.joined, offer.everybody, strict=True
        ):
            asked = sum(demand[c] for c in subset)
            pledged &= np.tile(joined, sizes) >= asked
            possible &= np.tile(everybody, sizes) >= asked
        enough_heads = np.tile(offer.everybody[-1], sizes) >= sum(self.at_peak)
        why = np.where(
            possible, _CODE["will"], np.where(enough_heads, _CODE["capability"], _CODE["pool"])
        )
        self.cause[~pledged] = why[~pledged]
        return pledged

    def observe(self, step: int, record: Record) -> None:
        """Judge one step."""
        criteria = self.mandate.criteria
        for phase, lanes in record.phase_of_step.get(step, ()):
            self.needed[:, lanes] = self.needed_by_phase[phase][:, lanes]
        self.filled = np.asarray((record.present >= self.needed).all(axis=0))
        if criteria.initial_share:
            ready = (record.strength >= self.initial_strength) & (self.initial_at == NEVER)
            self.initial_at[ready & (self.authorised <= step)] = step
            late = np.flatnonzero((self.initial_by == step) & (self.initial_at > step))
            wanted = self.targets * np.float32(criteria.initial_share)
            self._bind(step, record, late, wanted)
        full = (record.present >= self.at_peak).all(axis=0) & (self.full_at == NEVER)
        self.full_at[full & (self.authorised <= step)] = step
        late = np.flatnonzero((self.full_by == step) & (self.full_at > step))
        self._bind(step, record, late, self.at_peak)

        holding = self.holding(step)
        if not holding.any():
            return
        miss = holding & ~self.filled
        self.misses += miss
        self.gap = np.where(miss, self.gap + 1, 0).astype(np.int32)
        ended = holding & (record.ended_at <= step) & record.ended_by_conflict
        fails = (self.misses > self.may_miss) | (self.gap > criteria.longest_gap) | ended
        fails &= ~self.broken
        if fails.any():
            self.broken |= fails
            self._bind(step, record, np.flatnonzero(fails), self.needed)

    def holding(self, step: int) -> NDArray[np.bool_]:
        """Lanes in which the force must be held in this step."""
        return np.asarray((self.full_by <= step) & (step < self.hold_until))

    def finish(self, step: int, record: Record) -> None:
        """Judge lanes whose deadlines lie beyond the horizon, after the last step."""
        self._bind(step, record, np.flatnonzero(~self.held), self.at_peak)

    def _bind(self, step: int, record: Record, lanes: Lanes, wanted: NDArray[np.float32]) -> None:
        """Say what bound where the first gate fails now, at the capability that is filled worst."""
        lanes = lanes[self.cause[lanes] < 0]
        if not len(lanes):
            return
        wanted = wanted[:, lanes]
        gap = wanted - record.present[:, lanes]
        worst = (gap / np.maximum(wanted, 1)).argmax(axis=0)
        missing = np.maximum(gap[worst, np.arange(len(lanes))], 1)
        late, undelivered = self._not_here(step, lanes, worst)
        ended = record.ended_at[lanes] <= step
        self.cause[lanes] = np.select(
            [
                self.authorised[lanes] > step,
                ended & record.ended_by_conflict[lanes],
                ended,
                record.lost[worst, lanes] >= missing,
                record.lift_short[worst, lanes],
                late >= missing,
                undelivered >= missing,
            ],
            [
                _CODE[cause]
                for cause in (
                    "authorisation",
                    "conflict",
                    "authorisation",
                    "withdrawal",
                    "lift",
                    "notice",
                    "delivery",
                )
            ],
            _CODE["rotation"],
        )

    def _not_here(
        self, step: int, lanes: Lanes, worst: Lanes
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Soldiers of each lane's worst capability that may not move yet, and undelivered ones."""
        late = np.zeros(len(lanes), np.int64)
        undelivered = np.zeros(len(lanes), np.int64)
        lanes = lanes % self.muster.count  # the same futures for every size
        somewhere = set(worst.tolist())
        for line, row, last_start, all_come in self._sources:
            if row not in somewhere or (all_come and last_start <= step):
                continue
            pool, of_worst = self.plan.pools[line.pool], worst == row
            segment = segment_at(pool, np.array(step))
            waits = of_worst & (self.muster.start[line.pool, lanes] > step)
            late += self.muster.units[line.pool][segment, lanes] * pool.strength * waits
            missing = self.muster.undelivered[line.pool][segment, lanes]
            undelivered += missing * pool.strength * of_worst
        return late, undelivered

    @property
    def initial(self) -> NDArray[np.bool_]:
        """Pledged, and initial capability on time (where it is asked)."""
        if not self.mandate.criteria.initial_share:
            return self.pledged
        return np.asarray(self.pledged & (self.initial_at <= self.initial_by))

    @property
    def full(self) -> NDArray[np.bool_]:
        """Initial, and full capability on time."""
        return np.asarray(self.initial & (self.full_at <= self.full_by))

    @property
    def held(self) -> NDArray[np.bool_]:
        """Full, and held: the force is feasible."""
        return np.asarray(self.full & ~self.broken)

    def elapsed(self, step: NDArray[np.int32]) -> NDArray[np.int32]:
        """Steps from the authorisation to `step`; `NEVER` stays."""
        return np.where(step < NEVER, step - self.authorised, NEVER).astype(np.int32)
