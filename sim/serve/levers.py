"""What a scenario lets one move: its levers, each with the path that ``--set`` would take."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sim.analysis.dial import Dial, dial_of
from sim.errors import SimError
from sim.scenario.scenario import Scenario

TIMES = "×"
"""Before a factor: ``corridors.poland.capacity=×1.5``."""

_ALMOST = 1e-6
_DEFAULT_TOUR = "6 months"
_DEFAULT_CORRELATION = 0.0


@dataclass(frozen=True, slots=True)
class Slider:
    """Where a slider begins and ends, how finely it moves, and what stands around its number."""

    start: float
    low: float
    high: float
    step: float
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Lever:
    """One value that can be moved.

    Attributes
    ----------
    path
        As for ``--set``; a step ``*`` stands for everything at that place.
    label
        What it is, in words.
    start
        The text at which nothing is changed.
    slider
        None where a value has no single number to slide: then it is typed.
    written
        What stands in the scenario, where `start` does not show it.
    """

    path: str
    label: str
    start: str
    slider: Slider | None = None
    written: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Levers that belong together."""

    title: str
    levers: tuple[Lever, ...]


@dataclass(frozen=True, slots=True)
class Levers:
    """All levers of one mandate: those of the whole, then each contributor's own."""

    groups: tuple[Group, ...]
    contributors: tuple[Group, ...]


def levers_of(scenario: Scenario, mandate: str) -> Levers:
    """Find what can be moved under a mandate.

    Parameters
    ----------
    scenario
        As it was written.
    mandate
        One of its mandates: whose players are asked, and which stance of the contributors counts.

    Returns
    -------
    Levers
        Groups without any lever are left out.
    """
    data = scenario.data
    asked = data["mandates"][mandate]
    stances = _stances(scenario, data, mandate)
    groups = (
        Group("Everybody who may contribute", tuple(_everybody(scenario, data, stances))),
        Group("How likely each condition is", tuple(_conditions(data))),
        Group("Who decides on the mandate", tuple(_players(asked, mandate))),
        Group("Ways in", tuple(_corridors(scenario, data))),
        Group("Simulation", tuple(_run(scenario))),
    )
    own = (
        Group(name, tuple(_contributor(scenario, data, name, stance)))
        for name, stance in stances.items()
    )
    return Levers(tuple(group for group in groups if group.levers), tuple(own))


def _stances(scenario: Scenario, data: Mapping[str, Any], mandate: str) -> dict[str, str]:
    """Who may come, and under which key it says whether it does: the mandate's, else its kind's."""
    asked = scenario.specification.mandates[mandate]
    found = {}
    for name, contributor in data["contributors"].items():
        if name in asked.excluded or (asked.eligible is not None and name not in asked.eligible):
            continue
        stances = contributor.get("participation", {})
        key = next((key for key in (mandate, asked.kind) if key in stances), None)
        if key is not None and asked.kind != "none":
            found[name] = key
    return found


def _everybody(
    scenario: Scenario, data: Mapping[str, Any], stances: Mapping[str, str]
) -> Iterator[Lever]:
    keys = dict.fromkeys(stances.values())
    for key in keys:
        of_key = f" ({key})" if len(keys) > 1 else ""
        path = f"contributors.*.participation.{key}"
        yield _factor(f"{path}.probability", f"Every probability of taking part{of_key}", 0, 2)
        people = [data["contributors"][name] for name, own in stances.items() if own == key]
        if any("at_most" in person["participation"][key] for person in people):
            yield _factor(f"{path}.at_most", f"Every cap on soldiers{of_key}")
    if stances:
        if any("tour" in data["contributors"][name] for name in stances):
            yield _factor("contributors.*.tour", "Every tour of a contributor's own")
        if not all("tour" in data["contributors"][name] for name in stances):
            if "tour" not in scenario.data.get("rotation", {}):
                scenario = scenario.with_("rotation.tour", _DEFAULT_TOUR)
            tour = scenario.data["rotation"]["tour"]
            yield _amount(scenario, "rotation.tour", "Tour of all who say nothing else", tour)
    if len(stances) > 1:
        written = data.get("will", {}).get("correlation", _DEFAULT_CORRELATION)
        yield _share("will.correlation", "Correlation of the contributors' decisions", written)


