"""Running: stopping rule, what is kept of a run that is broken off, who may write where."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import busy
from test_determinism import bytes_of, several_blocks

import sim
from sim.engine.simulate import simulate_groups
from sim.engine.streams import BLOCK
from sim.results.checkpoint import FOLDER, Checkpoint
from sim.results.files import locked
from sim.results.tables import Table
from sim.running import blocks
from sim.running.executors import executor_of
from sim.running.runner import run

ROOT = Path(__file__).parent.parent
SEED = 11
COUNT = 2 * BLOCK + 100


@pytest.fixture(scope="module")
def undisturbed() -> sim.Result:
    return run(several_blocks(), replications=COUNT, seed=SEED)


class StoppedError(Exception):
    pass


def broken_off(after: int, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> list[int]:
    """Let the block function fail once `after` blocks are done; the blocks begun are noted."""
    begun: list[int] = []

    def one(plan: Any, seed: int, block: int, *rest: Any) -> Any:
        begun.append(block)
        if len(begun) > after:
            raise error
        yield from simulate_groups(plan, seed, block, *rest)

    monkeypatch.setattr(blocks, "simulate_groups", one)
    return begun


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError("no more"), StoppedError()])
def test_a_run_broken_off_goes_on_where_it_was(
    error: BaseException,
    tmp_path: Path,
    undisturbed: sim.Result,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken_off(1, monkeypatch, error)
    with pytest.raises(type(error)):
        run(several_blocks(), replications=COUNT, seed=SEED, checkpoint=tmp_path)
    assert (tmp_path / FOLDER).is_dir()
    begun = broken_off(9, monkeypatch, StoppedError())
    found = run(several_blocks(), replications=COUNT, seed=SEED, checkpoint=tmp_path)
    assert begun == [1, 2]
    assert bytes_of(found) == bytes_of(undisturbed)
    found.save(tmp_path)
    assert not (tmp_path / FOLDER).exists()


def test_rows_are_kept_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run(several_blocks(), replications=COUNT, seed=SEED, keep_replications=True)
    broken_off(2, monkeypatch, StoppedError())
    arguments = {"replications": COUNT, "seed": SEED, "keep_replications": True}
    with pytest.raises(StoppedError):
        run(several_blocks(), checkpoint=tmp_path, **arguments)  # type: ignore[arg-type]
    begun = broken_off(9, monkeypatch, StoppedError())
    found = run(several_blocks(), checkpoint=tmp_path, **arguments)  # type: ignore[arg-type]
    assert begun == [2]
    assert bytes_of(found, "replications") == bytes_of(whole, "replications")


def kept_after_one_block(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken_off(1, monkeypatch, StoppedError())
    with pytest.raises(StoppedError):
        run(several_blocks(), replications=COUNT, seed=SEED, checkpoint=folder)


@pytest.mark.parametrize(
    "other",
    [
        {"seed": SEED + 1},
        {"keep_replications": True},
        {"scenario": several_blocks().with_("feasible_when.fill", 0.5)},
    ],
)
def test_what_another_run_kept_is_not_taken(
    other: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept_after_one_block(tmp_path, monkeypatch)
    begun = broken_off(9, monkeypatch, StoppedError())
    arguments: dict[str, Any] = {"replications": COUNT, "seed": SEED, **other}
    run(arguments.pop("scenario", several_blocks()), checkpoint=tmp_path, **arguments)
    assert begun == [0, 1, 2]


def test_another_number_of_replications_takes_whole_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept_after_one_block(tmp_path, monkeypatch)
    begun = broken_off(9, monkeypatch, StoppedError())
    fewer = run(several_blocks(), replications=BLOCK + 7, seed=SEED, checkpoint=tmp_path)
    assert begun == [1]
    assert bytes_of(fewer) == bytes_of(run(several_blocks(), replications=BLOCK + 7, seed=SEED))


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 broken", None])
def test_a_damaged_checkpoint_costs_time_and_no_truth(
    damage: bytes | None,
    tmp_path: Path,
    undisturbed: sim.Result,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept_after_one_block(tmp_path, monkeypatch)
    path = tmp_path / FOLDER / "outcomes.npz"
    path.write_bytes(path.read_bytes()[:-200] if damage is None else damage)
    begun = broken_off(9, monkeypatch, StoppedError())
    found = run(several_blocks(), replications=COUNT, seed=SEED, checkpoint=tmp_path)
    assert begun == [0, 1, 2]
    assert bytes_of(found) == bytes_of(undisturbed)


def test_a_checkpoint_holds_no_pickles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept_after_one_block(tmp_path, monkeypatch)
    with np.load(tmp_path / FOLDER / "outcomes.npz", allow_pickle=False) as file:
        assert all(file[name].dtype != object for name in file.files)


def test_what_cannot_be_kept_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "_KEEP_EVERY", 0.0)
    (tmp_path / FOLDER).write_text("a file where the folder should be")
    with pytest.raises(sim.SimError, match="cannot write"):
        run(several_blocks(), replications=COUNT, seed=SEED, checkpoint=tmp_path)


# -- precision ---------------------------------------------------------------------------------


def half_widths(table: Table) -> list[float]:
    pairs = zip(
        table["p_feasible_if_authorised_low"], table["p_feasible_if_authorised_high"], strict=True
    )
    return [(high - low) / 2 for low, high in pairs]


def test_a_run_goes_on_until_it_is_precise() -> None:
    loose = run(several_blocks(), precision=0.05, seed=SEED)
    assert loose.run["replications"] == BLOCK
    first = max(half_widths(loose.tables["summary"]))
    wanted = 0.7 * first
    result = run(several_blocks(), precision=wanted, seed=SEED)
    assert max(half_widths(result.tables["summary"])) <= wanted
    assert result.run["precision"]["reached"] is True
    assert result.run["precision"]["found"] == max(half_widths(result.tables["summary"]))
    # A half-width of 0.7 takes about twice as many; anything near it is in order, a rush is not.
    assert result.run["replications"] in (2 * BLOCK, 3 * BLOCK)
    plain = run(several_blocks(), replications=result.run["replications"], seed=SEED)
    assert bytes_of(plain) == bytes_of(result)


def test_the_executor_does_not_move_the_stop() -> None:
    with ThreadPoolExecutor(3) as pool:
        threads = run(
            several_blocks(), precision=0.004, max_replications=COUNT, seed=1, executor=pool
        )
    alone = run(several_blocks(), precision=0.004, max_replications=COUNT, seed=1)
    assert bytes_of(threads) == bytes_of(alone)
    assert threads.run["replications"] == alone.run["replications"]


def test_the_limit_is_kept_and_told() -> None:
    result = run(several_blocks(), precision=1e-4, max_replications=BLOCK + 50, seed=SEED)
    assert result.run["replications"] == BLOCK + 50
    assert result.run["precision"]["reached"] is False


@pytest.mark.parametrize(
    "arguments",
    [
        {"precision": 0.1, "replications": 10},
        {"max_replications": 10},
        {"precision": 0.0},
        {"precision": float("nan")},
        {"precision": 0.1, "max_replications": 0},
    ],
)
def test_wishes_that_contradict_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(sim.SimError):
        run(busy(), seed=1, **arguments)


# -- executors ---------------------------------------------------------------------------------


def test_unknown_executors_and_stray_addresses_are_refused() -> None:
    with pytest.raises(sim.SimError, match="known: processes, threads, dask"), executor_of("mpi"):
        pass
    with (
        pytest.raises(sim.SimError, match="an address is for the executor dask"),
        executor_of("threads", 1, "tcp://127.0.0.1:1"),
    ):
        pass


def test_threads_give_the_same_bytes(undisturbed: sim.Result) -> None:
    with executor_of("threads", 2) as pool:
        assert isinstance(pool, Executor)
        found = run(several_blocks(), replications=COUNT, seed=SEED, executor=pool)
    assert bytes_of(found) == bytes_of(undisturbed)


# -- for real: killed, interrupted, locked -------------------------------------------------------

SCENARIO = ROOT / "scenarios" / "reassurance_force.yaml"


@contextmanager
def running(folder: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "sim", "run", str(SCENARIO), "--out", str(folder), *more]
    environment = os.environ | {"COLUMNS": "100"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        env=environment, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 60
    while not path.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)


def members(group: int) -> list[str]:
    """Living processes of a process group (Linux)."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # gone meanwhile
            state, _, own = path.read_text().rpartition(")")[2].split()[:3]
            if int(own) == group and state != "Z":
                found.append((path.parent / "cmdline").read_text().replace("\0", " "))
    return found


