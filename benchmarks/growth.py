"""How cost grows: time with replications, pools and steps, memory with replications.

python -m benchmarks.growth
"""

from __future__ import annotations

import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import sim
from benchmarks.cases import grid

ROUNDS = 1

MEMORY = """
import resource, sys
import sim
from benchmarks.cases import grid
scenario = {
    "small": lambda: grid(4, 2, 364),
    "reassurance": lambda: sim.load("scenarios/reassurance_force.yaml").with_(
        "force.sizes", [30000]
    ),
}[sys.argv[2]]
sim.run(scenario(), replications=int(sys.argv[1]), workers=1)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def seconds(scenario: sim.Scenario, replications: int) -> float:
    """Processor time of a run, the best of some."""
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.process_time()
        sim.run(scenario, replications=replications, workers=1)
        best = min(best, time.process_time() - begun)
    return best


def slope(sizes: list[int], times: list[float]) -> float:
    """Exponent of growth between the smallest and the largest: 1 is linear."""
    return math.log(times[-1] / times[0]) / math.log(sizes[-1] / sizes[0])


def row(what: str, sizes: list[int], run: Callable[[int], float]) -> str:
    """Time the sizes; one row of the table."""
    times = [run(size) for size in sizes]
    told = ", ".join(f"{size:,}: {t:.2f} s" for size, t in zip(sizes, times, strict=True))
    return f"| {what} | {told} | {slope(sizes, times):.2f} |"


def peak(replications: int, case: str) -> float:
    """Peak memory of a run in a process of its own, MB."""
    command = [sys.executable, "-c", MEMORY, str(replications), case]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def start(*command: str) -> float:
    """Wall-clock seconds of a command, the median of several."""
    times = []
    for _ in range(9):
        begun = time.perf_counter()
        subprocess.run([sys.executable, *command], capture_output=True, check=True)
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def main() -> None:
    """Print the tables."""
    # First of all: a child begins with the peak of the process that it was forked from.
    peaks = [(n, peak(n, "small"), peak(n, "reassurance")) for n in (10_000, 100_000, 1_000_000)]
    print("| time with | processor time of one process | exponent (1: linear) |\n|---|---|---|")
    one = grid(16, 4, 1_092)
    print(row("replications", [8_192, 16_384, 32_768], lambda n: seconds(one, n)))
    nations = [16, 32, 64, 128]
    print(row("pools", [4 * n for n in nations], lambda n: seconds(grid(n // 4, 4, 1_092), 8_192)))
    weeks = [104, 208, 416, 832]
    print(row("steps", weeks, lambda n: seconds(grid(16, 4, 7 * n), 8_192)))
    print(
        "\n| replications | peak memory, 8 pools | `reassurance_force`, one size |\n|---|---|---|"
    )
    _, *first = peaks[0]
    for replications, *megabytes in peaks:
        grown = [
            f"{now:.0f} MB, {now / then - 1:+.0%}"
            for now, then in zip(megabytes, first, strict=True)
        ]
        print(f"| {replications:,} | {' | '.join(grown)} |")
    bare, told = start("-c", "pass"), start("-m", "sim", "--help")
    print("\n| start | |\n|---|---|")
    print(f"| bare interpreter | {bare * 1e3:.0f} ms |")
    print(f"| `sim --help` | {told * 1e3:.0f} ms, {told / bare:.1f} times |")


if __name__ == "__main__":
    main()
