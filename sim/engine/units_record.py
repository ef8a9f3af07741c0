"""What the unit-level engine leaves behind: the state of everything at every step, and a log."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.engine.muster import Muster, Pledge, narrow, parameters_in
from sim.engine.plan import Plan
from sim.engine.verdict import Verdict

Ints = NDArray[np.int32]
Bools = NDArray[np.bool_]


class State(Enum):
    """Where a unit is."""

    __hash__ = object.__hash__  # states are counted very often, and a member hashes its name anew

    RESTING = "resting"  # at home, not to be sent
    READY = "ready"  # at home, to be sent in a surge
    RESTED = "rested"  # at home, to be sent
    COUNTED = "counted"  # in the theatre
    OUTGOING = "outgoing"  # in the theatre, no longer counted
    RELEASED = "released"  # its contributor has withdrawn, or the mission is over
    DISBANDED = "disbanded"


FREE = (State.READY, State.RESTED)
IN_THEATRE = (State.COUNTED, State.OUTGOING)

SENT = "sent"
"""The event of being sent."""


class Event(NamedTuple):
    """Something that happened to one unit.

    Attributes
    ----------
    step
        When.
    contributor, pool
        Names; the pool's is its path in the scenario.
    unit
        Number of the unit in its pool, from 1.
    event
        What: ready, rested, sent, outgoing, home, withdrawn, dismissed, raised, disbanded or
        "cycle restarted".
    reason
        Why; empty where the event says it all.
    """

    step: int
    contributor: str
    pool: str
    unit: int
    event: str
    reason: str


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """One replication of one cell, unit by unit; T steps, P pools, N contributors.

    In every step ``counted + outgoing + ready + resting + released`` are the units of the pool's
    schedule and those that still wait to be disbanded; with `held_back`, all its units.

    Attributes
    ----------
    capabilities
        Indices of the C capabilities asked for.
    counted, outgoing, ready, resting : int32 arrays (T, P)
        Units; `ready` at home and free to go (in a surge at least), `resting` at home and not.
    rested : int32 array (T, P)
        Those of `ready` that have rested in full.
    released : int32 array (T, P)
        Units of contributors that withdrew and, once the mission is over, of everybody.
    waiting : int32 array (T, P)
        Units above that are to be disbanded when they come up.
    held_back : int32 array (T, P)
        Units kept back, not available, not delivered, or of somebody who does not take part; all
        units of a pool that the mandate does not ask.
    sends : int32 array (T, lines)
        Units sent in the step.
    present_for, counted_for : int32 arrays (T, C)
        Soldiers, by the capability that they serve.
    strength : int32 array (T,)
        Soldiers in the theatre.
    soldiers : int32 array (T, N)
        The same by contributor.
    breaches : int32 array (T, N)
        Units sent in the step before they were rested.
    conflict : int8 array (T,)
        State of the conflict at the end of the step; -1 without a conflict chain.
    withdrawn : bool array (T, N)
        Contributors that have withdrawn.
    lift_short : bool array (T, C)
        Whether a unit that was ready, needed and allowed had no lift.
    lost : int32 array (T, C)
        Soldiers that have left with their contributors.
    ended_at
        Step in which the mission ends: of the refused renewal, or in which the conflict reaches a
        state that ends it; `NEVER` without.
    ended_by_conflict
        Whether a state of the conflict ended it.
    phases
        (step, index of the phase that begins) of the force asked for.
    log
        Everything that happened to any unit, in order.
    """

    capabilities: tuple[int, ...]
    counted: Ints
    outgoing: Ints
    ready: Ints
    rested: Ints
    resting: Ints
    released: Ints
    waiting: Ints
    held_back: Ints
    sends: Ints
    present_for: Ints
    counted_for: Ints
    strength: Ints
    soldiers: Ints
    breaches: Ints
    conflict: NDArray[np.int8]
    withdrawn: Bools
    lift_short: Bools
    lost: Ints
    ended_at: int
    ended_by_conflict: bool
    phases: tuple[tuple[int, int], ...]
    log: tuple[Event, ...]

    def at(self, step: int) -> StepRecord:
        """Show the verdict one step."""
        only = np.zeros(1, np.intp)
        phase_of_step: dict[int, list[tuple[int, NDArray[np.intp]]]] = {}
        for begin, phase in self.phases:
            phase_of_step.setdefault(begin, []).append((phase, only))
        return StepRecord(
            capabilities=self.capabilities,
            present=self.present_for[step][:, None].astype(np.float32),
            strength=self.strength[step : step + 1].astype(np.float32),
            lift_short=self.lift_short[step][:, None],
            lost=self.lost[step][:, None].astype(np.float32),
            ended_at=np.array([self.ended_at], np.int32),
            ended_by_conflict=np.array([self.ended_by_conflict]),
            phase_of_step=phase_of_step,
        )


@dataclass(slots=True)
class StepRecord:
    """One step as `sim.engine.verdict.Record`, with a single lane."""

    capabilities: tuple[int, ...]
    present: NDArray[np.float32]
    strength: NDArray[np.float32]
    lift_short: Bools
    lost: NDArray[np.float32]
    ended_at: Ints
    ended_by_conflict: Bools
    phase_of_step: dict[int, list[tuple[int, NDArray[np.intp]]]]


def only_lane(muster: Muster, lane: int) -> Muster:
    """One lane of a muster, as a muster of its own."""
    one = np.array([lane])
    return replace(
        muster,
        lanes=muster.lanes[one],
        authorised=muster.authorised[one],
        refused_renewal=muster.refused_renewal[one],
        joins=muster.joins[:, one],
        joined=muster.joined[:, one],
        cap=muster.cap[:, one],
        units=tuple(units[:, one] for units in muster.units),
        undelivered=tuple(units[:, one] for units in muster.undelivered),
        start=muster.start[:, one],
        offset=muster.offset[:, one],
        patience=muster.patience[:, one],
        conflict=muster.conflict and narrow(muster.conflict, one),
        sharing=parameters_in(muster.sharing, one),
    )


def verdict_of(
    plan: Plan,
    mandate: int,
    size: int,
    muster: Muster,
    offer: Pledge,
    lane: int,
    record: UnitRecord,
) -> Verdict:
    """Judge one replication of the unit-level engine: a verdict with arrays of one lane."""
    one = replace(offer, joined=offer.joined[:, [lane]], everybody=offer.everybody[:, [lane]])
    verdict = Verdict(plan, plan.mandates[mandate], size, only_lane(muster, lane), one)
    for step in range(plan.steps):
        verdict.observe(step, record.at(step))
    verdict.finish(plan.steps - 1, record.at(plan.steps - 1))
    return verdict
