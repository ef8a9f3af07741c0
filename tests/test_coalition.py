"""`sim coalition`: sets of contributors of which it is known, or counted out, what is enough."""

from __future__ import annotations

import csv
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain, combinations
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from builders import Sections, busy, nation, scenario
from click.testing import CliRunner, Result
from wild_scenarios import wild_scenario

import sim
from sim.analysis.coalition import search
from sim.analysis.coalition.coalitions import Coalition, coalition
from sim.analysis.coalition.offers import Offers, candidates, least_weight, offers_of, only
from sim.analysis.relaxation import single
from sim.analysis.same_futures import Study, answer, study_of
from sim.cli import cli
from sim.engine.planning import plan_of
from sim.errors import SimError
from sim.scenario.scenario import Scenario

STARTER = Path(sim.__file__).parent / "cli" / "starter.yaml"
FIVE: dict[str, Sections] = {
    "Aland": nation(units=8, probability=0.9, at_most="uniform(400, 1000)"),
    "Bland": nation(units=6, probability=0.8),
    "Cland": nation(units=6, probability=0.7, delivered="uniform(0.5, 1)"),
    "Dland": nation(units=4, available="uniform(0.4, 1)"),
    "Eland": nation(units=3, strength=150, probability=0.95, notice="uniform(1, 14) weeks"),
}
WANTED = 0.6


def found_in(about: Scenario, size: int = 1000, **changes: Any) -> Coalition:
    return coalition(about, size, **{"replications": 200, "seed": 1, **changes})


def five() -> Scenario:
    return scenario(contributors=FIVE)


def question(about: Scenario, size: int = 1000, mandate: str | None = None) -> Study:
    return study_of(about, size, mandate, None, 200, 1)


def every_set(study: Study) -> list[tuple[int, ...]]:
    able = candidates(study.plan)
    return list(chain.from_iterable(combinations(able, k) for k in range(len(able) + 1)))


def best_by_counting(study: Study, by: str, offers: Offers) -> tuple[str, ...]:
    """The lightest sufficient set, every set simulated."""
    soldiers = dict(zip(offers.nations, offers.means, strict=True))
    enough = []
    for members in every_set(study):
        found = answer(only(study.plan, members), study.size, 200, 1)
        if found.feasible[study.judged(found.authorised)].mean() >= WANTED:
            heads, offered = len(members), sum(soldiers[m] for m in members)
            enough.append(((heads, offered) if by == "number" else (offered, heads), members))
    return tuple(study.plan.contributors[m] for m in min(enough)[1])


# -- Known by hand ------------------------------------------------------------------------------


def test_equal_nations_are_worth_the_same() -> None:
    names = ["Aland", "Bland", "Cland", "Dland"]
    found = found_in(
        scenario(contributors={name: nation(units=5) for name in names}), replications=4
    )
    assert found.members == ("Aland", "Bland")
    assert (found.method, found.bound) == ("exact", 2)
    assert {worth.loss.estimate for worth in found.worths} == {0}
    inside = [w.coalition_loss.estimate for w in found.worths if w.coalition_loss]
    assert inside == [1, 1]
    assert all(worth.soldiers == 500 for worth in found.worths)


def test_who_is_needed_is_worth_everything() -> None:
    medic = nation(units=4, capability="medical")
    given = scenario(
        force={"sizes": [1000], "capabilities": {"infantry": 0.6, "medical": 0.4}},
        contributors={"Aland": nation(units=6), "Bland": nation(units=6), "Medic": medic},
    )
    found = found_in(given, replications=4)
    assert found.members == ("Aland", "Medic")
    worth = {w.name: w.loss.estimate for w in found.worths}
    assert worth == {"Medic": 1, "Aland": 0, "Bland": 0}
    assert found.worths[0].name == "Medic"


def test_a_few_large_or_many_small() -> None:
    """By number the two large ones; by soldiers the three that offer just enough."""
    contributors = {
        "Large": nation(units=9),
        "Great": nation(units=9),
        **{name: nation(units=4) for name in ("Little", "Small", "Tiny")},
    }
    given = scenario(contributors=contributors)
    assert found_in(given, 1200, replications=4).members in (("Large", "Little"),)
    assert found_in(given, 1200, replications=4, by="soldiers").members == (
        "Little",
        "Small",
        "Tiny",
    )


