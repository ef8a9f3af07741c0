"""Another model drives the engine step by step: `sim.Model`."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from builders import busy, days, decided, nation, scenario
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from shipped import FILES

import sim
from sim.results.files import to_csv
from sim.running.levers import Lever
from sim.running.model import Model

TABLES = ("summary", "trajectory", "contributors", "contingents")
PEACE, WAR = 0, 1


def cell_of(result: sim.Result, name: str, mandate: str, size: int) -> bytes:
    """A table's rows of one cell, as bytes."""
    frame = getattr(result, name)
    rows = frame[(frame.mandate == mandate) & (frame.force_size == size)]
    return to_csv({column: rows[column].tolist() for column in rows})


def assert_same(one: sim.Result, other: sim.Result, mandate: str, size: int) -> None:
    for name in TABLES:
        assert cell_of(one, name, mandate, size) == cell_of(other, name, mandate, size), name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_without_interference_it_is_a_run(path: Any) -> None:
    """Every table of a mandate that sends, to the byte."""
    whole = sim.load(path)
    names = [name for name, m in whole.specification.mandates.items() if m.kind != "none"]
    mandate = names[-1] if names else next(iter(whole.specification.mandates))
    run = sim.run(whole, replications=60, seed=3, workers=1)
    size = int(run.summary[run.summary.mandate == mandate].force_size.iloc[-1])
    model = Model(whole, mandate, size, replications=60, seed=3)
    assert list(model) == list(range(model.steps))
    assert_same(run, model.result(), mandate, size)


def test_several_blocks_and_rows() -> None:
    run = sim.run(busy(), replications=9_000, seed=1, keep_replications=True)
    model = Model(busy(), "council", 1500, replications=9_000, seed=1, keep_replications=True)
    result = model.result()
    assert_same(run, result, "council", 1500)
    rows = run.replications
    rows = rows[(rows.mandate == "council") & (rows.force_size == 1500)].reset_index(drop=True)
    assert_frame_equal(rows[result.replications.columns], result.replications, check_dtype=False)
    assert result.run["set"] == []
    assert result.run["seed"] == 1


def test_what_is_read_adds_up() -> None:
    model = Model(busy(), "council", 1500, replications=300, seed=2)
    history = []
    for _ in model:
        assert np.array_equal(model.strength, model.contingents.sum(axis=0))
        assert not model.strength[~model.authorised].any()
        history.append(model.strength)
    assert history[0].max() == 0
    mean = model.result().trajectory["present_mean"].to_numpy()
    final = np.array([row[model.authorised].mean() for row in [*history[1:], model.strength]])
    assert mean == pytest.approx(final)


def test_a_branch_and_a_pickle_go_on_alike() -> None:
    model = Model(busy(), "council", 1500, replications=200, seed=4)
    for step in model:
        if step == 10:
            model.losses[0, :50] = 120
            branch, frozen = model.copy(), pickle.dumps(model)
            branch.target[:] = 0
    whole = model.result()
    name = "council"
    assert_same(whole, pickle.loads(frozen).result(), name, 1500)
    other = branch.result()
    assert cell_of(whole, "trajectory", name, 1500) != cell_of(other, "trajectory", name, 1500)
    assert whole.run["set"] == ["losses"]
    assert other.run["set"] == ["losses", "target"]


def conflict(rate: float = 0.0, **states: Any) -> dict[str, Any]:
    return {
        "states": {"peace": states, "war": {"ends_mission": True, "deaths": 100}},
        "rates": {"peace -> war": f"{rate} per year", "war -> peace": f"{rate} per year"},
    }


def test_the_conflict_is_where_it_is_set() -> None:
    model = Model(scenario(conflict=conflict()), replications=3)
    for step in model:
        if step == 5:
            model.conflict_state[1] = WAR
        assert model.conflict_state.tolist() == [
            PEACE,
            WAR if step == 5 else model.conflict_state[1],
            PEACE,
        ]
    assert model.ended.tolist() == [False, True, False]
    result = model.result()
    assert result.summary["p_feasible"][0] == pytest.approx(2 / 3)
    assert model.strength.tolist()[1] == 0


