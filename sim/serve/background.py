"""Processes for long runs: they stand back behind what somebody waits for."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing import get_context

from sim.running.executors import alive, end

_NICE = 10


class Background:
    """A pool of processes of low priority, begun when it is first used.

    Unlike those of `sim.running.executors`, they outlive one run, and a lost one is replaced.

    Parameters
    ----------
    workers
        How many; at least one, so that a long run never holds up the process that asks.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._waited_for = 0

    def executor(self) -> Executor:
        """The pool; another one where a process of the last was lost."""
        with self._lock:
            if self._pool is not None and getattr(self._pool, "_broken", False):
                end(self._pool)
                self._pool = None
            if self._pool is None:
                # Fresh processes: a fork of one with threads can lock up.
                self._pool = ProcessPoolExecutor(
                    self._workers, mp_context=get_context("spawn"), initializer=_stand_back
                )
            return self._pool

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let the processes stand still, where the system can do that.

        Of a low priority alone they would take every processor but one, and two that share a core
        slow each other down.
        """
        self._wait(1)
        try:
            yield
        finally:
            self._wait(-1)

    def _wait(self, change: int) -> None:
        with self._lock:
            self._waited_for += change
            if self._pool is not None and hasattr(signal, "SIGSTOP"):
                sent = signal.SIGSTOP if self._waited_for else signal.SIGCONT
                for process in alive(self._pool):
                    with suppress(ProcessLookupError):
                        os.kill(process.pid, sent)

    def close(self) -> None:
        """Break off what is computed. Who waits for it is told that it was lost."""
        with self._lock:
            if self._pool is not None:
                end(self._pool)


def _stand_back() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server to handle
    with suppress(AttributeError, OSError):  # not every system has it
        os.nice(_NICE)
