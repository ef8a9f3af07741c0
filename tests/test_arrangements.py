"""The arrangements of `scenarios/`, held to what anybody who knows the matter would expect.

Orders and ranges, from published figures where there are any. What chance decides must agree
within 4.5 Monte Carlo standard errors.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from builders import LIMIT, SEED, scenario

import sim
from sim.scenario.scenario import Scenario
from sim.scenario.schema.politics import Mandate

SCENARIOS = Path(__file__).parent.parent / "scenarios"
FILES = sorted(SCENARIOS.glob("*.yaml"))
PRESETS = sorted((SCENARIOS / "library").glob("requirement-*.yaml"))

ELSEWHERE = {"reassurance", "alliance"}
"""Mandates that `options.yaml` asks more closely: with the backstop and without, with the vote."""


def arrangement(name: str, **changes: Any) -> Scenario:
    """A shipped scenario with changes; dots written as ``__``."""
    found = sim.load(SCENARIOS / f"{name}.yaml")
    for path, value in changes.items():
        found = found.with_(path.replace("__", "."), value)
    return found


def only(found: Scenario, *mandates: str) -> Scenario:
    """The scenario with some of its mandates."""
    data = found.data
    return Scenario(**data | {"mandates": {name: data["mandates"][name] for name in mandates}})


Row = dict[str, Any]


def cells(found: Scenario, replications: int) -> list[Row]:
    """The rows of a run's table, mandate by mandate and size by size."""
    table = sim.run(found, replications=replications, seed=SEED).tables["summary"]
    return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]


def apart(high: Row, low: Row, column: str = "p_feasible_if_authorised") -> float:
    """Standard errors by which one cell lies above another, as if they shared no draws."""
    error = math.hypot(high[f"{column}_mcse"], low[f"{column}_mcse"])
    return float((high[column] - low[column]) / max(error, 1e-9))


# -- the files --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_begins_with_its_question_and_is_on_the_map(path: Path) -> None:
    first = path.read_text("utf-8").splitlines()[0]
    assert first.startswith("# Question: ")
    assert "?" in first
    assert f"[{path.name}]({path.name})" in (SCENARIOS / "README.md").read_text("utf-8")


def test_every_arrangement_is_among_the_options_as_its_file_has_it() -> None:
    options = arrangement("options").specification.mandates
    found: dict[str, Mandate] = {}
    for path in FILES:
        if path.stem not in ("options", "german_growth"):
            found |= sim.load(path).specification.mandates
    assert options.keys() == found.keys() - ELSEWHERE
    for name, mandate in options.items():
        assert mandate == found[name], name
        assert mandate.force is None or not mandate.force.sizes  # the same sizes for all


# -- who comes, and stays ---------------------------------------------------------------------

COMPARED = (
    *("none", "monitors", "reassurance_with_backstop", "reassurance_without_backstop"),
    *("air_sea_training", "neighbouring", "article_5_guarantee"),
)


@cache
def compared() -> dict[str, Row]:
    """Arrangements at 15,000, after a ceasefire."""
    found = only(arrangement("options", force__sizes=15_000), *COMPARED)
    return {row["mandate"]: row for row in cells(found, 400)}


def test_a_backstop_brings_more_to_the_same_force() -> None:
    backed, alone = (compared()[f"reassurance_{which}_backstop"] for which in ("with", "without"))
    assert apart(backed, alone) > LIMIT
    # The difference is the backstop's: where both have it, there is none.
    both = (
        arrangement("reassurance_backstop", force__sizes=15_000)
        .with_("mandates.reassurance_without_backstop.requires", ["ceasefire", "us_backstop"])
        .with_("conditions.ceasefire.probability", 1.0)
        .with_("conditions.us_backstop.probability", 1.0)
    )
    backed, alike = cells(both, 150)
    assert abs(apart(backed, alike)) < LIMIT


def test_next_door_more_would_come_than_inside_without_a_backstop() -> None:
    inside, outside = compared()["reassurance_without_backstop"], compared()["neighbouring"]
    share = inside["p_pledged"] / inside["p_authorised"]
    assert outside["p_pledged"] > share + LIMIT * inside["p_feasible_if_authorised_mcse"]


def test_nobody_next_door_counts_as_inside() -> None:
    next_door = arrangement("neighbouring", force__sizes=5_000)
    inside = next_door.with_("mandates.neighbouring.counts", ["inside"])
    assert cells(inside, 50)[0]["p_pledged"] == 0


def test_help_without_a_force_is_thousands_and_no_force() -> None:
    assert apart(compared()["reassurance_without_backstop"], compared()["air_sea_training"]) > LIMIT
    help_alone = arrangement("air_sea_training", force__sizes=[1_000, 25_000])
    few, many = cells(help_alone.with_("conditions.ceasefire.probability", 1.0), 200)
    assert few["p_pledged"] > 0.9
    assert many["p_pledged"] < 0.1


