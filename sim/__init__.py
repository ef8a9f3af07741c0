"""Scenario simulation for sizing a peacekeeping force.

============== ==========================================================================
load           read a scenario file with everything that it extends
Scenario       a validated scenario, also built in code; immutable
run            every mandate and force size of a scenario, over the same futures
Model          one force, step by step, for another model to drive
read           a results folder
Result         the tables of a run, as DataFrames, and how it was made
compare        two or more results: what changed, with paired intervals where seeds allow
size           the largest feasible force of each mandate, with its interval
explain        what binds one force size: each constraint relaxed, alone and with others
coalition      the smallest set of contributors that suffices, and what each is worth
drivers        which uncertain inputs a result depends on, from its kept replications
function       a scenario as a function of arrays, for samplers and optimisers
write_report   one self-contained HTML page about results folders
plugins        units for the arguments of functions that packages add to the language
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
    from sim import plugins, units
    from sim.analysis.coalition.coalitions import coalition
    from sim.analysis.compare.comparison import compare
    from sim.analysis.drivers.ranking import drivers
    from sim.analysis.explain.attribution import explain
    from sim.analysis.function import function
    from sim.analysis.sizing.sizes import size
    from sim.errors import Issue, ScenarioError, SimError
    from sim.report.page import write_report
    from sim.results import Result, read
    from sim.running import run
    from sim.running.model import Model
    from sim.scenario.scenario import Scenario, load

__all__ = [
    "Issue",
    "Model",
    "Result",
    "Scenario",
    "ScenarioError",
    "SimError",
    "coalition",
    "compare",
    "drivers",
    "explain",
    "function",
    "load",
    "plugins",
    "read",
    "run",
    "size",
    "units",
    "write_report",
]

# Loaded when first used: `sim --help` must not wait for NumPy.
_HOMES = {
    "coalition": "sim.analysis.coalition.coalitions",
    "compare": "sim.analysis.compare.comparison",
    "drivers": "sim.analysis.drivers.ranking",
    "explain": "sim.analysis.explain.attribution",
    "function": "sim.analysis.function",
    "Issue": "sim.errors",
    "Model": "sim.running.model",
    "load": "sim.scenario.scenario",
    "plugins": "sim.plugins",
    "read": "sim.results",
    "Result": "sim.results",
    "run": "sim.running.runner",
    "Scenario": "sim.scenario.scenario",
    "ScenarioError": "sim.errors",
    "SimError": "sim.errors",
    "size": "sim.analysis.sizing.sizes",
    "units": "sim.units",
    "write_report": "sim.report.page",
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
