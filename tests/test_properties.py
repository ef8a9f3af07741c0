"""What must hold in every scenario, whatever its numbers."""

from __future__ import annotations

import copy
from collections import deque
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from builders import SEED, Array, Sections, busy, futures_of, gates, nation, plan, simulate
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine.forces import Pool
from sim.engine.muster import muster, pledge
from sim.engine.outcomes import COUNTS, Outcomes
from sim.engine.plan import CAUSES, Plan
from sim.engine.planning import plan_of
from sim.engine.simulate import Cell, cells_of, simulate_block
from sim.results import tables
from sim.results.files import to_csv

STAGES = ("authorised", "pledged", "initial", "full", "feasible")

# -- More never hurts --------------------------------------------------------------------------

# One capability, one pool per nation, units of one size on a shared way, and no rotation: then
# whatever can be sent is sent until the need is met, so that more of anything never comes later.
STRENGTHS = (40, 90, 150)


@st.composite
def ramps(draw: st.DrawFn) -> Sections:
    """A build-up that chance makes, of one to three nations."""
    strength = draw(st.sampled_from(STRENGTHS))
    nations: Sections = {}
    for name in ("Aland", "Bland", "Cland")[: draw(st.integers(1, 3))]:
        way = draw(st.sampled_from([None, "rail", name.lower()]))
        size = strength if way == "rail" else draw(st.sampled_from(STRENGTHS))
        nations[name] = nation(
            draw(st.integers(1, 9)),
            size,
            draw(st.sampled_from([0.3, 0.7, 0.9])),
            available=draw(st.sampled_from([1.0, 0.7, "beta(4, 2)"])),
            notice=draw(st.sampled_from(["0 days", "uniform(0, 8) days"])),
            delay=draw(st.sampled_from(["0 days", "uniform(0, 6) days"])),
            at_most=draw(st.sampled_from([200, 500, "uniform(100, 900)"])),
            priority=draw(st.integers(1, 2)),
            **({"corridor": way} if way else {}),
        )
    ways = {"rail", *(str(n["corridor"]) for n in nations.values() if "corridor" in n)}
    return {
        "time": {"start": "2026-07-01", "step": "1 day", "horizon": "40 days"},
        "force": {"sizes": [draw(st.integers(100, 1200))], "capabilities": {"infantry": 1.0}},
        "feasible_when": {
            "fill": draw(st.sampled_from([0.6, 0.9, 1.0])),
            "authorised": {"within": "8 days"},
            "initial": {"share": 0.25, "within": f"{draw(st.integers(0, 10))} days"},
            "full": {"within": f"{draw(st.integers(10, 20))} days"},
            "hold": {"for": "10 days"},
        },
        "will": {"correlation": draw(st.sampled_from([0.0, 0.5]))},
        "corridors": {
            way: {"capacity": f"uniform(5, {draw(st.integers(10, 120))}) per day"}
            for way in sorted(ways)
        },
        "mandates": {
            "force": {
                "kind": "alliance",
                "authorisation": {
                    "rule": {"at_least": 2, "vetoes": ["P"]},
                    "delay": "uniform(0, 5) days",
                    "decided_by": {
                        "P": {"consents": 0.8, "delay": "uniform(0, 6) days"},
                        "Q": {"consents": 0.6},
                        "R": {"consents": 0.5, "delay": "uniform(0, 3) days"},
                    },
                },
            }
        },
        "contributors": nations,
    }


def more_units(sections: Sections) -> None:
    sections["contributors"]["Aland"]["forces"][0]["units"] += 3


def more_lift(sections: Sections) -> None:
    for way in sections["corridors"].values():
        way["capacity"] = way["capacity"].replace("uniform(5", "uniform(9")


def more_consent(sections: Sections) -> None:
    players = sections["mandates"]["force"]["authorisation"]["decided_by"]
    players["P"]["consents"], players["R"]["consents"] = 0.9, 0.8


