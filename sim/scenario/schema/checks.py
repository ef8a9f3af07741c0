"""What must hold between the sections of a scenario."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.errors import nearest
from sim.scenario.schema.base import Problem
from sim.scenario.schema.conflict import unknown_states
from sim.scenario.schema.force import FeasibleWhen
from sim.scenario.schema.politics import SHIPPED_KINDS
from sim.scenario.schema.rotation import resolve

if TYPE_CHECKING:
    from sim.scenario.schema.specification import Specification


def cross_checks(spec: Specification) -> list[Problem]:
    """Everything wrong between sections that are each right in themselves."""
    return [
        *_stances(spec),
        *_capabilities(spec),
        *_states(spec),
        *_deadlines(spec),
        *_rotation(spec),
        *_steps(spec),
    ]


def _stances(spec: Specification) -> Iterator[Problem]:
    """A participation must answer to a mandate or a kind that exists."""
    kinds = [mandate.kind for mandate in spec.mandates.values()]
    stances = tuple(dict.fromkeys([*spec.mandates, *kinds, *SHIPPED_KINDS]))
    for nation, contributor in spec.contributors.items():
        for stance in contributor.participation:
            if stance not in stances:
                hint = nearest(stance, stances) or f"known: {', '.join(stances)}"
                path = ("contributors", nation, "participation", stance)
                yield path, f"no mandate or kind '{stance}'", hint


def _capabilities(spec: Specification) -> Iterator[Problem]:
    """Caveats and substitutes must name capabilities that somebody has or needs."""
    demanded: dict[str, None] = {}
    for name in spec.mandates:
        demanded.update(dict.fromkeys(spec.force_of(name).capabilities or ()))
    offered = dict.fromkeys(
        element.capability for c in spec.contributors.values() for element in c.forces
    )
    known = [*demanded, *(name for name in offered if name not in demanded)]

    def unknown(path: tuple[str | int, ...], name: str) -> Iterator[Problem]:
        if name not in known:
            hint = nearest(name, known) or f"known: {', '.join(known)}"
            yield path, f"no capability '{name}'", hint

    for nation, contributor in spec.contributors.items():
        for name in contributor.excludes:
            yield from unknown(("contributors", nation, "excludes"), name)
        for stance, participation in contributor.participation.items():
            for name in participation.excludes:
                path = ("contributors", nation, "participation", stance, "excludes")
                yield from unknown(path, name)
    forces = [(("force",), spec.force)] + [
        (("mandates", name, "force"), mandate.force)
        for name, mandate in spec.mandates.items()
        if mandate.force
    ]
    for place, force in forces:
        for needed, substitutes in force.substitutes.items():
            yield from unknown((*place, "substitutes", needed), needed)
            for name in substitutes:
                yield from unknown((*place, "substitutes", needed, name), name)
                if name == needed:
                    yield (*place, "substitutes", needed, name), "cannot stand in for itself", ""


def _states(spec: Specification) -> Iterator[Problem]:
    """The conflict chain of every mandate must be whole."""
    for path, message, hint in unknown_states(spec.conflict):
        yield ("conflict", *path), message, hint
    for name, mandate in spec.mandates.items():
        if mandate.conflict:
            for path, message, hint in unknown_states(spec.conflict_of(name)):
                yield ("mandates", name, "conflict", *path), message, hint


def _deadlines(spec: Specification) -> Iterator[Problem]:
    """The time that is simulated must be long enough to judge a force authorised on day one."""

    def check(tests: FeasibleWhen, place: tuple[str, ...]) -> Iterator[Problem]:
        within = tests.full.within.value if tests.full else 0.0
        hold = tests.hold.for_.value if tests.hold else 0.0
        if within + hold > spec.time.horizon.value + 1e-6:
            asked = " + ".join(
                filter(
                    None,
                    [tests.full and str(tests.full.within), tests.hold and str(tests.hold.for_)],
                )
            )
            message = f"full.within and hold.for ({asked}) reach beyond the horizon"
            yield place, message, f"time.horizon is {spec.time.horizon}"
        if tests.initial and tests.full and tests.initial.within.value > within:
            yield (*place, "initial", "within"), "must not be after full.within", ""

    yield from check(spec.feasible_when, ("feasible_when",))
    for name, mandate in spec.mandates.items():
        if mandate.feasible_when:
            yield from check(spec.tests_of(name), ("mandates", name, "feasible_when"))


def _rotation(spec: Specification) -> Iterator[Problem]:
    """Rotation keys of force, contributor and scenario must fit together once merged."""
    for nation, contributor in spec.contributors.items():
        for index, element in enumerate(contributor.forces):
            try:
                resolve(element, contributor, spec.rotation)
            except ValueError as error:
                yield ("contributors", nation, "forces", index), str(error), ""


def _steps(spec: Specification) -> Iterator[Problem]:
    """A horizon of too many steps is a run too large for any machine."""
    steps = spec.time.horizon.value / spec.time.step.value
    if steps > 10_000:
        message = f"the horizon has {steps:,.0f} steps of {spec.time.step}; at most 10,000"
        yield ("time", "horizon"), message, "take longer steps"
