"""The record's scenarios in one sweep: what makes a search of parameters affordable.

All of them are one scenario with other numbers of soldiers. The engine draws who comes when, once
for all of them; how that fills a mission is then a flow: offers less the need, through the lift.
Units are divisible here, and that is the only difference. Nothing but the search uses it: every
figure that is shown comes from the engine.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.analysis.calibration.library import library_text
from sim.analysis.history.curves import MONTH, milestones_of
from sim.analysis.history.generation import (
    ALREADY_THERE,
    CONTRIBUTORS,
    NAMES,
    REHATTED,
    Generation,
    configured,
    contributor,
    from_unit,
)
from sim.analysis.history.record import Mission
from sim.analysis.history.scenarios import scenario_of
from sim.engine.futures import draw_futures
from sim.engine.muster import muster
from sim.engine.planning import plan_of

Floats = NDArray[np.float64]


class Flow:
    """The missions of a record, ready to be predicted under other parameters.

    Parameters
    ----------
    missions
        Whose milestones are predicted.
    replications, seed
        The same draws for all missions and all parameters: common random numbers.
    """

    def __init__(self, missions: Sequence[Mission], replications: int, seed: int) -> None:
        self.missions, self.replications, self.seed = missions, replications, seed
        # Asks every kind of contributor, so that the engine draws for all.
        asking = replace(missions[0], authorised=10_000, in_theatre=100, rehatted_from="any force")
        with tempfile.TemporaryDirectory() as folder:
            library = Path(folder) / "library.yaml"
            library.write_text(library_text(from_unit([0.5] * len(NAMES)), (), {}), "utf-8")
            self._template = scenario_of(asking, library)
        sizes = np.array([(m.authorised, m.in_theatre, m.rehatted) for m in missions], np.float64)
        self._authorised, self._there, self._rehats = sizes.T[:, :, None]

    def predict(self, generation: Generation) -> list[Mapping[str, Floats]]:
        """Milestones of every mission, as `milestones_of` gives them."""
        plan = plan_of(configured(self._template, generation).specification)
        lanes = muster(plan, 0, draw_futures(plan, self.seed, 0, self.replications))
        name = {contributor: i for i, contributor in enumerate(plan.contributors)}
        row = {pool.contributor: p for p, pool in enumerate(plan.pools)}
        tenths = [row[name[contributor(k)]] for k in range(1, CONTRIBUTORS + 1)]
        hats, there = row[name[REHATTED]], row[name[ALREADY_THERE]]

        steps = np.arange(plan.steps)[:, None]
        offered = sum(
            lanes.units[p][0] * (lanes.start[p] <= steps) for p in tenths
        )  # (steps, L): units
        unit = np.ceil((self._authorised - self._there) / 100)
        there_now = self._there + np.zeros(lanes.count)
        rehatted = self._rehats * np.ceil(self._authorised / 100) * lanes.units[hats][0]
        began = lanes.start[there]
        lift = lanes.lift[plan.pools[tenths[0]].corridor][:, lanes.lanes]
        strength = np.zeros((plan.steps, len(self.missions), self.replications))
        strength[:] = self._there
        come = np.zeros_like(there_now)
        over = plan.mandates[0].withdrawn_over
        last = np.zeros_like(there_now)
        for step in range(plan.steps):
            base = np.minimum(there_now + np.where(began <= step, rehatted, 0), self._authorised)
            most = np.minimum(offered[step] * unit, self._authorised - base)
            come = np.maximum(come, np.minimum(most, come + lift[step]))
            now = base + come
            left = 1 - (step - lanes.refused_renewal + 1) / over
            ended = lanes.refused_renewal <= step
            last = np.where(lanes.refused_renewal == step, strength[step - 1][:, lanes.lanes], last)
            now = np.where(ended, last * np.maximum(left, 0), now)
            strength[step][:, lanes.lanes] = np.where(lanes.authorised <= step, now, there_now)
        months = np.arange(plan.steps, dtype=np.float64) * (plan.step_days / MONTH)
        return [
            milestones_of(months, strength[:, i], mission.authorised)
            for i, mission in enumerate(self.missions)
        ]
