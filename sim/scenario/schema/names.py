"""What a scenario declares, so that references are checked while the rest may still be wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sim.scenario.schema.politics import SHIPPED_KINDS
from sim.scenario.schema.references import Names


def names_of(data: Mapping[str, Any]) -> Names:
    """Read what a scenario declares.

    Parameters
    ----------
    data
        The merged scenario, which may be wrong in any way.

    Returns
    -------
    Names
        With None for what cannot be read: nothing can be said about references to it.
    """
    mandates = _sections(data.get("mandates"))
    contributors = _sections(data.get("contributors"))
    kinds = [str(mandate["kind"]) for mandate in mandates or () if "kind" in mandate]
    stances = None if mandates is None else (*data["mandates"], *kinds, *SHIPPED_KINDS)
    return Names(
        conditions=_keys(data.get("conditions", {})),
        contributors=_keys(data.get("contributors")),
        corridors=_keys(data.get("corridors", {})),
        stances=None if stances is None else dict.fromkeys(stances),
        capabilities=_capabilities(data, mandates, contributors),
    )


def _keys(section: Any) -> dict[str, None] | None:
    return dict.fromkeys(section) if isinstance(section, Mapping) else None


def _sections(section: Any) -> list[Mapping[str, Any]] | None:
    if not isinstance(section, Mapping):
        return None
    return [value for value in section.values() if isinstance(value, Mapping)]


def _capabilities(
    data: Mapping[str, Any],
    mandates: list[Mapping[str, Any]] | None,
    contributors: list[Mapping[str, Any]] | None,
) -> dict[str, None] | None:
    """List what some force is made up of, then what else is offered."""
    found: dict[str, None] = {}
    for owner in (data, *(mandates or ())):
        force = owner.get("force")
        if isinstance(force, Mapping):
            found.update(_keys(force.get("capabilities")) or {})
    for contributor in contributors or ():
        forces = contributor.get("forces")
        for element in forces if isinstance(forces, list) else ():
            if isinstance(element, Mapping) and isinstance(element.get("capability"), str):
                found[element["capability"]] = None
    return found or None
