"""Pictures of a result (matplotlib), each in a file of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sim.report.cases import cases_of
from sim.report.pictures.binding import binding
from sim.report.pictures.burden import burden
from sim.report.pictures.contingents import contingents
from sim.report.pictures.contributors import contributors
from sim.report.pictures.feasibility import feasibility
from sim.report.pictures.strength import strength
from sim.report.style import FORMATS, in_style, save
from sim.results.result import Result

PICTURES = {
    picture.__name__: picture
    for picture in (feasibility, strength, contingents, binding, burden, contributors)
}
"""Each draws the cases of a result and gives the figure, or None where it has nothing to show."""


def draw_all(result: Result, folder: str | Path, formats: Sequence[str] = FORMATS) -> list[Path]:
    """Draw every picture of a result.

    Parameters
    ----------
    result
        Of a run, or read from its folder.
    folder
        Where ``feasibility.png``, ``feasibility.svg`` and so on are written.
    formats
        Of "png" and "svg", and what else matplotlib writes.

    Returns
    -------
    list of Path
        What was written. A picture with nothing to show is left out: without armies nobody has a
        burden.

    Raises
    ------
    SimError
        If the folder cannot be written.
    """
    return [path for name in PICTURES for path in draw(result, name, folder, formats)]


def draw(
    result: Result, name: str, folder: str | Path, formats: Sequence[str] = FORMATS
) -> list[Path]:
    """Draw one of `PICTURES`, see `draw_all`."""
    with in_style():
        figure = PICTURES[name](cases_of({"": result}))
        return save(figure, Path(folder) / f"{name}.png", formats) if figure else []
