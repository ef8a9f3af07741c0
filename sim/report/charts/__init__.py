"""The interactive charts of the page, as Vega-Lite specifications.

The page gives each its rows by the name "rows"; `sim.report.detail` says which fields they have.
"""

from __future__ import annotations

from collections.abc import Sequence

from sim.report.charts.by_size import binding, feasibility
from sim.report.charts.of_one_force import burden, funnel
from sim.report.charts.over_time import contingents, fill, strength
from sim.report.charts.parts import Spec


def charts(names: Sequence[str]) -> dict[str, Spec]:
    """Every chart of the page by name; the cases by their names."""
    return {
        "feasibility": feasibility(names),
        "binding": binding(),
        "funnel": funnel(),
        "strength": strength(),
        "fill": fill(),
        "contingents": contingents(),
        "burden": burden(),
    }
