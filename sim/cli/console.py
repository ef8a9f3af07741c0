"""The terminal: as wide as it is, coloured where wanted, and no progress in pipes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from rich.console import Console

# Nobody folds lines in a pipe; a file may be wider than any terminal.
_PIPE_WIDTH = 140


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Let `main` end in peace where the reader has gone; rich would call it a failure."""
        raise BrokenPipeError


def console() -> Console:
    """Standard output: coloured on a terminal unless NO_COLOR says otherwise, plain in a pipe."""
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _PIPE_WIDTH
    return _Console(width=width, highlight=False, soft_wrap=False)


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar on standard error, where that is a terminal; else nothing."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
