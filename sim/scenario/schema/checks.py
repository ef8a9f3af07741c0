"""What must hold between keys that are each right in themselves.

The checks read the data as it was written, so that a mistake in one section does not hide one in
another: what they cannot make sense of they leave to the definitions of the section.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from sim.errors import nearest
from sim.scenario.amounts import DAYS_PER_MONTH, DAYS_PER_YEAR, DURATION, Amount, parse_amount
from sim.scenario.scalars import clip
from sim.scenario.schema.base import KEY, Problem, known, parse_name
from sim.scenario.schema.conflict import Conflict, transition
from sim.scenario.schema.force import FeasibleWhen, Force, RotationPolicy
from sim.scenario.schema.politics import SHIPPED_KINDS
from sim.scenario.schema.rotation import PolicyError, resolve
from sim.scenario.tree import Path, dotted

Data = Mapping[str, Any]
Latest = Callable[[Sequence[Path]], Path]

MAX_STEPS = 10_000
MAX_YEARS = 50

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
    for name, mandate in _items(data, "mandates"):
        yield from _mandate(data, name, mandate)
    for name, corridor in _items(data, "corridors"):
        if "disruption" in corridor and "capacity" not in corridor:
            path = ("corridors", name, "disruption", KEY)
            yield path, "there is no capacity that a disruption could reduce", "give a capacity"
    yield from _force(data, latest)
    yield from _states(data)
    yield from _time(data, latest)
    yield from _rotation(data, latest)


def _at(data: Any, *path: str | int) -> Any:
    """Look a value up; None where it does not exist."""
    for step in path:
        data = data.get(step) if isinstance(data, Mapping) else None
    return data


def _mapping(data: Any, *path: str | int) -> Data:
    found = _at(data, *path)
    return found if isinstance(found, Mapping) else {}


def _items(data: Data, *path: str | int) -> Iterator[tuple[str, Data]]:
    """Those items of a mapping that are mappings themselves."""
    for key, value in _mapping(data, *path).items():
        if isinstance(value, Mapping):
            yield key, value


def _duration(data: Any, *path: str | int) -> Amount | None:
    """Read one fixed duration, or nothing if there is none."""
    try:
        amount = parse_amount(_at(data, *path), DURATION)
    except ValueError:
        return None
    return amount if amount.fixed else None


def _required(data: Data) -> Iterator[Problem]:
    """Tell what the scenario must say and a mandate's own section need not."""
    required: tuple[tuple[str, str, str, type[BaseModel]], ...] = (
        ("force", "sizes", "as in sizes: [30_000, 60_000]", Force),
        ("force", "capabilities", "as in capabilities: {manoeuvre: 0.6, logistics: 0.4}", Force),
        ("feasible_when", "full", "as in full: {within: 9 months}", FeasibleWhen),
    )
    for section, key, hint, model in required:
        written = _at(data, section)
        if isinstance(written, Mapping) and key not in written:
            unknown = [other for other in written if other not in model.model_fields]
            if not any(nearest(other, [key]) for other in unknown):
                yield (section,), f"needs '{key}'", hint


def _conditions(data: Data) -> Iterator[Problem]:
    """Tell which condition depends on itself or on a later one."""
    order = list(_mapping(data, "conditions"))

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

    for name, condition in _items(data, "conditions"):
        path = ("conditions", name, "probability")
        yield from walk(condition.get("probability"), path, order.index(name))


def _mandate(data: Data, name: str, mandate: Data) -> Iterator[Problem]:
    place = ("mandates", name)
    kind = mandate.get("kind")
    if kind == "none":
        for key in mandate:
            if key not in _SAID_OF_NONE:
                hint = f"leave out {clip(key)}, or give another kind"
                yield (*place, key, KEY), "kind 'none' sends nobody, so this has no meaning", hint
    elif isinstance(kind, str) and _is_name(kind):
        yield from _answered(data, name, kind)
    if "eligible" in mandate and "excluded" in mandate:
        message = "says again who may contribute, as 'eligible' does"
        yield (*place, "excluded", KEY), message, "leave out one of the two"
    rule = _at(mandate, "authorisation", "rule")
    players = _at(mandate, "authorisation", "decided_by")
    if isinstance(players, Mapping) or players is None:
        names = tuple(players or ())
        yield from _rule(rule, names, (*place, "authorisation", "rule"))


