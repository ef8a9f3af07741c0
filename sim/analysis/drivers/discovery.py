"""Scenario discovery: boxes of inputs in which an outcome holds (PRIM).

The patient rule induction method of Friedman & Fisher (1999, Statistics and Computing 9:123), used
as by Bryant & Lempert (2010, Technological Forecasting and Social Change 77:34): peel a thin slice
off the box again and again where that raises the share of hits most, paste back what costs nothing,
drop limits that could be chance. Every other replication is held out: a box is found on one half
and its density and coverage are measured on the other, so that they do not flatter it.

It is our own because no library serves: the package ``PRIM`` is under the GPL, and ema_workbench
brings thirteen further packages with it, scikit-learn and statsmodels among them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.results.statistics import wilson

ALPHA = 0.05
"""Share of a box that is peeled or pasted at a time."""
LEAST_MASS = 0.05
"""No box holds less than this share of the replications."""
MOST_BOXES = 3
SIGNIFICANT = 0.05
"""Quasi-p-value from which on a limit is dropped, for all inputs together (Bonferroni)."""

_Floats = NDArray[np.float64]
_Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Limit:
    """One side of a box.

    Attributes
    ----------
    input
        Name of the input.
    low, high
        It is at least `low` and at most `high`, in its own unit; infinite where not limited.
    p_value
        Quasi-p-value (Bryant & Lempert 2010): how likely the box without this limit would give as
        high a density by chance, on the replications held out.
    """

    input: str
    low: float
    high: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Box:
    """Limits on some inputs within which the outcome holds more often.

    Attributes
    ----------
    limits
        All hold together; those of most weight first.
    replications
        Held-out replications in the box (and in no box before it).
    density
        Share of these in which the outcome holds, with its 95% interval.
    coverage
        Share of all replications with the outcome that lie in the box, with its 95% interval.
    mass
        Share of all replications that lie in the box.
    """

    limits: tuple[Limit, ...]
    replications: int
    density: float
    density_low: float
    density_high: float
    coverage: float
    coverage_low: float
    coverage_high: float
    mass: float


@dataclass(frozen=True, slots=True)
class _Bounds:
    """A box as two arrays (inputs,), both ends included."""

    low: _Floats
    high: _Floats

    def holds(self, x: _Floats, without: int | None = None) -> _Bools:
        """Which rows lie inside: bool (n,); `without` one input's limits."""
        sides = (x >= self.low) & (x <= self.high)
        if without is not None:
            sides[:, without] = True
        inside: _Bools = np.all(sides, axis=1)
        return inside

    def limited(self) -> list[int]:
        return np.flatnonzero(np.isfinite(self.low) | np.isfinite(self.high)).tolist()

    def replaced(self, column: int, low: float, high: float) -> _Bounds:
        lows, highs = self.low.copy(), self.high.copy()
        lows[column], highs[column] = low, high
        return _Bounds(lows, highs)


def find_boxes(
    inputs: Mapping[str, _Floats], hits: _Bools, *, density: float, most: int = MOST_BOXES
) -> tuple[Box, ...]:
    """Find boxes in which the outcome holds with a wanted density.

    Parameters
    ----------
    inputs
        Float arrays (n,) by name; ranks decide, so that units do not matter.
    hits : bool array (n,)
        Where the outcome holds.
    density
        Of the boxes that reach it the one of highest coverage is taken; where none does, the one
        of the highest harmonic mean of density and coverage.
    most
        Boxes at most; each further one is sought outside those before it and given only where it
        reaches the density.

    Returns
    -------
    tuple of Box
        Empty where no limit raises the density beyond chance.
    """
    names = list(inputs)
    if not names or not hits.any() or hits.all():
        return ()
    x = _codes(np.column_stack([inputs[name] for name in names]))
    raw = np.column_stack([inputs[name] for name in names])
    learn = np.arange(len(hits)) % 2 == 0
    held_x, held_hits = x[~learn], hits[~learn]
    left, unseen = np.ones(int(learn.sum()), np.bool_), np.ones(len(held_hits), np.bool_)
    boxes: list[Box] = []
    while len(boxes) < most:
        own_x, own_hits = x[learn][left], hits[learn][left]
        if not own_hits.any() or own_hits.all():
            break
        bounds = _search(own_x, own_hits, density, LEAST_MASS * learn.sum())
        if not bounds.limited():
            break
        inside = bounds.holds(own_x)
        if boxes and own_hits[inside].mean() < density:
            break
        boxes.append(_measured(bounds, names, raw, x, held_x, held_hits, unseen))
        left[np.flatnonzero(left)[inside]] = False
        unseen &= ~bounds.holds(held_x)
    return tuple(boxes)


def _codes(raw: _Floats) -> _Floats:
    """Each column's distinct values, numbered: infinities are values like others then."""
    return np.column_stack([np.unique(c, return_inverse=True)[1] for c in raw.T]).astype(np.float64)


