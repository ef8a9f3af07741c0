"""Deployments that were no United Nations missions, beside what United Nations speeds would say.

They are told and not scored: alliances and lead nations do not wait for force generation.
"""

from __future__ import annotations

import csv
import datetime
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim.analysis.history.curves import MONTH, mission_curves
from sim.analysis.history.record import MILESTONES, Mission
from sim.analysis.history.scenarios import scenario_of
from sim.engine.planning import plan_of
from sim.errors import SimError

OTHERS = "others.csv"


@dataclass(frozen=True, slots=True)
class Point:
    """A strength that a deployment had so many days after the decision.

    Attributes
    ----------
    days, share
        Since the decision, and of what was authorised; `days` NaN where they are not told.
    low, median, high
        80% band of the same share under United Nations speeds; NaN without days.
    quality
        ``high``, ``medium`` or ``low``.
    """

    mission: str
    decision: str
    authorised: int
    days: float
    share: float
    low: float
    median: float
    high: float
    quality: str
    source: str


def others(folder: Path, library: Path, replications: int, seed: int) -> tuple[Point, ...]:
    """Read ``others.csv`` and put United Nations speeds beside it.

    Raises
    ------
    SimError
        If the file cannot be read.
    """
    path = folder / OTHERS
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return tuple(_point(row, library, replications, seed) for row in rows)
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise SimError(f"{path}: cannot be read: {error}") from None


def _point(row: Mapping[str, str], library: Path, replications: int, seed: int) -> Point:
    days = float(row["days"]) if row["days"] else math.nan
    authorised = int(row["authorised"])
    low = median = high = math.nan
    if not math.isnan(days):
        mission = _as_mission(row, authorised)
        plan = plan_of(scenario_of(mission, library).specification)
        months, strength = mission_curves(plan, mission, replications, seed)
        there = np.array([np.interp(days / MONTH, months, lane) for lane in strength.T])
        low, median, high = (float(q) for q in np.quantile(there / authorised, [0.1, 0.5, 0.9]))
    return Point(
        mission=row["mission"],
        decision=row["decision"],
        authorised=authorised,
        days=days,
        share=int(row["reached"]) / authorised,
        low=low,
        median=median,
        high=high,
        quality=row["quality"],
        source=row["source"],
    )


def _as_mission(row: Mapping[str, str], authorised: int) -> Mission:
    """The deployment as if the United Nations had raised it from nothing."""
    return Mission(
        mission=row["mission"],
        event="",
        resolution=row["decision"],
        region="",
        date=datetime.date.fromisoformat(row["date"]),
        authorised=authorised,
        in_theatre=int(row.get("in_theatre") or 0),
        rehatted_from="",
        months_observed=0.0,
        milestones=dict.fromkeys(MILESTONES, math.nan),
        suspect=frozenset(),
        note="",
        source=row["source"],
        scenario="",
    )
