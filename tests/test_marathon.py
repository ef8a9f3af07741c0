"""Another program's output: MARATHON, the rotation model of the United States Army.

What differs, and why, stands in `docs/validation.md`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from marathon import (
    CLOSE,
    POLICIES,
    GridRow,
    demands,
    grid,
    java_uniforms,
    random_starts,
    scenario_of,
    starts_of,
)
from two_engines import case_of, compare, records_of

from sim.engine.counts import Counts
from sim.engine.cycles import CycleQueue, cycle_row


def constant(rows: Iterable[GridRow]) -> list[GridRow]:
    """Rows that begin with everybody at home, as every scenario does."""
    return [row for row in rows if not row.prefill]


def test_unit_days_are_those_of_marathon() -> None:
    """Counted, outgoing and ready at home: every row to the unit-day."""
    rows = constant(grid())
    assert len(rows) == 332
    assert [row for row in rows if not row.same] == []


def test_the_day_of_the_start_matters() -> None:
    """A day earlier in their cycle, the units fill other days than MARATHON's."""
    assert sum(not row.same for row in constant(grid(("AC12",), day=0))) > 50


class BegunAtOnce(CycleQueue):
    """Cycles that begin anew as a window closes, and not at their end."""

    def advance(self, step: int) -> Counts:
        now = cycle_row(self.cycle, step)
        begin, close = self.began[: now + 1], self.began[now + 1 :]
        before = close.copy()
        change = super().advance(step)
        begin[now] += (close - before).sum(axis=0, dtype=close.dtype)
        close[:] = before
        return change


def test_a_cycle_runs_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were it to begin anew as its window closes, other units would be ready than MARATHON's."""
    monkeypatch.setattr("sim.engine.pools.CycleQueue", BegunAtOnce)
    rows = constant(grid.__wrapped__(("AC12",)))
    assert sum(not row.same for row in rows) > 50
    assert max(abs(row.ready) for row in rows) > 5000


@pytest.mark.parametrize("policy", POLICIES)
def test_unit_days_are_balanced(policy: str) -> None:
    """Counted, outgoing, ready and resting make up the whole supply, in both engines alike."""
    plan = scenario_of(policy, 45, {"infantry": 28})
    case = case_of(plan, 0, 1000, 2026, 1, 1)
    records = records_of(case)
    compare(case, records)
    record = records[0]
    here = record.counted + record.outgoing + record.ready + record.resting
    assert (here == 28).all()


def test_prefilled_runs_agree_in_the_long_run() -> None:
    """They begin with units in the theatre, which no scenario can: how they begin is forgotten."""
    rows = [row for row in grid() if row.prefill and row.window == "1096-3650"]
    assert sum(row.close for row in rows) >= 0.9 * len(rows)
    assert all(abs(row.off) < 2 * CLOSE for row in rows)


def test_random_numbers_are_those_of_java() -> None:
    """``new Random(42).nextDouble()``."""
    assert java_uniforms(42, 1) == [0.7275636800328681]


def test_random_starts_give_the_unit_days_of_marathon() -> None:
    """Each of its hundred runs, for every supply, in both windows."""
    assert [row.supply for row in random_starts()] == [20] * 3 + [28] * 3 + [36] * 3
    for row in random_starts():
        assert row.theirs.shape == (100,)
        assert np.array_equal(row.ours, row.theirs), (row.supply, row.window)


def test_random_starts_are_not_independent() -> None:
    """Java's first numbers of neighbouring seeds are alike: the first unit always begins near 800.

    That is what sets the mean of a scarce supply off that of independent starts.
    """
    first, second = starts_of(2, range(1, 101))
    assert np.ptp(first) == 12
    assert np.ptp(second) > 1000
    for row in random_starts():
        assert row.errors_off(row.first_held) < 2, (row.supply, row.window)
    early, late, _ = (row for row in random_starts() if row.supply == 20)
    assert early.errors_off(early.independent) > 2
    assert late.errors_off(late.independent) > 3


def test_demands_of_different_priority() -> None:
    rows = [row for row in demands() if row.case != "substitution"]
    assert len(rows) == 20
    assert [row for row in rows if row.ours != row.filled] == []


def test_substitutes_keep_the_total() -> None:
    """In MARATHON the first kind serves the second demand too; with us each serves its own."""
    first, second = (row for row in demands() if row.case == "substitution")
    off = first.ours - first.filled, second.ours - second.filled
    assert abs(sum(off)) < 0.002 * (first.asked + second.asked)
    assert off[0] > 0
    assert off[1] < 0
