"""Which force sizes to simulate next, until the largest feasible one is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sim.analysis.sizing.points import Point, Rise, rises, thinned
from sim.engine.plan import Mandate, Plan
from sim.errors import SimError

PARTS = 9  # sizes tried at once between two: a bracket shrinks to a tenth
FINEST = 60  # most sizes at once where the probability rises with the size

Passes = Callable[[Point], bool]


class SizeSearch:
    """The sizes of one mandate, those simulated and those still to be."""

    def __init__(
        self, plan: Plan, index: int, sizes: tuple[int, ...], step: int, limit: int | None
    ) -> None:
        self.index, self.step = index, step
        self.mandate: Mandate = plan.mandates[index]
        pools = [plan.pools[p] for p in {line.pool for line in self.mandate.lines}]
        self.least = min((pool.strength for pool in pools), default=1)
        self.sizes = tuple(sorted(set(sizes or self.mandate.sizes)))
        soldiers = sum(max(n for _, n in pool.units) * pool.strength for pool in pools)
        filled = self.mandate.criteria.fill * self.mandate.peak if self.mandate.sends else 1.0
        all_there_are = max(int(soldiers / filled + 1e-9), *self.sizes, 1)
        self.most = limit or all_there_are
        self.limited = self.most < all_there_are
        if self.sizes and self.sizes[-1] > self.most:
            raise SimError(f"size {self.sizes[-1]:,} lies beyond the limit of {self.most:,}")
        self.points: dict[int, Point] = {}
        confidence = self.mandate.criteria.confidence
        self._passes: tuple[Passes, ...] = (
            lambda point: point.interval[0] >= confidence,
            lambda point: point.share >= confidence,
            lambda point: point.interval[1] >= confidence,
        )

    def wanted(self) -> list[int]:
        """The sizes to simulate next; none when the answer is known."""
        if not self.mandate.sends:
            return []
        if not self.points:
            return list(self.sizes)
        if self.never_judged():
            return []
        found = self.rises()
        wanted: set[int] = set()
        for passes in self._passes:
            wanted |= self._between(*self._bracket(passes), found)
        known = sorted(self.points)
        for rise in found:
            first, last = int(rise.first.at), int(rise.second.at)
            if last > max(size or 0 for size in self.largest()):  # it may rise further on
                last = next((size for size in known if size > last), last)
            wanted |= set(thinned(self._places(first, last), FINEST))
        return sorted(wanted - self.points.keys())

    def never_judged(self) -> bool:
        """Whether no replication counts: the mandate is never authorised."""
        return not any(point.trials for point in self.points.values())

    def rises(self) -> list[Rise]:
        """Where the probability rises with the size."""
        return rises([self.points[size] for size in sorted(self.points)])

    def largest(self) -> list[int | None]:
        """The largest size of which the interval, the estimate, and the upper end suffice."""
        return [self._bracket(passes)[0] or None for passes in self._passes]

    def _bracket(self, passes: Passes) -> tuple[int, int | None]:
        """The largest size that passes (0: none), and the next that does not (None: beyond)."""
        known = sorted(self.points)
        last = max((size for size in known if passes(self.points[size])), default=0)
        return last, next((size for size in known if size > last), None)

    def _between(self, low: int, high: int | None, found: Sequence[Rise]) -> set[int]:
        if high is None:  # beyond all that is known: twice as large, until the limit
            sizes = [low * 2**k for k in range(1, 40) if low * 2**k < self.most]
            return {*sizes, self.most} if low < self.most else set()
        if low == 0 and high <= self.least:
            return set()
        places = self._places(low, high)
        if low == 0:
            places = [self.least, *(size for size in places if size > self.least)]
        unsure = any(rise.overlaps(low, high) for rise in found)
        return set(thinned(places, FINEST if unsure else PARTS))

    def _places(self, low: int, high: int) -> list[int]:
        """The multiples of the step between two sizes."""
        step = self.step if high > self.step else max(1, self.step // 10)
        return list(range((low // step + 1) * step, high, step))
