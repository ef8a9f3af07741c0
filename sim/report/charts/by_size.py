"""Charts by force size."""

from __future__ import annotations

from collections.abc import Sequence

from sim.report.charts.parts import Spec, chart, quantity, told
from sim.report.pictures.binding import LOOKS
from sim.report.style import LINES, MUTED
from sim.results.words import CAUSE_MEANINGS

_SHAPES = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "triangle-right")


def feasibility(names: Sequence[str]) -> Spec:
    """P(feasible) by size, a line per case."""
    colours = [LINES[place % len(LINES)] for place in range(len(names))]
    shapes = [_SHAPES[place % len(_SHAPES)] for place in range(len(names))]
    colour = {"field": "case", "type": "nominal", "scale": {"domain": names, "range": colours}}
    shape = {"field": "case", "type": "nominal", "scale": {"domain": names, "range": shapes}}
    size = quantity("size", "force size, soldiers", ",.0f", scale={"zero": False, "padding": 12})
    size["axis"]["labelOverlap"] = True
    share = quantity("p", "probability that the force is feasible", "%", scale={"domain": [0, 1]})
    faded = {"condition": {"param": "picked", "value": 1}, "value": 0.1}
    values = [
        *told(("case", "mandate")),
        {"field": "size", "title": "soldiers", "type": "quantitative", "format": ",.0f"},
        *told(("reading", "reading"), ("told", "feasible (95%)")),
    ]
    return chart(
        "Lines: the probability that a force is feasible, by its size, one line per mandate, with "
        "bands of 95%.",
        320,
        [
            ("case", "Mandate", "text"),
            ("size", "Soldiers", "number"),
            ("reading", "Reading", "text"),
            ("told", "Feasible (95%)", "text"),
        ],
        encoding={"x": size, "color": colour},
        layer=[
            {
                "mark": {"type": "rule", "strokeDash": [2, 3], "color": MUTED},
                "encoding": {
                    "x": None,
                    "color": {"value": MUTED},
                    "y": {"field": "wanted", "aggregate": "max", "type": "quantitative"},
                },
            },
            {
                "mark": {"type": "area", "opacity": 0.15},
                "encoding": {"y": {**share, "field": "low"}, "y2": {"field": "high"}},
            },
            {
                "mark": {"type": "rule", "opacity": 0.5},
                "encoding": {"y": {**share, "field": "low"}, "y2": {"field": "high"}},
            },
            {
                "mark": {"type": "line", "strokeWidth": 2},
                "encoding": {"y": share, "opacity": faded},
            },
            {
                "params": [
                    {
                        "name": "picked",
                        "select": {"type": "point", "fields": ["case"]},
                        "bind": "legend",
                    }
                ],
                "mark": {"type": "point", "filled": True, "size": 60},
                "encoding": {"y": share, "shape": shape, "opacity": faded, "tooltip": values},
            },
        ],
    )


def binding() -> Spec:
    """What fails first, by size."""
    causes = list(CAUSE_MEANINGS)
    colour = {
        "field": "cause",
        "type": "nominal",
        "scale": {"domain": causes, "range": [LOOKS[cause][0] for cause in causes]},
        "legend": {"columns": 4},
    }
    return chart(
        "Stacked bars: by force size, the share of the authorised futures that fails, by what "
        "fails first.",
        300,
        [
            ("size", "Soldiers", "number"),
            ("cause", "Fails first", "text"),
            ("share", "Share of the authorised futures", "percent"),
        ],
        mark={"type": "bar", "stroke": "#333333", "strokeWidth": 0.4},
        encoding={
            "x": {
                "field": "size",
                "type": "ordinal",
                "title": "force size, soldiers",
                "axis": {"format": ",.0f", "labelAngle": -40, "labelOverlap": True},
            },
            "y": quantity(
                "share", "share of the authorised futures", "%",
                aggregate="sum", scale={"domain": [0, 1]},
            ),
            "color": colour,
            "order": {"field": "place"},
            "tooltip": [
                {"field": "size", "title": "soldiers", "type": "quantitative", "format": ",.0f"},
                *told(("cause", "fails first"), ("meaning", "that is")),
                {"field": "share", "title": "share", "type": "quantitative", "format": ".1%"},
            ],
        },
    )  # fmt: skip
