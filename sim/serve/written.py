"""What stands at a path of a scenario: for whoever is about to put something else there."""

from __future__ import annotations

from sim.analysis.dial import written_at
from sim.errors import ScenarioError, SimError
from sim.scenario.overrides import override
from sim.scenario.scenario import Scenario
from sim.serve.changes import places, told

_LONGEST = 500


def written(scenario: Scenario, path: str) -> str:
    """Say what is written at a path.

    Parameters
    ----------
    scenario
        As it was written.
    path
        As for ``--set``; a step ``*`` stands for everything at its place.

    Returns
    -------
    str
        The value, several that differ one after the other; empty where a default holds.

    Raises
    ------
    ScenarioError
        If nothing can stand there, whatever it is; with the path as the file.
    """
    found = dict[str, None]()
    for place in places(scenario.root, path):
        try:
            found[told(written_at(scenario.data, place))] = None
        except SimError:
            _refuse_unknown(scenario, place, path)
    text = "; ".join(found)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."


def _refuse_unknown(scenario: Scenario, place: str, path: str) -> None:
    """Set something that is hardly right: what is wrong with the key is told beside its value."""
    tried = override(scenario.root, place, "?", path)
    try:
        Scenario.from_tree(tried, scenario.name)
    except ScenarioError as error:
        unknown = [issue for issue in error.issues if issue.message.startswith("unknown key")]
        if unknown:
            raise ScenarioError(unknown) from None
