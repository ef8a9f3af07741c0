"""`sim.units`: a force inside somebody else's SimPy environment."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simpy

import sim
from sim.analysis.trace.future import choose
from sim.engine.units import simulate_units
from sim.engine.units_record import UnitRecord
from sim.scenario.scenario import Scenario, load
from sim.units import Force, deploy

STARTER = Path(sim.__file__).parent / "cli" / "starter.yaml"
Process = Generator[simpy.Event, Any, Any]


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load(STARTER).with_("conditions.ceasefire.probability", 1)


def alone(scenario: Scenario, size: int, replication: int) -> UnitRecord:
    """The same future in an environment of its own."""
    f = choose(scenario, size=size, replication=replication)
    return simulate_units(f.plan, f.mandate, f.size, f.muster, f.lane)


def same(one: UnitRecord, other: UnitRecord) -> None:
    for field in dataclasses.fields(UnitRecord):
        left, right = getattr(one, field.name), getattr(other, field.name)
        if field.name == "log":  # within a step the order is nobody's business
            assert sorted(left) == sorted(right)
        else:
            np.testing.assert_array_equal(left, right, field.name)


def watch(env: simpy.Environment, force: Force, every: float, seen: list[Any]) -> Process:
    while not force.over:
        yield env.timeout(every)
        seen.append((env.now, force.step, force.strength, force.counted, force.fill))


def test_a_process_of_the_user_reads_the_force_every_month(scenario: Scenario) -> None:
    env, seen = simpy.Environment(), list[Any]()
    force = deploy(env, scenario, size=5_000, replication=3)
    assert (force.step, force.strength, force.counted, force.fill) == (-1, 0, 0, 0.0)
    assert force.date == force.plan.start
    env.process(watch(env, force, 30, seen))
    record = env.run(until=force.finished)
    assert isinstance(record, UnitRecord)
    assert record is force.record
    same(record, alone(scenario, 5_000, 3))
    assert len(seen) >= 30
    for now, step, strength, counted, fill in seen:
        assert step == min((now / 7 + 0.5) // 1 - 1, force.plan.steps - 1)
        assert strength == record.strength[step]
        assert counted == record.counted_for[step].sum()
        assert (fill > 0) <= (strength > 0)
    assert max(strength for _, _, strength, _, _ in seen) > 3_000
    assert env.now == force.plan.steps * 7


def test_the_fill_is_that_of_the_results(scenario: Scenario) -> None:
    """In a single future, the mean fill of the table is the fill of that future."""
    result = sim.run(scenario, replications=1, seed=1)
    table = result.trajectory[result.trajectory["force_size"] == 5_000]
    env, fills = simpy.Environment(), list[float]()
    force = deploy(env, scenario, size=5_000, replication=0, time_unit="step", seed=1)

    def observer() -> Process:
        for _ in range(force.plan.steps):
            yield env.timeout(1)
            fills.append(force.fill)

    env.process(observer())
    env.run(until=force.finished)
    assert np.allclose(fills, np.minimum(table["fill_p50"], 2), atol=0.006)
    assert max(fills) > 0.5


@pytest.mark.parametrize("step", ["1 week", "1 month", "11 days"])
@pytest.mark.parametrize("begin", [0.0, 0.1, 1234.567])
def test_any_length_of_step_and_any_beginning(scenario: Scenario, step: str, begin: float) -> None:
    other = scenario.with_("time.step", step)
    env = simpy.Environment(initial_time=begin)
    force = deploy(env, other, size=4_000, replication=1)
    env.run()
    same(force.record, alone(other, 4_000, 1))


def test_two_forces_in_one_environment(scenario: Scenario) -> None:
    env = simpy.Environment()
    first = deploy(env, scenario, size=3_000, replication=0)
    later: list[Force] = []

    def second() -> Process:
        yield env.timeout(100.25)
        later.append(deploy(env, scenario, size=5_000, replication=2))
        record = yield later[0].finished
        assert record is later[0].record
        return "done"

    assert env.run(until=env.process(second())) == "done"
    same(first.record, alone(scenario, 3_000, 0))
    same(later[0].record, alone(scenario, 5_000, 2))


def test_nothing_of_it_goes_on_after_the_last_step(scenario: Scenario) -> None:
    """Units that keep readiness cycles would go on for ever."""
    cycling = scenario
    for nation in ("Northland", "Farland"):
        path = f"contributors.{nation}.rest"
        cycling = cycling.with_(path, None).with_(
            f"contributors.{nation}.cycle",
            {"length": "18 months", "ready_from": "9 months", "ready_until": "15 months"},
        )
    env = simpy.Environment()
    force = deploy(env, cycling, size=3_000, replication=0, time_unit="step")
    env.run()
    assert any(event.event == "cycle restarted" for event in force.record.log)
    assert all(event.step < force.plan.steps for event in force.record.log)


def test_mistakes_are_told_at_once(scenario: Scenario) -> None:
    env = simpy.Environment()
    for keys, said in (
        ({"mandate": "reasurance"}, "did you mean 'reassurance'"),
        ({"size": 2_900}, "the nearest is 3,000"),
        ({"replication": -1}, "counted from 0"),
        ({"time_unit": "week"}, "must be 'day' or 'step'"),
    ):
        with pytest.raises(sim.SimError, match=said):
            deploy(env, scenario, **keys)
    with pytest.raises(sim.SimError, match="not authorised: without ceasefire"):
        deploy(env, load(STARTER), replication=0)
    assert env.peek() == float("inf")
    force = deploy(env, scenario)
    with pytest.raises(sim.SimError, match="complete after step"):
        _ = force.record


@pytest.mark.parametrize("code", ["import sim.units", "import sim; sim.units.deploy"])
def test_the_module_is_found_both_ways_and_loaded_only_then(code: str) -> None:
    program = f"import sys, sim; assert 'simpy' not in sys.modules\n{code}; sim.units.deploy\n"
    program += "assert 'simpy' in sys.modules and 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