def _is_name(text: Any) -> bool:
    try:
        parse_name(text)
    except ValueError:
        return False
    return True


def _answered(data: Data, name: str, kind: str) -> Iterator[Problem]:
    """Tell if nobody answers to a mandate whose kind looks like a slip of the pen."""
    answered: dict[str, None] = {}
    for _, contributor in _items(data, "contributors"):
        answered.update(dict.fromkeys(_mapping(contributor, "participation")))
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


def _force(data: Data, latest: Latest) -> Iterator[Problem]:
    """Tell what stands in for itself, and a target that comes after its deadline."""
    places: list[Path] = [(), *(("mandates", name) for name, _ in _items(data, "mandates"))]
    for place in places:
        for needed, substitutes in _items(data, *place, "force", "substitutes"):
            if needed in substitutes:
                path = (*place, "force", "substitutes", needed, needed, KEY)
                yield path, f"{clip(needed)} cannot stand in for itself", ""
        levels: list[Path] = [place, ()] if place else [()]
        full, full_at = _said(data, levels, "feasible_when", "full", "within")
        owner = next((at for at in levels if "phases" in _mapping(data, *at, "force")), ())
        last = _highest_phase(_mapping(data, *owner, "force", "phases"))
        if full and last and last.value > full.value + 1e-6:
            message = f"the highest phase begins after {last}, later than full.within ({full})"
            yield latest([(*owner, "force", "phases"), full_at]), message, ""


def _highest_phase(phases: Data) -> Amount | None:
    """Say when the highest share of the phases begins to be asked for."""
    begins: dict[str, Amount] = {}
    for moment in phases:
        try:
            begins[moment] = parse_amount(moment, DURATION)
        except ValueError:
            return None
    numbers = all(isinstance(share, (int, float)) for share in phases.values())
    if not begins or not numbers or not all(amount.fixed for amount in begins.values()):
        return None
    highest = max(phases.values())
    first = min(
        (moment for moment, share in phases.items() if share == highest),
        key=lambda moment: begins[moment].value,
    )
    return begins[first]


def _states(data: Data) -> Iterator[Problem]:
    """Tell which references lead to no state: in the scenario's chain and each mandate's own."""
    shared = _at(data, "conflict", "states")
    if shared is not None and not isinstance(shared, Mapping):
        return
    yield from _chain(_mapping(data, "conflict"), tuple(shared or ()), ("conflict",))
    for name, mandate in _items(data, "mandates"):
        own = _at(mandate, "conflict", "states")
        if own is None or isinstance(own, Mapping):
            states = tuple(dict.fromkeys([*(shared or ()), *(own or ())]))
            place = ("mandates", name, "conflict")
            yield from _chain(_mapping(mandate, "conflict"), states, place)


def _chain(conflict: Data, states: tuple[str, ...], place: Path) -> Iterator[Problem]:
    if conflict and not states:
        said = [key for key in conflict if key not in ("states", "sources")]
        unknown = [key for key in conflict if key not in Conflict.model_fields]
        if said and not any(nearest(key, ["states"]) for key in unknown):
            yield place, "needs 'states'", "as in states: {ceasefire: {}, war: {deaths: 19}}"
        return
    for key in _mapping(conflict, "rates"):
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


def _time(data: Data, latest: Latest) -> Iterator[Problem]:
    """Tell where steps and horizon have no sense, for themselves and for the tests."""
    horizon, step = _duration(data, "time", "horizon"), _duration(data, "time", "step")
    if step and not 1 <= step.value <= DAYS_PER_MONTH + 1e-9:
        yield ("time", "step"), f"must be from 1 day to 1 month, found {step}", ""
        step = None
    if horizon and horizon.value > MAX_YEARS * DAYS_PER_YEAR:
        yield ("time", "horizon"), f"must be at most {MAX_YEARS} years, found {horizon}", ""
        horizon = None
    elif horizon and step and horizon.value < step.value:
        yield ("time", "horizon"), f"must be at least one step ({step}), found {horizon}", ""
        horizon = None
    elif horizon and step and horizon.value / step.value > MAX_STEPS:
        count = f"{horizon.value / step.value:,.0f}"
        message = f"{horizon} are {count} steps of {step}, at most {MAX_STEPS:,} are allowed"
        yield ("time", "horizon"), message, "take longer steps"
    yield from _tests(data, [()], horizon, latest)
    for name, mandate in _items(data, "mandates"):
        if _mapping(mandate, "feasible_when"):
            yield from _tests(data, [("mandates", name), ()], horizon, latest)


