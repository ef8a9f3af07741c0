"""`sim.function`: a scenario as a function of arrays."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas
import pytest
from builders import busy, scenario

import sim
from sim.analysis import function as module
from sim.analysis.function import Function
from sim.errors import ScenarioError, SimError
from sim.results.tables import TEXTS

N, SEED = 60, 3
HANDOVER, CORRELATION = "rotation.handover", "will.correlation"
AVAILABLE = "contributors.Aland.forces.medical.available"
BETA = "contributors.Aland.forces.infantry.available"
DELAY = "mandates.council.authorisation.delay"
CHANCE = "contributors.Bland.participation.alliance.probability"
START = "contributors.Cland.at_start"

INPUTS = [CORRELATION, HANDOVER, AVAILABLE, BETA, DELAY, CHANCE, "size", START]
ROWS: list[list[Any]] = [
    [0.1, 1.0, 0.8, 0.75, 1.0, 0.5, 600, "spread"],
    [0.6, 2.0, 0.5, 0.40, 0.5, 0.9, 900, "rested"],
    [0.1, 1.0, 0.8, 0.75, 1.0, 0.5, 1500, "spread"],
    [0.1, 1.0, 0.8, 0.75, 2.0, 0.5, 600, "spread"],
    [0.1, 1.0, 0.8, 0.75, 1.0, 0.5, 600, "spread"],
]


def base() -> sim.Scenario:
    return busy().with_("contributors.Cland.at_start", "spread")


def made(inputs: Any = INPUTS, outputs: Any = "p_feasible", **keys: Any) -> Function:
    plain: dict[str, Any] = {"mandate": "council", "size": 600, "replications": N, "seed": SEED}
    return sim.function(base(), inputs, outputs, **(plain | keys))


def numbers() -> list[str]:
    """Every column of the summary that holds numbers."""
    table = sim.run(base(), replications=1).tables["summary"]
    return [name for name in table if name not in TEXTS]


@pytest.fixture(scope="module")
def whole() -> Function:
    return made(outputs=numbers())


def by_hand(row: list[Any], outputs: tuple[str, ...]) -> Any:
    """The same by `sim.run`, with everything written out."""
    correlation, handover, available, beta, delay, chance, size, start = row
    varied = base()
    for path, value in {
        CORRELATION: correlation,
        HANDOVER: f"{handover:g} week",
        AVAILABLE: available,
        BETA: f"beta({8 * beta:g}, {8 * (1 - beta):g})",
        DELAY: f"triangular({delay:g}, {2 * delay:g}, {6 * delay:g}) weeks",
        CHANCE: chance,
        START: start,
        "force.sizes": [size],
    }.items():
        varied = varied.with_(path, value)
    summary = sim.run(varied, replications=N, seed=SEED).summary
    own = summary[summary["mandate"] == "council"]
    found = np.asarray(own[list(outputs)], np.float64)
    return found[0]


# -- It is what a run gives ----------------------------------------------------------------------


def test_every_row_is_the_run_of_the_varied_scenario_to_the_byte(whole: Function) -> None:
    found = whole(ROWS)
    assert found.shape == (len(ROWS), len(whole.outputs))
    expected = np.array([by_hand(row, whole.outputs) for row in ROWS])
    assert found.tobytes() == expected.tobytes()
    assert len({row.tobytes() for row in found}) == 4  # the rows do differ, but for the equal two


def test_rows_do_not_depend_on_each_other(whole: Function) -> None:
    found, order = whole(ROWS), [3, 1, 4, 0, 2]
    assert whole([ROWS[place] for place in order]).tobytes() == found[order].tobytes()
    for row, own in zip(ROWS, found, strict=True):
        assert whole(row).tobytes() == own.tobytes()


def test_many_sizes_side_by_side_are_those_one_by_one() -> None:
    f = made(["size"], ["p_pledged", "strength_soldiers_mean"])
    sizes = np.arange(300, 300 + 40 * 20, 40)
    assert len(sizes) > module._SIDE_BY_SIDE
    together = f(sizes[:, None])
    assert together.tobytes() == np.array([f([size]) for size in sizes]).tobytes()
    assert len(set(together[:, 1])) > 10


def test_neither_workers_nor_pickling_change_a_byte(whole: Function) -> None:
    expected = whole(ROWS).tobytes()
    assert pickle.loads(pickle.dumps(whole))(ROWS).tobytes() == expected
    assert made(outputs=whole.outputs, workers=2)(ROWS).tobytes() == expected


def test_the_seed_and_the_replications_are_those_of_the_function() -> None:
    outputs = ["p_feasible", "strength_soldiers_mean", "replications"]
    first, second = made(outputs=outputs)(ROWS[:1]), made(outputs=outputs, seed=4)(ROWS[:1])
    assert first[0, 2] == second[0, 2] == N
    assert first[0, 1] != second[0, 1]
    assert base().with_("run.seed", 9).specification.run.seed == 9
    assert sim.function(base().with_("run.seed", 9), CORRELATION, mandate="council").seed == 9


# -- What is given, and what it means ------------------------------------------------------------


def test_tables_of_every_kind() -> None:
    f = made([CORRELATION, "size"], ["p_pledged", "p_pledged_mcse"])
    rows = np.array([[0.1, 600], [0.5, 1500]])
    expected = f(rows)
    assert expected.shape == (2, 2)
    frame = pandas.DataFrame(rows[:, ::-1], columns=["size", CORRELATION])
    for table in (rows.tolist(), rows.astype(object), list(rows), frame, dict(frame)):
        assert f(table).tobytes() == expected.tobytes()
    assert f({CORRELATION: 0.5, "size": np.int64(1500)}).tolist() == expected[1].tolist()
    assert f(frame.iloc[1]).tobytes() == expected[1].tobytes()  # by its names, not in its order
    both = f({CORRELATION: 0.1, "size": [600, 1500]})  # one value stands for a column of it
    assert both.tolist() == [expected[0].tolist(), f([0.1, 1500]).tolist()]
    assert f(np.empty((0, 2))).shape == (0, 2)


def test_one_input_takes_one_number() -> None:
    f = made(CORRELATION)
    assert f.inputs == (CORRELATION,) and f.outputs == ("p_feasible",)
    assert f(0.2).shape == f([0.2]).shape == (1,)
    assert f([[0.2]]).shape == (1, 1) and f([[0.2], [0.3]]).shape == (2, 1)


def test_what_a_row_means_is_told() -> None:
    assert made().written(ROWS[1]) == {
        CORRELATION: 0.6,
        HANDOVER: "2 week",
        AVAILABLE: 0.5,
        BETA: "beta(3.2, 4.8)",
        DELAY: "triangular(0.5, 1, 3) weeks",
        CHANCE: 0.9,
        "size": 900,
        START: "rested",
    }
    assert made([HANDOVER, "size"]).written(["2 weeks", 899.6]) == {
        HANDOVER: "2 weeks",
        "size": 900,
    }


def test_texts_stand_as_they_are() -> None:
    f = made([HANDOVER, START], "strength_soldiers_mean")
    found = f([["3 weeks", "spread"], [3, "spread"], [3, "rested"]])
    assert found[0] == found[1] != found[2]


def test_bounds_are_those_given_or_those_of_the_lever() -> None:
    f = made({CORRELATION: (0, 0.6), HANDOVER: None, "size": None})
    assert f.bounds == [(0.0, 0.6), (0.25, 4.0), (150.0, 2400.0)]
    assert f.problem == {
        "num_vars": 3,
        "names": [CORRELATION, HANDOVER, "size"],
        "bounds": [[0.0, 0.6], [0.25, 4.0], [150.0, 2400.0]],
    }
    with pytest.raises(SimError, match=r"input contributors\.Cland\.at_start takes texts"):
        _ = made([CORRELATION, START]).bounds


def test_the_only_mandate_and_its_smallest_size_need_not_be_named() -> None:
    f = sim.function(scenario(), "contributors.Aland.participation.alliance.probability")
    assert (f.mandate, f.size, f.replications) == ("force", 1000, module.REPLICATIONS)
    assert f([1.0]).tolist() == [1.0]
    assert f([0.0]).tolist() == [0.0]


def test_scipy_finds_a_minimum() -> None:
    """Of a known truth: one contributor who comes with probability x, so P(feasible) is x."""
    from scipy.optimize import minimize_scalar

    path = "contributors.Aland.participation.alliance.probability"
    f = sim.function(scenario(), path, replications=2_000, seed=1)
    found = minimize_scalar(
        lambda x: (f(x)[0] - 0.6) ** 2, bounds=f.bounds[0], method="bounded",
        options={"xatol": 1e-3},
    )  # fmt: skip
    # Within 4.5 Monte Carlo standard errors of a share of 0.6 of 2,000.
    assert abs(found.x - 0.6) < 4.5 * (0.6 * 0.4 / 2_000) ** 0.5 + 1e-3


# -- Mistakes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (
            [0.1],
            r"2 inputs \(will\.correlation, size\), found an array of the shape \(1,\)",
        ),
        (np.zeros((2, 3)), r"found an array of the shape \(2, 3\)"),
        (np.zeros((2, 2, 2)), "found an array of the shape"),
        ("many", "found an array of the shape"),
        ({CORRELATION: 0.1}, "the table has no column 'size'"),
        ({"will.corelation": 1, "size": 1}, "'will.corelation', .*did you mean 'will.correlation'"),
        ({CORRELATION: 0.1, "size": 9, "z": 1}, "'z', which is no input; the inputs are will"),
        ({CORRELATION: [0.1, 0.2], "size": [1, 2, 3]}, "columns of one length"),
        ({CORRELATION: np.zeros((2, 2)), "size": 4}, "columns of one length"),
        ([[0.1, 600], [1.5, 600]], r"row 1: will\.correlation: must be from 0 to 1, found 1\.5"),
        ([[0.1, 600], [np.nan, 600]], r"row 1: will\.correlation: expected a number, found nan"),
        ([[0.1, 600], [None, 600]], r"row 1: will\.correlation: expected a number, found nothing"),
        ([[True, 600]], r"row 0: will\.correlation: expected a number, found true"),
        ([["much", 600]], r"row 0: will\.correlation: 'much' is neither"),
        ([[0.1, 0.2]], r"row 0: size: expected a number of soldiers, at least 1, found 0\.2"),
        ([[0.1, "600"]], r"row 0: size: expected a number of soldiers"),
        ([[0.1, True]], r"row 0: size: expected a number of soldiers"),
        ([[0.1, np.inf]], r"row 0: size: expected a number of soldiers"),
    ],
)
def test_a_bad_table_is_told(table: Any, told: str) -> None:
    with pytest.raises(SimError, match=told):
        made([CORRELATION, "size"])(table)


def test_a_bad_row_of_a_worker_is_told_too() -> None:
    f = made([CORRELATION], workers=2)
    with pytest.raises(ScenarioError, match=r"^row 1: will\.correlation: must be from 0 to 1"):
        f([[0.1], [1.5], [1.7]])


def test_what_shows_elsewhere_is_the_rows_fault_all_the_same() -> None:
    f = made([START, "time.horizon"])
    with pytest.raises(ScenarioError, match=r"^row 1: \S+: ") as caught:
        f([["spread", 60], ["spread", 3]])
    assert all(issue.file == "row 1" for issue in caught.value.issues)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"inputs": []}, "expected inputs, each once, found: none"),
        ({"inputs": ["size", "size"]}, "each once, found: size, size"),
        ({"inputs": "will.corelation"}, "input will.corelation: .*did you mean 'correlation'"),
        ({"inputs": "will"}, "input will: a mapping is no value that can be turned"),
        ({"inputs": {CORRELATION: 1}}, r"expected \(lowest, highest\), found 1"),
        ({"inputs": {CORRELATION: ("a", "b")}}, r"expected \(lowest, highest\), found \('a'"),
        ({"inputs": {CORRELATION: (0.5, 0.5)}}, "no range to turn it in"),
        ({"inputs": {CORRELATION: (0, 2)}}, "must be from 0 to 1, found 2"),
        ({"inputs": {"size": (0, 2)}}, "input size: no range of sizes, from 0 to 2"),
        ({"inputs": {START: (0, 1)}}, "is no value that can be turned"),
        ({"outputs": "p_feasable"}, "no output 'p_feasable'; did you mean 'p_feasible'"),
        ({"outputs": ["verdict"]}, "no output 'verdict'; outputs are columns"),
        ({"mandate": "counsil"}, "no mandate 'counsil'; did you mean 'council'"),
        ({"mandate": None}, "which mandate"),
        ({"size": 0}, "size must be at least 1"),
        ({"replications": 1.5}, "replications must be a whole number"),
        ({"workers": 0}, "workers must be at least 1"),
        ({"seed": -1}, "seed must be at least 0"),
    ],
)
def test_a_bad_function_is_told(keys: dict[str, Any], told: str) -> None:
    with pytest.raises(SimError, match=told):
        made(**({"inputs": [CORRELATION]} | keys))
