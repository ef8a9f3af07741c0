"""`sim.Model`: another model drives the engine step by step."""

from __future__ import annotations

import copy
import datetime
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.plan import NEVER
from sim.engine.planning import plan_of
from sim.engine.stepping import Stepper
from sim.errors import SimError, nearest
from sim.results.checkpoint import Tally
from sim.results.result import Result
from sim.running.blocks import Simulated, parts_of, whole
from sim.running.cells import mandate_of
from sim.running.levers import Lever, Setting
from sim.running.memory import check_memory
from sim.running.runner import result_of
from sim.running.seeds import seed_of
from sim.scenario.scenario import Scenario

Floats = NDArray[np.float64]


class Model:
    """One mandate and force size in many futures, step by step, for another model to drive.

    ``for step in model`` gives the number of the coming step and simulates it after the body of the
    loop; what the body reads is how things stand before. `advance` does the same without a loop.
    Without interference the result is that of `sim.run`, byte for byte.

    What is read are arrays over R replications, made anew in every step and read-only:

    =============== ======================= ====================================================
    strength        (R,)                    soldiers in the theatre
    fill            (R,)                    present over target, the lowest over capabilities
    contingents     (contributors, R)       soldiers of each contributor
    deaths          (R,)                    expected deaths so far
    authorised      (R,)                    whether the mandate is in force by the coming step
    ended           (R,)                    whether the mission has ended
    =============== ======================= ====================================================

    What may be set before a step, in whole or in part (``model.losses[0, late] = 40``), rows and
    states also by name (``model.participation["France"] = False``):

    =============== ======================= ====================================================
    conflict_state  (R,)                    number of a state in `states`: the conflict is there in
                                            this step and makes no move of its own
    consent         (players, R)            from now on; what is authorised stays so until a renewal
    participation   (contributors, R)       from now on: who comes has decided now and needs its
                                            notice; who goes withdraws, and does not come back
    lift            (corridors, R)          soldiers that can newly be moved in this step
    target          (capabilities, R)       soldiers asked for, until set again; the verdict still
                                            asks for what the scenario asks for
    losses          (contributors, R)       soldiers lost for good in this step, beside the deaths:
                                            a unit is gone when as many are lost as it has
    =============== ======================= ====================================================

    Parameters
    ----------
    scenario
        A `Scenario`, from `sim.load` or built in code.
    mandate, size
        Which cell: the only mandate that sends, and its smallest size, where left out. The size
        need not be one that the scenario names.
    replications, seed
        As for `sim.run`.
    keep_replications
        Whether the result has one row per replication.

    Attributes
    ----------
    states, players, contributors, corridors, capabilities : tuples of str
        What the first axes stand for. Contributors are those that the mandate can ask.
    replications, steps, step : int
        R, how many steps there are, and the number of the coming one.

    Raises
    ------
    SimError
        If there is no such mandate, or what was set makes no sense; then nothing was simulated.

    Examples
    --------
    >>> model = sim.Model(scenario, mandate="reassurance", size=20_000, seed=1)
    >>> for step in model:
    ...     model.conflict_state[:] = my_war_model(model.strength)
    >>> model.result().summary
    """

    def __init__(
        self,
        scenario: Scenario,
        mandate: str | None = None,
        size: int | None = None,
        *,
        replications: int = 1_000,
        seed: int | None = None,
        keep_replications: bool = False,
    ) -> None:
        self._begun = time.perf_counter()
        plan = plan_of(scenario.specification)
        chosen = plan.mandates[mandate_of(plan, mandate, sending=False)]
        self._size = min(chosen.sizes) if size is None else whole("size", size, 1)
        self._scenario = scenario
        self._plan = replace(plan, mandates=(replace(chosen, sizes=(self._size,)),))
        self._seed = whole("seed", seed_of(scenario, seed), 0)
        self._keep = keep_replications
        self.replications = whole("replications", replications, 1)
        check_memory(self._plan, 1, self.replications, 1)
        self._parts = [
            Stepper(self._plan, self._size, self._seed, block, count)
            for block, count in parts_of(self.replications)
        ]
        first = self._parts[0].deployment
        self.steps = self._plan.steps
        self.states = tuple(s.name for s in chosen.conflict.states) if chosen.conflict else ()
        self.players = tuple(player.name for player in chosen.authorisation.players)
        self.contributors = tuple(plan.contributors[n] for n in first.nations)
        self.corridors = tuple(corridor.name for corridor in plan.corridors)
        self.capabilities = tuple(plan.capabilities[c] for c in first.capabilities)
        self._set: set[str] = set()
        self._levers: dict[str, Lever] = {}

    def __iter__(self) -> Iterator[int]:
        while not self.over:
            yield self.step
            self.advance()

    def __len__(self) -> int:
        return self.steps

    @property
    def step(self) -> int:
        """Number of the coming step."""
        return self._parts[0].step

    @property
    def over(self) -> bool:
        """Whether the last step has been simulated."""
        return self.step >= self.steps

    @property
    def date(self) -> datetime.date:
        """Day on which the coming step begins."""
        return self._plan.start + datetime.timedelta(days=int(self.step * self._plan.step_days))

    # -- what is read -----------------------------------------------------------------------------

    @property
    def strength(self) -> NDArray[Any]:
        """Soldiers in the theatre: float32 array (R,)."""
        return self._read(lambda part: part.deployment.strength)

    @property
    def fill(self) -> NDArray[np.float32]:
        """Present over target, the lowest over capabilities; 0 before the authorisation: (R,)."""
        return self._read(lambda part: part.ledger.fill_now())

    @property
    def contingents(self) -> NDArray[np.float32]:
        """Soldiers of each contributor in the theatre: float32 array (contributors, R)."""
        return self._read(lambda part: part.deployment.soldiers)

    @property
    def deaths(self) -> Floats:
        """Expected deaths so far, by the rates of the conflict's states: float64 array (R,)."""
        return self._read(lambda part: part.ledger.deaths.sum(axis=0))

    @property
    def authorised(self) -> NDArray[np.bool_]:
        """Whether the mandate is in force by the coming step: bool array (R,)."""
        return self._read(lambda part: part.deployment.authorised <= part.step)

    @property
    def ended(self) -> NDArray[np.bool_]:
        """Whether the mission has ended, by the conflict or a refused renewal: bool (R,)."""
        return self._read(lambda part: part.deployment.ended_at < NEVER)

    # -- what may be set --------------------------------------------------------------------------

    conflict_state = Setting(
        "states",
        "State of the conflict, a number of `states`: int array (R,).",
    )
    consent = Setting(
        "players",
        "Whether each player consents: bool array (players, R).",
    )
    participation = Setting(
        "contributors",
        "Whether each contributor takes part, once there is a mandate: bool (contributors, R).",
    )
    lift = Setting(
        "corridors",
        "Soldiers that can newly be moved in the coming step: float array (corridors, R).",
    )
    target = Setting(
        "capabilities",
        "Soldiers asked for: float array (capabilities, R).",
    )
    losses = Setting(
        "contributors",
        "Soldiers lost for good in the coming step: float array (contributors, R), zeros.",
    )

    # -- how it goes on ---------------------------------------------------------------------------

    def advance(self) -> None:
        """Simulate the coming step.

        Raises
        ------
        SimError
            If the last one has been simulated, or what was set makes no sense.
        """
        if self.over:
            raise SimError(f"all {self.steps} steps have been simulated")
        orders = {name: lever for name, lever in self._levers.items() if lever.ordered.any()}
        for lever in orders.values():
            lever.check()
        begin = 0
        for part in self._parts:
            end = begin + part.count
            part.advance(
                {
                    name: (lever.values[..., begin:end], lever.ordered[..., begin:end])
                    for name, lever in orders.items()
                }
            )
            begin = end
        self._levers = {}
        self._set |= set(orders)

    def copy(self) -> Model:
        """Another model of the same futures that stands at the same step: a branch.

        What is only read is shared, so a copy costs a small part of a model.
        """
        return copy.deepcopy(self)

    def result(self) -> Result:
        """The result, as `sim.run` gives it; steps that remain are simulated as they stand.

        ``result.run["set"]`` names what another model has set on the way.
        """
        while not self.over:
            self.advance()
        tally = Tally()
        for part in self._parts:
            tally.add(part.result(self._keep), part.count)
        rows = {
            cell: [columns for _, columns in sorted(blocks.items())]
            for cell, blocks in tally.rows.items()
        }
        simulated = Simulated(tally.outcomes, rows, self.replications, self._seed, None)
        made = {"stepped": True, "set": sorted(self._set)}
        return result_of(self._scenario, self._plan, simulated, self._begun, made)

    def _read(self, of: Callable[[Stepper], NDArray[Any]]) -> NDArray[Any]:
        shown = np.concatenate([of(part) for part in self._parts], axis=-1)
        shown.flags.writeable = False
        return shown

    def lever(self, name: str, names: str) -> Lever:
        """What may be set before the coming step; `names`: the attribute that names its rows."""
        if self.over:
            raise SimError(f"{name}: all {self.steps} steps have been simulated")
        if name not in self._levers:
            shown = self._read(lambda part: getattr(part, name))
            self._levers[name] = Lever(name, shown, getattr(self, names))
        return self._levers[name]

    def __setattr__(self, name: str, value: Any) -> None:
        # A slip would be taken for a coupling that changes nothing.
        known = name.startswith("_") or isinstance(getattr(Model, name, None), Setting)
        if not known and "_levers" in self.__dict__:
            settings = [key for key, part in vars(Model).items() if isinstance(part, Setting)]
            hint = nearest(name, settings) or f"what may be set: {', '.join(settings)}"
            raise SimError(f"'{name}' cannot be set; {hint}")
        object.__setattr__(self, name, value)

    def __deepcopy__(self, memo: dict[int, Any]) -> Model:
        memo |= {id(part): part for part in (self._scenario, self._plan)}
        twin = object.__new__(Model)
        twin.__dict__ |= {name: copy.deepcopy(part, memo) for name, part in self.__dict__.items()}
        return twin

    def __repr__(self) -> str:
        name = self._plan.mandates[0].name
        return f"<Model {name} {self._size:,}: step {self.step} of {self.steps}, {self.date}>"
