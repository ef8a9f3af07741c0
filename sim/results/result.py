"""The result of a run: its tables, and how it was made."""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import SimError
from sim.results.checkpoint import clear
from sim.results.files import (
    from_csv,
    from_parquet,
    to_csv,
    to_gzip,
    to_json,
    to_parquet,
    write_all,
)
from sim.results.labelled import labelled
from sim.results.tables import LAYOUT, Table

if TYPE_CHECKING:
    import pandas
    import xarray

TABLES = ("summary", "trajectory", "contributors", "contingents", "replications")
_FORMS = (".csv", ".csv.gz", ".parquet")


@dataclass(frozen=True)
class Result:
    """What a run came to.

    Attributes
    ----------
    tables : mapping of name to table
        ``summary``, ``trajectory``, ``contributors``, ``contingents`` and, where it was asked for,
        ``replications``; each a dict of columns. The properties of the same names give them as
        DataFrames.
    run : mapping
        How it was made: scenario (everything merged), its hash, seed, replications, versions.
    """

    tables: Mapping[str, Table]
    run: Mapping[str, Any] = field(repr=False)

    @cached_property
    def summary(self) -> pandas.DataFrame:
        """One row per mandate and force size."""
        return self._frame("summary")

    @cached_property
    def trajectory(self) -> pandas.DataFrame:
        """Quantiles of strength and fill over time, per mandate and force size."""
        return self._frame("trajectory")

    @cached_property
    def contributors(self) -> pandas.DataFrame:
        """Per mandate, force size and contributor: presence, burden, breaches, deaths, cost."""
        return self._frame("contributors")

    @cached_property
    def contingents(self) -> pandas.DataFrame:
        """Soldiers of each contributor over time, month by month."""
        return self._frame("contingents")

    @cached_property
    def replications(self) -> pandas.DataFrame:
        """One row per mandate, force size and replication: outcomes and inputs."""
        return self._frame("replications")

    def _frame(self, name: str) -> pandas.DataFrame:
        if name not in self.tables:
            raise SimError(
                "this result has no replications: run with keep_replications=True "
                "(reading them from Parquet needs pyarrow)"
                if name == "replications"
                else f"this result has no {name}"
            )
        import pandas

        return pandas.DataFrame(self.tables[name])

    @property
    def title(self) -> str:
        """The scenario's title."""
        return str(self.run["title"])

    def largest(self) -> dict[str, int | None]:
        """Find the largest force size of which the verdict is "feasible", or None, per mandate.

        Only sizes below which every size is feasible too count: feasibility need not fall with
        size.
        """
        table, largest = self.tables["summary"], dict[str, int | None]()
        rows = sorted(
            zip(table["mandate"], table["force_size"], table["verdict"], strict=True),
            key=lambda row: row[1],
        )
        stopped: set[str] = set()
        for mandate in dict.fromkeys(table["mandate"]):
            largest[mandate] = None
        for mandate, size, verdict in rows:
            if verdict != "feasible":
                stopped.add(mandate)
            elif mandate not in stopped:
                largest[mandate] = size
        return largest

    def save(self, folder: str | Path, parquet: bool = False) -> Path:
        """Write the results folder; its files appear whole or not at all.

        What a broken-off run had kept there is removed: this is what it was to become.

        Parameters
        ----------
        folder
            Is made where it does not exist.
        parquet
            Write the replications as Parquet and not as compressed CSV.

        Raises
        ------
        SimError
            If the folder cannot be written.
        """
        folder = Path(folder)
        contents: dict[str, bytes] = {}
        for name, table in self.tables.items():
            if name != "replications":
                contents[f"{name}.csv"] = to_csv(table)
            elif parquet:
                contents[f"{name}.parquet"] = to_parquet(table)
            else:
                contents[f"{name}.csv.gz"] = to_gzip(to_csv(table))
        contents["run.json"] = to_json(dict(self.run))
        ours = {f"{name}{form}" for name in TABLES for form in _FORMS}
        write_all(folder, contents, obsolete=sorted(ours - contents.keys()))
        clear(folder)
        return folder

    def to_xarray(self) -> xarray.Dataset:
        """Everything but the replications as arrays with named dimensions.

        Variables have the names of the columns, and those of the tables of contributors and
        contingents begin with ``contributor_`` and ``contingent_``. Dimensions are ``mandate,
        force_size, step`` (with its ``date``), ``contributor, month``, and two that several columns
        become: ``quantile`` (``present_p05`` ... are ``present``) and ``cause`` (``binding_will``
        ... are ``binding``). NaN stands where a table has no row or value. Each variable has its
        ``units``; how the run was made stands in the attributes, as JSON where it is no plain
        value.

        Raises
        ------
        SimError
            If xarray is not installed (the extra ``integrations``).
        """
        return labelled(self.tables, self.run)

    def __repr__(self) -> str:
        table = self.tables["summary"]
        return (
            f"Result({self.title!r}: {len(table['mandate'])} cells, "
            f"{self.run['replications']:,} replications, seed {self.run['seed']})"
        )

    def _repr_html_(self) -> str:
        """Show the key figures of the summary, for notebooks."""
        keys = ["mandate", "force_size", "p_authorised", "p_feasible", "p_feasible_if_authorised"]
        table = self.summary[[*keys, "verdict"]]
        html: str = table.to_html(index=False, float_format="{:.3f}".format)
        return html


def read(folder: str | Path, names: Sequence[str] = TABLES) -> Result:
    """Read a results folder (or one of its files, for the folder that it lies in).

    Parameters
    ----------
    folder
        As `Result.save` wrote it.
    names
        Of the tables to read, "summary" among them; the replications take longest.

    Raises
    ------
    SimError
        If it is not one, or of a layout that this version does not know.
    """
    folder = Path(folder)
    folder = folder.parent if folder.is_file() else folder
    try:
        run = json.loads((folder / "run.json").read_text("utf-8"))
        if run["layout"] > LAYOUT:
            raise SimError(f"{folder}: written by a newer version (layout {run['layout']})")
        tables: dict[str, Table] = {}
        for name in names:
            plain, packed, parquet = (folder / f"{name}{form}" for form in _FORMS)
            if plain.exists():
                with plain.open(encoding="utf-8", newline="") as file:
                    tables[name] = from_csv(file)
            elif packed.exists():
                with gzip.open(packed, "rt", encoding="utf-8", newline="") as file:
                    tables[name] = from_csv(file)
            elif parquet.exists():
                with suppress(SimError):  # without pyarrow the other tables are still worth having
                    tables[name] = from_parquet(parquet.read_bytes())
        tables["summary"]  # a folder without one is none of ours
    except (OSError, EOFError, ValueError, KeyError, TypeError, csv.Error, zlib.error) as error:
        raise SimError(f"{folder}: not a results folder ({error})") from error
    return Result(tables, run)
