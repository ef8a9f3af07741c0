"""What the units of the unit-level engine find: the time, and the ways into the theatre."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeAlias

import simpy

Environment: TypeAlias = simpy.Environment
Process: TypeAlias = Generator[simpy.Event, Any, Any]


class Clock:
    """Steps of a deployment in the time of an environment.

    Step t begins at ``origin + t * length``; headquarters decides half a step later.

    Parameters
    ----------
    env
        Anybody's environment; its time at this moment is the beginning of step 0.
    length
        Environment time that one step takes.
    """

    def __init__(self, env: Environment, length: float = 1.0) -> None:
        self.env, self.length, self.origin = env, length, env.now

    @property
    def step(self) -> int:
        """The present step."""
        # A quarter of a step keeps apart what the last digits of a sum might mix up.
        return int((self.env.now - self.origin) / self.length + 0.25)

    def until(self, step: float) -> simpy.Event:
        """Wait until this step (a half: until headquarters decides); not at all once it is past."""
        return self.env.timeout(max(0.0, self.origin + step * self.length - self.env.now))


class Way:
    """A corridor: soldiers of lift in a container.

    Parameters
    ----------
    largest
        Soldiers of the largest unit that uses it.
    lift
        Soldiers by which the lift grows, step by step.
    """

    def __init__(self, env: Environment, largest: int, lift: list[float]) -> None:
        self.left = simpy.Container(env)
        self.largest, self.lift = largest, lift

    def begin(self, step: int) -> None:
        """Keep of the lift not used what the largest unit takes, and add that of this step."""
        if self.left.level > self.largest:
            self.left.get(self.left.level - self.largest)
        if self.lift[step]:
            self.left.put(int(self.lift[step]))

    def fits(self, strength: int) -> int:
        """Count the units of `strength` soldiers that still find lift."""
        return int(self.left.level) // strength

    def use(self, soldiers: int) -> None:
        """Take lift."""
        self.left.get(soldiers)
