"""`sim drivers`: data of which the truth is known, published indices, a box that is there."""

from __future__ import annotations

import builtins
import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import scenario
from click.testing import CliRunner
from click.testing import Result as Invoked
from rich.console import Console

import sim
from sim.analysis.drivers import sobol as sobol_module
from sim.analysis.drivers.adjusted import Adjusted, others_equal
from sim.analysis.drivers.discovery import find_boxes
from sim.analysis.drivers.evidence import evidence_of
from sim.analysis.drivers.measures import (
    noise_floor,
    pawn_index,
    rank_correlation,
    spread_ranks,
)
from sim.analysis.drivers.ranking import Drivers, drivers
from sim.analysis.drivers.replicated import replicate, sample_of
from sim.analysis.drivers.sobol import levers_of, sobol
from sim.cli import cli, main
from sim.cli.drivers_shown import show_drivers
from sim.engine.outcomes import COUNTS
from sim.engine.simulate import Cell
from sim.errors import SimError
from sim.results.result import Result
from sim.results.tables import Table

STARTER = Path(sim.__file__).parent / "cli" / "starter.yaml"
N = 2_000

Array = np.ndarray[Any, Any]


def rng(seed: int = 5) -> np.random.Generator:
    return np.random.default_rng(seed)


def adjusted_of(outcome: Array, inputs: dict[str, Array]) -> dict[str, Adjusted]:
    sample = sample_of(result_of(outcome, inputs))
    names = [item.name for item in sample.inputs]
    return dict(zip(names, others_equal(sample), strict=True))


def result_of(feasible: Array, inputs: dict[str, Array], **columns: Array) -> Result:
    """A result of which only the kept replications are there."""
    n = len(feasible)
    table: Table = {
        "mandate": ["force"] * n,
        "force_size": [1000] * n,
        "replication": list(range(n)),
        "authorised": [True] * n,
        "authorised_months": [1.0] * n,
        "feasible": feasible.tolist(),
        "binding": np.where(feasible, "", "lift").tolist(),
        "required": [math.nan] * n,
        **{name: values.tolist() for name, values in {**columns, **inputs}.items()},
    }
    run = {
        "title": "Made", "scenario": "made", "seed": 7, "replications": n,
        "confidence": {"force": 0.8}, "given": {"force": "authorisation"}, "inputs": {},
    }  # fmt: skip
    return Result({"replications": table}, run)


def strong_weak_none() -> tuple[dict[str, Array], Array]:
    """The outcome depends on the first strongly, on the second weakly, on the third not at all."""
    draw = rng()
    inputs = {
        "corridors.strong.per_day": draw.random(N) * 100,
        "contributors.Weak.joins": draw.random(N) < 0.5,
        "corridors.none.per_day": draw.random(N) * 100,
        "contributors.None.joins": draw.random(N) < 0.3,
    }
    strong, weak, *_ = inputs.values()
    return inputs, draw.random(N) < 0.1 + np.multiply(strong, 0.006) + np.multiply(weak, 0.15)


@pytest.fixture(scope="module")
def known() -> Drivers:
    inputs, outcome = strong_weak_none()
    return drivers(result_of(outcome, inputs))


# -- Which inputs matter -------------------------------------------------------------------------


def test_the_order_is_that_of_the_truth(known: Drivers) -> None:
    names = [driver.input for driver in known.drivers]
    assert names[:2] == ["corridors.strong.per_day", "contributors.Weak.joins"]
    assert [driver.adjusted.own for driver in known.drivers] == [True, True, False, False]


def test_the_noise_floor_catches_what_has_no_influence(known: Drivers) -> None:
    above = {driver.input: driver.above_noise for driver in known.drivers}
    assert above == {
        "corridors.strong.per_day": True,
        "contributors.Weak.joins": True,
        "corridors.none.per_day": False,
        "contributors.None.joins": False,
    }
    assert all(
        math.isnan(d.pawn_low) != d.above_noise and not d.pawn_low > d.pawn for d in known.drivers
    )


