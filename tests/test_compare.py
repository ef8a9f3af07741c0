"""Comparisons: what is paired, what is reported, what is never dropped, and what fails a check."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import LIMIT, Array, busy, days, errors_off, nation, scenario
from click.testing import CliRunner
from scipy import stats

import sim
from sim.analysis.compare.bootstrap import quantile_differences
from sim.analysis.compare.comparison import Comparison, compare
from sim.analysis.compare.inputs import differing_inputs
from sim.cli import cli, main
from sim.cli.comparison import markdown, sections
from sim.engine.streams import generator
from sim.errors import ScenarioError, SimError
from sim.results.result import Result
from sim.results.statistics import (
    mcnemar,
    paired_difference,
    paired_ratio_difference,
    recovered_interval,
    unpaired_difference,
)
from sim.scenario.scenario import Scenario

ROOT = Path(__file__).parent.parent


def small(bland: float = 0.5, sizes: Any = (800, 1500), **changes: Any) -> Scenario:
    """Three weeks in days; one contributor may stay at home, another takes its time."""
    plain: dict[str, Any] = {
        "time": days(21),
        "force": {"sizes": list(sizes), "capabilities": {"infantry": 1.0}},
        "feasible_when": {"full": {"within": "12 days"}, "hold": {"for": "3 days"}},
        "conditions": {"ceasefire": {"probability": 0.8}},
        "mandates": {"force": {"kind": "alliance", "requires": ["ceasefire"]}},
        "contributors": {
            "Aland": nation(probability=0.8, notice="uniform(0, 10) days"),
            "Bland": nation(probability=bland, notice="uniform(2, 14) days"),
        },
    }
    return scenario(**(plain | changes))


@pytest.fixture(scope="module")
def pair() -> tuple[Result, Result]:
    """The same futures, one contributor keener."""
    one, other = (
        sim.run(small(bland), replications=600, seed=3, keep_replications=True)
        for bland in (0.5, 0.6)
    )
    return one, other


def without_replications(result: Result) -> Result:
    return replace(result, tables={k: t for k, t in result.tables.items() if k != "replications"})


def row(found: Comparison, column: str, size: int = 1500, **keys: Any) -> dict[str, Any]:
    [chosen] = [
        row
        for row in found.rows("changes")
        if row["column"] == column
        and row["force_size"] == size
        and all(row[key] == value for key, value in keys.items())
    ]
    return chosen


# -- Statistics -----------------------------------------------------------------------------------


def test_mcnemar_against_scipy() -> None:
    first = np.array([True] * 30 + [False] * 70)
    second = np.array([True] * 22 + [False] * 8 + [True] * 20 + [False] * 50)
    two_sided, rise = mcnemar(first, second)
    assert two_sided == pytest.approx(2 * stats.binom(28, 0.5).cdf(8))
    assert rise == pytest.approx(stats.binom(28, 0.5).sf(19))
    assert mcnemar(first, first) == (1.0, 1.0)
    assert mcnemar(second, first)[1] > 0.9


def test_newcombes_intervals_are_recovered_ones() -> None:
    """One method: his unpaired example, and the limits of a mean by hand."""
    plain = unpaired_difference((48, 80), (56, 70))
    assert (plain.low, plain.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert recovered_interval((1.0, 0.0, 2.0), (5.0, 4.0, 6.0)) == pytest.approx(
        (4 - math.sqrt(2), 4 + math.sqrt(2))
    )
    assert recovered_interval((1.0, 0.0, 2.0), (5.0, 4.0, 6.0), 1.0) == pytest.approx((4.0, 4.0))


def drawn(seed: int, count: int) -> tuple[Array, Array, Array, Array]:
    """Two outcomes of the same futures, authorised in most; shares 0.5 and 0.6 of those."""
    u, v, w = generator(seed, "a test of pairs", 0).random((3, count))
    among1, among2 = u < 0.7, u < 0.8
    return among1 & (v < 0.5), among1, among2 & (v < 0.56 + 0.08 * (w < 0.5)), among2


def test_a_difference_of_ratios_covers_what_it_promises() -> None:
    """Over many seeds; with a third of the correlation it would not."""
    seeds, count, truth = 800, 150, 0.1
    covered, narrow = np.zeros((2, seeds), np.bool_)
    for seed in range(seeds):
        found = paired_ratio_difference(*drawn(seed, count))
        covered[seed] = found.low <= truth <= found.high
        half = 0.7 * (found.high - found.low) / 2
        narrow[seed] = abs(found.estimate - truth) <= half
    assert errors_off(covered, 0.95) <= LIMIT
    assert errors_off(narrow, 0.95) > LIMIT


def test_a_difference_of_ratios_is_newcombes_where_all_count() -> None:
    first, _, second, _ = drawn(1, 500)
    everyone = np.ones(500, np.bool_)
    found = paired_ratio_difference(first, everyone, second, everyone)
    plain = paired_difference(first, second)
    assert (found.estimate, found.low, found.high) == (plain.estimate, plain.low, plain.high)
    assert found.p_value == mcnemar(first, second)[0]


def test_a_paired_mean_against_scipy() -> None:
    first, second = generator(2, "a test of means", 0).normal(size=(2, 400))
    second = second + first
    everyone = np.ones(400, np.bool_)
    found = paired_ratio_difference(first, everyone, second, everyone)
    t = stats.ttest_rel(second, first)
    assert found.estimate == pytest.approx(np.mean(second - first))
    assert found.mcse == pytest.approx(stats.sem(second - first), rel=2e-3)
    assert found.p_value == pytest.approx(t.pvalue, abs=2e-3)


def test_the_bootstrap_is_that_of_scipy() -> None:
    """Multinomial weights of pairs are what resampling replication by replication gives."""
    u, v = generator(5, "a test of the bootstrap", 0).random((2, 300))
    first, second = np.floor(20 * u), np.floor(20 * (0.7 * u + 0.3 * v))
    [found] = quantile_differences(first, second, [0.5], seed=1)

    def difference(one: Array, other: Array, axis: int = -1) -> Any:
        place = math.ceil(one.shape[axis] / 2) - 1
        return np.sort(other, axis)[..., place] - np.sort(one, axis)[..., place]

    expected = stats.bootstrap(
        (first, second), difference, paired=True, n_resamples=4000, method="percentile", rng=7
    )
    assert found.estimate == difference(first, second)
    assert found.mcse == pytest.approx(expected.standard_error, rel=0.1)
    low, high = expected.confidence_interval
    assert (found.low, found.high) == pytest.approx((low, high), abs=1)


def test_the_bootstrap_covers_at_least_what_it_promises() -> None:
    """Times in whole steps: conservative, never narrow; and half as wide it fails."""
    seeds, covered, half = 200, 0, 0
    for seed in range(seeds):
        u, v = generator(seed, "coverage of the bootstrap", 0).random((2, 80))
        first, second = np.floor(60 * u), np.floor(60 * (0.5 * u + 0.5 * v)) + 4
        [found] = quantile_differences(first, second, [0.5], seed=seed)
        truth = 4.0
        covered += found.low <= truth <= found.high
        half += abs(found.estimate - truth) <= (found.high - found.low) / 4
    assert covered / seeds > 0.95 - LIMIT * math.sqrt(0.95 * 0.05 / seeds)
    assert half / seeds < 0.95 - LIMIT * math.sqrt(0.95 * 0.05 / seeds)


def test_a_quantile_beyond_the_horizon_has_no_difference_and_an_open_end_is_told() -> None:
    first = np.array([1.0] * 60 + [np.inf] * 40)
    never = np.array([1.0] * 40 + [np.inf] * 60)
    [found] = quantile_differences(first, never, [0.5], seed=1)
    assert math.isnan(found.estimate)
    near = np.array([1.0] * 51 + [np.inf] * 49)
    [found] = quantile_differences(np.ones(100), near, [0.5], seed=1)
    assert found.estimate == 0
    assert found.low == 0
    assert math.isnan(found.high)
    nobody = np.full(4, np.nan)
    assert math.isnan(quantile_differences(nobody, nobody, [0.5], seed=1)[0].estimate)


# -- Comparing ------------------------------------------------------------------------------------


def test_a_result_against_itself_has_no_difference(pair: tuple[Result, Result]) -> None:
    found = compare(pair[0], pair[0])
    assert not found.tables["inputs"]["path"]
    assert not found.tables["unmatched"]["what"]
    assert not found.beyond(0)
    differences = [d for d in found.tables["changes"]["difference"] if not math.isnan(d)]
    assert len(differences) > 50
    assert set(differences) == {0}


def test_pairs_are_compared_replication_by_replication(pair: tuple[Result, Result]) -> None:
    found = compare(*pair)
    one, other = (result.replications.query("force_size == 1500") for result in pair)
    first, second = one["feasible"].to_numpy(bool), other["feasible"].to_numpy(bool)
    expected = paired_difference(first, second)
    told = row(found, "p_feasible")
    assert told["method"] == "paired"
    assert (told["first"], told["second"]) == (first.mean(), second.mean())
    assert told["difference"] == pytest.approx(expected.estimate)
    assert (told["low"], told["high"]) == (expected.low, expected.high)
    assert told["p_value"] == mcnemar(first, second)[0]
    for column in ("binding_will", "strength_soldiers_mean"):
        assert row(found, column)["method"] == "paired", column
    for key in ("p50", "p75"):
        told = row(found, f"full_capability_months_{key}", 800)
        assert told["method"] == "paired"
        assert told["low"] <= told["difference"] <= told["high"]
    assert row(found, "p_joins", contributor="Bland")["method"] == "paired"
    assert row(found, "p_joins", contributor="Aland")["difference"] == 0


def test_a_paired_interval_is_narrower(pair: tuple[Result, Result]) -> None:
    paired, unpaired = compare(*pair), compare(*map(without_replications, pair))
    for column in ("p_feasible", "p_feasible_if_authorised", "binding_will"):
        one, other = row(paired, column), row(unpaired, column)
        assert one["difference"] == pytest.approx(other["difference"])
        assert other["method"] == "unpaired"
        assert one["high"] - one["low"] < 0.6 * (other["high"] - other["low"])
    for column in ("strength_soldiers_mean", "full_capability_months_p50"):
        one, other = (row(found, column, 800, table="summary") for found in (paired, unpaired))
        assert other["method"] == "unpaired"
        assert one["high"] - one["low"] < other["high"] - other["low"]
    assert any("wider than they need be" in note for note in unpaired.notes)
    assert any("over the same futures" in note for note in paired.notes)


def test_a_trajectory_is_compared_where_it_is_asked_for(pair: tuple[Result, Result]) -> None:
    found = compare(*pair, tables=["trajectory"])
    assert len(found.tables["changes"]["step"]) > 2 * 21 * 10
    assert {r["method"] for r in found.rows("changes")} == {"no interval"}
    assert found.notes == (
        f"{found.sides[1].label}: same seed, but the replications do not hold these columns.",
    )
    assert found.beyond(0)


def test_an_unpaired_proportion_has_newcombes_interval(pair: tuple[Result, Result]) -> None:
    found = compare(*map(without_replications, pair))
    counts = [round(result.tables["summary"]["p_feasible"][1] * 600) for result in pair]
    expected = unpaired_difference((counts[0], 600), (counts[1], 600))
    told = row(found, "p_feasible")
    assert (told["low"], told["high"]) == pytest.approx((expected.low, expected.high))
    assert told["mcse"] == pytest.approx(expected.mcse)
    assert math.isnan(told["p_value"])


def test_another_seed_is_not_paired(pair: tuple[Result, Result]) -> None:
    other = sim.run(small(0.6), replications=600, seed=4, keep_replications=True)
    found = compare(pair[0], other)
    assert {r["method"] for r in found.rows("changes")} == {"unpaired", "no interval"}
    assert any("another seed" in note for note in found.notes)


def test_a_longer_run_is_paired_over_what_both_have(pair: tuple[Result, Result]) -> None:
    longer = sim.run(small(0.6), replications=900, seed=3, keep_replications=True)
    told = row(compare(pair[0], longer), "p_feasible")
    short = row(compare(*pair), "p_feasible")
    assert told["method"] == "paired, first 600"
    assert told["second"] - told["first"] == pytest.approx(told["difference"])
    assert (told["low"], told["high"]) == (short["low"], short["high"])


def test_replications_that_do_not_give_the_table_are_not_used(pair: tuple[Result, Result]) -> None:
    table = pair[1].tables["summary"]
    edited = {**table, "p_feasible": [p - 0.05 for p in table["p_feasible"]]}
    found = compare(pair[0], replace(pair[1], tables={**pair[1].tables, "summary": edited}))
    assert row(found, "p_feasible")["method"] == "unpaired"
    assert row(found, "p_full")["method"] == "paired"


def test_the_largest_change_comes_first(pair: tuple[Result, Result]) -> None:
    rows = [
        r
        for r in compare(*pair).rows("changes")
        if r["column"].startswith(("p_", "binding_")) and r["difference"]
    ]
    sizes = [abs(r["difference"]) for r in rows if not math.isnan(r["difference"])]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) > 5


def test_what_only_one_side_has_is_reported_and_kept(pair: tuple[Result, Result]) -> None:
    other = sim.run(small(0.6, sizes=[1500, 1800]), replications=600, seed=3)
    summary = dict(other.tables["summary"]) | {"mood": ["good", "bad"]}
    del summary["p_full"]
    found = compare(pair[0], replace(other, tables={**other.tables, "summary": summary}))
    told = {(r["kind"], r["what"], r["only"]) for r in found.rows("unmatched")}
    first, second = (side.label for side in found.sides)
    assert ("row", "mandate force, force_size 800", first) in told
    assert ("row", "mandate force, force_size 1800", second) in told
    assert ("column", "p_full", first) in told
    assert ("column", "mood", second) in told
    assert row(found, "p_feasible", 800, table="summary")["only"] == "first"
    gone = row(found, "p_feasible", 1800, table="summary")
    assert gone["only"] == "second"
    assert gone["second"] == summary["p_feasible"][1]
    assert row(found, "mood")["second"] == "good"
    assert row(found, "p_full")["only"] == "first"
    assert any(r["only"] for r in found.beyond(1.0))


def test_where_no_row_is_in_common_it_does_not_say_that_nothing_changed(
    pair: tuple[Result, Result],
) -> None:
    other = sim.run(small(0.6, sizes=[1800]), replications=100, seed=3)
    (apart,) = (s for s in sections(compare(pair[0], other), 5) if s.title == "What changed")
    assert "no row in common" in apart.remark
    (same,) = (s for s in sections(compare(pair[0], pair[0]), 5) if s.title == "What changed")
    assert same.remark == "nothing"


def test_inputs_that_differ_are_told_leaf_by_leaf() -> None:
    one = small(0.5)
    other = one.with_("contributors.Bland.forces.infantry.units", 12).with_(
        "contributors.Aland.participation.alliance.probability",
        {"when": "ceasefire", "then": 0.8, "else": 0.1},
    )
    other = other.with_("sources", [{"figure": "all", "judgement": True}])
    runs = [
        {"inputs": s.data, "origins": s.origins, "seed": seed, "versions": {"numpy": "2"}}
        for s, seed in ((one, 1), (other, 2))
    ]
    told = [(r["path"], r["first"], r["second"]) for r in differing_inputs(*runs)]
    assert told[:3] == [
        ("run.seed", 1, 2),
        (
            "contributors.Aland.participation.alliance.probability",
            0.8,
            "{when: ceasefire, then: 0.8, else: 0.1}",
        ),
        ("contributors.Bland.forces.infantry.units", 10, 12),
    ]
    assert all(path.startswith("sources") for path, _, _ in told[3:])
    [units] = [r for r in differing_inputs(*runs) if r["path"].endswith("units")]
    assert units["second_origin"].startswith("with_(")
    assert differing_inputs(runs[0], runs[0]) == []


def record(about: Scenario) -> dict[str, Any]:
    """What ``run.json`` says of a scenario."""
    mandates = about.specification.mandates
    given = {name: about.specification.tests_of(name).given for name in mandates}
    hashed = {"scenario_hash": about.hash, "inputs": about.data, "origins": about.origins}
    return {"seed": 1, "given": given, **hashed}


def told(one: Scenario, other: Scenario) -> list[tuple[str, str]]:
    return [(r["path"], r["kind"]) for r in differing_inputs(record(one), record(other))]


def own(**tests: Any) -> dict[str, Any]:
    """A mandate with tests of its own."""
    return {"force": {"kind": "alliance", "feasible_when": tests}}


def saying(path: str, value: Any) -> Scenario:
    """A scenario with one value put in, or left out where there is none."""
    time, money = {"start": "2026-07-01", "horizon": "30 weeks"}, {"per_soldier_month": "9 EUR"}
    plain = small(time=time, costs=money)
    return plain if value is None else plain.with_(path, value)


POOL = "contributors.Aland.forces.infantry"


@pytest.mark.parametrize(
    ("path", "first", "second"),
    [
        ("time.horizon", "210 days", "30 weeks"),
        ("time.step", "1 week", None),
        ("time.start", "2026-07-01", "2026-07"),
        ("feasible_when.counted_from", "authorisation", None),
        ("feasible_when.confidence", 0.8, None),
        ("feasible_when.hold.share_of_time", 1, None),
        ("force.sizes", {"from": 800, "to": 1200, "step": 200}, [1200, 1000, 800]),
        ("force.phases", {"0 months": 0.5, "1 week": 1}, {"0 days": 0.5, "7 days": 1.0}),
        ("mandates.force.counts", ["inside"], None),
        ("mandates", own(confidence=0.8), own(fill=0.9)),
        (f"{POOL}.notice", "uniform(0, 14) days", "uniform(0,2) weeks"),
        (f"{POOL}.available", "beta(1, 2)", "beta(1.0, 2.0)"),
        ("costs.per_soldier_month", "9_000 EUR", "9000 EUR"),
    ],
)
def test_what_means_the_same_is_no_difference(path: str, first: Any, second: Any) -> None:
    one, other = saying(path, first), saying(path, second)
    assert one.hash != other.hash
    assert told(one, other) == told(other, one) == []


@pytest.mark.parametrize(
    ("path", "first", "second"),
    [
        ("time.horizon", "210 days", "31 weeks"),
        ("feasible_when.confidence", 0.7, None),
        (f"{POOL}.available", "uniform(0, 1)", "beta(1, 2)"),
        (f"{POOL}.available", "beta(2, 1)", "beta(1, 2)"),
        (f"{POOL}.notice", "normal(9, 1) days", "normal(9, 1) weeks"),
        ("costs.per_soldier_month", "9000 EUR", "9000 USD"),
    ],
)
def test_what_means_something_else_is_told_as_it_is_written(
    path: str, first: Any, second: Any
) -> None:
    [row] = differing_inputs(record(saying(path, first)), record(saying(path, second)))
    assert (row["path"], row["first"], row["second"]) == (path, first, second)


def test_beside_a_leaf_that_differs_others_are_only_written_otherwise() -> None:
    one = saying(f"{POOL}.notice", "14 days")
    other = saying(f"{POOL}.notice", "2 weeks").with_(f"{POOL}.units", 7)
    assert told(one, other) == [(f"{POOL}.units", "scenario")]


def test_a_mandate_that_says_the_default_takes_back_what_the_scenario_says() -> None:
    plain = saying("feasible_when.confidence", 0.7)
    path = "mandates.force.feasible_when.confidence"
    assert told(plain, plain.with_(path, 0.8)) == [(path, "feasible")]
    assert told(plain, plain.with_(path, 0.7)) == []
    moved = saying("feasible_when.confidence", 0.8).with_(path, 0.7)
    assert [path for path, _ in told(plain, moved)] == ["feasible_when.confidence", path]
    lists = [saying("mandates.force.requires", names) for names in (["ceasefire"], [])]
    assert told(*lists) == [("mandates.force.requires", "scenario")]


def test_no_leaf_that_matters_is_taken_for_the_same() -> None:
    """Every figure of a scenario that has something of everything, changed a little."""
    plain, changed = busy(), 0
    for path, value in leaves_of(plain.data):
        if isinstance(value, bool) or value is None or path.startswith(("run.", "language")):
            continue
        number = re.search(r"\d+(\.\d+)?", str(value))
        if not number:
            continue
        for factor in (0.9, 2):
            figure = float(number[0]) * factor
            figure = round(figure) if figure.is_integer() or figure > 2 else figure
            text = str(value).replace(number[0], str(figure), 1)
            try:
                other = plain.with_(path, text if isinstance(value, str) else figure)
            except ScenarioError:
                continue
            if other.hash != plain.hash and figure != float(number[0]):
                assert told(plain, other), path
                changed += 1
    assert changed > 60


def leaves_of(data: Any, path: str = "") -> Any:
    """Every leaf with its path for ``with_``."""
    if isinstance(data, (dict, list)):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from leaves_of(value, f"{path}.{key}" if path else str(key))
    else:
        yield path, data


def test_a_scenario_that_is_not_understood_is_compared_as_it_is_written() -> None:
    """One of another version, say."""
    one, other = record(small()), record(small().with_("time.horizon", "3 weeks"))
    other["inputs"]["time"]["moon"] = "full"
    rows = differing_inputs(one, other)
    assert [r["path"] for r in rows] == ["time.horizon", "time.moon"]


def test_another_order_is_told_where_it_matters_and_a_rewriting_is_none() -> None:
    people = small().data["contributors"]
    turned = small(contributors={name: people[name] for name in reversed(people)})
    assert told(small(), turned) == [("order", "scenario")]
    again = small().with_("time.horizon", "3 weeks")
    assert small().hash != again.hash
    assert told(small(), again) == []
    assert told(small(), turned.with_("time.horizon", "3 weeks")) == [("order", "scenario")]


def test_what_feasible_means_comes_first_where_it_matters() -> None:
    one = small(mandates=own(fill=0.8) | {"none": {"kind": "none"}})
    other = one.with_("title", "Another").with_("contributors.Bland.tour", "9 weeks")
    assert [kind for _, kind in told(one, other)] == ["scenario", "words"]
    other = other.with_("feasible_when.full.within", "9 days")
    assert told(one, other)[0] == ("feasible_when.full.within", "feasible")
    # The only mandate that sends has its own: nothing changes for it.
    assert told(one, one.with_("feasible_when.fill", 0.7)) == [("feasible_when.fill", "scenario")]
    mine = "mandates.force.feasible_when.fill"
    assert told(one, one.with_(mine, 0.7)) == [(mine, "feasible")]
    # One that the other result is not about changes nothing either.
    alone = record(one.with_(mine, 0.7)) | {"given": {"none": "authorisation"}}
    assert [row["kind"] for row in differing_inputs(record(one), alone)] == ["scenario"]


@pytest.mark.parametrize("top", [1, 3, None])
def test_a_reader_is_told_that_feasible_means_two_things(top: int | None, tmp_path: Path) -> None:
    one = small()
    other = small(bland=0.6).with_("feasible_when.full.within", "9 days")
    other = other.with_("feasible_when.fill", 0.8).with_("contributors.Aland.tour", "9 weeks")
    found = compare(*(sim.run(s, replications=20, seed=1) for s in (one, other)))
    shown = sections(found, top)[0]
    assert "means different things" in shown.warning
    paths = ["feasible_when.full.within", "feasible_when.fill"]
    assert [row[0] for row in shown.rows][:2] == paths
    assert shown.remark == {1: "2 more leaves: --all", 3: "1 more leaves: --all"}.get(top or 0, "")
    assert "means different things" in markdown(found, top).split("|")[0]
    tests = one.data["feasible_when"] | {"fill": 0.9, "given": "authorisation"}
    again = compare(*(sim.run(small(b, feasible_when=t), replications=20, seed=1) for b, t in (
        (0.5, one.data["feasible_when"]), (0.6, tests))))  # fmt: skip
    assert not sections(again, top)[0].warning


def test_the_scenario_of_ones_own_in_the_documents_means_the_same_by_feasible(
    tmp_path: Path,
) -> None:
    text = (ROOT / "docs" / "how-to" / "compare.md").read_text("utf-8")
    [written] = re.findall(r"```yaml file=my_own.yaml\n(.*?)```", text, re.DOTALL)
    (mine := tmp_path / "my_own.yaml").write_text(written, "utf-8")
    shipped = sim.load(ROOT / "scenarios" / "reassurance_force.yaml")
    kinds = {kind for _, kind in told(shipped, sim.load(mine))}
    assert "scenario" in kinds
    assert "feasible" not in kinds


# -- Driven by another model ----------------------------------------------------------------------


def driven(*names: str, about: Scenario | None = None) -> Result:
    model = sim.Model(about or small(), size=1500, replications=30, seed=3)
    for _ in model:
        for name in names:
            setattr(model, name, 0)
    return model.result()


def test_a_result_that_another_model_drove_is_not_taken_for_the_scenarios_own() -> None:
    plain = sim.run(small(sizes=[1500]), replications=30, seed=3)
    mine = driven("participation", "losses", about=small(sizes=[1500]))
    for pair, values in (((plain, mine), (None, "losses")), ((mine, plain), ("losses", None))):
        found = compare(*pair)
        [row] = found.rows("inputs")
        assert (row["path"], row["kind"]) == ("run.set", "set")
        wanted = [value and "losses, participation" for value in values]
        assert [row["first"], row["second"]] == wanted
        [note] = [note for note in found.notes if "another model set" in note]
        side = found.sides[pair.index(mine)]
        assert note.startswith(f"{side.label}: another model set losses, participation on the way")
        assert sections(found, 1)[0].rows[0][0] == "run.set"


def test_two_models_may_have_set_different_things_of_one_name() -> None:
    found = compare(driven("losses"), driven("losses"))
    assert not found.rows("inputs")
    assert sections(found, 5)[0].remark == (
        "nothing; but what another model set on the way is not recorded"
    )
    assert sum("another model set losses" in note for note in found.notes) == 2


def test_a_model_that_set_nothing_is_a_run() -> None:
    plain = sim.run(small(sizes=[1500]), replications=30, seed=3)
    found = compare(plain, driven(about=small(sizes=[1500])))
    assert not found.rows("inputs")
    assert not any("another model" in note for note in found.notes)
    assert sections(found, 5)[0].remark == "nothing"


@pytest.mark.parametrize("width", [60, 120])
def test_the_command_tells_what_another_model_set(tmp_path: Path, width: int) -> None:
    sim.run(small(), replications=30, seed=3).save(tmp_path / "a")
    driven("losses").save(tmp_path / "b")
    out = tmp_path / "found.md"
    text = " ".join(invoke(tmp_path / "a", tmp_path / "b", "-o", out, width=width).split())
    for shown in (text, out.read_text("utf-8")):
        assert "seed 3, losses set by another model" in shown
        assert "another model set losses on the way" in shown
    assert "run.set: none -> losses" in text
    answer = json.loads(invoke(tmp_path / "a", tmp_path / "b", "--json"))
    assert [side.get("set") for side in answer["sides"]] == [None, ["losses"]]
    assert (
        answer["inputs"][0] | {"path": "run.set", "kind": "set", "second": "losses"}
        == (answer["inputs"][0])
    )
    assert any("another model set losses" in note for note in answer["notes"])


@pytest.mark.parametrize(("tolerance", "fails"), [(0.0, True), (0.01, True), (0.9, False)])
def test_a_tolerance_lets_small_changes_pass(
    pair: tuple[Result, Result], tolerance: float, fails: bool
) -> None:
    assert bool(compare(*pair).beyond(tolerance)) == fails


def test_a_tolerance_can_be_about_chosen_columns(pair: tuple[Result, Result]) -> None:
    found = compare(*pair)
    assert not found.beyond(0.01, ["p_authorised"])
    assert {r["column"] for r in found.beyond(1.0, ["strength_soldiers_mean"])} == {
        "strength_soldiers_mean"
    }
    with pytest.raises(SimError, match="did you mean 'p_feasible'"):
        found.beyond(0.01, ["p_feasibel"])


def test_tolerance_zero_sees_every_column(pair: tuple[Result, Result]) -> None:
    table = pair[0].tables["summary"]
    for column in ("hold_fill_mcse", "p_full_low", "currency", "authorised_replications"):
        values = list(table[column])
        values[0] = "EUR" if column == "currency" else 0.123
        edited = replace(pair[0], tables={**pair[0].tables, "summary": {**table, column: values}})
        found = compare(pair[0], edited)
        assert found.beyond(0), column
        assert not found.beyond(1e-12), column


# -- The command ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folders(pair: tuple[Result, Result], tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("compared")
    pair[0].save(home / "a")
    pair[1].save(home / "b")
    (home / "alone.csv").write_bytes((home / "a" / "summary.csv").read_bytes())
    return home


def invoke(*args: object, width: int = 120) -> str:
    result = CliRunner().invoke(
        cli, ["compare", *map(str, args)], env={"COLUMNS": str(width)}, standalone_mode=False
    )
    assert result.exception is None, result.exception
    return result.output


def status_of(*args: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["compare", *map(str, args)])
    return int(ended.value.code or 0)


def test_folders_come_to_what_results_do(pair: tuple[Result, Result], folders: Path) -> None:
    found, expected = compare(folders / "a", folders / "b"), compare(*pair)
    assert row(found, "p_feasible")["low"] == row(expected, "p_feasible")["low"]
    assert row(found, "p_feasible")["method"] == "paired"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_terminal_shows_inputs_and_changes(folders: Path, width: int) -> None:
    text = invoke(folders / "a", folders / "b", "--top", 3, width=width)
    assert "What differs in the inputs" in text
    assert "0.5 -> 0.6" in " ".join(text.split())
    assert "p_feasible" in text.replace("\n", "")
    assert "more that differ: --all" in text
    places = (str(folders), "labels are paths")
    long = [line for line in text.splitlines() if len(line.rstrip()) > width]
    assert not [line for line in long if places[0] not in line]


def test_in_a_pipe_it_is_plain(folders: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sim", "compare", str(folders / "a"), str(folders / "b")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "\x1b" not in done.stdout
    assert "p_feasible" in done.stdout


def test_csv_and_json_hold_everything(folders: Path) -> None:
    rows = list(
        csv.DictReader(io.StringIO(invoke(folders / "a", folders / "b", "--format", "csv")))
    )
    answer = json.loads(invoke(folders / "a", folders / "b", "--json"))
    found = compare(folders / "a", folders / "b")
    assert len(rows) == len(answer["changes"]) == len(found.tables["changes"]["column"])
    assert [r["column"] for r in rows] == [r["column"] for r in answer["changes"]]
    assert answer["inputs"][0]["path"].endswith("probability")
    assert answer["sides"][0]["seed"] == 3


def test_markdown_is_written_beside(folders: Path, tmp_path: Path) -> None:
    out = tmp_path / "changes.md"
    text = invoke(folders / "a", folders / "b", "--out", out)
    assert str(out) in text.replace("\n", "")
    lines = out.read_text("utf-8").splitlines()
    assert lines[0] == "# Comparison"
    header = lines.index("| Where | Column | First | Second | Change (95%) | Interval |")
    assert {line.count("|") for line in lines[header : header + 3]} == {7}


def test_a_csv_alone_is_compared_unpaired(folders: Path) -> None:
    text = invoke(folders / "alone.csv", folders / "b" / "summary.csv")
    assert "not known: a table without run.json" in text
    assert "nobody knows the seed" in text
    assert "unpaired" in text


def test_sweeps_are_aligned_on_what_is_swept(folders: Path, tmp_path: Path) -> None:
    table = (folders / "a" / "summary.csv").read_text("utf-8").splitlines()
    for name in ("x", "y"):
        swept = [f"will.correlation,{table[0]}"]
        swept += [f"{rho},{line}" for rho in (0, 0.5) for line in table[1:]]
        (tmp_path / f"{name}.csv").write_text("\n".join(swept) + "\n", "utf-8")
    found = compare(tmp_path / "x.csv", tmp_path / "y.csv")
    assert {r["will.correlation"] for r in found.rows("changes")} == {0, 0.5}
    assert not found.beyond(0)


def test_exit_codes(folders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = folders / "a", folders / "b"
    assert status_of(a, b) == 0
    assert status_of(a, b, "--tolerance", 0.9) == 0
    assert status_of(a, b, "--tolerance", 0.01) == 1
    assert status_of(a, a, "--tolerance", 0) == 0
    (tmp_path / "other.csv").write_text("x,y\n1,2\n", "utf-8")
    (tmp_path / "events.csv").write_text("step,date\n1,2026-01-01\n", "utf-8")
    capsys.readouterr()
    for wrong, told in (
        ((a,), "two results or more"),
        ((a, tmp_path / "nothing"), "no such file"),
        ((a, tmp_path), "not a results folder"),
        ((a, tmp_path / "other.csv"), "not a table of sim's results"),
        ((a, tmp_path / "events.csv"), "not a table of sim's results"),
        ((a, a / "replications.csv.gz"), "through their results folder"),
        ((a, a / "trajectory.csv"), "no table in common"),
        ((a, b, "--tolerance", -1), "-1"),
        ((a, b, "--tolerance", 0.1, "--column", "p_ful"), "did you mean 'p_full'"),
        ((a, b, "--column", "p_full"), "--tolerance"),
        ((a, b, "--out", tmp_path / "x.txt"), "must end in"),
    ):
        assert status_of(*wrong) == 2, wrong
        assert told in capsys.readouterr().err
