"""One cell, a block of replications, step by step; what lies ahead may be changed on the way.

What another model sets changes the draws that have not come true yet, and from these the muster is
made anew by the same functions as in a run. So a run without interference gives the same bytes.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.core import Deployment
from sim.engine.futures import draw_futures
from sim.engine.muster import Muster, muster, pledge
from sim.engine.orders import Orders
from sim.engine.outcomes import Ledger
from sim.engine.plan import NEVER, Plan
from sim.engine.politics import (
    Bools,
    Floats,
    Ints,
    agreed,
    authorisation,
    delays,
    renewals,
    stacked,
)
from sim.engine.pools import Pools
from sim.engine.simulate import Cell, CellResult, close
from sim.engine.streams import uniforms
from sim.engine.verdict import Verdict
from sim.errors import SimError


class Stepper:
    """All replications of a block, authorised or not; lane and replication are the same here.

    Parameters
    ----------
    plan
        With a single mandate.
    size
        Soldiers asked for.
    seed, block, count
        Which replications, see `draw_futures`.

    Attributes
    ----------
    deployment, ledger
        Where everything stands, and what has been added up.
    step : int
        The next one.
    """

    def __init__(self, plan: Plan, size: int, seed: int, block: int, count: int) -> None:
        self.plan, self.mandate, self.size = plan, plan.mandates[0], size
        self.seed, self.block, self.count = seed, block, count
        self.futures = draw_futures(plan, seed, block, count)
        self.everyone = np.arange(count)
        self._delay = self._delays()
        # Steps since when players consent and contributors take part because another model says so.
        self._since = np.zeros(self.consent.shape, np.int32)
        self._joined_at = np.full((len(plan.contributors), count), NEVER, np.int32)
        self._unmet_at = np.full(count, NEVER, np.int32)
        present = self._muster()
        self.deployment = Deployment(plan, 0, size, present, Pools(plan, 0, self._open(present)))
        offer = pledge(plan, 0, self.futures, self.everyone)
        verdict = Verdict(plan, self.mandate, size, present, offer)
        self.ledger = Ledger(plan, self.deployment, verdict, self.futures.cost)

    @property
    def step(self) -> int:
        """The next step."""
        return self.deployment.step

    @property
    def consent(self) -> Bools:
        """Whether each player consents: (players, B)."""
        return self.futures.politics[0].consents

    @property
    def participation(self) -> Bools:
        """Whether each contributor that is asked takes part: (N, B)."""
        joins = self.futures.politics[0].joins[list(self.deployment.nations)]
        return np.asarray(joins & ~self.deployment.withdrawn)

    @property
    def lift(self) -> NDArray[np.float32]:
        """Soldiers that each corridor can newly carry in the coming step: (K, B), to be changed."""
        return self.futures.lift[:, self.step]

    @property
    def target(self) -> NDArray[np.float32]:
        """Soldiers asked for in the coming step, by capability: (C, B)."""
        d = self.deployment
        asked = d.asked.copy()
        for phase, lanes in d.phase_of_step.get(self.step, ()):
            asked[:, lanes] = d.targets(phase)[:, lanes]
        if d.reset_target is not None:
            running = d.authorised <= self.step
            np.copyto(asked, d.reset_target, where=running & ~np.isnan(d.reset_target))
        asked[:, d.ended_at < NEVER] = 0
        return asked

    @property
    def conflict_state(self) -> NDArray[np.int8]:
        """State of the conflict, a number of its states: (B,)."""
        if self.deployment.chain is None:
            raise SimError(f"mandate '{self.mandate.name}' has no conflict to set")
        return self.deployment.chain.state

    @property
    def losses(self) -> Floats:
        """Soldiers lost in the coming step, unless another model says so: (N, B)."""
        return np.zeros(self.deployment.soldiers.shape)

    def advance(self, settings: Mapping[str, tuple[NDArray[Any], Bools]]) -> None:
        """Simulate the coming step.

        Parameters
        ----------
        settings
            What another model sets before it, by name of the property: values, and where they are
            set.
        """
        state = leaving = losses = None
        for name, (values, where) in settings.items():
            if name == "consent":
                self._set_consent(values)
            elif name == "participation":
                leaving = self._set_participation(values)
            elif name == "lift":
                self.lift[...] = np.floor(values)
            elif name == "target":
                self._set_target(np.rint(values), where)
            elif name == "conflict_state":
                state = np.where(where, values, -1).astype(np.int8)
            else:
                losses = values.astype(np.float64)
        step = self.step
        self.deployment.advance(Orders(state, leaving, losses))
        self.ledger.verdict.observe(step, self.deployment)
        self.ledger.observe(step)

    def result(self, keep_rows: bool) -> CellResult:
        """What the block came to, after the last step."""
        self.ledger.verdict.finish(self.plan.steps - 1, self.deployment)
        nobody = np.zeros(self.count, np.bool_)  # a war without a force was stepped like any other
        cell = Cell(0, self.size)
        return close(self.plan, cell, self.block, self.futures, self.ledger, 0, nobody, keep_rows)

    def __deepcopy__(self, memo: dict[int, Any]) -> Stepper:
        """Copy what changes from step to step; what is only read is shared."""
        pools, ours = self.deployment.pools, self.deployment.muster
        read = [self.plan, self.mandate, self.everyone, self._delay, pools.muster, pools.layout]
        read += [pools.units, pools.lanes, pools.pools, *pools.read_only]
        read += [getattr(ours, part.name) for part in fields(ours) if part.name != "lift"]
        memo |= {id(part): part for part in read}
        memo[id(self.futures)] = replace(self.futures, lift=copy.deepcopy(self.futures.lift, memo))
        twin = object.__new__(Stepper)
        twin.__dict__ |= {name: copy.deepcopy(part, memo) for name, part in self.__dict__.items()}
        return twin

    def _set_consent(self, consents: Bools) -> None:
        """From the coming step on these players consent: (players, B).

        What has been authorised stays so until a renewal. Before, the rule is asked anew: who
        consents now gives its consent now, at the earliest.
        """
        changed = consents != self.consent
        if not changed.any():
            return
        politics, plan, mandate, step = self.futures.politics[0], self.plan, self.mandate, self.step
        conditions = dict(
            zip([n for n, _ in plan.conditions], self.futures.conditions, strict=True)
        )
        self._since = np.where(changed, step, self._since).astype(np.int32)
        ahead = politics.authorised >= step
        new = authorisation(plan, mandate, consents, conditions, self._draw, self._since)
        authorised = np.where(ahead & changed.any(axis=0), new, politics.authorised)
        refused = renewals(plan, mandate, authorised, conditions, self._draw)
        if mandate.renewal:
            met = agreed(mandate.authorisation, consents) | (authorised >= step)
            since = -(-(step - authorised) // mandate.renewal)
            coming = authorised + np.maximum(since, 1) * mandate.renewal
            unmet = np.minimum(self._unmet_at, coming)
            self._unmet_at = np.where(met & (self._unmet_at >= step), NEVER, unmet)
            refused = np.minimum(refused, self._unmet_at)
        self._follow(
            consents=consents,
            authorised=authorised.astype(np.int32),
            refused_renewal=refused.astype(np.int32),
        )

    def _set_participation(self, participation: Bools) -> NDArray[np.bool_] | None:
        """From the coming step on these contributors take part: (N, B).

        Who takes part now has decided now, and its notice begins. Who has already joined withdraws,
        and does not come back.

        Returns
        -------
        bool array (N, B) or None
            Contributors that are to withdraw in the coming step.
        """
        d = self.deployment
        changed = (participation != self.participation) & ~d.withdrawn
        if not changed.any():
            return None
        nations, politics = list(d.nations), self.futures.politics[0]
        leaves = changed & ~participation & (politics.joined[nations] < self.step)
        joins = politics.joins.copy()
        joins[nations] = np.where(changed & ~leaves, participation, joins[nations])
        joined_at = self._joined_at[nations]
        joined_at[changed & participation] = self.step
        self._joined_at[nations] = joined_at
        if (changed & ~leaves).any():
            self._follow(joins=joins)
        return leaves if leaves.any() else None

    def _set_target(self, target: NDArray[np.float64], where: Bools) -> None:
        """Ask for so many soldiers from the coming step on, there: both (C, B)."""
        d = self.deployment
        if d.reset_target is None:
            d.reset_target = np.full(d.asked.shape, np.nan, np.float32)
        np.copyto(d.reset_target, target, where=where, casting="same_kind")

    def _follow(self, **changes: Any) -> None:
        """Let the deployment and the verdict follow what players and contributors decide now."""
        politics = replace(self.futures.politics[0], **changes)
        delayed = np.minimum(politics.authorised + self._delay, NEVER)
        decided = np.maximum(politics.authorised, self._joined_at)
        joined = np.where(self._joined_at < NEVER, decided, delayed).astype(np.int32)
        politics = replace(politics, joined=joined)
        self.futures = replace(self.futures, politics=(politics,))
        present = self._muster()
        self.deployment.follow(present)
        self.ledger.verdict.follow(present, pledge(self.plan, 0, self.futures, self.everyone))

    def _muster(self) -> Muster:
        return muster(self.plan, 0, self.futures, self.everyone)

    def _open(self, present: Muster) -> Muster:
        """The muster in which every contributor has its pools that may still take part."""
        may = np.array([stance is not None for stance in self.mandate.stances], np.bool_)
        joins = np.repeat(may[:, None], self.count, axis=1)
        futures = replace(self.futures, politics=(replace(self.futures.politics[0], joins=joins),))
        everybody = muster(self.plan, 0, futures, self.everyone)
        return replace(everybody, start=present.start)

    def _delays(self) -> Ints:
        """Steps from the authorisation to each contributor's own decision: (contributors, B)."""
        named = [
            (stance.delay, stance.name) if stance else (None, "") for stance in self.mandate.stances
        ]
        return stacked(
            [
                delays(delay, f"{name}.delay", self.plan, self._draw, self.count)
                for delay, name in named
            ],
            self.count,
            np.int32,
        )

    def _draw(self, name: str) -> Floats:
        return uniforms(self.seed, name, self.block, self.count)