def more_will(sections: Sections) -> None:
    stance = sections["contributors"]["Aland"]["participation"]["alliance"]
    stance["probability"] = min(1.0, stance["probability"] + 0.2)


def larger_cap(sections: Sections) -> None:
    for contributor in sections["contributors"].values():
        contributor["participation"]["alliance"]["at_most"] = "uniform(900, 1_200)"


def no_cap(sections: Sections) -> None:
    del sections["contributors"]["Aland"]["participation"]["alliance"]["at_most"]


def longer_deadline(sections: Sections) -> None:
    sections["feasible_when"]["full"]["within"] = "25 days"


def longer_patience(sections: Sections) -> None:
    sections["feasible_when"]["authorised"]["within"] = "12 days"


def less_notice(sections: Sections) -> None:
    sections["contributors"]["Aland"]["forces"][0]["notice"] = "0 days"


def another_nation(sections: Sections) -> None:
    sections["contributors"]["Dland"] = nation(4, 90, 0.5, priority=3)


MORE = (
    *(more_units, more_lift, more_consent, more_will, larger_cap, no_cap),
    *(longer_deadline, longer_patience, less_notice, another_nation),
)


@pytest.mark.parametrize("change", MORE, ids=lambda change: change.__name__)
@given(sections=ramps())
@settings(max_examples=12)
def test_more_never_hurts(change: Any, sections: Sections) -> None:
    """Future by future: what passed a gate before passes it after."""
    before = gates(plan(**sections))
    more = copy.deepcopy(sections)
    change(more)
    after = gates(plan(**more))
    assert not (before & ~after).any()


@pytest.mark.parametrize("change", MORE, ids=lambda change: change.__name__)
def test_more_helps_somewhere(change: Any) -> None:
    """The guard of the test above: each change does change something."""
    contributor = nation(
        5,
        90,
        0.7,
        available=0.8,
        notice="uniform(0, 12) days",
        at_most="uniform(300, 900)",
        corridor="rail",
    )
    sections: Sections = {
        "time": {"start": "2026-07-01", "step": "1 day", "horizon": "40 days"},
        "force": {"sizes": [400], "capabilities": {"infantry": 1.0}},
        "feasible_when": {
            "authorised": {"within": "8 days"},
            "full": {"within": "16 days"},
            "hold": {"for": "10 days"},
        },
        "corridors": {"rail": {"capacity": "uniform(5, 80) per day"}},
        "mandates": {
            "force": {
                "kind": "alliance",
                "authorisation": {
                    "rule": {"at_least": 2, "vetoes": ["P"]},
                    "decided_by": {
                        "P": {"consents": 0.7, "delay": "uniform(0, 12) days"},
                        "Q": {"consents": 0.6},
                        "R": {"consents": 0.3},
                    },
                },
            }
        },
        "contributors": {"Aland": contributor},
    }
    before = gates(plan(**sections), count=2048)
    change(sections)
    after = gates(plan(**sections), count=2048)
    assert not (before & ~after).any()
    assert (after & ~before).any()


@given(sections=ramps(), factor=st.sampled_from([1.05, 1.5, 3.0]))
@settings(max_examples=25)
def test_a_larger_force_is_never_easier_to_pledge(sections: Sections, factor: float) -> None:
    asked = plan(**sections)
    size = sections["force"]["sizes"][0]
    small, large = gates(asked, size), gates(asked, int(size * factor))
    assert (small[0] == large[0]).all()
    assert not (large[1] & ~small[1]).any()


@given(sections=ramps())
@settings(max_examples=25)
def test_what_stands_there_was_pledged(sections: Sections) -> None:
    """No force reaches full capability that the pledge said could not."""
    run = simulate(plan(**sections), count=64)
    verdict = run.verdict
    assert not ((verdict.full_at <= verdict.full_by) & ~verdict.pledged).any()


