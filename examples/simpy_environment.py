"""A force in a SimPy model of your own: how large a depot must be that feeds it.

The engine sends the units of one future into the environment; trucks and the depot are ours.
"""

from collections.abc import Generator
from typing import Any

import numpy as np
import simpy

import sim
from sim.units import Force, deploy

DEPOT, CONVOY, EVERY = 60_000, 26_000, 7  # rations; a convoy comes every so many days


def eat(env: simpy.Environment, force: Force, depot: simpy.Container) -> Generator[Any, Any, int]:
    """One ration a day for every soldier; gives the days on which some are missing."""
    days_short = 0
    while not force.over:
        if served := min(force.strength, int(depot.level)):
            yield depot.get(served)
        days_short += served < force.strength
        yield env.timeout(1)
    return days_short


def supply(env: simpy.Environment, depot: simpy.Container) -> Generator[Any, Any, Any]:
    """Convoys, as long as there is room in the depot."""
    while True:
        yield env.timeout(EVERY)
        if room := min(CONVOY, int(depot.capacity - depot.level)):
            yield depot.put(room)


def main() -> None:
    """Twenty futures, each in an environment of its own."""
    scenario = sim.load("scenarios/history/unmee.yaml")
    short, peaks = list[Any](), list[int]()
    for replication in range(20):
        env = simpy.Environment()
        force = deploy(env, scenario, replication=replication, seed=1)
        depot = simpy.Container(env, DEPOT, DEPOT)
        env.process(supply(env, depot))
        meals = env.process(eat(env, force, depot))
        env.run(until=meals & force.finished)
        short.append(meals.value)
        peaks.append(force.record.strength.max())
    low, middle, high = np.quantile(peaks, (0.05, 0.5, 0.95))
    print("Medians of 20 futures, and their 5th to 95th percentile:")
    print(f"the strength reaches {middle:,.0f} of 4,200 ({low:,.0f} to {high:,.0f});")
    low, middle, high = np.quantile(short, (0.05, 0.5, 0.95))
    print(f"rations run short on {middle:.0f} days ({low:.0f} to {high:.0f})")
    print(f"with {DEPOT:,} rations in the depot and {CONVOY:,} every {EVERY} days.")


if __name__ == "__main__":
    main()
