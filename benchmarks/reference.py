"""Time the reference run and the cost per pool and step; prints the table of README.md.

python -m benchmarks.reference
"""

from __future__ import annotations

import time

import sim
from benchmarks.cases import CASES
from sim.engine.futures import draw_futures
from sim.engine.muster import muster, pledge
from sim.engine.planning import plan_of
from sim.engine.pools import Pools
from sim.engine.simulate import run_cell

REPEATS = 5


def step_cost() -> float:
    """Nanoseconds per pool, step and replication of the layout case; the best of several."""
    layout = CASES[2]
    plan = plan_of(layout.build().specification)
    futures = draw_futures(plan, 2026, 0, layout.replications)
    lanes = muster(plan, 0, futures)
    offer, pools = pledge(plan, 0, futures, lanes.lanes), Pools(plan, 0, lanes)
    work = lanes.count * plan.steps * len(plan.mandates[0].lines)
    seconds = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        run_cell(plan, 0, plan.mandates[0].sizes[0], futures, lanes, offer, pools)
        seconds.append(time.perf_counter() - begun)
    return min(seconds) / work * 1e9


def reference_run(workers: int) -> str:
    """Time the reference run; one row of the table."""
    case = CASES[1]
    scenario = case.build()
    plan = plan_of(scenario.specification)
    lines = {mandate.name: len(mandate.lines) for mandate in plan.mandates}
    begun = time.perf_counter()
    table = sim.run(scenario, replications=case.replications, workers=workers).tables["summary"]
    seconds = time.perf_counter() - begun
    authorised = zip(table["mandate"], table["authorised_replications"], strict=True)
    work = sum(count * plan.steps * lines[name] for name, count in authorised)
    cost = seconds / work * 1e9 * workers
    return (
        f"| reference run `all_mandates.yaml`: {len(table['mandate'])} cells, "
        f"{case.replications:,} replications, {plan.steps} steps; processes: {workers} | "
        f"{seconds:.0f} s, or {cost:.0f} ns of a core per pool, step and authorised replication, "
        "drawing and writing included |"
    )


def main() -> None:
    """Print the figures."""
    print("| what | figure |\n|---|---|")
    cost = step_cost()
    print(f"| core: 128 pools, 156 steps, 8,192 replications | {cost:.1f} ns per pool and step |")
    for workers in (1, 2):
        print(reference_run(workers))


if __name__ == "__main__":
    main()
