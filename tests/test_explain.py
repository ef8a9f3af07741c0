"""`sim explain`: scenarios of which it is known by hand what binds."""

from __future__ import annotations

import csv
import io
import json
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import LIMIT, Sections, busy, decided, nation, scenario
from click.testing import CliRunner, Result
from rich.console import Console

import sim
from sim.analysis.explain import lattice
from sim.analysis.explain.attribution import Explanation, explain
from sim.analysis.explain.lattice import Lattice, shapley_values
from sim.analysis.relaxation import FAMILIES, families_of, granted, relaxed, single
from sim.analysis.same_futures import answer, same_futures, study_of
from sim.cli import cli
from sim.cli.explain import _show
from sim.engine.plan import Plan
from sim.engine.planning import plan_of
from sim.engine.simulate import Cell
from sim.errors import SimError
from sim.report.waterfall import waterfall
from sim.running.blocks import simulate
from sim.scenario.scenario import Scenario, load

ROOT = Path(__file__).parent.parent
STARTER = Path(sim.__file__).parent / "cli" / "starter.yaml"
SHIPPED = sorted(
    path
    for folder in ("scenarios", "scenarios/claims", "tests/scenarios")
    for path in (ROOT / folder).glob("*.yaml")
)
SHARES = dict.fromkeys(["will", "caps", "pool", "rotation", "lift", "notice"], 0.0)


def explained(about: Scenario, size: int = 1000, **changes: Any) -> Explanation:
    return explain(about, size, **{"replications": 200, "seed": 1, **changes})


def shares(found: Explanation) -> dict[str, float]:
    return {effect.name: effect.shapley for effect in found.families}


def peace(**states: Sections) -> Sections:
    """A conflict that begins calm; its worse state comes at this yearly rate."""
    return {
        "states": {"calm": {}, "war": {}} | states,
        "rates": {"calm -> war": "2 per year"},
    }


ONE: dict[str, Scenario] = {
    "authorisation": scenario(mandates=decided("unanimous", North=0.6, South=0.9)),
    "renewal": scenario(
        mandates={
            "force": {
                "kind": "alliance",
                "authorisation": {
                    "rule": "unanimous",
                    "decided_by": {"North": {"consents": 1.0, "renews": 0.5}},
                },
                "renewal": {"every": "8 weeks"},
            }
        }
    ),
    "will": scenario(contributors={"Aland": nation(probability=0.4)}),
    "caps": scenario(contributors={"Aland": nation(at_most="uniform(800, 1200)")}),
    "pool": scenario(contributors={"Aland": nation(available="uniform(0.5, 1)")}),
    "lift": scenario(
        corridors={"road": {"capacity": "uniform(5, 30) per day"}},
        contributors={"Aland": nation(corridor="road")},
    ),
    "notice": scenario(contributors={"Aland": nation(notice="uniform(1, 20) weeks")}),
    "withdrawals": scenario(conflict=peace(calm={"withdrawal": "1 per year"}) | {"rates": {}}),
    "conflict": scenario(conflict=peace(war={"ends_mission": True})),
}


@pytest.mark.parametrize("family", ONE)
def test_the_one_thing_that_binds_is_found(family: str) -> None:
    found = explained(ONE[family], given="nothing")
    assert 0.05 < found.base.estimate < 0.95
    assert found.everything.estimate == 1
    effects = {effect.name: effect for effect in found.families}
    mine = effects.pop(family)
    assert mine.alone.estimate == 1
    assert mine.gain.estimate == pytest.approx(1 - found.base.estimate)
    assert mine.all_but.estimate == found.base.estimate
    assert mine.shapley == pytest.approx(1 - found.base.estimate, abs=1e-12)
    for other in effects.values():
        assert other.alone.estimate == found.base.estimate, other.name
        assert other.all_but.estimate == 1, other.name
        assert abs(other.shapley) < 1e-12, other.name
    assert found.enough == (((family,), mine.alone),)


def test_what_is_short_is_long_enough_if_it_need_not_rest() -> None:
    """Too few units to relieve one another: more units help, and so do longer tours."""
    aland = nation(units=15, tour="8 weeks", rest={"goal": "26 weeks"}, at_start="rested")
    found = explained(scenario(contributors={"Aland": aland}), replications=20)
    assert found.base.estimate == 0
    mine = shares(found)
    assert mine.pop("pool") == mine.pop("rotation") == 0.5
    assert not any(mine.values())
    assert [names for names, _ in found.enough] == [("pool",), ("rotation",)]


