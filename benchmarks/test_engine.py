"""``make bench``: phases of the engine; counts are asserted, so a faster wrong answer fails."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from benchmarks.cases import CASES, Case
from sim.engine.futures import draw_futures
from sim.engine.muster import muster, pledge
from sim.engine.planning import plan_of
from sim.engine.pools import Pools
from sim.engine.simulate import run_cell

SMALL, _, LAYOUT = CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_parse_and_plan(benchmark: Any, case: Case) -> None:
    plan = benchmark(lambda: plan_of(case.build().specification))
    assert plan.pools and plan.steps > 100


@pytest.mark.parametrize("case", [SMALL, LAYOUT], ids=lambda case: case.name)
def test_draw(benchmark: Any, case: Case) -> None:
    plan = plan_of(case.build().specification)
    futures = benchmark.pedantic(
        draw_futures, args=(plan, 2026, 0, case.replications), rounds=3, iterations=1
    )
    assert futures.count == case.replications


@pytest.mark.parametrize("case", [SMALL, LAYOUT], ids=lambda case: case.name)
def test_step(benchmark: Any, case: Case) -> None:
    """One cell from the first step to the last, buffers warm."""
    plan = plan_of(case.build().specification)
    futures = draw_futures(plan, 2026, 0, case.replications)
    lanes = muster(plan, 0, futures)
    offer, pools = pledge(plan, 0, futures, lanes.lanes), Pools(plan, 0, lanes)
    size = plan.mandates[0].sizes[0]

    def cell() -> int:
        deployment, verdict, _ = run_cell(plan, 0, size, futures, lanes, offer, pools)
        assert deployment.step == plan.steps
        return int(verdict.held.sum())

    first = cell()
    assert benchmark.pedantic(cell, rounds=3, iterations=1) == first
    seconds = benchmark.stats.stats.min if benchmark.stats else 0.0
    work = lanes.count * plan.steps * len(plan.mandates[0].lines)
    benchmark.extra_info["ns_per_pool_and_step"] = round(seconds / work * 1e9, 1)


def test_write(benchmark: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    result = sim.run(SMALL.build(), replications=256)
    folder = tmp_path_factory.mktemp("out")
    benchmark(result.save, folder)
    assert (folder / "summary.csv").stat().st_size > 1000
