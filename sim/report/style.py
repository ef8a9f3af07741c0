"""How every picture looks: colours, markers, hatches, titles, and how it is written."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.results.files import write_all

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, YELLOW, BLACK = COLOURS = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#000000"),
)
"""Okabe & Ito (2008): told apart by colour-blind readers. Yellow is for areas, never for lines."""
LINES = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)
"""Colours of lines and their bands, in order."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
"""Markers serve readers in grey; one per colour of `LINES`."""
HATCHES = ("", "////", "....", "\\\\\\\\", "xxxx", "----", "++++", "oo")
"""Hatches serve readers in grey; one per colour of `COLOURS`."""
REST = "#D0D0D0"
"""Everything else: the other contributors, what is not of interest."""
MUTED, GRID = "#595959", "#E6E6E6"
"""Small print (7:1 on white) and grid lines."""
FORMATS = ("png", "svg")

_STYLE: dict[Any, Any] = {
    "text.parse_math": False,  # a dollar in a name is a dollar
    "svg.hashsalt": "sim",  # the same picture is the same file
    "hatch.linewidth": 0.6,
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8,
}


@contextmanager
def in_style() -> Iterator[None]:
    """The style of the house, for making figures and for writing them.

    Parts of it count when a text is made, others when the file is.
    """
    import matplotlib as mpl

    with mpl.rc_context(_STYLE):
        yield


def new_figure(width: float = 8.0, height: float = 4.8, **options: Any) -> Figure:
    """A figure of so many inches; to be made and written `in_style`.

    Parameters
    ----------
    width, height
        Inches.
    **options
        To `matplotlib.figure.Figure`; ``layout`` is "constrained" unless it says otherwise.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), **{"layout": "constrained", **options})
    FigureCanvasAgg(figure)
    return figure


@contextmanager
def drawing(width: float = 8.0, height: float = 4.8, **options: Any) -> Iterator[Figure]:
    """`new_figure` in a ``with`` that is `in_style`: draw and write it inside."""
    with in_style():
        yield new_figure(width, height, **options)


def rendered(figure: Figure, formats: Sequence[str] = FORMATS, dpi: int = 150) -> dict[str, bytes]:
    """The bytes of a figure by format; the same bytes for the same figure."""
    metadata = {"png": {"Software": None}, "svg": {"Date": None}}
    files = {}
    for kind in formats:
        picture = io.BytesIO()
        figure.savefig(picture, format=kind, dpi=dpi, metadata=metadata.get(kind))
        files[kind] = picture.getvalue()
    return files


def save(figure: Figure, path: Path, formats: Sequence[str] = FORMATS) -> list[Path]:
    """Write a figure in every format beside one another: ``path`` names them, its ending does not.

    Returns
    -------
    list of Path
        What was written, in the order of `formats`.

    Raises
    ------
    SimError
        If the folder cannot be written.
    """
    files = {path.with_suffix(f".{kind}"): data for kind, data in rendered(figure, formats).items()}
    write_all(path.parent, {file.name: data for file, data in files.items()})
    return list(files)


def wrapped(text: str, width: int = 80, most: int = 3) -> str:
    """Fold a long title."""
    return "\n".join(textwrap.wrap(text, width, max_lines=most, placeholder=" …"))


def titled(axes: Any, title: str, below: str = "") -> None:
    """Put a title above an axes, at its left, and a smaller line below it."""
    if not below:
        axes.set_title(wrapped(title), loc="left", fontsize=11)
        return
    axes.set_title(below, loc="left", fontsize=8, color=MUTED)
    axes.annotate(
        wrapped(title), (0, 1), xycoords="axes fraction", xytext=(0, 18 + 10 * below.count("\n")),
        textcoords="offset points", fontsize=11, va="bottom",
    )  # fmt: skip


def footnote(figure: Figure, text: str) -> None:
    """Small print at the bottom right: replications, seed, what the bands are."""
    figure.supxlabel(text, fontsize=7, x=0.99, ha="right", color=MUTED)


def percent_axis(axis: Any) -> None:
    """Write shares as percentages."""
    axis.set_major_formatter(lambda value, _: f"{value:.0%}")


def thousands_axis(axis: Any) -> None:
    """Write whole numbers with their thousands set apart."""
    axis.set_major_formatter(lambda value, _: f"{value:,.0f}")
