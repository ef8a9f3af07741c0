"""The pictures show the figures of the tables, in every format, whatever the names."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from builders import decided, nation, scenario

from sim.report.cases import Case, cases_of
from sim.report.pictures import PICTURES, draw, draw_all
from sim.report.pictures.binding import LOOKS
from sim.report.pictures.panels import MOST_PANELS
from sim.report.style import COLOURS, LINES, MARKERS, MUTED, drawing, in_style, rendered, save
from sim.results.result import Result
from sim.results.words import CAUSE_MEANINGS
from sim.running.runner import run

TITLE = r"Costs $5 & <b>\frac</b> " + "very long words " * 12


def small(**changes: Any) -> Result:
    mandates = {
        "first": decided("unanimous", Council=0.6)["force"],
        "second": {"kind": "alliance"},
        "nobody": {"kind": "none"},
    }
    people = {
        "Aland": nation(6, probability=0.9, army=5000),
        "Borduria $x_1$": nation(8, probability=0.7, army=9000),
        "Zembla": nation(2, probability=0.0, army=1000),
    }
    plain: dict[str, Any] = {
        "title": TITLE,
        "force": {"sizes": [400, 900, 1200], "capabilities": {"infantry": 1.0}},
        "mandates": mandates,
        "contributors": people,
    }
    return run(scenario(**(plain | changes)), replications=150, seed=5)


@pytest.fixture(scope="module")
def result() -> Result:
    return small()


def figure_of(name: str, result: Result) -> Any:
    with in_style():
        return PICTURES[name](cases_of({"": result}))


def second(result: Result) -> Case:
    return next(case for case in cases_of({"": result}) if case.name == "second")


def test_every_picture_is_written_in_both_formats(result: Result, tmp_path: Path) -> None:
    written = draw_all(result, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in written}
    names = {path.stem for path in written}
    assert {"feasibility", "strength", "binding", "burden", "contributors"} <= names
    for path in written:
        content = path.read_bytes()
        if path.suffix == ".svg":
            assert ElementTree.fromstring(content).tag.endswith("svg")
        else:
            assert content.startswith(b"\x89PNG")
            width, height = (int.from_bytes(content[i : i + 4], "big") for i in (16, 20))
            assert 800 <= width <= 2500 and 400 <= height <= 2500


def test_the_same_result_gives_the_same_bytes(result: Result, tmp_path: Path) -> None:
    first, again = (draw(result, "binding", tmp_path / name) for name in "ab")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]


def test_the_curve_and_its_bands_are_those_of_the_summary(result: Result) -> None:
    (axes,) = figure_of("feasibility", result).axes
    lines = {line.get_label(): line.get_ydata() for line in axes.lines}
    case = second(result)
    for reading, column in (
        ("if authorised", "p_feasible_if_authorised"),
        ("outright", "p_feasible"),
    ):
        np.testing.assert_array_equal(
            lines[f"second, {reading}"], [row[column] for row in case.rows]
        )
    edges = axes.collections[-1].get_paths()[0].vertices[:, 1]
    for row in case.rows:
        for end in ("low", "high"):
            assert np.isclose(edges, row[f"p_feasible_{end}"]).any()
    assert not any("nobody" in str(label) for label in lines)
    assert len(axes.get_legend().get_texts()) == 4


def test_bars_of_what_binds_add_up_to_what_fails(result: Result) -> None:
    axes = figure_of("binding", result).axes[1]
    tops = {round(bar.get_x(), 3): 0.0 for bar in axes.patches}
    for bar in axes.patches:
        tops[round(bar.get_x(), 3)] += bar.get_height()
    expected = [1 - row["p_feasible_if_authorised"] for row in second(result).rows]
    np.testing.assert_allclose([tops[key] for key in sorted(tops)], expected, atol=1e-9)


def test_the_burden_is_drawn_with_its_interval(result: Result) -> None:
    axes = figure_of("burden", result).axes[1]
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert "Zembla" not in names and set(names) == {"Aland", "Borduria $x_1$"}
    case = second(result)
    rows = {row["contributor"]: row for row in case.table("contributors", case.shown)}
    widths = [bar.get_width() for bar in axes.patches]
    for place, name in enumerate(names):
        assert widths[len(names) + place] == pytest.approx(rows[name]["burden_percent_mean"])
    assert sum(len(c.get_segments()) for c in axes.collections if hasattr(c, "get_segments")) == 4


def test_the_fan_stands_against_what_was_asked_for(result: Result) -> None:
    figure = figure_of("strength", result)
    above = figure.axes[1]
    case = second(result)
    rows = case.table("trajectory", case.shown)
    lines = {line.get_label(): line.get_ydata() for line in above.lines}
    np.testing.assert_array_equal(lines["median"], [row["present_p50"] for row in rows])
    assert set(lines["asked for"]) == {case.shown}


def test_names_and_titles_are_drawn_as_they_are(result: Result) -> None:
    figure = figure_of("burden", result)
    texts = [part.get_text() for part in figure.findobj(lambda part: hasattr(part, "get_text"))]
    assert any("Costs $5 & <b>" in text for text in texts)
    assert "Borduria $x_1$" in texts


@pytest.mark.parametrize(
    "changes",
    [
        {"mandates": {"nobody": {"kind": "none"}}},
        {"mandates": decided("unanimous", Council=0.0)},
        {"contributors": {"Aland": nation(3)}, "mandates": {"m": {"kind": "alliance"}}},
        {"force": {"sizes": [400], "capabilities": {"infantry": 1.0}}},
        {"mandates": {f"m{i}": {"kind": "alliance"} for i in range(MOST_PANELS + 2)}},
    ],
    ids=["nobody", "never authorised", "no armies", "one size", "many mandates"],
)
def test_odd_results_are_drawn_too(changes: dict[str, Any], tmp_path: Path) -> None:
    drawn = {path.stem for path in draw_all(small(**changes), tmp_path, ("svg",))}
    assert "feasibility" in drawn
    if "nobody" in changes.get("mandates", {}):
        assert drawn == {"feasibility"}  # nothing else has anything to show


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def test_causes_are_told_apart_in_grey() -> None:
    assert list(LOOKS) == list(CAUSE_MEANINGS)
    looks = list(LOOKS.values())
    for index, (colour, hatch) in enumerate(looks):
        for other, pattern in looks[:index]:
            far = abs(luminance(colour) - luminance(other)) > 0.08
            assert far or hatch != pattern, f"{colour} {hatch} and {other} {pattern}"


def test_lines_have_markers_and_small_print_is_legible() -> None:
    assert len(LINES) == len(MARKERS) == len(set(MARKERS)) and len(set(COLOURS)) == 8
    assert 1.05 / (luminance(MUTED) + 0.05) >= 4.5


def test_a_picture_is_written_under_its_name(tmp_path: Path) -> None:
    with drawing(3, 2) as figure:
        figure.add_subplot().plot([0, 1])
        assert [path.name for path in save(figure, tmp_path / "a.png")] == ["a.png", "a.svg"]
        assert rendered(figure, ("svg",)) == {"svg": (tmp_path / "a.svg").read_bytes()}
