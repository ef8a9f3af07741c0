"""How good a predictive distribution was: CRPS, coverage, PIT, and skill against simpler rules.

The scoring rule is that of the library `scoringrules`: the CRPS of the empirical distribution
(Gneiting & Raftery, JASA 102:359, 2007), in months for times and in shares for strengths. Where a
milestone was not reached before the figures end, observation and prediction are both cut there,
which keeps the score proper for what could be seen (threshold-weighted CRPS; Allen, Ginsbourger &
Ziegel, 2023).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.analysis.history.record import FILLS, SHARES, Mission, Scored
from sim.engine.streams import generator, uniforms
from sim.errors import SimError

Floats = NDArray[np.float64]

INTERVALS = (0.5, 0.8, 0.95)
CURVE = 0.98
"""Of this band a whole observed curve should not lie outside."""
NORM, TO_PEAK, AT_PEAK = 90 / (365.25 / 12), 10.0, 0.925
"""Rules of thumb: a complex mission stands after 90 days (Report of the Panel on United Nations
Peace Operations, 2000; 30 days for a traditional one); ten months to the peak, at 92.5% of the
ceiling (Rappa, Global Peace Operations Review, 2016)."""
_FEWEST = 3  # other missions that make a climatology
RESAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class Score:
    """One milestone of one mission, predicted and observed.

    Attributes
    ----------
    mission
        The resolution.
    milestone
        What was observed of it.
    median
        Of the prediction, cut like the observation.
    low, high
        Ends of the central intervals, by their share: those of `INTERVALS` and `CURVE`.
    crps, climatology, norm, ten_months
        CRPS of the prediction, of the other missions, and of the two rules of thumb; NaN where
        fewer than three other missions tell.
    pit
        Probability integral transform; where the prediction has an atom at the observation, a
        uniform draw within it.
    """

    mission: Mission
    milestone: Scored
    median: float
    low: Mapping[float, float]
    high: Mapping[float, float]
    crps: float
    climatology: float
    norm: float
    ten_months: float
    pit: float

    def inside(self, share: float) -> bool:
        """Whether the observation lies in a central interval, ends included."""
        return self.low[share] <= self.milestone.observed <= self.high[share]


def crps_each(observed: Floats, ensembles: Floats) -> Floats:
    """Continuous ranked probability scores of ensembles; lower is better.

    Parameters
    ----------
    observed : float64 array (n,)
    ensembles : float64 array (n, members)

    Returns
    -------
    float64 array (n,)

    Raises
    ------
    SimError
        Without the library.
    """
    try:
        import scoringrules
    except ImportError:
        raise SimError(
            "scores need scoringrules: pip install 'peacekeeping-sim[history]'"
        ) from None
    return np.asarray(
        scoringrules.crps_ensemble(observed, ensembles, backend="numpy"), dtype=np.float64
    )


def crps(observed: float, ensemble: Floats) -> float:
    """Score one ensemble: see `crps_each`."""
    return float(crps_each(np.array([observed]), ensemble[None])[0])


def score(
    mission: Mission, predicted: Mapping[str, Floats], others: Sequence[Mission], seed: int
) -> list[Score]:
    """Score a mission's milestones.

    Parameters
    ----------
    predicted
        Per milestone one value per replication (`sim.analysis.history.curves.milestones_of`).
    others
        Missions of the climatology; those of the same name are passed over.
    seed
        Of the draws within atoms.
    """
    found = []
    for milestone in mission.scored():
        ensemble = np.minimum(predicted[milestone.name], milestone.limit)
        observed = milestone.observed
        ends = {
            share: np.quantile(ensemble, [(1 - share) / 2, (1 + share) / 2])
            for share in (*INTERVALS, CURVE)
        }
        name = f"history.{mission.name}.{mission.date}.{milestone.name}"
        (u,) = uniforms(seed, name, 0, 1)
        below, at = (ensemble < observed).mean(), (ensemble == observed).mean()
        found.append(
            Score(
                mission=mission,
                milestone=milestone,
                median=float(np.median(ensemble)),
                low={share: float(low) for share, (low, _) in ends.items()},
                high={share: float(high) for share, (_, high) in ends.items()},
                crps=crps(observed, ensemble),
                climatology=_climatology(mission, milestone, others),
                norm=abs(min(rule(milestone.name, NORM, 1.0), milestone.limit) - observed),
                ten_months=abs(
                    min(rule(milestone.name, TO_PEAK, AT_PEAK), milestone.limit) - observed
                ),
                pit=float(below + u * at),
            )
        )
    return found


def rule(milestone: str, months: float, peak: float) -> float:
    """What a straight line from nothing to `peak` after so many months says of a milestone."""
    if milestone in SHARES:
        return months * SHARES[milestone] / peak
    return min(1.0, FILLS[milestone] / months) * peak


def climatology(mission: Mission, milestone: Scored, others: Sequence[Mission]) -> Floats:
    """What other missions did: one value each, cut like the observation; none of the same name."""
    values = []
    for other in others:
        for found in other.scored() if other.mission != mission.mission else ():
            # A mission whose figures end too early does not tell.
            if found.name == milestone.name and not (
                found.censored and found.limit < milestone.limit
            ):
                values.append(min(found.observed, milestone.limit))
    return np.array(values)


def _climatology(mission: Mission, milestone: Scored, others: Sequence[Mission]) -> float:
    ensemble = climatology(mission, milestone, others)
    return crps(milestone.observed, ensemble) if len(ensemble) >= _FEWEST else np.nan


@dataclass(frozen=True, slots=True)
class Summary:
    """Scores taken together; each with its 95% interval from resampled missions.

    Attributes
    ----------
    coverage
        Share of milestones inside each central interval.
    crps, crps_fill
        Mean over times, in months, and over strengths, in shares; NaN without any.
    skill, skill_norm, skill_ten_months
        One less the ratio to the CRPS of climatology, and of the rules of thumb. Times and
        strengths have a ratio each, weighed by how many milestones there are.
    intervals
        (low, high) by the name of the figure: ``coverage_80``, ``crps``, ``skill`` ...
    milestones, missions
        How many.
    """

    coverage: Mapping[float, float]
    crps: float
    crps_fill: float
    skill: float
    skill_norm: float
    skill_ten_months: float
    intervals: Mapping[str, tuple[float, float]]
    milestones: int
    missions: int


def summarise(scores: Sequence[Score], seed: int) -> Summary:
    """Take scores together.

    Milestones of a mission hang together, so missions are resampled and not milestones (cluster
    bootstrap, percentiles; Davison & Hinkley 1997, section 3.8). Resolutions of one mission stay
    together.
    """
    names = list(dict.fromkeys(s.mission.mission for s in scores))
    table = np.array([_row(s) for s in scores])
    place = np.array([names.index(s.mission.mission) for s in scores])
    sums = np.stack([table[place == i].sum(axis=0) for i in range(len(names))])
    drawn = generator(seed, "history.bootstrap", 0).integers(
        len(names), size=(RESAMPLES, len(names))
    )
    here, there = _figures(sums.sum(axis=0)), _figures(sums[drawn].sum(axis=1))
    with np.errstate(all="ignore"):
        ends = {
            name: tuple(float(end) for end in np.nanquantile(values, [0.025, 0.975]))
            if np.isfinite(values).any()
            else (np.nan, np.nan)
            for name, values in there.items()
        }
    return Summary(
        coverage={share: float(here[f"coverage_{share * 100:.0f}"]) for share in INTERVALS},
        **{
            name: float(here[name])
            for name in ("crps", "crps_fill", "skill", "skill_norm", "skill_ten_months")
        },
        intervals={name: (low, high) for name, (low, high) in ends.items()},
        milestones=len(scores),
        missions=len(names),
    )


_RIVALS = ("climatology", "norm", "ten_months")


def _row(s: Score) -> list[float]:
    """What adds up over milestones: counts first, then CRPS of times and of strengths."""
    row = [1.0, *(float(s.inside(share)) for share in INTERVALS)]
    for mine in (s.milestone.name in SHARES, s.milestone.name in FILLS):
        row += [float(mine), s.crps if mine else 0.0]
        for rival in _RIVALS:
            theirs = getattr(s, rival)
            known = mine and not np.isnan(theirs)
            row += [float(known), s.crps if known else 0.0, theirs if known else 0.0]
    return row


def _figures(sums: Floats) -> dict[str, Floats]:
    """Figures from sums of `_row`: any leading axes, rows last."""
    n = len(INTERVALS)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {
            f"coverage_{share * 100:.0f}": sums[..., 1 + i] / sums[..., 0]
            for i, share in enumerate(INTERVALS)
        }
        width = 2 + 3 * len(_RIVALS)
        times, fills = sums[..., n + 1 : n + 1 + width], sums[..., n + 1 + width :]
        found["crps"], found["crps_fill"] = (
            times[..., 1] / times[..., 0],
            fills[..., 1] / fills[..., 0],
        )
        for i, rival in enumerate(_RIVALS):
            at = 2 + 3 * i
            parts = [
                np.nan_to_num(p[..., at] * (p[..., at + 1] / p[..., at + 2]))
                for p in (times, fills)
            ]
            count = times[..., at] + fills[..., at]
            name = "skill" if rival == "climatology" else f"skill_{rival}"
            found[name] = 1 - (parts[0] + parts[1]) / count
    return found
