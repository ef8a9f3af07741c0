"""The engine against what can be worked out with pen and paper.

What chance decides must agree within 4.5 Monte Carlo standard errors. Each such test also runs a
variant that is wrong in one place, and must tell it apart.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from builders import (
    LIMIT,
    SEED,
    Array,
    Sections,
    days,
    decided,
    errors_off,
    futures_of,
    mean_errors_off,
    nation,
    plan,
    scenario,
    simulate,
)
from scipy import stats
from scipy.special import ndtri

import sim.engine.futures
import sim.engine.politics
from sim.engine.conflict import ConflictChain
from sim.engine.plan import NEVER, Authorisation, Corridor, Plan
from sim.running.runner import run

# -- Consents ----------------------------------------------------------------------------------

CONSENTS = {"Ash": 0.9, "Birch": 0.75, "Cedar": 0.6, "Elm": 0.55, "Fir": 0.35}
RULES: dict[str, tuple[Any, int, tuple[str, ...]]] = {
    "unanimous": ("unanimous", 5, ()),
    "majority": ("majority", 3, ()),
    "two of five": ({"at_least": 2}, 2, ()),
    "three, none against": ({"at_least": 3, "vetoes": ["Birch", "Elm"]}, 3, ("Birch", "Elm")),
    "vetoes beyond the number": (
        {"at_least": 1, "vetoes": ["Ash", "Birch", "Cedar"]},
        1,
        ("Ash", "Birch", "Cedar"),
    ),
}


def chance_of_consent(needed: int, vetoes: tuple[str, ...]) -> float:
    """Sum over all ways in which the players can decide."""
    total = 0.0
    for says in itertools.product((True, False), repeat=len(CONSENTS)):
        said = dict(zip(CONSENTS, says, strict=True))
        if sum(says) >= needed and all(said[name] for name in vetoes):
            total += math.prod(p if said[name] else 1 - p for name, p in CONSENTS.items())
    return total


@pytest.mark.parametrize("rule", RULES)
def test_consents_against_enumeration(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written, needed, vetoes = RULES[rule]
    asked = plan(mandates=decided(written, **CONSENTS))
    expected = chance_of_consent(needed, vetoes)
    assert errors_off(futures_of(asked).politics[0].authorised < NEVER, expected) < LIMIT

    right = sim.engine.politics._agreement

    def too_easy(rule: Authorisation, consents: Array, delays: Array) -> Array:
        easier = Authorisation(rule.players, max(0, rule.needed - 1), rule.vetoes[1:], None)
        return right(easier, consents, delays)

    monkeypatch.setattr(sim.engine.politics, "_agreement", too_easy)
    assert errors_off(futures_of(asked).politics[0].authorised < NEVER, expected) > LIMIT


@pytest.mark.parametrize(("players", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3), (15, 8)])
def test_a_majority_is_more_than_half(players: int, needed: int) -> None:
    for consenting in range(players + 1):
        says = {f"P{i}": float(i < consenting) for i in range(players)}
        authorised = (
            futures_of(plan(mandates=decided("majority", **says)), 1).politics[0].authorised
        )
        assert (authorised[0] < NEVER) == (consenting >= needed)


@pytest.mark.parametrize("needed", [1, 2, 4, 5])
def test_the_last_consent_needed_is_an_order_statistic(needed: int) -> None:
    players = {f"P{i}": {"consents": 1.0, "delay": "uniform(0, 100) days"} for i in range(5)}
    asked = plan(time=days(120), mandates=decided({"at_least": needed}, **players))
    step = futures_of(asked).politics[0].authorised
    later = stats.beta(needed, 5 - needed + 1)
    wrong = stats.beta(min(needed + 1, 5), max(5 - needed, 1) + (needed == 5))
    for day in (10, 25, 50, 75, 90):
        # A step is reached at its beginning: after so many days, rounded up.
        assert errors_off(step <= day, float(later.cdf(day / 100))) < LIMIT
    assert max(errors_off(step <= day, float(wrong.cdf(day / 100))) for day in (25, 50, 75)) > LIMIT


def test_a_veto_player_is_waited_for() -> None:
    players = {
        "Quick": {"consents": 1.0},
        "Slow": {"consents": 1.0, "delay": "uniform(0, 100) days"},
    }
    alone = plan(time=days(120), mandates=decided({"at_least": 1}, **players))
    veto = plan(time=days(120), mandates=decided({"at_least": 1, "vetoes": ["Slow"]}, **players))
    assert (futures_of(alone).politics[0].authorised == 0).all()
    step = futures_of(veto).politics[0].authorised
    assert errors_off(step <= 30, 0.3) < LIMIT < errors_off(step <= 30, 0.35)


def test_what_takes_for_ever_is_never_authorised() -> None:
    """A delay beyond all counting is long, and does not come out below nought."""
    mandates = decided("unanimous", P={"consents": 1.0, "delay": "lognormal(1, 1_000_000) months"})
    contributors = {
        "Aland": nation(
            delay="lognormal(1, 1_000_000) months",
            notice="lognormal(1, 1_000_000) months",
            at_most="lognormal(1_000, 1_000_000_000)",
        )
    }
    asked = plan(time=days(60), mandates=mandates, contributors=contributors)
    futures = futures_of(asked)
    politics = futures.politics[0]
    step = politics.authorised
    assert ((step >= 0) & (step < 60) | (step == NEVER)).all()
    sigma = math.log(1e6) / ndtri(0.9)
    expected = float(stats.norm.cdf(math.log(59 / (365.25 / 12)) / sigma))
    assert errors_off(step < NEVER, expected) < LIMIT
    assert ((politics.joined[0] >= 0) & (politics.joined[0] <= NEVER)).all()
    assert ((futures.notice >= 0) & (futures.notice <= NEVER)).all()
    assert (futures.notice == NEVER).any(), "some would come after the end of all things"
    assert simulate(asked, count=500).strength.max() <= 1000


def test_days_become_steps_once() -> None:
    """Half a day for the consent and half a day for the procedure are one day, not two."""
    for own, more, steps in ((0.5, 0.5, 1), (0.5, 0.6, 2), (3.0, 0.0, 3)):
        mandates = decided("unanimous", P={"consents": 1.0, "delay": f"{own} days"})
        mandates["force"]["authorisation"]["delay"] = f"{more} days"
        politics = futures_of(plan(time=days(60), mandates=mandates), 4).politics[0]
        assert politics.authorised.tolist() == [steps] * 4


def test_the_authorisation_must_come_in_time() -> None:
    def authorised(delay: str) -> Array:
        mandates = {"force": {"kind": "alliance", "authorisation": {"delay": delay}}}
        tests = {"full": {"within": "10 days"}, "authorised": {"within": "10 days"}}
        asked = plan(time=days(60), mandates=mandates, feasible_when=tests)
        return futures_of(asked).politics[0].authorised < NEVER

    assert authorised("10 days").all()
    assert not authorised("10.01 days").any()
    spread = authorised("uniform(0, 20) days")
    assert errors_off(spread, 0.5) < LIMIT < errors_off(spread, 11 / 20)


def test_renewals_are_asked_again_and_again() -> None:
    mandates = decided("unanimous", P={"consents": 1.0, "renews": 0.8}, Q=1.0)
    mandates["force"]["renewal"] = {"every": "5 weeks"}
    refused = futures_of(plan(mandates=mandates)).politics[0].refused_renewal
    for number in (1, 2, 3, 4):
        assert errors_off(refused == 5 * number, 0.8 ** (number - 1) * 0.2) < LIMIT
    # As if the first answer held for ever:
    assert errors_off(refused <= 20, 0.2) > LIMIT


# -- Conditions and will -----------------------------------------------------------------------


def test_conditions_against_their_joint_distribution() -> None:
    """Rain, and what depends on it: enumerated."""
    conditions: Sections = {
        "rain": {"probability": 0.3},
        "flood": {"probability": {"when": "rain", "then": 0.6, "else": 0.05}},
        "truce": {
            "probability": {
                "when": "flood",
                "then": {"when": "rain", "then": 0.9, "else": 0.2},
                "else": 0.5,
            }
        },
    }
    drawn = futures_of(plan(conditions=conditions)).conditions
    worst = 0.0
    for rain, flood, truce in itertools.product((True, False), repeat=3):
        p_flood = 0.6 if rain else 0.05
        p_truce = (0.9 if rain else 0.2) if flood else 0.5
        chances = ((0.3, rain), (p_flood, flood), (p_truce, truce))
        expected = math.prod(p if holds else 1 - p for p, holds in chances)
        hits = (drawn[0] == rain) & (drawn[1] == flood) & (drawn[2] == truce)
        assert errors_off(hits, expected) < LIMIT
        apart = math.prod(
            p if holds else 1 - p for p, holds in ((0.3, rain), (0.215, flood), (0.5, truce))
        )
        worst = max(worst, errors_off(hits, apart))
    assert worst > LIMIT, "independent conditions would have passed"


def test_what_a_mandate_requires() -> None:
    conditions = {
        "truce": {"probability": 0.4},
        "money": {"probability": {"when": "truce", "then": 0.5, "else": 0.9}},
    }
    mandates = {"force": {"kind": "alliance", "requires": ["truce", "money"]}}
    authorised = futures_of(plan(conditions=conditions, mandates=mandates)).politics[0].authorised
    assert errors_off(authorised < NEVER, 0.4 * 0.5) < LIMIT
    assert errors_off(authorised < NEVER, 0.4 * (0.4 * 0.5 + 0.6 * 0.9)) > LIMIT


def test_what_a_contributor_requires() -> None:
    conditions = {"truce": {"probability": 0.4}}
    contributors = {"Aland": nation(probability=0.7, requires=["truce"])}
    joins = futures_of(plan(conditions=conditions, contributors=contributors)).politics[0].joins[0]
    assert errors_off(joins, 0.4 * 0.7) < LIMIT < errors_off(joins, 0.7)


WILLING = {"Aland": 0.8, "Bland": 0.5, "Cland": 0.3}


def joining(rho: float | None, count: int = 8192, **changes: Any) -> Array:
    will = {} if rho is None else {"will": {"correlation": rho}}
    asked = plan(
        contributors={name: nation(probability=p) for name, p in WILLING.items()}, **will, **changes
    )
    return futures_of(asked, count).politics[0].joins


@pytest.mark.parametrize("rho", [None, 0.0, 0.3, 0.7, 0.95])
def test_the_copula_against_the_normal_distribution(rho: float | None) -> None:
    joins = joining(rho)
    thresholds = ndtri(np.array(list(WILLING.values())))

    def together(who: tuple[int, ...], correlation: float) -> float:
        covariance = np.full((len(who), len(who)), correlation)
        np.fill_diagonal(covariance, 1.0)
        normal = stats.multivariate_normal(cov=covariance, seed=1)
        return float(normal.cdf(thresholds[list(who)]))

    for one, p in enumerate(WILLING.values()):
        assert errors_off(joins[one], p) < LIMIT
    for who in ((0, 1), (0, 2), (1, 2), (0, 1, 2)):
        assert errors_off(joins[list(who)].all(axis=0), together(who, rho or 0.0)) < LIMIT
    wrong = 0.5 if not rho else rho / 2
    assert errors_off(joins.all(axis=0), together((0, 1, 2), wrong)) > LIMIT


def test_will_is_one_and_the_same_for_all_mandates() -> None:
    kinds = {"first": {"kind": "alliance"}, "second": {"kind": "monitors"}}
    contributor = nation(probability=0.4)
    contributor["participation"]["monitors"] = {"probability": 0.7}
    politics = futures_of(plan(mandates=kinds, contributors={"Aland": contributor})).politics
    first, second = politics[0].joins[0], politics[1].joins[0]
    assert not (first & ~second).any()  # who is willing enough for 0.4 is so for 0.7
    assert errors_off(second & ~first, 0.3) < LIMIT < errors_off(second & ~first, 0.7 * 0.6)


# -- Units -------------------------------------------------------------------------------------


def test_units_are_there_each_on_its_own() -> None:
    units = futures_of(plan(contributors={"Aland": nation(20, available=0.35)})).units[0][0]
    for number in range(4, 11):
        assert errors_off(units == number, float(stats.binom(20, 0.35).pmf(number))) < LIMIT
    assert mean_errors_off(units, 20 * 0.35) < LIMIT < mean_errors_off(units, 20 * 0.37)
    spread = (units - 7.0) ** 2
    assert mean_errors_off(spread, 20 * 0.35 * 0.65) < LIMIT
    assert mean_errors_off(spread, 20 * 20 * 0.35 * 0.65 / 12) > LIMIT


def test_a_share_of_the_units_is_rounded_down() -> None:
    units = futures_of(plan(contributors={"Aland": nation(9, available="uniform(0, 1)")})).units[0]
    for number in range(9):
        assert errors_off(units[0] == number, 1 / 9) < LIMIT
    assert errors_off(units[0] == 0, 1 / 18) > LIMIT  # as if rounded to the nearest


def test_units_kept_back_are_taken_off_first() -> None:
    for kept, left in ((2, 5), (0.3, 4), (0.0, 7), (1.0, 0), (9, 0)):
        asked = plan(contributors={"Aland": nation(7, kept_back=kept)})
        assert futures_of(asked, 4).units[0].tolist() == [[left] * 4]


@pytest.mark.parametrize(("written", "mean"), [(0.37, 0.37), ("beta(6, 2)", 0.75)])
def test_what_is_delivered_is_unbiased(written: float | str, mean: float) -> None:
    asked = plan(contributors={"Aland": nation(7, delivered=written, at_most=650)})
    lanes = simulate(asked, count=8192).muster
    assert mean_errors_off(lanes.units[0][0], 7 * mean) < LIMIT
    assert (lanes.units[0] + lanes.undelivered[0] == 7).all()
    share = futures_of(asked).politics[0].delivered[0]
    assert (np.abs(lanes.units[0][0] - 7 * share) < 1).all()
    assert (lanes.cap[0] == np.floor(650 * share + 1e-9)).all()
    assert mean_errors_off(np.floor(7 * share), 7 * mean) > LIMIT  # rounded down, always


def test_where_nothing_is_delivered_there_is_still_no_cap() -> None:
    """Nothing of an endless cap is nobody's number: neither zero nor NaN."""
    lanes = simulate(plan(contributors={"Aland": nation(4, delivered="choice(0, 1)")})).muster
    assert np.isinf(lanes.cap).all()
    assert set(lanes.units[0][0]) == {0, 4}