def test_an_alliance_brings_more_than_a_coalition() -> None:
    coalition, alliance = "reassurance_with_backstop", "article_5_guarantee"
    assert apart(compared()[alliance], compared()[coalition]) > LIMIT


def test_what_a_force_changes_in_the_peace() -> None:
    """The same futures with and without: no worse with a force, and monitors deter nobody."""
    ends = {name: row["p_mission_ending_state"] for name, row in compared().items()}
    assert 0.05 < ends["none"] < 0.30  # a tenth within two years, and the horizon is longer
    assert ends["monitors"] == ends["none"]
    assert ends["article_5_guarantee"] < ends["neighbouring"] <= ends["none"]
    assert ends["reassurance_with_backstop"] < ends["none"]


# -- published figures ------------------------------------------------------------------------


def test_europe_with_will_and_lift_without_limit_keeps_what_is_published() -> None:
    """25,000 to 80,000 abroad for good: IISS, EDA, NATO, O'Hanlon, The Times, 2008 to 2025."""
    data = arrangement("alliance_force", force__sizes=[25_000, 80_000]).data
    outside = {"Turkey", "Canada", "Australia", "New Zealand", "Japan", "United States", "Israel"}
    data["contributors"] = {
        name: {key: value for key, value in nation.items() if key != "corridor"}
        | {"participation": {"alliance": {"probability": 1.0}}}
        for name, nation in data["contributors"].items()
        if name not in outside
    }
    data["conditions"]["ceasefire"] = {"probability": 1.0}
    for section in ("conflict", "corridors", "will"):
        del data[section]
    least, most = cells(Scenario(**data), 60)
    assert least["p_feasible"] > 0.9
    assert most["p_feasible"] < 0.1


def test_a_united_nations_mission_builds_up_as_they_did() -> None:
    """To half its strength in 3.4 to 6.8 months: monthly troop figures, 1992-2011.

    At the size of the largest of them; a small mission that is offered five times its need waits
    for its phases alone.
    """
    data = arrangement("un_mission", force__sizes=15_000).data
    data["conditions"]["ceasefire"] = {"probability": 1.0}
    mission = data["mandates"]["un_mission"]
    del mission["authorisation"], mission["renewal"]
    mission["feasible_when"]["initial"] = {"share": 0.5, "within": "12 months"}
    (found,) = cells(Scenario(**data), 150)
    assert 3.4 <= found["initial_capability_months_p50"] <= 6.8


def test_germany_keeps_more_the_later_it_is_asked() -> None:
    years = arrangement("german_growth", force__sizes=2_070)
    found = cells(years, 400)
    shares = [row["p_feasible"] for row in found]
    assert shares == sorted(shares)
    assert shares[0] < 0.5 < shares[-1]  # a brigade was called a great challenge in 2025
    assert apart(found[-1], found[0], "p_feasible") > LIMIT
    # It is growth that does it: an army of 2026 gives the same answer nine years later.
    still = years.with_("contributors.Germany.forces.manoeuvre.units", 18)
    first, last = cells(only(still, "asked_2026", "asked_2035"), 400)
    assert abs(apart(last, first, "p_feasible")) < LIMIT


def test_forward_brigades_are_easier_the_fewer() -> None:
    brigades = arrangement("forward_brigades", force__sizes=[5_000, 40_000])
    few, many = cells(only(brigades, "article_5_guarantee"), 200)
    assert apart(few, many) > LIMIT


# -- how many for the task --------------------------------------------------------------------

LIMITS: dict[str, tuple[int, int, int, int]] = {
    # nothing below the first is enough and everything from the last on is; the middle lies between
    "requirement-line": (5_170, 15_000, 71_000, 70_400),  # Ethiopia ... Geneva, Lebanon
    "requirement-posts": (3_597, 5_000, 15_000, 41_250),  # ... monitors, with their protection
    "requirement-brigades": (10_000, 25_000, 90_000, 142_500),  # Zelensky, Gady, NZZ
    "requirement-population": (37_900, 37_900, 151_600, 151_600),
}


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_a_preset_asks_what_was_published(path: Path) -> None:
    text = path.read_text("utf-8")
    assert "\n# Warning: " in text
    none, low, high, all_of_it = LIMITS[path.stem]
    sizes = sorted({none, low, high, all_of_it})
    asked = scenario(
        force={"sizes": sizes, "capabilities": {"infantry": 1.0}},
        requirement=yaml.safe_load(text)["requirement"],
    )
    adequate = {row["force_size"]: row["p_adequate"] for row in cells(asked, 2_000)}
    assert adequate[none] < 0.002
    assert adequate[all_of_it] > 0.998
    assert adequate[low] < 0.5 < adequate[high]