@pytest.mark.parametrize(
    ("strength", "worth"), [(12, 7), (19, 3), (20, 13), (333, 100), (150, 100)]
)
def test_just_enough_substitutes_are_enough(strength: int, worth: int) -> None:
    """What a substitute counts for is no binary fraction: nothing may hang on its last digit."""
    for units in (1, 5, 9, 27, 60):
        asked = plan(
            force={
                "sizes": [units * worth],
                "capabilities": {"medical": 1.0},
                "substitutes": {"medical": {"infantry": strength / worth}},
            },
            feasible_when={"fill": 1.0, "full": {"within": "2 weeks"}, "hold": {"for": "2 weeks"}},
            contributors={"Aland": nation(units, strength)},
        )
        assert asked.mandates[0].lines[0].worth == worth
        assert gates(asked, count=4)[4].all()
        assert not gates(asked, units * worth + 1, count=4)[1].any()


# -- The funnel and what binds -----------------------------------------------------------------


@st.composite
def variants(draw: st.DrawFn) -> Plan:
    """The scenario with everything in it, turned this way and that."""
    return plan_of(
        busy(
            force={
                "sizes": sorted({draw(st.integers(100, 2500)), draw(st.integers(100, 2500))}),
                "capabilities": {"infantry": 0.7, "medical": 0.3},
                "phases": draw(
                    st.sampled_from(
                        [
                            {"0 weeks": 1.0},
                            {"0 weeks": 0.3, "5 weeks": 1.0},
                            {"0 weeks": 0.0, "3 weeks": 1.0, "20 weeks": 0.5},
                        ]
                    )
                ),
            },
            rotation={
                "surge": draw(st.booleans()),
                "burden_sharing": draw(st.sampled_from(["priority", "proportional"])),
                "at_start": draw(st.sampled_from(["spread", "rested"])),
            },
            feasible_when={
                "fill": draw(st.sampled_from([0.5, 0.9, 1.0])),
                "authorised": {"within": f"{draw(st.integers(0, 30))} weeks"},
                "initial": {"share": 0.25, "within": f"{draw(st.integers(0, 10))} weeks"},
                "full": {"within": f"{draw(st.integers(10, 30))} weeks"},
                "hold": {"for": "26 weeks", "share_of_time": draw(st.sampled_from([0.5, 1.0]))},
                "counted_from": draw(st.sampled_from(["authorisation", "start"])),
            },
        ).specification
    )


@given(asked=variants(), seed=st.integers(0, 99))
@settings(max_examples=15)
def test_the_funnel_is_nested_and_every_failure_has_one_cause(asked: Plan, seed: int) -> None:
    for part in simulate_block(asked, seed, 0, 60, cells_of(asked), keep_rows=True):
        counts = dict(zip(COUNTS, map(int, part.outcomes.counts), strict=True))
        passed = [counts[stage] for stage in STAGES]
        assert passed == sorted(passed, reverse=True)
        assert counts["replications"] == 60 == counts["feasible"] + int(part.outcomes.causes.sum())
        assert (part.outcomes.causes >= 0).all()
        assert part.rows
        rows: dict[str, Array] = dict(part.rows)
        for wider, stage in pairwise(STAGES):
            assert not (rows[stage] & ~rows[wider]).any()
        # The cause belongs to the first gate that failed.
        names = np.array(["", *CAUSES])[rows["binding"].astype(int) + 1]
        assert ((names == "") == rows["feasible"]).all()
        assert (names[~rows["authorised"]] == "authorisation").all()
        unpledged = rows["authorised"] & ~rows["pledged"]
        assert set(names[unpledged]) <= {"will", "pool", "capability"}
        assert not {"will", "pool", "capability"} & set(names[rows["pledged"]])


