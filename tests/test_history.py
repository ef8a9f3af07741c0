"""Missions that happened: read as written, predicted by the engine, scored by the book."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import sim
from sim.analysis.history.curves import milestones_of, mission_curves
from sim.analysis.history.folder import Record, read_record
from sim.analysis.history.generation import Generation, configured, from_unit, to_unit
from sim.analysis.history.others import others
from sim.analysis.history.predictions import history
from sim.analysis.history.record import FILLS, MILESTONES, SHARES, Mission, read_missions
from sim.analysis.history.scenarios import scenario_of
from sim.analysis.history.scores import climatology, crps, rule, score, summarise
from sim.analysis.sources import unsourced
from sim.cli import cli
from sim.engine.planning import plan_of
from sim.errors import ScenarioError, SimError

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "scenarios" / "history"


@pytest.fixture(scope="module")
def record() -> Record:
    return read_record(FOLDER)


def by_name(record: Record, name: str) -> Mission:
    return next(m for m in record.missions if m.scenario == name)


# -- The record ------------------------------------------------------------------------------------


def test_every_mission_has_its_scenario_as_it_would_be_written(record: Record) -> None:
    texts = record.texts()
    assert len(texts) == len(record.missions) == 13
    assert {path.name for path in FOLDER.glob("*.yaml")} == set(texts)
    for name, text in texts.items():
        assert (FOLDER / name).read_bytes() == text, f"{name}: sim history --write-scenarios"


def test_a_file_and_a_row_give_the_same_plan(record: Record) -> None:
    for mission in record.missions:
        own = record.scenario(mission)
        assert own.hash == scenario_of(mission, record.library).hash
        assert unsourced(own) == []


def test_scenarios_hold_nothing_of_what_came_of_the_mission(record: Record) -> None:
    """Another outcome, the same scenario."""
    for mission in record.missions:
        other = replace(mission, milestones=dict.fromkeys(MILESTONES, 0.123), months_observed=9)
        assert record.scenario(mission).hash == scenario_of(other, record.library).hash


def test_what_is_scored(record: Record) -> None:
    scored = {m.scenario: {s.name: s for s in m.scored()} for m in record.missions}
    assert set(scored["unmee"]) == set(MILESTONES)
    # Suspect months are left out, strengths after a change of the ceiling, shares there already.
    assert set(scored["untac"]) == {"fill_at_6m", "fill_at_12m"}
    assert set(scored["unamir"]) == {*SHARES, "fill_at_6m"}
    assert set(scored["minustah_2010"]) == {"m90", "fill_at_6m", "fill_at_12m"}
    never = scored["minurcat"]["m75"]
    assert never.censored
    assert never.observed == never.limit == 24
    assert not scored["minurcat"]["m50"].censored
    assert all(
        s.observed <= 1 for found in scored.values() for s in found.values() if s.name in FILLS
    )


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("", False),
        ("none (Ethiopian brigade)", False),
        ("existing UNIFIL about 2,000", False),
        ("UNAVEM II observers only", False),
        ("UNAMIC advance mission", False),
        ("INTERFET, Feb 2000", True),
        ("ECOMICI/MINUCI, 4 Apr 2004", True),
    ],
)
def test_who_changes_hats(record: Record, text: str, changes: bool) -> None:
    assert replace(record.missions[0], rehatted_from=text).rehatted is changes


# -- Further missions ------------------------------------------------------------------------------

HEAD = "mission,event,resolution,authorisation_date,authorised,strength_at_authorisation,"
HEAD += "rehatted_from,m25,m50,m75,m90,inc_m25,peak_strength,fill_at_6m,fill_at_12m,fill_at_24m"


def written(folder: Path, *rows: str, head: str = HEAD) -> Path:
    path = folder / "further.csv"
    path.write_text("\n".join([head, *rows]) + "\n", "utf-8")
    return path


def test_a_file_of_further_missions(tmp_path: Path) -> None:
    row = "UNX,founding,S/RES/1(2013),2013-04-25,12000,500,AFX,2,4.5,9,,2.1,9300,0.6,0.78,0.77"
    (mission,) = read_missions(written(tmp_path, row))
    assert (mission.authorised, mission.in_theatre, mission.rehatted) == (12_000, 500, True)
    assert mission.months_observed == 24  # until the last strength that is given
    assert {s.name: s.censored for s in mission.scored()}["m90"]


@pytest.mark.parametrize(
    ("row", "place", "message"),
    [
        ("U,f,r,2013-04-25,many,0,none,1,2,3,4,,,1,1,1", "U.authorised", "whole number"),
        ("U,f,r,25 April,9000,0,none,1,2,3,4,,,1,1,1", "U.authorisation_date", "a date"),
        ("U,f,r,2013-04-25,9000,9000,none,1,2,3,4,,,1,1,1", "U.strength_at", "below the 9,000"),
        ("U,f,r,2013-04-25,9000,0,none,-1,2,3,4,,,1,1,1", "U.m25", "a number, or empty"),
        (",f,r,2013-04-25,9000,0,none,1,2,3,4,,,1,1,1", "mission", "has no name"),
    ],
)
def test_mistakes_are_told_with_their_line(
    tmp_path: Path, row: str, place: str, message: str
) -> None:
    good = "G,f,r,2013-04-25,9000,0,none,1,2,3,4,,,1,1,1"
    with pytest.raises(ScenarioError) as caught:
        read_missions(written(tmp_path, good, row))
    (issue,) = caught.value.issues
    assert issue.line == 3
    assert issue.path.startswith(place)
    assert message in issue.message


def test_no_table_at_all(tmp_path: Path) -> None:
    with pytest.raises(SimError, match="no column resolution"):
        read_missions(written(tmp_path, "a,b", head="mission,authorised"))
    with pytest.raises(SimError, match="cannot be read"):
        read_missions(tmp_path / "nowhere.csv")
    with pytest.raises(SimError, match="no mission in it"):
        read_missions(written(tmp_path))
    row = "G,f,r,2013-04-25,9000,0,none,1,2,3,4,,,1,1,1"
    with pytest.raises(ScenarioError, match="stands there twice"):
        read_missions(written(tmp_path, row, row))


# -- Curves ----------------------------------------------------------------------------------------


def test_milestones_are_read_off_a_line() -> None:
    months = np.arange(26.0)
    line = np.minimum(months * 100, 800)[:, None] * [1.0, 0.5]
    found = milestones_of(months, line, 1_000)
    assert found["m25"] == pytest.approx([2.5, 5.0])
    assert found["m50"] == pytest.approx([5.0, np.inf])
    assert found["m75"] == pytest.approx([7.5, np.inf])
    assert np.isinf(found["m90"]).all()
    assert found["fill_at_6m"] == pytest.approx([0.6, 0.3])
    assert found["fill_at_24m"] == pytest.approx([0.8, 0.4])


def test_who_is_there_stays_there(record: Record) -> None:
    """Before force generation begins the soldiers in the theatre are counted, and no others."""
    mission = by_name(record, "unifil")
    plan = plan_of(record.scenario(mission).specification)
    months, strength = mission_curves(plan, mission, 200, 1)
    assert (strength[0] == mission.in_theatre).all()
    assert (strength[months <= 10] >= mission.in_theatre).all()  # no mission closes so early
    assert strength.max() <= mission.authorised + math.ceil(mission.authorised / 100)


def test_parameters_change_what_is_predicted(record: Record) -> None:
    """Each of them: a setting that reached no place in a scenario would be seen."""
    mission = replace(by_name(record, "unifil"), rehatted_from="any force")
    scenario = scenario_of(mission, record.library)
    base = record.left_out["UNIFIL"]
    before = mission_curves(plan_of(configured(scenario, base).specification), mission, 100, 1)[1]
    for name in Generation.__dataclass_fields__:
        value = getattr(base, name)
        other = replace(base, **{name: value * (0.8 if value < 1 else 1.5)})
        plan = plan_of(configured(scenario, other).specification)
        assert (mission_curves(plan, mission, 100, 1)[1] != before).any(), name


def test_parameters_as_numbers_from_0_to_1(record: Record) -> None:
    for generation in record.left_out.values():
        unit = to_unit(generation)
        assert all(-1e-9 <= u <= 1 + 1e-9 for u in unit)
        assert to_unit(from_unit(unit)) == pytest.approx(unit)


# -- Scores ----------------------------------------------------------------------------------------


def test_crps_is_that_of_the_formula() -> None:
    ensemble = np.random.default_rng(1).gamma(2.0, 3.0, 300)
    apart = np.abs(ensemble[:, None] - ensemble).mean()
    for observed in (0.0, 4.2, 30.0):
        expected = np.abs(ensemble - observed).mean() - apart / 2
        assert crps(observed, ensemble) == pytest.approx(expected)
    assert crps(3.0, np.array([5.0])) == 2.0  # of a point: the distance


def test_the_rules_of_thumb() -> None:
    assert rule("m50", 10, 0.925) == pytest.approx(5.405, abs=1e-3)
    assert rule("fill_at_6m", 10, 0.925) == pytest.approx(0.555)
    assert rule("fill_at_24m", 10, 0.925) == 0.925


def test_climatology_leaves_the_mission_out(record: Record) -> None:
    mission = by_name(record, "minustah_2004")
    half = next(s for s in mission.scored() if s.name == "m50")
    values = climatology(mission, half, record.missions)
    assert len(values) == 10  # neither its own, nor suspect ones, nor shares there already
    assert mission.milestones["m50"] not in values
    assert values.max() <= half.limit


def test_what_the_record_holds_to_be_wrong_is_wrong_in_any_file(record: Record) -> None:
    untac = by_name(record, "untac")
    assert untac.suspect
    elsewhere = replace(untac, suspect=frozenset({"fill_at_12m"}))
    assert record.judged(elsewhere).suspect == untac.suspect | {"fill_at_12m"}
    assert not record.judged(replace(elsewhere, mission="X", suspect=frozenset())).suspect
    found = history(record, [elsewhere], replications=50)
    assert [s.milestone.name for s in found.scores] == ["fill_at_6m"]


def drawn(record: Record, count: int, spread: float) -> list[Mission]:
    """Missions whose milestones are drawn from what is predicted of one, or from wider."""
    mission = by_name(record, "unmee")
    plan = plan_of(record.scenario(mission).specification)
    predicted = milestones_of(*mission_curves(plan, mission, count, 11), mission.authorised)
    made = []
    for i in range(count):
        values = {name: float(predicted[name][i]) for name in MILESTONES}
        times = {n: math.nan if math.isinf(values[n]) else values[n] * spread for n in SHARES}
        made.append(
            replace(mission, mission=f"X{i}", months_observed=24, milestones=values | times)
        )
    return made


@pytest.mark.parametrize(("spread", "calibrated"), [(1.0, True), (2.5, False)])
def test_coverage_is_what_it_says(record: Record, spread: float, calibrated: bool) -> None:
    """Missions drawn from the prediction are covered as told; slower ones are not."""
    mission, count = by_name(record, "unmee"), 200
    plan = plan_of(record.scenario(mission).specification)
    predicted = milestones_of(*mission_curves(plan, mission, 4_000, 5), mission.authorised)
    made = drawn(record, count, spread)
    scores = [
        s for m in made for s in score(m, predicted, made[:4], 1) if s.milestone.name == "m50"
    ]
    inside = float(np.mean([s.inside(0.8) for s in scores]))
    error = math.sqrt(0.8 * 0.2 / count) * math.sqrt(1 + count / 4_000)
    assert (abs(inside - 0.8) < 4.5 * error) is calibrated
    pit = np.array([s.pit for s in scores])
    assert (abs(float(pit.mean()) - 0.5) < 4.5 * math.sqrt(1 / 12 / count)) is calibrated


def test_a_summary_is_the_means(record: Record) -> None:
    found = history(record, replications=50, seed=3)
    total, scores = found.summary, found.scores
    times = [s for s in scores if s.milestone.name in SHARES]
    fills = [s for s in scores if s.milestone.name in FILLS]
    assert total.crps == pytest.approx(np.mean([s.crps for s in times]))
    assert total.coverage[0.8] == pytest.approx(np.mean([s.inside(0.8) for s in scores]))
    parts = [
        len(kind) * sum(s.crps for s in kind) / sum(s.climatology for s in kind)
        for kind in (times, fills)
    ]
    assert total.skill == pytest.approx(1 - sum(parts) / len(scores))
    for name, (low, high) in total.intervals.items():
        assert low < high, name
    assert summarise(scores, 3) == total
    assert (total.missions, len(scores)) == (12, total.milestones)


# -- The command -----------------------------------------------------------------------------------


def run(*args: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["history", *map(str, args)])
    return done.exit_code, done.output


def test_further_missions_by_the_command(tmp_path: Path, record: Record) -> None:
    rows = [
        "UNX,founding,S/RES/1(2013),2013-04-25,12000,0,AFX,2,4.5,9,,2.1,9300,0.6,0.78,0.77",
        "UNY,,S/RES/2(2014),2014-04-10,10000,0,none,3,5,6,12,,,0.7,0.9,",
    ]
    path = written(tmp_path, *rows)
    args = (path, "--record", FOLDER, "-n", "100", "-o", tmp_path / "out")
    code, text = run(*args, "--json")
    assert code == 0
    told = json.loads(text)
    for name in ("coverage_50", "coverage_80", "coverage_95", "crps", "skill_crps"):
        assert isinstance(told[name], float), name
    assert [m["mission"] for m in told["missions"]] == ["UNX", "UNY"]
    assert told["milestones"] == sum(len(m["milestones"]) for m in told["missions"]) == 13
    with (tmp_path / "out" / "history.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 13
    assert (tmp_path / "out" / "history.png").stat().st_size > 10_000
    code, shown = run(*args)
    assert code == 0
    assert "2 further missions" in shown
    assert run(*args, "--json")[1] == text  # the same seed, the same figures


def test_a_mission_of_the_record_is_never_predicted_with_what_it_taught(
    tmp_path: Path, record: Record
) -> None:
    """Also where it comes in a file of further missions."""
    mission = by_name(record, "unmis")
    (further,) = history(record, [replace(mission, scenario="")], replications=50).predictions
    own = next(p for p in history(record, replications=50).predictions if p.mission == mission)
    assert [s.median for s in further.scores] == [s.median for s in own.scores]
    seen = history(record, [mission], blind=False, replications=50).predictions[0]
    assert [s.median for s in seen.scores] != [s.median for s in own.scores]
    assert (further.blind, seen.blind) == (True, False)


def test_wrong_input(tmp_path: Path, record: Record) -> None:
    from sim.cli import main

    for args in (
        ["history", "--record", str(tmp_path)],
        ["history", str(tmp_path / "nothing.csv"), "--record", str(FOLDER)],
        ["history", "x.csv", "--write-scenarios", "--record", str(FOLDER)],
    ):
        with pytest.raises(SystemExit) as stop:
            main(args)
        assert stop.value.code == 2
    with pytest.raises(SimError, match="no parameters without"):
        history(replace(record, left_out={}), replications=10)
    with pytest.raises(SimError, match="replications must be"):
        history(record, replications=1)


def test_other_forces_are_told_beside(record: Record) -> None:
    points = others(FOLDER, record.library, 100, 1)
    assert {p.mission for p in points} == {"UNIFIL", "EUFOR Chad", "KFOR", "IFOR", "INTERFET"}
    for p in points:
        assert math.isnan(p.days) == math.isnan(p.median)
        assert p.quality in ("high", "medium", "low")
        assert p.source
    kfor = [p for p in points if p.mission == "KFOR"]
    assert all(p.share > p.high for p in kfor)  # it was next door


def test_the_shipped_files_run(record: Record) -> None:
    result = sim.run(record.scenario(by_name(record, "unmee")), replications=64, seed=1)
    assert result.tables["summary"]["p_authorised"][0] > 0.9
