"""What is compared: the mandates of one result, or of several."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sim.analysis.compare.inputs import set_by_a_model
from sim.results.result import Result
from sim.results.tables import rows_of

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """One mandate of one result.

    Attributes
    ----------
    name
        The mandate's, with the result's label before it where there are several results.
    mandate, result
        Where its rows are.
    rows
        Of the summary, by force size.
    """

    name: str
    mandate: str
    result: Result
    rows: tuple[Row, ...]

    @property
    def sends(self) -> bool:
        """Whether anybody is sent under this mandate."""
        return any(row["verdict"] != "no force" for row in self.rows)

    @property
    def confidence(self) -> float:
        """The probability from which on a force counts as feasible."""
        return float(self.result.run["confidence"][self.mandate])

    @property
    def criteria(self) -> Mapping[str, Any]:
        """The scenario's ``feasible_when``, with what the mandate says of its own over it."""
        inputs = self.result.run["inputs"]
        merged = dict(inputs["feasible_when"])
        for key, value in inputs["mandates"][self.mandate].get("feasible_when", {}).items():
            below = merged.get(key)
            if isinstance(below, Mapping) and isinstance(value, Mapping):
                value = {**below, **value}
            merged[key] = value
        return merged

    @property
    def judged(self) -> str:
        """The column that the verdict is about."""
        given = self.result.run["given"][self.mandate] == "authorisation"
        return "p_feasible_if_authorised" if given else "p_feasible"

    @property
    def largest(self) -> int | None:
        """The largest force that is feasible, and every smaller one with it."""
        return self.result.largest()[self.mandate]

    @property
    def shown(self) -> int:
        """The size that pictures of one size show: the largest feasible, else the smallest."""
        return self.largest or int(self.rows[0]["force_size"])

    def row(self, size: int) -> Row:
        """The summary of one size."""
        return next(row for row in self.rows if row["force_size"] == size)

    def table(self, name: str, size: int | None = None) -> list[Row]:
        """The mandate's rows of another table, of one size or of all."""
        table = self.result.tables.get(name, {})
        keys = zip(table.get("mandate", ()), table.get("force_size", ()), strict=True)
        places = [
            place
            for place, (mandate, force_size) in enumerate(keys)
            if mandate == self.mandate and size in (None, force_size)
        ]
        return [{key: values[place] for key, values in table.items()} for place in places]


def cases_of(results: Mapping[str, Result]) -> list[Case]:
    """Make a case of every mandate, in the order of the results and of their mandates.

    Parameters
    ----------
    results
        By label.
    """
    cases = []
    for label, result in results.items():
        rows = rows_of(result.tables["summary"])
        for mandate in dict.fromkeys(row["mandate"] for row in rows):
            own = sorted(
                (row for row in rows if row["mandate"] == mandate),
                key=lambda row: int(row["force_size"]),
            )
            name = f"{label}: {mandate}" if len(results) > 1 else mandate
            cases.append(Case(name, mandate, result, tuple(own)))
    return cases


def known(rows: Sequence[Row], column: str) -> bool:
    """Whether a column has any value at all."""
    return any(column in row and not math.isnan(row[column]) for row in rows)


def ran(result: Result) -> str:
    """How many futures, which seed, and whether the scenario alone gave them: for small print."""
    told = f"{result.run['replications']:,} replications, seed {result.run['seed']}"
    return f"{told}, driven by another model" if set_by_a_model(result.run) else told