@given(asked=variants(), seed=st.integers(0, 99))
@settings(max_examples=10)
def test_summaries_fit_together(asked: Plan, seed: int) -> None:
    outcomes = {p.cell: p.outcomes for p in simulate_block(asked, seed, 0, 60, cells_of(asked))}
    table = tables.summary(asked, outcomes)
    shares = np.array([table[f"binding_{cause}"] for cause in CAUSES]).sum(axis=0)
    assert shares + np.array(table["p_feasible"]) == pytest.approx(1.0, abs=1e-12)
    path = {key: np.array(values) for key, values in tables.trajectory(asked, outcomes).items()}
    some = path["replications"] > 0
    for name in ("present", "counted", "fill"):
        quantiles = np.stack([path[f"{name}_{q}"] for q in ("p05", "p25", "p50", "p75", "p95")])
        assert (np.diff(quantiles[:, some], axis=0) >= 0).all()
        assert (quantiles[:, some] >= 0).all()
        low = quantiles[0][some] * 0.95 - 1e-9  # 95% are at least the 5% quantile
        assert (path[f"{name}_mean"][some] >= low).all()
    assert (path["counted_mean"][some] <= path["present_mean"][some] + 1e-9).all()
    by_nation = tables.contributors(asked, outcomes)
    peak, mean = np.array(by_nation["peak_soldiers_mean"]), by_nation["present_soldiers_mean"]
    assert ((peak >= mean) | np.isnan(peak)).all()


@pytest.mark.parametrize("size", [300, 729, 1000, 1100])
def test_fill_is_presence_over_need(size: int) -> None:
    """One capability, authorised at once: the two curves are one, but for their scale."""
    contributors = {
        "Aland": nation(6, 90, 0.7, notice="uniform(0, 10) weeks"),
        "Bland": nation(4, 90, 0.7, notice="uniform(0, 10) weeks"),
    }
    asked = plan(
        force={"sizes": [size], "capabilities": {"infantry": 1.0}}, contributors=contributors
    )
    outcomes = {p.cell: p.outcomes for p in simulate_block(asked, SEED, 0, 200, cells_of(asked))}
    path = {key: np.array(values) for key, values in tables.trajectory(asked, outcomes).items()}
    assert path["fill_mean"] * size == pytest.approx(path["present_mean"], abs=size * 1e-6)
    for quantile in ("p05", "p25", "p50", "p75", "p95"):
        found = path[f"fill_{quantile}"] * size
        assert found == pytest.approx(path[f"present_{quantile}"], abs=1e-9)
    assert (path["present_mean"][1:] >= path["present_mean"][:-1]).all()
    run = simulate(asked, count=200)
    assert path["present_mean"] == pytest.approx(run.strength.mean(axis=1))
    exact = np.quantile(run.strength, 0.5, axis=1, method="inverted_cdf")
    assert (np.abs(path["present_p50"] - exact) <= size / 200).all()
    assert exact.max() > 0


# -- Blocks --------------------------------------------------------------------------------------


@given(order=st.permutations(range(5)), split=st.integers(1, 4))
@settings(max_examples=8)
def test_blocks_merge_in_any_order(order: list[int], split: int) -> None:
    asked, blocks = busy_blocks()
    straight = as_bytes(asked, merged([blocks[b] for b in range(5)]))
    assert straight == as_bytes(asked, merged([blocks[b] for b in order]))
    left = merged([blocks[b] for b in order[:split]])
    right = merged([blocks[b] for b in order[split:]])
    assert straight == as_bytes(asked, merged([left, right]))
    assert straight != as_bytes(asked, merged([blocks[b] for b in range(4)]))


Block = dict[Cell, Outcomes]
_BLOCKS: list[tuple[Plan, list[Block]]] = []


def busy_blocks() -> tuple[Plan, list[Block]]:
    if not _BLOCKS:
        asked = plan_of(busy().specification)
        cells = cells_of(asked)
        blocks = [
            {p.cell: p.outcomes for p in simulate_block(asked, SEED, block, 40 + block, cells)}
            for block in range(5)
        ]
        _BLOCKS.append((asked, blocks))
    return _BLOCKS[0]


def merged(blocks: list[Block]) -> Block:
    total = dict(blocks[0])
    for block in blocks[1:]:
        total = {cell: total[cell] + outcomes for cell, outcomes in block.items()}
    return total


