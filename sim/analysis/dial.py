"""One value of a scenario as something to turn: a number, an amount, a whole distribution."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sim.errors import ScenarioError, SimError, nearest
from sim.scenario.scalars import clip, show
from sim.scenario.scenario import Scenario

_NUMBER = r"[-+]?[0-9._]+(?:[eE][-+]?[0-9]+)?"
_PLAIN = re.compile(rf"({_NUMBER})\s*([^\W\d_].*)?", re.DOTALL)
_CALL = re.compile(r"([^\W\d_]\w*)\s*\((.*)\)\s*([^()]*)", re.DOTALL)

_REACH = 4  # an amount is tried from a quarter to four times what it is


@dataclass(frozen=True)
class Dial:
    """A value and how far it may be turned.

    Attributes
    ----------
    path
        As for ``--set``.
    kind
        ``share`` (anything from 0 to 1, as a probability), ``amount`` (a number, its unit kept),
        ``count`` (a whole number), ``factor`` (of a whole distribution) or ``mean`` (of a beta
        distribution, whose ``a + b`` stays).
    written
        What stands in the scenario.
    start, low, high
        Where it stands and between which values it is turned.
    resolution
        How finely.
    """

    path: str
    kind: str
    written: Any
    start: float
    low: float
    high: float
    resolution: float

    def value(self, x: float) -> Any:
        """What is written for `x`."""
        if self.kind == "count":
            return round(x)
        if self.kind == "share":
            return float(f"{x:.10g}")
        if self.kind == "amount":
            unit = (_PLAIN.fullmatch(str(self.written).strip()) or [""] * 3)[2]
            number = float(f"{x:.10g}")
            whole = isinstance(self.written, int) and number.is_integer()
            return f"{x:.10g} {unit}" if unit else int(number) if whole else number
        name, numbers, unit = _parts(str(self.written))
        if self.kind == "mean":
            total = sum(numbers)
            numbers = [x * total, (1 - x) * total]
        else:
            numbers = [x * number for number in numbers]
        text = f"{name}({', '.join(f'{number:.6g}' for number in numbers)})"
        return f"{text} {unit}" if unit else text

    def turned(self, scenario: Scenario, x: float) -> Scenario | None:
        """The scenario with this value; None where the language refuses it."""
        if x == self.start:
            return scenario
        try:
            return scenario.with_(self.path, self.value(x))
        except ScenarioError:
            return None

    def places(self, low: float, high: float) -> list[float]:
        """The values between two that are told apart."""
        first, last = math.floor(low / self.resolution) + 1, math.ceil(high / self.resolution)
        places = (round(k * self.resolution, 10) for k in range(first, last))
        return [place for place in places if low < place < high]

    def relative(self, x: float) -> float:
        """The change to `x` relative to where it stands."""
        change = abs(x - self.start)
        return change / abs(self.start) if self.start else (math.inf if change else 0.0)


def dial_of(
    scenario: Scenario,
    path: str,
    low: str | float | None,
    high: str | float | None,
    average: Callable[[Mapping[str, Any]], float],
) -> Dial:
    """Make a value of a scenario one that can be turned.

    Parameters
    ----------
    scenario, path
        The value must be written there; a probability that depends on a condition becomes one
        number.
    low, high
        The range, in the value's own unit (or as a factor of a distribution); default: 0 to 1 for
        what lies there, else from a quarter to four times what it is.
    average
        What a probability that depends on conditions, as it is written, is on average.

    Raises
    ------
    SimError
        If there is no such value, or it is none that can be turned; it begins with the path.
    """
    written = written_at(scenario.data, path)
    kind, start, unit = _kind(scenario, path, written, average)
    if kind in ("share", "mean"):
        ends, resolution = (0.0, 1.0), 0.01
    elif kind == "factor":
        ends, resolution = (1 / _REACH, float(_REACH)), 0.01
    else:
        ends = (start / _REACH, start * _REACH)
        resolution = 10.0 ** math.floor(math.log10(abs(start) / 50)) if start else 0.01
    if kind == "count":
        ends, resolution = (float(math.floor(ends[0])), ends[1]), 1.0
    first = ends[0] if low is None else _end(path, low, unit, kind)
    last = ends[1] if high is None else _end(path, high, unit, kind)
    if not first < last:
        raise SimError(f"{path}: no range to turn it in, from {first:g} to {last:g}")
    return Dial(path, kind, written, start, first, last, resolution)


def written_at(data: Any, path: str) -> Any:
    """The value at a path of a scenario's data; a force may be named by its capability.

    Raises
    ------
    SimError
        If there is none, with the nearest name.
    """
    here = data
    steps = path.split(".")
    for place, step in enumerate(steps):
        before = ".".join(steps[:place]) or "the scenario"
        if isinstance(here, list):
            names = [i.get("capability") if isinstance(i, Mapping) else None for i in here]
            names = [str(i) for i in range(len(here))] if step.isdecimal() else names
            if names.count(step) != 1:
                raise SimError(f"{path}: {before} has no single item {clip(step)}")
            here = here[names.index(step)]
        elif isinstance(here, Mapping) and step in here:
            here = here[step]
        else:
            known = here if isinstance(here, Mapping) else ()
            told = f"{path}: {before} has no {clip(step)}"
            hint = nearest(step, known) or "to begin with a value that is a default, --set it"
            raise SimError(f"{told}; {hint}")
    return here


def _kind(
    scenario: Scenario, path: str, written: Any, average: Callable[[Mapping[str, Any]], float]
) -> tuple[str, float, str]:
    """Kind, start and unit."""
    if isinstance(written, Mapping) and "when" in written:
        return "share", average(written), ""
    if isinstance(written, bool) or not isinstance(written, (int, float, str)):
        names = ", ".join(map(str, written)) if isinstance(written, Mapping) else ""
        inside = f"; name one of {names}" if names else ""
        raise SimError(f"{path}: {show(written)} is no value that can be turned{inside}")
    text = str(written).strip()
    if call := _CALL.fullmatch(text):
        _, numbers, unit = _parts(text)
        if call[1] == "beta":
            return "mean", numbers[0] / sum(numbers), ""
        return "factor", 1.0, unit
    plain = _PLAIN.fullmatch(text)
    if plain is None:
        raise SimError(f"{path}: {clip(text)} is no value that can be turned")
    start, unit = float(plain[1].replace("_", "")), plain[2] or ""
    if unit:
        return "amount", start, unit

    def allows(x: float) -> bool:
        try:
            scenario.with_(path, x)
        except ScenarioError:
            return False
        return True

    if 0 <= start <= 1 and not allows(1.5) and not allows(2):
        return "share", start, ""
    if isinstance(written, int) and not allows(start + 0.5):
        return "count", start, ""
    return "amount", start, ""


def _parts(text: str) -> tuple[str, list[float], str]:
    call = _CALL.fullmatch(text.strip())
    assert call is not None
    numbers = [float(part.replace("_", "")) for part in call[2].split(",")]
    return call[1], numbers, call[3].strip()


def _end(path: str, given: str | float, unit: str, kind: str) -> float:
    """An end of the range, in the unit of the value."""
    plain = _PLAIN.fullmatch(str(given).strip())
    unit = unit if kind == "amount" else ""
    if plain is None or (plain[2] or unit) != unit:
        wanted = f"a number of {unit}" if unit else "a number"
        wanted += " (a factor of the distribution)" if kind == "factor" else ""
        raise SimError(f"{path}: its range is {wanted}, found {clip(str(given))}")
    return float(plain[1].replace("_", ""))
