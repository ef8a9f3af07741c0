"""How the smallest sufficient set of contributors is looked for."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np
from numpy.typing import NDArray

from sim.analysis.coalition.offers import Offers, only
from sim.analysis.same_futures import Answer, Bools, Runs, Study

MOST_SIMULATED = 300
"""Sets simulated in an exact search before it is given up."""
MOST_LISTED = 20_000
"""Sets of one number of members (by soldiers: of any) that are listed in an exact search."""
_AT_ONCE = 8  # sets simulated together: the order of the search, not the workers, decides

Weights = NDArray[np.float64]
Members = frozenset[int]


class Sets:
    """Sets of contributors, by their places in `offers.nations`; each is simulated once."""

    def __init__(self, study: Study, offers: Offers, ask: Runs) -> None:
        self.study, self.offers, self._ask = study, offers, ask
        self.known: dict[Members, Answer] = {}
        self.everybody = Members(range(len(offers.nations)))
        authorised = self.ask([self.everybody])[0].authorised
        self.judged: Bools = study.judged(authorised)

    def ask(self, sets: Collection[Members]) -> list[Answer]:
        """Simulate some sets."""
        new = [members for members in dict.fromkeys(sets) if members not in self.known]
        self._ask.expected = max(self._ask.expected, self._ask.done + len(new))
        plans = [only(self.study.plan, {self.offers.nations[i] for i in s}) for s in new]
        self.known.update(zip(new, self._ask(plans), strict=True))
        return [self.known[members] for members in sets]

    def feasible(self, sets: Collection[Members]) -> list[Bools]:
        """Which of the judged futures are feasible with each set."""
        return [found.feasible[self.judged] for found in self.ask(sets)]


@dataclass(frozen=True, slots=True)
class Found:
    """A set of contributors (places among the candidates).

    Attributes
    ----------
    members
        None where the search was given up.
    method
        ``exact`` or ``greedy``.
    bound
        No set that weighs less can be enough.
    """

    members: Members | None
    method: str
    bound: float


def exact(sets: Sets, weights: Weights, wanted: float, required: Members, bound: float) -> Found:
    """Try sets from the lightest on; the first that is enough is the smallest.

    A set is not simulated where it offers enough too rarely: P(feasible) is no higher. Nothing else
    is left out, so that the result holds whether or not more contributors always help.
    """
    simulated = 0
    for least, group in _in_order(sets, weights, required, bound):
        bound = max(bound, least)
        hopeful = [members for members in group if sets.offers.most(members) >= wanted]
        for first in range(0, len(hopeful), _AT_ONCE):
            some = hopeful[first : first + _AT_ONCE]
            bound = max(bound, float(weights[sorted(some[0])].sum()))
            if simulated + len(some) > MOST_SIMULATED:
                return Found(None, "exact", bound)
            simulated += len(some)
            for members, feasible in zip(some, sets.feasible(some), strict=True):
                if feasible.mean() >= wanted:
                    return Found(members, "exact", float(weights[sorted(members)].sum()))
    return Found(None, "exact", bound)


def _in_order(
    sets: Sets, weights: Weights, required: Members, bound: float
) -> Iterator[tuple[float, list[Members]]]:
    """Groups of sets from the lightest on, each with the least that any set from there on weighs.

    The last one is empty where they are too many to be listed.
    """
    free = sorted(sets.everybody - required)
    soldiers = sets.offers.means

    def key(members: Members) -> tuple[float, float, list[int]]:
        own = sorted(members)
        return float(weights[own].sum()), float(soldiers[own].sum()), own

    if (weights == 1).all():
        for count in range(max(1, len(required), math.ceil(bound - 1e-6)), len(sets.everybody) + 1):
            if math.comb(len(free), count - len(required)) > MOST_LISTED:
                yield float(count), []
                return
            chosen = combinations(free, count - len(required))
            yield float(count), sorted((required | set(c) for c in chosen), key=key)
    elif 2 ** len(free) > MOST_LISTED:
        yield bound, []
    else:
        every = chain.from_iterable(combinations(free, k) for k in range(len(free) + 1))
        listed = sorted((required | set(c) for c in every), key=key)
        yield bound, [m for m in listed if m and weights[sorted(m)].sum() >= bound - 1e-6]


def greedy(sets: Sets, weights: Weights, wanted: float, required: Members) -> Found:
    """Add what adds most for its weight until it is enough, then leave out what is not needed.

    As long as what is offered is enough too rarely, offers alone are looked at. Where nobody adds
    to P(feasible), which stays at 0 until many have joined, the mean fill decides.
    """
    members = required
    while sets.offers.most(members) < wanted:
        before = (sets.offers.most(members), sets.offers.met(members))
        members = _better(
            members,
            {i: _offered(sets, members | {i}) for i in sorted(sets.everybody - members)},
            before,
            weights,
        )
    while (now := _reached(sets, [members])[0])[0] < wanted:
        others = sorted(sets.everybody - members)
        scores = dict(zip(others, _reached(sets, [members | {i} for i in others]), strict=True))
        members = _better(members, scores, now, weights)
    while removable := sorted(members - required):
        fewer = [members - {i} for i in removable]
        fewer = [m for m in fewer if sets.offers.most(m) >= wanted]
        enough = [
            (float(weights[sorted(m)].sum()), -score[0], sorted(m))
            for m, score in zip(fewer, _reached(sets, fewer), strict=True)
            if score[0] >= wanted
        ]
        if not enough:
            break
        members = frozenset(min(enough)[2])
    return Found(members, "greedy", 0.0)


def _offered(sets: Sets, members: Members) -> tuple[float, float]:
    return sets.offers.most(members), sets.offers.met(members)


def _reached(sets: Sets, several: list[Members]) -> list[tuple[float, float]]:
    """P(feasible) and mean fill of sets."""
    found = zip(sets.feasible(several), sets.ask(several), strict=True)
    return [(float(feasible.mean()), answer.fill) for feasible, answer in found]


def _better(
    members: Members,
    scores: dict[int, tuple[float, float]],
    before: tuple[float, float],
    weights: Weights,
) -> Members:
    """Add the one with the highest gain for its weight; gains are compared one after the other."""

    def gain(place: int) -> tuple[float, float]:
        weight = max(float(weights[place]), 1e-9)
        first, second = (now - then for now, then in zip(scores[place], before, strict=True))
        return first / weight, second / weight

    # Of equals the first in the scenario.
    best = max(scores, key=lambda place: (*gain(place), -place))
    return members | {best}
