"""Beyond one process: a Dask scheduler and two workers, one of which is killed; MPI."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_determinism import bytes_of, several_blocks

from sim.engine.streams import BLOCK
from sim.errors import SimError
from sim.running.executors import executor_of
from sim.running.runner import run

SEED = 11
COUNT = 6 * BLOCK
TESTS = Path(__file__).parent

needs_dask = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None, reason="needs the extra dask"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def started(*arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "distributed.cli." + arguments[0], *arguments[1:]]
    environment = os.environ | {"PYTHONPATH": str(TESTS.parent)}
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    )


@pytest.fixture
def cluster() -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    processes = [
        started("dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
    ]
    options = ("--no-nanny", "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1")
    processes += [started("dask_worker", address, *options) for _ in range(2)]
    try:
        yield address, processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()


@needs_dask
def test_a_worker_killed_in_the_middle_changes_no_byte(
    cluster: tuple[str, list[subprocess.Popen[bytes]]],
) -> None:
    address, workers = cluster
    alone = run(several_blocks(), replications=COUNT, seed=SEED)
    fallen = threading.Event()

    def kill_one(done: int, total: int) -> None:
        if not fallen.is_set() and done < total:
            workers[0].kill()
            fallen.set()

    until = time.monotonic() + 60
    while True:
        try:
            with executor_of("dask", address=address) as executor:
                found = run(
                    several_blocks(),
                    replications=COUNT,
                    seed=SEED,
                    executor=executor,
                    progress=kill_one,
                )
            break
        except SimError:  # the scheduler is still starting
            assert time.monotonic() < until
    assert fallen.is_set()
    assert workers[0].wait(timeout=10) != 0
    assert bytes_of(found) == bytes_of(alone)


@needs_dask
def test_a_scheduler_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.running.executors.PATIENCE", "1s")
    address = f"tcp://127.0.0.1:{free_port()}"
    with (
        pytest.raises(SimError, match="no Dask scheduler at"),
        executor_of("dask", address=address),
    ):
        pass


def test_without_dask_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    told = r"pip install 'peacekeeping-sim\[dask\]'"
    with pytest.raises(SimError, match=told), executor_of("dask"):
        pass


MPI = """
import sys
sys.path.insert(0, {tests!r})
from mpi4py.futures import MPIPoolExecutor
from test_determinism import bytes_of, several_blocks
from sim.running.runner import run
import hashlib
if __name__ == "__main__":
    with MPIPoolExecutor() as pool:
        found = run(several_blocks(), replications={count}, seed={seed}, executor=pool)
    print(hashlib.sha256(bytes_of(found)).hexdigest())
"""


@pytest.mark.skipif(
    importlib.util.find_spec("mpi4py") is None or shutil.which("mpiexec") is None,
    reason="needs mpi4py and mpiexec",
)
def test_mpi_gives_the_same_bytes(tmp_path: Path) -> None:
    import hashlib

    count = 2 * BLOCK
    script = tmp_path / "with_mpi.py"
    script.write_text(MPI.format(tests=str(TESTS), count=count, seed=SEED), "utf-8")
    command = ["mpiexec", "--oversubscribe", "--allow-run-as-root", "-n", "3"]
    done = subprocess.run(
        [*command, sys.executable, "-m", "mpi4py.futures", str(script)],
        capture_output=True, text=True, check=False, cwd=TESTS.parent, timeout=300,
        env=os.environ | {"PYTHONPATH": str(TESTS.parent)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    alone = run(several_blocks(), replications=count, seed=SEED)
    assert done.stdout.strip() == hashlib.sha256(bytes_of(alone)).hexdigest()
