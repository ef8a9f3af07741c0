"""The largest feasible force, and the least change that makes a given one feasible."""

from __future__ import annotations

import csv
import itertools
import json
import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import days, nation, scenario
from click.testing import CliRunner

import sim
from sim.analysis.sizing.levers import Lever, levers
from sim.analysis.sizing.points import LEVEL, Point, rises, thinned
from sim.analysis.sizing.sizes import Sizing, size
from sim.cli import cli, main
from sim.engine.streams import generator
from sim.errors import SimError
from sim.scenario.scenario import Scenario

COUNT = 400


def many(sizes: Any = (500, 3000), confidence: float = 0.6, **changes: Any) -> Scenario:
    """Six contributors of 1,000 in units of 100, each likelier to come than the next."""
    chances = (0.95, 0.9, 0.8, 0.7, 0.5, 0.3)
    plain: dict[str, Any] = {
        "time": days(4),
        "force": {"sizes": list(sizes), "capabilities": {"infantry": 1.0}},
        "feasible_when": {
            "full": {"within": "1 day"},
            "hold": {"for": "2 days"},
            "confidence": confidence,
        },
        "contributors": {f"N{k}": nation(probability=p) for k, p in enumerate(chances)},
    }
    return scenario(**(plain | changes))


def deterring(confidence: float = 0.6) -> Scenario:
    """A small force deters nobody: the larger the force, the likelier it stays."""
    return many(
        (500, 1500, 2500, 3500),
        time=days(60),
        feasible_when={
            "full": {"within": "10 days"},
            "hold": {"for": "50 days"},
            "confidence": confidence,
        },
        contributors={"Aland": nation(units=20), "Bland": nation(units=20, probability=0.85)},
        conflict={
            "states": {"calm": {}, "war": {"ends_mission": True}},
            "rates": {"calm -> war": "12 per year"},
            "deterrence": {"hazard_ratio": 0.02, "at": 2500},
        },
    )


def sized(of: Scenario, **options: Any) -> Sizing:
    found = size(of, **({"replications": COUNT, "seed": 5, "step": 100} | options))
    return found["force"]


# -- Rises ----------------------------------------------------------------------------------------


def point(at: float, hits: Any, among: Any = None) -> Point:
    hits = np.asarray(hits, np.bool_)
    return Point(at, hits, np.ones_like(hits) if among is None else among)


def test_a_rise_is_found_where_it_is() -> None:
    u = generator(1, "a test of rises", 0).random(500)
    shares = (0.8, 0.6, 0.5, 0.7, 0.65, 0.2)
    found = rises([point(at, u < share) for at, share in enumerate(shares)])
    assert [(r.first.at, r.second.at) for r in found] == [(2, 3)]
    assert found[0].difference.low > 0.1
    assert found[0].overlaps(2, 3)
    assert not found[0].overlaps(3, 4)


def test_of_points_that_differ_by_chance_few_are_called_a_rise() -> None:
    """Six points of one share, over 200 seeds; without Holm's procedure there are many."""
    seeds, alarms, plain = 200, 0, 0
    for seed in range(seeds):
        u = generator(seed, "false alarms", 0).random((6, 300))
        points = [point(at, hits < 0.5) for at, hits in enumerate(u)]
        alarms += bool(rises(points))
        plain += any(bool(rises([a, b])) for a, b in itertools.pairwise(points))
    assert alarms / seeds < LEVEL + 4.5 * math.sqrt(LEVEL * (1 - LEVEL) / seeds)
    assert plain / seeds > LEVEL + 4.5 * math.sqrt(LEVEL * (1 - LEVEL) / seeds)


def test_points_that_are_judged_in_other_futures_are_compared_too() -> None:
    u, v = generator(1, "a test of conditions", 0).random((2, 800))
    one, other = u < 0.5, u < 0.7
    found = rises([point(0, one & (v < 0.4), one), point(1, other & (v < 0.7), other)])
    assert len(found) == 1
    assert not rises([point(0, one & (v < 0.4), one), point(1, other & (v < 0.4), other)])


