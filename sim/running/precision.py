"""A stopping rule: as many replications as the wanted precision takes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sim.engine.outcomes import COUNTS, Outcomes
from sim.engine.plan import Plan
from sim.engine.simulate import Cell
from sim.engine.streams import BLOCK
from sim.results.statistics import Z95, wilson


@dataclass(frozen=True, slots=True)
class Precision:
    """Half of the width that the 95% interval of a cell's verdict may have, at most.

    The verdict is about P(feasible), outright or if authorised as the mandate's criteria say.
    Looked at after whole blocks in a fixed order, so that a seed gives the same number of
    replications whatever the executor. Stopping when an estimate looks good makes its interval a
    little too narrow; here half-widths decide, and not estimates, which keeps that small.
    """

    half_width: float

    def reached(self, plan: Plan, outcomes: Mapping[Cell, Outcomes]) -> bool:
        """Whether every cell is as precise as wanted."""
        return self.widest(plan, outcomes) <= self.half_width

    def widest(self, plan: Plan, outcomes: Mapping[Cell, Outcomes]) -> float:
        """The largest half-width of any cell; infinite for one that was never authorised."""
        return max((self._half(*counts) for counts in _counts(plan, outcomes)), default=0.0)

    def more(self, plan: Plan, outcomes: Mapping[Cell, Outcomes], done: int, most: int) -> int:
        """How many replications to look again after: whole blocks, at most twice those done."""
        needed = done + BLOCK
        for successes, trials in _counts(plan, outcomes):
            if self._half(successes, trials) > self.half_width:
                p = (successes + 1) / (trials + 2)
                wanted = Z95**2 * p * (1 - p) / self.half_width**2
                needed = max(needed, math.ceil(done * wanted / max(trials, 1)))
        blocks = math.ceil(min(needed, 2 * done) / BLOCK)
        return min(most, max(blocks * BLOCK, done + BLOCK))

    @staticmethod
    def _half(successes: int, trials: int) -> float:
        low, high = wilson(successes, trials)
        return (high - low) / 2 if trials else math.inf


def _counts(plan: Plan, outcomes: Mapping[Cell, Outcomes]) -> Iterator[tuple[int, int]]:
    """Feasible replications and those they are counted among, per cell of a force."""
    for cell, outcome in outcomes.items():
        mandate = plan.mandates[cell.mandate]
        if mandate.sends:
            counts = dict(zip(COUNTS, map(int, outcome.counts), strict=True))
            given = mandate.criteria.given_authorisation
            yield counts["feasible"], counts["authorised" if given else "replications"]
