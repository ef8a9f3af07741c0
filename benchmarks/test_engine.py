"""``make bench``: every case through every phase; counts are asserted, so that a faster wrong
answer fails.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sim
from benchmarks.cases import CASES, SMALL, Case, cell_of, plan_for
from benchmarks.fused import fused, inputs_of, without_growth
from sim.engine.core import Deployment
from sim.engine.futures import Futures, draw_futures
from sim.engine.muster import muster, pledge
from sim.engine.planning import plan_of
from sim.engine.pools import Pools
from sim.engine.simulate import run_cell

SEED = 2026
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def futures_of(case: Case) -> Futures:
    return draw_futures(plan_for(case), SEED, 0, case.replications)


@every_case
def test_parse(benchmark: Any, case: Case) -> None:
    scenario = benchmark.pedantic(case.build, rounds=3, iterations=1)
    assert case.mandate in scenario.specification.mandates


@every_case
def test_plan(benchmark: Any, case: Case) -> None:
    specification = case.build().specification
    plan = benchmark(plan_of, specification)
    assert plan.pools == plan_for(case).pools
    assert plan.steps == plan_for(case).steps > 100


@every_case
def test_draw(benchmark: Any, case: Case) -> None:
    futures = benchmark.pedantic(futures_of, args=(case,), rounds=3, iterations=1)
    assert (futures.politics[cell_of(case)].authorised < plan_for(case).steps).sum() == case.lanes


@every_case
def test_step(benchmark: Any, case: Case) -> None:
    """One cell from the first step to the last, without the verdict."""
    plan, index = plan_for(case), cell_of(case)
    lanes = muster(plan, index, futures_of(case))
    pools = Pools(plan, index, lanes)

    def cell() -> int:
        deployment = Deployment(plan, index, case.size, lanes, pools)
        soldier_steps = 0
        for _ in range(plan.steps):
            deployment.advance()
            soldier_steps += int(deployment.strength.sum(dtype=np.float64))
        return soldier_steps

    assert benchmark.pedantic(cell, rounds=3, iterations=1) == case.soldier_steps
    seconds = benchmark.stats.stats.min if benchmark.stats else 0.0
    work = lanes.count * plan.steps * len(plan.mandates[index].lines)
    benchmark.extra_info["ns_per_pool_and_step"] = round(seconds / work * 1e9, 2)


@every_case
def test_verdict(benchmark: Any, case: Case) -> None:
    """The same with its verdict, its histograms and its sums."""
    plan, index = plan_for(case), cell_of(case)
    futures = futures_of(case)
    lanes = muster(plan, index, futures)
    offer, pools = pledge(plan, index, futures, lanes.lanes), Pools(plan, index, lanes)

    def cell() -> tuple[int, int]:
        _, verdict, ledger = run_cell(plan, index, case.size, futures, lanes, offer, pools)
        outcomes = ledger.outcomes(0, futures.required <= case.size, case.replications, 0)
        return int(verdict.pledged.sum()), int(outcomes.present_sum.sum())

    found = benchmark.pedantic(cell, rounds=3, iterations=1)
    assert found == (case.pledged, case.soldier_steps)


def test_write(benchmark: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    result = sim.run(SMALL.build(), replications=256)
    folder = tmp_path_factory.mktemp("out")
    benchmark(result.save, folder)
    assert (folder / "summary.csv").stat().st_size > 1000


@pytest.mark.parametrize("mandate", ["reassurance", "un_mission"])
def test_the_compiled_loop_gives_the_same_integers(mandate: str) -> None:
    """The comparator is no comparator if it computes something else."""
    reference = CASES[1]
    plan = without_growth(plan_for(reference))
    index = [m.name for m in plan.mandates].index(mandate)
    lanes = muster(plan, index, draw_futures(plan, SEED, 0, reference.replications))
    for size in (30_000, 90_000):
        deployment = Deployment(plan, index, size, lanes, Pools(plan, index, lanes))
        history = []
        for _ in range(plan.steps):
            deployment.advance()
            history.append(deployment.strength.copy())
        strengths, present, breaches = fused(*inputs_of(plan, index, size, lanes))
        assert np.array_equal(strengths, np.transpose(history))
        assert np.array_equal(present, deployment.present.T)
        assert np.array_equal(breaches, deployment.breaches.T)
