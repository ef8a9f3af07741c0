"""The folder of missions that happened: what was observed, scenarios, and parameters left out."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sim.analysis.history.generation import NAMES, Generation
from sim.analysis.history.record import Mission, read_missions
from sim.analysis.history.scenarios import scenario_of, scenario_text
from sim.errors import SimError
from sim.scenario.scenario import Scenario, load

OBSERVED, LEFT_OUT = "observed.csv", "left_out.csv"
LIBRARY = Path("..") / "library" / "un-generation.yaml"


@dataclass(frozen=True, slots=True)
class Record:
    """The folder of missions that happened.

    Attributes
    ----------
    folder
        With ``observed.csv``, ``left_out.csv`` and a scenario per mission.
    missions
        Its rows.
    left_out
        Per mission the parameters that the others give.
    """

    folder: Path
    missions: tuple[Mission, ...]
    left_out: Mapping[str, Generation]

    @property
    def library(self) -> Path:
        """File of the generic parameters."""
        return self.folder / LIBRARY

    def scenario(self, mission: Mission) -> Scenario:
        """The mission's own file, or what it would be."""
        if mission.scenario and mission in self.missions:
            return load(self.folder / f"{mission.scenario}.yaml")
        return scenario_of(mission, self.library)

    def judged(self, mission: Mission) -> Mission:
        """A mission from elsewhere, less the milestones that the record holds to be wrong.

        A figure that other sources contradict is as suspect in one file as in another.
        """
        own = [m for m in self.missions if (m.mission, m.date) == (mission.mission, mission.date)]
        suspect = frozenset[str]().union(mission.suspect, *(m.suspect for m in own))
        return replace(mission, suspect=suspect)

    def texts(self) -> dict[str, bytes]:
        """The scenario file of every mission, by name."""
        library = LIBRARY.as_posix()
        return {
            f"{m.scenario}.yaml": scenario_text(m, library).encode()
            for m in self.missions
            if m.scenario
        }


def read_record(folder: Path) -> Record:
    """Read a record of missions.

    Raises
    ------
    SimError
        If it is not complete.
    """
    missions = read_missions(folder / OBSERVED)
    path, left_out = folder / LEFT_OUT, dict[str, Generation]()
    try:
        if path.exists():
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    values = {name: float(row[name]) for name in NAMES}
                    left_out[row["mission"]] = Generation(**values)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SimError(f"{path}: is not what sim calibrate writes: {error}") from None
    return Record(folder, missions, left_out)
