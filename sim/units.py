"""A force in a model of your own: units of a scenario inside any SimPy environment.

::

    env = simpy.Environment()
    force = sim.units.deploy(env, sim.load("my.yaml"), replication=3)

    def observer():  # a process of yours; time is in days
        while not force.over:
            yield env.timeout(30)
            print(force.date, force.strength, force.fill)

    env.process(observer())
    record = env.run(until=force.finished)
"""

from __future__ import annotations

import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sim.analysis.trace.future import choose
from sim.engine.plan import Plan
from sim.engine.units import UnitDeployment
from sim.engine.units_record import UnitRecord
from sim.engine.units_setting import Environment
from sim.errors import SimError
from sim.scenario.scenario import Scenario

__all__ = ["Force", "deploy"]


class Force:
    """A force in somebody's environment, to be read at any time.

    What it shows is how things stand at the end of the last step decided, so that it does not
    depend on whose process runs first. A step is decided in its middle.

    Attributes
    ----------
    finished : simpy.Process
        Ends with the last step; its value is the record: ``record = yield force.finished``.
    plan : Plan
        The scenario in steps and soldiers.
    replication, seed : int
        Which future it is.
    """

    def __init__(self, deployment: UnitDeployment, plan: Plan, replication: int, seed: int) -> None:
        self._deployment, self._headquarters = deployment, deployment.headquarters
        self.finished = deployment.finished
        self.plan, self.replication, self.seed = plan, replication, seed

    @property
    def step(self) -> int:
        """The last step decided; -1 before the first."""
        return self._deployment.decided

    @property
    def date(self) -> datetime.date:
        """Day on which that step began; the scenario's first day before the first."""
        days = round(max(0, self.step) * self.plan.step_days)
        return self.plan.start + datetime.timedelta(days=days)

    @property
    def over(self) -> bool:
        """Whether the last step of the scenario has been decided."""
        return self.step == self.plan.steps - 1

    @property
    def strength(self) -> int:
        """Soldiers in the theatre."""
        return int(self._now("strength").sum())

    @property
    def counted(self) -> int:
        """What counts of them towards the force asked for, in soldiers: without outgoing units."""
        return int(self._now("counted_for").sum())

    @property
    def fill(self) -> float:
        """Present over asked for, the lowest over capabilities; 0 before the authorisation."""
        headquarters = self._headquarters
        elapsed = self.step - headquarters.authorised
        if self.step < 0 or elapsed < 0:
            return 0.0
        mandate = headquarters.mandate
        share = [share for begin, share in mandate.phases if begin <= elapsed][-1]
        targets = mandate.targets(headquarters.size, share)
        asked = [targets[c] for c in headquarters.capabilities]
        present = self._now("present_for").tolist()
        fills = [here / want for here, want in zip(present, asked, strict=True) if want]
        return float(min(fills, default=0.0))

    @property
    def record(self) -> UnitRecord:
        """The whole record, once it is finished.

        Raises
        ------
        SimError
            Before that.
        """
        if self.finished.is_alive:
            raise SimError(f"the record is complete after step {self.plan.steps - 1}")
        record = self.finished.value
        assert isinstance(record, UnitRecord)
        return record

    def _now(self, name: str) -> NDArray[np.int32]:
        page: NDArray[np.int32] = self._headquarters.pages[name]
        return np.asarray(page[max(0, self.step)])  # before the first step the pages are blank


def deploy(
    env: Environment,
    scenario: Scenario,
    *,
    mandate: str | None = None,
    size: int | None = None,
    replication: int = 0,
    seed: int | None = None,
    time_unit: Literal["day", "step"] = "day",
) -> Force:
    """Send the units of one future into an environment, which you run.

    Units, headquarters and corridors become processes and containers of `env`; nothing else in it
    is touched, and any number of deployments may share it. Step 0 begins now.

    Parameters
    ----------
    env
        A `simpy.Environment` (or one in real time).
    scenario
        From `sim.load`, or built in code.
    mandate
        Name; may be left out where a single one sends.
    size
        One of the mandate's sizes; default: its smallest.
    replication
        Which future, from 0: the one that `sim.run` knows by this number.
    seed
        Default: the scenario's, or one that is drawn.
    time_unit
        What one unit of time is in `env`: a day, or a step of the scenario.

    Returns
    -------
    Force

    Raises
    ------
    SimError
        If there is no such mandate or size, or the mandate is not authorised in that future, with
        what comes nearest.
    """
    if time_unit not in ("day", "step"):
        raise SimError(f"time_unit must be 'day' or 'step', found {time_unit!r}")
    future = choose(scenario, mandate, size, replication=replication, seed=seed)
    deployment = UnitDeployment(
        env,
        future.plan,
        future.mandate,
        future.size,
        future.muster,
        future.lane,
        future.plan.step_days if time_unit == "day" else 1.0,
    )
    return Force(deployment, future.plan, future.replication, future.seed)
