"""Strength over time in every replication, and when it passed which share.

The tables of a run hold quantiles of each step; milestones need whole curves.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sim.analysis.history.record import FILLS, SHARES, Mission
from sim.engine.core import Deployment
from sim.engine.futures import draw_futures
from sim.engine.muster import muster
from sim.engine.plan import Plan
from sim.engine.pools import Pools

Floats = NDArray[np.float64]
MONTH = 365.25 / 12


def strength_curves(plan: Plan, replications: int, seed: int) -> tuple[Floats, NDArray[np.int32]]:
    """Simulate the first size of a plan's first mandate.

    Parameters
    ----------
    replications
        At most one block.

    Returns
    -------
    strength : float64 array (steps, replications)
        Soldiers in the theatre in each step; none where the mandate is not authorised.
    authorised : int32 array (replications,)
        Step of the authorisation; `NEVER` where there is none.
    """
    futures = draw_futures(plan, seed, 0, replications)
    lanes = muster(plan, 0, futures)
    strength = np.zeros((plan.steps, replications))
    if lanes.count:
        pools = Pools(plan, 0, lanes)
        deployment = Deployment(plan, 0, plan.mandates[0].sizes[0], lanes, pools)
        for step in range(plan.steps):
            deployment.advance()
            strength[step, lanes.lanes] = deployment.strength
    return strength, futures.politics[0].authorised


def mission_curves(
    plan: Plan, mission: Mission, replications: int, seed: int
) -> tuple[Floats, Floats]:
    """Strength of a mission from the day of its resolution.

    Who is in the theatre on that day stays there while the others make up their minds: in the
    scenario they, too, begin with the force generation.

    Returns
    -------
    months : float64 array (steps,)
    strength : float64 array (steps, replications)
    """
    strength, authorised = strength_curves(plan, replications, seed)
    waiting = np.arange(plan.steps)[:, None] < authorised
    months = np.arange(plan.steps, dtype=np.float64) * (plan.step_days / MONTH)
    return months, np.where(waiting, float(mission.in_theatre), strength)


def milestones_of(months: Floats, strength: Floats, authorised: int) -> Mapping[str, Floats]:
    """Milestones of every curve.

    Returns
    -------
    mapping of float64 arrays (replications,)
        Months by linear interpolation between steps, infinite where the share is not reached;
        shares of the authorised strength, at most 1.
    """
    found = {name: _reached(months, strength, share * authorised) for name, share in SHARES.items()}
    for name, at in FILLS.items():
        step = int(np.searchsorted(months, at, side="right")) - 1
        part = (at - months[step]) / (months[step + 1] - months[step])
        there = (1 - part) * strength[step] + part * strength[step + 1]
        found[name] = np.minimum(there / authorised, 1.0)
    return found


def _reached(months: Floats, strength: Floats, level: float) -> Floats:
    # Whole units of a hundredth may end a soldier short.
    above = strength >= level - 1e-6
    step = above.argmax(axis=0)
    before = np.maximum(step - 1, 0)
    lanes = np.arange(strength.shape[1])
    low, high = strength[before, lanes], strength[step, lanes]
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(step > 0, (level - low) / (high - low), 0.0)
    at = months[before] + part * (months[step] - months[before])
    return np.where(above.any(axis=0), at, np.inf)