def _search(x: _Floats, hits: _Bools, density: float, least: float) -> _Bounds:
    """Peel, choose, drop what could be chance, paste."""
    trajectory = _peel(x, hits, least)
    means = [float(hits[box.holds(x)].mean()) for box in trajectory]
    reached = [place for place, mean in enumerate(means) if mean >= density]
    coverages = [float(hits[box.holds(x)].sum() / hits.sum()) for box in trajectory]
    balance = [2 * a * b / (a + b) if a else 0.0 for a, b in zip(means, coverages, strict=True)]
    # Peeling only shrinks: the first that reaches the density covers most.
    chosen = trajectory[reached[0] if reached else int(np.argmax(balance))]
    return _paste(x, hits, _without_chance(x, hits, chosen), density)


def _peel(x: _Floats, hits: _Bools, least: float) -> list[_Bounds]:
    """Every box from the whole to the smallest."""
    width = x.shape[1]
    trajectory = [_Bounds(np.full(width, -np.inf), np.full(width, np.inf))]
    while True:
        box = trajectory[-1]
        inside = box.holds(x)
        own, own_hits = x[inside], hits[inside]
        best, best_gain = None, -np.inf
        for column in range(width):
            values = own[:, column]
            lower, upper = np.quantile(values, (ALPHA, 1 - ALPHA), method="inverted_cdf")
            for from_below, keep in ((True, values > lower), (False, values < upper)):
                kept = int(keep.sum())
                if kept < max(1.0, least) or kept == len(values):
                    continue
                # Gain per row given up: a truth value must not win because it peels so much at
                # once (Kwakkel & Jaxa-Rozen 2016, Environmental Modelling & Software 79:311).
                gain = (own_hits[keep].mean() - own_hits.mean()) / (len(values) - kept)
                if gain > best_gain:
                    low = values[keep].min() if from_below else box.low[column]
                    high = box.high[column] if from_below else values[keep].max()
                    best, best_gain = box.replaced(column, low, high), gain
        if best is None or own_hits.all():
            return trajectory
        trajectory.append(best)


def _p_value(x: _Floats, hits: _Bools, box: _Bounds, column: int) -> float:
    from scipy.stats import binom

    wider, inside = box.holds(x, without=column), box.holds(x)
    if not wider.any():
        return 1.0
    return float(binom.sf(int(hits[inside].sum()) - 1, int(inside.sum()), hits[wider].mean()))


def _without_chance(x: _Floats, hits: _Bools, box: _Bounds) -> _Bounds:
    """Drop limits one by one, the least significant first."""
    while box.limited():
        p_values = {column: _p_value(x, hits, box, column) for column in box.limited()}
        worst = max(p_values, key=lambda column: p_values[column])
        if p_values[worst] < SIGNIFICANT / x.shape[1]:
            break
        box = box.replaced(worst, -np.inf, np.inf)
    return box


def _paste(x: _Floats, hits: _Bools, box: _Bounds, density: float) -> _Bounds:
    """Give limits way while the box stays as dense as wanted, or as it is."""
    while True:
        inside = box.holds(x)
        floor = min(density, float(hits[inside].mean()))
        wider = [
            other
            for column in box.limited()
            for other in _relaxed(x, box, column, max(1, math.ceil(ALPHA * inside.sum())))
        ]
        found = [(float(hits[other.holds(x)].mean()), other) for other in wider]
        found = [(mean, other) for mean, other in found if mean >= floor]
        if not found:
            return box
        box = max(found, key=lambda pair: pair[0])[1]


def _relaxed(x: _Floats, box: _Bounds, column: int, count: int) -> list[_Bounds]:
    """The box with `count` more rows on each limited side of a column; without the side at last."""
    values = np.sort(x[box.holds(x, without=column), column])
    low, high = box.low[column], box.high[column]
    wider = []
    if np.isfinite(low):
        below = values[values < low][-count:]
        gone = not below.size or below[0] == values[0]  # nothing is left to keep out
        wider.append(box.replaced(column, -np.inf if gone else below[0], high))
    if np.isfinite(high):
        above = values[values > high][:count]
        gone = not above.size or above[-1] == values[-1]
        wider.append(box.replaced(column, low, np.inf if gone else above[-1]))
    return wider


def _measured(
    bounds: _Bounds,
    names: Sequence[str],
    raw: _Floats,
    x: _Floats,
    held_x: _Floats,
    hits: _Bools,
    unseen: _Bools,
) -> Box:
    """Density and coverage on the replications held out and in no box before."""
    inside = bounds.holds(held_x) & unseen
    own, own_hits, total = int(inside.sum()), int(hits[inside].sum()), int(hits.sum())
    limits = []
    for column in bounds.limited():
        within = (x[:, column] >= bounds.low[column]) & (x[:, column] <= bounds.high[column])
        values = raw[within, column]
        low = float(values.min()) if np.isfinite(bounds.low[column]) else -math.inf
        high = float(values.max()) if np.isfinite(bounds.high[column]) else math.inf
        p_value = _p_value(held_x[unseen], hits[unseen], bounds, column)
        limits.append(Limit(names[column], low, high, p_value))
    return Box(
        tuple(sorted(limits, key=lambda limit: limit.p_value)),
        own,
        own_hits / own if own else math.nan,
        *wilson(own_hits, own),
        own_hits / total if total else math.nan,
        *wilson(own_hits, total),
        own / len(hits),
    )
