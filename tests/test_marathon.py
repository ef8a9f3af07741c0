"""Another program's output: MARATHON, the rotation model of the United States Army.

What differs, and why, stands in `docs/validation.md`.
"""

from __future__ import annotations

import pytest
from marathon import CLOSE, POLICIES, demands, grid, random_starts, scenario_of
from two_engines import case_of, compare, records_of

CONSTANT = [row for row in grid() if not row.prefill]
"""Rows that begin with everybody at home, as every scenario does."""


def test_fill_is_that_of_marathon() -> None:
    assert len(CONSTANT) == 332
    assert all(row.close for row in CONSTANT)
    assert max(abs(row.off) for row in CONSTANT) < 0.001


def test_unit_days_are_those_of_marathon() -> None:
    """Outgoing to the day; ready at home to half a per cent, where a window that passes decides.

    Were a cycle to begin anew as its window closes, a rich supply would be ready for thousands of
    unit-days more than it is.
    """
    assert all(abs(row.outgoing) <= 1 for row in CONSTANT)
    assert all(abs(row.ready) <= 0.005 * row.total for row in CONSTANT)


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


def test_random_starts_have_the_mean_of_marathon() -> None:
    """Two standard errors; the scarcest supply shifts a little of it from early to late."""
    for means in random_starts():
        if means.supply > 20 or means.window == "1-3650":
            assert means.errors_off <= 2, means
        else:
            assert abs(means.ours - means.theirs) < 0.01, means


def test_demands_of_different_priority() -> None:
    rows = [row for row in demands() if row.case != "substitution"]
    assert len(rows) == 20
    for row in rows:
        assert abs(row.ours - row.fill) < 0.001, row


def test_substitutes_keep_the_total() -> None:
    """MARATHON lets both kinds compete for the second demand, we let its own kind go first."""
    first, second = (row for row in demands() if row.case == "substitution")
    assert abs(first.ours + second.ours - first.fill - second.fill) / 2 < 0.002
    assert first.ours > first.fill
    assert second.ours < second.fill
