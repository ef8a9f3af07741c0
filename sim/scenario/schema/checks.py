"""What must hold between keys that are each right in themselves.

The checks read the data as it was written, so that a mistake in one section does not hide one in
another: what they cannot make sense of they leave to the definitions of the section.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from sim.errors import nearest
from sim.scenario.scalars import clip
from sim.scenario.schema.base import KEY, Problem
from sim.scenario.schema.conflict import Conflict, transition
from sim.scenario.schema.force import FeasibleWhen, Force
from sim.scenario.schema.plugged import plug_in_checks
from sim.scenario.schema.politics import SHIPPED_KINDS
from sim.scenario.schema.references import known, parse_name
from sim.scenario.schema.timing import timing_checks
from sim.scenario.schema.written import Data, Latest, at, items, mapping
from sim.scenario.tree import Path

# A mandate under which nobody comes has a peace to watch and nothing else.
_SAID_OF_NONE = {"kind", "conflict", "sources"}


def cross_checks(data: Data, latest: Latest) -> Iterator[Problem]:
    """Find what is wrong between keys and sections.

    Parameters
    ----------
    data
        The merged scenario in dicts, lists and scalars; it may be wrong in any way.
    latest
        Chooses, of several places that do not fit together, the one to be told: the one that was
        written last, on top of what the others had already said.

    Yields
    ------
    Problem
        Path, message and hint.
    """
    yield from _required(data)
    yield from _conditions(data)
    answered = _answered(data)
    for name, mandate in items(data, "mandates"):
        yield from _mandate(name, mandate, answered)
    for name, corridor in items(data, "corridors"):
        if "disruption" in corridor and "capacity" not in corridor:
            path = ("corridors", name, "disruption", KEY)
            yield path, "there is no capacity that a disruption could reduce", "give a capacity"
    yield from _substitutes(data)
    yield from _states(data)
    yield from plug_in_checks(data)
    yield from timing_checks(data, latest)


def _required(data: Data) -> Iterator[Problem]:
    """Tell what the scenario must say and a mandate's own section need not."""
    required: tuple[tuple[str, str, str, type[BaseModel]], ...] = (
        ("force", "sizes", "as in sizes: [30_000, 60_000]", Force),
        ("force", "capabilities", "as in capabilities: {manoeuvre: 0.6, logistics: 0.4}", Force),
        ("feasible_when", "full", "as in full: {within: 9 months}", FeasibleWhen),
    )
    for section, key, hint, model in required:
        written = at(data, section)
        if isinstance(written, Mapping) and key not in written:
            unknown = [other for other in written if other not in model.model_fields]
            if not any(nearest(other, [key]) for other in unknown):
                yield (section,), f"needs '{key}'", hint


def _conditions(data: Data) -> Iterator[Problem]:
    """Tell which condition depends on itself or on a later one."""
    order = list(mapping(data, "conditions"))

    def walk(value: Any, path: Path, position: int) -> Iterator[Problem]:
        if isinstance(value, Mapping):
            other = value.get("when")
            if other == order[position]:
                yield (*path, "when"), "a condition cannot depend on itself", ""
            elif isinstance(other, str) and other in order[position:]:
                message = f"depends on {clip(other)}, which is declared after it"
                yield (*path, "when"), message, f"move {clip(other)} up"
            for branch in ("then", "else"):
                yield from walk(value.get(branch), (*path, branch), position)

    for name, condition in items(data, "conditions"):
        path = ("conditions", name, "probability")
        yield from walk(condition.get("probability"), path, order.index(name))


def _mandate(name: str, mandate: Data, answered: Data) -> Iterator[Problem]:
    place = ("mandates", name)
    kind = mandate.get("kind")
    if kind == "none":
        for key in mandate:
            if key not in _SAID_OF_NONE:
                hint = f"leave out {clip(key)}, or give another kind"
                yield (*place, key, KEY), "kind 'none' sends nobody, so this has no meaning", hint
    elif isinstance(kind, str) and _is_name(kind):
        yield from _kind(name, kind, answered)
    if "eligible" in mandate and "excluded" in mandate:
        message = "says again who may contribute, as 'eligible' does"
        yield (*place, "excluded", KEY), message, "leave out one of the two"
    rule = at(mandate, "authorisation", "rule")
    players = at(mandate, "authorisation", "decided_by")
    if isinstance(players, Mapping) or players is None:
        names = tuple(players or ())
        yield from _rule(rule, names, (*place, "authorisation", "rule"))


