"""The scenario as a value."""

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from work import MILLION, at_most

from sim.errors import ScenarioError
from sim.scenario.scenario import Scenario, load
from sim.scenario.schema import json_schema
from sim.scenario.schema.conflict import Conflict
from sim.scenario.schema.force import FeasibleWhen, Force
from sim.scenario.schema.policy import Rest, RotationPolicy, parse_policy
from sim.scenario.schema.rotation import PolicyError, resolve
from sim.scenario.schema.specification import overlay
from sim.scenario.units import DAYS_PER_MONTH

ROOT = Path(__file__).parent.parent
SHIPPED = sorted((ROOT / "scenarios").glob("*.yaml"))
OWN = sorted((ROOT / "tests/scenarios").glob("*.yaml"))

SECTIONS: dict[str, Any] = {
    "title": "Small",
    "time": {"start": "2026-07-01", "horizon": "36 months"},
    "force": {"sizes": [10_000, 20_000], "capabilities": {"manoeuvre": 0.7, "logistics": 0.3}},
    "feasible_when": {"full": {"within": "9 months"}, "hold": {"for": "24 months"}},
    "conditions": {"ceasefire": {"probability": 0.6}, "backstop": {"probability": 0.5}},
    "mandates": {"reassurance": {"kind": "reassurance", "requires": ["ceasefire"]}},
    "contributors": {
        "France": {
            "forces": [{"capability": "manoeuvre", "units": 9, "strength": 900}],
            "participation": {"reassurance": {"probability": 0.9}},
        },
        "Germany": {"army": 60_000},
    },
    "run": {"replications": 500, "seed": 1},
}


@pytest.fixture
def small() -> Scenario:
    return Scenario(**SECTIONS)


def told(call: Any, *arguments: Any, **keywords: Any) -> str:
    with pytest.raises(ScenarioError) as caught:
        call(*arguments, **keywords)
    return str(caught.value)


# --- making one -------------------------------------------------------------------------------


def test_in_code_and_in_a_file_it_is_the_same(small: Scenario, tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump({"language": 1, **SECTIONS}, sort_keys=False))
    loaded = load(path)
    assert loaded == small
    assert hash(loaded) == hash(small)
    assert loaded.hash == small.hash
    assert loaded.specification == small.specification
    assert loaded.data == small.data == {**SECTIONS, "language": 1}
    assert (loaded.name, small.name, loaded.title) == ("small", "scenario", "Small")
    assert load(str(path)) == loaded
    assert small != "Small"


def test_values_of_python_are_understood() -> None:
    horizon = {"start": np.datetime64("2026-07-01").item(), "horizon": "36 months"}
    force = {"sizes": (np.int64(10_000), 2e4), "capabilities": {"manoeuvre": np.float64(1)}}
    scenario = Scenario(**{**SECTIONS, "time": horizon, "force": force})
    assert scenario.specification.force.sizes == (10_000, 20_000)
    assert scenario.specification.time.start.isoformat() == "2026-07-01"


def test_mistakes_in_code_have_a_path_and_no_line() -> None:
    assert told(Scenario, title="x", tmie={}).splitlines()[0] == "scenario: needs 'force'"
    wrong = {**SECTIONS, "will": {"correlation": 2}, "colour": "red"}
    will, colour = told(Scenario, **wrong).splitlines()
    assert will == "scenario: will.correlation: must be from 0 to 1, found 2"
    assert colour.startswith("scenario: colour: unknown key 'colour'; allowed: language, title, ")


def test_it_is_shown_in_a_line(small: Scenario) -> None:
    assert repr(small) == "Scenario('Small': 1 mandate, 2 contributors)"
    long = small.with_("title", "x" * 300)
    assert len(repr(long)) < 120


def test_a_large_one_is_read_fast() -> None:
    load(ROOT / "scenarios/all_mandates.yaml")  # the first one builds the validator
    with at_most(MILLION):
        scenario = load(ROOT / "scenarios/all_mandates.yaml")
    assert len(scenario.specification.contributors) > 50


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_is_shipped_is_sound(path: Path) -> None:
    scenario = load(path)
    assert scenario.name == path.stem
    assert not [origin for origin in scenario.origins.values() if ":" not in origin]


# --- never changed ----------------------------------------------------------------------------


