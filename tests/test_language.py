"""The language as a whole: what it takes, and what is said about everything that it does not."""

import copy
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from work import MILLION, at_most

from sim.errors import MOST_TOLD, ScenarioError
from sim.scenario.compose import assignments
from sim.scenario.scenario import load
from sim.scenario.schema.base import Section, When
from sim.scenario.schema.specification import Specification, specify
from sim.scenario.source import Mark, node_of

HERE = Path(__file__).parent
ERRORS = HERE / "errors"
CASES = sorted(path.stem for path in ERRORS.glob("*.yaml"))
OPTION = "# --set "


# --- what is wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_messages(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file in ``errors`` has its messages beside it; UPDATE_ERRORS=1 writes them anew."""
    monkeypatch.chdir(ERRORS)
    rows = Path(f"{case}.yaml").read_text("utf-8").splitlines()
    options = [row.removeprefix(OPTION) for row in rows if row.startswith(OPTION)]
    with pytest.raises(ScenarioError) as caught:
        load(f"{case}.yaml", assignments(options))
    expected = Path(f"{case}.err")
    if os.environ.get("UPDATE_ERRORS"):
        expected.write_text(f"{caught.value}\n", "utf-8")
    assert f"{caught.value}\n" == expected.read_text("utf-8")


def test_every_case_has_its_messages_and_every_message_its_case() -> None:
    assert len(CASES) >= 60
    assert sorted(path.stem for path in ERRORS.glob("*.err")) == CASES


def test_every_message_has_a_place_and_the_words_of_the_language() -> None:
    for path in ERRORS.glob("*.err"):
        for message in path.read_text("utf-8").splitlines():
            file = message.split(":")[0]
            assert message.startswith("--set ") or (ERRORS / file).is_file(), message
            for foreign in ("Input should", "refused", "[key]", "NoneType", "dict", "tuple"):
                assert foreign not in message, message


def places_told() -> Iterator[tuple[str, str, str]]:
    """Every message, what it says was found, and the text of the file from its place on."""
    pattern = re.compile(
        r"(unknown key|unknown method|no corridor|no condition|no contributor(?= ')|no capability|"
        r"no player|no mandate or kind|must not begin with .*found|must be [^;]*, found|"
        r"needs a unit, found) '?([^';]+)"
    )
    for path in ERRORS.glob("*.err"):
        for message in path.read_text("utf-8").splitlines():
            found, place = pattern.search(message), message.split(":")
            if found and place[1].isdecimal() and not re.search("top level|in order", message):
                rows = (ERRORS / place[0]).read_text("utf-8").splitlines()
                yield message, found[2], rows[int(place[1]) - 1][int(place[2]) - 1 :]


def test_every_place_is_that_of_what_was_found() -> None:
    checked = 0
    for message, found, text in places_told():
        if found.startswith(("a mapping", "a list", "an empty", "nothing")):
            assert text[:1] in "{[" or text.rstrip().endswith(":"), message
        elif re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", found):  # 1e12 is told as 1000000000000
            number = re.match("[0-9_.e-]+", text.lstrip("'\""))
            assert number, message
            assert float(number[0]) == float(found), message
        else:
            checked += 1
            assert text.lstrip("'\"").startswith(found.rstrip()), message
    assert checked > 150


def test_a_file_full_of_mistakes_is_told_in_no_time(tmp_path: Path) -> None:
    rows = (f"  c{n}: {{colour: red, tour: 6, corridor: polnd, army: -1}}\n" for n in range(1_000))
    (tmp_path / "a.yaml").write_text("contributors:\n" + "".join(rows))
    with at_most(MILLION), pytest.raises(ScenarioError) as caught:
        load(tmp_path / "a.yaml")
    assert len(caught.value.issues) == MOST_TOLD


# --- what is right ----------------------------------------------------------------------------


def test_the_example_of_the_language_is_understood_to_the_letter() -> None:
    spec = load(HERE / "scenarios/language_example.yaml").specification
    assert spec.force.sizes == tuple(range(30_000, 150_001, 10_000))
    assert spec.feasible_when.hold is not None
    assert spec.feasible_when.hold.for_.text == "24 months"
    assert spec.conditions["us_backstop"].probability == When("ceasefire", 0.5, 0.1)
    assert list(spec.mandates) == ["reassurance", "un_mission", "none"]
    assert spec.mandates["reassurance"].authorisation.rule == "none"
    assert list(spec.mandates["un_mission"].authorisation.decided_by)[2] == "United States"
    france = spec.contributors["France"]
    assert (france.army, france.corridor) == (120_000, "poland")
    available, at_most = france.forces[0].available, france.participation["reassurance"].at_most
    assert available is not None
    assert (available.family, available.parameters) == ("beta", (6, 3))
    assert str(at_most) == "triangular(3000, 6000, 10000)"
    assert list(spec.contributors) == ["France", "Poland"]
    assert list(spec.corridors) == ["romania", "poland"]
    assert spec.conflict.states["war"].ends_mission
    assert next(iter(spec.conflict.rates)) == ("ceasefire", "violations")
    assert [method.method for method in spec.requirement] == ["line", "population"]
    assert spec.costs is not None
    assert spec.costs.per_soldier_month.unit == "EUR"
    assert (spec.run.replications, spec.run.seed) == (20_000, 2026)


