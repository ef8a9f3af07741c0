"""The vectorised core against the unit-level engine: the same soldiers in every step.

The two share the draws, the conflict and the verdict, but nothing that handles units. Whoever
changes what a step does changes `docs/model.md` and both of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from two_engines import Case, EnginesDifferError, Records, case_of, compare, records_of
from wild_scenarios import wild_scenario

from sim.engine.core import Deployment
from sim.engine.cycles import CycleQueue
from sim.engine.muster import Muster
from sim.engine.plan import NEVER, Plan
from sim.engine.planning import plan_of
from sim.engine.pools import Pools
from sim.engine.sending import Sender
from sim.engine.sharing import Share
from sim.scenario.scenario import Scenario, load

SCENARIOS = Path(__file__).parent.parent / "scenarios"


# -- shipped scenarios ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "name", "replications"),
    [("reassurance_force", "reassurance", 20), ("un_mission", "un_mission", 300)],
)
def test_shipped_scenarios_come_to_the_same_soldiers(
    file: str, name: str, replications: int
) -> None:
    plan = plan_of(load(SCENARIOS / f"{file}.yaml").specification)
    index = [mandate.name for mandate in plan.mandates].index(name)
    sizes = plan.mandates[index].sizes
    for size in (sizes[0], sizes[-1]):
        case = case_of(plan, index, size, seed=1, replications=replications, most=6)
        assert len(case.lanes) == 6
        compare(case)


# -- wild scenarios ---------------------------------------------------------------------------


def wild_case(random: Random, seed: int) -> Case:
    plan = plan_of(wild_scenario(random).specification)
    return case_of(plan, 0, plan.mandates[0].sizes[0], seed, replications=7, most=5)


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False), st.integers(0, 1_000))
def test_wild_scenarios_come_to_the_same_soldiers(random: Random, seed: int) -> None:
    compare(wild_case(random, seed))


# -- rare cases -------------------------------------------------------------------------------


def case_with(contributor: dict[str, Any], **others: Any) -> Case:
    """A contributor with one pool, and whatever else the scenario says."""
    sections: dict[str, Any] = {
        "title": "rare",
        "time": {"start": "2026-07-01", "step": "1 week", "horizon": "60 weeks"},
        "force": {"sizes": [4000], "capabilities": {"manoeuvre": 1.0}},
        "feasible_when": {"full": {"within": "20 weeks"}, "hold": {"for": "30 weeks"}},
        "mandates": {"m": {"kind": "alliance", "withdrawn_over": "8 weeks"}},
        "contributors": {
            "Aland": {"participation": {"alliance": {"probability": 1}}, **contributor}
        },
    }
    plan = plan_of(Scenario(**sections | others).specification)
    return case_of(plan, 0, 4000, seed=1, replications=5, most=5)


def pool(units: Any, **keys: Any) -> list[dict[str, Any]]:
    return [{"capability": "manoeuvre", "units": units, "strength": 90, **keys}]


SURGE = {"tour": "2 weeks", "rest": {"goal": "26 weeks", "least": "1 week"}}
LOSING_PATIENCE = {"states": {"peace": {"withdrawal": "2 per year"}}}
LOST_AT_ONCE = {"states": {"peace": {}, "war": {"ends_mission": True}}, "start": "war"}


def test_units_raised_after_a_cut_are_rested_though_the_pool_may_not_send_yet() -> None:
    units = {"2026-07-01": 6, "2026-07-22": 3, "2026-08-05": 6}
    rest = {"tour": "5 weeks", "rest": {"goal": "25 weeks", "least": "2 weeks"}}
    compare(case_with({**rest, "forces": pool(units, notice="9 weeks")}))


def test_units_sent_early_many_times_over_are_still_counted() -> None:
    forces = pool({"2026-07-01": 60, "2027-01-01": 10, "2027-04-01": 60})
    compare(case_with({**SURGE, "forces": forces}, rotation={"surge": True}))


def test_a_large_contributor_that_withdrew_does_not_come_back() -> None:
    units = {"2026-07-01": 60, "2027-01-01": 10, "2027-04-01": 60}
    cycle = {
        "tour": "4 weeks",
        "cycle": {"length": "20 weeks", "ready_from": "2 weeks", "ready_until": "19 weeks"},
    }
    for policy in (SURGE, cycle):
        contributor = {**policy, "forces": pool(units)}
        case = case_with(contributor, rotation={"surge": True}, conflict=LOSING_PATIENCE)
        compare(case)


def test_a_mission_that_nobody_can_serve_ends_too() -> None:
    forces = [{"capability": "fires", "units": 3, "strength": 90}]
    case = case_with({"forces": forces}, conflict=LOST_AT_ONCE)
    assert not case.asked
    compare(case)


# -- faults -----------------------------------------------------------------------------------

Patch = pytest.MonkeyPatch
Fault = Callable[[Patch], None]


def after(patch: Patch, cls: type, method: str, change: Callable[..., None]) -> None:
    """Let `change` have the object, and all arguments, after each call of a method."""
    original = getattr(cls, method)

    def changed(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        change(self, *args, **kwargs)
        return result

    patch.setattr(cls, method, changed)


def with_muster(patch: Patch, change: Callable[[Plan, Muster], Muster]) -> None:
    """Let the core alone see another muster."""
    of_pools, of_deployment = Pools.__init__, Deployment.__init__

    def pools(self: Pools, plan: Plan, index: int, muster: Muster) -> None:
        of_pools(self, plan, index, change(plan, muster))

    def deployment(
        self: Deployment, plan: Plan, index: int, size: int, muster: Muster, pools: Pools
    ) -> None:
        of_deployment(self, plan, index, size, change(plan, muster), pools)

    patch.setattr(Pools, "__init__", pools)
    patch.setattr(Deployment, "__init__", deployment)


def tour_is_a_step_longer(patch: Patch) -> None:
    def change(pools: Pools, *_: Any) -> None:
        pools.tour += 1

    after(patch, Pools, "__init__", change)


def outgoing_units_count(patch: Patch) -> None:
    def change(pools: Pools, *_: Any) -> None:
        pools.counting = pools.tour

    after(patch, Pools, "__init__", change)


def relief_comes_a_step_early(patch: Patch) -> None:
    def change(pools: Pools, *_: Any) -> None:
        pools.counting = np.maximum(pools.counting - 1, 1)

    after(patch, Pools, "__init__", change)


def ready_units_pass_for_rested(patch: Patch) -> None:
    def change(pools: Pools, *_: Any) -> None:
        pools.rested_after = pools.least

    after(patch, Pools, "__init__", change)


def rest_is_a_step_longer(patch: Patch) -> None:
    def change(pools: Pools, *_: Any) -> None:
        pools.least = np.where(pools.least < pools.rested_after, pools.least + 1, pools.least)

    after(patch, Pools, "__init__", change)


def level_is_ignored(patch: Patch) -> None:
    patch.setattr(Pools, "_level", lambda pools, row, units: np.full(len(units), 100, pools.kind))


def new_units_hide_behind_those_sent_early(patch: Patch) -> None:
    patch.setattr(Pools, "_settle", lambda *_: None)


def schedule_is_ignored(patch: Patch) -> None:
    patch.setattr(Pools, "_resize", lambda *_: None)


def withdrawn_units_come_back(patch: Patch) -> None:
    original = Pools.dismiss

    def dismiss(pools: Pools, seats: Any) -> Any:
        places = pools.layout.place[seats]
        books = [counts[places].copy() for counts in (pools.rested, pools.ready)]
        units = original(pools, seats)
        pools.rested[places], pools.ready[places] = books
        return units

    patch.setattr(Pools, "dismiss", dismiss)


def spread_has_no_offset(patch: Patch) -> None:
    with_muster(patch, lambda plan, muster: replace(muster, offset=muster.offset * 0))


def notice_is_ignored(patch: Patch) -> None:
    def change(plan: Plan, muster: Muster) -> Muster:
        return replace(muster, start=muster.joined[[pool.contributor for pool in plan.pools]])

    with_muster(patch, change)


def refused_renewal_is_ignored(patch: Patch) -> None:
    def change(plan: Plan, muster: Muster) -> Muster:
        return replace(muster, refused_renewal=np.full_like(muster.refused_renewal, NEVER))

    with_muster(patch, change)


def exit_is_at_once(patch: Patch) -> None:
    def change(deployment: Deployment, *_: Any) -> None:
        deployment.mandate = replace(deployment.mandate, withdrawn_over=1)

    after(patch, Deployment, "__init__", change)


def phases_are_ignored(patch: Patch) -> None:
    def change(deployment: Deployment, *_: Any) -> None:
        last = len(deployment.mandate.phases) - 1
        for entries in deployment.phase_of_step.values():
            entries[:] = [(last, lanes) for _, lanes in entries]

    after(patch, Deployment, "__init__", change)


def breaches_are_not_counted(patch: Patch) -> None:
    def change(deployment: Deployment) -> None:
        deployment.breaches.fill(0)

    after(patch, Deployment, "advance", change)


def substitutes_count_in_full(patch: Patch) -> None:
    def change(deployment: Deployment, *_: Any) -> None:
        deployment.lines = deployment.lines._replace(worth=deployment.lines.strength)

    after(patch, Deployment, "__init__", change)


def substitutes_go_first(patch: Patch) -> None:
    def change(sender: Sender, *_: Any) -> None:
        sender.rounds.sort(key=lambda round_: not round_.substitutes)

    after(patch, Sender, "__init__", change)


def surge_comes_first(patch: Patch) -> None:
    def change(sender: Sender, *_: Any) -> None:
        sender.rounds.sort(key=lambda round_: (round_.substitutes, not round_.beyond))

    after(patch, Sender, "__init__", change)


def cap_is_ignored(patch: Patch) -> None:
    def change(sender: Sender, *_: Any) -> None:
        sender.cap.fill(np.inf)

    after(patch, Sender, "__init__", change)


def lift_is_not_carried_over(patch: Patch) -> None:
    def change(sender: Sender, *_: Any) -> None:
        sender.largest[:-1] = 0

    after(patch, Sender, "__init__", change)


def lift_is_carried_over_without_end(patch: Patch) -> None:
    def change(sender: Sender, *_: Any) -> None:
        sender.largest.fill(np.inf)

    after(patch, Sender, "__init__", change)


def lift_is_not_used_up(patch: Patch) -> None:
    original = Sender._ask_all

    def ask_all(sender: Sender, *args: Any) -> None:
        lift = sender.lift.copy()
        original(sender, *args)
        sender.lift[:] = lift

    patch.setattr(Sender, "_ask_all", ask_all)


def burden_is_not_shared(patch: Patch) -> None:
    patch.setattr(Share, "due", lambda share, seats, lanes: share.deficit[lanes])


def lines_are_asked_backwards(patch: Patch) -> None:
    original = Sender._ask_all

    def ask_all(sender: Sender, d: Deployment, step: int, seats: Any, *args: Any) -> None:
        original(sender, d, step, seats[::-1].copy(), *args)

    patch.setattr(Sender, "_ask_all", ask_all)


def window_stays_open(patch: Patch) -> None:
    original = CycleQueue.advance

    def advance(queue: CycleQueue, step: int) -> Any:
        queue.closed.fill(-100)
        return original(queue, step)

    patch.setattr(CycleQueue, "advance", advance)


def cycle_begins_without_demobilisation(patch: Patch) -> None:
    def change(pools: Pools, *_: Any) -> None:
        pools.pools = tuple(replace(pool, demobilisation=0) for pool in pools.pools)

    after(patch, Pools, "__init__", change)


FAULTS: list[Fault] = [
    tour_is_a_step_longer,
    outgoing_units_count,
    relief_comes_a_step_early,
    ready_units_pass_for_rested,
    rest_is_a_step_longer,
    level_is_ignored,
    new_units_hide_behind_those_sent_early,
    schedule_is_ignored,
    withdrawn_units_come_back,
    spread_has_no_offset,
    notice_is_ignored,
    refused_renewal_is_ignored,
    exit_is_at_once,
    phases_are_ignored,
    breaches_are_not_counted,
    substitutes_count_in_full,
    substitutes_go_first,
    surge_comes_first,
    cap_is_ignored,
    lift_is_not_carried_over,
    lift_is_carried_over_without_end,
    lift_is_not_used_up,
    burden_is_not_shared,
    lines_are_asked_backwards,
    window_stays_open,
    cycle_begins_without_demobilisation,
]


@pytest.fixture(scope="module")
def judged() -> list[tuple[Case, Records]]:
    """Wild cases that both engines agree on, with what the unit-level engine says."""
    cases = [wild_case(Random(number), number) for number in range(60)]
    both = [(case, records_of(case)) for case in cases]
    for case, records in both:
        compare(case, records)
    return both


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.__name__))
def test_a_fault_in_the_core_is_found(
    fault: Fault, judged: list[tuple[Case, Records]], monkeypatch: Patch
) -> None:
    fault(monkeypatch)
    found = 0
    for case, records in judged:
        try:
            compare(case, records)
        except EnginesDifferError:
            found += 1
            break
    assert found
