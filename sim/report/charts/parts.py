"""What the charts have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from sim.report.style import GRID

Spec: TypeAlias = dict[str, Any]
Figures: TypeAlias = Sequence[tuple[str, str, str]]

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif"
_TEXT = {"labelColor": "#333333", "titleColor": "#333333", "labelFontSize": 12, "titleFontSize": 12}
_CONFIG = {
    "font": _FONT,
    "axis": {**_TEXT, "titleFontWeight": "normal", "gridColor": GRID, "labelLimit": 160},
    "legend": {
        **_TEXT,
        "orient": "bottom",
        "title": None,
        "columns": 2,
        "labelLimit": 240,
        "symbolOpacity": 1,
        "symbolType": "square",
        "symbolStrokeWidth": 0.5,
    },
    "view": {"stroke": None},
}


def chart(description: str, height: Any, figures: Figures, **parts: Any) -> Spec:
    """A chart as wide as its place.

    Parameters
    ----------
    description
        In words, for those who do not see it.
    height
        Pixels, or ``{"step": pixels}`` of a row.
    figures
        Its table, for the same readers: field, heading and "text", "percent" or "number".
    **parts
        Of the specification.
    """
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": description,
        "width": "container",
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "data": {"name": "rows"},
        "config": _CONFIG,
        "usermeta": {"figures": figures},
        **parts,
    }


def quantity(field: str, title: str | None = None, format_: str = "", **more: Any) -> Spec:
    """Encode a number, with its axis' title and the format of its ticks."""
    axis: Spec = {"format": format_} if format_ else {}
    return {"field": field, "type": "quantitative", "title": title, "axis": axis, **more}


def told(*fields: tuple[str, str]) -> list[Spec]:
    """Show texts in a tooltip: pairs of field and title."""
    return [{"field": field, "title": title, "type": "nominal"} for field, title in fields]
