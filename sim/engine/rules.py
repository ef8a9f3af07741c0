"""Rules that a scenario chooses by name: those built in, and those of installed packages.

All are functions of arrays and have one way in, `rule_of`. What a package adds is looked at
whenever it is called: it must give numbers of the right shape and range, and each future's from
that future alone, so that no figure can depend on which futures happen to be simulated together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.politics import Draw, Floats, amounts
from sim.errors import SimError
from sim.scenario.plugins import (
    BURDEN_SHARING,
    CONFLICT_PROCESSES,
    REQUIREMENT_METHODS,
    Choice,
    Kind,
    Plugin,
    plugin,
)

FEW = 8  # futures for which a plug-in is asked again, in the opposite order
CLOSE = 1e-9


def chain(rates: Floats) -> Floats:
    """The conflict process whose rates stay as they are declared."""
    return rates


def proportional(available: Floats) -> Floats:
    """The burden-sharing rule that weighs each line by what it has ready."""
    return available


def line(length: Floats, density: Floats) -> Floats:
    """Soldiers along a line, so many per km; this and what follows: requirement methods."""
    return length * density


def posts(
    length: Floats, spacing: Floats, crew: Floats, shifts: Floats, reserve: Floats, support: Floats
) -> Floats:
    """Soldiers for a line of posts, each with a crew in shifts, with reserve and support."""
    return length * crew * shifts * (1 + reserve) * (1 + support) / spacing


def population(population: Floats, ratio: Floats) -> Floats:
    """Soldiers per inhabitant."""
    return population * ratio


def area(area: Floats, density: Floats) -> Floats:
    """Soldiers per square kilometre."""
    return area * density


def opposing_force(strength: Floats, ratio: Floats) -> Floats:
    """Soldiers per soldier of the opposing force."""
    return strength * ratio


def brigades(count: Floats, slice: Floats) -> Floats:
    """Soldiers of so many brigades, each with its slice of support."""
    return count * slice


# `priority` weighs nothing: every line is asked, in its order, for all that is still missing.
BUILT_IN: Mapping[Kind, Mapping[str, tuple[Callable[..., Floats], tuple[str, ...]]]] = {
    CONFLICT_PROCESSES: {"chain": (chain, ("rates",))},
    REQUIREMENT_METHODS: {
        method.__name__: (method, ())
        for method in (line, posts, population, area, opposing_force, brigades)
    },
    BURDEN_SHARING: {"proportional": (proportional, ("available",))},
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that can be called.

    Attributes
    ----------
    given
        Arguments that it wants of those that the engine gives to its kind.
    """

    function: Callable[..., Floats]
    given: tuple[str, ...]
    plugin: Plugin | None

    def __call__(self, shape: tuple[int, ...], **arguments: Any) -> Floats:
        """Call it.

        Parameters
        ----------
        shape
            Of what it must give; the last axis are the futures.
        **arguments
            Those that it wants, and the parameters that the scenario says.

        Returns
        -------
        float64 array of that shape

        Raises
        ------
        SimError
            If a plug-in fails, or gives anything else; it is named.
        """
        if self.plugin is None:
            return self.function(**arguments)
        return _checked(self.plugin, shape, arguments)


def rule_of(kind: Kind, choice: Choice) -> Rule:
    """Find what a scenario chose, in whichever process.

    Raises
    ------
    SimError
        If its package is not installed here, or in another version than where the run began.
    """
    if choice.package is None:
        return Rule(*BUILT_IN[kind][choice.name], None)
    found = plugin(kind, choice.name)
    if found.package != choice.package:
        there = " ".join(choice.package)
        raise SimError(f"{found} is installed here, but the run began with {there}")
    return Rule(found.function, found.given, found)


def drawn(choice: Choice, prefix: str, draw: Draw, count: int) -> dict[str, Floats]:
    """Draw the parameters of a rule: each float64 (count,), in base units."""
    return {
        key: amounts(amount, f"{prefix}.{key}", draw, count, 0.0)
        for key, amount in choice.parameters
    }


def _checked(plugin: Plugin, shape: tuple[int, ...], arguments: Mapping[str, Any]) -> Floats:
    varying = {k for k in arguments if k in plugin.parameters or k in plugin.kind.varying}
    values = _asked(plugin, shape, arguments)
    few = np.arange(min(FEW, shape[-1]))[::-1]
    again = _asked(
        plugin,
        (*shape[:-1], len(few)),
        {k: value[..., few] if k in varying else value for k, value in arguments.items()},
    )
    # Another order of futures may round the last digits otherwise, and whole numbers by one.
    if not np.allclose(again, values[..., few], rtol=CLOSE, atol=float(plugin.kind.whole)):
        raise SimError(
            f"{plugin} must give the same for a future whenever it is asked, and whatever other "
            "futures there are; it must not draw, remember, or look across futures"
        )
    return values


def _asked(plugin: Plugin, shape: tuple[int, ...], arguments: Mapping[str, Any]) -> Floats:
    kind = plugin.kind
    try:
        with np.errstate(all="ignore"):  # what is not finite is told below
            found = np.asarray(plugin.function(**{k: _kept(v) for k, v in arguments.items()}))
    except Exception as error:  # whatever a plug-in may do
        raise SimError(f"{plugin} failed: {type(error).__name__}: {error}") from None
    if found.shape != shape or found.dtype.kind not in "buif":
        told = f"found {found.dtype.name} of the shape {found.shape}"
        raise SimError(f"{plugin} must give numbers of the shape {shape}, {told}")
    values = found.astype(np.float64)
    right = (values >= 0) & (values <= kind.most) & np.isfinite(values)
    if kind.whole:
        right &= values == np.floor(values)
    if not right.all():
        limits = f"from 0 to {kind.most:,.0f}" if np.isfinite(kind.most) else "not below 0"
        wanted = f"{'whole' if kind.whole else 'finite'} numbers {limits}"
        raise SimError(f"{plugin} must give {wanted}, found {values[~right][0]:g}")
    return values


def _kept(value: Any) -> Any:
    """An array that cannot be written to."""
    if not isinstance(value, np.ndarray):
        return value
    view: NDArray[Any] = value.view()
    view.flags.writeable = False
    return view
