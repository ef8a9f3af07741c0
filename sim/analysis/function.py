"""A scenario as a function of arrays, for the libraries that sample, search and optimise.

::

    f = sim.function(
        sim.load("my.yaml"),
        inputs={"will.correlation": (0, 0.6), "rotation.handover": (1, 4)},
        outputs=["p_feasible", "full_capability_months_p50"],
        size=5_000,
    )
    f([0.3, 2])  # one row: an array (outputs,); its first outcome is f([0.3, 2])[0]
    f(samples)  # an array (rows, inputs) or a DataFrame: an array (rows, outputs)
    f(samples)[:, 0]  # the first outcome of every row; with a single output also .ravel()
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.analysis.dial import Dial
from sim.analysis.function_inputs import SIZE, Row, meaning, rows_of, written
from sim.engine.plan import Plan
from sim.engine.planning import plan_of
from sim.engine.simulate import Cell
from sim.errors import ScenarioError, SimError, nearest
from sim.results.tables import TEXTS, summary
from sim.running.blocks import simulate, whole
from sim.running.cells import mandate_of
from sim.running.executors import processes
from sim.running.seeds import seed_of
from sim.scenario.overrides import put
from sim.scenario.scenario import Scenario
from sim.scenario.schema import specify
from sim.scenario.tree import Mark, node_of

REPLICATIONS = 1_000
"""Futures of each row, unless told otherwise."""

_SIDE_BY_SIDE = 16  # sizes simulated as one; each keeps histograms of every step
_TASKS_PER_WORKER = 4  # a task carries the scenario, whatever the number of its rows

_Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Function:
    """Outcomes of one mandate as a function of values of the scenario; `function` makes one.

    Every row is simulated over the same futures: a row always gives the same numbers, and rows
    differ by their values and not by luck. What they give is an estimate all the same: ask for
    ``p_feasible_low``, ``p_feasible_high`` or ``p_feasible_mcse`` beside ``p_feasible``.

    Replications go side by side: a row of a few hundred costs less than twice one of ten. Many rows
    in one call are divided among `workers`, and those that differ in nothing but the size are
    simulated as one.

    Attributes
    ----------
    inputs, outputs : tuple of str
        Paths, and columns of ``summary.csv``; in the order of the columns of arrays.
    mandate, size
        Of which the outcomes are; the size where it is no input.
    replications, seed
        Of each row.
    workers
        Processes among which rows are divided. The numbers do not depend on it.
    dials : tuple of Dial or None
        Per input, what a number given for it means; None: it takes texts and truth values.
    """

    scenario: Scenario = field(repr=False)
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    mandate: str
    size: int
    replications: int
    seed: int
    workers: int
    dials: tuple[Dial | None, ...] = field(repr=False)

    def __call__(self, table: Any) -> _Floats:
        """Outcomes of every row.

        Parameters
        ----------
        table
            An array (rows, inputs), or anything with columns named as the inputs: a DataFrame, a
            mapping. One row is an array (inputs,) or a mapping of single values.

        Returns
        -------
        float64 array
            One row that stands alone, (inputs,), gives (outputs,); n rows, (n, inputs), give
            (n, outputs), also where n is 1. Never a bare number: with a single output take ``[0]``
            of one row, ``[:, 0]`` of many. NaN where an outcome has no value, as in
            ``summary.csv``.

        Raises
        ------
        SimError
            If the table has another shape or other columns; a `ScenarioError` that names row (from
            0), path and reason if the scenario cannot have a value.
        """
        rows, alone = rows_of(table, self.inputs)
        tasks = self._tasks([self._written(place, row) for place, row in enumerate(rows)])
        found = np.empty((len(rows), len(self.outputs)))
        workers = min(self.workers, len(tasks))
        each = max(1, len(tasks) // (_TASKS_PER_WORKER * self.workers))
        with processes(workers) as pool:
            work = self._outcomes
            done = pool.map(work, tasks, chunksize=each) if pool else map(work, tasks)
            for task, outcomes in zip(tasks, done, strict=True):
                for places, row in zip(task.sizes.values(), outcomes, strict=True):
                    found[places] = row
        return found[0] if alone else found

    @property
    def bounds(self) -> list[tuple[float, float]]:
        """Lowest and highest number of every input, as `scipy.optimize` takes them.

        Raises
        ------
        SimError
            If an input takes texts.
        """
        for path, dial in zip(self.inputs, self.dials, strict=True):
            if dial is None:
                raise SimError(f"input {path} takes texts or truth values, which have no bounds")
        return [(dial.low, dial.high) for dial in self.dials if dial]

    @property
    def problem(self) -> dict[str, Any]:
        """The inputs and their bounds as SALib takes them."""
        bounds = [list(ends) for ends in self.bounds]
        return {"num_vars": len(self.inputs), "names": list(self.inputs), "bounds": bounds}

    def written(self, row: Any) -> dict[str, Any]:
        """What one row means: per input, the value as it is written in the scenario.

        Raises
        ------
        SimError
            If it is not one row of such values.
        """
        rows, _ = rows_of(row, self.inputs)
        if len(rows) != 1:
            raise SimError(f"expected one row, found {len(rows)}")
        return dict(zip(self.inputs, self._written(0, rows[0]), strict=True))

    def _written(self, place: int, row: Row) -> Row:
        return written(place, row, self.inputs, self.dials)

    def _tasks(self, rows: Sequence[Row]) -> list[_Task]:
        """Rows that differ in nothing but the size go together; equal ones are simulated once."""
        at = self.inputs.index(SIZE) if SIZE in self.inputs else None
        tasks: list[_Task] = []
        latest: dict[Row, _Task] = {}
        for place, row in enumerate(rows):
            size = self.size if at is None else row[at]
            rest = row if at is None else (*row[:at], *row[at + 1 :])
            task = latest.get(rest)
            if task is None or (size not in task.sizes and len(task.sizes) == _SIDE_BY_SIDE):
                task = latest[rest] = _Task(place, rest, {})
                tasks.append(task)
            task.sizes.setdefault(size, []).append(place)
        return tasks

    def _outcomes(self, task: _Task) -> _Floats:
        """Simulate: float64 (sizes, outputs)."""
        plan = self._plan(task)
        cells = [Cell(0, size) for size in task.sizes]
        found = simulate(plan, cells=cells, replications=self.replications, seed=self.seed)
        table = summary(plan, found.outcomes)
        return np.array([table[name] for name in self.outputs], np.float64).T

    def _plan(self, task: _Task) -> Plan:
        """The plan of the mandate alone; draws have names, so that the others are not missed."""
        root, mark = self.scenario.root, Mark(f"row {task.first}", 0, 0)
        paths = (path for path in self.inputs if path != SIZE)
        try:
            for path, value in zip(paths, task.values, strict=True):
                root = put(root, path, node_of(value, mark))
            plan = plan_of(specify(root))
        except ScenarioError as error:  # it may show elsewhere, and is the row's fault all the same
            raise ScenarioError(
                replace(issue, file=mark.file, line=0, column=0) for issue in error.issues
            ) from None
        return _alone(plan, self.mandate)


@dataclass(frozen=True, slots=True)
class _Task:
    """Values to be set, and by size the places of their rows; `first` of all of these."""

    first: int
    values: Row
    sizes: dict[int, list[int]]


def function(
    scenario: Scenario,
    inputs: Sequence[str] | Mapping[str, tuple[float, float] | None],
    outputs: str | Sequence[str] = "p_feasible",
    *,
    mandate: str | None = None,
    size: int | None = None,
    replications: int = REPLICATIONS,
    seed: int | None = None,
    workers: int = 1,
) -> Function:
    """Make a scenario a function of arrays: rows of values in, rows of outcomes out.

    Parameters
    ----------
    scenario
        In which every input is written.
    inputs
        Paths as for ``--set``, and ``size`` for the force size; or a mapping of them to lowest and
        highest number, which `Function.bounds` and `Function.problem` tell. Without these they are
        0 and 1 for a share, else a quarter and four times what is written.

        A number means what it means to ``sim drivers --lever``: it replaces a figure and keeps its
        unit (8.0 for ``6 months``: 8 months), is the mean of a beta distribution, and a factor of
        any other distribution. Where a whole number is wanted it is rounded. A text or a truth
        value stands as it is (``"8 weeks"``, ``"inside"``).
    outputs
        Columns of ``summary.csv`` that hold numbers.
    mandate
        Name; may be left out where a single one sends.
    size
        Need not be one that the scenario names. Default: the mandate's smallest.
    replications
        Futures of each row.
    seed
        Default: the scenario's, or one that is drawn, once.
    workers
        Processes among which the rows of one call are divided. Every call starts them anew, so
        that they pay for many rows at a time.

    Returns
    -------
    Function
        Called with rows. It can be pickled, for the evaluators of other libraries.

    Raises
    ------
    SimError
        If there is no such input, output or mandate, or a number is out of range.
    """
    paths = (inputs,) if isinstance(inputs, str) else tuple(inputs)
    if not paths or len(set(paths)) < len(paths):
        raise SimError(f"expected inputs, each once, found: {', '.join(paths) or 'none'}")
    bounds = inputs if isinstance(inputs, Mapping) else {}
    plan = plan_of(scenario.specification)
    own = plan.mandates[mandate_of(plan, mandate)]
    size = whole("size", min(own.sizes) if size is None else size, 1)
    made = Function(
        scenario=scenario,
        inputs=paths,
        outputs=(outputs,) if isinstance(outputs, str) else tuple(outputs),
        mandate=own.name,
        size=size,
        replications=whole("replications", replications, 1),
        seed=whole("seed", seed_of(scenario, seed), 0),
        workers=whole("workers", workers, 1),
        dials=tuple(meaning(scenario, path, size, bounds.get(path)) for path in paths),
    )
    _check_outputs(_alone(plan, own.name), made)
    return made


def _check_outputs(plan: Plan, made: Function) -> None:
    """Refuse what the summary does not have, before anything long is run."""
    found = simulate(plan, cells=[Cell(0, made.size)], replications=1, seed=made.seed)
    numbers = [name for name in summary(plan, found.outcomes) if name not in TEXTS]
    for name in made.outputs:
        if name not in numbers:
            hint = nearest(name, numbers) or "outputs are columns of summary.csv that hold numbers"
            raise SimError(f"no output '{name}'; {hint}")


def _alone(plan: Plan, mandate: str) -> Plan:
    return replace(plan, mandates=tuple(m for m in plan.mandates if m.name == mandate))