def test_thinned_places_are_even() -> None:
    assert thinned(range(5), 9) == [0, 1, 2, 3, 4]
    assert thinned([*range(19)], 9) == [1, 3, 5, 7, 9, 11, 13, 15, 17]
    assert thinned([*range(100)], 1) in ([49], [50])


# -- Sizes ----------------------------------------------------------------------------------------


def brute_force(of: Scenario, places: range) -> tuple[int, int, int]:
    """The same three answers from every size there is, by `sim.run`."""
    every = of.with_("force.sizes", list(places))
    table = sim.run(every, replications=COUNT, seed=5).summary
    confidence = of.specification.feasible_when.confidence

    def largest(column: str) -> int:
        passing = table[table[f"p_feasible_if_authorised{column}"] >= confidence]
        return int(passing["force_size"].max())

    return largest("_low"), largest(""), largest("_high")


@pytest.mark.parametrize("sizes", [(500, 3000), (100, 6000), (200,), (6600,), (1000, 1100)])
def test_the_answer_is_that_of_every_size(sizes: tuple[int, ...]) -> None:
    found = sized(many(sizes))
    assert (found.size, found.estimate, found.possible) == brute_force(
        many(), range(100, 6700, 100)
    )
    assert not found.rises
    assert not found.gaps
    assert len(found.points) < 45
    assert [p.at for p in found.points] == sorted({p.at for p in found.points})


def test_the_known_answer_lies_in_the_interval() -> None:
    """Four come with 0.79, five with 0.42: at 0.6 the largest force is 4,444, to a step."""
    found = sized(many())
    assert found.size is not None
    assert found.possible is not None
    assert found.size <= 4400 <= found.possible
    narrow = [p for p in found.points if 4000 < p.at <= 4500]
    assert len(narrow) >= 4


def test_where_no_size_of_the_scenario_is_feasible_smaller_ones_are_looked_at() -> None:
    found = sized(many((5000, 6000)))
    assert found.size is not None
    assert found.size < 5000
    tiny = sized(many((5000, 6000), confidence=0.99), replications=40)
    assert tiny.size is None
    assert tiny.points[0].at == tiny.least == 100
    assert tiny.possible is None or tiny.possible < 5000


def test_where_the_largest_is_feasible_larger_ones_are_looked_at() -> None:
    certain = many((200, 300), contributors={"Aland": nation(units=10)})
    found = sized(certain)
    assert found.size == found.most == 1111  # 1,000 soldiers fill nine tenths of it
    assert not found.at_least
    limited = sized(certain, limit=700)
    assert limited.size == 700
    assert limited.at_least
    with pytest.raises(SimError, match="beyond the limit"):
        sized(certain, limit=250)


def test_a_probability_that_rises_with_the_size_is_told_and_looked_through() -> None:
    found = sized(deterring(), step=250)
    assert found.size is not None
    assert found.size > 3000
    assert found.rises
    assert found.rises[0].first.at >= 500
    assert all(r.difference.low > 0 for r in found.rises)
    assert 500 in found.gaps
    scanned = {int(p.at) for p in found.points}
    for rise in found.rises:  # every size of the step between its ends
        assert set(range(int(rise.first.at), int(rise.second.at), 250)) <= scanned
    assert {750, 1000, 1250} <= scanned
    assert not sized(many()).rises


def test_a_rise_beyond_the_answer_is_looked_through_too() -> None:
    """With 0.9 wanted nothing is feasible, whatever is tried."""
    found = sized(deterring(0.9), step=250)
    assert found.size is None
    assert {750, 1000, 1250} <= {int(p.at) for p in found.points}