def test_nothing_about_it_can_be_changed(small: Scenario) -> None:
    before = small.hash
    for name in ("title", "name", "specification", "root", "data", "hash", "anything"):
        with pytest.raises(AttributeError, match="never changed"):
            setattr(small, name, 1)
        with pytest.raises(AttributeError, match="never changed"):
            delattr(small, name)
    with pytest.raises(ValueError, match="frozen"):
        small.specification.title = "Other"
    with pytest.raises(ValueError, match="frozen"):
        small.specification.mandates["reassurance"].kind = "x"
    small.data["title"] = "Other"
    small.data["contributors"].clear()
    assert small.title == small.data["title"] == "Small"
    assert Scenario(**SECTIONS).hash == small.hash == before


def test_it_survives_pickling_and_copying(small: Scenario) -> None:
    for scenario in (small, load(ROOT / "tests/scenarios/every_key.yaml")):
        _ = scenario.hash, scenario.origins
        for twin in (
            pickle.loads(pickle.dumps(scenario)),
            copy.copy(scenario),
            copy.deepcopy(scenario),
        ):
            assert twin == scenario
            assert twin.specification == scenario.specification
            assert (twin.hash, twin.name, twin.origins) == (
                scenario.hash,
                scenario.name,
                scenario.origins,
            )
            with pytest.raises(AttributeError, match="never changed"):
                twin.name = "other"


def test_with_gives_another_one(small: Scenario) -> None:
    other = small.with_("contributors.France.participation.reassurance.probability", 0.2)
    france = other.specification.contributors["France"]
    assert france.participation["reassurance"].probability == 0.2
    assert small.data == {**SECTIONS, "language": 1}
    assert other != small
    assert other.hash != small.hash
    assert other.name == small.name
    path = "contributors.France.participation.reassurance.probability"
    assert other.origins[path] == f"with_('{path}')"
    assert other.with_(path, 0.9) == small
    assert small.with_("run", None).specification.run.replications == 10_000
    assert small.with_("contributors.France.forces.manoeuvre.units", {2026: 3}).data[
        "contributors"
    ]["France"]["forces"][0]["units"] == {"2026": 3}
    assert small.with_("title", "Über 30 °C: “no”").title == "Über 30 °C: “no”"
    assert small.with_("title", "0.5").title == "0.5"
    assert small.with_("force.sizes", np.int64(5_000)).specification.force.sizes == (5_000,)
    spain = small.with_("contributors.Spain", {"army": 70_000})
    assert list(spain.specification.contributors) == ["France", "Germany", "Spain"]


def test_with_tells_what_is_wrong(small: Scenario) -> None:
    assert told(small.with_, "will.correlation", 2) == (
        "with_('will.correlation'): will.correlation: must be from 0 to 1, found 2"
    )
    assert "contributors has no 'Frnace'; did you mean 'France'?" in told(
        small.with_, "contributors.Frnace.army", 5
    )
    assert "to add it, set it whole: conditions.truce={...}" in told(
        small.with_, "conditions.truce.probability", 0.5
    )
    assert "NaN and infinity are not allowed" in told(small.with_, "will.correlation", float("nan"))
    assert "of the type object" in told(small.with_, "will.correlation", object())


# --- its hash ---------------------------------------------------------------------------------


def reversed_keys(data: Any) -> Any:
    """The same data with the keys of every mapping the other way round."""
    if isinstance(data, dict):
        return {key: reversed_keys(value) for key, value in reversed(data.items())}
    return [reversed_keys(item) for item in data] if isinstance(data, list) else data


def test_the_hash_is_that_of_what_is_simulated(small: Scenario) -> None:
    assert len(small.hash) == 64
    assert small.with_("run.seed", 7).hash == small.hash
    assert small.with_("run", None).hash == small.hash
    assert small.with_("run.seed", 7) != small
    words = small.with_("title", "Other").with_("sources", [{"figure": "1", "judgement": True}])
    assert (words.hash, words == small) == (small.hash, False)
    turned = reversed_keys(SECTIONS)
    turned["contributors"] = dict(reversed(turned["contributors"].items()))
    assert list(turned["force"]) == ["capabilities", "sizes"]
    assert Scenario(**turned).hash == small.hash
    changed = [
        ("time.horizon", "37 months"),
        ("conditions.backstop.probability", 0.51),
        ("force.capabilities", {"manoeuvre": 0.3, "logistics": 0.7}),
    ]
    assert len({small.hash, *(small.with_(*change).hash for change in changed)}) == 4


