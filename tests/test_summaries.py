"""The committed summaries of the shipped scenarios: all there, and of the scenarios as they are."""

from __future__ import annotations

import csv
import math

import pytest
from summaries import SUMMARIES, name_of, shipped

import sim
from sim.results.files import from_csv
from sim.results.statistics import wilson
from sim.results.tables import Table

SCENARIOS = {name_of(path): path for path in shipped()}
REPLICATIONS = 256


def index() -> dict[str, dict[str, str]]:
    with (SUMMARIES / "index.csv").open(encoding="utf-8", newline="") as file:
        return {row["scenario"]: row for row in csv.DictReader(file)}


def test_every_shipped_scenario_has_one_and_nothing_else_has() -> None:
    assert list(index()) == sorted(SCENARIOS)
    assert {path.stem for path in SUMMARIES.glob("*.csv")} == {*SCENARIOS, "index"}


@pytest.mark.parametrize("name", SCENARIOS)
def test_it_is_of_the_scenario_as_it_is(name: str) -> None:
    assert index()[name]["scenario_hash"] == sim.load(SCENARIOS[name]).hash, "run: make results"


def summary(name: str) -> Table:
    with (SUMMARIES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return from_csv(file)


def beyond_chance(kept: Table, again: Table) -> list[str]:
    """Probabilities of `again` further from those of `kept` than 4.5 standard errors."""
    rows = {
        (m, s): i for i, (m, s) in enumerate(zip(kept["mandate"], kept["force_size"], strict=True))
    }
    found = []
    for i, key in enumerate(zip(again["mandate"], again["force_size"], strict=True)):
        for column, trials in (
            ("p_authorised", "replications"),
            ("p_feasible_if_authorised", "authorised_replications"),
            ("p_mission_ending_state", "replications"),
        ):
            before, now, n = kept[column][rows[key]], again[column][i], again[trials][i]
            if math.isnan(now) or math.isnan(before):
                continue
            # The kept run is many times longer, so that its own error adds next to nothing.
            low, high = wilson(round(now * n), n, z=4.5)
            if not low <= before <= high:
                found.append(f"{key} {column}: {before:.4f} kept, {now:.4f} now")
    return found


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_short_run_says_the_same(name: str) -> None:
    kept, scenario = summary(name), sim.load(SCENARIOS[name])
    sizes = sorted(set(kept["force_size"]))
    own = [m for m, mandate in scenario.data["mandates"].items() if "force" in (mandate or {})]
    if not any("sizes" in scenario.data["mandates"][m]["force"] for m in own):
        scenario = scenario.with_("force.sizes", sorted({sizes[0], sizes[len(sizes) // 2]}))
    again = sim.run(scenario, replications=REPLICATIONS, seed=7)
    assert again.tables["summary"]["mandate"]
    assert beyond_chance(kept, again.tables["summary"]) == []


def test_another_scenarios_figures_would_be_noticed() -> None:
    name = "reassurance_force"
    kept = summary(name)
    scenario = sim.load(SCENARIOS[name]).with_("force.sizes", kept["force_size"][:2])
    other = scenario.with_("feasible_when.fill", 0.6).with_("conditions.ceasefire.probability", 0.9)
    again = sim.run(other, replications=REPLICATIONS, seed=7)
    assert len(beyond_chance(kept, again.tables["summary"])) >= 2
