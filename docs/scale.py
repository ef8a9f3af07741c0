"""Recompute the figures of docs/scale.md: ``make scale``."""

from __future__ import annotations

import os
import pickle
import platform
import time

from update import ROOT, replace

import sim
from sim.engine.planning import plan_of
from sim.engine.simulate import Cell, simulate_block
from sim.engine.streams import BLOCK

PAGE = ROOT / "docs" / "scale.md"
SCENARIO = ROOT / "scenarios" / "reassurance_force.yaml"
SIZES = [10_000, 20_000, 30_000, 40_000]
ROUNDS = 3
GOAL = 1_000_000_000


def main() -> None:
    """Time whole blocks of the main scenario at four sizes, one process and all cores."""
    scenario = sim.load(SCENARIO).with_("force.sizes", SIZES)
    plan = plan_of(scenario.specification)
    cells = [Cell(0, size) for size in SIZES]
    times, results = [], []
    for number in range(ROUNDS):
        begun = time.process_time()
        results = simulate_block(plan, 1, number, BLOCK, cells)
        times.append(time.process_time() - begun)
    block = min(times)
    sent, back = len(pickle.dumps(plan)), len(pickle.dumps(results))
    cores = os.cpu_count() or 1
    clock = {}
    for workers in sorted({1, cores}):
        begun = time.perf_counter()
        sim.run(scenario, replications=4 * cores * BLOCK, seed=1, workers=workers)
        clock[workers] = time.perf_counter() - begun
    speedup = clock[1] / clock[cores]
    hours = block * GOAL / BLOCK / 3600
    rows = [
        ("one block (8,192 replications, four sizes), one core", f"{block:.1f} s"),
        (
            f"{cores} processes against one, {4 * cores} blocks",
            f"{speedup:.2f} times",
        ),
        ("sent with a block: the plan", f"{sent / 1e3:,.0f} kB"),
        ("sent back: the sums of four cells", f"{back / 1e6:,.1f} MB"),
        ("10^9 replications, extrapolated", f"{hours:,.0f} core hours"),
        ("on 1,000 cores at nine tenths of their time", f"{hours / 900:,.1f} hours"),
        ("through the scheduler meanwhile", f"{GOAL / BLOCK * (sent + back) / 1e9:,.0f} GB"),
    ]
    lines = ["| what | figure |", "|---|---|", *(f"| {what} | {figure} |" for what, figure in rows)]
    machine = f"Python {platform.python_version()}, {platform.machine()}, {cores} cores."
    replace(PAGE, "figures", "\n".join([*lines, "", machine]))


if __name__ == "__main__":
    main()
