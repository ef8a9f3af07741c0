"""Figures in words: the same for the terminal, the pictures and the page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from sim.engine.plan import CAUSES

CAUSE_MEANINGS = {
    "renewal": "the mandate is not renewed",
    "will": "too few governments take part, or they cap what they send too low",
    "pool": "those who take part do not have enough soldiers in all",
    "capability": "enough soldiers in all, too few of some capability",
    "notice": "units are still making ready at the deadline",
    "delivery": "pledged units do not come",
    "lift": "units are ready and cannot be moved in time",
    "rotation": "too few units are rested to relieve those in the theatre",
    "withdrawal": "contributors take their soldiers home",
    "conflict": "the war comes back and ends the mission",
}
"""What it means that a cause binds, in the order of the gates."""


def percent(value: float, digits: int = 0) -> str:
    """A probability as a percentage; a dash where there is none."""
    if value is None or math.isnan(value):
        return "-"
    if 0 < value < 0.005 and not digits:
        return "<1%"
    if 0.995 < value < 1 and not digits:
        return ">99%"
    return f"{100 * value:.{digits}f}%"


def interval(row: Mapping[str, Any], name: str) -> str:
    """An estimate with its 95% interval: ``44% (43-45)``."""
    if math.isnan(row[name]):
        return "-"
    low, high = (percent(row[f"{name}_{end}"])[:-1] for end in ("low", "high"))
    return f"{percent(row[name])} ({low}-{high})"


def failures(row: Mapping[str, Any]) -> dict[str, float]:
    """What binds, by cause: the share of the authorised futures that fail.

    Refused or late authorisation is no failure of the force and is left out; a refused renewal is
    one. Empty where no authorised future fails.
    """
    failed = row["p_authorised"] - row["p_feasible"]
    if not failed > 1e-12:
        return {}
    shares = {cause: row[f"binding_{cause}"] / failed for cause in CAUSES}
    renewal = shares.pop("authorisation") - (1 - row["p_authorised"]) / failed
    return {"renewal": max(0.0, renewal), **shares}
