"""Whose soldiers are there over time: the parts add up to the whole, however the run was cut."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from builders import SEED, decided, nation, scenario, simulate
from builders import plan as plan_of

from sim.engine.outcomes import snapshots
from sim.engine.streams import BLOCK
from sim.report.pictures.contingents import stacked
from sim.results.result import Result
from sim.results.tables import rows_of
from sim.running.runner import run

CHANGES = {
    "mandates": decided("unanimous", Council=0.7),
    "contributors": {
        "Aland": nation(4, probability=0.8, tour="8 weeks", rest={"goal": "8 weeks"}),
        "Borduria": nation(9, probability=0.6, delay="uniform(0, 10) weeks"),
        "Zembla": nation(5, probability=0.0),
    },
}


@pytest.fixture(scope="module")
def result() -> Result:
    return run(scenario(**CHANGES), replications=200, seed=SEED)


def test_the_contingents_add_up_to_the_strength(result: Result) -> None:
    whole = {row["step"]: row["present_mean"] for row in rows_of(result.tables["trajectory"])}
    parts: dict[int, float] = defaultdict(float)
    for row in rows_of(result.tables["contingents"]):
        parts[row["step"]] += row["present_soldiers_mean"]
    assert len(parts) == 7 and sum(parts.values()) > 0
    for step, total in parts.items():
        assert total == pytest.approx(whole[step], abs=1e-9)


def test_mean_and_error_are_those_of_the_futures(result: Result) -> None:
    own = simulate(plan_of(**CHANGES), count=200)
    rows = [r for r in rows_of(result.tables["contingents"]) if r["contributor"] == "Borduria"]
    assert rows[0]["replications"] == own.strength.shape[1]
    # Alone in the theatre it is the whole strength.
    alone = CHANGES | {"contributors": {"Borduria": CHANGES["contributors"]["Borduria"]}}
    lanes = simulate(plan_of(**alone), count=200)
    table = run(scenario(**alone), replications=200, seed=SEED).tables["contingents"]
    for row in rows_of(table):
        here = lanes.strength[row["step"]].astype(float)
        assert row["present_soldiers_mean"] == pytest.approx(here.mean())
        error = here.std(ddof=1) / np.sqrt(len(here))
        assert row["present_soldiers_mcse"] == pytest.approx(error)


def test_who_never_sends_has_no_rows(result: Result) -> None:
    assert set(result.tables["contingents"]["contributor"]) == {"Aland", "Borduria"}
    none = run(scenario(mandates={"none": {"kind": "none"}}), replications=5, seed=1)
    assert none.tables["contingents"]["contributor"] == []
    assert list(none.tables["contingents"]) == list(result.tables["contingents"])


def test_blocks_add_up() -> None:
    small = scenario(**CHANGES)
    count = BLOCK + 100
    both, more = (
        run(small, replications=n, seed=SEED).tables["contingents"] for n in (count, BLOCK)
    )
    sums = [
        np.array(table["present_soldiers_mean"]) * np.array(table["replications"])
        for table in (both, more)
    ]
    assert (sums[0] >= sums[1] - 1e-6).all() and sums[0].sum() > sums[1].sum()
    np.testing.assert_allclose(sums[0], np.rint(sums[0]), atol=1e-4)  # whole soldiers


def test_there_is_a_snapshot_a_month_whatever_the_step() -> None:
    for step, horizon, months in (("1 day", "1 year", 12), ("1 week", "1 year", 12),
                                  ("1 month", "1 year", 12)):  # fmt: skip
        time = {"start": "2026-01-01", "step": step, "horizon": horizon}
        plan = plan_of(time=time, feasible_when={"full": {"within": "3 months"}})
        steps = snapshots(plan)
        assert len(steps) in (months, months + 1) and steps[0] == 0
        assert max(steps) < plan.steps
        gaps = np.diff(steps) * plan.step_days
        assert (np.abs(gaps - 365.25 / 12) <= plan.step_days).all()


def test_the_picture_stacks_the_largest_first(result: Result) -> None:
    from sim.report.cases import cases_of

    (case,) = cases_of({"": result})
    days, series = stacked(case)
    totals = [values.sum() for values in series.values()]
    assert totals == sorted(totals, reverse=True) and len(days) == 7