def test_to_set_the_state_that_is_there_already_is_an_order() -> None:
    """Whoever holds the peace in every step has peace, whatever the scenario's own rates."""
    restless = scenario(conflict=conflict(rate=20.0))
    for hold in (True, False):
        model = Model(restless, replications=50, seed=1)
        for _ in model:
            if hold:
                model.conflict_state[:] = PEACE
            else:  # a view writes unseen, and nothing differs: no order
                model.conflict_state.values[:] = PEACE
        assert model.ended.any() != hold


def test_rows_and_states_go_by_name() -> None:
    model = Model(scenario(conflict=conflict()), replications=3)
    model.conflict_state[1:] = "war"
    model.losses["Aland", 0] = 7
    assert model.conflict_state.tolist() == [PEACE, WAR, WAR]
    assert model.losses["Aland"].tolist() == [7, 0, 0]
    again = pickle.loads(pickle.dumps(model)).copy()
    assert again.losses["Aland", 0] == 7
    with pytest.raises(sim.SimError, match="conflict_state: no 'was'; did you mean 'war'"):
        model.conflict_state[:] = "was"
    with pytest.raises(sim.SimError, match="losses: no 'Aaland'; did you mean 'Aland'"):
        model.losses["Aaland"] = 7


def test_deaths_follow_the_state() -> None:
    model = Model(scenario(conflict=conflict(deaths=10)), replications=2)
    model.advance()
    model.advance()
    assert model.deaths == pytest.approx(model.strength * 10 / 1000 * 7 / 365.25 * 2)


def test_consent_before_and_after_the_authorisation() -> None:
    asked = decided("unanimous", Parliament={"consents": 0.0, "delay": "2 weeks"}, Council=1.0)
    model = Model(scenario(mandates=asked), replications=2)
    assert model.players == ("Parliament", "Council")
    for step in model:
        if step == 6:
            model.consent[0, 0] = True
            assert not model.strength.any()
        if step == 20:
            model.consent[:] = False  # what is authorised stays so: nothing is asked again
        assert model.authorised.tolist() == [step >= 7, False]
    assert model.strength[0] == 1000
    assert model.result().summary["p_authorised"][0] == 0.5


def test_a_consent_that_is_taken_back_stops_what_has_not_happened() -> None:
    asked = decided("unanimous", Parliament={"consents": 1.0, "delay": "8 weeks"})
    model = Model(scenario(mandates=asked), replications=2)
    for step in model:
        if step == 3:
            model.consent[0, 0] = False
        if step == 5:
            model.consent[0, 1] = False
        if step == 12:
            model.consent[0, 1] = True
    assert model.authorised.tolist() == [False, True]
    months = model.result().summary["p_authorised"][0]
    assert months == 0.5


def test_a_renewal_asks_who_consents_now() -> None:
    asked = decided("unanimous", Council=1.0)
    asked["force"] |= {"renewal": {"every": "10 weeks"}, "withdrawn_over": "1 week"}
    model = Model(scenario(mandates=asked), replications=3)
    for step in model:
        if step == 4:
            model.consent[0, :2] = False
        if step == 8:
            model.consent[0, 1] = True  # in time
        assert model.ended.tolist() == [step > 10, False, False]
    assert model.strength.tolist() == [0, 1000, 1000]


def test_participation() -> None:
    """Who comes needs its notice; who goes is gone for good."""
    two = {"Aland": nation(), "Bland": nation(probability=0.0, notice="3 weeks", units=5)}
    model = Model(scenario(contributors=two), size=1500, replications=3)
    assert model.contributors == ("Aland", "Bland")
    for step in model:
        if step == 4:
            model.participation[1, :2] = True
        if step == 12:
            model.participation[0, 0] = False
        if step == 14:
            model.participation[0, 0] = True
        if step == 8:
            assert model.contingents[1].tolist() == [500, 500, 0]
        if step == 7:
            assert model.contingents[1].tolist() == [0, 0, 0]
    assert model.contingents.tolist() == [[0, 1000, 1000], [500, 500, 0]]
    assert model.result().contributors["p_joins"].tolist() == pytest.approx([1, 2 / 3])


