"""Recompute the figures of docs/scale.md: ``make scale``."""

from __future__ import annotations

import os
import pickle
import platform
import subprocess
import sys
import time
from statistics import median

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

APART = f"""
import sim
scenario = sim.load({str(SCENARIO)!r}).with_("force.sizes", {SIZES})
sim.run(scenario, replications={4 * BLOCK}, seed=1, workers=1)
"""
"""Half of the run, by a process that has nothing in common with the other."""


def apart(processes: int) -> float:
    """Seconds in which so many processes that know nothing of each other do the same."""
    begun = time.perf_counter()
    started = [subprocess.Popen([sys.executable, "-c", APART]) for _ in range(processes)]
    if any(process.wait() for process in started):
        sys.exit("a process failed")
    return time.perf_counter() - begun


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
    # In turns, the median of each: a machine that is shared has slow minutes.
    together: dict[int, list[float]] = {1: [], cores: []}
    alone: dict[int, list[float]] = {1: [], cores: []}
    for _ in range(ROUNDS):
        for workers in together:
            begun = time.perf_counter()
            sim.run(scenario, replications=4 * cores * BLOCK, seed=1, workers=workers)
            together[workers].append(time.perf_counter() - begun)
            alone[workers].append(apart(workers))
    speedup = median(together[1]) / median(together[cores])
    possible = cores * median(alone[1]) / median(alone[cores])
    hours = block * GOAL / BLOCK / 3600
    rows = [
        ("one block (8,192 replications, four sizes), one core", f"{block:.1f} s"),
        (
            f"{cores} processes against one, {4 * cores} blocks",
            f"{speedup:.2f} times",
        ),
        (
            f"{cores} processes that know nothing of each other: what this machine gives",
            f"{possible:.2f} times",
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
