"""The scenario of a mission, made of what was known on the day of the resolution."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

from sim.analysis.history.generation import (
    ALREADY_THERE,
    CONTRIBUTORS,
    REHATTED,
    contributor,
)
from sim.analysis.history.record import Mission
from sim.scenario.scenario import Scenario, load

_SECTION = "soldiers"  # the one capability


def scenario_text(mission: Mission, library: str) -> str:
    """Write the scenario of a mission.

    Parameters
    ----------
    library
        Path of the library of generic parameters, as the file is to name it.

    Returns
    -------
    str
        YAML.
    """
    added = mission.authorised - mission.in_theatre
    unit = math.ceil(added / 100)
    named = mission.resolution or "its resolution"
    origin = f"{mission.date:%-d %B %Y}"
    lines = [
        f"# Question: on the day of {named}, how fast was {mission.name} to be expected?",
        "# Made by `sim history --write-scenarios` of what was known on that day, and of nothing"
        " else. What happened stands in",
        "# observed.csv and is used for scoring only.",
        "",
        "language: 1",
        f"title: {_quoted(f'{mission.name} ({mission.date.year})')}",
        f"summary: {_quoted(_summary(mission))}",
        f"extends: [{_quoted(library)}]",
        "",
        f"time: {{start: {mission.date.isoformat()}}}",
        f"force: {{sizes: {mission.authorised:_}}}",
        "",
        "contributors:",
    ]
    if mission.in_theatre:
        lines += _forces(ALREADY_THERE, *_hundred(mission.in_theatre))
    if mission.rehatted:
        lines += _forces(REHATTED, (100, math.ceil(mission.authorised / 100)))
    for number in range(1, CONTRIBUTORS + 1):
        lines += _forces(contributor(number), (10, unit))
    lines += [
        "",
        "sources:",
        f"  - {{figure: {_quoted(f'{mission.authorised:,} authorised')}, source: {_quoted(named)},",
        f"     date: {_quoted(origin)}, confidence: high}}",
        "  - {figure: strength on the day of the resolution, source: monthly figures of the United"
        " Nations (IPI Peacekeeping Database), confidence: medium}",
        '  - {figure: "ten contributors, each a tenth of what is added", judgement: true,',
        '     note: "Nobody knew who would come; force generation looks for what is missing."}',
        "",
    ]
    return "\n".join(lines)


def _forces(name: str, *pools: tuple[int, int]) -> list[str]:
    """A contributor's pools, each so many units of so many soldiers."""
    forces = ", ".join(
        f"{{capability: {_SECTION}, units: {units}, strength: {strength}}}"
        for units, strength in pools
    )
    return [f"  {name}: {{forces: [{forces}]}}"]


def _hundred(soldiers: int) -> list[tuple[int, int]]:
    """Exactly so many soldiers, in about a hundred units: they can leave one after another."""
    each, rest = divmod(soldiers, 100)
    return [pool for pool in ((100, each), (1, rest)) if pool[1]]


def _summary(mission: Mission) -> str:
    where = f" in {mission.region}" if mission.region else ""
    there = f", {mission.in_theatre:,} of them there" if mission.in_theatre else ""
    hats = ". A force in the theatre changes its hats" if mission.rehatted else ""
    return f"{mission.authorised:,} authorised{where}{there}{hats}."


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def scenario_of(mission: Mission, library: Path) -> Scenario:
    """The scenario of a mission without a file of its own.

    Parameters
    ----------
    library
        File of the generic parameters.

    Raises
    ------
    ScenarioError
        If the library is no longer one that fits.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mission.yaml"
        path.write_text(scenario_text(mission, str(library.resolve())), "utf-8")
        return load(path, allow=[library.resolve().parent])