def test_a_decision_before_the_first_step_is_a_scenario_of_its_own() -> None:
    """Set at once, participation gives what a scenario gives in which it is certain."""
    base = {"Aland": nation(probability=0.5), "Bland": nation(units=3)}
    sure = {"Aland": nation(probability=1.0), "Bland": nation(units=3)}
    model = Model(scenario(contributors=base), replications=64, seed=9)
    model.participation[0] = True
    run = sim.run(scenario(contributors=sure), replications=64, seed=9)
    assert_same(run, model.result(), "force", 1000)
    untouched = Model(scenario(contributors=base), replications=64, seed=9).result()
    assert cell_of(run, "summary", "force", 1000) != cell_of(untouched, "summary", "force", 1000)


def test_lift_and_target() -> None:
    ways = {"corridors": {"road": {"capacity": "100 per day"}}}
    slow = scenario(
        time=days(40), contributors={"Aland": nation(units=50, corridor="road")}, **ways
    )
    model = Model(slow, size=3000, replications=2)
    assert model.corridors == ("road",)
    for step in model:
        if step == 3:
            assert model.strength.tolist() == [300, 300]
            assert model.lift.tolist() == [[100, 100]]
        if 3 <= step < 10:
            model.lift[0, 0] = 0
        if step == 10:
            assert model.strength.tolist() == [300, 1000]
            model.target[0] = 1500
            assert model.target.tolist() == [[1500, 1500]]
    assert model.strength.tolist() == [1500, 1500]
    assert model.fill == pytest.approx([0.5, 0.5])  # of what the scenario asks for


def test_losses_are_whole_units_for_good() -> None:
    """Ten units of 100 at a target of 500: lost ones are replaced while there are any."""
    model = Model(scenario(time=days(60)), size=500, replications=3)
    for step in model:
        if step == 5:
            model.losses[0] = [99, 100, 10_000]
        if step == 6:
            assert model.strength.tolist() == [500, 500, 500]  # replaced in the same step
            model.losses[0] = [1, 0, 10_000]
        if step == 9:
            model.losses[0, 2] = 1
    assert model.strength.tolist() == [500, 500, 0]
    whole = Model(scenario(time=days(60)), size=1000, replications=2)
    for step in whole:
        if step == 5:
            whole.losses[0, 0] = 250
    assert whole.strength.tolist() == [800, 1000]


def test_lost_units_neither_rest_nor_return() -> None:
    """Tours of 20 days and no rest: what was lost is missing in every later rotation."""
    quick = nation(units=4, tour="20 days", rest={"goal": "20 days", "least": "20 days"})
    model = Model(scenario(time=days(200), contributors={"Aland": quick}), size=400, replications=2)
    peak = np.zeros(2)
    for step in model:
        if step == 10:
            model.losses[0, 0] = 100
        if step > 60:
            peak = np.maximum(peak, model.strength)
    assert peak.tolist() == [300, 400]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("conflict_state", 2, "0 to 1, for peace, war are wanted, found 2"),
        ("conflict_state", 0.5, "whole numbers are wanted"),
        ("conflict_state", float("nan"), "whole numbers are wanted"),
        ("consent", 2, "true or false are wanted"),
        ("participation", "yes", "true or false are wanted"),
        ("lift", "fast", "numbers are wanted"),
        ("lift", -1, "from 0 up are wanted, found -1"),
        ("losses", float("nan"), "from 0 up are wanted, found nan"),
        ("target", float("inf"), "from 0 up are wanted, found inf"),
    ],
)
def test_what_makes_no_sense_is_refused(name: str, value: Any, told: str) -> None:
    asked = decided("unanimous", Council=1.0)
    lines = {"corridors": {"road": {"capacity": "100 per day"}}}
    model = Model(scenario(conflict=conflict(), mandates=asked, **lines), replications=2)
    with pytest.raises(sim.SimError, match=f"{name}: .*{told}"):
        getattr(model, name)[...] = value
        model.advance()
    assert model.step == 0