# -- Lift --------------------------------------------------------------------------------------


def lifted(per_day: float, steps: int, strength: int, **changes: Any) -> Array:
    """What one corridor brings in by each step, of a pool without end."""
    asked = plan(
        time=days(steps),
        feasible_when={"full": {"within": "30 days"}},
        force={"sizes": [500_000], "capabilities": {"infantry": 1.0}},
        corridors={"rail": {"capacity": f"{per_day} per day"}},
        **{"contributors": {"Aland": nation(9000, strength, corridor="rail")}} | changes,
    )
    return simulate(asked, count=3).strength


@pytest.mark.parametrize("strength", [1, 7, 90, 600])
@pytest.mark.parametrize("per_day", [0.5, 3.7, 100.0, 417.0])
def test_a_narrow_way_lets_through_exactly_its_capacity(per_day: float, strength: int) -> None:
    strengths = lifted(per_day, 200, strength)
    carried = np.floor(per_day * np.arange(1, 201) + 1e-6)
    expected = strength * np.minimum(9000, np.floor(carried / strength))
    assert (strengths == expected[:, None]).all()


def test_time_to_full_capability() -> None:
    """Nine tenths of 6,000 in units of 90: sixty of them, at 41.5 soldiers a day."""
    asked = plan(
        time=days(200),
        feasible_when={"full": {"within": "150 days"}},
        force={"sizes": [6000], "capabilities": {"infantry": 1.0}},
        corridors={"rail": {"capacity": "41.5 per day"}},
        contributors={"Aland": nation(100, 90, corridor="rail")},
    )
    soldiers = 90 * math.ceil(0.9 * 6000 / 90)
    at = math.ceil(soldiers / 41.5) - 1  # step 0 carries too
    assert simulate(asked).verdict.full_at.tolist() == [at] * 8
    for within, passes in ((at, True), (at - 1, False)):
        tests = {"full": {"within": f"{within} days"}}
        changed = scenario(
            time=days(200),
            feasible_when=tests,
            force={"sizes": [6000], "capabilities": {"infantry": 1.0}},
            corridors={"rail": {"capacity": "41.5 per day"}},
            contributors={"Aland": nation(100, 90, corridor="rail")},
        )
        summary = run(changed, replications=8, seed=1).tables["summary"]
        assert summary["p_full"] == [float(passes)]
        assert summary["binding_lift"] == [float(not passes)]


