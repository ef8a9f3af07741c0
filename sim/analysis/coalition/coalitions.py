"""The smallest set of contributors that is enough, and what each of them is worth."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from sim.analysis.coalition.offers import candidates, least_weight, offers_of, only
from sim.analysis.coalition.search import Found, Members, Sets, exact, greedy
from sim.analysis.same_futures import (
    Bools,
    Share,
    Study,
    answer,
    same_futures,
    share_of,
    study_of,
)
from sim.errors import SimError, nearest
from sim.results.statistics import Difference, paired_difference
from sim.results.tables import Table, columns
from sim.running.blocks import Progress
from sim.scenario.scenario import Scenario

REPLICATIONS = 1_000
CRITERIA = ("number", "soldiers")


@dataclass(frozen=True, slots=True)
class Worth:
    """What one contributor is worth.

    Attributes
    ----------
    soldiers
        That it offers in the mean over the authorised futures: 0 in those in which it stays away,
        and no more than its cap.
    without, loss
        P(feasible) without it, everybody else being asked, and how much lower that is than with it,
        over the same futures.
    member
        Whether it belongs to the coalition found.
    coalition_without, coalition_loss
        The same in the coalition found; None for those who do not belong to it.
    """

    name: str
    soldiers: float
    without: Share
    loss: Difference
    member: bool
    coalition_without: Share | None
    coalition_loss: Difference | None


@dataclass(frozen=True, slots=True)
class Coalition:
    """The smallest set of contributors that is enough.

    Attributes
    ----------
    by
        What is smallest: the ``number`` of contributors, or the ``soldiers`` that they offer.
    given
        ``authorisation``: of the futures in which the mandate is authorised; ``nothing``: of all.
    judged
        Replications that the probabilities are of.
    everybody
        P(feasible) if everybody who may be asked is.
    members
        In the order of the scenario; None where none was found.
    method
        ``exact``: no smaller set is enough in these futures. ``greedy``: a smaller one may be.
        ``none``: not even everybody is enough, so that none was looked for.
    bound
        No set of a smaller number (of fewer soldiers) can be enough; None where no set can.
    reached
        P(feasible) of the coalition in the futures in which it was found ...
    checked
        ... and in as many fresh ones: a set that was chosen looks a little better than it is.
    soldiers, cost
        That the members offer in the mean, and mean cost where authorised (NaN without costs).
    simulated
        Sets that were simulated.
    """

    title: str
    scenario: str
    mandate: str
    size: int
    by: str
    given: str
    confidence: float
    seed: int
    replications: int
    judged: int
    everybody: Share
    members: tuple[str, ...] | None
    method: str
    bound: float | None
    reached: Share | None
    checked: Share | None
    soldiers: float
    cost: float
    currency: str
    worths: tuple[Worth, ...]
    simulated: int

    def table(self) -> Table:
        """One row per contributor."""
        return columns([_row(worth) for worth in self.worths])


def coalition(
    scenario: Scenario,
    size: int,
    mandate: str | None = None,
    *,
    by: str = "number",
    require: Collection[str] = (),
    without: Collection[str] = (),
    confidence: float | None = None,
    given: str | None = None,
    replications: int = REPLICATIONS,
    seed: int | None = None,
    workers: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Coalition:
    """Find the smallest set of contributors with which a force size is feasible.

    Sets are tried in the order of their size while so few must be simulated that it can be done:
    the first that is enough is then the smallest (of equal numbers the one with the fewest
    soldiers). What contributors pledge, and can keep up, adds up; it tells of most sets that they
    cannot be enough. Beyond that one contributor after the other is added, always the one that adds
    most, and those that turn out not to be needed are left out again; `Coalition.bound` then says
    how much smaller a set could be at best.

    Parameters
    ----------
    size
        Soldiers asked for; need not be a size that the scenario names.
    mandate
        Name; may be left out where a single one sends.
    by
        ``number`` of contributors, or the ``soldiers`` that they offer. As a soldier-month costs
        the same wherever a soldier comes from, a force of one size costs much the same whoever
        sends it; what differs is what must be held ready for it.
    require, without
        Contributors that must belong to the set, and such that are not to be asked.
    confidence
        The probability to be reached; default: the scenario's.
    given
        ``authorisation`` or ``nothing``; default: as the scenario's ``feasible_when.given``.
    replications, seed, workers, executor, progress
        As for `sim.run`; the default number is `REPLICATIONS`.

    Returns
    -------
    Coalition

    Raises
    ------
    SimError
        If there is no such mandate or contributor, or no future is authorised.
    """
    study = study_of(scenario, size, mandate, given, replications, seed)
    wanted = study.confidence if confidence is None else confidence
    if by not in CRITERIA:
        raise SimError(f"no criterion '{by}'; known: {', '.join(CRITERIA)}")
    if not 0 < wanted <= 1:
        raise SimError(f"the confidence must lie above 0 and be at most 1, found {wanted:g}")
    able = candidates(study.plan)
    needed, banned = (_indices(study, able, names) for names in (require, without))
    if both := needed & banned:
        raise SimError(f"{study.plan.contributors[min(both)]} is both required and left out")
    nations = tuple(nation for nation in able if nation not in banned)
    if not nations:
        raise SimError("nobody is left who could be asked")
    with same_futures(study, workers, executor, progress) as ask:
        sets = Sets(study, offers_of(study, nations), ask)
        return _found(study, sets, by, wanted, {nations.index(nation) for nation in needed})


def _found(
    study: Study, sets: Sets, by: str, wanted: float, required: Collection[int]
) -> Coalition:
    offers, everybody, places = sets.offers, sets.everybody, sorted(sets.everybody)
    weights = np.ones(len(places)) if by == "number" else offers.means
    all_feasible, *others = sets.feasible([everybody, *(everybody - {i} for i in places)])
    bound = least_weight(offers, weights.tolist(), wanted, required)
    found: Found | None = None
    if all_feasible.mean() >= wanted:
        found = exact(sets, weights, wanted, Members(required), bound or 0.0)
        if found.members is None:
            found = replace(greedy(sets, weights, wanted, Members(required)), bound=found.bound)
        bound = found.bound
    members = found.members if found else None
    reached, inside = None, dict[int, Bools]()
    if members is not None:
        reached, *rest = sets.feasible([members, *(members - {i} for i in sorted(members))])
        inside = dict(zip(sorted(members), rest, strict=True))
    names = [study.plan.contributors[nation] for nation in offers.nations]
    worths = [
        Worth(
            name=names[i],
            soldiers=float(offers.means[i]),
            without=share_of(others[i]),
            loss=paired_difference(others[i], all_feasible),
            member=i in inside,
            coalition_without=share_of(inside[i]) if i in inside else None,
            coalition_loss=paired_difference(inside[i], reached)
            if i in inside and reached is not None
            else None,
        )
        for i in places
    ]
    return Coalition(
        title=study.title,
        scenario=study.scenario,
        mandate=study.mandate,
        size=study.size,
        by=by,
        given=study.given,
        confidence=wanted,
        seed=study.seed,
        replications=study.replications,
        judged=int(sets.judged.sum()),
        everybody=share_of(all_feasible),
        members=None if members is None else tuple(names[i] for i in sorted(members)),
        method=found.method if found else "none",
        bound=bound,
        reached=None if reached is None else share_of(reached),
        checked=None if members is None else _check(sets, members),
        soldiers=float(sum(offers.means[i] for i in inside)),
        cost=sets.known[members].cost if members is not None else float("nan"),
        currency=study.plan.currency,
        worths=tuple(sorted(worths, key=lambda w: (-w.loss.estimate, -w.soldiers, w.name))),
        simulated=len(sets.known),
    )


def _check(sets: Sets, members: Members) -> Share:
    """P(feasible) of a set in fresh futures: the replications after those of the search."""
    study, count = sets.study, sets.study.replications
    plan = only(study.plan, {sets.offers.nations[i] for i in members})
    found = answer(plan, study.size, 2 * count, study.seed)
    judged = study.judged(found.authorised)[count:]
    return share_of(found.feasible[count:][judged])


def _indices(study: Study, able: Collection[int], names: Collection[str]) -> set[int]:
    """Contributors of these names among those that can be asked."""
    known = {study.plan.contributors[nation]: nation for nation in able}
    for name in names:
        if name not in known:
            hint = nearest(name, known) or f"those who can be asked: {', '.join(known) or 'nobody'}"
            raise SimError(f"no contributor '{name}' under '{study.mandate}'; {hint}")
    return {known[name] for name in names}


def _row(worth: Worth) -> dict[str, object]:
    nan = float("nan")
    inside, loss = worth.coalition_without, worth.coalition_loss
    return {
        "contributor": worth.name,
        "member": worth.member,
        "soldiers_offered_mean": worth.soldiers,
        "p_without": worth.without.estimate,
        "p_without_low": worth.without.low,
        "p_without_high": worth.without.high,
        "loss": worth.loss.estimate,
        "loss_low": worth.loss.low,
        "loss_high": worth.loss.high,
        "p_coalition_without": inside.estimate if inside else nan,
        "coalition_loss": loss.estimate if loss else nan,
        "coalition_loss_low": loss.low if loss else nan,
        "coalition_loss_high": loss.high if loss else nan,
    }
