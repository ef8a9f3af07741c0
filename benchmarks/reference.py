"""Measure the core against three others, in one run; prints the table of README.md.

python -m benchmarks.reference

Ratios are of processor time on one core, the best of several rounds in which the contestants take
turns, so that whatever else the machine does meets all of them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence

import numpy as np

import sim
from benchmarks.cases import REFERENCE, plan_for
from benchmarks.fused import fused, inputs_of, without_growth
from sim.engine.core import Deployment
from sim.engine.futures import Futures, draw_futures
from sim.engine.muster import Muster, muster, pledge
from sim.engine.plan import Plan
from sim.engine.pools import Pools
from sim.engine.simulate import Cell, run_cells, side_by_side
from sim.engine.streams import BLOCK
from sim.engine.units import simulate_units

ROUNDS = 2
UNITS = 1  # replications of the unit-level engine


def seconds_of(contestants: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Processor time of each, the best of some rounds."""
    best = dict.fromkeys(contestants, np.inf)
    for _ in range(rounds):
        for name, contestant in contestants.items():
            begun = time.process_time()
            contestant()
            best[name] = min(best[name], time.process_time() - begun)
    return best


def core_of(
    plan: Plan, index: int, lanes: Muster, pools: Pools, groups: Sequence[Sequence[Cell]]
) -> int:
    """All sizes of a mandate from the first step to the last, nothing recorded."""
    for group in groups:
        deployment = Deployment(plan, index, [cell.size for cell in group], lanes, pools)
        for _ in range(plan.steps):
            deployment.advance()
    return deployment.step


def stream_of(pools: Pools, deployment: Deployment, steps: int) -> None:
    """Add one to every byte of state, once per step: as fast as memory lets anything be."""
    arrays = [pools.ready, pools.rested, pools.room, pools.present, pools.counted]
    arrays += [deployment.present, deployment.counted, deployment.asked, deployment.soldiers]
    for _ in range(steps):
        for array in arrays:
            np.add(array, array, out=array)


def mandate_rows(plan: Plan, name: str, futures: Futures) -> list[str]:
    """One mandate of the reference run at all its sizes, against the three others."""
    index = [mandate.name for mandate in plan.mandates].index(name)
    sizes, lanes = plan.mandates[index].sizes, muster(plan, index, futures)
    offer, pools = pledge(plan, index, futures, lanes.lanes), Pools(plan, index, lanes)
    groups = side_by_side([Cell(index, size) for size in sizes], lanes.count)
    some = sizes[0], sizes[len(sizes) // 2], sizes[-1]
    inputs = [inputs_of(plan, index, size, lanes) for size in some]
    fused(*inputs[0])  # compiled, and the first buffers

    def streamed() -> None:
        for group in groups:
            deployment = Deployment(plan, index, [cell.size for cell in group], lanes, pools)
            stream_of(pools, deployment, plan.steps)

    def whole() -> None:
        for group in groups:
            run_cells(plan, index, [c.size for c in group], futures, lanes, offer, pools)

    def units() -> None:
        for lane in range(UNITS):
            simulate_units(plan, index, sizes[len(sizes) // 2], lanes, lane)

    seconds = seconds_of(
        {
            "core": lambda: core_of(plan, index, lanes, pools, groups),
            "fused": lambda: [fused(*read) for read in inputs],
            "stream": streamed,
            "whole": whole,
            "units": units,
        },
        ROUNDS,
    )
    cells, lines = lanes.count * len(sizes), len(plan.mandates[index].lines)
    each, loop = seconds["whole"] / cells, seconds["fused"] / len(some) * len(sizes)
    work = cells * plan.steps * lines
    return [
        f"| `{name}`: {len(sizes)} sizes, {lanes.count:,} lanes, {lines} pools | "
        f"{seconds['core'] / work * 1e9:.2f} ns | "
        f"{seconds['units'] / UNITS / each:,.0f} times | "
        f"{loop / seconds['core']:.2f} times | "
        f"{seconds['core'] / seconds['stream']:.1f} times |"
    ]


def whole_run(workers: int) -> float:
    """Wall-clock seconds of the reference run, drawing and tables included."""
    begun = time.perf_counter()
    sim.run(REFERENCE.build(), replications=10_000, workers=workers)
    return time.perf_counter() - begun


def main() -> None:
    """Print the figures."""
    plan = without_growth(plan_for(REFERENCE))
    futures = draw_futures(plan, 2026, 0, BLOCK)
    print(
        "| reference run, one block of 8,192 replications | core, per pool, step and lane "
        "| faster than SimPy, per replication (verdict and sums included) "
        "| faster than the compiled loop | slower than `np.add` over the state |"
    )
    print("|---|---|---|---|---|")
    for name in ("reassurance", "un_mission"):
        print("\n".join(mandate_rows(plan, name, futures)))
    one, two, load = whole_run(1), whole_run(2), os.getloadavg()[1]
    print()
    print("| whole run of `all_mandates.yaml`: 39 cells, 10,000 replications, 235 steps | |")
    print("|---|---|")
    print(f"| load of the machine as it ended (two cores are free below 2) | {load:.1f} |")
    print(f"| one process | {one:.0f} s |")
    print(f"| two processes | {two:.0f} s, {one / two:.2f} times as fast |")


if __name__ == "__main__":
    main()