def test_two_things_that_bind_together_share() -> None:
    aland = nation(at_most=500, notice="15 weeks")
    found = explained(scenario(contributors={"Aland": aland}), replications=20)
    assert all(effect.alone.estimate == 0 for effect in found.families)
    mine = shares(found)
    assert mine.pop("caps") == mine.pop("notice") == 0.5
    assert not any(mine.values())
    assert [names for names, _ in found.enough] == [("caps", "notice")]


def test_given_the_authorisation_the_same_futures_are_judged() -> None:
    given = scenario(
        mandates=decided("unanimous", North=0.6),
        contributors={"Aland": nation(probability=0.5)},
    )
    outright, authorised = (explained(given, given=g) for g in ("nothing", "authorisation"))
    assert "authorisation" not in shares(authorised)
    assert set(shares(outright)) - set(shares(authorised)) == {"authorisation"}
    assert outright.judged == 200
    share = authorised.judged / 200
    assert outright.base.estimate == pytest.approx(share * authorised.base.estimate)
    # P = a w: the Shapley values of two independent factors.
    a, w = share, 0.5
    error = LIMIT * next(e.shapley_mcse for e in outright.families if e.name == "will")
    assert abs(shares(outright)["will"] - (1 - w) * (1 + a) / 2) < error


def test_a_condition_that_is_required_comes_true() -> None:
    """And with it all that hangs on it: the war that goes on without it does not."""
    given = scenario(
        conditions={"truce": {"probability": 0.5}},
        mandates={"force": {"kind": "alliance", "requires": ["truce"]}},
        conflict={
            **peace(war={"ends_mission": True}),
            "start": {"when": "truce", "then": "calm", "else": "war"},
            "rates": {},
        },
    )
    found = explained(given, given="nothing")
    effects = {effect.name: effect for effect in found.families}
    assert effects["authorisation"].alone.estimate == 1
    assert effects["conflict"].alone.estimate == found.base.estimate


# -- Relaxations --------------------------------------------------------------------------------


def plan_and_size(path: Path) -> list[tuple[Plan, int]]:
    plan = plan_of(load(path).specification)
    return [
        (single(plan, index), max(mandate.sizes))
        for index, mandate in enumerate(plan.mandates)
        if mandate.sends
    ]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_with_everything_relaxed_every_shipped_force_is_feasible(path: Path) -> None:
    for plan, size in plan_and_size(path)[-1:]:
        found = answer(relaxed(plan, size, FAMILIES), size, 6, 1)
        assert found.authorised.all()
        assert found.feasible.all(), plan.mandates[0].name


def test_nothing_relaxed_is_the_plan_itself_and_order_does_not_matter() -> None:
    plan = single(plan_of(busy().specification), 1)
    assert relaxed(plan, 600, []) == plan
    assert relaxed(plan, 600, FAMILIES) == relaxed(plan, 600, reversed(list(FAMILIES)))
    assert set(families_of(plan, 600)) == set(FAMILIES)


def test_a_mandate_by_itself_has_the_same_futures() -> None:
    plan = plan_of(busy().specification)
    both = simulate(
        plan, cells=[Cell(1, 600)], replications=300, seed=5, keep_replications=True
    ).rows[Cell(1, 600)][0]
    alone = answer(single(plan, 1), 600, 300, 5)
    for name in ("authorised", "pledged", "feasible"):
        assert (both[name] == getattr(alone, name)).all()
    assert 0 < alone.feasible.sum() < 300


TOUCHED = {
    "authorisation": ("conditions.", "consents.", "joins", "authorised", "at_most"),
    "will": ("joins",),
    "caps": ("at_most",),
    "pool": ("available", "contributors"),
    "lift": ("corridors.",),
}
DRAWN = ("conditions.", "consents.", "joins", "available", "at_most", "corridors.", "authorised")


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_not_relaxed_is_drawn_as_before(family: str) -> None:
    plan, cell = single(plan_of(busy().specification), 1), Cell(0, 600)

    def rows(some: Plan) -> dict[str, Any]:
        run = simulate(some, cells=[cell], replications=200, seed=5, keep_replications=True)
        return {
            name: column
            for name, column in run.rows[cell][0].items()
            if any(part in name for part in DRAWN) and "months" not in name
        }

    before, after = rows(plan), rows(relaxed(plan, 600, [family]))
    for name, column in before.items():
        if not any(part in name for part in TOUCHED.get(family, ())):
            assert np.array_equal(column, after[name], equal_nan=column.dtype == float), name