def test_effects_are_the_ones_put_in(known: Drivers) -> None:
    """0.15 for the weak one; the strong one's thirds lie 2/3 of 0.6 apart."""
    for driver, truth in zip(known.drivers, (0.4, 0.15, 0.0, 0.0), strict=True):
        error = (driver.contrast.difference_high - driver.contrast.difference_low) / 2 / 1.96
        assert abs(driver.contrast.difference - truth) < 4.5 * error
        error = (driver.adjusted.others_equal_high - driver.adjusted.others_equal_low) / 2 / 1.96
        assert abs(driver.adjusted.others_equal - truth) < 4.5 * error
        assert driver.correlation_low < driver.correlation < driver.correlation_high


def test_an_outcome_torn_from_its_inputs_has_no_drivers() -> None:
    """The deliberately broken variant: the same columns, the outcome's rows shuffled."""
    inputs, outcome = strong_weak_none()
    found = drivers(result_of(rng(1).permutation(outcome), inputs))
    assert not any(driver.adjusted.own or driver.above_noise for driver in found.drivers)
    assert not found.boxes


def test_what_merely_goes_along_has_no_influence_of_its_own() -> None:
    """The second goes with the first four times in five, and does nothing."""
    draw = rng(2)
    cause = draw.random(N) < 0.5
    along = np.where(draw.random(N) < 0.8, cause, ~cause)
    outcome = draw.random(N) < 0.3 + 0.4 * cause
    inputs = {"contributors.Cause.joins": cause, "contributors.Along.joins": along}
    first, second = drivers(result_of(outcome, inputs)).drivers
    assert (first.input, second.input) == tuple(inputs)
    assert first.adjusted.own and not second.adjusted.own
    assert second.above_noise and second.contrast.difference > 0.15
    assert second.adjusted.others_equal_low < 0 < second.adjusted.others_equal_high


def test_a_condition_keeps_the_influence_that_passes_through_who_joins() -> None:
    draw = rng(3)
    backing = draw.random(N) < 0.5
    joins = draw.random(N) < np.where(backing, 0.9, 0.2)
    inputs = {"conditions.backing": backing, "contributors.Aland.joins": joins}
    found = adjusted_of(draw.random(N) < 0.2 + 0.6 * joins, inputs)
    for name, truth in (("conditions.backing", 0.6 * 0.7), ("contributors.Aland.joins", 0.6)):
        error = (found[name].others_equal_high - found[name].others_equal_low) / 2 / 1.96
        assert found[name].own and abs(found[name].others_equal - truth) < 4.5 * error


def test_inputs_that_cannot_be_told_apart_have_no_influence_of_their_own() -> None:
    draw = rng(4)
    one = draw.random(N) < 0.5
    inputs = {"contributors.A.joins": one, "contributors.B.joins": one.copy()}
    for found in adjusted_of(draw.random(N) < 0.3 + 0.4 * one, inputs).values():
        assert math.isnan(found.others_equal) and not found.own


def test_intervals_with_others_equal_keep_their_coverage() -> None:
    """200 samples of inputs that go together, of which the outcome takes the odds."""
    covered, draw = 0, rng(8)
    odds = np.array([[-1.5, -0.5], [0.5, 1.5]])  # by the first, then by the second
    chance = 1 / (1 + np.exp(-odds))
    truth = float((chance[:, 1] - chance[:, 0]).mean())  # the first is true half of the time
    for _ in range(200):
        shared = draw.normal(size=400)
        first, second = (shared + draw.normal(size=400) > 0 for _ in range(2))
        outcome = draw.random(400) < chance[first.astype(int), second.astype(int)]
        inputs = {"contributors.A.joins": first, "contributors.B.joins": second}
        adjusted = adjusted_of(outcome, inputs)["contributors.B.joins"]
        covered += adjusted.others_equal_low <= truth <= adjusted.others_equal_high
    assert abs(covered / 200 - 0.95) < 4.5 * math.sqrt(0.95 * 0.05 / 200)


