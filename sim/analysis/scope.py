"""The scope check: what a scenario can and cannot do, in closed form, before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sim.engine.forces import Pool
from sim.engine.plan import Mandate, Plan
from sim.engine.planning import plan_of
from sim.errors import nearest
from sim.scenario.schema import Specification
from sim.scenario.schema.base import Conditional, When

_SAME_NAME = 0.8  # of the letters: 'Swedn' is Sweden, and Panama not Canada
_SURE = 0.95  # a player this likely to consent at every renewal is left alone


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What a mandate's contributors could have in the theatre if everybody came, without caps.

    Attributes
    ----------
    available : float
        Soldiers of this capability really available (in the mean).
    sustained : float
        Those that can be kept there for the whole mission: ``available / min(R, R_finite)``, summed
        over pools. Not rounded to whole units, so a little more than any simulation holds.
    share : float
        Share of the force that this capability makes up.
    """

    mandate: str
    capability: str
    available: float
    sustained: float
    share: float

    @property
    def force_at_once(self) -> float:
        """The force that the available soldiers suffice for, by this capability's share."""
        return self.available / self.share

    @property
    def force_sustained(self) -> float:
        """The force that the sustained soldiers suffice for, by this capability's share."""
        return self.sustained / self.share


def ceilings(plan: Plan) -> list[Ceiling]:
    """The closed-form ceiling per mandate and capability if everybody came.

    ``R = (T + G + P) / (T - O)`` units per unit continuously counted, or ``ceil(H / (T - O))`` in a
    mission so short that nobody serves twice.
    """
    table = []
    for mandate in plan.mandates:
        if not mandate.sends:
            continue
        for index, capability in enumerate(plan.capabilities):
            if mandate.shares[index] <= 0:
                continue
            pools = {
                line.pool
                for line in mandate.lines
                if line.capability == index and not line.substitute
            }
            available = {p: _mean_soldiers(plan.pools[p]) for p in pools}
            sustained = (available[p] / _ratio(plan.pools[p], mandate) for p in pools)
            table.append(
                Ceiling(
                    mandate.name,
                    capability,
                    sum(available.values()),
                    sum(sustained),
                    mandate.shares[index],
                )
            )
    return table


def _mean_soldiers(pool: Pool) -> float:
    """Expected soldiers available, with the units of step 0 (the most, where there are none)."""
    units = pool.units[0][1] or max(count for _, count in pool.units)
    share = pool.available if isinstance(pool.available, float) else pool.available.mean()
    return units * share * pool.strength


def _ratio(pool: Pool, mandate: Mandate) -> float:
    finite = -(-mandate.criteria.mission // (pool.tour - pool.handover))
    return min(pool.ratio, max(1, finite))


def notes(spec: Specification) -> list[str]:
    """What is valid and perhaps not meant, in words: the `slips`, and what goes unused."""
    return [*slips(spec), *_unused(spec, plan_of(spec))]


def slips(spec: Specification) -> list[str]:
    """What is valid and hardly meant: worth telling whenever the scenario is run.

    What merely goes unused is left out: whoever extends a library has more than is asked for.
    """
    plan = plan_of(spec)
    return [
        *_capabilities(plan),
        *_contributors(spec, plan),
        *_players(plan),
        *_renewals(spec, plan),
        *_horizon(plan),
    ]


def _capabilities(plan: Plan) -> Iterator[str]:
    for mandate in plan.mandates:
        for index, capability in enumerate(plan.capabilities):
            served = any(line.capability == index for line in mandate.lines)
            if mandate.sends and mandate.shares[index] > 0 and not served:
                yield f"mandate {mandate.name}: nobody who may come offers {capability}"
    for name, hint in _unasked(plan):
        if hint:
            yield f"capability {name}: offered, but no mandate asks for it; {hint}"


def _unasked(plan: Plan) -> Iterator[tuple[str, str]]:
    """Capabilities that are offered and not asked for, each with what may be meant."""
    asked = {
        name
        for mandate in plan.mandates
        for name, share in zip(plan.capabilities, mandate.shares, strict=True)
        if share > 0
    }
    used = {line.pool for mandate in plan.mandates for line in mandate.lines}
    for index, name in enumerate(plan.capabilities):
        offers = {p for p, pool in enumerate(plan.pools) if pool.capability == index}
        if name not in asked and offers and not offers & used:
            yield name, nearest(name, asked)


def _contributors(spec: Specification, plan: Plan) -> Iterator[str]:
    sends = any(mandate.sends for mandate in plan.mandates)
    for name, contributor in spec.contributors.items():
        if sends and not contributor.participation:
            yield f"contributor {name}: has no participation, and is never sent"


def _players(plan: Plan) -> Iterator[str]:
    for mandate in plan.mandates:
        players = [player.name for player in mandate.authorisation.players]
        others = [name for name in plan.contributors if name not in players]
        for player in players:
            hint = nearest(player, others, _SAME_NAME)
            if hint and player not in plan.contributors:
                yield f"mandate {mandate.name}: {player} decides, and is no contributor; {hint}"


def _renewals(spec: Specification, plan: Plan) -> Iterator[str]:
    for mandate in plan.mandates:
        count = plan.steps // mandate.renewal if mandate.renewal else 0
        written = spec.mandates[mandate.name].authorisation.decided_by
        unsure = [
            f"{player.name} {' or '.join(f'{share:g}' for share in _cases(player.renews))}"
            for player in mandate.authorisation.players
            if written[player.name].renews is None and max(_cases(player.renews)) < _SURE
        ]
        if mandate.sends and mandate.authorisation.needed and count and unsure:
            yield (
                f"mandate {mandate.name}: at every renewal (up to {count}) as likely to consent "
                f"as the first time: {', '.join(unsure)}; name `renews` if it should be another"
            )


def _cases(probability: Conditional) -> Iterator[float]:
    """Every value that it may have."""
    if isinstance(probability, When):
        yield from (*_cases(probability.then), *_cases(probability.otherwise))
    else:
        yield float(probability)


def _unused(spec: Specification, plan: Plan) -> Iterator[str]:
    for name, hint in _unasked(plan):
        if not hint:
            yield f"capability {name}: offered, but no mandate asks for it"
    sending = [mandate for mandate in plan.mandates if mandate.sends]
    for nation, name in enumerate(plan.contributors):
        pools = [pool for pool in plan.pools if pool.contributor == nation]
        if not any(units for pool in pools for _, units in pool.units):
            yield f"contributor {name}: has no units that may be sent"
        elif not spec.contributors[name].participation:
            continue  # told among the slips
        elif sending and all(mandate.stances[nation] is None for mandate in sending):
            reason = "no stance, not eligible, or serves elsewhere"
            yield f"contributor {name}: can never be sent ({reason})"
    corridors = {pool.corridor for pool in plan.pools}
    for index, corridor in enumerate(plan.corridors):
        if corridor.capacity is not None and index not in corridors:
            yield f"corridor {corridor.name}: nobody uses it"


def _horizon(plan: Plan) -> Iterator[str]:
    for mandate in plan.mandates:
        criteria = mandate.criteria
        late = criteria.authorised_within + criteria.mission - plan.steps
        if mandate.sends and criteria.from_authorisation and criteria.hold_for and late > 0:
            days = late * plan.step_days
            yield (
                f"mandate {mandate.name}: authorised at the latest moment, its hold would end "
                f"{days:.0f} days beyond the horizon; such futures are judged on what lies within"
            )
