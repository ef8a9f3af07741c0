"""What a run that was broken off has finished: kept in its results folder, and found again."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.outcomes import Outcomes
from sim.engine.simulate import Cell, CellResult, Columns
from sim.results.files import write_all

FOLDER = ".unfinished"
_OUTCOMES = "outcomes.npz"
Part = tuple[int, int]  # block, replications


@dataclass
class Tally:
    """The parts of a run that are finished, added up.

    Attributes
    ----------
    outcomes
        Per cell, over its finished parts.
    parts
        Per cell, which parts are finished: (block, replications).
    rows
        Per cell and block one row per replication, where they are kept.
    """

    outcomes: dict[Cell, Outcomes] = field(default_factory=dict)
    parts: dict[Cell, set[Part]] = field(default_factory=dict)
    rows: dict[Cell, dict[int, Columns]] = field(default_factory=dict)

    def add(self, result: CellResult, count: int) -> None:
        """Add a cell's outcomes over the `count` replications of a block."""
        held = self.outcomes.get(result.cell)
        self.outcomes[result.cell] = result.outcomes if held is None else held + result.outcomes
        self.parts.setdefault(result.cell, set()).add((result.block, count))
        if result.rows is not None:
            self.rows.setdefault(result.cell, {})[result.block] = result.rows

    def lacks(self, cell: Cell, part: Part) -> bool:
        """Whether a part is still to be done."""
        return part not in self.parts.get(cell, ())

    def fits(self, parts: Iterable[Part]) -> bool:
        """Whether everything in it is wanted: a last, partial block may be another run's."""
        return set().union(*self.parts.values()) <= set(parts)


class Checkpoint:
    """A place where a run keeps what it has finished.

    Parameters
    ----------
    folder
        The results folder; everything lies in its subfolder `FOLDER`.
    key
        Names the run: scenario, seed, version. What another key kept is not read.
    rows
        Whether the run keeps one row per replication.
    """

    def __init__(self, folder: Path, key: str, rows: bool = False) -> None:
        self.folder, self.key, self.rows = folder / FOLDER, f"{key} {rows}", rows
        self._kept: set[tuple[Cell, int]] = set()  # rows on disk

    def read(self) -> Tally:
        """What was kept under this key; empty where there is nothing, or nothing readable."""
        with suppress(OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
            content = (self.folder / _OUTCOMES).read_bytes()
            tally = _decoded(content, self.key)
            for cell, parts in tally.parts.items() if self.rows else ():
                for block, _ in parts:
                    with np.load(self.folder / _rows_name(cell, block)) as file:
                        tally.rows.setdefault(cell, {})[block] = dict(file)
                    self._kept.add((cell, block))
            return tally
        self.clear()
        return Tally()

    def write(self, tally: Tally) -> None:
        """Keep a tally, in place of what was kept before: whole or not at all.

        Raises
        ------
        SimError
            If it cannot be written; what was kept before is then as it was.
        """
        rows = {
            (cell, block): columns
            for cell, blocks in tally.rows.items()
            for block, columns in blocks.items()
            if (cell, block) not in self._kept
        }
        contents = {_rows_name(*place): _packed(columns) for place, columns in rows.items()}
        if contents:  # before the tally that counts them
            write_all(self.folder, contents)
        write_all(self.folder, {_OUTCOMES: _encoded(tally, self.key)})
        self._kept |= rows.keys()

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        clear(self.folder.parent)


def clear(folder: Path) -> None:
    """Remove what a run has left unfinished in a results folder."""
    shutil.rmtree(folder / FOLDER, ignore_errors=True)


def _rows_name(cell: Cell, block: int) -> str:
    return f"rows-{cell.mandate}-{cell.size}-{block}.npz"


def _packed(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def _encoded(tally: Tally, key: str) -> bytes:
    """NumPy's archive without pickles: exact sums, which no fixed width holds, as text."""
    arrays: dict[str, NDArray[Any]] = {}
    index = []
    for number, (cell, outcomes) in enumerate(tally.outcomes.items()):
        index.append([cell.mandate, cell.size, sorted(tally.parts[cell])])
        for item in fields(Outcomes):
            values = getattr(outcomes, item.name)
            arrays[f"{number}.{item.name}"] = (
                values.astype(str) if values.dtype == object else values
            )
    text = json.dumps({"key": key, "index": index})
    return _packed({"about": np.array(text), **arrays})


def _decoded(content: bytes, key: str) -> Tally:
    tally = Tally()
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        about = json.loads(str(file["about"]))
        if about["key"] != key:
            raise ValueError("another run's")
        for number, (mandate, size, parts) in enumerate(about["index"]):
            cell = Cell(mandate, size)
            values = {item.name: file[f"{number}.{item.name}"] for item in fields(Outcomes)}
            tally.outcomes[cell] = Outcomes(**{name: _exact(v) for name, v in values.items()})
            tally.parts[cell] = {(block, count) for block, count in parts}
    return tally


def _exact(values: NDArray[Any]) -> NDArray[Any]:
    if values.dtype.kind != "U":
        return values
    return np.vectorize(int, otypes=[object])(values) if values.size else values.astype(object)