def test_the_hash_knows_where_order_has_a_meaning(small: Scenario) -> None:
    # Contributors of one priority are asked in order; the states of a conflict get worse.
    turned = {**SECTIONS, "contributors": dict(reversed(SECTIONS["contributors"].items()))}
    assert Scenario(**turned).hash != small.hash
    assert Scenario(**turned) != small
    calm: dict[str, Any] = {"peace": {}, "war": {}}
    worse: dict[str, Any] = {"war": {}, "peace": {}}
    rates = {"peace -> war": "1 per year"}
    hashes = {
        small.with_(f"{place}conflict", {"states": states, "rates": rates}).hash
        for place in ("", "mandates.reassurance.")
        for states in (calm, worse)
    }
    assert len(hashes) == 4


def test_whole_numbers_and_shares_are_not_the_same() -> None:
    def kept_back(value: float) -> Scenario:
        force = {"capability": "manoeuvre", "units": 9, "strength": 900, "kept_back": value}
        return Scenario(**{**SECTIONS, "contributors": {"France": {"forces": [force]}}})

    assert kept_back(1).hash != kept_back(1.0).hash
    assert kept_back(1) != kept_back(1.0)


# --- where everything comes from --------------------------------------------------------------


def test_origins() -> None:
    scenario = load(ROOT / "tests/scenarios/language_example.yaml", [("will.correlation", "0.5")])
    origins = {path: origin.rpartition("/")[2] for path, origin in scenario.origins.items()}
    lines = (ROOT / "tests/scenarios/language_example.yaml").read_text().splitlines()
    army = next(number for number, line in enumerate(lines, 1) if "army: 120_000" in line)
    assert origins["contributors.France.army"] == f"language_example.yaml:{army}"
    assert origins["contributors.Poland.army"] == "europe.yaml:5"
    assert origins["corridors.romania.capacity"] == "corridors-ukraine.yaml:2"
    assert origins["will.correlation"] == "--set will.correlation=0.5"
    assert origins["contributors.France.forces.0.available"] == f"language_example.yaml:{army + 6}"


# --- a mandate's own sections -----------------------------------------------------------------


def test_an_overlay_says_only_what_is_different() -> None:
    base = FeasibleWhen.model_validate(
        {
            "fill": 0.8,
            "full": {"within": "9 months"},
            "hold": {"for": "2 years", "share_of_time": 0.9},
        }
    )
    over = FeasibleWhen.model_validate({"hold": {"for": "3 years"}, "confidence": 0.7})
    merged = overlay(base, over)
    assert merged.model_dump(exclude_unset=True).keys() == {"fill", "full", "hold", "confidence"}
    assert (merged.fill, merged.confidence) == (0.8, 0.7)
    assert merged.full == base.full
    assert merged.hold is not None
    assert (merged.hold.for_.text, merged.hold.share_of_time) == ("3 years", 0.9)
    assert overlay(base, None) is base
    assert overlay(base, FeasibleWhen()) == base
    assert overlay(FeasibleWhen(), base) == base


def test_an_overlay_of_a_force_replaces_shares_and_substitutes_whole() -> None:
    base = Force.model_validate(
        {
            "sizes": [1_000],
            "capabilities": {"a": 0.5, "b": 0.5},
            "phases": {"0 months": 0.5, "1 month": 1.0},
            "substitutes": {"a": {"b": 2.0}},
        }
    )
    over = Force.model_validate({"capabilities": {"c": 1.0}, "substitutes": {"b": {"a": 1.0}}})
    merged = overlay(base, over)
    assert merged.sizes == (1_000,)
    assert merged.capabilities == {"c": 1.0}
    assert merged.substitutes == {"b": {"a": 1.0}}
    assert merged.phases == base.phases
    assert overlay(base, Force.model_validate({"sizes": 5})).sizes == (5,)
    assert overlay(base, Force.model_validate({"phases": {"0 months": 1.0}})).phases == ((0, 1),)