def _tests(
    data: Data, levels: Sequence[Path], horizon: Amount | None, latest: Latest
) -> Iterator[Problem]:
    """Tell if a force authorised on the first day could not be judged within the horizon."""
    full, full_at = _said(data, levels, "feasible_when", "full", "within")
    hold, hold_at = _said(data, levels, "feasible_when", "hold", "for")
    initial, initial_at = _said(data, levels, "feasible_when", "initial", "within")
    asked = [
        (f"{key} ({amount})", at, amount.value)
        for key, amount, at in (("full.within", full, full_at), ("hold.for", hold, hold_at))
        if amount
    ]
    if horizon and sum(days for _, _, days in asked) > horizon.value + 1e-6:
        said = " and then ".join(text for text, _, _ in asked)
        message = f"the horizon ({horizon}) is too short for {said}"
        yield latest([("time", "horizon"), *(at for _, at, _ in asked)]), message, ""
    if initial and full and initial.value > full.value + 1e-6:
        message = f"initial.within ({initial}) must not be later than full.within ({full})"
        yield latest([initial_at, full_at]), message, ""


def _said(data: Data, levels: Sequence[Path], *key: str) -> tuple[Amount | None, Path]:
    """Give a duration from the first level that says it, and where that is."""
    for level in levels:
        path = (*level, *key)
        if _at(data, *path) is not None:
            return _duration(data, *path), path
    return None, ()


def _rotation(data: Data, latest: Latest) -> Iterator[Problem]:
    """Tell which rotation keys do not fit together, within a level and across levels."""
    rotation = yield from _level(_mapping(data, "rotation"), ("rotation",))
    for nation, contributor in _items(data, "contributors"):
        place = ("contributors", nation)
        middle = yield from _level(contributor, place)
        forces = contributor.get("forces")
        judged = False  # forces without keys of their own are all alike
        for index, element in enumerate(forces if isinstance(forces, list) else ()):
            if not isinstance(element, Mapping):
                continue
            here: Path = (*place, "forces", index)
            inner = yield from _level(element, here)
            if rotation is None or middle is None or inner is None:
                continue
            if not inner.model_fields_set and judged:
                continue
            judged = judged or not inner.model_fields_set
            levels = ((inner, here), (middle, place), (rotation, ("rotation",)))
            yield from _merged(levels, latest)


def _merged(levels: tuple[tuple[RotationPolicy, Path], ...], latest: Latest) -> Iterator[Problem]:
    try:
        resolve(*(policy for policy, _ in levels))
    except PolicyError as error:
        said: dict[str, Path] = {}  # by key, where the innermost level that says it does so
        for policy, place in levels:
            for key in error.keys:
                if _says(policy, key):
                    said.setdefault(dotted(key), (*place, *key))
        chosen = latest(list(said.values()))
        others = [dotted(path) for path in said.values() if path != chosen]
        yield chosen, str(error), f"see {' and '.join(others)}" if others else ""


def _says(policy: RotationPolicy, key: tuple[str, ...]) -> bool:
    value: Any = policy
    for step in key:
        value = getattr(value, step, None)
    return value is not None


def _level(written: Data, place: Path) -> Generator[Problem, None, RotationPolicy | None]:
    """Read the rotation keys of one level, telling which contradict each other."""
    keys = {key: written[key] for key in RotationPolicy.model_fields if key in written}
    if not keys:
        return _SILENT
    try:
        policy = RotationPolicy.model_validate(keys)
    except ValidationError:
        return None
    wrong = policy.contradictions()
    for path, message, hint in wrong:
        yield (*place, *path), message, hint
    return None if wrong else policy


_SILENT = RotationPolicy()
