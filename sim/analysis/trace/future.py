"""One future out of many: which mandate, which size, which replication, and who stands ready in it.

Everything here is the core's; what units then do is the unit-level engine's (`sim.engine.units`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sim.engine.futures import Futures, draw_futures
from sim.engine.muster import Muster, Pledge, muster, pledge
from sim.engine.plan import NEVER, Plan
from sim.engine.planning import plan_of
from sim.engine.pools import Pools
from sim.engine.simulate import run_cell
from sim.engine.streams import BLOCK
from sim.errors import SimError, nearest
from sim.running.cells import mandate_of, size_of
from sim.running.memory import check_memory
from sim.running.seeds import seed_of
from sim.scenario.scenario import Scenario

WHICH = ("worst", "median", "best")
SCORE = (
    "share of the time to be held in which every capability is filled, then mean fill in it; where "
    "nothing is to be held, whether full capability is reached in time, then mean strength"
)
_SEARCHED = 1_000  # replications among which an authorised one is looked for, as a hint


@dataclass(frozen=True, slots=True)
class Future:
    """One replication of one cell.

    Attributes
    ----------
    mandate
        Index of the mandate in the plan.
    size
        Soldiers asked for.
    replication
        Its number in the run, from 0.
    chosen
        How it was chosen.
    score
        The two parts of `SCORE`; None where nothing was compared.
    muster, offer
        Of some replications; `lane` is the place of this one.
    """

    plan: Plan
    mandate: int
    size: int
    seed: int
    replication: int
    chosen: str
    score: tuple[float, float] | None
    muster: Muster
    offer: Pledge
    lane: int


def choose(
    scenario: Scenario,
    mandate: str | None = None,
    size: int | None = None,
    *,
    replication: int | None = None,
    which: str = "median",
    replications: int | None = None,
    seed: int | None = None,
) -> Future:
    """Choose one future of a scenario in which its mandate is authorised.

    Parameters
    ----------
    mandate
        Name; may be left out where a single one sends.
    size
        One of the mandate's sizes; default: its smallest.
    replication
        Number of the replication, from 0.
    which
        Without a `replication`: the ``worst``, the ``median`` or the ``best`` of the authorised
        ones by `SCORE`, the first of equals (of the two in the middle the lower).
    replications
        How many are compared, at most one block; default: those of the scenario's ``run``.
    seed
        Default: the scenario's, or one that is drawn.

    Raises
    ------
    SimError
        If there is no such mandate, size or future, with what comes nearest.
    """
    plan, settings = plan_of(scenario.specification), scenario.specification.run
    index = mandate_of(plan, mandate)
    soldiers = size_of(plan, index, size)
    seed = seed_of(scenario, seed)
    if replication is not None:
        if replication < 0:
            raise SimError(f"replications are counted from 0, found {replication}")
        return _this(plan, index, soldiers, seed, replication)
    if which not in WHICH:
        raise SimError(f"no choice '{which}'; {nearest(which, WHICH) or ', '.join(WHICH)}")
    count = min(BLOCK, settings.replications if replications is None else replications)
    return _ranked(plan, index, soldiers, seed, count, which)


def _this(plan: Plan, index: int, size: int, seed: int, replication: int) -> Future:
    """The replication of this number, or why nobody is sent in it."""
    block, place = divmod(replication, BLOCK)
    futures = draw_futures(plan, seed, block, place + 1)
    lanes = muster(plan, index, futures)
    if not lanes.count or lanes.lanes[-1] != place:
        why = refusal(plan, index, futures, place)
        others = muster(plan, index, draw_futures(plan, seed, 0, _SEARCHED)).lanes
        near = others[np.abs(others - replication).argmin()] if len(others) else None
        hint = f"none of the first {_SEARCHED:,} replications is authorised"
        if near is not None:
            hint = f"an authorised one is {near}"
        name = plan.mandates[index].name
        raise SimError(f"replication {replication} of '{name}' is not authorised: {why}; {hint}")
    offer = pledge(plan, index, futures, lanes.lanes)
    chosen = "as asked for"
    lane = lanes.count - 1
    return Future(plan, index, size, seed, replication, chosen, None, lanes, offer, lane)


def refusal(plan: Plan, mandate: int, futures: Futures, replication: int) -> str:
    """Say why a mandate is not authorised in a replication (its place in the block)."""
    rule, politics = plan.mandates[mandate].authorisation, futures.politics[mandate]
    names = [name for name, _ in plan.conditions]
    given: Mapping[str, bool] = dict(
        zip(names, futures.conditions[:, replication].tolist(), strict=True)
    )
    missing = [name for name in plan.mandates[mandate].requires if not given[name]]
    if missing:
        return f"without {' and '.join(missing)}"
    refused = [not yes for yes in politics.consents[:, replication]]
    vetoes = [rule.players[i].name for i in rule.vetoes if refused[i]]
    if vetoes:
        return f"veto of {', '.join(vetoes)}"
    agreed = len(rule.players) - sum(refused)
    if agreed < rule.needed:
        against = [p.name for p, no in zip(rule.players, refused, strict=True) if no]
        return f"{agreed} of {rule.needed} consents ({', '.join(against)} refused)"
    return "the decision comes too late"


def _ranked(plan: Plan, index: int, size: int, seed: int, count: int, which: str) -> Future:
    """The worst, median or best of the first `count` replications."""
    check_memory(plan, 1, 0, 1)
    futures = draw_futures(plan, seed, 0, count)
    lanes = muster(plan, index, futures)
    name, few = plan.mandates[index].name, "replication" if count == 1 else "replications"
    if not lanes.count:
        first = refusal(plan, index, futures, 0)
        raise SimError(
            f"'{name}' is authorised in none of {count:,} {few} (in the first: {first}); "
            "--given or --set can make it so"
        )
    offer = pledge(plan, index, futures, lanes.lanes)
    pools = Pools(plan, index, lanes)
    _, verdict, ledger = run_cell(plan, index, size, futures, lanes, offer, pools)
    steps, held = np.maximum(verdict.hold_steps, 1), verdict.hold_steps > 0
    strength = ledger.soldier_steps.sum(axis=0) / (plan.steps * size)
    filled = np.where(held, 1 - verdict.misses / steps, verdict.full)
    fill = np.where(held, ledger.hold_fill / steps, strength)
    order = np.lexsort((np.arange(lanes.count), fill, filled))
    place = {"worst": 0, "median": (lanes.count - 1) // 2, "best": lanes.count - 1}[which]
    score = (float(filled[order[place]]), float(fill[order[place]]))
    equal = (filled == score[0]) & (fill == score[1])
    lane = int(np.flatnonzero(equal)[0])  # the first of equals
    chosen = f"the {which} of {lanes.count:,} authorised of {count:,} {few}"
    number = int(lanes.lanes[lane])
    return Future(plan, index, size, seed, number, chosen, score, lanes, offer, lane)


def step_or_none(step: int) -> int | None:
    """A step, or None where it is never reached."""
    return int(step) if step < NEVER else None
