"""`sim trace` and `sim.units`: one future unit by unit, as the core has it."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from two_engines import Case, balance, compare, run_core
from wild_scenarios import wild_scenario

import sim
from sim.analysis.trace.future import Future, choose
from sim.analysis.trace.tracing import Trace, trace
from sim.cli import cli, main
from sim.engine.streams import BLOCK
from sim.engine.units_record import State
from sim.errors import SimError
from sim.results.files import to_csv
from sim.scenario.scenario import load

STARTER = Path(sim.__file__).parent / "cli" / "starter.yaml"
SCENARIOS = Path(__file__).parent.parent / "scenarios"
HEADER = ["step", "date", "contributor", "pool", "unit", "event", "reason"]


@pytest.fixture
def starter(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_bytes(STARTER.read_bytes())
    return path


@pytest.fixture(scope="module")
def found() -> Trace:
    return trace(choose(load(STARTER), size=5_000, replications=300))


def invoke(*args: object) -> Result:
    result = CliRunner().invoke(cli, [str(a) for a in args], env={"COLUMNS": "120"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def answer_of(*args: object) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(invoke("trace", *args, "--json").output)
    return answer


def case_of(future: Future) -> Case:
    return Case(
        future.plan, future.mandate, future.size, future.muster, future.offer, (future.lane,)
    )


# -- the same future as the core's -----------------------------------------------------------


def test_the_log_tells_of_the_units_that_the_core_sends(found: Trace) -> None:
    future = found.future
    case = case_of(future)
    compare(case, {future.lane: found.record})
    balance(found.record, found.plan)
    sends = run_core(case).history["sends"][..., future.lane]
    core: Counter[tuple[int, str]] = Counter()
    for number, line in enumerate(found.mandate.lines):
        for step in np.flatnonzero(sends[:, number]):
            core[int(step), found.plan.pools[line.pool].name] += int(sends[step, number])
    table = found.events()
    told = zip(table["step"], table["pool"], table["event"], strict=True)
    assert Counter((step, pool) for step, pool, event in told if event == "sent") == core
    assert core


def check_lives(found: Trace) -> None:
    """In every step the bars of the picture are the counts of the record."""
    names = [pool.name for pool in found.plan.pools]
    for state in (State.COUNTED, State.OUTGOING, State.RESTED, State.RESTING):
        drawn = np.zeros((found.plan.steps, len(names)), np.int64)
        for life in found.lives:
            for stay in life.stays:
                if stay.state == state.value:
                    drawn[stay.begin : stay.end, names.index(life.pool)] += 1
        np.testing.assert_array_equal(drawn, getattr(found.record, state.value), state.value)


def test_the_bars_are_the_record(found: Trace) -> None:
    check_lives(found)
    assert sum(life.was_sent for life in found.lives) > 10


def test_the_bars_are_the_record_in_wild_scenarios() -> None:
    ended = sent = 0
    for number in range(60):
        scenario = wild_scenario(Random(number))
        try:
            future = choose(scenario, which="best", replications=9, seed=number)
        except SimError:
            continue
        wild = trace(future)
        check_lives(wild)
        ended += wild.facts()["mission_ended"] is not None
        sent += any(life.was_sent for life in wild.lives)
    assert ended > 3
    assert sent > 20


def test_the_table_is_in_order(found: Trace) -> None:
    rows = list(csv.reader(io.StringIO(to_csv(found.events()).decode(), newline="")))
    assert rows[0] == HEADER
    assert len(rows) == len(found.record.log) + 1
    steps = [int(row[0]) for row in rows[1:]]
    assert steps == sorted(steps)
    assert rows[1][1] == found.date(steps[0]).isoformat()
    assert all(int(row[4]) > 0 for row in rows[1:])


# -- which future ----------------------------------------------------------------------------


def test_worst_median_and_best_are_in_order_and_the_first_of_equals() -> None:
    scenario = load(STARTER)
    chosen = {
        which: choose(scenario, size=6_000, which=which, replications=90)
        for which in ("worst", "median", "best")
    }
    scores = [future.score for future in chosen.values()]
    assert all(scores)
    assert scores[0] < scores[1] < scores[2]  # type: ignore[operator]
    every = [trace(choose(scenario, size=6_000, replication=k)) for k in authorised(90)]
    filled = [1 - int(t.verdict.misses[0]) / int(t.verdict.hold_steps[0]) for t in every]
    assert min(filled) == pytest.approx(scores[0][0])  # type: ignore[index]
    assert max(filled) == pytest.approx(scores[2][0])  # type: ignore[index]
    assert sorted(filled)[(len(filled) - 1) // 2] == pytest.approx(scores[1][0])  # type: ignore[index]
    # Where everything is as good as can be, the first stands for all.
    easy = [choose(scenario, which=which, replications=50) for which in ("best", "median")]
    best = [f for f in easy if f.score == (1.0, 1.0)]
    assert len({f.replication for f in best}) <= 1


def authorised(count: int) -> list[int]:
    future = choose(load(STARTER), size=6_000, replications=count)
    return [int(lane) for lane in future.muster.lanes]


def test_a_replication_is_the_one_of_the_run() -> None:
    scenario = load(STARTER)
    rows = sim.run(scenario, replications=40, seed=7, keep_replications=True).replications
    rows = rows[(rows["force_size"] == 4_000) & rows["authorised"]]
    for _, row in rows.head(8).iterrows():
        one = trace(choose(scenario, size=4_000, replication=int(row["replication"]), seed=7))
        assert one.facts()["feasible"] == row["feasible"]
        assert one.binding == row["binding"]
        assert {gate.name: gate.passed for gate in one.gates}["full"] == row["full"]


def test_replications_beyond_the_first_block() -> None:
    future = choose(load(STARTER).with_("conditions.ceasefire.probability", 1), replication=BLOCK)
    assert future.muster.lanes[future.lane] == 0
    assert future.replication == BLOCK
    assert trace(future).record.log


# -- the command -----------------------------------------------------------------------------


def test_trace_prints_a_summary_and_writes_the_folder(starter: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = invoke("trace", starter, "--size", 5000, "-n", 100, "--out", out)
    assert result.exit_code == 0, result.output
    for said in ("My first force: reassurance, 5,000", "the median of", "authorised", "held"):
        assert said in result.output
    assert "binds" in result.output or "feasible" in result.output
    assert "Northland" in result.output
    assert str(out) in result.output
    assert {p.name for p in out.iterdir()} == {"events.csv", "gantt.png", "gantt.svg"}
    content = (out / "events.csv").read_bytes()
    assert b"\r" not in content
    assert content.decode("utf-8").splitlines()[0] == ",".join(HEADER)


def test_the_default_folder(starter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    answer = answer_of(starter, "-n", 20)
    assert answer["results"] == str(Path("results") / "mine" / "trace")
    assert (tmp_path / "results" / "mine" / "trace" / "events.csv").exists()
    assert answer["force_size"] == 1_000
    assert answer["mandate"] == "reassurance"


def test_every_option(starter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.cli.trace.gantt", lambda _: {})  # drawing takes longest
    out = ("--out", tmp_path / "o")
    many = ("--size", 5000, "-n", 60, *out)
    worst, best = answer_of(starter, "--worst", *many), answer_of(starter, "--best", *many)
    assert answer_of(starter, *many) == answer_of(starter, "--median", *many)
    assert worst["hold_filled"] < best["hold_filled"]
    assert worst["chosen"].startswith("the worst of")
    same = answer_of(starter, "--size", 5000, "-k", best["replication"], *out)
    assert same["gates"] == best["gates"]
    assert same["contributors"] == best["contributors"]
    assert same["score"] is None
    other = answer_of(starter, "--best", "--seed", 9, "--mandate", "reassurance", *many)
    assert (other["seed"], best["seed"]) == (9, 1)
    certain = answer_of(starter, "--given", "ceasefire=true", *many)
    assert certain["chosen"] == "the median of 60 authorised of 60 replications"
    alone = answer_of(starter, "--set", "contributors.Farland.forces.manoeuvre.units=1", *many)
    assert alone["contributors"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--mandate", "reasurance"], "did you mean 'reassurance'?"),
        (["--size", "5400"], "the nearest is 5,000"),
        (["--size", "-3"], "the nearest is 1,000"),
        (["--replication", "-1"], "replication"),
        (["-n", "9000"], "9000 is not in the range"),
        (["--replication", "3", "--worst"], "--replication names one future"),
        (["--replication", "3", "-n", "10"], "--replication names one future"),
        (["--replication", "0"], "not authorised: without ceasefire; an authorised one is 1"),
        (["--given", "ceasefire=false", "-n", "20"], "authorised in none of 20 replications"),
        (["--given", "ceasefire=false", "-k", "5"], "none of the first 1,000"),
        (["--given", "ceasefyre=true"], "did you mean 'ceasefire'?"),
    ],
)
def test_wrong_input_exits_2_with_a_hint_and_writes_nothing(
    starter: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["trace", str(starter), *arguments])
    assert ended.value.code == 2
    err = " ".join(capsys.readouterr().err.split())
    assert said in err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine.yaml"]


def test_a_mandate_must_send_and_be_the_only_one() -> None:
    with pytest.raises(SimError, match="no mandate of this scenario sends anybody"):
        choose(load(SCENARIOS / "no_deployment.yaml"))
    several = load(SCENARIOS / "all_mandates.yaml")
    with pytest.raises(SimError, match="which mandate"):
        choose(several)
    nobody = [name for name, m in several.specification.mandates.items() if m.kind == "none"]
    for name in nobody:
        with pytest.raises(SimError, match="sends nobody; those that send"):
            choose(several, name)
    assert nobody


COUNCIL = {"Aland": {"consents": 0}, "Bland": {"consents": 1}, "Cland": {"consents": 0}}


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"decided_by": COUNCIL}, r"1 of 3 consents \(Aland, Cland refused\)"),
        (
            {"decided_by": COUNCIL, "rule": {"at_least": 1, "vetoes": ["Cland"]}},
            "not authorised: veto of Cland; none of the first",
        ),
        ({"delay": "20 years"}, "too late"),
    ],
)
def test_why_a_future_is_not_authorised(rule: dict[str, Any], why: str) -> None:
    scenario = load(STARTER).with_("conditions.ceasefire.probability", 1)
    scenario = scenario.with_("mandates.reassurance.authorisation", rule)
    with pytest.raises(SimError, match=why):
        choose(scenario, replication=0)


def test_where_nothing_is_to_be_held_full_capability_decides() -> None:
    scenario = load(STARTER).with_("feasible_when.hold", None)
    best = choose(scenario, size=4_000, which="best", replications=60)
    worst = choose(scenario, size=4_000, which="worst", replications=60)
    assert best.score
    assert worst.score
    assert (best.score[0], worst.score[0]) == (1.0, 0.0)
    assert trace(best).facts()["hold_filled"] is None
    assert len({gate.by for gate in trace(best).gates[-2:]}) == 1
