"""Time the reference run and the cost per pool and step; prints the table of README.md.

python -m benchmarks.reference
"""

from __future__ import annotations

import time

from benchmarks.cases import CASES

import sim
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


def main() -> None:
    """Print the figures."""
    reference = CASES[1]
    scenario = reference.build()
    plan = plan_of(scenario.specification)
    cells = sum(len(mandate.sizes) for mandate in plan.mandates)
    print("| what | figure |\n|---|---|")
    print(
        f"| core, 128 pools x 156 steps x 8,192 replications | {step_cost():.1f} ns per pool and step |"
    )
    for workers in (1, 2):
        begun = time.perf_counter()
        result = sim.run(scenario, replications=reference.replications, workers=workers)
        seconds = time.perf_counter() - begun
        table = result.tables["summary"]
        work = sum(
            authorised * plan.steps * len(plan.mandates[names.index(name)].lines)
            for names in ([m.name for m in plan.mandates],)
            for name, authorised in zip(
                table["mandate"], table["authorised_replications"], strict=True
            )
        )
        print(
            f"| reference run, {cells} cells x {reference.replications:,} replications x {plan.steps} steps, "
            f"{workers} process{'es' if workers > 1 else ''} | {seconds:.0f} s "
            f"({seconds / work * 1e9 * workers:.0f} ns of a core per pool and step of an authorised replication, all included) |"
        )


if __name__ == "__main__":
    main()