SMALL = ("-n", "200", "--set", "force.sizes=[5_000, 30_000]")
LONG = ("-n", "200000", "--set", "force.sizes=[5_000, 30_000]")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux's /proc")
def test_ctrl_c_says_how_to_go_on_and_leaves_nobody_behind(tmp_path: Path) -> None:
    with running(tmp_path, *LONG, "--workers", "2") as process:
        wait_for(tmp_path / ".lock", process)
        time.sleep(1.5)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
        until = time.monotonic() + 20
        while members(process.pid) and time.monotonic() < until:
            time.sleep(0.05)
        assert members(process.pid) == []
    assert process.returncode == 3, (out, err)
    assert err.startswith("sim: interrupted; ")
    assert "Traceback" not in err
    assert not (tmp_path / "summary.csv").exists()


def test_a_second_run_into_a_folder_is_told_so(tmp_path: Path) -> None:
    with running(tmp_path, *LONG, "--workers", "1") as first:
        wait_for(tmp_path / ".lock", first)
        with running(tmp_path, *SMALL) as second:
            _, err = second.communicate(timeout=60)
    assert second.returncode == 2
    assert (
        err
        == f"sim: {tmp_path}: another run is writing here; wait for it, or choose another folder\n"
    )
    # The first was killed: its lock is gone with it.
    with running(tmp_path, *SMALL, "--workers", "1") as third:
        _, err = third.communicate(timeout=120)
    assert third.returncode == 0, err
    assert (tmp_path / "summary.csv").exists()


