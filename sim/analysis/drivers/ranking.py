"""Which uncertain inputs an outcome depends on, told from the kept replications alone.

Nothing is run again: these are measures of given data. Inputs are compared twice: with all that
goes with them, and with the other inputs equal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from sim.analysis.drivers.adjusted import Adjusted, others_equal
from sim.analysis.drivers.discovery import Box, Limit, find_boxes
from sim.analysis.drivers.evidence import Evidence, evidence_of
from sim.analysis.drivers.measures import (
    Contrast,
    contrast,
    estimate_of,
    noise_floor,
    pawn_errors,
    pawn_indices,
    rank_correlation,
)
from sim.analysis.drivers.replicated import Sample, sample_of
from sim.errors import SimError
from sim.results.result import Result
from sim.results.statistics import Z95
from sim.results.tables import Table, columns
from sim.running.blocks import Progress

FIRST = 15
"""So many inputs, the first in rank, get intervals of their PAWN index and limits of boxes."""


@dataclass(frozen=True, slots=True)
class Driver:
    """How much an outcome depends on one input.

    Attributes
    ----------
    input
        Its column: ``contributors.Germany.joins``.
    pawn
        PAWN index (Pianosi & Wagener 2018, Environmental Modelling & Software 108:197): the mean,
        over slices of the input, of the Kolmogorov-Smirnov distance between the outcome there and
        overall. For a truth value as outcome: by how much its probability differs, on average.
    pawn_low, pawn_high
        95% interval, 1.96 bootstrap standard errors either way; NaN but for the first in rank.
    above_noise
        Whether the index exceeds that of every dummy input.
    correlation, correlation_low, correlation_high
        Spearman's rank correlation with its 95% interval (Fisher's z with the error of Bonett &
        Wright 2000, Psychometrika 65:23). Between two truth values it is phi.
    contrast
        The outcome where the input is low and where it is high, with all that goes with it.
    adjusted
        The same with the other inputs equal.
    evidence
        What the figure behind the input rests on.
    """

    input: str
    pawn: float
    pawn_low: float
    pawn_high: float
    above_noise: bool
    correlation: float
    correlation_low: float
    correlation_high: float
    contrast: Contrast
    adjusted: Adjusted
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Drivers:
    """What an outcome depends on in one cell.

    Attributes
    ----------
    outcome, given
        As in `sim.analysis.drivers.replicated.Sample`.
    truth
        Whether the outcome is a truth value; else it is a number.
    replications
        Of these everything is told.
    estimate, estimate_low, estimate_high
        P(outcome), or its mean, with the 95% interval.
    noise
        The noise floor of PAWN: the highest of `DUMMIES` inputs without influence.
    drivers
        All inputs that vary: first those with an influence of their own, by its size, then those
        above the noise, then the rest, both by PAWN index.
    boxes
        Where a truth value holds; empty for a number.
    density
        What the boxes were to reach.
    constant
        Inputs that cannot matter here: they do not vary.
    left_out
        Replications in which the outcome has no value.
    """

    title: str
    scenario: str
    mandate: str
    force_size: int
    outcome: str
    given: str
    truth: bool
    seed: int
    replications: int
    estimate: float
    estimate_low: float
    estimate_high: float
    noise: float
    drivers: tuple[Driver, ...]
    boxes: tuple[Box, ...]
    density: float
    constant: tuple[str, ...]
    left_out: int

    def weak(self) -> tuple[Driver, ...]:
        """Those that matter whose figures are judgements, of low confidence or unsourced."""
        return tuple(
            driver for driver in self.drivers if driver.adjusted.own and driver.evidence.weak
        )

    def table(self) -> Table:
        """One row per input, in order: ``drivers.csv``."""
        rows = [
            {"rank": rank, **_flat(driver), "noise": self.noise}
            for rank, driver in enumerate(self.drivers, 1)
        ]
        for row in rows:
            row["figures"] = "; ".join(row["figures"])
        return columns(rows)

    def boxes_table(self) -> Table:
        """One row per limit of a box: ``boxes.csv``; an open side is empty."""
        rows = [
            {"box": number, **asdict(limit), **{key: getattr(box, key) for key in _MEASURED}}
            for number, box in enumerate(self.boxes, 1)
            for limit in box.limits
        ]
        for row in rows:
            row["low"], row["high"] = (_finite(row[side]) for side in ("low", "high"))
        return columns(rows) or {key: [] for key in ("box", *_LIMIT, *_MEASURED)}

    def facts(self) -> Mapping[str, Any]:
        """Everything, as plain data: an open side of a limit is NaN."""
        data = asdict(self)
        data["drivers"] = [_flat(driver) for driver in self.drivers]
        for limit in (limit for box in data["boxes"] for limit in box["limits"]):
            limit["low"], limit["high"] = _finite(limit["low"]), _finite(limit["high"])
        return data


_LIMIT = tuple(field.name for field in fields(Limit))
_MEASURED = tuple(field.name for field in fields(Box) if field.name != "limits")


def _flat(driver: Driver) -> dict[str, Any]:
    """A driver as one row."""
    row = asdict(driver)
    evidence, ends, adjusted = (row.pop(key) for key in ("evidence", "contrast", "adjusted"))
    row |= {**ends, **adjusted, "evidence": evidence["mark"]}
    return {**row, "figures": list(evidence["figures"])}


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.nan


def drivers(
    result: Result,
    mandate: str | None = None,
    size: int | None = None,
    *,
    outcome: str = "feasible",
    given: str | None = None,
    density: float | None = None,
    progress: Progress | None = None,
) -> Drivers:
    """Rank the uncertain inputs of a result that keeps its replications.

    Parameters
    ----------
    mandate, size
        Which cell; may be left out where there is one mandate, and for its smallest size.
    outcome
        ``feasible``, another column of the replications, or a comparison: ``binding=lift``,
        ``deaths>=50``, ``feasible=false``.
    given
        ``authorisation``: only authorised replications; ``nothing``: all of them. Default: as the
        mandate's verdict is read.
    density
        P(outcome) that the boxes are to reach; default: the mandate's ``confidence``.
    progress
        Called as ``progress(done, total)``.

    Returns
    -------
    Drivers
        The same for the same result: what is drawn here comes from the run's seed.

    Raises
    ------
    SimError
        If the replications were not kept, there is no such cell, the outcome never varies, or
        SALib is not installed.
    """
    sample = sample_of(result, mandate, size, outcome, given)
    if (sample.values == sample.values[0]).all():
        raise SimError(_constant(sample, result))
    if not sample.inputs:
        raise SimError(f"{sample.mandate}, {sample.force_size:,}: no input varies")
    seed = int(result.run["seed"])
    index, adjusted = pawn_indices(sample, seed), others_equal(sample)
    tell: Progress = progress or (lambda done, total: None)
    noise = noise_floor(sample, seed, tell)

    def rank(place: int) -> tuple[bool, float, bool, float]:
        own = adjusted[place].own
        size = abs(adjusted[place].others_equal) if own else 0.0
        return not own, -size, not index[place] > noise, -index[place]

    order = sorted(range(len(sample.inputs)), key=rank)
    first = [p for p in order[:FIRST] if index[p] > noise or adjusted[p].own]
    errors = pawn_errors(sample, first, seed, tell)
    data, ranked = result.run["inputs"], list[Driver]()
    for place in order:
        item, reach = sample.inputs[place], Z95 * errors.get(place, math.nan)
        low, high = np.clip([index[place] - reach, index[place] + reach], 0, 1)
        ranked.append(
            Driver(
                item.name,
                float(index[place]),
                float(low),
                float(high),
                bool(index[place] > noise),
                *rank_correlation(item.values, sample.values),
                contrast(item, sample),
                adjusted[place],
                evidence_of(item.name, sample.mandate, data),
            )
        )
    if density is None:
        density = float(result.run["confidence"].get(sample.mandate, 0.8))
    boxes: tuple[Box, ...] = ()
    if sample.truth and sample.values.mean() < density:
        chosen = {sample.inputs[place].name: sample.inputs[place].values for place in first}
        boxes = find_boxes(chosen, sample.values > 0, density=density)
    return Drivers(
        str(result.run["title"]),
        str(result.run["scenario"]),
        sample.mandate,
        sample.force_size,
        sample.outcome,
        sample.given,
        sample.truth,
        seed,
        len(sample.values),
        *estimate_of(sample),
        noise,
        tuple(ranked),
        boxes,
        density,
        sample.constant,
        sample.left_out,
    )


def _constant(sample: Sample, result: Result) -> str:
    cell = f"{sample.mandate}, {sample.force_size:,}"
    count = f"in {len(sample.values):,} replications"
    if not sample.truth:
        return f"{cell}: {sample.outcome} is {sample.values[0]:g} {count}; nothing to explain"
    kept = result.tables["replications"]
    sizes = {
        int(size)
        for size, mandate in zip(kept["force_size"], kept["mandate"], strict=True)
        if mandate == sample.mandate
    }
    others = ", ".join(f"{size:,}" for size in sorted(sizes - {sample.force_size}))
    hint = f": {others}" if others else ""
    word = "always" if sample.values[0] else "never"
    return f"{cell}: {word} {sample.outcome} {count}; choose another --size{hint} or --outcome"
