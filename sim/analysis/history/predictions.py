"""Missions that happened, predicted from the day of their resolution and then scored.

Every mission of the record is predicted blind: with generic parameters that were fitted to the
other missions alone. Further missions are predicted with those fitted to the whole record.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.analysis.history.curves import milestones_of, mission_curves
from sim.analysis.history.folder import LEFT_OUT, Record
from sim.analysis.history.generation import configured
from sim.analysis.history.record import MILESTONES, Mission
from sim.analysis.history.scores import (
    CURVE,
    INTERVALS,
    Score,
    Summary,
    score,
    summarise,
)
from sim.engine.planning import plan_of
from sim.engine.streams import BLOCK
from sim.errors import SimError
from sim.results.tables import Table

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]

REPLICATIONS, SEED = 2_000, 2026


@dataclass(frozen=True)
class Prediction:
    """A mission, what was predicted of it, and how that was.

    Attributes
    ----------
    blind
        Whether the parameters were fitted without this mission.
    months : float64 array (steps,)
    bands : mapping of (low, high), float64 arrays (steps,)
        Central bands of the strength as a share of what was authorised, by their share.
    median : float64 array (steps,)
    scores
        One per milestone that can be scored.
    """

    mission: Mission
    blind: bool
    months: Floats
    bands: Mapping[float, tuple[Floats, Floats]]
    median: Floats
    scores: tuple[Score, ...]

    @property
    def outside(self) -> bool:
        """Whether every milestone lies outside the widest band."""
        return bool(self.scores) and not any(s.inside(CURVE) for s in self.scores)


@dataclass(frozen=True)
class History:
    """Predictions of a record, or of further missions, scored."""

    predictions: tuple[Prediction, ...]
    replications: int
    seed: int

    @cached_property
    def scores(self) -> tuple[Score, ...]:
        """Every milestone."""
        return tuple(s for prediction in self.predictions for s in prediction.scores)

    @cached_property
    def summary(self) -> Summary:
        """All scores together."""
        return summarise(self.scores, self.seed)

    def by_milestone(self) -> dict[str, Summary]:
        """Scores by the name of the milestone."""
        given = {s.milestone.name for s in self.scores}
        names = [name for name in MILESTONES if name in given]
        return {
            name: summarise([s for s in self.scores if s.milestone.name == name], self.seed)
            for name in names
        }

    def table(self) -> Table:
        """A row per milestone."""
        table: Table = {}
        for s in self.scores:
            row: dict[str, Any] = {
                "mission": s.mission.mission,
                "event": s.mission.event,
                "date": s.mission.date.isoformat(),
                "milestone": s.milestone.name,
                "observed": s.milestone.observed,
                "censored": s.milestone.censored,
                "predicted_median": s.median,
            }
            for share in (*INTERVALS, CURVE):
                row[f"predicted_low_{share * 100:.0f}"] = s.low[share]
                row[f"predicted_high_{share * 100:.0f}"] = s.high[share]
            row |= {
                "crps": s.crps,
                "crps_climatology": s.climatology,
                "crps_90_days": s.norm,
                "crps_ten_months": s.ten_months,
                "pit": s.pit,
            }
            for key, value in row.items():
                table.setdefault(key, []).append(value)
        return table

    def facts(self) -> dict[str, Any]:
        """Everything in short, as plain values."""
        total = self.summary
        return {
            **{f"coverage_{share * 100:.0f}": total.coverage[share] for share in INTERVALS},
            "crps": total.crps,
            "crps_fill": total.crps_fill,
            "skill_crps": total.skill,
            "skill_crps_90_days": total.skill_norm,
            "skill_crps_ten_months": total.skill_ten_months,
            "intervals_95": {
                name.replace("skill", "skill_crps").replace("norm", "90_days"): list(ends)
                for name, ends in total.intervals.items()
            },
            "pit_histogram": pit_histogram(self.scores),
            "milestones": total.milestones,
            "replications": self.replications,
            "seed": self.seed,
            "missions": [_facts(prediction) for prediction in self.predictions],
        }


def _facts(prediction: Prediction) -> dict[str, Any]:
    mission, scores = prediction.mission, prediction.scores
    return {
        "mission": mission.mission,
        "event": mission.event or None,
        "resolution": mission.resolution or None,
        "date": mission.date.isoformat(),
        "authorised": mission.authorised,
        "rehatted": mission.rehatted,
        "blind": prediction.blind,
        "outside_98": prediction.outside,
        "milestones": [
            {
                "milestone": s.milestone.name,
                "observed": s.milestone.observed,
                "censored": s.milestone.censored,
                "predicted_median": s.median,
                "predicted_80": [s.low[0.8], s.high[0.8]],
                "crps": s.crps,
                "crps_climatology": None if math.isnan(s.climatology) else s.climatology,
                "pit": s.pit,
            }
            for s in scores
        ],
    }


def pit_histogram(scores: Sequence[Score], bins: int = 10) -> list[int]:
    """How many PIT values lie in each of so many equal parts of 0 to 1; even, if calibrated."""
    counts, _ = np.histogram([s.pit for s in scores], bins, (0, 1))
    return [int(n) for n in counts]


def history(
    record: Record,
    further: Sequence[Mission] = (),
    *,
    blind: bool = True,
    replications: int = REPLICATIONS,
    seed: int = SEED,
    progress: Progress | None = None,
) -> History:
    """Predict missions and score the predictions.

    Parameters
    ----------
    record
        What the parameters were learnt from.
    further
        Missions to score in place of those of the record, less milestones that the record holds
        to be wrong. The climatology is then both.
    blind
        Missions of the record with parameters fitted to the others; else with the library's.
    replications
        At most one block.
    seed
        Of the draws.
    progress
        Called with missions done and missions in all.

    Raises
    ------
    SimError
        If a mission of the record has no parameters of its own and is to be predicted blind, or
        nothing can be scored.
    """
    if not 2 <= replications <= BLOCK:
        raise SimError(f"replications must be from 2 to {BLOCK:,}, found {replications}")
    missions = tuple(map(record.judged, further)) or record.missions
    known = {m.mission for m in record.missions}
    others = (*record.missions, *(m for m in further if m.mission not in known))
    predictions = []
    for done, mission in enumerate(missions):
        generation = None
        if blind and mission.mission in known:
            if mission.mission not in record.left_out:
                raise SimError(
                    f"{record.folder / LEFT_OUT}: no parameters without {mission.mission}; "
                    "run sim calibrate, or use --in-sample"
                )
            generation = record.left_out[mission.mission]
        scenario = record.scenario(mission)
        if generation:
            scenario = configured(scenario, generation)
        plan = plan_of(scenario.specification)
        months, strength = mission_curves(plan, mission, replications, seed)
        predicted = milestones_of(months, strength, mission.authorised)
        share = strength / mission.authorised
        predictions.append(
            Prediction(
                mission=mission,
                blind=blind or mission.mission not in known,
                months=months,
                bands={
                    p: (low, high)
                    for p in (*INTERVALS, CURVE)
                    for low, high in [np.quantile(share, [(1 - p) / 2, (1 + p) / 2], axis=1)]
                },
                median=np.median(share, axis=1),
                scores=tuple(score(mission, predicted, others, seed)),
            )
        )
        if progress:
            progress(done + 1, len(missions))
    if not any(p.scores for p in predictions):
        raise SimError("no milestone can be scored")
    return History(tuple(predictions), replications, seed)
