"""What other commands left in a results folder: tables and pictures that the page shows as well."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.errors import SimError
from sim.results.files import cell_text, from_csv
from sim.results.tables import Table


@dataclass(frozen=True, slots=True)
class Extra:
    """One further analysis.

    Attributes
    ----------
    title, text, command
        What it is, what it says, and the command that makes it.
    table
        None where it was not made.
    picture
        As a data URI; empty where there is none.
    """

    title: str
    text: str
    command: str
    table: Table | None
    picture: str

    @property
    def rows(self) -> list[list[str]]:
        """The table's cells as text."""
        return [[_short(cell) for cell in row] for row in zip(*(self.table or {}).values())]  # noqa: B905


_KINDS = (
    (
        "explain",
        "waterfall",
        "What binds: each constraint relaxed",
        "Each constraint is taken away alone, and all but each, over the same futures.",
        "sim explain SCENARIO --size N",
    ),
    (
        "drivers",
        "drivers",
        "Drivers: on which uncertain inputs the answer depends",
        "Sensitivity of the outcome to each uncertain input.",
        "sim drivers RESULTS",
    ),
    (
        "boxes",
        "boxes",
        "Boxes: ranges of inputs that decide",
        "Ranges of inputs in which the outcome holds or fails (scenario discovery).",
        "sim drivers RESULTS",
    ),
    (
        "sobol",
        "sobol",
        "Levers: how much each input moves the answer",
        "Sobol indices of levers that are moved together.",
        "sim drivers SCENARIO --lever PATH=LOW..HIGH",
    ),
    (
        "coalition",
        "coalition",
        "Which contributors suffice",
        "The smallest set of contributors that suffices, and what each is worth.",
        "sim coalition SCENARIO --size N",
    ),
)


def extras_of(folder: Path) -> list[Extra]:
    """Read what there is; an analysis that was not made has no table."""
    extras = []
    for name, picture, title, text, command in _KINDS:
        table = _table(folder / f"{name}.csv")
        extras.append(Extra(title, text, command, table, _picture(folder / f"{picture}.svg")))
    return extras


def _table(path: Path) -> Table | None:
    if not path.exists():
        return None
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return from_csv(file)
    except (OSError, ValueError) as error:
        raise SimError(f"{path}: cannot be read ({error})") from error


def _picture(path: Path) -> str:
    # As an image a drawing runs no script, whoever wrote it.
    if not path.exists():
        return ""
    return f"data:image/svg+xml;base64,{base64.b64encode(path.read_bytes()).decode()}"


def _short(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:.4g}" if cell == cell else ""
    return cell_text(cell)


def missing(extras: Sequence[Extra]) -> list[Extra]:
    """Those that were not made."""
    return [extra for extra in extras if extra.table is None and not extra.picture]
