"""Published figures of rotation, from the simulation itself and not from the formula."""

from __future__ import annotations

import numpy as np
import pytest
from published import ROWS, STRENGTH, Published, Rule, kept_up, plan_with
from two_engines import case_of, records_of

from sim.engine.units_record import SENT

ACTIVE, RESERVE = Rule(1, 12, 24), Rule(6, 8, 60, training=4)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.row}: {row.figure}")
def test_so_many_units_keep_up(row: Published) -> None:
    assert kept_up(row.rules, row.kept_up, row.stages) == (row.kept_up, row.kept_up)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.row}: {row.figure}")
def test_fewer_do_not(row: Published) -> None:
    least, _ = kept_up(row.fewer, row.kept_up, row.stages)
    assert least < row.kept_up
    assert sum(rule.units for rule in row.rules) - sum(rule.units for rule in row.fewer) <= 2


def test_states_of_a_trimester() -> None:
    """R5: in each of 14 states of four months stand three units, so three leave every time."""
    (row,) = (row for row in ROWS if row.row == "R5")
    built_up = plan_with(row.rules, row.kept_up, stages=row.stages)
    case = case_of(built_up, 0, row.kept_up * STRENGTH, 2026, 4, 4)
    for record in records_of(case).values():
        sends = record.sends.sum(axis=1)
        assert (record.counted.sum(axis=1)[8:] == 9).all()
        assert (np.convolve(sends, np.ones(4, int), "valid") == 3).all()


def timeline(reserves: int) -> list[tuple[float, str]]:
    """Who is sent when, where one unit is asked for: (years, unit), over ten years."""
    rules = (ACTIVE, Rule(reserves, RESERVE.tour, RESERVE.rest, RESERVE.training))
    asked = plan_with(rules, 1, months=120, at_start="rested")
    (record,) = records_of(case_of(asked, 0, STRENGTH, 2026, 1, 1)).values()
    names = {"Land 1": "AC", "Land 2": "RC"}
    return [
        (round(event.step / 12, 2), f"{names[event.contributor]}-{event.unit}")
        for event in record.log
        if event.event == SENT
    ]


def test_who_must_be_sent_when() -> None:
    """R6 (RAND 2009, p. 6): reserves at 1.0, 1.67 and 2.33 years, again in years 8 and 9."""
    assert timeline(6) == [
        (0.0, "AC-1"),
        (1.0, "RC-1"),
        (1.67, "RC-2"),
        (2.33, "RC-3"),
        (3.0, "AC-1"),  # in year 4
        (4.0, "RC-4"),
        (4.67, "RC-5"),
        (5.33, "RC-6"),  # years 5 and 6
        (6.0, "AC-1"),
        (7.0, "RC-1"),
        (7.67, "RC-2"),
        (8.33, "RC-3"),
        (9.0, "AC-1"),
    ]


def test_with_one_reserve_less_somebody_is_missing() -> None:
    assert 5.33 in {years for years, _ in timeline(6)}
    assert 5.33 not in {years for years, _ in timeline(5)}