def sections(value: Any) -> Iterator[Section]:
    """Every section that a value holds, at any depth."""
    if isinstance(value, Section):
        yield value
        for name in type(value).model_fields:
            yield from sections(getattr(value, name))
    elif isinstance(value, dict):
        for item in value.values():
            yield from sections(item)
    elif isinstance(value, tuple):
        for item in value:
            yield from sections(item)


def subclasses(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for below in model.__subclasses__():
        yield below
        yield from subclasses(below)


def test_every_key_reaches_the_specification() -> None:
    scenario = load(HERE / "scenarios/every_key.yaml")
    cycle = {"length": "36 months", "ready_from": "12 months", "ready_until": "24 months"}
    # What the rotation cannot say beside its tour and its rest.
    others = [{"policy": "1:4 six-month"}, {"cycle": cycle}]
    scenarios = [scenario, *(scenario.with_("rotation", other) for other in others)]
    reached = {
        (type(section).__name__, key)
        for variant in scenarios
        for section in sections(variant.specification)
        for key in section.model_fields_set
        if getattr(section, key) != type(section).model_fields[key].get_default(
            call_default_factory=True
        )
    }  # fmt: skip
    leaves = [model for model in subclasses(Section) if not model.__subclasses__()]
    known = {(model.__name__, key) for model in leaves for key in model.model_fields}
    assert ("ForceElement", "kept_back") in known
    assert known - reached == set()


def test_values_of_every_key() -> None:
    spec = load(HERE / "scenarios/every_key.yaml").specification
    assert spec.time.start.isoformat() == "2026-07-01"
    assert spec.force.sizes == (10_000, 20_000, 40_000)
    assert spec.force.phases == ((0.0, 0.3), (6 * 365.25 / 12, 1.0))
    assert spec.force.substitutes == {"fires": {"manoeuvre": 1.5}}
    first, second, third = spec.contributors["France"].forces
    assert [(date.isoformat(), units) for date, units in first.units] == [
        ("2026-01-01", 6),
        ("2029-07-01", 8),
    ]
    assert second.units == ((None, 4),)
    assert (first.kept_back, second.kept_back, third.kept_back) == (0.3, 2, 0)
    assert isinstance(second.kept_back, int)
    probability = spec.contributors["France"].participation["reassurance"].probability
    assert probability == When("us_backstop", 0.9, When("ceasefire", 0.7, 0.1))
    assert list(probability.conditions()) == ["us_backstop", "ceasefire"]
    assert spec.conflict.start == When("ceasefire", "ceasefire", "violations")
    assert spec.conflict.rates["violations", "war"].parameters == (0.1, 0.2)


# --- whatever comes ---------------------------------------------------------------------------

EVERY_KEY: dict[str, Any] = load(HERE / "scenarios/every_key.yaml").data


def places(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in items:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


PLACES = list(places(EVERY_KEY))
ODD: list[Any] = [
    None, True, False, -1, 0, 1, 7, 0.5, 1.5, -0.5, 1e300, 10**17, "", "x", "none", "war", "France",
    "6 months", "-6 months", "1e300 years", "beta(", "beta(6, 3)", "choice(0)", "uniform(9, 1)",
    "normal(0, 1) months", "a -> b", "2026-02-30", "1:4 six-month", [], {}, [1], ["x"], [[]], [{}],
    {"a": 1}, {"when": "ceasefire"}, {"when": [], "then": {}, "else": "x"}, {"method": "area"},
    {"from": 1, "to": 10**7, "step": 1}, {"2026": 1, "2026-01": 2}, {"0 months": "x"},
    {"goal": "1 month", "least": "9 months"}, {"at_least": 9, "vetoes": ["x"]}, {"within": "1 day"},
]  # fmt: skip
Change = tuple[tuple[str | int, ...], Any, str]
changes = st.tuples(
    st.sampled_from(PLACES),
    st.sampled_from(ODD),
    st.sampled_from(["replace", "rename", "remove", "add"]),
)


def spoilt(changes: list[Change]) -> Any:
    """Give the scenario of every key with some values changed."""
    data = copy.deepcopy(EVERY_KEY)
    for path, value, how in changes:
        *above, last = path
        here: Any = data
        for step in above:
            known = isinstance(here, dict) and step in here
            known = known or (isinstance(here, list) and isinstance(step, int) and step < len(here))
            here = here[step] if known else None
        if isinstance(here, list) and isinstance(last, int) and last < len(here):
            here[last] = value
        if not isinstance(here, dict) or last not in here:
            continue
        if how == "replace":
            here[last] = value
        elif how == "rename":
            here[f"{last}x"] = here.pop(last)
        elif how == "remove":
            del here[last]
        else:
            here["more"] = value
    return data


@settings(max_examples=400)
@given(st.lists(changes, min_size=1, max_size=4))
def test_whatever_is_wrong_is_told_as_a_scenario_error(wrong: list[Change]) -> None:
    root = node_of(spoilt(wrong), Mark("a.yaml", 1, 1))
    try:
        assert isinstance(specify(root), Specification)
    except ScenarioError as error:
        assert error.issues
        for issue in error.issues:
            line = str(issue)
            assert line.startswith("a.yaml:1:1: ")
            assert "\n" not in line
            assert "Input should" not in line
            assert "refused" not in line
            assert len(line) < 600


def test_the_sound_scenario_stays_sound_under_these_hands() -> None:
    assert spoilt([]) == EVERY_KEY
    assert isinstance(specify(node_of(spoilt([]), Mark("a.yaml", 1, 1))), Specification)