def test_nobody_sent_and_never_authorised_are_told_apart() -> None:
    of = many(
        conditions={"ceasefire": {"probability": 0.0}},
        mandates={
            "force": {"kind": "alliance", "requires": ["ceasefire"]},
            "nobody": {"kind": "none"},
        },
    )
    found = size(of, replications=50, seed=1)
    assert found["force"].reason == "never authorised"
    assert found["nobody"].reason == "no force"
    assert found["force"].size is None
    assert list(size(of, mandates=["nobody"], replications=50, seed=1)) == ["nobody"]


def test_what_is_given_decides_which_futures_count() -> None:
    conditions = {"ceasefire": {"probability": 0.5}}
    mandates = {"force": {"kind": "alliance", "requires": ["ceasefire"]}}
    of = many(conditions=conditions, mandates=mandates)
    assert sized(of).points[0].trials < 0.6 * COUNT
    outright = sized(of.with_("feasible_when.given", "nothing"))
    assert outright.points[0].trials == COUNT
    assert outright.size is None  # no ceasefire in half of the futures


def test_the_answer_does_not_depend_on_the_executor() -> None:
    with ThreadPoolExecutor(3) as pool:
        assert sized(many(), executor=pool).table() == sized(many()).table()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"mandates": ["forse"]}, "did you mean 'force'"),
        ({"step": 0}, "at least 1"),
        ({"sizes": [0]}, "at least 1"),
        ({"replications": 0}, "at least 1"),
    ],
)
def test_what_cannot_be_asked(options: dict[str, Any], told: str) -> None:
    with pytest.raises(SimError, match=told):
        sized(many(), **options)


# -- Levers ---------------------------------------------------------------------------------------

PROBABILITY = "contributors.Aland.participation.alliance.probability"
UNITS = "contributors.Aland.forces.infantry.units"


def alone(confidence: float = 0.8, **keys: Any) -> Scenario:
    """One contributor, and a force of 1,000 that takes nine of its units within ten days."""
    return many(
        (1000,),
        confidence,
        time=days(20),
        feasible_when={
            "full": {"within": "10 days"},
            "hold": {"for": "5 days"},
            "confidence": confidence,
        },
        conditions={"backing": {"probability": 0.5}},
        contributors={"Aland": nation(**keys)},
    )


def turned(of: Scenario, path: str, **options: Any) -> Lever:
    [found] = levers(of, [path], 1000, **({"replications": COUNT, "seed": 5} | options))
    return found


def test_the_least_probability_is_that_of_every_value() -> None:
    of = alone(probability=0.4)
    found = turned(of, PROBABILITY)
    values = [k / 100 for k in range(40, 101)]

    def suffices(column: str) -> float:
        for value in values:
            table = sim.run(of.with_(PROBABILITY, value), replications=COUNT, seed=5).summary
            if table[f"p_feasible_if_authorised{column}"][0] >= 0.8:
                return value
        return math.nan

    assert found.value == suffices("_low")
    assert found.possible == suffices("_high")
    assert found.possible <= 0.8 <= found.value
    assert found.relative == pytest.approx(found.value / 0.4 - 1)
    assert len(found.points) < 30


@pytest.mark.parametrize(
    ("keys", "path", "value", "written"),
    [
        ({"units": 4}, UNITS, 9, 9),
        ({"units": 4}, "contributors.Aland.forces.0.units", 9, 9),
        ({"notice": "16 days"}, "contributors.Aland.forces.infantry.notice", 10, "10 days"),
        ({"at_most": 300}, "contributors.Aland.participation.alliance.at_most", 900, 900),
        ({"kept_back": 6}, "contributors.Aland.forces.infantry.kept_back", 1, 1),
    ],
)
def test_a_lever_that_decides_alone_stops_where_it_must(
    keys: dict[str, Any], path: str, value: float, written: Any
) -> None:
    found = turned(alone(**keys), path, replications=30)
    assert found.value == pytest.approx(value)
    assert found.dial.value(value) == written
    assert type(found.dial.value(value)) is type(written)