def as_bytes(asked: Plan, outcomes: Block) -> bytes:
    ordered = {cell: outcomes[cell] for cell in cells_of(asked)}
    made = (tables.summary, tables.trajectory, tables.contributors)
    return b"".join(to_csv(make(asked, ordered)) for make in made)


# -- Units come from somewhere and go somewhere ----------------------------------------------------


@st.composite
def rotations(draw: st.DrawFn) -> Sections:
    """One pool that rotates, in daily steps."""
    tour, goal = draw(st.integers(1, 12)), draw(st.integers(0, 25))
    return {
        "units": draw(st.integers(1, 20)),
        "strength": draw(st.sampled_from([1, 30, 77])),
        "tour": tour,
        "handover": draw(st.integers(0, tour - 1)),
        "goal": goal,
        "least": draw(st.integers(0, goal)),
        "mobilisation": draw(st.integers(0, 3)),
        "demobilisation": draw(st.integers(0, 3)),
        "spread": draw(st.booleans()),
        "surge": draw(st.booleans()),
        "need": draw(st.integers(1, 900)),
        "delay": draw(st.integers(0, 12)),
    }


@given(asked=rotations())
@settings(max_examples=60)
def test_unit_days_balance(asked: Sections) -> None:
    """Unit by unit, by a queue that knows no counters: who is sent, who rests, who counts."""
    steps, strength = 90, asked["strength"]
    contributor = nation(asked["units"], strength) | {
        "tour": f"{asked['tour']} days",
        "handover": f"{asked['handover']} days",
        "rest": {"goal": f"{asked['goal']} days", "least": f"{asked['least']} days"},
        "mobilisation": f"{asked['mobilisation']} days",
        "demobilisation": f"{asked['demobilisation']} days",
        "at_start": "spread" if asked["spread"] else "rested",
    }
    built = plan(
        time={"start": "2026-07-01", "step": "1 day", "horizon": f"{steps} days"},
        force={"sizes": [asked["need"]], "capabilities": {"infantry": 1.0}},
        rotation={"surge": asked["surge"]},
        mandates={
            "force": {"kind": "alliance", "authorisation": {"delay": f"{asked['delay']} days"}}
        },
        contributors={"Aland": contributor},
    )
    run = simulate(built, count=6)
    pool = built.pools[0]
    level = pool.level(asked["units"], built.mandates[0].criteria.mission)
    for lane in range(6):
        offset = int(run.muster.offset[0, lane])
        expected = by_queue(asked, pool.cycle_length, level, offset, steps)
        sent, counted, present, breaches = expected
        assert run.sent[0, :, lane].tolist() == sent
        assert run.counted[:, lane].tolist() == [strength * units for units in counted]
        assert run.strength[:, lane].tolist() == [strength * units for units in present]
        assert run.deployment.breaches[0, lane] == breaches


