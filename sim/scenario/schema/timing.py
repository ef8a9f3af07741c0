"""What must hold between times: of the run, of the tests, of the rotation."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from sim.scenario.amounts import Amount, parse_amount
from sim.scenario.schema.base import Problem
from sim.scenario.schema.force import DEFAULT_STEP
from sim.scenario.schema.policy import RotationPolicy
from sim.scenario.schema.rotation import PolicyError, resolve
from sim.scenario.schema.written import Data, Latest, at, duration, items, mapping, said
from sim.scenario.tree import Path, dotted
from sim.scenario.units import DAYS_PER_MONTH, DAYS_PER_YEAR, DURATION

MAX_STEPS = 10_000
MAX_YEARS = 50


def timing_checks(data: Data, latest: Latest) -> Iterator[Problem]:
    """Find what is wrong between times, as `cross_checks` does between all keys."""
    yield from _time(data, latest)
    yield from _rotation(data, latest)


def _time(data: Data, latest: Latest) -> Iterator[Problem]:
    """Tell where steps and horizon have no sense, for themselves and for the tests."""
    horizon, step = duration(data, "time", "horizon"), duration(data, "time", "step")
    if at(data, "time", "step") is None:
        step = DEFAULT_STEP
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
    yield from _phases(data, [()], latest)
    for name, mandate in items(data, "mandates"):
        if mapping(mandate, "feasible_when"):
            yield from _tests(data, [("mandates", name), ()], horizon, latest)
        if mapping(mandate, "feasible_when") or mapping(mandate, "force"):
            yield from _phases(data, [("mandates", name), ()], latest)


def _tests(
    data: Data, levels: Sequence[Path], horizon: Amount | None, latest: Latest
) -> Iterator[Problem]:
    """Tell if a force authorised on the first day could not be judged within the horizon."""
    full, full_at = said(data, levels, "feasible_when", "full", "within")
    hold, hold_at = said(data, levels, "feasible_when", "hold", "for")
    initial, initial_at = said(data, levels, "feasible_when", "initial", "within")
    asked = [
        (f"{key} ({amount})", place, amount.value)
        for key, amount, place in (("full.within", full, full_at), ("hold.for", hold, hold_at))
        if amount
    ]
    if horizon and sum(days for _, _, days in asked) > horizon.value + 1e-6:
        told = " and then ".join(text for text, _, _ in asked)
        message = f"the horizon ({horizon}) is too short for {told}"
        yield latest([("time", "horizon"), *(place for _, place, _ in asked)]), message, ""
    if initial and full and initial.value > full.value + 1e-6:
        message = f"initial.within ({initial}) must not be later than full.within ({full})"
        yield latest([initial_at, full_at]), message, ""


def _phases(data: Data, levels: Sequence[Path], latest: Latest) -> Iterator[Problem]:
    """Tell if more is asked for only after the deadline by which all must be there."""
    full, full_at = said(data, levels, "feasible_when", "full", "within")
    owner = next((level for level in levels if "phases" in mapping(data, *level, "force")), ())
    last = _highest_phase(mapping(data, *owner, "force", "phases"))
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


def _rotation(data: Data, latest: Latest) -> Iterator[Problem]:
    """Tell which rotation keys do not fit together, within a level and across levels."""
    rotation = yield from _level(mapping(data, "rotation"), ("rotation",))
    for nation, contributor in items(data, "contributors"):
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
        told: dict[str, Path] = {}  # by key, where the innermost level that says it does so
        for policy, place in levels:
            for key in error.keys:
                if _says(policy, key):
                    told.setdefault(dotted(key), (*place, *key))
        chosen = latest(list(told.values()))
        others = [dotted(path) for path in told.values() if path != chosen]
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
