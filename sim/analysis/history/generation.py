"""The generic parameters of a United Nations build-up, and where they stand in a scenario."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any

from sim.scenario.scenario import Scenario

KIND = "un_generation"
"""Mandate, and kind of mandate, of the scenarios in the record."""
CONTRIBUTORS = 10
"""Each is asked for a tenth of what is added, in units of a hundredth."""
ALREADY_THERE, REHATTED = "In the theatre", "Re-hatted force"
CORRIDOR = "un_airlift"

_PLEDGE_WEIGHT = 4.0  # a + b of the beta distribution: ten such shares differ by 0.04 in the mean
_REHAT_WEIGHT = 4.0


def contributor(number: int) -> str:
    """Name of a contributor, from 1."""
    return f"Contributor {number}"


@dataclass(frozen=True, slots=True)
class Generation:
    """What is learnt from the record.

    Attributes
    ----------
    start, start_spread
        Median months from the resolution to the begin of force generation (consent of the host,
        plan, the first offers), one draw per mission; and the ninetieth percentile over it.
    notice
        Most months from then to a contributor's readiness to move; anything up to it is as likely,
        one draw per contributor.
    flow, flow_spread
        Median soldiers per day that come in, one draw per mission; and its ninetieth percentile
        over the median.
    comes
        Probability that a contributor who was counted on comes at all.
    delivered
        Mean share of its pledge that a contributor who comes delivers.
    rehatted
        Mean share of the authorised strength that a re-hatted force brings.
    """

    start: float
    start_spread: float
    notice: float
    flow: float
    flow_spread: float
    comes: float
    delivered: float
    rehatted: float

    def settings(self) -> Iterator[tuple[tuple[str, ...], Any]]:
        """Every place in a scenario that a parameter decides, with what is to stand there."""
        start = lognormal(self.start, self.start_spread, "months")
        yield ("mandates", KIND, "authorisation", "delay"), start
        flow = lognormal(self.flow, self.flow_spread, "per day")
        yield ("corridors", CORRIDOR, "capacity"), flow
        for number in range(1, CONTRIBUTORS + 1):
            stance = ("contributors", contributor(number), "participation", KIND)
            yield (*stance, "probability"), float(f"{self.comes:.3g}")
            yield (*stance, "delay"), f"uniform(0, {_three(self.notice)}) months"
            yield (*stance, "delivered"), beta(self.delivered, _PLEDGE_WEIGHT)
        stance = ("contributors", REHATTED, "participation", KIND)
        yield (*stance, "delivered"), beta(self.rehatted, _REHAT_WEIGHT)


NAMES = tuple(field.name for field in fields(Generation))
BOUNDS: Mapping[str, tuple[float, float]] = {
    "start": (0.3, 5.0),
    "start_spread": (1.3, 6.0),
    "notice": (0.5, 15.0),
    "flow": (15.0, 500.0),
    "flow_spread": (1.3, 12.0),
    "comes": (0.8, 0.995),
    "delivered": (0.85, 0.99),
    "rehatted": (0.02, 0.8),
}
"""What is searched."""


def lognormal(median: float, spread: float, unit: str) -> str:
    """A lognormal amount as it is written in a scenario."""
    return f"lognormal({_three(median)}, {_three(median * spread)}) {unit}"


def beta(mean: float, weight: float) -> str:
    """A beta distribution of this mean with ``a + b = weight``."""
    return f"beta({_three(mean * weight)}, {_three((1 - mean) * weight)})"


def _three(value: float) -> str:
    """Three significant digits, never with an exponent."""
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{digits}f}"


def configured(scenario: Scenario, generation: Generation) -> Scenario:
    """The same scenario with other generic parameters."""
    data = scenario.data
    for path, value in generation.settings():
        place = data
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
    return Scenario(**data)


def to_unit(generation: Generation) -> list[float]:
    """Parameters as numbers from 0 to 1: logarithms of ratios, logits of shares."""
    return [
        (_scale(name, value) - _scale(name, low)) / (_scale(name, high) - _scale(name, low))
        for (name, (low, high)), value in zip(BOUNDS.items(), astuple(generation), strict=True)
    ]


def from_unit(unit: Sequence[float]) -> Generation:
    """The inverse of `to_unit`; what lies outside is moved to the limit."""
    values = {}
    for (name, (low, high)), u in zip(BOUNDS.items(), unit, strict=True):
        bottom, top = _scale(name, low), _scale(name, high)
        values[name] = _unscale(name, bottom + min(1.0, max(0.0, float(u))) * (top - bottom))
    return Generation(**values)


_IS_SHARE = frozenset({"comes", "delivered", "rehatted"})


def _scale(name: str, value: float) -> float:
    return math.log(value / (1 - value)) if name in _IS_SHARE else math.log(value)


def _unscale(name: str, value: float) -> float:
    return 1 / (1 + math.exp(-value)) if name in _IS_SHARE else math.exp(value)
