"""What binds: the same futures with each constraint relaxed, alone and together with others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from sim.analysis.explain.lattice import Lattice, Subset, shapley_values
from sim.analysis.relaxation import FAMILIES, asked, families_of, granted, plentiful, relaxed
from sim.analysis.same_futures import (
    Bools,
    Runs,
    Share,
    Study,
    same_futures,
    share_of,
    study_of,
)
from sim.errors import SimError
from sim.results.statistics import Difference, paired_difference
from sim.results.tables import Table, columns
from sim.running.blocks import Progress
from sim.scenario.scenario import Scenario

MOST_FAMILIES = 10
"""Shapley values take a run per subset of the families; with more than so many they are refused."""
REPLICATIONS = 1_000
_NO_VALUE = (math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class Effect:
    """What one constraint does.

    Attributes
    ----------
    name, meaning
        The family or capability, and what it means that it does not bind.
    alone
        P(feasible) with this one relaxed and all others as they are.
    gain
        `alone` less P(feasible) of the scenario, over the same futures.
    harmed
        Share of the futures that were feasible and, with this one relaxed, are not: units are sent
        whole and in waves, so less of a constraint can leave a gap elsewhere.
    all_but
        P(feasible) with every other constraint relaxed and this one as it is.
    shapley, shapley_mcse
        Its share of the gap between the scenario and everything relaxed, in probability, with the
        Monte Carlo standard error; NaN for capabilities, and where they were not wanted.
    """

    name: str
    meaning: str
    alone: Share
    gain: Difference
    harmed: float
    all_but: Share
    shapley: float
    shapley_mcse: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """What binds in one cell.

    Attributes
    ----------
    given
        ``authorisation``: of the futures in which the mandate is authorised; ``nothing``: of all.
    replications, judged
        Simulated, and those of them that the probabilities are of.
    base, everything
        P(feasible) of the scenario, and with every constraint relaxed.
    families
        In the order of the gates; families that the scenario does not know are left out.
    capabilities
        The same capability by capability: the need for one alone met from nowhere, and plenty of
        all but one. They are parts of the family ``pool`` and do not add up to it.
    enough
        The smallest sets of families that, relaxed together, reach the wanted confidence, each with
        its probability, best first; empty where none does or the subsets were not simulated.
    """

    title: str
    scenario: str
    mandate: str
    size: int
    given: str
    confidence: float
    seed: int
    replications: int
    judged: int
    base: Share
    everything: Share
    families: tuple[Effect, ...]
    capabilities: tuple[Effect, ...]
    enough: tuple[tuple[tuple[str, ...], Share], ...]

    def table(self) -> Table:
        """One row per constraint."""
        return columns(
            [
                _row(kind, effect)
                for kind, effects in (
                    ("constraint", self.families),
                    ("capability", self.capabilities),
                )
                for effect in effects
            ]
        )


def explain(
    scenario: Scenario,
    size: int,
    mandate: str | None = None,
    *,
    given: str | None = None,
    shapley: bool = True,
    replications: int = REPLICATIONS,
    seed: int | None = None,
    workers: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Explanation:
    """Find out which constraints make a force size infeasible.

    Each family of constraints (see `sim.analysis.relaxation.FAMILIES`) is relaxed alone, and all
    others are. Shapley values (1953) share out the whole gap: the mean, over all orders in which
    the families can be relaxed one after another, of what each adds when its turn comes. They are
    exact over all subsets, and computed in every replication, so that their error is known.

    Parameters
    ----------
    size
        Soldiers asked for; need not be a size that the scenario names.
    mandate
        Name; may be left out where a single one sends.
    given
        ``authorisation`` or ``nothing``; default: as the scenario's ``feasible_when.given``. Given
        the authorisation, that family is left out and the futures authorised stay the same ones.
    shapley
        Whether to simulate all subsets: 2**n runs of the cell for n families.
    replications, seed, workers, executor
        As for `sim.run`; the default number is `REPLICATIONS`.
    progress
        Called as ``progress(done, total)``; total falls where subsets need not be simulated.

    Returns
    -------
    Explanation

    Raises
    ------
    SimError
        If there is no such mandate, no future is authorised, or there are too many families.
    """
    study = study_of(scenario, size, mandate, given, replications, seed)
    plan = study.plan
    families = [
        name
        for name in families_of(plan, study.size)
        if name != "authorisation" or study.given == "nothing"
    ]
    if shapley and len(families) > MOST_FAMILIES:
        raise SimError(f"Shapley values of {len(families)} families; at most {MOST_FAMILIES}")
    nothing, everything = Subset(), Subset(range(len(families)))
    with same_futures(study, workers, executor, progress) as ask:
        lattice = Lattice(plan, study.size, families, ask)
        wanted = lattice.subsets() if shapley else lattice.edges()
        ask.expected = len(wanted) + 2 * len(asked(plan))
        judged = study.judged(lattice.ask([nothing])[nothing].authorised)
        possible = lattice.possible(judged) if shapley else wanted
        ask.expected -= len(wanted) - len(possible)
        answers = lattice.ask(possible)
        nobody = np.zeros(int(judged.sum()), np.bool_)
        feasible = {s: answers[s].feasible[judged] if s in answers else nobody for s in wanted}
        capabilities = _capabilities(study, families, ask, judged, feasible[nothing])
    values = shapley_values(feasible, len(families)) if shapley else [_NO_VALUE] * len(families)
    effects = tuple(
        _effect(
            (name, FAMILIES[name][0]),
            feasible[nothing],
            feasible[nothing | {i}],
            feasible[everything - {i}],
            value,
        )
        for i, (name, value) in enumerate(zip(families, values, strict=True))
    )
    return Explanation(
        title=study.title,
        scenario=study.scenario,
        mandate=study.mandate,
        size=study.size,
        given=study.given,
        confidence=study.confidence,
        seed=study.seed,
        replications=len(judged),
        judged=int(judged.sum()),
        base=share_of(feasible[nothing]),
        everything=share_of(feasible[everything]),
        families=effects,
        capabilities=capabilities,
        enough=_enough(feasible, families, study.confidence) if shapley else (),
    )


def _capabilities(
    study: Study, families: Sequence[str], ask: Runs, judged: Bools, base: Bools
) -> tuple[Effect, ...]:
    """Each capability: its need alone met from nowhere, and plenty of all but it."""
    plan, size, needed = study.plan, study.size, asked(study.plan)
    others = relaxed(plan, size, [name for name in families if name != "pool"])
    plans = [
        *(granted(plan, size, [c]) for c in needed),
        *(plentiful(others, size, [other for other in needed if other != c]) for c in needed),
    ]
    found = [answer.feasible[judged] for answer in ask(plans)]
    return tuple(
        _effect(
            (plan.capabilities[c], f"the need for {plan.capabilities[c]} is met from nowhere"),
            base,
            found[place],
            found[len(needed) + place],
            _NO_VALUE,
        )
        for place, c in enumerate(needed)
    )


def _effect(
    words: tuple[str, str], base: Bools, alone: Bools, all_but: Bools, shapley: tuple[float, float]
) -> Effect:
    return Effect(
        *words,
        alone=share_of(alone),
        gain=paired_difference(base, alone),
        harmed=float((base & ~alone).mean()),
        all_but=share_of(all_but),
        shapley=shapley[0],
        shapley_mcse=shapley[1],
    )


def _enough(
    feasible: dict[Subset, Bools], families: Sequence[str], confidence: float
) -> tuple[tuple[tuple[str, ...], Share], ...]:
    """The smallest subsets whose relaxation reaches the wanted confidence, best first."""
    reach = {s: share_of(hits) for s, hits in feasible.items() if hits.mean() >= confidence}
    least = min(map(len, reach), default=0)
    found = [
        (tuple(families[i] for i in sorted(subset)), share)
        for subset, share in reach.items()
        if len(subset) == least
    ]
    return tuple(sorted(found, key=lambda pair: (-pair[1].estimate, pair[0])))


def _row(kind: str, effect: Effect) -> dict[str, object]:
    return {
        "kind": kind,
        "name": effect.name,
        "p_alone": effect.alone.estimate,
        "p_alone_low": effect.alone.low,
        "p_alone_high": effect.alone.high,
        "gain": effect.gain.estimate,
        "gain_low": effect.gain.low,
        "gain_high": effect.gain.high,
        "p_harmed": effect.harmed,
        "p_all_but": effect.all_but.estimate,
        "p_all_but_low": effect.all_but.low,
        "p_all_but_high": effect.all_but.high,
        "shapley": effect.shapley,
        "shapley_mcse": effect.shapley_mcse,
        "meaning": effect.meaning,
    }