def test_a_distribution_is_scaled_as_a_whole_and_a_beta_keeps_its_strength() -> None:
    of = alone(notice="uniform(10, 18) days")
    found = turned(of, "contributors.Aland.forces.infantry.notice", replications=100)
    assert found.dial.kind == "factor"
    assert found.value is not None
    # At most 0.55: the latest of ten days; as soon as one in eight may come later, a little more.
    assert 0.55 <= found.value <= 0.64
    assert found.dial.value(0.5) == "uniform(5, 9) days"
    of = alone(units=12, available="beta(6, 4)")
    found = turned(of, "contributors.Aland.forces.infantry.available")
    assert found.dial.kind == "mean"
    assert found.dial.start == pytest.approx(0.6)
    assert found.dial.value(0.9) == "beta(9, 1)"
    assert found.value is not None
    assert found.value > 0.75


def test_a_conditional_probability_becomes_one_number() -> None:
    of = alone(probability={"when": "backing", "then": 0.6, "else": 0.2})
    found = turned(of, PROBABILITY)
    assert found.dial.start == pytest.approx(0.4, abs=0.05)
    assert found.dial.written == {"when": "backing", "then": 0.6, "else": 0.2}
    assert found.value is not None
    assert found.value == pytest.approx(
        turned(alone(probability=0.4), PROBABILITY).value, abs=0.011
    )
    branch = turned(of, f"{PROBABILITY}.then")
    assert branch.value is None
    assert branch.best.at == 1.0
    assert branch.best.share == pytest.approx(0.6, abs=0.1)


def test_what_is_feasible_needs_no_change() -> None:
    found = turned(alone(), UNITS, replications=50)
    assert found.value == found.dial.start == 10
    assert found.relative == 0
    assert len({p.at for p in found.points}) == len(found.points)


def test_of_several_levers_the_smallest_relative_change_comes_first() -> None:
    of = alone(units=8, probability=0.7)
    found = levers(of.with_(PROBABILITY, 1.0), [PROBABILITY, UNITS], 1000, replications=50, seed=1)
    assert [one.dial.path for one in found] == [UNITS, PROBABILITY]
    assert found[0].value == 9
    assert found[1].value is None
    assert math.isinf(found[1].relative)
    assert found[1].best.share == 0


def test_a_lever_that_does_not_move_one_way_is_told() -> None:
    """Units that are there for a while: too early and too late an authorisation both fail."""
    of = alone(units={"2026-07-01": 2, "2026-07-08": 10, "2026-07-31": 2}).with_("time", days(60))
    path = "mandates.force.authorisation.delay"
    of = of.with_("feasible_when.full.within", "2 days").with_(path, "40 days")
    found = turned(of, path, low="0 days", high="45 days", replications=60)
    assert found.value is not None

    def feasible(days: float) -> bool:
        changed = of.with_(path, f"{days:g} days")
        return bool(sim.run(changed, replications=10, seed=1).summary["p_feasible"][0] == 1)

    expected = max(day for day in range(41) if feasible(day))
    assert found.value == pytest.approx(expected, abs=0.11)
    assert found.rises
    assert not turned(alone(probability=0.4), PROBABILITY).rises


def test_values_that_the_language_refuses_are_left_out() -> None:
    of = alone(probability=0.4, tour="12 days", rest={"goal": "40 days", "least": "20 days"})
    found = turned(of, "contributors.Aland.rest.goal", replications=50)
    assert min(p.at for p in found.points) >= 20
    assert found.value is None


@pytest.mark.parametrize(
    ("path", "options", "told"),
    [
        ("contributors.Oland.army", {}, "no 'Oland'; did you mean 'Aland'"),
        ("contributors.Aland.forces.medical.units", {}, "no single item 'medical'"),
        ("contributors.Aland", {}, "name one of tour, at_start"),
        ("title", {}, "no value that can be turned"),
        (PROBABILITY, {"low": "much"}, "its range is a number"),
        (PROBABILITY, {"low": 0.9, "high": 0.1}, "no range"),
        ("contributors.Aland.tour", {"high": "3 weeks"}, "a number of years"),
        (PROBABILITY, {"mandate": "forse"}, "did you mean 'force'"),
    ],
)
def test_what_is_no_lever(path: str, options: dict[str, Any], told: str) -> None:
    with pytest.raises(SimError, match=told):
        turned(alone(), path, **options)