def test_a_capability_from_nowhere_is_exactly_what_is_asked_for() -> None:
    given = scenario(
        force={"sizes": [1000], "capabilities": {"infantry": 0.6, "medical": 0.4}},
        contributors={"Aland": nation(units=6, at_most=600)},
    )
    plan = single(plan_of(given.specification), 0)
    assert not answer(plan, 1000, 4, 1).feasible.any()
    assert answer(
        granted(plan, 1000, [plan.capabilities.index("medical")]), 1000, 4, 1
    ).feasible.all()
    assert not answer(granted(plan, 1000, [0]), 1000, 4, 1).feasible.any()


def test_capabilities_one_by_one() -> None:
    """Infantry is short, medics are not: the one binds alone, the other not at all."""
    aland = nation(units=3) | {
        "forces": [
            {"capability": "infantry", "units": 3, "strength": 100},
            {"capability": "medical", "units": 9, "strength": 100},
        ]
    }
    given = scenario(
        force={"sizes": [1000], "capabilities": {"infantry": 0.5, "medical": 0.5}},
        contributors={"Aland": aland},
    )
    found = explained(given, replications=10, shapley=False)
    infantry, medical = found.capabilities
    assert (infantry.name, infantry.alone.estimate, infantry.all_but.estimate) == ("infantry", 1, 0)
    assert (medical.name, medical.alone.estimate, medical.all_but.estimate) == ("medical", 0, 1)
    assert all(math.isnan(effect.shapley) for effect in found.families)


# -- Shapley values -----------------------------------------------------------------------------


def test_shapley_values_are_means_over_all_orders() -> None:
    rng = np.random.default_rng(3)
    count, n = 4, 50
    subsets = [frozenset(i for i in range(count) if bits >> i & 1) for bits in range(1 << count)]
    feasible = {subset: rng.random(n) < 0.5 for subset in subsets}
    orders = list(permutations(range(count)))
    for family, (value, error) in enumerate(shapley_values(feasible, count)):
        added = np.zeros(n)
        for order in orders:
            before = frozenset(order[: order.index(family)])
            added += feasible[before | {family}].astype(int) - feasible[before].astype(int)
        added /= len(orders)
        assert value == pytest.approx(added.mean(), abs=1e-12)
        assert error == pytest.approx(added.std(ddof=1) / math.sqrt(n))


def test_shares_add_up_to_the_gap() -> None:
    aland = nation(
        probability=0.7,
        at_most="uniform(800, 1500)",
        available="uniform(0.7, 1)",
        notice="uniform(1, 15) weeks",
    )
    found = explained(scenario(contributors={"Aland": aland}), replications=300)
    assert len([share for share in shares(found).values() if share]) == 4
    gap = found.everything.estimate - found.base.estimate
    assert 0.5 < gap < 1
    assert sum(shares(found).values()) == pytest.approx(gap, abs=1e-12)
    for effect in found.families:
        assert effect.gain.estimate == pytest.approx(effect.alone.estimate - found.base.estimate)


def test_subsets_that_are_left_out_are_feasible_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    given = scenario(
        contributors={"Aland": nation(probability=0.5, at_most=500, notice="2 weeks")},
        conflict=peace(war={"ends_mission": True}),
    )
    study = study_of(given, 1000, None, None, 50, 1)
    families = families_of(study.plan, 1000)
    with same_futures(study, 1, None, None) as ask:
        tree = Lattice(study.plan, 1000, families, ask)
        judged = np.ones(50, np.bool_)
        possible = set(tree.possible(judged))
        every = tree.ask(tree.subsets())
        assert 0 < len(possible) < len(every)
        assert not any(found.feasible.any() for s, found in every.items() if s not in possible)
        # The guard: were caps taken for something that comes after the pledge, this would show.
        monkeypatch.setattr(lattice, "_AFTER_THE_PLEDGE", ("caps", "notice"))
        wrong = set(tree.possible(judged))
        assert any(found.feasible.any() for s, found in every.items() if s not in wrong)


