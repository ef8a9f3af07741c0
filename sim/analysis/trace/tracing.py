"""One future unit by unit: what happened, when, and which gates it passed."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.analysis.trace.future import SCORE, Future, step_or_none
from sim.engine.plan import CAUSES, NEVER, Mandate, Plan
from sim.engine.units import simulate_units
from sim.engine.units_record import UnitRecord, verdict_of
from sim.engine.verdict import Verdict
from sim.results.tables import Table


@dataclass(frozen=True, slots=True)
class Stay:
    """A unit in one state for some steps: from `begin` up to, not including, `end`."""

    state: str
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class UnitLife:
    """One unit from the first step to the last.

    Attributes
    ----------
    contributor, capability, pool
        Names; the pool's is its path.
    number
        Of the unit in its pool, from 1.
    stays
        In order, without the time after it was released.
    """

    contributor: str
    capability: str
    pool: str
    number: int
    stays: tuple[Stay, ...]

    @property
    def first_sent(self) -> int:
        """Step in which it is first in the theatre; `NEVER` where it never is."""
        return min((stay.begin for stay in self.stays if stay.state == "counted"), default=NEVER)

    @property
    def was_sent(self) -> bool:
        """Whether it ever is in the theatre."""
        return self.first_sent < NEVER


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate of the verdict: passed or not, by when, and the step in which it was reached."""

    name: str
    passed: bool
    by: int
    at: int | None


# The state in which an event leaves a unit; all others end its story.
_AFTER = {
    "ready": "ready",
    "rested": "rested",
    "raised": "rested",
    "sent": "counted",
    "outgoing": "outgoing",
    "home": "resting",
    "cycle restarted": "resting",
}


