"""Charts of one mandate and force size over time."""

from __future__ import annotations

from sim.report.charts.parts import Spec, chart, quantity, told
from sim.report.detail import QUANTILES
from sim.report.style import BLACK, BLUE, COLOURS, MUTED, REST

_DATE = {
    "field": "date",
    "type": "temporal",
    "title": None,
    "axis": {"format": "%b %Y", "labelAngle": -40, "tickCount": 8},
}


def fan(name: str, title: str, format_: str, asked: Spec, description: str) -> Spec:
    """Quantiles of a quantity over time, and what was asked for."""
    kind = "percent" if "%" in format_ else "number"
    y = quantity(f"{name}_p05", title, format_)
    bands = ("5% to 95% of futures", "25% to 75%", "median", "mean", "asked for")
    scale = {"domain": bands, "range": ["#BFDCEE", "#6DB3DA", BLUE, MUTED, BLACK]}

    def label(band: str) -> Spec:
        return {"datum": band, "scale": scale, "legend": {"columns": 3}}

    def area(low: str, high: str, band: str) -> Spec:
        return {
            "mark": {"type": "area", "opacity": 1},
            "encoding": {
                "y": {**y, "field": f"{name}_{low}"},
                "y2": {"field": f"{name}_{high}"},
                "color": label(band),
            },
        }

    def line(field: str, band: str, dash: list[int]) -> Spec:
        return {
            "mark": {"type": "line", "strokeDash": dash, "strokeWidth": 2},
            "encoding": {"y": {**y, "field": f"{name}_{field}"}, "color": label(band)},
        }

    values = [
        {"field": f"{name}_{key}", "title": key, "type": "quantitative", "format": format_}
        for key in QUANTILES
    ]
    hover = {
        "name": "near",
        "select": {
            "type": "point",
            "encodings": ["x"],
            "nearest": True,
            "on": "pointerover",
            "clear": "pointerout",
        },
    }
    return chart(
        description,
        240,
        [
            ("date", "Date", "text"),
            *((f"{name}_{key}", key, kind) for key in QUANTILES),
        ],
        encoding={"x": _DATE},
        layer=[
            area("p05", "p95", bands[0]),
            area("p25", "p75", bands[1]),
            line("p50", bands[2], [1, 0]),
            line("mean", bands[3], [2, 3]),
            {
                "mark": {"type": "line", "strokeDash": [6, 3], "strokeWidth": 1.5},
                "encoding": {"y": asked, "color": label(bands[4])},
            },
            {
                "params": [hover],
                "mark": {"type": "rule", "color": "#333333"},
                "encoding": {
                    "opacity": {
                        "condition": {"param": "near", "empty": False, "value": 0.6},
                        "value": 0,
                    },
                    "tooltip": [
                        {
                            "field": "date",
                            "type": "temporal",
                            "title": "date",
                            "format": "%d %b %Y",
                        },
                        *values,
                    ],
                },
            },
        ],
    )


def strength() -> Spec:
    """Soldiers present over time."""
    return fan(
        "present",
        "soldiers in the theatre",
        ",.0f",
        {"field": "asked", "type": "quantitative"},
        "A fan over time: soldiers in the theatre in the authorised futures, quantiles and mean, "
        "against the size asked for.",
    )


def fill() -> Spec:
    """Fill of the worst capability over time."""
    return fan(
        "fill",
        "fill of the worst capability",
        ".0%",
        {"datum": 1},
        "A fan over time: soldiers present over those asked for in the capability filled worst, in "
        "the authorised futures.",
    )


def contingents() -> Spec:
    """Mean soldiers by contributor, stacked."""
    return chart(
        "Stacked areas over time: mean soldiers in the theatre by contributor, the largest at the "
        "bottom.",
        300,
        [
            ("date", "Date", "text"),
            ("contributor", "Contributor", "text"),
            ("mean", "Mean soldiers", "number"),
        ],
        mark={"type": "area", "opacity": 1, "line": {"color": "white", "strokeWidth": 0.8}},
        encoding={
            "x": _DATE,
            "y": quantity("mean", "mean soldiers in the theatre", ",.0f", stack="zero"),
            "color": {
                "field": "contributor",
                "type": "nominal",
                "sort": None,
                "scale": {"range": [*COLOURS[:7], REST]},
                "legend": {"columns": 4},
            },
            "order": {"field": "place"},
            "tooltip": [
                *told(("contributor", "contributor")),
                {"field": "date", "type": "temporal", "title": "date", "format": "%d %b %Y"},
                {
                    "field": "mean",
                    "title": "mean soldiers",
                    "type": "quantitative",
                    "format": ",.0f",
                },
            ],
        },
    )
