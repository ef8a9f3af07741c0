"""Small scenarios in code, and one cell of them simulated step by step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.core import Deployment
from sim.engine.futures import Futures, draw_futures
from sim.engine.muster import Muster, muster, pledge
from sim.engine.plan import Plan
from sim.engine.planning import plan_of
from sim.engine.pools import Pools
from sim.engine.simulate import run_cell
from sim.engine.verdict import Verdict
from sim.scenario.scenario import Scenario

Array = NDArray[Any]
Sections = dict[str, Any]

SEED = 2026
LIMIT = 4.5
"""Monte Carlo standard errors within which a correct figure lies, all but surely."""


def nation(units: Any = 10, strength: int = 100, probability: Any = 1.0, **keys: Any) -> Sections:
    """A contributor with one pool of infantry; a tour outlasts every scenario of this module.

    Keys of a force element go there, those of a stance there, the rest to the contributor.
    """
    pool: Sections = {"capability": "infantry", "units": units, "strength": strength}
    stance: Sections = {"probability": probability}
    contributor: Sections = {"tour": "2 years", "at_start": "rested"}
    for key, value in keys.items():
        if key in ("available", "notice", "kept_back", "capability"):
            pool[key] = value
        elif key in ("delay", "at_most", "delivered", "requires"):
            stance[key] = value
        else:
            contributor[key] = value
    contributor["forces"] = [pool]
    contributor["participation"] = {"alliance": stance}
    return contributor


def sections(**changes: Any) -> Sections:
    """The sections of a scenario in which everything is certain, with some of them replaced."""
    plain: Sections = {
        "title": "A test",
        "time": {"start": "2026-07-01", "step": "1 week", "horizon": "30 weeks"},
        "force": {"sizes": [1000], "capabilities": {"infantry": 1.0}},
        "feasible_when": {"full": {"within": "10 weeks"}, "hold": {"for": "20 weeks"}},
        "mandates": {"force": {"kind": "alliance"}},
        "contributors": {"Aland": nation()},
    }
    if "time" in changes:
        plain["feasible_when"] = {"full": {"within": "10 days"}}
    return plain | changes


def scenario(**changes: Any) -> Scenario:
    return Scenario(**sections(**changes))


def plan(**changes: Any) -> Plan:
    return plan_of(scenario(**changes).specification)


def days(count: float) -> Sections:
    """`time` in so many daily steps."""
    return {"start": "2026-07-01", "step": "1 day", "horizon": f"{count} days"}


def decided(rule: Any, **players: Any) -> Sections:
    """`mandates` with one, decided by players who consent with these probabilities."""
    asked = {
        name: player if isinstance(player, dict) else {"consents": player}
        for name, player in players.items()
    }
    return {"force": {"kind": "alliance", "authorisation": {"rule": rule, "decided_by": asked}}}


def futures_of(plan: Plan, count: int = 8192, seed: int = SEED, block: int = 0) -> Futures:
    return draw_futures(plan, seed, block, count)


@dataclass(frozen=True)
class Run:
    """One cell; arrays of the history have the steps first and the lanes last."""

    plan: Plan
    futures: Futures
    muster: Muster
    deployment: Deployment
    verdict: Verdict
    strength: Array
    counted: Array
    sent: Array  # (lines, steps, lanes)
    state: Array  # of the conflict; empty without
    gone: Array  # (steps, contributors, lanes); empty without withdrawals


def simulate(
    plan: Plan, size: int | None = None, count: int = 8, seed: int = SEED, mandate: int = 0
) -> Run:
    """Simulate one cell (the first size where none is given)."""
    futures = draw_futures(plan, seed, 0, count)
    lanes = muster(plan, mandate, futures)
    pools = Pools(plan, mandate, lanes)
    size = plan.mandates[mandate].sizes[0] if size is None else size
    deployment = Deployment(plan, mandate, size, lanes, pools)
    offer = pledge(plan, mandate, futures, lanes.lanes)
    verdict = Verdict(plan, plan.mandates[mandate], size, lanes, offer)
    names = ("strength", "counted", "sent", "state", "gone")
    history: dict[str, list[Array]] = {name: [] for name in names}
    for step in range(plan.steps):
        deployment.advance()
        verdict.observe(step, deployment)
        history["strength"].append(deployment.strength.copy())
        history["counted"].append(deployment.counted.sum(axis=0))
        history["sent"].append(sends(pools, step))
        if deployment.chain:
            history["state"].append(deployment.chain.state.copy())
        if deployment.patience:
            history["gone"].append(deployment.patience.gone.copy())
    verdict.finish(plan.steps - 1, deployment)
    arrays = {name: np.array(rows) for name, rows in history.items()}
    arrays["sent"] = arrays["sent"].swapaxes(0, 1)
    return Run(plan, futures, lanes, deployment, verdict, **arrays)


def sends(pools: Pools, step: int) -> Array:
    """Units sent in the last step, by line and lane."""
    layout = pools.layout
    sent = np.zeros((len(pools.pool_of_line), pools.muster.count * layout.sizes), np.int64)
    for line in pools.movements.speaker:
        for seats, units in pools.movements.entries(step, int(line)):
            sent[layout.line[seats], layout.lane[layout.place[seats]]] += units
    return sent


def by_pool(pools: Pools, places: Array, elsewhere: int) -> Array:
    """What stands in the places of the pools: by pool, in the order of the plan, and lane."""
    layout, rows = pools.layout, np.argsort(pools.indices)
    shape = (len(pools.pools), pools.muster.count * layout.sizes)
    whole = np.full(shape, elsewhere, np.int64)
    for row in range(len(rows)):
        own = layout.places(row)
        whole[row, layout.lane[own]] = places[own]
    return whole[rows]


def gates(plan: Plan, size: int | None = None, count: int = 64, mandate: int = 0) -> Array:
    """Authorised, pledged, initial, full and held of every replication: bool (5, count)."""
    futures = draw_futures(plan, SEED, 0, count)
    lanes = muster(plan, mandate, futures)
    size = plan.mandates[mandate].sizes[0] if size is None else size
    offer = pledge(plan, mandate, futures, lanes.lanes)
    _, verdict, _ = run_cell(
        plan, mandate, size, futures, lanes, offer, Pools(plan, mandate, lanes)
    )
    passed = np.zeros((5, count), np.bool_)
    passed[0, lanes.lanes] = True
    for row, gate in enumerate((verdict.pledged, verdict.initial, verdict.full, verdict.held), 1):
        passed[row, lanes.lanes] = gate
    return passed


def errors_off(hits: Any, expected: float) -> float:
    """By how many Monte Carlo standard errors the share of `hits` misses its expectation."""
    found, count = float(np.mean(hits)), np.size(hits)
    if not 0 < expected < 1:
        return 0.0 if found == expected else math.inf
    return abs(found - expected) / math.sqrt(expected * (1 - expected) / count)


def mean_errors_off(values: Array, expected: float) -> float:
    """The same for a mean of independent values of unknown spread."""
    error = float(np.std(values, ddof=1)) / math.sqrt(values.size)
    found = float(np.mean(values))
    if error == 0:
        return 0.0 if math.isclose(found, expected, rel_tol=1e-12) else math.inf
    return abs(found - expected) / error


def busy(**changes: Any) -> Scenario:
    """A scenario with something of everything in it."""
    everything: Sections = {
        "title": "Everything",
        "time": {"start": "2026-07-01", "step": "1 week", "horizon": "60 weeks"},
        "force": {
            "sizes": [600, 1500],
            "capabilities": {"infantry": 0.7, "medical": 0.3},
            "substitutes": {"medical": {"infantry": 1.5}},
        },
        "feasible_when": {
            "authorised": {"within": "20 weeks"},
            "initial": {"share": 0.25, "within": "8 weeks"},
            "full": {"within": "14 weeks"},
            "hold": {"for": "25 weeks", "share_of_time": 0.9},
            "confidence": 0.5,
        },
        "rotation": {"surge": True, "handover": "1 week"},
        "conditions": {
            "ceasefire": {"probability": 0.7},
            "backing": {"probability": {"when": "ceasefire", "then": 0.6, "else": 0.1}},
        },
        "mandates": {
            "coalition": {
                "kind": "alliance",
                "requires": ["ceasefire"],
                "authorisation": {"rule": "none", "delay": "uniform(0, 10) weeks"},
            },
            "council": {
                "kind": "alliance",
                "authorisation": {
                    "rule": {"at_least": 2, "vetoes": ["North"]},
                    "delay": "triangular(1, 2, 6) weeks",
                    "decided_by": {
                        "North": {"consents": 0.9, "renews": 0.95, "delay": "uniform(0, 4) weeks"},
                        "East": {"consents": {"when": "backing", "then": 0.9, "else": 0.4}},
                        "South": {"consents": 0.6},
                    },
                },
                "renewal": {"every": "26 weeks"},
                "withdrawn_over": "3 weeks",
            },
            "nobody": {"kind": "none"},
        },
        "will": {"correlation": 0.4},
        "corridors": {
            "rail": {
                "capacity": "triangular(10, 25, 60) per day",
                "disruption": {"rate": "2 per year", "lasts": "3 weeks", "remaining": 0.2},
            },
            "sea": {"capacity": "uniform(5, 40) per day"},
        },
        "contributors": {
            "Aland": {
                "army": 20_000,
                "tour": "20 weeks",
                "rest": {"goal": "40 weeks", "least": "20 weeks"},
                "corridor": "rail",
                "forces": [
                    {
                        "capability": "infantry",
                        "units": 12,
                        "strength": 90,
                        "available": "beta(6, 2)",
                        "notice": "triangular(1, 2, 5) weeks",
                    },
                    {"capability": "medical", "units": 8, "strength": 40, "available": 0.8},
                ],
                "participation": {
                    "alliance": {"probability": 0.9, "at_most": "uniform(600, 1500)"}
                },
            },
            "Bland": {
                "army": 9_000,
                "policy": "1:2 four-month",
                "corridor": "sea",
                "priority": 2,
                "forces": [{"capability": "infantry", "units": 14, "strength": 70}],
                "participation": {
                    "alliance": {
                        "probability": {"when": "backing", "then": 0.9, "else": 0.5},
                        "delay": "uniform(0, 4) weeks",
                        "delivered": "beta(8, 2)",
                    }
                },
            },
            "Cland": {
                "tour": "26 weeks",
                "rest": {"goal": "26 weeks"},
                "priority": 3,
                "withdrawal_hazard_ratio": 2.0,
                "forces": [
                    {"capability": "medical", "units": {"2026": 6, "2027-01": 10}, "strength": 30}
                ],
                "participation": {"alliance": {"probability": 0.6}},
            },
        },
        "conflict": {
            "states": {
                "calm": {"deaths": 2.0, "withdrawal": "0.05 per year"},
                "tense": {"deaths": 9.0, "withdrawal": "0.5 per year"},
                "war": {"deaths": 30.0, "withdrawal": "2 per year", "ends_mission": True},
            },
            "rates": {
                "calm -> tense": "1 per year",
                "tense -> calm": "2 per year",
                "tense -> war": "uniform(0.2, 0.6) per year",
            },
            "deterrence": {"hazard_ratio": 0.5, "at": 1000},
            "settling": {"half_life": "26 weeks"},
            "contagion": {"factor": 3.0, "for": "8 weeks"},
        },
        "requirement": [
            {
                "method": "line",
                "length": "100 km",
                "density": "triangular(4, 8, 30) per km",
                "weight": 2.0,
            },
            {"method": "brigades", "count": "uniform(1, 3)", "slice": 400},
        ],
        "costs": {"per_soldier_month": "triangular(5_000, 9_000, 20_000) EUR"},
    }
    return Scenario(**(everything | changes))
