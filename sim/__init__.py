"""Scenario simulation for sizing a peacekeeping force.

============== ==========================================================================
load           read a scenario file with everything that it extends
Scenario       a validated scenario, also built in code; immutable
run            every mandate and force size of a scenario, over the same futures
read           a results folder
Result         the tables of a run, as DataFrames, and how it was made
units          units of a scenario inside any SimPy environment: ``units.deploy(env, scenario)``
SimError       base of everything raised on purpose
ScenarioError  everything that is wrong with a scenario, each with its place
Issue          one of those
============== ==========================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from sim import units
    from sim.errors import Issue, ScenarioError, SimError
    from sim.results import Result, read
    from sim.running import run
    from sim.scenario.scenario import Scenario, load

__all__ = [
    "Issue",
    "Result",
    "Scenario",
    "ScenarioError",
    "SimError",
    "load",
    "read",
    "run",
    "units",
]

# Loaded when first used: `sim --help` must not wait for NumPy.
_HOMES = {
    "Issue": "sim.errors",
    "ScenarioError": "sim.errors",
    "SimError": "sim.errors",
    "Result": "sim.results",
    "read": "sim.results",
    "run": "sim.running.runner",
    "Scenario": "sim.scenario.scenario",
    "load": "sim.scenario.scenario",
    "units": "sim.units",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sim' has no attribute '{name}'")
    import importlib

    home = importlib.import_module(_HOMES[name])
    value = home if home.__name__ == f"sim.{name}" else getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
