"""The shipped library: who is in it, and that every figure says where it comes from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import sim
from sim.errors import ScenarioError
from sim.scenario.schema.base import Source, When
from sim.scenario.schema.contributors import Contributor, Participation

LIBRARY = Path(__file__).parent.parent / "scenarios" / "library"
NATIONS = ("europe", "others", "un-contributors")
KINDS = (
    *("reassurance", "un_mission", "guarantors", "alliance"),
    *("neighbouring", "monitors", "line", "air_sea"),
)
GERMAN_PATH = (2026, 2029, 2032, 2035)

SCENARIO = """
language: 1
title: Everything in the library
extends: [{files}]
force: {{sizes: 10_000}}
mandates: {{{mandates}}}
"""


def load(folder: Path, *files: str) -> sim.Scenario:
    """A scenario of library files, with a mandate of every kind."""
    path = folder / "everything.yaml"
    text = SCENARIO.format(
        files=", ".join(str(LIBRARY / f"{file}.yaml") for file in files),
        mandates=", ".join(f"{kind}: {{kind: {kind}}}" for kind in KINDS),
    )
    path.write_text(text, "utf-8")
    return sim.load(path, allow=[LIBRARY])


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> sim.Scenario:
    folder = tmp_path_factory.mktemp("library")
    return load(folder, "ukraine", "corridors-ukraine", *NATIONS, "air-sea")


@pytest.fixture(scope="module")
def nations(everything: sim.Scenario) -> dict[str, Contributor]:
    return everything.specification.contributors


def sections(contributor: Contributor) -> Iterator[tuple[str, Participation]]:
    yield from contributor.participation.items()


def told(contributor: Contributor) -> list[Source]:
    """Every source of a contributor, those of its stances included."""
    return [*contributor.sources, *(s for _, p in sections(contributor) for s in p.sources)]


def untold(contributor: Contributor) -> list[str]:
    """What a contributor says without telling where it comes from."""
    own = [source.figure.lower() for source in contributor.sources]
    missing = [
        what
        for what in ("active strength", "participation", "tour", "corridor")
        if not any(what in figure for figure in own)
    ]
    if not any(re.search(r"\b(army|land forces)\b", figure) for figure in own):
        missing.append("army")
    if not any(re.search(r"kept back|existing commitments", figure) for figure in own):
        missing.append("kept back")
    for kind, stance in sections(contributor):
        figures = [source.figure.lower() for source in stance.sources] or own
        if stance.delay and not any("delay" in figure for figure in figures):
            missing.append(f"delay of {kind}")
        if stance.at_most and not any("at most" in figure for figure in figures):
            missing.append(f"at most of {kind}")
    return missing


def ill_formed(source: Source) -> bool:
    """Neither published (who, how reliable) nor a judgement with its reasoning."""
    published = bool(source.source and source.confidence)
    return not (published or (source.judgement and source.note))


# -- Who is in it --------------------------------------------------------------------------------


def test_there_are_enough_nations_to_choose_from(nations: dict[str, Contributor]) -> None:
    assert len(nations) >= 55


def test_each_nation_stands_in_one_file() -> None:
    counts = Counter(
        name
        for file in NATIONS
        for name in yaml.safe_load((LIBRARY / f"{file}.yaml").read_text("utf-8"))["contributors"]
    )
    assert [name for name, count in counts.items() if count > 1] == []


def test_help_from_the_air_adds_stances_and_no_nation(nations: dict[str, Contributor]) -> None:
    added = yaml.safe_load((LIBRARY / "air-sea.yaml").read_text("utf-8"))["contributors"]
    assert all(list(entry) == ["participation"] for entry in added.values())
    assert all(list(entry["participation"]) == ["air_sea"] for entry in added.values())
    assert all(nations[name].forces for name in added)
    assert all("fires" in nations[name].participation["air_sea"].excludes for name in added)


def test_each_nation_can_be_asked(nations: dict[str, Contributor]) -> None:
    for name, nation in nations.items():
        assert nation.army, name
        assert nation.forces, name
        assert nation.participation, name
        assert nation.tour and nation.rest and nation.rest.goal and nation.rest.least, name
        assert nation.corridor, name


def test_each_kind_has_somebody_to_come(nations: dict[str, Contributor]) -> None:
    asked = Counter(kind for nation in nations.values() for kind, _ in sections(nation))
    assert all(asked[kind] >= 10 for kind in KINDS)


def test_russia_sends_nobody(nations: dict[str, Contributor]) -> None:
    assert not {"Russia", "Belarus", "Ukraine"} & nations.keys()


# -- Where the figures come from -----------------------------------------------------------------


def test_every_source_is_published_or_reasoned(nations: dict[str, Contributor]) -> None:
    wrong = [(name, s.figure) for name, n in nations.items() for s in told(n) if ill_formed(s)]
    assert wrong == []


def test_every_published_source_of_a_nation_is_dated(nations: dict[str, Contributor]) -> None:
    undated = [
        (name, s.figure) for name, n in nations.items() for s in told(n) if s.source and not s.date
    ]
    assert undated == []


def test_every_figure_is_told(nations: dict[str, Contributor]) -> None:
    assert {name: untold(nation) for name, nation in nations.items() if untold(nation)} == {}


def test_a_figure_without_its_source_is_noticed(everything: sim.Scenario) -> None:
    """The rule above can fail: take the sources of a nation away, one by one."""
    path = "contributors.United Kingdom.sources"
    entries = everything.data["contributors"]["United Kingdom"]["sources"]
    for word, missing in {
        "active strength": "active strength",
        "land forces": "army",
        "kept back": "kept back",
        "decision delay": "delay of reassurance",
        "at most": "at most of guarantors",
    }.items():
        left = [entry for entry in entries if word not in entry["figure"]]
        nation = everything.with_(path, left).specification.contributors["United Kingdom"]
        assert missing in untold(nation), word


def test_a_bare_source_is_noticed() -> None:
    assert ill_formed(Source(figure="army 1"))
    assert ill_formed(Source(figure="army 1", source="somebody"))
    assert ill_formed(Source(figure="army 1", judgement=True))


def test_every_corridor_tells_its_sources(everything: sim.Scenario) -> None:
    for name, corridor in everything.specification.corridors.items():
        figures = " ".join(source.figure for source in corridor.sources)
        assert "per day" in figures and "disruption" in figures, name
        assert not any(map(ill_formed, corridor.sources)), name
        assert all(source.date for source in corridor.sources if source.source), name


def test_nothing_is_taken_from_yearbooks_that_are_sold() -> None:
    sold = re.compile(r"military balance|jane's|globalfirepower", re.IGNORECASE)
    found = [p.name for p in LIBRARY.glob("*.yaml") if sold.search(p.read_text("utf-8"))]
    assert found == []


# -- What the figures may depend on --------------------------------------------------------------


def depends_on(stance: Participation) -> set[str]:
    chance = stance.probability
    found = set(chance.conditions()) if isinstance(chance, When) else set()
    return found | set(stance.requires)


def test_probabilities_depend_on_the_american_backstop_alone(
    nations: dict[str, Contributor],
) -> None:
    """All that the library asks a scenario to declare; it names it at the head of its files."""
    needed = {c for n in nations.values() for _, stance in sections(n) for c in depends_on(stance)}
    assert needed == {"us_backstop"}


def test_without_that_condition_the_library_is_refused(tmp_path: Path) -> None:
    whole = load(tmp_path, "ukraine", "corridors-ukraine", *NATIONS, "air-sea")
    with pytest.raises(ScenarioError, match="no condition 'us_backstop'"):
        whole.with_("conditions.us_backstop", None)


# -- Growth --------------------------------------------------------------------------------------


def test_germany_grows_along_the_path_of_the_law(nations: dict[str, Contributor]) -> None:
    germany = nations["Germany"]
    for pool in germany.forces:
        years = tuple(date.year for date, _ in pool.units)
        units = [count for _, count in pool.units]
        assert years == GERMAN_PATH, pool.capability
        assert units == sorted(units) and units[-1] > units[0], pool.capability
    soldiers = [sum(p.units[i][1] * p.strength for p in germany.forces) for i in range(4)]
    growth = [count / soldiers[0] for count in soldiers[1:]]
    law = [201.5 / 188, 224 / 188, 262.5 / 188]  # the middle of the path, thousands
    assert growth == pytest.approx(law, abs=0.03)


def test_the_units_of_today_stand_in_2026(everything: sim.Scenario) -> None:
    """Dating the growth moved nothing that was there before it."""
    forces = everything.data["contributors"]["Germany"]["forces"]
    assert [force["units"]["2026"] for force in forces] == [18, 4, 7, 14, 10, 12]