def test_an_input_that_everything_needs_keeps_its_influence_where_little_is_feasible() -> None:
    """Both are needed, each is there nine times in ten, and chance is small."""
    draw = rng(14)
    first, second = draw.random((2, N)) < 0.9
    outcome = first & second & (draw.random(N) < 0.1)
    inputs = {"contributors.A.joins": first, "contributors.B.joins": second}
    for adjusted in adjusted_of(outcome, inputs).values():
        assert adjusted.own
        assert adjusted.others_equal_low < 0.09 < adjusted.others_equal_high + 0.02


def test_numbers_as_outcome_and_a_cap_that_is_not_always_there() -> None:
    draw = rng(6)
    cap = np.where(draw.random(N) < 0.6, np.nan, draw.uniform(100, 900, N))
    strength = 1000.0 * np.isnan(cap) + draw.normal(0, 100, N)
    strength[:10] = np.nan
    inputs = {"contributors.A.joins": draw.random(N) < 0.5, "contributors.A.at_most": cap}
    result = result_of(draw.random(N) < 0.5, inputs, mean_strength=strength)
    found = drivers(result, outcome="mean_strength")
    first = found.drivers[0]
    assert (found.truth, found.left_out, found.boxes) == (False, 10, ())
    assert first.input == "contributors.A.at_most" and first.adjusted.own
    assert first.contrast.high_when == "no cap"
    assert first.contrast.difference == pytest.approx(1000, abs=20)
    assert found.estimate_low < found.estimate < found.estimate_high


def test_the_same_result_gives_the_same_drivers_and_another_seed_other_noise() -> None:
    inputs, outcome = strong_weak_none()
    result = result_of(outcome[:200], {name: values[:200] for name, values in inputs.items()})
    first, again = drivers(result), drivers(result)
    assert json.dumps(first.facts()) == json.dumps(again.facts())
    sample = sample_of(result)
    floors = [noise_floor(sample, seed, lambda done, total: None) for seed in (0, 0, 8)]
    assert floors[0] == floors[1] != floors[2]


def test_pawn_of_a_truth_value_is_the_mean_distance() -> None:
    """Half false, half true, 0.2 and 0.8: everywhere 0.3 away from 0.5."""
    truth = np.arange(N) % 2 == 0
    outcome = np.where(truth, np.arange(N) % 10 < 8, np.arange(N) % 10 < 2).astype(float)
    ranks = spread_ranks(truth.astype(float), 1, "x")
    index = float(pawn_index(ranks[:, None], outcome)[0])
    share = abs(outcome[truth].mean() - outcome.mean())
    assert index == pytest.approx(share, abs=0.02)
    from SALib.analyze import pawn

    problem = {"num_vars": 1, "names": ["x"], "bounds": [[0, 1]]}
    # Without ranks the slices of SALib see one of the two values only.
    assert pawn.analyze(problem, truth[:, None].astype(float), outcome)["CV"][0] == 0


def test_rank_correlation_agrees_with_scipy_and_keeps_its_coverage() -> None:
    from scipy.stats import spearmanr

    draw, covered = rng(9), 0
    truth = 6 / math.pi * math.asin(0.5 / 2)  # of a bivariate normal with correlation 0.5
    for _ in range(400):
        x = draw.normal(size=200)
        y = 0.5 * x + math.sqrt(0.75) * draw.normal(size=200)
        r, low, high = rank_correlation(x, y)
        assert r == pytest.approx(float(spearmanr(x, y).statistic))
        covered += low <= truth <= high
    assert abs(covered / 400 - 0.95) < 4.5 * math.sqrt(0.95 * 0.05 / 400)


# -- Boxes ---------------------------------------------------------------------------------------


def in_a_box(inside: float, outside: float) -> tuple[dict[str, Array], Array]:
    draw = rng(11)
    x, y, z = draw.random((3, 4_000))
    flag = (draw.random(4_000) < 0.5).astype(float)
    box = (x >= 0.6) & (y <= 0.5) & (flag == 1)
    hits = draw.random(4_000) < np.where(box, inside, outside)
    return {"x": x, "y": y, "z": z, "flag": flag}, hits


