"""Where blocks are simulated: this process, others on this machine, threads, or a cluster."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

from sim.errors import SimError

PATIENCE = "10s"  # for a scheduler to answer
KINDS = ("processes", "threads", "dask")
_A_MOMENT = 5.0  # seconds
LOST = (
    "a worker process was lost: too little memory for so many, or a script that begins a run "
    "outside of `if __name__ == '__main__':`"
)


@contextmanager
def processes(workers: int) -> Iterator[Executor | None]:
    """Processes on this machine; none at all for one worker, which is this process.

    They are stopped at once where the run is broken off.

    Raises
    ------
    SimError
        If one of them is lost.
    """
    if workers <= 1:
        yield None
        return
    # Fresh processes: a fork of one with threads can lock up. Ctrl-C is for the parent to handle.
    pool = ProcessPoolExecutor(
        workers,
        mp_context=get_context("spawn"),
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),
    )
    try:
        yield pool
    except BaseException as error:
        end(pool)
        if isinstance(error, BrokenExecutor):
            raise SimError(LOST) from None
        raise
    pool.shutdown()


def alive(pool: ProcessPoolExecutor) -> list[Any]:
    """The processes of a pool that have not ended."""
    return [process for process in list((pool._processes or {}).values()) if process.is_alive()]


def end(pool: ProcessPoolExecutor) -> None:
    """End a pool's processes at once, whatever they compute, and also where they stand still.

    What they had begun fails with `BrokenExecutor`, what waited behind it is cancelled.
    """
    workers, manager = alive(pool), getattr(pool, "_executor_manager_thread", None)
    pool.shutdown(wait=False, cancel_futures=True)
    # Python 3.11 stumbles over a cancelled future when it learns that a process is lost: first its
    # thread has to put these aside.
    until = time.monotonic() + _A_MOMENT
    while manager and manager.is_alive() and getattr(pool, "_cancel_pending_futures", False):
        if time.monotonic() > until:
            break
        time.sleep(0.002)
    for process in workers:
        process.kill()
    if manager:
        manager.join(_A_MOMENT)


@contextmanager
def executor_of(
    kind: str = "processes", workers: int = 1, address: str | None = None
) -> Iterator[Executor | None]:
    """Open an executor by its name.

    Parameters
    ----------
    kind
        One of `KINDS`.
    workers
        Processes or threads of this machine; a cluster has its own.
    address
        Of the Dask scheduler, as ``tcp://host:8786``; without one a local cluster is started.

    Yields
    ------
    Executor or None
        None for processes: `sim.run` opens as many as `workers` says where they pay.

    Raises
    ------
    SimError
        If there is no such kind, Dask is not installed, or its scheduler does not answer.
    """
    if kind not in KINDS:
        raise SimError(f"no executor '{kind}'; known: {', '.join(KINDS)}")
    if address is not None and kind != "dask":
        raise SimError(f"an address is for the executor dask, not for {kind}")
    if kind == "processes":
        yield None
    elif kind == "threads":
        with ThreadPoolExecutor(workers) as threads:
            yield threads
    else:
        with _dask(workers, address) as cluster:
            yield cluster


@contextmanager
def _dask(workers: int, address: str | None) -> Iterator[Executor]:
    try:
        import distributed
    except ImportError:
        raise SimError(
            "the executor dask needs dask: pip install 'peacekeeping-sim[dask]'"
        ) from None
    dask: Any = distributed  # its classes carry no types
    local = None
    if address is None:
        local = dask.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
    try:
        try:
            client = dask.Client(address or local, timeout=PATIENCE)
        except (OSError, ValueError, TimeoutError) as error:
            raise SimError(f"no Dask scheduler at {address}: {error}") from None
        with client:
            # Dask would take the same call for the same result, and look for it in its cache.
            yield client.get_executor(pure=False)
    finally:
        if local is not None:
            local.close()