# -- The command ----------------------------------------------------------------------------------

STARTER = Path(sim.__file__).parent / "cli" / "starter.yaml"
NORTHLAND = "contributors.Northland.participation.reassurance.probability"


@pytest.fixture
def starter(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_bytes(STARTER.read_bytes())
    return path


def invoke(*args: object, width: int = 120) -> str:
    options = ["size", *map(str, args), "-j", "1", "--seed", "1"]
    result = CliRunner().invoke(cli, options, env={"COLUMNS": str(width)})
    assert result.exception is None, result.exception
    return result.output


@pytest.mark.parametrize("width", [60, 120])
def test_the_answer_stands_first(starter: Path, width: int) -> None:
    text = invoke(starter, "-n", 300, "--step", 1000, width=width)
    lines = text.splitlines()
    assert lines[0] == "My first force"
    assert lines[3].startswith("reassurance: up to 2,000 at 80% confidence")
    assert all(len(line.rstrip()) <= width for line in lines)
    assert "95% interval" in " ".join(text.split())


@pytest.mark.parametrize("width", [60, 120])
def test_levers_are_told_in_words(starter: Path, width: int) -> None:
    options = ("--size", 3000, "--lever", NORTHLAND, "--lever", "will.correlation")
    text = invoke(starter, "-n", 80, *options, width=width)
    assert all(len(line.rstrip()) <= width for line in text.splitlines())
    told = " ".join(text.split())
    assert "reassurance, 3,000: now" in told
    assert f"{NORTHLAND} now 0.95; none from" in told
    assert "best:" in told


def test_json_and_csv(starter: Path, tmp_path: Path) -> None:
    answer = json.loads(invoke(starter, "-n", 200, "--step", 1000, "--json"))
    [mandate] = answer["mandates"]
    assert mandate["size"] in (1000, 2000)
    assert [row["force_size"] for row in mandate["sizes"]] == sorted(
        row["force_size"] for row in mandate["sizes"]
    )
    out = tmp_path / "levers.csv"
    text = invoke(starter, "-n", 100, "--size", 3000, "--lever", NORTHLAND, "--json", "--out", out)
    [lever] = json.loads(text)["levers"]
    rows = list(csv.DictReader(out.read_text("utf-8").splitlines()))
    assert [float(row["value"]) for row in rows] == [row["value"] for row in lever["values"]]
    assert lever["value"] is None
    assert lever["best_p"] == max(row["p"] for row in lever["values"])


def test_in_a_pipe_it_is_plain(starter: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sim", "size", str(starter), "-n", "50", "-j", "1"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "\x1b" not in done.stdout
    assert not done.stderr
    assert "reassurance: " in done.stdout


def test_wrong_input_gets_2(starter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for args, told in (
        ((starter, "--size", 3000), "--lever and --size go together"),
        ((starter, "--lever", NORTHLAND), "--lever and --size go together"),
        ((starter, "--from", 0.1), "a single --lever"),
        ((starter, "--sizes", "many"), "expected whole numbers"),
        ((starter, "--sizes", "3000", "--size", 3000, "--lever", NORTHLAND), "look for a size"),
        ((starter, "--mandate", "reasurance", "-n", 10), "did you mean 'reassurance'"),
        ((starter, "--size", 3000, "--lever", "contributors.Nordland.army"), "'Northland'"),
        ((starter, "--out", "x.txt"), "must end in"),
        ((starter.parent / "none.yaml",), "none.yaml"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(["size", *map(str, args)])
        assert ended.value.code == 2, args
        assert told in capsys.readouterr().err