def test_prim_finds_the_box_that_is_there() -> None:
    inputs, hits = in_a_box(0.95, 0.05)
    box = find_boxes(inputs, hits, density=0.85)[0]
    limits = {limit.input: limit for limit in box.limits}
    assert set(limits) == {"x", "y", "flag"}
    assert limits["x"].low == pytest.approx(0.6, abs=0.05) and math.isinf(limits["x"].high)
    assert limits["y"].high == pytest.approx(0.5, abs=0.05) and math.isinf(limits["y"].low)
    assert (limits["flag"].low, limits["flag"].high) == (1, math.inf)
    assert all(limit.p_value < 1e-6 for limit in box.limits)
    truth = (inputs["x"] >= 0.6) & (inputs["y"] <= 0.5) & (inputs["flag"] == 1)
    assert box.mass == pytest.approx(truth.mean(), abs=0.02)
    assert box.coverage == pytest.approx(hits[truth].sum() / hits.sum(), abs=0.1)
    assert box.density_low < box.density < box.density_high and box.density > 0.8


def test_prim_finds_nothing_where_nothing_is() -> None:
    inputs, _ = in_a_box(0.5, 0.5)
    for seed in range(10):
        hits = rng(100 + seed).random(4_000) < 0.3
        for box in find_boxes(inputs, hits, density=0.8):
            # A limit may survive the search; held-out replications see through it.
            assert box.density_low < 0.3 + 0.1


def test_density_is_measured_where_was_not_searched() -> None:
    """What holds in the rows that are searched, every other one, and nowhere else."""
    draw = rng(12)
    x, searched = draw.random(2_000), np.arange(2_000) % 2 == 0
    hits = np.where(searched, x > 0.5, draw.random(2_000) < 0.4)
    (box,) = find_boxes({"x": x}, hits, density=0.9)
    assert box.limits[0].low == pytest.approx(0.5, abs=0.05)
    assert abs(box.density - 0.4) < 4.5 * math.sqrt(0.4 * 0.6 / box.replications)
    assert box.limits[0].p_value > 0.001


def test_further_boxes_lie_outside_those_before() -> None:
    draw = rng(13)
    x, y = draw.random((2, 4_000))
    hits = draw.random(4_000) < np.where((x > 0.7) | (y < 0.2), 0.95, 0.02)
    first, second, *_ = find_boxes({"x": x, "y": y}, hits, density=0.85)
    assert {limit.input for limit in (*first.limits, *second.limits)} == {"x", "y"}
    assert first.coverage + second.coverage > 0.85


@pytest.mark.parametrize("value", [True, False])
def test_prim_of_a_constant_is_empty(value: bool) -> None:
    assert find_boxes({"x": rng().random(200)}, np.full(200, value), density=0.8) == ()
    assert find_boxes({}, rng().random(200) < 0.5, density=0.8) == ()


# -- Levers --------------------------------------------------------------------------------------


