"""How likely a force is feasible along one scale (its size, the value of a lever): same futures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.results.statistics import (
    Difference,
    mcnemar,
    paired_ratio_difference,
    proportion_error,
    wilson,
)

LEVEL = 0.05


@dataclass(frozen=True, eq=False)
class Point:
    """P(feasible) at one place of the scale.

    Attributes
    ----------
    at
        The size, or the value.
    feasible, among : bool arrays (n,)
        Replications in which the force is feasible, and those that the verdict is about: the
        authorised ones, or all.
    """

    at: float
    feasible: NDArray[np.bool_]
    among: NDArray[np.bool_]

    @property
    def trials(self) -> int:
        """Replications that the verdict is about."""
        return int(self.among.sum())

    @property
    def successes(self) -> int:
        """Of these, in which the force is feasible."""
        return int((self.feasible & self.among).sum())

    @property
    def share(self) -> float:
        """The probability; NaN without any replication that counts."""
        return self.successes / self.trials if self.trials else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95% interval of the share."""
        return wilson(self.successes, self.trials)

    def row(self) -> dict[str, Any]:
        """Share, interval, error and replications, as the columns of a table."""
        low, high = self.interval
        return {
            "p": self.share,
            "p_low": low,
            "p_high": high,
            "p_mcse": proportion_error(self.successes, self.trials),
            "replications": self.trials,
        }


@dataclass(frozen=True, slots=True)
class Rise:
    """A pair of places between which the probability rises although it should not."""

    first: Point
    second: Point
    difference: Difference

    def facts(self) -> dict[str, Any]:
        """Where it rises, and by how much."""
        d = self.difference
        return {
            "from": self.first.at,
            "to": self.second.at,
            "difference": d.estimate,
            "low": d.low,
            "high": d.high,
            "p_value": d.p_value,
        }

    def overlaps(self, low: float, high: float) -> bool:
        """Whether it lies, in part, between two places."""
        ends = sorted((self.first.at, self.second.at))
        return ends[0] < high and low < ends[1]


def rises(points: Sequence[Point]) -> list[Rise]:
    """Find where the probability rises along points over which it should not.

    Every pair is tested over the same futures (exact McNemar test, one-sided), and Holm's procedure
    (1979) keeps the chance of any false alarm at 5%.

    Parameters
    ----------
    points
        In the order along which the probability should fall or stay.

    Returns
    -------
    list of Rise
        The pairs that rise and hold no other such pair between them, in order.
    """
    pairs = list(combinations(range(len(points)), 2))
    tested: list[tuple[float, int, int]] = []
    for i, j in pairs:
        if points[j].share > points[i].share:
            tested.append((_p_value(points[i], points[j]), i, j))
    risen: list[tuple[int, int]] = []
    for rank, (p_value, i, j) in enumerate(sorted(tested)):
        if p_value > LEVEL / (len(pairs) - rank):
            break
        risen.append((i, j))
    tightest = [
        (i, j)
        for i, j in sorted(risen)
        if not any((a, b) != (i, j) and i <= a and b <= j for a, b in risen)
    ]
    return [Rise(points[i], points[j], _difference(points[i], points[j])) for i, j in tightest]


def _difference(first: Point, second: Point) -> Difference:
    return paired_ratio_difference(first.feasible, first.among, second.feasible, second.among)


def _p_value(first: Point, second: Point) -> float:
    """One-sided, of no rise."""
    if np.array_equal(first.among, second.among):
        return mcnemar(first.feasible[first.among], second.feasible[first.among])[1]
    return _difference(first, second).p_value / 2


def thinned(places: Sequence[int], count: int) -> list[int]:
    """Choose up to `count` of some places, evenly."""
    if len(places) <= count:
        return list(places)
    chosen = (round((k + 1) * (len(places) + 1) / (count + 1)) - 1 for k in range(count))
    return [places[index] for index in dict.fromkeys(chosen)]
