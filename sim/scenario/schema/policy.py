"""The rotation policy: what can be said of it in a force, in a contributor and for all."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from sim.scenario.plugins import BURDEN_SHARING
from sim.scenario.scalars import clip, show
from sim.scenario.schema.base import KEY, Problem, Section, refuse
from sim.scenario.schema.plugged import choice
from sim.scenario.schema.values import FixedDuration, PositiveDuration
from sim.scenario.units import DAYS_PER_MONTH


class Rest(Section):
    """Time at home between two tours."""

    goal: FixedDuration | None = None
    """Home for so long (and mobilisation), a unit is rested."""
    least: FixedDuration | None = None
    """Home for so long, a unit may be sent in a surge; such a send is a breach of rest."""


class Cycle(Section):
    """A readiness cycle: a unit can be sent only inside its window."""

    length: PositiveDuration
    """From one beginning of the cycle to the next."""
    ready_from: FixedDuration
    """Where the window opens, from the beginning of the cycle."""
    ready_until: FixedDuration
    """Where it closes."""

    @model_validator(mode="after")
    def _in_order(self) -> Cycle:
        if not self.ready_from.value < self.ready_until.value <= self.length.value:
            found = f"found {self.ready_from}, {self.ready_until} and {self.length}"
            refuse(((), f"must be in order ready_from < ready_until <= length, {found}", ""))
        return self


_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_MONTHS = {
    **{word: number for number, word in enumerate(_WORDS, start=1)},
    **{"twelve": 12, "fifteen": 15, "eighteen": 18},
}


def parse_policy(text: str) -> tuple[float, float]:
    """Read a rotation policy by its name.

    Parameters
    ----------
    text
        A preset such as ``1:4 six-month``: one part away and four at home, six months at a time.

    Returns
    -------
    tuple of float
        Tour and rest goal in days.

    Raises
    ------
    ValueError
        If it names no policy.
    """
    parts = re.fullmatch(r"1:([0-9]{1,2}(?:\.[0-9]+)?) (\w{1,9})-month", text.strip(), re.ASCII)
    months = _MONTHS.get(parts[2]) or (int(parts[2]) if parts[2].isdigit() else 0) if parts else 0
    if not parts or not 1 <= months <= 36:
        raise ValueError(
            f"must be a policy as '1:4 six-month' or '1:2 12-month', found {clip(text)}"
        )
    tour = months * DAYS_PER_MONTH
    return tour, tour * float(parts[1])


def _policy(text: Any) -> str:
    if not isinstance(text, str):
        raise ValueError(f"must be a policy as '1:4 six-month', found {show(text)}")
    parse_policy(text)
    return text


class RotationPolicy(Section):
    """Rotation keys; a force's value wins over its contributor's, and that over `rotation`'s."""

    policy: Annotated[str, BeforeValidator(_policy)] | None = None
    """Tour and rest goal by name: "1:4 six-month" is a six-month tour and four times that rest."""
    tour: PositiveDuration | None = None
    """Time in the theatre (default 6 months)."""
    rest: Rest | None = None
    """Time at home between tours (default goal 18 months; least: the goal)."""
    handover: FixedDuration | None = None
    """Overlap with the relief, at the end of the tour (default none)."""
    mobilisation: FixedDuration | None = None
    """Training inside the cycle before a unit is rested again: reserves (default none)."""
    demobilisation: FixedDuration | None = None
    """Time after the return before rest begins to count (default none)."""
    cycle: Cycle | None = None
    """A readiness cycle in place of rest goal and least."""
    at_start: Literal["spread", "rested"] | None = None
    """Where units stand in their cycle at step 0 (default spread)."""

    def contradictions(self) -> list[Problem]:
        """Tell which of these keys contradict each other."""
        problems: list[Problem] = []
        rest = self.rest or Rest()
        if self.policy:
            for path, said in ((("tour",), self.tour), (("rest", "goal"), rest.goal)):
                if said:
                    message = f"is already said by the policy '{self.policy}'"
                    problems.append((path, message, "leave out one of the two"))
        if self.cycle and (self.policy or self.rest):
            said_by = "policy" if self.policy else "rest"
            message = f"takes the place of rest; '{said_by}' stands beside it"
            problems.append((("cycle", KEY), message, "leave out one of the two"))
        if self.tour and self.handover and self.handover.value >= self.tour.value:
            message = f"must be shorter than the tour ({self.tour}), found {self.handover}"
            problems.append((("handover",), message, ""))
        if rest.goal and rest.least and rest.least.value > rest.goal.value:
            message = f"must not be longer than the goal ({rest.goal}), found {rest.least}"
            problems.append((("rest", "least"), message, ""))
        return problems


_sharing = choice(BURDEN_SHARING)
BurdenSharing = Annotated[Any, _sharing[0], _sharing[1]]


class Rotation(RotationPolicy):
    """How units are chosen and relieved, for every contributor that does not say otherwise."""

    surge: bool = False
    """Whether units beyond the sustainable level, and units short of their rest, may be sent."""
    burden_sharing: Annotated[BurdenSharing, Field(validate_default=True)] = "priority"
    """Pools in order of priority, or in proportion to what each has ready; or a package's rule."""