def test_an_overlay_of_a_conflict_goes_state_by_state_and_rate_by_rate() -> None:
    base = Conflict.model_validate(
        {
            "states": {"calm": {"deaths": 1}, "war": {"deaths": 9, "ends_mission": True}},
            "rates": {"calm -> war": "1 per year", "war -> calm": "2 per year"},
            "settling": {"half_life": "1 year"},
        }
    )
    over = Conflict.model_validate(
        {
            "states": {"war": {"withdrawal": "3 per year"}, "worse": {}},
            "rates": {"calm -> war": "5 per year"},
            "start": "war",
        }
    )
    merged = overlay(base, over)
    assert list(merged.states) == ["calm", "war", "worse"]
    war = merged.states["war"]
    assert war.deaths is not None
    assert war.withdrawal is not None
    assert (war.deaths.value, war.withdrawal.value, war.ends_mission) == (9, 3, True)
    assert {ends: rate.value for ends, rate in merged.rates.items()} == {
        ("calm", "war"): 5,
        ("war", "calm"): 2,
    }
    assert merged.start == "war"
    assert merged.settling == base.settling
    assert list(base.states) == ["calm", "war"]


def test_each_mandate_has_its_own_force_tests_and_conflict(small: Scenario) -> None:
    scenario = small.with_("mandates.line", {"kind": "line", "feasible_when": {"fill": 0.5}}).with_(
        "mandates.line.force", {"sizes": 5_000}
    )
    spec = scenario.specification
    assert spec.force_of("reassurance") is spec.force
    assert spec.force_of("line").sizes == (5_000,)
    assert spec.force_of("line").capabilities == spec.force.capabilities
    assert (spec.tests_of("line").fill, spec.tests_of("reassurance").fill) == (0.5, 0.9)
    assert spec.tests_of("line").hold == spec.feasible_when.hold
    assert spec.conflict_of("line") is spec.conflict


# --- rotation across levels -------------------------------------------------------------------


def policy(**keys: Any) -> RotationPolicy:
    return RotationPolicy.model_validate(keys)


def months(**keys: Any) -> dict[str, float]:
    resolved = resolve(*(policy(**level) for level in keys.get("levels", [keys])))
    return {
        key: round(getattr(resolved, key) / DAYS_PER_MONTH, 6)
        for key in ("tour", "goal", "least", "handover", "mobilisation", "demobilisation")
    }


NOTHING = {"handover": 0, "mobilisation": 0, "demobilisation": 0}


def test_the_policy_that_nobody_says() -> None:
    assert months() == {"tour": 6, "goal": 18, "least": 18, **NOTHING}
    assert resolve().at_start == "spread"
    assert resolve().cycle is None


def test_the_innermost_level_wins_key_by_key() -> None:
    force = {"tour": "4 months", "handover": "1 month"}
    contributor = {"rest": {"goal": "12 months"}, "handover": "2 months", "at_start": "rested"}
    rotation = {
        "tour": "9 months", "rest": {"goal": "24 months", "least": "6 months"},
        "mobilisation": "3 months", "at_start": "spread",
    }  # fmt: skip
    assert months(levels=[force, contributor, rotation]) == {
        "tour": 4, "goal": 12, "least": 6, "handover": 1, "mobilisation": 3, "demobilisation": 0,
    }  # fmt: skip
    levels = [policy(**level) for level in (force, contributor, rotation)]
    assert resolve(*levels).at_start == "rested"
    assert resolve(*levels[::2]).at_start == "spread"


def test_a_named_policy_is_a_tour_and_a_goal_of_its_level() -> None:
    assert months(policy="1:4 six-month") == {"tour": 6, "goal": 24, "least": 24, **NOTHING}
    outer = {"tour": "9 months", "rest": {"goal": "20 months", "least": "2 months"}}
    inner = {"policy": "1:2 four-month"}
    assert months(levels=[inner, outer]) == {"tour": 4, "goal": 8, "least": 2, **NOTHING}
    assert months(levels=[outer, inner]) == {"tour": 9, "goal": 20, "least": 2, **NOTHING}
    assert months(levels=[{"tour": "3 months"}, inner])["goal"] == 8
    assert months(levels=[{"tour": "3 months"}, inner])["tour"] == 3


def test_a_cycle_takes_the_place_of_a_goal_from_outside_and_gives_way_to_one_from_inside() -> None:
    cycle = {"cycle": {"length": "24 months", "ready_from": "6 months", "ready_until": "1 year"}}
    goal = {"rest": {"goal": "12 months"}}
    inner = resolve(policy(**cycle), policy(**goal))
    assert inner.cycle is not None
    assert (inner.cycle.length, inner.cycle.ready_from, inner.cycle.ready_until) == (
        24 * DAYS_PER_MONTH, 6 * DAYS_PER_MONTH, 12 * DAYS_PER_MONTH,
    )  # fmt: skip
    outer = resolve(policy(**goal), policy(**cycle))
    assert outer.cycle is None
    assert outer.goal == 12 * DAYS_PER_MONTH
    assert resolve(policy(policy="1:2 six-month"), policy(**cycle)).cycle is None