def test_required_and_left_out() -> None:
    given = scenario(contributors={n: nation(units=5) for n in ("Aland", "Bland", "Cland")})
    assert found_in(given, replications=4, require=["Cland"]).members == ("Aland", "Cland")
    without = found_in(given, replications=4, without=["Aland"])
    assert without.members == ("Bland", "Cland")
    assert {worth.name for worth in without.worths} == {"Bland", "Cland"}


def test_not_even_everybody() -> None:
    found = found_in(scenario(contributors={"Aland": nation(), "Bland": nation()}), 5000)
    assert (found.members, found.method, found.bound, found.reached) == (None, "none", None, None)
    assert len(found.worths) == 2
    assert found.everybody.estimate == 0


# -- Against counting ---------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["number", "soldiers"])
def test_exact_is_what_counting_finds(by: str) -> None:
    study = question(five())
    offers = offers_of(study, candidates(study.plan))
    found = found_in(five(), by=by, confidence=WANTED)
    assert found.method == "exact"
    assert found.members == best_by_counting(study, by, offers)
    assert found.reached
    assert found.reached.estimate >= WANTED


@pytest.mark.parametrize("by", ["number", "soldiers"])
def test_greedy_is_enough_and_says_how_far_off_it_may_be(
    by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    best = found_in(five(), by=by, confidence=WANTED)
    monkeypatch.setattr(search, "MOST_LISTED", 0)
    found = found_in(five(), by=by, confidence=WANTED)
    assert found.method == "greedy"
    assert found.members and found.reached and best.members
    assert found.reached.estimate >= WANTED
    light, heavy = (
        float(len(c.members or ())) if by == "number" else c.soldiers for c in (best, found)
    )
    assert found.bound is not None
    assert 0 < found.bound <= light + 1e-6
    assert heavy >= light


def test_a_search_that_takes_too_long_keeps_what_it_has_ruled_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = scenario(contributors={f"{x}land": nation(units=8) for x in "ABCDE"})
    study = question(given)
    offers = offers_of(study, candidates(study.plan))
    assert least_weight(offers, [1.0] * 5, 0.8, ()) == 1
    monkeypatch.setattr(search, "MOST_LISTED", 5)  # the single ones, and not the ten pairs
    found = found_in(given, replications=4)
    assert found.method == "greedy"
    assert found.members is not None
    assert len(found.members) == found.bound == 2


def test_pledges_add_up_to_those_of_the_engine() -> None:
    study = question(five())
    able = candidates(study.plan)
    offers = offers_of(study, able)
    rows = len(offers.demand) // 2
    pledges = replace(offers, soldiers=offers.soldiers[:, rows:], demand=offers.demand[rows:])
    for members in every_set(study)[1:]:
        found = answer(only(study.plan, members), 1000, 200, 1)
        places = [able.index(m) for m in members]
        assert pledges.most(places) == found.pledged.mean()
        assert found.feasible.mean() <= offers.most(places) <= pledges.most(places)


@pytest.mark.parametrize("seed", range(12))
def test_what_is_offered_bounds_what_is_feasible(seed: int) -> None:
    """Future by future, with tours, rests, cycles, caps, substitutes and changing pools."""
    plan = plan_of(wild_scenario(Random(seed)).specification)
    for index, mandate in enumerate(plan.mandates):
        if not candidates(single(plan, index)):
            continue
        size = min(mandate.sizes)
        study = Study("", "", single(plan, index), size, "nothing", 1, 200)
        able = candidates(study.plan)
        offers = offers_of(study, able)
        found = answer(study.plan, size, 200, 1)
        enough = (offers.total(range(len(able))) >= offers.demand[:, None]).all(axis=0)
        assert not (found.feasible[found.authorised] & ~enough).any()


def test_rests_are_taken_off() -> None:
    """Half the units are at home at any time: a force of all of them is pledged and never held."""
    aland = nation(units=12, tour="4 weeks", rest={"goal": "4 weeks"}, at_start="spread")
    study = question(scenario(contributors={"Aland": aland}))
    offers = offers_of(study, candidates(study.plan))
    assert offers.soldiers[0, :, 0].tolist() == [1200 * 12 / 20, 1200]
    assert offers.most([0]) == 0
    found = answer(study.plan, 1000, 200, 1)
    assert found.pledged.all()
    assert not found.feasible.any()


def test_no_sufficient_set_is_lighter_than_the_bound() -> None:
    study = question(five())
    offers = offers_of(study, candidates(study.plan))
    rng = np.random.default_rng(4)
    for _ in range(5):
        weights = rng.uniform(0.1, 3, len(offers.nations))
        bound = least_weight(offers, weights.tolist(), WANTED, ())
        pledged = [
            weights[list(places)].sum()
            for k in range(1, 6)
            for places in combinations(range(5), k)
            if offers.most(places) >= WANTED
        ]
        assert bound is not None
        assert 0 < bound <= min(pledged) + 1e-9
    assert least_weight(offers, [1.0] * 5, 1.0, ()) is None


def test_everybody_is_the_scenario_itself() -> None:
    study = question(busy(), 600, "coalition")
    whole = answer(study.plan, 600, 200, 1)
    again = answer(only(study.plan, candidates(study.plan)), 600, 200, 1)
    assert (whole.feasible == again.feasible).all()
    assert 0 < whole.feasible.sum() < 200


def test_the_coalition_is_checked_in_fresh_futures() -> None:
    found = found_in(five(), confidence=WANTED)
    study = question(five())
    members = [study.plan.contributors.index(name) for name in found.members or ()]
    both = answer(only(study.plan, members), 1000, 400, 1).feasible
    assert found.reached and found.checked
    assert found.reached.estimate == both[:200].mean()
    assert found.checked.estimate == both[200:].mean()
    assert (both[:200] != both[200:]).any()


def test_numbers_do_not_depend_on_who_computes_them() -> None:
    here = found_in(five(), confidence=WANTED)
    with ThreadPoolExecutor(3) as threads:
        there = found_in(five(), confidence=WANTED, executor=threads)
    assert repr(here) == repr(there)


# -- Mistakes and the command -------------------------------------------------------------------


def test_mistakes_are_explained() -> None:
    with pytest.raises(SimError, match="no contributor 'Alan' under 'force'; did you mean 'Aland'"):
        found_in(five(), require=["Alan"])
    with pytest.raises(SimError, match="Aland is both required and left out"):
        found_in(five(), require=["Aland"], without=["Aland"])
    with pytest.raises(SimError, match="nobody is left"):
        found_in(scenario(), without=["Aland"])
    with pytest.raises(SimError, match="no criterion 'cost'; known: number, soldiers"):
        found_in(five(), by="cost")
    with pytest.raises(SimError, match="confidence must lie above 0"):
        found_in(five(), confidence=1.2)


def invoke(*args: object, columns: int = 120) -> Result:
    result = CliRunner().invoke(
        cli, ["coalition", *(str(a) for a in args)], env={"COLUMNS": str(columns)}
    )
    assert result.exception is None or isinstance(result.exception, SystemExit | SimError)
    return result


@pytest.mark.parametrize("columns", [60, 140])
def test_the_command_says_who_is_enough(tmp_path: Path, columns: int) -> None:
    result = invoke(
        STARTER, "--size", 2000, "--confidence", 0.3, "-n", 60, "-j", 1, "-o", tmp_path,
        columns=columns,
    )  # fmt: skip
    assert result.exit_code == 0
    words = " ".join(result.output.split())
    assert "is enough: Northland." in words
    assert "Exact: in these futures no smaller number is enough" in words
    assert "search did not see" in words
    assert all(len(line.rstrip()) <= columns for line in result.output.splitlines())
    with (tmp_path / "coalition.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["contributor"] for row in rows} == {"Northland", "Eastmark", "Farland"}
    assert [row["contributor"] for row in rows if row["member"] == "true"] == ["Northland"]


def test_the_command_answers_programs(tmp_path: Path) -> None:
    result = invoke(STARTER, "--size", 6000, "-n", 60, "-j", 1, "-o", tmp_path, "--json")
    found = json.loads(result.output)
    assert found["members"] is None
    assert "Not even all 3" in found["words"][0]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((STARTER,), "Missing option '--size'"),
        ((STARTER, "--size", 100, "--by", "cost"), "number"),
        ((STARTER, "--size", 100, "--confidence", 2), "2.0 is not in the range"),
        ((STARTER, "--size", 100, "--without", "Northlnd", "-n", 5), "did you mean 'Northland'"),
    ],
)
def test_wrong_input_is_told(args: tuple[object, ...], message: str) -> None:
    result = invoke(*args)
    assert result.exit_code
    assert message in result.output + str(result.exception)
