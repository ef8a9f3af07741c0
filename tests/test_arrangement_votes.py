"""Who decides on the arrangements of `scenarios/options.yaml`: vetoes, majorities, backstop.

What chance decides must agree within 4.5 Monte Carlo standard errors.
"""

from __future__ import annotations

import itertools
import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from builders import LIMIT, futures_of

import sim
from sim.engine.plan import NEVER
from sim.engine.planning import plan_of
from sim.engine.politics import evaluate
from sim.scenario.scenario import Scenario
from sim.scenario.schema.politics import CouncilRule, Mandate

OPTIONS = sim.load(Path(__file__).parent.parent / "scenarios" / "options.yaml")
MANDATES = OPTIONS.specification.mandates
P5 = ("Russia", "China", "United States", "United Kingdom", "France")
FUTURES = 8_192
LATE = {"un_mission", "un_mission_without_p5", "line", "alliance_membership"}
"""Where the last consent or the procedure may come after `authorised.within`."""


@cache
def authorised() -> dict[str, float]:
    """Share of `FUTURES` in which each mandate of the options is authorised."""
    data = OPTIONS.data
    data["contributors"] = {name: {} for name in data["contributors"]}
    del data["corridors"]
    plan = plan_of(Scenario(**data).specification)
    decided = (politics.authorised for politics in futures_of(plan, FUTURES).politics)
    names = (mandate.name for mandate in plan.mandates)
    return {name: float(np.mean(when < NEVER)) for name, when in zip(names, decided, strict=True)}


def enough(mandate: Mandate, says: dict[str, bool]) -> bool:
    rule = mandate.authorisation.rule
    if isinstance(rule, CouncilRule):
        return sum(says.values()) >= rule.at_least and all(says[name] for name in rule.vetoes)
    return {
        "none": True,
        "unanimous": all(says.values()),
        "majority": 2 * sum(says.values()) > len(says),
    }[rule]


def chance(name: str, **instead: float) -> float:
    """P(authorised in the end), over the backstop and every way in which the players can vote."""
    mandate = MANDATES[name]
    players = mandate.authorisation.decided_by
    total = 0.0
    for backstop in (True, False):
        held = {"ceasefire": True, "us_backstop": backstop, "europe_alone": not backstop}
        if not all(held[condition] for condition in mandate.requires):
            continue
        world = {condition: np.array([holds]) for condition, holds in held.items()}
        odds = {
            player: instead.get(player, float(evaluate(asked.consents, world, 1)[0]))
            for player, asked in players.items()
        }
        for votes in itertools.product((True, False), repeat=len(players)):
            says = dict(zip(players, votes, strict=True))
            if enough(mandate, says):
                total += 0.5 * math.prod(odds[p] if says[p] else 1 - odds[p] for p in players)
    return total


def off(name: str, expected: float) -> float:
    """Standard errors by which more was authorised than expected."""
    error = math.sqrt(max(expected * (1 - expected) / FUTURES, 1e-18))
    return (authorised()[name] - expected) / error


@pytest.mark.parametrize("name", [n for n in MANDATES if n != "none"])
def test_consent_is_what_its_players_make_it(name: str) -> None:
    assert off(name, chance(name)) < LIMIT
    # Those who may be late are authorised in most futures in which they have the votes.
    assert off(name, chance(name) * (0.6 if name in LATE else 1)) > -LIMIT


def test_a_wrong_consent_would_be_seen() -> None:
    assert off("un_mission", chance("un_mission", Russia=0.3)) < -LIMIT
    assert off("guarantors_majority", chance("guarantors_majority", France=0.3)) > LIMIT


@pytest.mark.parametrize(
    ("name", "vetoes"),
    [
        ("un_mission", P5),
        ("un_mission_without_p5", P5),
        ("line", P5),
        ("guarantors_unanimous", (*P5, "Germany", "Turkey")),
        ("guarantors_istanbul", (*P5, "Germany", "Turkey", "Canada", "Italy", "Poland", "Israel")),
    ],
)
def test_whoever_can_block_caps_the_whole(name: str, vetoes: tuple[str, ...]) -> None:
    assert chance(name, Russia=0.0) == 0
    for player in vetoes:
        asked = MANDATES[name].authorisation.decided_by[player].consents
        if isinstance(asked, float):
            assert off(name, asked) < -LIMIT  # below every single consent


def test_a_majority_passes_over_a_refusal() -> None:
    assert chance("guarantors_majority", Russia=0.0) > 0.7
    assert off("guarantors_majority", 0.05) > LIMIT  # Russia's consent


def test_the_easier_the_rule_the_likelier_the_guarantee() -> None:
    istanbul, unanimous, majority, rest = (
        authorised()[f"guarantors_{rule}"] for rule in ("istanbul", "unanimous", "majority", "rest")
    )
    assert istanbul < unanimous < 0.02
    assert 0.7 < majority < rest
    assert authorised()["alliance_membership"] < authorised()["article_5_guarantee"] / 50
