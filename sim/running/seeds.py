"""Which seed a run takes."""

from __future__ import annotations

import secrets

from sim.scenario.scenario import Scenario


def seed_of(scenario: Scenario, seed: int | None = None) -> int:
    """The seed asked for, else the scenario's own, else one that is drawn (and then recorded)."""
    settings = scenario.specification.run
    if seed is not None:
        return seed
    return settings.seed if "seed" in settings.model_fields_set else secrets.randbits(32)