def test_levels_that_do_not_fit_together() -> None:
    with pytest.raises(PolicyError, match=r"rest.least \(9 months\) .* rest.goal \(8 months\)"):
        resolve(policy(rest={"goal": "8 months"}), policy(rest={"least": "9 months"}))
    with pytest.raises(PolicyError, match="18 months by default"):
        resolve(policy(rest={"least": "19 months"}))
    with pytest.raises(PolicyError, match=r"handover \(4 weeks\) must be shorter .* \(3 weeks\)"):
        resolve(policy(tour="3 weeks"), policy(handover="4 weeks"))
    with pytest.raises(PolicyError, match="6 months by default"):
        resolve(policy(handover="6 months"))
    with pytest.raises(PolicyError, match="policy '1:1 two-month'"):
        resolve(policy(policy="1:1 two-month"), policy(rest={"least": "3 months"}))
    assert Rest().goal is None


@pytest.mark.parametrize(
    ("text", "tour", "goal"),
    [("1:4 six-month", 6, 24), ("1:2 12-month", 12, 24), ("1:1.5 eighteen-month", 18, 27)],
)
def test_policies_by_name(text: str, tour: float, goal: float) -> None:
    found = parse_policy(text)
    assert found == pytest.approx((tour * DAYS_PER_MONTH, goal * DAYS_PER_MONTH))


@pytest.mark.parametrize("text", ["", "1:4", "six-month", "2:4 six-month", "1:4 sixty-month"])
def test_policies_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="must be a policy as '1:4 six-month'"):
        parse_policy(text)


# --- the schema for editors -------------------------------------------------------------------


def as_an_editor_reads_it(path: Path) -> Any:
    """As any reader of YAML gives it, with keys and dates as the text that they are in JSON."""
    return json.loads(json.dumps(yaml.safe_load(path.read_text("utf-8")), default=str))


@pytest.fixture(scope="module")
def validator() -> Any:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


LIBRARIES = sorted((ROOT / "scenarios/library").glob("*.yaml"))


@pytest.mark.parametrize("path", [*SHIPPED, *LIBRARIES], ids=lambda path: path.stem)
def test_the_schema_takes_what_is_shipped(path: Path, validator: Any) -> None:
    assert list(validator.iter_errors(as_an_editor_reads_it(path))) == []


def test_the_schema_takes_every_key(validator: Any) -> None:
    data = load(ROOT / "tests/scenarios/every_key.yaml").data
    assert list(validator.iter_errors(data)) == []


WRONG: dict[str, Any] = {
    "colour": "red",
    "time": {"horizn": "1 year"},
    "force": {"sizes": "large"},
    "feasible_when": {"counted_from": "authorization"},
    "rotation": {"rest": {"gaol": "1 month"}},
    "conditions": {"ceasefire": {"probability": 1.5}},
    "mandates": {"m": {"authorisation": {"rule": "most"}}},
    "contributors": {"France": {"forces": [{"capability": "manoeuvre", "units": 3}]}},
    "requirement": [{"method": "lines"}],
    "run": {"replications": "many"},
    "sources": [{"confidence": "high"}],
    "extends": 3,
}


@pytest.mark.parametrize("key", WRONG)
def test_the_schema_refuses_what_is_wrong(key: str, validator: Any) -> None:
    assert list(validator.iter_errors({key: WRONG[key]}))


def test_the_schema_tells_what_a_key_means() -> None:
    schema = json_schema()
    assert schema["$defs"]["ForceElement"]["properties"]["tour"]["description"].startswith(
        "Time in"
    )
    assert schema["$defs"]["Hold"]["properties"].keys() == {"for", "share_of_time"}
    assert "required" not in schema
    assert "required" not in schema["$defs"]["Mandate"]
    assert schema["$defs"]["ForceElement"]["required"] == ["capability", "units", "strength"]
    assert "stance" in schema["$defs"]["Mandate"]["properties"]["kind"]["description"]
