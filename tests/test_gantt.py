"""The Gantt chart of one future."""

from __future__ import annotations

import struct
from pathlib import Path
from xml.etree import ElementTree

import pytest

import sim
from sim.analysis.trace.future import choose
from sim.analysis.trace.tracing import Trace, trace
from sim.report import gantt as pictures
from sim.scenario.scenario import Scenario, load

STARTER = Path(sim.__file__).parent / "cli" / "starter.yaml"


@pytest.fixture(scope="module")
def found() -> Trace:
    return trace(choose(load(STARTER), size=5_000, replications=300))


def size_of(png: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_the_picture_is_one_and_the_same(found: Trace) -> None:
    files = pictures.gantt(found)
    assert files["gantt.png"].startswith(b"\x89PNG")
    width, height = size_of(files["gantt.png"])
    assert 1000 < width < 2000
    assert 600 < height < 3000
    assert 20_000 < len(files["gantt.png"]) < 2_000_000
    assert ElementTree.fromstring(files["gantt.svg"]).tag.endswith("svg")
    assert len(files["gantt.svg"]) < 3_000_000
    assert pictures.gantt(found) == files


def test_of_many_units_those_that_were_sent_are_shown(
    found: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pictures.units_shown(found)[1] == ""
    monkeypatch.setattr(pictures, "_ALL_SHOWN", 5)
    shown, left_out = pictures.units_shown(found)
    assert all(life.was_sent for life in shown)
    unsent = len(found.lives) - len(shown)
    assert (f"{unsent} units that were never sent" in left_out) == (unsent > 0)
    monkeypatch.setattr(pictures, "MOST_ROWS", 7)
    shown, left_out = pictures.units_shown(found)
    assert len(shown) == 7
    assert "further units, all in events.csv" in left_out


def test_a_future_in_which_nobody_comes_is_drawn() -> None:
    scenario = load(STARTER)
    for nation in ("Northland", "Eastmark", "Farland"):
        path = f"contributors.{nation}.participation.reassurance.probability"
        scenario = scenario.with_(path, 0)
    empty = trace(choose(scenario, replications=20))
    assert not any(life.was_sent for life in empty.lives)
    assert empty.binding == "will"
    assert pictures.gantt(empty)["gantt.png"].startswith(b"\x89PNG")


def test_names_are_drawn_as_they_are(tmp_path: Path) -> None:
    text = STARTER.read_text("utf-8").replace("My first force", "A $100 and $x_{ force " * 8)
    path = tmp_path / "odd.yaml"
    path.write_text(text, "utf-8")
    odd: Scenario = load(path)
    assert pictures.gantt(trace(choose(odd, replications=20)))