def _conditions(data: Mapping[str, Any]) -> Iterator[Lever]:
    for name, condition in data.get("conditions", {}).items():
        yield from _shares(f"conditions.{name}.probability", name, condition["probability"])


def _players(asked: Mapping[str, Any], mandate: str) -> Iterator[Lever]:
    players = asked.get("authorisation", {}).get("decided_by", {})
    for name, player in players.items():
        path = f"mandates.{mandate}.authorisation.decided_by.{name}"
        yield from _shares(f"{path}.consents", f"{name} consents", player["consents"])
        if "renews" in player:
            yield from _shares(f"{path}.renews", f"{name} renews", player["renews"])


def _corridors(scenario: Scenario, data: Mapping[str, Any]) -> Iterator[Lever]:
    limited = {name: c for name, c in data.get("corridors", {}).items() if "capacity" in c}
    if len(limited) > 1:
        yield _factor("corridors.*.capacity", "Lift of every corridor")
    for name, corridor in limited.items():
        path = f"corridors.{name}.capacity"
        yield _amount(scenario, path, f"Lift of {name}", corridor["capacity"])


def _contributor(
    scenario: Scenario, data: Mapping[str, Any], name: str, stance: str
) -> Iterator[Lever]:
    contributor = data["contributors"][name]
    own = contributor["participation"][stance]
    path = f"contributors.{name}"
    yield from _shares(
        f"{path}.participation.{stance}.probability", "takes part", own["probability"]
    )
    if "at_most" in own:
        at_most = f"{path}.participation.{stance}.at_most"
        yield _amount(scenario, at_most, "cap on soldiers", own["at_most"])
    if "tour" in contributor:
        yield _amount(scenario, f"{path}.tour", "tour", contributor["tour"])


def _run(scenario: Scenario) -> Iterator[Lever]:
    run = scenario.specification.run
    yield Lever("run.replications", "Replications", str(run.replications))
    yield Lever("run.seed", "Seed: the same one gives the same futures", str(run.seed))


# -- One lever -----------------------------------------------------------------------------------


def _shares(path: str, label: str, written: Any) -> Iterator[Lever]:
    """A probability: one lever, or one per case where it depends on conditions."""
    if not isinstance(written, Mapping):
        yield _share(path, label, written)
        return
    condition = written["when"]
    yield from _shares(f"{path}.then", f"{label}, if {condition}", written["then"])
    yield from _shares(f"{path}.else", f"{label}, without {condition}", written["else"])


def _share(path: str, label: str, written: Any) -> Lever:
    if isinstance(written, str):  # a distribution
        return Lever(path, label, written)
    return _turned(Dial(path, "share", written, float(written), 0.0, 1.0, 0.01), label)


def _factor(path: str, label: str, low: float = 0.25, high: float = 4.0) -> Lever:
    return Lever(path, label, f"{TIMES}1", Slider(1.0, low, high, 0.05, before=TIMES))


def _amount(scenario: Scenario, path: str, label: str, written: Any) -> Lever:
    """An amount: its number where it has one, else a factor of its whole distribution."""
    try:
        return _turned(dial_of(scenario, path, None, None, lambda _: 0.0), label)
    except SimError:  # nothing that can be turned
        return Lever(path, label, str(written))


def _turned(dial: Dial, label: str) -> Lever:
    if dial.kind == "factor":
        slider = Slider(1.0, dial.low, dial.high, 0.05, before=TIMES)
        return Lever(dial.path, label, f"{TIMES}1", slider, str(dial.written))
    if dial.kind == "mean":  # of a beta distribution, which no one number says
        return Lever(dial.path, label, str(dial.written))
    after = str(dial.value(dial.start)).removeprefix(f"{dial.start:.10g}")
    return Lever(dial.path, label, f"{dial.start:.10g}{after}", _slider(dial, after))


def _slider(dial: Dial, after: str) -> Slider:
    """A slider that can stand where it starts: browsers count its steps from its lowest value."""
    steps = (dial.resolution / finer for finer in (1, 10, 100, 1000))
    fine = (step for step in steps if abs(dial.start / step - round(dial.start / step)) < _ALMOST)
    step = round(next(fine, dial.resolution), 10)
    low = round(math.floor(dial.low / step + _ALMOST) * step, 10)
    return Slider(dial.start, low, dial.high, step, after=after)