def test_two_pools_share_the_way() -> None:
    both = {"Aland": nation(20, 50, corridor="rail"), "Bland": nation(9000, 50, corridor="rail")}
    strengths = lifted(120.0, 60, 50, contributors=both)
    expected = 50 * np.floor(120 * np.arange(1, 61) / 50)
    assert (strengths == expected[:, None]).all()


def test_what_is_not_used_waits_for_the_largest_unit_only() -> None:
    """Authorised after 40 days of idle lift: one unit's worth of it is left."""
    mandates = {"force": {"kind": "alliance", "authorisation": {"delay": "40 days"}}}
    strengths = lifted(100.0, 80, 250, mandates=mandates)
    carried = np.where(np.arange(80) < 40, 0, 250 + 100 * (np.arange(80) - 39))
    assert (strengths == (250 * (carried // 250))[:, None]).all()


def test_disrupted_time_in_the_long_run(monkeypatch: pytest.MonkeyPatch) -> None:
    rate, lasts, remaining, capacity, steps = 4.0, 20.0, 0.25, 1000.0, 1500
    disruption = {
        "rate": f"{rate} per year",
        "lasts": f"{lasts} days",
        "remaining": remaining,
    }
    asked = plan(
        time=days(steps),
        corridors={"rail": {"capacity": f"{capacity} per day", "disruption": disruption}},
        contributors={"Aland": nation(corridor="rail")},
    )
    lift = futures_of(asked, 2000).lift[0]
    begins, ends = -math.expm1(-rate / 365.25), -math.expm1(-1 / lasts)
    share = begins / (begins + ends)
    # From an open way; step s has seen s + 1 draws.
    waning = (1 - begins - ends) ** np.arange(1, steps + 1)
    occupied = share * (1 - waning)
    off = [errors_off(lift[s] < capacity / 2, float(occupied[s])) for s in (0, 5, 30, 300, 1499)]
    assert max(off) < LIMIT
    per_lane = (lift < capacity / 2).mean(axis=0)
    assert mean_errors_off(per_lane, float(occupied.mean())) < LIMIT
    mean = capacity * (1 - float(occupied.mean()) * (1 - remaining))
    assert mean_errors_off(lift.mean(axis=0), mean) < LIMIT
    # In short steps it is the share of a process in continuous time, and other lengths are not.
    continuous = rate / (rate + 365.25 / lasts)
    assert share == pytest.approx(continuous, rel=0.03)
    assert mean_errors_off(per_lane, rate / (rate + 365.25 / (lasts * 1.2))) > LIMIT


# -- Rotation ----------------------------------------------------------------------------------


def rotating(
    units: int, tour: int, goal: int, out: int = 0, mobilise: int = 0, **more: Any
) -> Plan:
    """One pool in daily steps that is asked for far more than it can give, or for `need`."""
    steps = more.pop("steps", 600)
    need = more.pop("need", 1000)
    hold = more.pop("hold", steps - 10)
    contributor = nation(units, 10, corridor=None, **more)
    del contributor["corridor"]
    contributor |= {
        "tour": f"{tour} days",
        "rest": {"goal": f"{goal} days"},
        "handover": f"{out} days",
        "mobilisation": f"{mobilise} days",
        "at_start": more.get("at_start", "spread"),
    }
    return plan(
        time=days(steps),
        force={"sizes": [need * 10], "capabilities": {"infantry": 1.0}},
        feasible_when={"full": {"within": "5 days"}, "hold": {"for": f"{hold} days"}},
        contributors={"Aland": contributor},
    )


# tour, rest, handover, mobilisation, R
CYCLES = [(6, 16, 0, 2, 4), (6, 12, 2, 2, 5), (10, 20, 0, 0, 3), (4, 4, 0, 0, 2), (8, 11, 3, 1, 4)]


@pytest.mark.parametrize(("tour", "goal", "out", "mobilise", "ratio"), CYCLES)
@pytest.mark.parametrize("kept_up", [1, 3, 7])
def test_steady_state(
    tour: int, goal: int, out: int, mobilise: int, ratio: int, kept_up: int
) -> None:
    """``R = (T + G + P) / (T - O)`` units keep up one, and not one of them less."""
    assert (tour + goal + mobilise) / (tour - out) == ratio
    enough = rotating(kept_up * ratio, tour, goal, out, mobilise, need=kept_up)
    assert enough.pools[0].ratio == ratio
    assert enough.pools[0].level(kept_up * ratio, 600) == kept_up
    counted = simulate(enough, count=32).counted
    assert (counted == 10 * kept_up).all()

    short = rotating(kept_up * ratio - 1, tour, goal, out, mobilise, need=kept_up)
    counted = simulate(short, count=32).counted[100:]
    # What so few units can give at all, give or take one cycle's at the edges of the window.
    most = 10 * (kept_up * ratio - 1) / ratio * (1 + (tour + goal + mobilise) / len(counted))
    assert (counted.mean(axis=0) < min(most, 10 * kept_up)).all()


@pytest.mark.parametrize(("tour", "goal", "units"), [(6, 15, 7), (10, 17, 27), (8, 20, 14)])
def test_steady_state_of_a_broken_ratio(tour: int, goal: int, units: int) -> None:
    """Where R is no whole number the units fall into step after a few tours."""
    kept_up = units * tour // (tour + goal)
    asked = rotating(units, tour, goal, need=kept_up, steps=900)
    assert asked.pools[0].level(units, 900) == kept_up
    assert (simulate(asked, count=32).counted[400:] == 10 * kept_up).all()


def test_no_pool_gives_more_than_its_units_allow() -> None:
    """Whatever is asked, and even in a surge, unit-days in the theatre are bounded by R."""
    asked = rotating(11, 7, 15, 2, 1, need=50)
    counted = simulate(asked, count=32).counted
    cycle, counts = 7 + 15 + 1, 7 - 2
    assert (counted.sum(axis=0) <= 10 * 11 * counts * (600 / cycle + 1)).all()
    assert (counted.mean(axis=0) > 10 * (11 * counts // cycle) * 0.99).all()


@pytest.mark.parametrize("units", [1, 4, 5, 13])
@pytest.mark.parametrize("mission", [6, 12, 13, 40])
def test_level_of_a_short_mission(units: int, mission: int) -> None:
    """Nobody serves twice in a mission of H steps where ``ceil(H / (T - O))`` units take turns."""
    pool = rotating(units, 8, 30, 2).pools[0]
    turns = math.ceil(mission / 6)
    assert pool.level(units, mission) == max(units * 6 // 38, units // turns, 1)


def test_a_short_mission_is_held_without_anybody_serving_twice() -> None:
    """Eight rested units, two turns: four at a time, where for ever it would be one."""
    asked = rotating(8, 10, 60, steps=25, hold=15, need=4, at_start="rested")
    assert asked.pools[0].level(8, 10_000) == 1
    run = simulate(asked)
    assert (run.counted[:20] == 40).all()
    assert run.verdict.held.all()
    assert (run.sent.sum(axis=(0, 1)) == 8).all()


# -- Being held ------------------------------------------------------------------------------------

# Everybody goes in step 0, is home from step 16 on and back in step 19: three steps are missed. The
# hold begins with the deadline of full capability, in step 2.
HELD: list[tuple[Sections, bool]] = [
    ({"hold": {"for": "14 weeks"}}, True),
    ({"hold": {"for": "15 weeks"}}, False),
    ({"hold": {"for": "20 weeks", "share_of_time": 0.85}}, True),
    ({"hold": {"for": "20 weeks", "share_of_time": 0.86}}, False),
    ({"hold": {"for": "20 weeks", "share_of_time": 0.5}, "longest_gap": "3 weeks"}, True),
    ({"hold": {"for": "20 weeks", "share_of_time": 0.5}, "longest_gap": "2 weeks"}, False),
]


@pytest.mark.parametrize(("tests", "held"), HELD)
def test_a_gap_is_measured(tests: Sections, held: bool) -> None:
    rest = {"tour": "16 weeks", "rest": {"goal": "3 weeks"}}
    asked = plan(
        contributors={"Aland": nation() | rest},
        rotation={"surge": True},
        feasible_when={"full": {"within": "2 weeks"}} | tests,
    )
    run = simulate(asked, count=2)
    assert run.strength[:, 0].tolist() == [1000] * 16 + [0] * 3 + [1000] * 11
    assert run.verdict.held.tolist() == [held] * 2


def test_targets_and_thresholds_are_whole_soldiers() -> None:
    force = {"sizes": [1001], "capabilities": {"infantry": 0.5, "medical": 0.3, "staff": 0.2}}
    tests = {"fill": 0.9, "full": {"within": "2 weeks"}}
    mandate = plan(force=force, feasible_when=tests).mandates[0]
    assert mandate.targets(1001, 1.0) == (501, 300, 200)  # halves up
    assert mandate.targets(1001, 0.5) == (250, 150, 100)
    assert mandate.thresholds(1000, 1.0) == (450, 270, 180)  # nine tenths, not a soldier more
    assert mandate.thresholds(1001, 1.0) == (451, 270, 180)


# -- Who is asked, and when ----------------------------------------------------------------------


def test_a_force_is_asked_for_in_phases() -> None:
    force = {
        "sizes": [1000],
        "capabilities": {"infantry": 1.0},
        "phases": {"0 weeks": 0.3, "5 weeks": 0.75, "9 weeks": 1.0},
    }
    mandates = {"force": {"kind": "alliance", "authorisation": {"delay": "2 weeks"}}}
    strength = simulate(plan(force=force, mandates=mandates), count=2).strength[:, 0]
    assert strength.tolist() == [0] * 2 + [300] * 5 + [800] * 4 + [1000] * 19


def test_decision_and_notice_come_one_after_the_other() -> None:
    mandates = {"force": {"kind": "alliance", "authorisation": {"delay": "1 week"}}}
    contributors = {"Aland": nation(delay="2 weeks", notice="3 weeks")}
    strength = simulate(plan(mandates=mandates, contributors=contributors), count=2).strength
    assert strength[:, 0].tolist() == [0] * 6 + [1000] * 24


def test_the_first_in_order_is_asked_first() -> None:
    contributors = {"Aland": nation(6, priority=2), "Bland": nation(7, priority=1)}
    run = simulate(plan(contributors=contributors), count=2)
    assert run.deployment.soldiers[:, 0].tolist() == [300, 700]


def test_burdens_are_shared_in_proportion() -> None:
    contributors = {"Aland": nation(30, 50), "Bland": nation(10, 50), "Cland": nation(0, 50)}
    shared = plan(contributors=contributors, rotation={"burden_sharing": "proportional"})
    run = simulate(shared, count=2)
    assert run.deployment.soldiers[:, 0].tolist() == [750, 250, 0]


def test_a_cap_is_on_soldiers_at_once() -> None:
    contributors = {"Aland": nation(10, 90, at_most=500), "Bland": nation(10, 90)}
    run = simulate(plan(contributors=contributors), count=2)
    assert run.deployment.soldiers[:, 0].tolist() == [450, 630]


# -- Exits ---------------------------------------------------------------------------------------


def test_a_mission_that_is_refused_goes_home_over_its_time() -> None:
    mandates = decided("unanimous", P={"consents": 1.0, "renews": 0.0})
    mandates["force"] |= {"renewal": {"every": "8 weeks"}, "withdrawn_over": "4 weeks"}
    run = simulate(plan(mandates=mandates), count=2)
    assert run.strength[:, 0].tolist() == [1000] * 8 + [700, 500, 200] + [0] * 19
    assert not run.counted[8:].any()


def test_a_mission_that_war_ends_goes_home_in_the_next_step() -> None:
    conflict: Sections = {"states": {"calm": {}, "war": {"ends_mission": True}}, "start": "war"}
    assert simulate(plan(conflict=conflict)).strength[:3, 0].tolist() == [1000, 0, 0]
    mandates = {"force": {"kind": "alliance", "withdrawn_over": "3 weeks"}}
    slowly = simulate(plan(conflict=conflict, mandates=mandates)).strength[:5, 0]
    assert slowly.tolist() == [1000, 600, 300, 0, 0]


# -- What binds ----------------------------------------------------------------------------------

ENDLESS = {"full": {"within": "10 weeks"}, "hold": {"for": "20 weeks"}}
BINDING: dict[str, tuple[str, Sections]] = {
    "nobody consents": ("authorisation", {"mandates": decided("unanimous", P=0.0)}),
    "nobody wants to": ("will", {"contributors": {"Aland": nation(probability=0.0)}}),
    "a cap": ("will", {"contributors": {"Aland": nation(at_most=500)}}),
    "too few units": ("pool", {"contributors": {"Aland": nation(5)}}),
    "units of another kind": (
        "capability",
        {"force": {"sizes": [1000], "capabilities": {"infantry": 0.5, "medical": 0.5}}},
    ),
    "notice": ("notice", {"contributors": {"Aland": nation(notice="11 weeks")}}),
    "a late decision": ("notice", {"contributors": {"Aland": nation(delay="11 weeks")}}),
    "not delivered": ("delivery", {"contributors": {"Aland": nation(delivered=0.5)}}),
    "a narrow way": (
        "lift",
        {
            "corridors": {"rail": {"capacity": "5 per day"}},
            "contributors": {"Aland": nation(corridor="rail")},
        },
    ),
    "a late start": (
        "notice",
        {
            "feasible_when": ENDLESS | {"initial": {"share": 0.25, "within": "2 weeks"}},
            "contributors": {"Aland": nation(notice="3 weeks")},
        },
    ),
    "rest": (
        "rotation",
        {"contributors": {"Aland": nation() | {"tour": "4 weeks", "rest": {"goal": "40 weeks"}}}},
    ),
    "a contributor leaves": (
        "withdrawal",
        {"conflict": {"states": {"tense": {"withdrawal": "5_000 per year"}}}},
    ),
    "war": (
        "conflict",
        {"conflict": {"states": {"calm": {}, "war": {"ends_mission": True}}, "start": "war"}},
    ),
    "a renewal refused": (
        "authorisation",
        {
            "mandates": {
                "force": {
                    "kind": "alliance",
                    "authorisation": {"decided_by": {"P": {"consents": 1.0, "renews": 0.0}}},
                    "renewal": {"every": "12 weeks"},
                }
            }
        },
    ),
}


@pytest.mark.parametrize("case", BINDING)
def test_what_binds_is_named(case: str) -> None:
    cause, changes = BINDING[case]
    summary = run(scenario(**changes), replications=5, seed=1).tables["summary"]
    assert summary["p_feasible"] == [0.0]
    found = {name: share for name, (share,) in summary.items() if name.startswith("binding")}
    assert {name for name, share in found.items() if share} == {f"binding_{cause}"}
    assert run(scenario(), replications=5, seed=1).tables["summary"]["p_feasible"] == [1.0]


# -- Conflict ----------------------------------------------------------------------------------


def conflict_of(states: Sections, rates: dict[str, str], **more: Any) -> Sections:
    return {"states": states, "rates": rates, **more}


def states_over_time(
    asked: Plan, strength: float = 0.0, count: int = 8192, seed: int = SEED
) -> Array:
    """States (steps, count) with so many soldiers there all the time."""
    futures = futures_of(asked, count, seed)
    section, draws = asked.mandates[0].conflict, futures.conflict[0]
    assert section and draws
    chain = ConflictChain(asked, section, draws)
    soldiers = np.full(count, strength, np.float32)
    states = []
    for step in range(asked.steps):
        chain.advance(futures.conflict_uniform[step], soldiers)
        states.append(chain.state.copy())
    return np.array(states)


def test_two_states_against_the_closed_form() -> None:
    asked = plan(
        time={"start": "2026-07-01", "step": "1 week", "horizon": "200 weeks"},
        conflict=conflict_of(
            {"calm": {}, "tense": {}},
            {"calm -> tense": "1.5 per year", "tense -> calm": "4 per year"},
        ),
    )
    year = 7 / 365.25
    worse, better = -math.expm1(-1.5 * year), -math.expm1(-4 * year)
    states = states_over_time(asked)
    long_run = worse / (worse + better)
    for step in (0, 3, 20, 199):
        tense = long_run * (1 - (1 - worse - better) ** (step + 1))
        assert errors_off(states[step] == 1, tense) < LIMIT
    assert errors_off(states[199] == 1, 1.5 / (1.5 + 3)) > LIMIT
    per_lane = (states == 1).mean(axis=0)
    expected = long_run * float(np.mean(1 - (1 - worse - better) ** np.arange(1, 201)))
    assert mean_errors_off(per_lane, expected) < LIMIT


def test_exits_share_the_probability_of_leaving() -> None:
    asked = plan(
        time={"start": "2026-07-01", "step": "1 month", "horizon": "10 months"},
        conflict=conflict_of(
            {"calm": {}, "tense": {}, "war": {}},
            {"calm -> tense": "3 per year", "calm -> war": "1 per year"},
        ),
    )
    last = states_over_time(asked)[-1]
    gone = -math.expm1(-4 * 10 / 12)
    for state, share in ((1, 0.75), (2, 0.25)):
        assert errors_off(last == state, gone * share) < LIMIT
    # Two exits asked one after the other, the first one first:
    assert errors_off(last == 1, -math.expm1(-3 * 10 / 12)) > LIMIT


@pytest.mark.parametrize("strength", [0, 5_000, 10_000, 40_000])
def test_a_force_deters(strength: int) -> None:
    asked = plan(
        time={"start": "2026-07-01", "step": "1 week", "horizon": "52 weeks"},
        conflict=conflict_of(
            {"calm": {}, "war": {}},
            {"calm -> war": "1.2 per year"},
            deterrence={"hazard_ratio": 0.4, "at": 10_000},
        ),
    )
    war = (states_over_time(asked, strength) == 1).any(axis=0)

    def chance(ratio: float) -> float:
        rate = 1.2 * ratio ** min(1, strength / 10_000)
        return -math.expm1(-rate * 52 * 7 / 365.25)

    assert errors_off(war, chance(0.4)) < LIMIT
    if strength:
        assert errors_off(war, chance(0.6)) > LIMIT


def test_a_deterring_force_is_the_one_that_stands_there() -> None:
    """The chain inside a whole run: 10 units of 100 at a reference of 2,000."""
    asked = plan(
        conflict=conflict_of(
            {"calm": {}, "war": {}},
            {"calm -> war": "1.2 per year"},
            deterrence={"hazard_ratio": 0.2, "at": 2000},
        )
    )
    run = simulate(asked, count=8192)
    assert (run.strength == 1000).all()
    time = 30 * 7 / 365.25
    war = (run.state == 1).any(axis=0)
    assert errors_off(war, -math.expm1(-1.2 * 0.2**0.5 * time)) < LIMIT
    assert errors_off(war, -math.expm1(-1.2 * time)) > LIMIT


def test_war_is_counted_with_the_force_and_without_it() -> None:
    """Authorised or not, a future has its war; the force makes it rarer only where it comes."""
    asked = scenario(
        mandates=decided("unanimous", P=0.5),
        conflict=conflict_of(
            {"calm": {}, "war": {"ends_mission": True}},
            {"calm -> war": "2 per year"},
            deterrence={"hazard_ratio": 0.2, "at": 1000},
        ),
    )
    summary = run(asked, replications=8192, seed=SEED).tables["summary"]
    found = summary["p_mission_ending_state"][0]
    with_force, without = (-math.expm1(-rate * 30 * 7 / 365.25) for rate in (0.4, 2.0))
    expected = (with_force + without) / 2
    error = math.sqrt(expected * (1 - expected) / 8192)
    assert abs(found - expected) < LIMIT * error < abs(found - without)
    ended = summary["p_mission_ended_if_authorised"][0]
    error = math.sqrt(with_force * (1 - with_force) / 4000)
    assert abs(ended - with_force) < LIMIT * error < abs(ended - expected)


def test_a_peace_that_holds_settles() -> None:
    asked = plan(
        time={"start": "2026-07-01", "step": "1 week", "horizon": "104 weeks"},
        conflict=conflict_of(
            {"calm": {}, "war": {}},
            {"calm -> war": "1.5 per year"},
            settling={"half_life": "20 weeks"},
        ),
    )
    peace = (states_over_time(asked) == 0).all(axis=0)
    rates = 1.5 * 0.5 ** (np.arange(104) / 20)
    assert errors_off(peace, math.exp(-float(rates.sum()) * 7 / 365.25)) < LIMIT
    assert errors_off(peace, math.exp(-float(rates[20:].sum()) * 7 / 365.25)) > LIMIT
    assert errors_off(peace, math.exp(-1.5 * 104 * 7 / 365.25)) > LIMIT


def patience_of(**more: Any) -> Plan:
    """Two nations in a tense year; Bland joins after ten weeks and is twice as impatient."""
    return plan(
        time={"start": "2026-07-01", "step": "1 week", "horizon": "40 weeks"},
        contributors={
            "Aland": nation(),
            "Bland": nation(delay="10 weeks", withdrawal_hazard_ratio=2.0),
            "Cland": nation(withdrawal_hazard_ratio=0.0),
        },
        conflict=conflict_of({"tense": {"withdrawal": "0.8 per year"}}, {}, **more),
    )


def test_contributors_lose_patience() -> None:
    gone = simulate(patience_of(), count=8192).gone
    year = 7 / 365.25
    for step in (1, 5, 20, 39):
        assert errors_off(gone[step, 0], -math.expm1(-0.8 * year * step)) < LIMIT
        joined = max(0, step - 10)
        assert errors_off(gone[step, 1], -math.expm1(-1.6 * year * joined)) < LIMIT
    assert not gone[:, 2].any()
    assert not gone[:11, 1].any()
    assert errors_off(gone[39, 0], -math.expm1(-1.0 * year * 39)) > LIMIT
    assert errors_off(gone[39, 1], -math.expm1(-1.6 * year * 39)) > LIMIT
    both = -math.expm1(-0.8 * year * 39) * -math.expm1(-1.6 * year * 29)
    assert errors_off(gone[39, 0] & gone[39, 1], both) < LIMIT  # each on its own


def both_gone(factor: float, steps: int, hazard: float, lasts: int = 1000) -> float:
    """The chance that two like contributors are gone, where one's exit multiplies the hazard."""
    total = 0.0
    for first in range(1, steps + 1):
        # Nobody through step first - 1, then one (or both) in step `first`.
        nobody, one = math.exp(-2 * hazard * (first - 1)), -math.expm1(-hazard)
        together = nobody * one * one
        alone = nobody * 2 * one * math.exp(-hazard)
        since = steps - first
        met = hazard * (factor * min(since, lasts) + max(0, since - lasts))
        total += together + alone * -math.expm1(-met)
    return total


@pytest.mark.parametrize("factor", [1.0, 4.0])
def test_exits_are_contagious(factor: float) -> None:
    asked = plan(
        time={"start": "2026-07-01", "step": "1 week", "horizon": "40 weeks"},
        contributors={"Aland": nation(), "Bland": nation()},
        conflict=conflict_of(
            {"tense": {"withdrawal": "0.8 per year"}},
            {},
            contagion={"factor": factor, "for": "52 weeks"},
        ),
    )
    gone = simulate(asked, count=8192).gone
    hazard = 0.8 * 7 / 365.25
    for step in (5, 20, 39):
        both = gone[step].all(axis=0)
        assert errors_off(both, both_gone(factor, step, hazard)) < LIMIT
    both = gone[39].all(axis=0)
    assert errors_off(both, both_gone(5.0 - factor, 39, hazard)) > LIMIT
    if factor > 1:  # contagion makes more of them leave, not only sooner together
        calm = simulate(patience_of(), count=8192).gone[39, 0].sum()
        assert gone[39, 0].sum() > calm + 4.5 * math.sqrt(8192 / 2)


@pytest.mark.parametrize("weeks", [1, 3])
def test_contagion_passes(weeks: int) -> None:
    asked = plan(
        contributors={"Aland": nation(), "Bland": nation()},
        conflict=conflict_of(
            {"tense": {"withdrawal": "0.5 per year"}},
            {},
            contagion={"factor": 30.0, "for": f"{weeks} weeks"},
        ),
    )
    both = simulate(asked, count=8192).gone[29].all(axis=0)
    hazard = 0.5 * 7 / 365.25
    assert errors_off(both, both_gone(30.0, 29, hazard, weeks)) < LIMIT
    for wrong in (weeks - 1, weeks + 2, 1000):
        assert errors_off(both, both_gone(30.0, 29, hazard, wrong)) > LIMIT


# -- Deaths, money, the task -------------------------------------------------------------------


def test_deaths_and_money_follow_from_the_time_served() -> None:
    """1,000 soldiers from the seventh week on: nothing is left to chance but the price."""
    mandates = {"force": {"kind": "alliance", "authorisation": {"delay": "6 weeks"}}}
    tables = run(
        scenario(
            mandates=mandates,
            contributors={"Aland": nation(6) | {"army": 12_000}, "Bland": nation(8)},
            conflict=conflict_of({"tense": {"deaths": 12.5}}, {}),
            costs={"per_soldier_month": "8_000 EUR"},
        ),
        replications=50,
        seed=1,
    ).tables
    summary, by_nation = tables["summary"], tables["contributors"]
    years = 1000 * 24 * 7 / 365.25
    assert summary["deaths_mean"][0] == pytest.approx(12.5 / 1000 * years, abs=1e-4)
    assert summary["deaths_mcse"] == [0.0]
    assert sum(by_nation["deaths_mean"]) == pytest.approx(12.5 / 1000 * years, abs=2e-4)
    assert by_nation["deaths_mean"][0] == pytest.approx(0.6 * 12.5 / 1000 * years, abs=1e-4)
    assert summary["cost_million_mean"][0] == pytest.approx(years * 12 * 8_000 / 1e6, abs=0.01)
    assert summary["strength_soldiers_mean"][0] == pytest.approx(1000 * 24 / 30, abs=0.5)
    assert by_nation["peak_soldiers_mean"] == [600, 400]
    assert by_nation["present_soldiers_mean"] == pytest.approx([480, 320])
    assert by_nation["burden_percent_mean"][0] == pytest.approx(4.0)
    assert math.isnan(by_nation["burden_percent_mean"][1])
    assert summary["burden_highest_contributor"] == ["Aland"]


METHODS: dict[str, tuple[Sections, float]] = {
    "line": (
        {
            "method": "line",
            "length": "uniform(900, 1_100) km",
            "density": "triangular(4, 8, 30) per km",
        },
        1000 * 14,
    ),
    "posts": (
        {
            "method": "posts",
            "length": "1_000 km",
            "spacing": "4 km",
            "crew": "uniform(6, 10)",
            "shifts": "triangular(2, 3, 4)",
            "reserve": "uniform(0.1, 0.3)",
            "support": 0.5,
        },
        1000 / 4 * 8 * 3 * 1.2 * 1.5,
    ),
    "population": (
        {"method": "population", "population": 40e6, "ratio": "uniform(1, 4) per 1000"},
        40_000 * 2.5,
    ),
    "area": ({"method": "area", "area": "11_000 km2", "density": "uniform(1, 2) per km2"}, 16_500),
    "opposing_force": (
        {"method": "opposing_force", "strength": "normal(90_000, 9_000)", "ratio": 0.3},
        27_000,
    ),
    "brigades": (
        {"method": "brigades", "count": "triangular(2, 5, 14)", "slice": "uniform(5_000, 9_000)"},
        7 * 7000,
    ),
}


@pytest.mark.parametrize("method", METHODS)
def test_means_of_what_the_task_requires(method: str) -> None:
    written, mean = METHODS[method]
    required = futures_of(plan(requirement=[written])).required
    assert mean_errors_off(required, mean) < LIMIT < mean_errors_off(required, mean * 1.1)


def test_the_requirement_is_a_mixture() -> None:
    weights = {"line": 3.0, "brigades": 1.5, "population": 0.5}
    methods = [METHODS[name][0] | {"weight": weight} for name, weight in weights.items()]
    required = futures_of(plan(requirement=methods)).required
    mean = sum(METHODS[name][1] * weight for name, weight in weights.items()) / 5
    assert mean_errors_off(required, mean) < LIMIT
    assert mean_errors_off(required, sum(METHODS[name][1] for name in weights) / 3) > LIMIT


def test_adequate_is_at_least_what_is_required() -> None:
    fixed = [
        {"method": "brigades", "count": 1, "slice": need, "weight": weight}
        for need, weight in ((900, 1.0), (1000, 2.0), (1001, 5.0))
    ]
    force = {"sizes": [899, 1000, 2000], "capabilities": {"infantry": 1.0}}
    summary = run(scenario(force=force, requirement=fixed), replications=8192, seed=1).tables[
        "summary"
    ]
    for found, expected in zip(summary["p_adequate"], (0.0, 3 / 8, 1.0), strict=True):
        error = math.sqrt(expected * (1 - expected) / 8192)
        assert abs(found - expected) <= LIMIT * error
    assert abs(summary["p_adequate"][1] - 1 / 8) > LIMIT * math.sqrt(1 / 8 * 7 / 8 / 8192)


# -- The whole chain ---------------------------------------------------------------------------


def test_a_funnel_whose_every_stage_is_known() -> None:
    """Consent, two contributors of which both are needed, and a time that is uniform."""
    contributors = {
        "Aland": nation(5, probability=0.8, delay="uniform(0, 100) days"),
        "Bland": nation(5, probability=0.9),
    }
    asked = scenario(
        time=days(150),
        mandates=decided("unanimous", P=0.7),
        contributors=contributors,
        feasible_when={"fill": 1.0, "full": {"within": "60 days"}, "hold": {"for": "50 days"}},
    )
    summary = run(asked, replications=8192, seed=SEED).tables["summary"]
    for stage, expected in (
        ("authorised", 0.7),
        ("pledged", 0.7 * 0.72),
        ("initial", 0.7 * 0.72),
        ("full", 0.7 * 0.72 * 0.6),
        ("feasible", 0.7 * 0.72 * 0.6),
    ):
        error = math.sqrt(expected * (1 - expected) / 8192)
        assert abs(summary[f"p_{stage}"][0] - expected) < LIMIT * error
    error = math.sqrt(0.3 * 0.7 / 8192)
    assert abs(summary["binding_authorisation"][0] - 0.3) < LIMIT * error
    assert abs(summary["binding_will"][0] - 0.7 * 0.28) < LIMIT * error
    assert abs(summary["binding_rotation"][0] + summary["binding_notice"][0] - 0.7 * 0.72 * 0.4) < (
        LIMIT * error
    )
    assert abs(summary["p_feasible"][0] - 0.7 * 0.72 * 0.7) > LIMIT * error


# A guard for the guards: nothing here measures with the wrong yardstick.
@pytest.mark.parametrize("measure", [errors_off, mean_errors_off])
def test_the_yardstick_itself(measure: Callable[[Array, float], float]) -> None:
    hits = np.arange(10_000) < 3000
    assert measure(hits, 0.3) == pytest.approx(0.0)
    assert measure(hits, 0.3 + 0.01) == pytest.approx(
        0.01 / math.sqrt(0.3 * 0.7 / 10_000), rel=0.05
    )


def test_a_broken_corridor_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """One changed line of the engine: fractions of a soldier are lost in every step."""
    right = sim.engine.futures._lift

    def forgetful(corridor: Corridor, plan: Plan, *rest: int) -> Array:
        lift = right(corridor, plan, *rest)
        assert corridor.capacity
        return np.full_like(lift, math.floor(corridor.capacity.value * plan.step_days))

    monkeypatch.setattr(sim.engine.futures, "_lift", forgetful)
    with pytest.raises(AssertionError):
        test_a_narrow_way_lets_through_exactly_its_capacity(3.7, 7)
