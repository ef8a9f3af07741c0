"""All subsets of the constraint families over the same futures, and Shapley values from them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from sim.analysis.relaxation import relaxed
from sim.analysis.same_futures import Answer, Bools
from sim.engine.plan import Plan

Subset = frozenset[int]

_AFTER_THE_PLEDGE = ("renewal", "rotation", "lift", "notice", "withdrawals", "conflict")
"""Families that no pledge depends on."""


class Lattice:
    """Subsets of the families, by their places in `families`; each is simulated once.

    Parameters
    ----------
    plan
        Of one mandate.
    size
        Soldiers asked for.
    families
        Names, see `sim.analysis.relaxation.FAMILIES`.
    ask
        From `sim.analysis.same_futures.same_futures`, with a progress of its own.
    """

    def __init__(
        self,
        plan: Plan,
        size: int,
        families: Sequence[str],
        ask: Callable[[Sequence[Plan]], list[Answer]],
    ) -> None:
        self.plan, self.size, self.families, self._ask = plan, size, families, ask
        self._known: dict[Subset, Answer] = {}

    def ask(self, subsets: Iterable[Subset]) -> dict[Subset, Answer]:
        """Simulate the scenario with these subsets of the families relaxed."""
        wanted = list(subsets)
        new = [subset for subset in dict.fromkeys(wanted) if subset not in self._known]
        plans = [
            relaxed(self.plan, self.size, [self.families[i] for i in subset]) for subset in new
        ]
        self._known.update(zip(new, self._ask(plans), strict=True))
        return {subset: self._known[subset] for subset in wanted}

    def subsets(self) -> list[Subset]:
        """Every subset, smaller ones first."""
        places = range(len(self.families))
        return [
            frozenset(chosen)
            for count in range(len(self.families) + 1)
            for chosen in combinations(places, count)
        ]

    def edges(self) -> list[Subset]:
        """Nothing, each alone, all but each, and everything."""
        most = len(self.families)
        return [s for s in self.subsets() if len(s) <= 1 or len(s) >= most - 1]

    def possible(self, judged: Bools) -> list[Subset]:
        """Subsets with which any of the replications `judged` can be feasible.

        A force that is not pledged is not feasible, and what comes after the pledge does not change
        the pledge. So where a subset of the families before it leaves nobody pledged, nothing is
        feasible whatever else is relaxed. This is exact, and takes few runs.
        """
        later = {i for i, name in enumerate(self.families) if name in _AFTER_THE_PLEDGE}
        subsets = self.subsets()
        first = self.ask(subset for subset in subsets if not subset & later)
        return [s for s in subsets if first[s - later].pledged[judged].any()]


def shapley_values(feasible: Mapping[Subset, Bools], count: int) -> list[tuple[float, float]]:
    """Shapley values (1953) of `count` families, each with its Monte Carlo standard error.

    A replication is feasible or not, 0 or 1, and the values are linear in that: each replication
    has values of its own, and the values of all are their means.

    Parameters
    ----------
    feasible
        Of every subset of the families: bool arrays (n,) over the same replications.
    """
    weights = [
        math.factorial(k) * math.factorial(count - k - 1) / math.factorial(count)
        for k in range(count)
    ]
    values = []
    for family in range(count):
        own: NDArray[np.float64] = np.zeros(len(feasible[frozenset()]))
        for subset, without in feasible.items():
            if family not in subset:
                added = feasible[subset | {family}].astype(np.int8) - without
                own += weights[len(subset)] * added
        error = float(own.std(ddof=1) / math.sqrt(len(own))) if len(own) > 1 else math.nan
        values.append((float(own.mean()), error))
    return values