def test_numbers_do_not_depend_on_who_computes_them() -> None:
    given = scenario(contributors={"Aland": nation(probability=0.7, at_most="uniform(800, 1500)")})
    here = explained(given, replications=30)
    with ThreadPoolExecutor(3) as threads:
        there = explained(given, replications=30, executor=threads)
    assert repr(here) == repr(there)


# -- Mistakes and the command -------------------------------------------------------------------


def test_mistakes_are_explained() -> None:
    with pytest.raises(SimError, match="which mandate"):
        explain(busy(), 600)
    with pytest.raises(SimError, match="sends nobody"):
        explain(busy(), 600, "nobody")
    with pytest.raises(SimError, match="size must be at least 1"):
        explain(scenario(), 0)
    with pytest.raises(SimError, match="no reading 'authorized'; known: authorisation, nothing"):
        explain(scenario(), 1000, given="authorized")
    never = scenario(mandates=decided("unanimous", North=0.0), feasible_when={
        "full": {"within": "10 weeks"}, "given": "authorisation",
    })  # fmt: skip
    with pytest.raises(SimError, match="authorised in none of 20 replications"):
        explain(never, 1000, replications=20)


def test_a_force_that_is_certain_has_nothing_to_explain() -> None:
    found = explained(scenario(), replications=5)
    assert found.base.estimate == found.everything.estimate == 1
    assert not any(shares(found).values())
    assert found.enough[0][0] == ()


def test_the_waterfall_is_the_same_for_the_same_explanation() -> None:
    found = explained(ONE["will"], replications=40)
    first, second = waterfall(found), waterfall(found)
    assert first == second
    assert set(first) == {"waterfall.png", "waterfall.svg"}
    assert first["waterfall.png"].startswith(b"\x89PNG")


def invoke(*args: object, columns: int = 120) -> Result:
    result = CliRunner().invoke(
        cli, ["explain", *(str(a) for a in args)], env={"COLUMNS": str(columns)}
    )
    assert result.exception is None or isinstance(result.exception, SystemExit | SimError)
    return result


@pytest.mark.parametrize("columns", [60, 140])
def test_the_command_says_what_binds(tmp_path: Path, columns: int) -> None:
    result = invoke(
        STARTER, "--size", 4000, "-n", 40, "-j", 1, "-o", tmp_path, "--no-shapley", columns=columns
    )
    assert result.exit_code == 0
    assert "Relaxed alone, " in result.output
    assert "Results:" in result.output
    assert all(len(line.rstrip()) <= columns for line in result.output.splitlines())
    assert [path.name for path in tmp_path.iterdir()] == ["explain.csv"]
    with (tmp_path / "explain.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["name"] for row in rows if row["kind"] == "constraint"} == set(SHARES)
    assert all(row["shapley"] == "" for row in rows)


@pytest.mark.parametrize("columns", [60, 75, 76, 140])
@pytest.mark.parametrize("harmed", [0.0, 0.02])
def test_the_note_below_tells_of_the_columns_that_are_shown(columns: int, harmed: float) -> None:
    found = explained(ONE["will"], replications=40)
    family, *others = found.families
    found = replace(found, families=(replace(family, harmed=harmed), *others))
    _show(found, Console(file=(out := io.StringIO()), width=columns))
    told = out.getvalue()
    shown = bool(harmed) and columns >= 76
    assert ("Harmed" in told.partition("Alone: P(feasible)")[0]) == shown
    assert ("Harmed: futures" in " ".join(told.split())) == shown


def test_the_command_answers_programs(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(STARTER.read_bytes())
    result = invoke(path, "--size", 4000, "-n", 60, "-j", 2, "-o", tmp_path / "out", "--json")
    found = json.loads(result.output)
    assert {effect["name"] for effect in found["families"]} == set(SHARES)
    gap = found["everything"]["estimate"] - found["base"]["estimate"]
    assert sum(effect["shapley"] for effect in found["families"]) == pytest.approx(gap)
    assert "only" in found["words"][-1]
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert names == {"explain.csv", "waterfall.png", "waterfall.svg"}


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((STARTER,), "Missing option '--size'"),
        ((STARTER, "--size", 0), "0 is not in the range"),
        ((STARTER, "--size", 100, "--mandate", "reasurance"), "did you mean"),
        ((STARTER, "--size", 100, "--reading", "never"), "if-authorised"),
    ],
)
def test_wrong_input_is_told(args: tuple[object, ...], message: str) -> None:
    result = invoke(*args)
    assert result.exit_code
    assert message in result.output + str(result.exception)
