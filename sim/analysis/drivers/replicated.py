"""The kept replications of one cell as a sample: uncertain inputs, and an outcome."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.plan import CAUSES
from sim.engine.planning import plan_of
from sim.engine.simulate import Cell
from sim.errors import SimError, nearest
from sim.results.replications import replications as replications_table
from sim.results.result import Result
from sim.running.blocks import Progress, simulate
from sim.scenario.scenario import Scenario

STAGES = ("authorised", "pledged", "initial", "full", "feasible")
_TRUTHS = (*STAGES, "adequate")
_NUMBERS = (
    *("mean_strength", "initial_capability_months", "full_capability_months"),
    *("authorised_months", "deaths", "breaches", "required"),
)
OUTCOMES = (*_TRUTHS, *_NUMBERS, "binding")
LEAST_ROWS = 100
"""With fewer replications nothing can be told from noise."""

_INPUTS = ("conditions.", "consents.", "corridors.", "contributors.")
_UPSTREAM = {"authorised", "authorised_months"}


@dataclass(frozen=True, slots=True)
class Input:
    """One uncertain input.

    Attributes
    ----------
    name
        As its column: ``contributors.Germany.joins``.
    values : float64 array (n,)
        0 and 1 for a truth value; infinity for a contingent without a cap.
    truth
        Whether it is a truth value.
    """

    name: str
    values: NDArray[np.float64]
    truth: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """The replications of one cell that a reading takes in.

    Attributes
    ----------
    outcome
        As it was asked for: ``feasible``, ``mean_strength``, ``binding=lift``, ``deaths>=50``.
    given
        ``authorisation``: only authorised replications; ``nothing``: all.
    truth
        Whether the outcome is a truth value.
    values : float64 array (n,)
        The outcome; 0 and 1 for a truth value.
    inputs
        Those that vary.
    constant
        Names of inputs that cannot matter here: they do not vary, or belong to a contributor that
        never joins.
    left_out
        Replications in which the outcome has no value (never reached).
    """

    mandate: str
    force_size: int
    outcome: str
    given: str
    truth: bool
    values: NDArray[np.float64]
    inputs: tuple[Input, ...]
    constant: tuple[str, ...]
    left_out: int


def replicate(
    scenario: Scenario,
    cell: Cell,
    *,
    replications: int,
    seed: int,
    workers: int = 1,
    progress: Progress | None = None,
) -> Result:
    """Run one cell of a scenario with its replications kept; no other table is made.

    Raises
    ------
    SimError
        If the run is too large for the memory.
    """
    plan = plan_of(scenario.specification)
    simulated = simulate(
        plan,
        cells=[cell],
        replications=replications,
        seed=seed,
        workers=workers,
        keep_replications=True,
        progress=progress,
    )
    criteria = {mandate.name: mandate.criteria for mandate in plan.mandates}
    run = {
        "title": scenario.title,
        "scenario": scenario.name,
        "seed": simulated.seed,
        "replications": simulated.replications,
        "confidence": {name: own.confidence for name, own in criteria.items()},
        "given": {
            name: "authorisation" if own.given_authorisation else "nothing"
            for name, own in criteria.items()
        },
        "inputs": scenario.data,
    }
    return Result({"replications": replications_table(plan, simulated.rows)}, run)


def sample_of(
    result: Result,
    mandate: str | None = None,
    size: int | None = None,
    outcome: str = "feasible",
    given: str | None = None,
) -> Sample:
    """Take one cell out of the kept replications.

    Parameters
    ----------
    mandate, size
        May be left out where there is one mandate; the smallest of its sizes.
    outcome
        One of `OUTCOMES`, or a comparison of one: ``binding=lift``, ``deaths>=50``,
        ``feasible=false``.
    given
        ``authorisation`` or ``nothing``; default: as the mandate's verdict is read.

    Raises
    ------
    SimError
        If nothing was kept, there is no such cell or outcome, or too few replications remain.
    """
    if "replications" not in result.tables:
        raise SimError(
            "this result keeps no replications: run it with --keep-replications csv "
            "(reading them from Parquet needs pyarrow)"
        )
    table = {
        name: np.array(column, object) for name, column in result.tables["replications"].items()
    }
    mandate = _mandate(table["mandate"], mandate)
    given = given or result.run["given"].get(mandate, "authorisation")
    rows = table["mandate"] == mandate
    size = _size(mandate, table["force_size"][rows], size)
    rows &= table["force_size"] == size
    if given == "authorisation":
        rows &= table["authorised"].astype(bool)
    values, truth = _outcome(outcome, table, rows)
    known = ~np.isnan(values)
    if known.sum() < LEAST_ROWS:
        reading = "authorised replications" if given == "authorisation" else "replications"
        raise SimError(
            f"{mandate}, {size:,}: {int(known.sum()):,} {reading} with a value of {outcome}; at "
            f"least {LEAST_ROWS} are needed"
        )
    rows[rows] = known
    base = re.split("[<>=]", outcome)[0]
    inputs, constant = _inputs(table, rows, given == "authorisation", base)
    return Sample(
        mandate, size, outcome, given, truth, values[known], inputs, constant, int((~known).sum())
    )


def _mandate(column: NDArray[Any], name: str | None) -> str:
    names = list(dict.fromkeys(column))
    if name is None:
        if len(names) != 1:
            raise SimError(f"which mandate? one of: {', '.join(names)}")
        return str(names[0])
    if name not in names:
        raise SimError(f"no mandate '{name}'; {nearest(name, names) or ', '.join(names)}")
    return name


def _size(mandate: str, column: NDArray[Any], size: int | None) -> int:
    sizes = sorted(map(int, dict.fromkeys(column)))
    if size is None:
        return sizes[0]
    if size not in sizes:
        close = min(sizes, key=lambda known: (abs(known - size), known))
        raise SimError(f"'{mandate}' has no force size {size:,}; the nearest is {close:,}")
    return size


_COMPARISON = re.compile(r"(\w+)\s*(?:(>=|<=|=)\s*(.+))?")


def _outcome(
    text: str, table: Mapping[str, NDArray[Any]], rows: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], bool]:
    """Values of an outcome, NaN where it has none, and whether it is a truth value."""
    name, sign, limit = found.groups() if (found := _COMPARISON.fullmatch(text)) else (text, "", "")
    if name not in OUTCOMES:
        hint = nearest(name, OUTCOMES) or f"known: {', '.join(OUTCOMES)}"
        raise SimError(f"no outcome '{name}'; {hint}")
    if name == "binding":
        causes = ", ".join(CAUSES)
        if sign != "=" or limit not in CAUSES:
            raise SimError(f"binding needs one of its causes, as in binding={CAUSES[-1]}: {causes}")
        return (table[name][rows] == limit).astype(np.float64), True
    values = numbers(table[name][rows])
    if not sign:
        return values, name in _TRUTHS
    if name in _TRUTHS:
        if sign != "=" or limit not in ("true", "false"):
            raise SimError(f"{name} is true or false, as in {name}=false; found '{text}'")
        return (values == (limit == "true")).astype(np.float64), True
    try:
        edge = float(limit)
    except ValueError:
        edge = np.nan
    if sign == "=" or np.isnan(edge):
        raise SimError(f"{name} is compared with a number, as in {name}>=50; found '{text}'")
    # What is never reached is later than every date.
    later = np.where(np.isnan(values), np.inf, values)
    return (later >= edge if sign == ">=" else later <= edge).astype(np.float64), True


def numbers(column: Sequence[Any] | NDArray[Any]) -> NDArray[np.float64]:
    """A column as numbers: truth values as 0 and 1, NaN for what is missing."""
    return np.array([np.nan if value is None else value for value in column], np.float64)


def _inputs(
    table: Mapping[str, NDArray[Any]], rows: NDArray[np.bool_], authorised: bool, outcome: str
) -> tuple[tuple[Input, ...], tuple[str, ...]]:
    """Inputs that vary, and the names of those that cannot matter."""
    names = [name for name in table if name.startswith(_INPUTS)]
    if outcome != "required":
        names.append("required")
    if authorised and outcome not in _UPSTREAM:
        names.append("authorised_months")  # the politics before the force, as one figure
    inputs, constant = list[Input](), list[str]()
    absent = set[str]()
    for name in names:
        column = table[name][rows]
        values = numbers(column)
        if np.isnan(values).all():
            continue  # another mandate's, or not modelled
        if name.endswith(".joins") and not values.any():
            absent.add(name.removesuffix("joins"))
        # No cap on a contingent is the highest of caps.
        values = np.where(np.isnan(values), np.inf, values)
        if (values == values[0]).all() or any(name.startswith(owner) for owner in absent):
            constant.append(name)
        else:
            truth = all(isinstance(value, (bool, np.bool_)) for value in column)
            inputs.append(Input(name, values, truth))
    return tuple(inputs), tuple(constant)