def by_queue(
    asked: Sections, cycle: int, level: int, offset: int, steps: int
) -> tuple[list[int], list[int], list[int], int]:
    """The rules of docs/model.md for one pool, over a queue of units."""
    units, tour, out = asked["units"], asked["tour"], asked["handover"]
    least = asked["demobilisation"] + asked["least"]
    rested = asked["demobilisation"] + asked["goal"] + asked["mobilisation"]
    home: deque[int] = deque()  # steps since which units are at home, longest first
    for unit in reversed(range(units)):
        aged = (unit * 65536 + offset) * cycle // (units * 65536) if asked["spread"] else rested
        home.append(-aged)
    away: deque[int] = deque()  # steps at which units were sent
    sent, counted, present, breaches = [], [], [], 0
    for step in range(steps):
        while away and step - away[0] >= tour:
            away.popleft()
            home.append(step)
        assert len(home) + len(away) == units
        counts = sum(step - s < tour - out for s in away)
        need = max(0, asked["need"] - counts * asked["strength"]) if step >= asked["delay"] else 0
        wanted = -(-need // asked["strength"])
        fresh = sum(step - since >= rested for since in home)
        going = max(0, min(wanted, fresh, level - counts))
        if asked["surge"]:
            ready = sum(step - since >= least for since in home)
            beyond = max(0, min(wanted - going, ready - going))
            breaches += max(0, beyond - (fresh - going))
            going += beyond
        for _ in range(going):
            assert step - home.popleft() >= least
            away.append(step)
        sent.append(going)
        counted.append(counts + going)
        present.append(len(away))
    return sent, counted, present, breaches


def test_the_queue_tells_a_wrong_engine_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """One changed line: a pool is asked for one unit more than it can keep up."""
    right = Pool.level
    monkeypatch.setattr(Pool, "level", lambda pool, units, mission: right(pool, units, mission) + 1)
    asked: Sections = dict.fromkeys(("handover", "mobilisation", "demobilisation", "delay"), 0)
    asked |= {"units": 8, "strength": 30, "tour": 6, "goal": 18, "least": 18, "need": 900}
    asked |= {"spread": True, "surge": False}
    run = simulate(
        plan(
            time={"start": "2026-07-01", "step": "1 day", "horizon": "90 days"},
            force={"sizes": [900], "capabilities": {"infantry": 1.0}},
            contributors={
                "Aland": nation(8, 30)
                | {"tour": "6 days", "rest": {"goal": "18 days"}, "at_start": "spread"}
            },
        )
    )
    told: Array = run.sent[0, :, 0]
    assert told.tolist() != by_queue(asked, 24, 2, int(run.muster.offset[0, 0]), 90)[0]


# -- The pledge ----------------------------------------------------------------------------------


@given(
    caps=st.lists(st.sampled_from([50, 100, 150, 300]), min_size=2, max_size=2),
    units=st.lists(st.integers(0, 3), min_size=6, max_size=6),
    need=st.lists(st.sampled_from([0, 50, 100, 150, 300]), min_size=3, max_size=3),
)
@settings(max_examples=100)
def test_the_pledge_is_a_flow(caps: list[int], units: list[int], need: list[int]) -> None:
    """Gale's condition against a search over everything that two nations could send."""
    total = sum(need)
    names = ("infantry", "medical", "engineers")
    asked_for = {name: n / total for name, n in zip(names, need, strict=True) if n}
    if not asked_for:
        return
    contributors: Sections = {}
    for number, cap in enumerate(caps):
        contributor = nation(1, 50, at_most=cap)
        contributor["forces"] = [
            {"capability": name, "units": units[3 * number + i], "strength": 50}
            for i, name in enumerate(names)
        ]
        contributors[f"N{number}"] = contributor
    built = plan(
        force={"sizes": [total], "capabilities": asked_for},
        feasible_when={"fill": 1.0, "full": {"within": "2 weeks"}, "hold": {"for": "2 weeks"}},
        contributors=contributors,
    )
    sends = []
    for number, cap in enumerate(caps):
        have = [units[3 * number + i] for i in range(3)]
        sends.append(
            [
                (a, b, c)
                for a in range(have[0] + 1)
                for b in range(have[1] + 1)
                for c in range(have[2] + 1)
                if 50 * (a + b + c) <= cap
            ]
        )
    possible = any(
        all(50 * (x + y) >= n for x, y, n in zip(one, two, need, strict=True))
        for one in sends[0]
        for two in sends[1]
    )
    assert gates(built, count=2)[1].all() == possible


def test_what_everybody_could_send_is_no_less_than_what_joined_ones_do() -> None:
    asked = plan_of(busy().specification)
    futures = futures_of(asked, 500)
    for index in (0, 1):
        lanes = muster(asked, index, futures)
        offer = pledge(asked, index, futures, lanes.lanes)
        assert (offer.joined <= offer.everybody).all()
        assert (offer.joined < offer.everybody).any()