@pytest.fixture
def ishigami(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scenario's runs replaced by a function whose indices are published."""

    def runs(scenario: Any, levers: Any, design: Array, *_: Any) -> Array:
        a, b, c = (design[:, place] for place in range(3))
        y = np.sin(a) + 7 * np.sin(b) ** 2 + 0.1 * c**4 * np.sin(a)
        counts = np.zeros((len(design), len(COUNTS)), np.int64)
        counts[:, COUNTS.index("replications")] = counts[:, COUNTS.index("authorised")] = 10**9
        counts[:, COUNTS.index("feasible")] = np.round((y + 11) / 30 * 10**9)
        return counts

    monkeypatch.setattr(sobol_module, "_runs", runs)


def three_levers() -> list[Any]:
    """Of -pi to pi each, which no value of a scenario would be."""
    from dataclasses import replace

    plain = levers_of(three(), [f"contributors.{name}.army" for name in ("A", "B", "C")])
    return [replace(lever, low=-math.pi, high=math.pi) for lever in plain]


def three() -> sim.Scenario:
    from builders import nation

    return scenario(contributors={name: nation(army=10_000) for name in ("A", "B", "C")})


def test_sobol_gives_the_published_indices_of_ishigami(
    ishigami: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ishigami & Homma 1990: first 0.314, 0.442, 0; total 0.558, 0.442, 0.244."""
    monkeypatch.setattr(sim.Scenario, "with_", lambda self, path, value: self)
    found = sobol(three(), three_levers(), Cell(0, 1000), base=4096, seed=0)
    indices = {index.lever.split(".")[1]: index for index in found.indices}
    for name, first, total in (("A", 0.3139, 0.5576), ("B", 0.4424, 0.4424), ("C", 0.0, 0.2437)):
        assert indices[name].first == pytest.approx(first, abs=0.02)
        assert indices[name].total == pytest.approx(total, abs=0.02)
        assert indices[name].first_low < first < indices[name].first_high
        assert indices[name].total_low < total < indices[name].total_high
    assert [index.lever.split(".")[1] for index in found.indices] == ["A", "B", "C"]
    again = sobol(three(), three_levers(), Cell(0, 1000), base=4096, seed=0)
    assert again == found


def test_a_lever_that_does_everything_and_one_that_does_nothing() -> None:
    base = scenario(contributors={"A": {**_uncertain(0.5)}})
    levers = levers_of(
        base, ["contributors.A.participation.alliance.probability=0.2..0.8", "contributors.A.army"]
    )
    found = sobol(base, levers, Cell(0, 1000), base=16, replications=400, seed=3)
    first, second = found.indices
    assert first.lever.endswith("probability") and first.range == "0.2 to 0.8"
    assert first.total == pytest.approx(1, abs=0.3) and second.total == 0
    assert found.least < 0.3 and found.most > 0.7 and found.runs == 16 * 4
    assert first.low_outcome < 0.45 < 0.55 < first.high_outcome
    parallel = sobol(base, levers, Cell(0, 1000), base=16, replications=400, seed=3, workers=2)
    assert parallel == found


def _uncertain(probability: float) -> dict[str, Any]:
    from builders import nation

    return nation(probability=probability, army=10_000)


@pytest.mark.parametrize(
    ("lever", "says"),
    [
        ("will.correlation", "to begin with a value"),
        ("contributors.A.army=5", "expected PATH=LOW..HIGH"),
        ("=1..2", "expected PATH=LOW..HIGH"),
        ("contributors.A.army=9..3", "no range"),
        ("contributors.A.tour=1..3 apples", "its range is a number of years"),
        ("contributors.A.armee=1..3", "army"),
    ],
)
def test_levers_that_are_none(lever: str, says: str) -> None:
    base = scenario(contributors={"A": _uncertain(0.5)})
    with pytest.raises(SimError, match=says):
        levers_of(base, [lever])
    with pytest.raises(SimError, match="must be a probability from 0 to 1"):
        levers_of(base, ["contributors.A.participation.alliance.probability=0.5..3"])
    with pytest.raises(SimError, match="given twice"):
        levers_of(base, ["contributors.A.army"] * 2)


def test_levers_without_an_effect_and_bases_that_are_none() -> None:
    base = scenario(contributors={"A": _uncertain(0.5)})
    levers = levers_of(base, ["contributors.A.army"])
    with pytest.raises(SimError, match="nothing to explain"):
        sobol(base, levers, Cell(0, 1000), base=8, replications=20, seed=1)
    with pytest.raises(SimError, match="power of two"):
        sobol(base, levers, Cell(0, 1000), base=12, replications=20, seed=1)
    with pytest.raises(SimError, match="stage of the funnel"):
        sobol(base, levers, Cell(0, 1000), outcome="deaths", base=8, replications=20, seed=1)


# -- What a figure rests on ----------------------------------------------------------------------


def test_evidence_is_the_weakest_of_the_sources_that_name_the_figure() -> None:
    sources = [
        {"figure": "participation: said so", "source": "A paper", "confidence": "low"},
        {"figure": "participation, 0.5", "source": "Another", "confidence": "high"},
        {"figure": "forces", "source": "A yearbook", "confidence": "high"},
        {"figure": "tour", "judgement": True, "note": "Usual."},
    ]
    data = {
        "contributors": {"A": {"sources": sources}, "AB": {"sources": sources[1:3]}, "C": {}},
        "conditions": {"peace": {"sources": [{"figure": "0.5", "judgement": True}]}},
        "mandates": {
            "m": {"sources": [{"figure": "delay", "source": "x", "confidence": "medium"}]}
        },
        "requirement": [{"method": "line", "sources": [sources[0]]}],
    }

    def mark(name: str) -> str:
        return evidence_of(name, "m", data).mark

    assert mark("contributors.A.joins") == "low"
    assert evidence_of("contributors.A.joins", "m", data).figures == ("participation: said so",)
    assert mark("contributors.A.available") == "high"
    assert mark("contributors.A.at_most") == "judgement (any)"
    assert mark("contributors.AB.joins") == "high"  # a name that begins like another
    assert mark("contributors.C.joins") == "none given"
    assert mark("conditions.peace") == "judgement"
    assert mark("authorised_months") == "medium"
    assert mark("consents.North") == "medium (any)"
    assert mark("required") == "low"
    assert evidence_of("contributors.C.joins", "m", data).weak
    assert not evidence_of("contributors.A.available", "m", data).weak


# -- From a scenario, and the command ------------------------------------------------------------


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("drivers") / "mine.yaml"
    path.write_bytes(STARTER.read_bytes())
    return path


@pytest.fixture(scope="module")
def kept(starter: Path) -> Path:
    result = sim.run(sim.load(starter), replications=400, seed=1, keep_replications=True)
    return result.save(starter.parent / "kept")


def invoke(*args: object, width: int = 120) -> Invoked:
    result = CliRunner().invoke(cli, [str(a) for a in args], env={"COLUMNS": str(width)})
    assert result.exception is None or isinstance(result.exception, (SystemExit, SimError))
    return result


def status_of(*args: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(a) for a in args])
    return int(ended.value.code or 0)


@pytest.fixture(scope="module")
def made(kept: Path) -> Drivers:
    return drivers(sim.read(kept), size=3000)


def test_a_scenario_and_its_results_folder_tell_the_same(
    starter: Path, kept: Path, made: Drivers
) -> None:
    one = replicate(sim.load(starter), Cell(0, 3000), replications=400, seed=1)
    first, second = sample_of(one), sample_of(sim.read(kept), size=3000)
    assert [item.name for item in first.inputs] == [item.name for item in second.inputs]
    for mine, other in zip(first.inputs, second.inputs, strict=True):
        assert mine.truth == other.truth
        assert np.allclose(mine.values, other.values, rtol=1e-9)
    assert (first.values == second.values).all() and first.constant == second.constant
    assert one.run["given"] == sim.read(kept).run["given"]
    assert made.constant[0] == "conditions.ceasefire"
    assert sim.drivers is drivers


def test_the_command_reads_a_folder_and_writes_into_it(kept: Path) -> None:
    run = invoke("drivers", kept, "--size", 3000)
    assert run.exit_code == 0, run.output
    assert "P(feasible)" in run.output and "Others equal" in run.output
    assert {"drivers.csv", "boxes.csv", "drivers.png", "drivers.svg"} <= {
        path.name for path in kept.iterdir()
    }
    header = (kept / "drivers.csv").read_text("utf-8").splitlines()[0].split(",")
    assert header[:3] == ["rank", "input", "pawn"] and header[-1] == "noise"
    assert (kept / "drivers.png").read_bytes().startswith(b"\x89PNG")
    assert sim.read(kept).tables["replications"]  # which is still a results folder


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_the_table_fits_the_terminal(made: Drivers, width: int) -> None:
    out = Console(width=width, record=True, file=io.StringIO())
    show_drivers(made, out)
    text = out.export_text()
    assert all(len(line.rstrip()) <= width for line in text.splitlines()), text
    assert "Farland" in text and "joins" in text
    assert "Others equal" in text and ("Outcome" in text) == (width == 200)
    assert "…" not in text.split("* has an")[0] or width < 80


def test_json_is_json_and_nothing_else(kept: Path, tmp_path: Path) -> None:
    run = invoke("drivers", kept, "--size", 3000, "--outright", "--json", "-o", tmp_path)
    answer = json.loads(run.output)
    assert answer["given"] == "nothing"
    assert answer["drivers"][0]["input"] == "conditions.ceasefire"
    assert answer["replications"] == 400 and answer["results"] == str(tmp_path)


def test_the_command_runs_a_scenario(starter: Path, tmp_path: Path) -> None:
    run = invoke("drivers", starter, "-n", 250, "-j", 1, "--size", 3000, "--json", "-o", tmp_path)
    answer = json.loads(run.output)
    assert answer["scenario"] == "mine" and answer["force_size"] == 3000
    assert {path.name for path in tmp_path.iterdir()} == {
        "drivers.csv",
        "boxes.csv",
        "drivers.png",
        "drivers.svg",
    }


def test_the_command_with_levers(starter: Path, tmp_path: Path) -> None:
    args: tuple[object, ...] = ("drivers", starter, "--size", 3000, "-n", 40, "-j", 1)
    args += ("-o", tmp_path, "--base", 8)
    args += ("--lever", "corridors.railway.capacity=0.1..2", "--lever", "will.correlation=0..0.6")
    run = invoke(*args, width=60)
    assert run.exit_code == 0, run.output
    assert "32 runs of 40 replications each: about" in run.stderr
    assert all(len(line.rstrip()) <= 60 for line in run.stdout.splitlines()), run.stdout
    assert {path.name for path in tmp_path.iterdir()} == {"sobol.csv", "sobol.png", "sobol.svg"}


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--outcome", "feasibel"), "did you mean"),
        (("--outcome", "binding"), "binding needs one of its causes"),
        (("--outcome", "deaths>=many"), "compared with a number"),
        (("--outcome", "feasible=maybe"), "true or false"),
        (("--size", 3001), "the nearest is 3,000"),
        (("--mandate", "reasurance"), "did you mean"),
        (("--lever", "will.correlation=0..1"), "for a scenario FILE"),
        (("--base", 8), "--base is for --lever"),
    ],
)
def test_wrong_input_is_told(
    kept: Path, capsys: pytest.CaptureFixture[str], args: tuple[object, ...], says: str
) -> None:
    assert status_of("drivers", kept, "--size", 3000, *args) == 2
    assert says in capsys.readouterr().err


def test_a_constant_outcome_is_told(capsys: pytest.CaptureFixture[str], starter: Path) -> None:
    args = ("-n", 300, "-j", 1, "--size", 6000)
    assert (
        status_of("drivers", starter, *args, "--set", "corridors.railway.capacity=1 per day") == 2
    )
    assert "never feasible in" in capsys.readouterr().err
    assert status_of("drivers", starter, *args, "--outcome", "authorised") == 2
    assert "always authorised in" in capsys.readouterr().err
    assert status_of("drivers", starter, "-n", 60, "-j", 1) == 2
    assert "at least 100 are needed" in capsys.readouterr().err


def test_results_without_replications_are_told(
    starter: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sim.run(sim.load(starter), replications=20, seed=1).save(tmp_path)
    assert status_of("drivers", tmp_path) == 2
    assert "--keep-replications" in capsys.readouterr().err


def test_without_salib_it_says_what_to_install(
    known: Drivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any) -> Any:
        if name.startswith("SALib"):
            raise ImportError(name)
        return real(name, *args)

    monkeypatch.setattr(builtins, "__import__", without)
    inputs, outcome = strong_weak_none()
    with pytest.raises(SimError, match=r"pip install 'peacekeeping-sim\[analysis\]'"):
        drivers(result_of(outcome, inputs))
    base = scenario(contributors={"A": _uncertain(0.5)})
    with pytest.raises(SimError, match="pip install"):
        sobol(base, levers_of(base, ["contributors.A.army"]), Cell(0, 1000))
