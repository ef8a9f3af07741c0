"""What is compared: results, their folders, and single CSV files of ours."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.errors import SimError
from sim.results.files import cell_text, from_csv
from sim.results.result import TABLES, Result, read
from sim.results.tables import Table

Key: TypeAlias = tuple[str, ...]
Columns: TypeAlias = Mapping[str, NDArray[Any]]

KEYS = ("mandate", "force_size", "contributor", "step", "replication")
"""Columns that say which row it is; those of a sweep stand before them."""

_SAME_FUTURES = ("seed", "block", "bit_generator")


@dataclass(frozen=True)
class Side:
    """One of the things compared.

    Attributes
    ----------
    label
        What it is called.
    tables
        Those that are compared, by name: ``summary``, ``contributors`` ...
    run
        How it was made; empty for a CSV on its own.
    kept
        The table of replications, where there is one.
    """

    label: str
    tables: Mapping[str, Table]
    run: Mapping[str, Any]
    kept: Table | None = None

    def shares_futures(self, other: Side) -> bool:
        """Whether replication k is the same future on both sides."""
        return all(key in self.run and self.run[key] == other.run.get(key) for key in _SAME_FUTURES)

    @cached_property
    def _places(self) -> dict[tuple[str, str], slice]:
        """Where the replications of each cell stand."""
        if self.kept is None:
            return {}
        keys = list(zip(self.kept["mandate"], map(cell_text, self.kept["force_size"]), strict=True))
        starts = [i for i, key in enumerate(keys) if i == 0 or key != keys[i - 1]]
        ends = [*starts[1:], len(keys)]
        places = {keys[a]: slice(a, b) for a, b in zip(starts, ends, strict=True)}
        return places if len(places) == len(starts) else {}

    def replications(self, mandate: str, size: str) -> Columns | None:
        """The replications of a cell in order, None where they were not kept."""
        place = self._places.get((mandate, size))
        if self.kept is None or place is None:
            return None
        numbers = np.asarray(self.kept["replication"][place])
        if not np.array_equal(numbers, np.arange(len(numbers))):
            return None
        return _Cell(self.kept, place)


class _Cell(Mapping[str, NDArray[Any]]):
    """Columns of one cell, made arrays when asked for: most of them never are."""

    def __init__(self, table: Table, place: slice) -> None:
        self.table, self.place = table, place

    def __getitem__(self, name: str) -> NDArray[Any]:
        return np.asarray(self.table[name][self.place])

    def __iter__(self) -> Any:
        return iter(self.table)

    def __len__(self) -> int:
        return len(self.table)


def side_of(source: Result | str | Path, tables: tuple[str, ...]) -> Side:
    """Read one side.

    Parameters
    ----------
    source
        A result, a results folder, a folder of a sweep (its ``sweep.csv``), or a CSV of ours.
    tables
        Which tables of a result or folder are compared; of a CSV, its own.

    Raises
    ------
    SimError
        If it is nothing of ours.
    """
    if isinstance(source, Result):
        return _of_result(str(source.run["scenario"]), source, tables)
    path = Path(source)
    if path.is_dir():
        if not (path / "run.json").exists() and (path / "sweep.csv").exists():
            return _of_csv(path / "sweep.csv")
        return _of_result(str(path), read(path), tables)
    if not path.exists():
        raise SimError(f"{path}: no such file or folder")
    name = path.name.split(".")[0]
    if name in TABLES and name != "replications" and (path.parent / "run.json").exists():
        return _of_result(str(path), read(path.parent), (name,))
    return _of_csv(path)


def _of_result(label: str, result: Result, tables: tuple[str, ...]) -> Side:
    chosen = {name: result.tables[name] for name in tables if name in result.tables}
    return Side(label, chosen, result.run, result.tables.get("replications"))


def _of_csv(path: Path) -> Side:
    try:
        if path.suffix == ".gz":
            with gzip.open(path, "rt", encoding="utf-8", newline="") as packed:
                table = from_csv(packed)
        else:
            with path.open(encoding="utf-8", newline="") as file:
                table = from_csv(file)
    except (OSError, EOFError, ValueError, csv.Error, zlib.error) as error:
        raise SimError(f"{path}: cannot be read as a table ({error})") from error
    if not {"mandate", "force_size"} <= table.keys():
        raise SimError(
            f"{path}: not a table of sim's results (it has no columns mandate and force_size)"
        )
    if "replication" in table:
        raise SimError(f"{path}: replications are compared through their results folder")
    return Side(str(path), {_kind(table): table}, {})


def _kind(table: Table) -> str:
    """Name a table after what stands in it, whatever its file is called."""
    if list(table).index("mandate") > 0:
        return "sweep"
    if "step" in table:
        return "trajectory"
    return "contributors" if "contributor" in table else "summary"


def keys_of(table: Table) -> list[str]:
    """The key columns of a table: those of a sweep, then those of `KEYS` that it has."""
    names = list(table)
    swept = names[: names.index("mandate")]
    return [*swept, *(name for name in KEYS if name in table)]


def rows_by_key(side: Side, name: str, keys: list[str]) -> dict[Key, dict[str, Any]]:
    """The rows of a table by their keys.

    Raises
    ------
    SimError
        If two rows have the same keys.
    """
    table = side.tables[name]
    rows: dict[Key, dict[str, Any]] = {}
    for values in zip(*table.values(), strict=True):
        row = dict(zip(table, values, strict=True))
        key = tuple(cell_text(row.get(name)) for name in keys)
        if key in rows:
            told = ", ".join(f"{name} {value}" for name, value in zip(keys, key, strict=True))
            raise SimError(f"{side.label}: two rows of the same {told}")
        rows[key] = row
    return rows
