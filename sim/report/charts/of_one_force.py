"""Bars of one mandate and force size."""

from __future__ import annotations

from sim.report.charts.parts import Spec, chart, quantity, told
from sim.report.detail import STAGES
from sim.report.style import BLACK, BLUE


def funnel() -> Spec:
    """The gates of one force, each a part of the one before."""
    stage = {
        "field": "stage",
        "type": "nominal",
        "title": None,
        "sort": list(STAGES.values()),
        "axis": {"labelLimit": 210},
    }
    share = quantity("p", "share of all futures", "%", scale={"domain": [0, 1]})
    return chart(
        "Bars: the share of all futures that pass each gate, with 95% intervals.",
        {"step": 34},
        [("stage", "Gate", "text"), ("told", "Share of all futures (95%)", "text")],
        encoding={"y": stage, "tooltip": told(("stage", "gate"), ("told", "share (95%)"))},
        layer=[
            {"mark": {"type": "bar", "color": BLUE, "height": 20}, "encoding": {"x": share}},
            {
                "mark": {"type": "rule", "color": BLACK, "strokeWidth": 2},
                "encoding": {"x": {**share, "field": "low"}, "x2": {"field": "high"}},
            },
        ],
    )


def burden() -> Spec:
    """Soldiers as a share of the army, by contributor."""
    share = quantity("mean", "per cent of the army", "")
    return chart(
        "Bars: mean soldiers in the theatre as a share of the army with 95% intervals, and ticks "
        "at the mean peak; the twenty heaviest burdens.",
        {"step": 22},
        [
            ("contributor", "Contributor", "text"),
            ("told", "Mean, % of the army", "text"),
            ("peak", "Mean peak, %", "number"),
        ],
        encoding={
            "y": {"field": "contributor", "type": "nominal", "title": None, "sort": None},
            "tooltip": [
                *told(("contributor", "contributor"), ("told", "mean, % of army")),
                {"field": "peak", "title": "peak, %", "type": "quantitative", "format": ".2f"},
            ],
        },
        layer=[
            {"mark": {"type": "bar", "color": BLUE, "height": 14}, "encoding": {"x": share}},
            {
                "mark": {"type": "rule", "color": BLACK},
                "encoding": {"x": {**share, "field": "low"}, "x2": {"field": "high"}},
            },
            {
                "mark": {"type": "tick", "color": "#A34700", "thickness": 3, "size": 16},
                "encoding": {"x": {**share, "field": "peak"}},
            },
        ],
    )