def _is_name(text: Any) -> bool:
    try:
        parse_name(text)
    except ValueError:
        return False
    return True


def _answered(data: Data) -> dict[str, None]:
    """Collect the mandates and kinds towards which somebody has a stance."""
    answered: dict[str, None] = {}
    for _, contributor in items(data, "contributors"):
        answered.update(dict.fromkeys(mapping(contributor, "participation")))
    return answered


def _kind(name: str, kind: str, answered: Data) -> Iterator[Problem]:
    """Tell if nobody answers to a mandate whose kind looks like a slip of the pen."""
    kinds = (*SHIPPED_KINDS, *answered)
    if kind not in kinds and name not in answered and (near := nearest(kind, kinds)):
        message = f"no contributor has a stance towards a mandate of the kind {clip(kind)}"
        yield ("mandates", name, "kind"), message, near


def _rule(rule: Any, players: tuple[str, ...], place: Path) -> Iterator[Problem]:
    if rule == "none" and players:
        message = f"'none' asks nobody, but decided_by names {', '.join(players[:3])}"
        yield place, message, "leave out decided_by, or give a rule"
    if not isinstance(rule, Mapping):
        return
    wanted = rule.get("at_least")
    if isinstance(wanted, int) and wanted > len(players):
        message = f"asks for {wanted} consents, but decided_by names {len(players)}"
        yield (*place, "at_least"), message, ""
    vetoes = rule.get("vetoes")
    for position, veto in enumerate(vetoes if isinstance(vetoes, list) else ()):
        if isinstance(veto, str) and veto not in players:
            _, message, hint = known(veto, players, "player", "decided_by names")
            yield (*place, "vetoes", position), message, hint


def _substitutes(data: Data) -> Iterator[Problem]:
    """Tell what stands in for itself."""
    places: list[Path] = [(), *(("mandates", name) for name, _ in items(data, "mandates"))]
    for place in places:
        for needed, substitutes in items(data, *place, "force", "substitutes"):
            if needed in substitutes:
                path = (*place, "force", "substitutes", needed, needed, KEY)
                yield path, f"{clip(needed)} cannot stand in for itself", ""


def _states(data: Data) -> Iterator[Problem]:
    """Tell which references lead to no state: in the scenario's chain and each mandate's own."""
    shared = at(data, "conflict", "states")
    if shared is not None and not isinstance(shared, Mapping):
        return
    yield from _chain(mapping(data, "conflict"), tuple(shared or ()), ("conflict",))
    for name, mandate in items(data, "mandates"):
        own = at(mandate, "conflict", "states")
        if own is None or isinstance(own, Mapping):
            states = tuple(dict.fromkeys([*(shared or ()), *(own or ())]))
            place = ("mandates", name, "conflict")
            yield from _chain(mapping(mandate, "conflict"), states, place)


def _chain(conflict: Data, states: tuple[str, ...], place: Path) -> Iterator[Problem]:
    if conflict and not states:
        said = [key for key in conflict if key not in ("states", "sources")]
        unknown = [key for key in conflict if key not in Conflict.model_fields]
        if said and not any(nearest(key, ["states"]) for key in unknown):
            yield place, "needs 'states'", "as in states: {ceasefire: {}, war: {deaths: 19}}"
        return
    for key in mapping(conflict, "rates"):
        try:
            ends = transition(key)
        except ValueError:
            continue
        for name in ends:
            if name not in states:
                _, message, hint = known(name, states, "state")
                yield (*place, "rates", key, KEY), message, hint

    def walk(choice: Any, path: Path) -> Iterator[Problem]:
        if isinstance(choice, str) and choice not in states:
            _, message, hint = known(choice, states, "state")
            yield path, message, hint
        elif isinstance(choice, Mapping):
            for branch in ("then", "else"):
                yield from walk(choice.get(branch), (*path, branch))

    yield from walk(conflict.get("start"), (*place, "start"))
