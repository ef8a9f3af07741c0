"""Which values of a lever to simulate next, until the nearest that suffices is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sim.analysis.dial import Dial
from sim.analysis.relaxation import single
from sim.analysis.same_futures import Answer, Study
from sim.analysis.sizing.points import Point, Rise, rises, thinned
from sim.engine.plan import Plan
from sim.engine.planning import plan_of
from sim.scenario.scenario import Scenario

_GRID = 4  # values tried first on either side
_FINEST = 60  # most values at once where the probability does not move one way

Passes = Callable[[Point], bool]


class LeverSearch:
    """The values of one lever, those simulated and those still to be."""

    def __init__(self, scenario: Scenario, dial: Dial, study: Study) -> None:
        self.scenario, self.dial, self.study = scenario, dial, study
        self.index = [*scenario.specification.mandates].index(study.mandate)
        self.points: dict[float, Point] = {}
        self.refused: set[float] = set()
        confidence = study.confidence
        self._passes: tuple[Passes, ...] = (
            lambda point: point.interval[0] >= confidence,
            lambda point: point.share >= confidence,
            lambda point: point.interval[1] >= confidence,
        )

    def plans(self, values: Iterable[float]) -> dict[float, Plan]:
        """The plan of each value, but for those that the language refuses."""
        plans: dict[float, Plan] = {}
        for x in values:
            variant = self.dial.turned(self.scenario, x)
            if variant is None:
                self.refused.add(x)
            else:
                plans[x] = single(plan_of(variant.specification), self.index)
        return plans

    def take(self, answers: Iterable[tuple[float, Answer]]) -> None:
        """Keep what was simulated."""
        for x, answer in answers:
            self.points[x] = Point(x, answer.feasible, self.study.judged(answer.authorised))

    def wanted(self) -> list[float]:
        """The values to simulate next; none when the answer is known."""
        if not self.points:
            return self._grid()
        wanted: set[float] = set()
        if self._passes[0](self.points[self.dial.start]):
            return []
        for side in self.sides():
            against = rises(side[::-1])
            for passes in self._passes:
                near = self.nearest(side, passes)
                if not near:
                    continue
                low, high = sorted((side[near - 1].at, side[near].at))
                places = [p for p in self.dial.places(low, high) if p not in self.refused]
                unsure = any(rise.overlaps(low, high) for rise in against)
                wanted |= set(_chosen(places, _FINEST if unsure else 1))
        return sorted(wanted - self.points.keys())

    def _grid(self) -> list[float]:
        dial = self.dial
        values = {dial.start}
        for end in (dial.low, dial.high):
            for k in range(1, _GRID + 1):
                if dial.kind in ("probability", "mean") or not (end > 0 and dial.start > 0):
                    x = dial.start + (end - dial.start) * k / _GRID
                else:  # each as much larger than the one before
                    x = dial.start * (end / dial.start) ** (k / _GRID)
                values.add(round(round(x / dial.resolution) * dial.resolution, 10))
        return sorted(values)

    def sides(self) -> list[list[Point]]:
        """Points outwards from where the value stands, downwards and upwards."""
        known = sorted(self.points)
        start = self.dial.start
        down = [self.points[x] for x in reversed(known) if x <= start]
        return [down, [self.points[x] for x in known if x >= start]]

    @staticmethod
    def nearest(side: Sequence[Point], passes: Passes) -> int | None:
        """Place of the first point outwards that passes."""
        return next((place for place, point in enumerate(side) if passes(point)), None)

    def answers(self) -> list[float | None]:
        """The nearest value of which the interval, the estimate, and the upper end suffice."""
        found: list[float | None] = []
        for passes in self._passes:
            near = [(side, self.nearest(side, passes)) for side in self.sides()]
            values = [side[place].at for side, place in near if place is not None]
            found.append(min(values, key=self.dial.relative, default=None))
        return found

    def against(self) -> list[Rise]:
        """Where the probability falls on the way to a value that might do."""
        return [
            rise
            for side in self.sides()
            if self.nearest(side, self._passes[2])
            for rise in rises(side[::-1])
        ]


def _chosen(places: Sequence[float], count: int) -> list[float]:
    return [places[i] for i in thinned(range(len(places)), count)]