def test_what_is_not_there_is_told() -> None:
    with pytest.raises(sim.SimError, match="no mandate 'forse'; did you mean 'force'"):
        Model(scenario(), "forse")
    model = Model(scenario(), replications=2)
    with pytest.raises(sim.SimError, match="has no conflict to set"):
        model.conflict_state[:] = 0
    list(model)
    with pytest.raises(sim.SimError, match="all 30 steps"):
        model.advance()
    with pytest.raises(sim.SimError, match="all 30 steps"):
        model.losses[:] = 1
    assert "step 30 of 30" in repr(model)


def test_a_slip_is_not_taken_for_a_coupling() -> None:
    model = Model(scenario(conflict=conflict()), replications=2)
    slip: Any = model
    with pytest.raises(sim.SimError, match="'conflict_stat' cannot be set; did you mean 'confl"):
        slip.conflict_stat = 1
    with pytest.raises(sim.SimError, match="'strength' cannot be set; what may be set: conflict_"):
        slip.strength = 1
    with pytest.raises(ValueError, match="read-only"):
        model.fill[:] = 1
    model.conflict_state = WAR
    model.losses += 3
    model.advance()
    assert model.copy().result().run["set"] == ["conflict_state", "losses"]


def test_a_lever_is_an_array() -> None:
    lever = Lever("lift", np.zeros((2, 3)))
    lever[0, 1:] = 4
    assert lever.ordered.tolist() == [[False, True, True], [False, False, False]]
    for made in (
        lever + 1,
        lever == 4,
        np.where(lever > 1, lever, 0),
        np.concatenate([lever, lever]),
    ):
        assert type(made) is np.ndarray
    twin = lever.copy()
    twin[0, 0] = 9
    assert lever.sum() == 8
    lever += 1
    assert lever.ordered.all()
    again = pickle.loads(pickle.dumps(lever))
    assert again.ordered.tolist() == lever.ordered.tolist()
    assert np.array_equal(again, lever)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_whatever_is_set_units_are_neither_made_nor_forgotten(seed: int) -> None:
    """Anything at any time: who is there is owned, not lost, and within its cap."""
    luck = np.random.default_rng(seed)
    model = Model(busy(), "council", 1500, replications=20, seed=seed)
    part = model._parts[0]
    pools = part.deployment.pools
    for _ in model:
        where = luck.random(20) < 0.2
        match luck.integers(8):
            case 0:
                model.losses[:, where] = luck.uniform(0, 300, (len(model.contributors), 1))
            case 1:
                model.participation[:, where] = luck.random((len(model.contributors), 1)) < 0.7
            case 2:
                model.consent[:, where] = luck.random((len(model.players), 1)) < 0.7
            case 3:
                model.target[:, where] = luck.integers(0, 2_000)
            case 4:
                model.lift[:, where] = luck.integers(0, 500)
            case 5:
                model.conflict_state[where] = luck.integers(len(model.states))
            case _:
                pass
        assert (pools.present >= 0).all()
        assert (pools.counted >= 0).all()
        assert (pools.counted <= pools.present).all()
        assert (model.contingents >= 0).all()
        units = np.concatenate([units.max(axis=0) for units in pools.units])
        held = np.zeros(len(pools.lost), np.int64)
        np.add.at(held, pools.layout.place, pools.present)
        assert (held + pools.lost <= units).all()
    result = model.result().summary.iloc[0]
    assert 0 <= result.p_feasible <= result.p_full <= result.p_initial <= result.p_authorised <= 1
