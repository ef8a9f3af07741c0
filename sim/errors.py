"""What is raised on purpose, and how a mistake in a scenario is told."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

MOST_TOLD = 100
"""Mistakes told at once, of each file's text and of the language: a file with more is something
else than a scenario."""

# Beyond these the comparison would take longer than reading the whole file.
_LONGEST_NAME = 100
_MOST_NAMES = 1_000
_MOST_WORK = 50_000  # names times the square of their length, which is what comparing takes
_CLOSE = 0.65  # the usual 0.6 finds 'rest' in 'armies'


class SimError(Exception):
    """Base of everything that is raised on purpose."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One mistake, with the place where it stands.

    Attributes
    ----------
    file
        The file as shown to the reader, or what stands in for one (``--set a.b=1``).
    line, column
        Position, counted from 1; line 0 means that there is none.
    path
        Where in the scenario, in dots: ``contributors.France.rest``; empty for the whole.
    message
        What is wrong, and what was found.
    hint
        What would put it right, if that is known.
    """

    file: str
    line: int
    column: int
    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        told = f"{self.message}; {self.hint}" if self.hint else self.message
        line = ": ".join(part for part in (place, self.path, told) if part)
        # Keys are quoted in paths, and neither a line break nor what turns a line may get out.
        return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in line)


class ScenarioError(SimError):
    """Everything that is wrong with a scenario, in the order in which it would be read.

    Parameters
    ----------
    issues
        The mistakes found; duplicates are dropped.

    Attributes
    ----------
    issues : tuple of Issue
        Sorted by file, line and column.
    """

    def __init__(self, issues: Iterable[Issue]) -> None:
        distinct = dict.fromkeys(issues)
        self.issues = tuple(
            sorted(distinct, key=lambda issue: (issue.file, issue.line, issue.column))
        )
        # As the only argument, so that the error survives the way back from a worker process.
        super().__init__(self.issues)

    def __str__(self) -> str:
        return "\n".join(map(str, self.issues))


def nearest(name: str, allowed: Iterable[str], close: float = _CLOSE) -> str:
    """Guess which name was meant.

    Parameters
    ----------
    name
        What was written.
    allowed
        What could have been written.
    close
        How much of both must agree, from 0 to 1.

    Returns
    -------
    str
        ``"did you mean 'goal'?"``, or nothing where no name is close.

    Examples
    --------
    >>> nearest("gaol", ["goal", "least"])
    "did you mean 'goal'?"
    """
    if len(name) > _LONGEST_NAME:
        return ""
    most = min(_MOST_NAMES, _MOST_WORK // max(1, len(name)) ** 2)
    found = difflib.get_close_matches(name, islice(allowed, most), n=1, cutoff=close)
    return f"did you mean {found[0]!r}?" if found else ""
