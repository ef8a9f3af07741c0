"""Pictures of a result (matplotlib, imported only here)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sim.results.files import write_all
from sim.results.result import Result

# Okabe & Ito (2008): told apart by colour-blind readers; the markers serve readers in grey.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def feasibility(result: Result, path: Path) -> None:
    """Draw P(feasible) by force size, per mandate: if authorised and outright, with 95% bands."""
    import io

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    table = result.tables["summary"]
    mandates = [m for m in dict.fromkeys(table["mandate"]) if _sends(result, m)]
    figure = Figure(figsize=(8, 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for index, mandate in enumerate(mandates):
        own = [i for i, name in enumerate(table["mandate"]) if name == mandate]
        size = np.array([table["force_size"][i] for i in own]) / 1000
        colour, marker = _COLOURS[index % 7], _MARKERS[index % 7]
        for name, style, label in (
            ("p_feasible_if_authorised", "-", f"{mandate}, if authorised"),
            ("p_feasible", "--", f"{mandate}, outright"),
        ):
            middle, low, high = (
                np.array([table[name + end][i] for i in own], float)
                for end in ("", "_low", "_high")
            )
            axes.plot(size, middle, style, color=colour, marker=marker, ms=4, label=label)
            axes.fill_between(size, low, high, color=colour, alpha=0.15, linewidth=0)
    wanted = sorted(set(result.run["confidence"].values()))
    for confidence in wanted:
        axes.axhline(confidence, color="0.4", linewidth=0.8, linestyle=":")
        axes.annotate(
            f"wanted {confidence:.0%}", (0.99, confidence), xycoords=("axes fraction", "data"),
            ha="right", va="bottom", fontsize=8, color="0.3",
        )  # fmt: skip
    axes.set_ylim(-0.02, 1.02)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlabel("force size, thousand soldiers")
    axes.set_ylabel("probability that the force is feasible")
    axes.set_title(_wrapped(result.title), fontsize=11, loc="left")
    if mandates:
        axes.legend(fontsize=8, frameon=False)
    else:
        axes.text(0.5, 0.5, "nobody is sent", transform=axes.transAxes, ha="center")
    axes.spines[["top", "right"]].set_visible(False)
    figure.supxlabel(
        f"{result.run['replications']:,} replications, seed {result.run['seed']}; "
        "bands: 95% intervals",
        fontsize=7, x=0.99, ha="right", color="0.4",
    )  # fmt: skip
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=150, metadata={"Software": None})
    write_all(path.parent, {path.name: picture.getvalue()})


def _sends(result: Result, mandate: str) -> bool:
    table = result.tables["summary"]
    return any(
        name == mandate and verdict != "no force"
        for name, verdict in zip(table["mandate"], table["verdict"], strict=True)
    )


def _wrapped(title: str) -> str:
    """Plain text for matplotlib, which takes dollars for mathematics."""
    import textwrap

    return "\n".join(textwrap.wrap(title.replace("$", r"\$"), 80))
