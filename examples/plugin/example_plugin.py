"""A plug-in of each kind: plain functions of arrays."""

from __future__ import annotations

import datetime

import numpy as np
from numpy.typing import NDArray

from sim.plugins import Duration, Floats, Length, Number, Share


def seasonal(
    rates: Floats,
    origin: NDArray[np.int64],
    destination: NDArray[np.int64],
    date: datetime.date,
    swing: Share,
    peak: Duration,
) -> Floats:
    """Conflict process: worsening rates come and go with the seasons, highest at the peak."""
    day = date.timetuple().tm_yday - 1
    season = 1 + swing * np.cos(2 * np.pi * (day - peak) / 365.25)
    worse = (destination > origin)[:, None]
    return np.where(worse, rates * season, rates)


def checkpoints(roads: Length, spacing: Length, crew: Number, shifts: Number) -> Floats:
    """Requirement method: a checkpoint every so many km of road, each with its crews."""
    return roads / spacing * crew * shifts


def by_army(army: Floats, present: Floats) -> Floats:
    """Burden-sharing rule: in proportion to the land forces that are not yet in the theatre."""
    return np.maximum(army - present, 0)
