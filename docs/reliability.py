"""Recompute docs/reliability.md: kills, executors, hash seeds, processor features, full disks.

Everything is done for real, on this machine, with the shipped main scenario: ``make reliability``.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import platform
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from update import ROOT, replace

PAGE = ROOT / "docs" / "reliability.md"
SCENARIO = ROOT / "scenarios" / "reassurance_force.yaml"
SIZES = ("--set", "force.sizes=[5_000, 10_000, 30_000]")
TABLES = ("summary.csv", "trajectory.csv", "contributors.csv")
KILLS = 50


def command(folder: Path, *more: str) -> list[str]:
    """A run of the main scenario at three sizes."""
    return [sys.executable, "-m", "sim", "run", str(SCENARIO), *SIZES, "--out", str(folder), *more]


def digest(folder: Path) -> str:
    """SHA-256 of the tables, shortened."""
    content = b"".join((folder / name).read_bytes() for name in TABLES)
    return hashlib.sha256(content).hexdigest()[:16]


def run(folder: Path, *more: str, **environment: str) -> str:
    """Run and digest."""
    subprocess.run(
        command(folder, *more), check=True, capture_output=True, cwd=ROOT,
        env=os.environ | environment,
    )  # fmt: skip
    return digest(folder)


def kills(home: Path, count: int) -> str:
    """Kill a run at random moments until it is through, again and again."""
    size = ("-n", "24576", "--workers", "2")
    begun = time.monotonic()
    undisturbed = run(home / "undisturbed", *size)
    length = time.monotonic() - begun
    moments, fallen, finished, same = random.Random(1), 0, 0, 0
    folder = home / "killed"
    while fallen < count:
        process = subprocess.Popen(
            command(folder, *size), cwd=ROOT, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            process.wait(timeout=moments.uniform(0.3, 0.8 * length))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            fallen += 1
            continue
        if process.returncode:
            raise RuntimeError(f"a run failed of itself: exit code {process.returncode}")
        finished += 1
        same += digest(folder) == undisturbed
        (folder / "summary.csv").unlink()  # the next one begins anew
    last = run(folder, *size)
    finished, same = finished + 1, same + (last == undisturbed)
    return told_of_kills(count, finished, same)


def told_of_kills(count: int, finished: int, same: int) -> str:
    """Say what became of every run: those killed, those left alone, and whose bytes were right."""
    return (
        "One run after the other was started in the same folder, to go on from what the one before "
        f"had left. {count} were killed with `kill -9` at random moments, as was meant, and none "
        f"failed of itself. The other {finished} were left alone and got through on what the "
        f"killed had left, {same} of these {finished} with the bytes of an undisturbed run."
    )


def ways(home: Path) -> str:
    """The same run in every way that must not matter."""
    few = ("-n", "9000")
    baseline = run(home / "way", *few, "--workers", "1")
    rows = [("one process", baseline)]
    features = ("AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL", "AVX2 FMA3")
    for name, more, environment in (
        ("two processes", ("--workers", "2"), {}),
        ("three threads", ("--executor", "threads", "--workers", "3"), {}),
        ("Dask, two workers", ("--executor", "dask", "--workers", "2"), {}),
        ("hash seed 1", ("--workers", "1"), {"PYTHONHASHSEED": "1"}),
        ("hash seed 2", ("--workers", "1"), {"PYTHONHASHSEED": "2"}),
        ("without AVX-512", ("--workers", "1"), {"NPY_DISABLE_CPU_FEATURES": usable(features[0])}),
        (
            "without AVX-512 and AVX2",
            ("--workers", "1"),
            {"NPY_DISABLE_CPU_FEATURES": usable(" ".join(features))},
        ),
    ):
        rows.append((name, run(home / "way", *few, *more, **environment)))
    lines = [
        f"| {name} | `{found}` | {'yes' if found == baseline else 'NO'} |" for name, found in rows
    ]
    return "\n".join(["| way | digest of the tables | the same |", "|---|---|---|", *lines])


def usable(features: str) -> str:
    """Those of the features that NumPy was built to choose at run time and this machine has."""
    numpy: Any = importlib.import_module("numpy._core._multiarray_umath")  # has no types
    known, has = numpy.__cpu_dispatch__, numpy.__cpu_features__
    return " ".join(f for f in features.split() if f in known and has.get(f))


@contextmanager
def small_disk(kilobytes: int) -> Iterator[Path]:
    """A file system that is soon full."""
    with tempfile.TemporaryDirectory() as name:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", name], check=True
        )
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", name], check=True)


def full_disk() -> str:
    """A run whose results do not fit, over results that are there."""
    if os.geteuid() != 0:
        return "Full disk: not tried, this user may not mount one."
    with small_disk(4_000) as disk:
        folder = disk / "results"
        before = run(folder, "-n", "300", "--workers", "1")
        (disk / "ballast").write_bytes(b"x" * (_free(disk) - 20_000))
        done = subprocess.run(
            command(folder, "-n", "600", "--workers", "1"), cwd=ROOT, capture_output=True, text=True
        )
        told = done.stderr.strip().replace(str(disk), "DISK")
        kept = digest(folder) == before
    return (
        f"Full disk: exit code {done.returncode}, `{told}`; "
        f"the results that were there are {'as they were' if kept else 'LOST'}."
    )


def _free(path: Path) -> int:
    found = os.statvfs(path)
    return found.f_bavail * found.f_frsize


def main(names: Sequence[str]) -> None:
    """Recompute all, or the parts named."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        wanted = names or ("kills", "ways", "disk")
        if "kills" in wanted:
            replace(PAGE, "kills", kills(home, KILLS))
        if "ways" in wanted:
            replace(PAGE, "ways", ways(home))
        if "disk" in wanted:
            replace(PAGE, "disk", full_disk())
    versions = f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores"
    replace(PAGE, "machine", versions)


if __name__ == "__main__":
    main(sys.argv[1:])