@dataclass(frozen=True)
class Trace:
    """One future, simulated unit by unit.

    Attributes
    ----------
    future
        Which one.
    record
        Where all units are, step by step, and the log.
    verdict
        With arrays of a single lane.
    """

    future: Future
    record: UnitRecord
    verdict: Verdict

    @property
    def plan(self) -> Plan:
        """The scenario in steps and soldiers."""
        return self.future.plan

    @property
    def mandate(self) -> Mandate:
        """The mandate."""
        return self.plan.mandates[self.future.mandate]

    def date(self, step: int) -> datetime.date:
        """Day on which a step begins."""
        return self.plan.start + datetime.timedelta(days=round(step * self.plan.step_days))

    @property
    def authorised(self) -> int:
        """Step of the authorisation."""
        return int(self.future.muster.authorised[self.future.lane])

    @cached_property
    def target(self) -> NDArray[np.int64]:
        """Soldiers asked for: int array (steps,), 0 before the authorisation."""
        target = np.zeros(self.plan.steps, np.int64)
        for begin, share in self.mandate.phases:
            target[self.authorised + begin :] = sum(self.mandate.targets(self.future.size, share))
        return target

    def events(self) -> Table:
        """The log as a table: keys first, ISO dates."""
        log = self.record.log
        return {
            "step": [event.step for event in log],
            "date": [self.date(event.step).isoformat() for event in log],
            "contributor": [event.contributor for event in log],
            "pool": [event.pool for event in log],
            "unit": [event.unit for event in log],
            "event": [event.event for event in log],
            "reason": [event.reason for event in log],
        }

    @cached_property
    def lives(self) -> tuple[UnitLife, ...]:
        """Every unit that came, by contributor and pool in the order of the scenario."""
        happened: dict[tuple[str, int], list[tuple[int, str]]] = {}
        for event in self.record.log:
            story = happened.setdefault((event.pool, event.unit), [])
            story.append((event.step, event.event))
        muster, lane = self.future.muster, self.future.lane
        lives = []
        asked = {line.pool for line in self.mandate.lines}
        for index in sorted(asked, key=lambda p: (self.plan.pools[p].contributor, p)):
            pool = self.plan.pools[index]
            first = int(muster.units[index][0, lane])
            raised = {unit for name, unit in happened if name == pool.name}
            for unit in sorted(raised | set(range(1, first + 1))):
                stays = self._stays(happened.get((pool.name, unit), []), unit <= first)
                names = self.plan.contributors[pool.contributor], self.plan.capabilities
                lives.append(UnitLife(names[0], names[1][pool.capability], pool.name, unit, stays))
        return tuple(lives)

    def _stays(self, story: list[tuple[int, str]], from_start: bool) -> tuple[Stay, ...]:
        stays, state, since = [], "resting" if from_start else "", 0
        for step, event in [*story, (self.plan.steps, "")]:
            if state and step > since:
                stays.append(Stay(state, since, step))
            state, since = _AFTER.get(event, ""), step
        return tuple(stays)

    @cached_property
    def gates(self) -> tuple[Gate, ...]:
        """The gates in their order; each is passed only with all before it."""
        verdict, criteria = self.verdict, self.mandate.criteria
        full_by, hold_until = int(verdict.full_by[0]), int(verdict.hold_until[0])
        full_at = step_or_none(int(verdict.full_at[0]))
        gates = [
            Gate("authorised", True, criteria.authorised_within, self.authorised),
            Gate("pledged", bool(verdict.pledged[0]), full_by, None),
        ]
        if criteria.initial_share:
            at = step_or_none(int(verdict.initial_at[0]))
            gates.append(Gate("initial", bool(verdict.initial[0]), int(verdict.initial_by[0]), at))
        gates.append(Gate("full", bool(verdict.full[0]), full_by, full_at))
        gates.append(Gate("held", bool(verdict.held[0]), max(full_by, hold_until), None))
        return tuple(gates)

    @property
    def binding(self) -> str:
        """What bound at the first gate that failed; nothing where none did."""
        cause = int(self.verdict.cause[0])
        return CAUSES[cause] if cause >= 0 else ""

    def contributors(self) -> list[dict[str, Any]]:
        """Who was asked: whether and when they joined and withdrew, and what they sent."""
        muster, lane = self.future.muster, self.future.lane
        rows = []
        for nation, name in enumerate(self.plan.contributors):
            if self.mandate.stances[nation] is None:
                continue
            joined = step_or_none(int(muster.joined[nation, lane]))
            gone = np.flatnonzero(self.record.withdrawn[:, nation])
            rows.append(
                {
                    "contributor": name,
                    "joins": bool(muster.joins[nation, lane]),
                    "joined": self._iso(joined),
                    "withdrew": self._iso(int(gone[0]) if len(gone) else None),
                    "units_sent": sum(
                        life.was_sent for life in self.lives if life.contributor == name
                    ),
                    "most_soldiers": int(self.record.soldiers[:, nation].max(initial=0)),
                }
            )
        return rows

    def _iso(self, step: int | None) -> str | None:
        return None if step is None or step >= NEVER else self.date(step).isoformat()

    def facts(self) -> dict[str, Any]:
        """Everything in short, as plain values."""
        future, verdict = self.future, self.verdict
        score, hold = future.score, int(verdict.hold_steps[0])
        return {
            "title": self.plan.title,
            "mandate": self.mandate.name,
            "force_size": future.size,
            "seed": future.seed,
            "replication": future.replication,
            "chosen": future.chosen,
            "score": SCORE if score else None,
            "hold_filled": 1 - int(verdict.misses[0]) / hold if hold else None,
            "hold_fill_mean": score[1] if score and hold else None,
            "gates": [
                {"gate": g.name, "passed": g.passed, "by": self._iso(g.by), "at": self._iso(g.at)}
                for g in self.gates
            ],
            "feasible": bool(verdict.held[0]),
            "binding": self.binding or None,
            "mission_ended": self._iso(self.record.ended_at),
            "most_soldiers": int(self.record.strength.max(initial=0)),
            "contributors": self.contributors(),
        }


def trace(future: Future) -> Trace:
    """Simulate a future unit by unit.

    Parameters
    ----------
    future
        As `sim.analysis.trace.future.choose` gives it.

    Returns
    -------
    Trace
    """
    f = future
    record = simulate_units(f.plan, f.mandate, f.size, f.muster, f.lane)
    verdict = verdict_of(f.plan, f.mandate, f.size, f.muster, f.offer, f.lane, record)
    return Trace(future, record, verdict)