def test_a_lock_is_for_one() -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name, locked(Path(name)):
        with pytest.raises(sim.SimError, match="another run is writing here"), locked(Path(name)):
            pass
        assert list(Path(name).iterdir()) == [Path(name) / ".lock"]


def test_exit_code_4_when_not_precise_enough(tmp_path: Path) -> None:
    few = ("--precision", "0.001", "--max-replications", "300", *SMALL[2:])
    with running(tmp_path, *few, "--workers", "1") as process:
        out, err = process.communicate(timeout=120)
    assert process.returncode == 4, err
    assert "Precision 0.001 not reached" in out


def test_killed_again_and_again_it_ends_with_the_same_bytes(tmp_path: Path) -> None:
    size = ("-n", "12000", "--set", "force.sizes=[5_000]", "--workers", "1")
    tables = ("summary.csv", "trajectory.csv", "contributors.csv")
    with running(tmp_path / "undisturbed", *size) as process:
        process.communicate(timeout=120)
    for moment in (1.0, 1.7, 2.4):
        with running(tmp_path / "killed", *size) as process, suppress(subprocess.TimeoutExpired):
            process.wait(moment)
    with running(tmp_path / "killed", *size) as process:
        _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    for name in tables:
        kept, found = (tmp_path / part / name for part in ("undisturbed", "killed"))
        assert found.read_bytes() == kept.read_bytes()
    assert not (tmp_path / "killed" / FOLDER).exists()


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    if os.name != "posix" or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_leaves_old_results_as_they_were(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 600) as disk:
        folder = run(busy(), replications=50, seed=1).save(disk / "results")
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        free = os.statvfs(disk)
        (disk / "ballast").write_bytes(b"x" * (free.f_bavail * free.f_frsize - 16_384))
        with pytest.raises(sim.SimError, match="cannot write results: No space left on device"):
            run(busy(), replications=60, seed=1).save(folder)
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_folder_that_vanishes_is_made_again(tmp_path: Path, undisturbed: sim.Result) -> None:
    import shutil

    def vanish(done: int, total: int) -> None:
        shutil.rmtree(tmp_path / "out", ignore_errors=True)

    found = run(
        several_blocks(),
        replications=COUNT,
        seed=SEED,
        checkpoint=tmp_path / "out",
        progress=vanish,
    )
    assert bytes_of(sim.read(found.save(tmp_path / "out"))) == bytes_of(undisturbed)


def exit_at_once(*_: object) -> None:
    os._exit(9)


def test_a_worker_that_dies_is_told_and_costs_nothing(
    tmp_path: Path, undisturbed: sim.Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ProcessPoolExecutor(1) as pool:
        pool.submit(exit_at_once)
        with pytest.raises(sim.SimError, match="a worker process was lost"):
            run(several_blocks(), replications=COUNT, seed=SEED, executor=pool)


def test_a_checkpoint_of_nothing_is_empty(tmp_path: Path) -> None:
    assert Checkpoint(tmp_path, "key").read().outcomes == {}
