"""Pools of units and the lines on which they serve, in steps and soldiers."""

from __future__ import annotations

from dataclasses import dataclass

from sim.scenario.amounts import Amount


@dataclass(frozen=True, slots=True)
class CyclePlan:
    """A readiness cycle in steps."""

    length: int
    ready_from: int
    ready_until: int


@dataclass(frozen=True, slots=True)
class Pool:
    """Units of one capability that one contributor has.

    Attributes
    ----------
    name
        Path of the pool, which names its draws: ``contributors.France.forces.manoeuvre``.
    contributor, capability, corridor
        Indices; corridor -1 is an unlimited way.
    strength
        Soldiers of one unit.
    units
        (from step, units that may be sent: kept-back ones deducted), in order.
    total_units
        (from step, all units), the same steps.
    available
        Probability per unit (a number), or the distribution of the available share.
    notice
        From the contributor's decision to readiness to move, in days; None is at once.
    tour, handover
        Steps in the theatre, and how many of them, at the end, as outgoing.
    least, rested_after
        Steps at home after which a unit may be sent in a surge, and after which it is rested
        (demobilisation + goal + mobilisation).
    demobilisation
        Steps between return and cycle start (readiness cycles only; else inside the two above).
    cycle
        Readiness cycle in place of `least` and `rested_after`.
    spread
        Whether units stand evenly spread over their cycle at step 0.
    """

    name: str
    contributor: int
    capability: int
    corridor: int
    strength: int
    units: tuple[tuple[int, int], ...]
    total_units: tuple[tuple[int, int], ...]
    available: Amount | float
    notice: Amount | None
    priority: int
    tour: int
    handover: int
    least: int
    rested_after: int
    demobilisation: int
    cycle: CyclePlan | None
    spread: bool

    @property
    def cycle_length(self) -> int:
        """Steps of a whole cycle: tour and everything until the next one."""
        if self.cycle:
            return self.cycle.ready_from + self.tour + self.demobilisation
        return self.tour + self.rested_after

    @property
    def ratio(self) -> float:
        """Units per unit continuously counted, ``R = (T + G + P) / (T - O)``."""
        return self.cycle_length / (self.tour - self.handover)

    def level(self, units: int, mission: int) -> int:
        """The presence that `units` can keep up for a mission of so many steps.

        ``max(1, floor(U / min(R, R_finite)))`` with ``R_finite = ceil(H / (T - O))``: in a mission
        that short nobody serves twice. Whole numbers throughout.
        """
        counted = self.tour - self.handover
        finite = max(1, -(-mission // counted))
        return max(1, units * counted // self.cycle_length, units // finite)


@dataclass(frozen=True, slots=True)
class Line:
    """Units of a pool in the service of one capability: its own, or one that they stand in for.

    `worth` is what one unit counts for there, in soldiers.
    """

    pool: int
    capability: int
    worth: int
    substitute: bool
