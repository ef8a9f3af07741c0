"""The plan: a scenario as flat values in steps and soldiers, ready for either engine.

A plan knows no YAML and no files, draws nothing and is never changed. Indices refer to the tuples
of names at its top: contributors, capabilities, corridors, conditions.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from sim.engine.forces import Line, Pool
from sim.scenario.amounts import Amount
from sim.scenario.plugins import Choice
from sim.scenario.schema.base import Conditional

# A step that is never reached; sums of two still fit an int32.
NEVER = 1_000_000

# Why a replication fails, in the order in which the gates are asked.
CAUSES = (
    "authorisation",
    "will",
    "pool",
    "capability",
    "notice",
    "delivery",
    "lift",
    "rotation",
    "withdrawal",
    "conflict",
)


@dataclass(frozen=True, slots=True)
class Player:
    """Somebody who decides on a mandate."""

    name: str
    consents: Conditional
    delay: Amount | None
    renews: Conditional


@dataclass(frozen=True, slots=True)
class Authorisation:
    """`needed` consents, among them those of all `vetoes` (indices into players)."""

    players: tuple[Player, ...]
    needed: int
    vetoes: tuple[int, ...]
    delay: Amount | None


@dataclass(frozen=True, slots=True)
class Stance:
    """A contributor's participation under a mandate; `name` names its draws."""

    name: str
    probability: Conditional
    delay: Amount | None
    at_most: Amount | None
    delivered: Amount | None
    requires: tuple[str, ...]
    excludes: frozenset[int]


@dataclass(frozen=True, slots=True)
class Criteria:
    """What feasible means, in steps (see `FeasibleWhen`)."""

    fill: float
    authorised_within: int
    initial_share: float  # 0: not asked
    initial_within: int
    full_within: int
    from_authorisation: bool
    hold_for: int
    share_of_time: float
    longest_gap: int  # NEVER: no limit
    confidence: float
    given_authorisation: bool

    @property
    def mission(self) -> int:
        """Steps from the start of the clocks to the end of the hold."""
        return self.full_within + self.hold_for


@dataclass(frozen=True, slots=True)
class State:
    """A state of the conflict."""

    name: str
    deaths: Amount | None
    withdrawal: Amount | None
    ends_mission: bool


@dataclass(frozen=True, slots=True)
class Conflict:
    """The conflict chain; `rates` are (from, to, yearly rate), states from calm to worst.

    `process` says how the rates change over time.
    """

    states: tuple[State, ...]
    start: Conditional
    rates: tuple[tuple[int, int, Amount], ...]
    process: Choice
    hazard_ratio: Amount | None
    reference: int
    half_life_days: float  # 0: a peace does not settle
    contagion_factor: float
    contagion_steps: int


@dataclass(frozen=True, slots=True)
class Mandate:
    """One political arrangement.

    Attributes
    ----------
    sends
        False for kind `none`.
    stances
        Per contributor, None where it does not take part.
    open_to
        Per contributor, whether it could contribute at all (eligible, right territory).
    shares
        Per capability of the plan, its share of the force; 0 where not asked for.
    phases
        (steps since the authorisation, share of the force asked for).
    lines
        In the order in which they are asked: primary lines by priority and declaration, then
        substitutes.
    renewal
        Steps between renewals; 0: never asked again.
    withdrawn_over
        Steps that the exit takes, at least 1.
    """

    name: str
    kind: str
    sends: bool
    requires: tuple[str, ...]
    authorisation: Authorisation
    renewal: int
    withdrawn_over: int
    stances: tuple[Stance | None, ...]
    open_to: tuple[bool, ...]
    sizes: tuple[int, ...]
    shares: tuple[float, ...]
    phases: tuple[tuple[int, float], ...]
    lines: tuple[Line, ...]
    criteria: Criteria
    conflict: Conflict | None

    @property
    def peak(self) -> float:
        """The largest share of the force that any phase asks for."""
        return max(share for _, share in self.phases)

    def targets(self, size: int, phase: float) -> tuple[int, ...]:
        """Soldiers asked for per capability: ``round(F * phase * share)``, halves up."""
        return tuple(int(size * phase * share + 0.5) for share in self.shares)

    def thresholds(self, size: int, phase: float) -> tuple[int, ...]:
        """Soldiers per capability from which on it counts as filled."""
        return tuple(whole(self.criteria.fill * target) for target in self.targets(size, phase))


@dataclass(frozen=True, slots=True)
class Corridor:
    """A way into the theatre; capacity in soldiers per day, None without limit."""

    name: str
    capacity: Amount | None
    disruption_rate: Amount | None
    disruption_days: float
    remaining: Amount | None


@dataclass(frozen=True, slots=True)
class Requirement:
    """A method and its weight in the mixture; `name` names its draws."""

    name: str
    weight: float
    method: Choice


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a run needs besides its seed."""

    title: str
    start: datetime.date
    step_days: float
    steps: int
    capabilities: tuple[str, ...]
    contributors: tuple[str, ...]
    armies: tuple[int | None, ...]
    withdrawal_ratios: tuple[float, ...]
    conditions: tuple[tuple[str, Conditional], ...]
    correlation: Amount | None
    corridors: tuple[Corridor, ...]
    pools: tuple[Pool, ...]
    mandates: tuple[Mandate, ...]
    requirement: tuple[Requirement, ...]
    cost: Amount | None  # per soldier-month
    currency: str
    surge: bool
    burden_sharing: Choice
    invented: int = 0  # contributors, the last ones, that no scenario declares

    @property
    def proportional(self) -> bool:
        """Whether lines are asked in proportion to a weight, and not each for all in its turn."""
        return self.burden_sharing.name != "priority"

    @property
    def packages(self) -> dict[str, str]:
        """Versions of the packages whose rules it uses, by name; empty where all are built in."""
        chosen = [self.burden_sharing, *(method.method for method in self.requirement)]
        chosen += [mandate.conflict.process for mandate in self.mandates if mandate.conflict]
        return dict(sorted(choice.package for choice in chosen if choice.package))

    @property
    def step_years(self) -> float:
        """Length of a step in years."""
        return self.step_days / 365.25


def whole(value: float) -> int:
    """The least whole number not below `value`, forgiving the last digits of a product."""
    return max(0, int(-(-(value - 1e-9) // 1)))
