"""Figures and where they come from: the list, and the check that refuses those without."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import sim
from sim.analysis.sources import COLUMNS, sources_of, unsourced
from sim.cli import cli
from sim.errors import ScenarioError

ROOT = Path(__file__).parent.parent
SHIPPED = [
    path
    for path in sorted((ROOT / "scenarios").rglob("*.yaml"))
    if "library" not in path.relative_to(ROOT / "scenarios").parts
]

SCENARIO = """\
language: 1
title: Small
time: {start: 2026-07-01, horizon: 12 months}
force: {sizes: [1000], capabilities: {manoeuvre: 1.0}}
feasible_when: {fill: 0.9, full: {within: 3 months}}
mandates:
  pact: {kind: pact}
corridors:
  road:
    capacity: 100 per day
    sources: [ROAD]
contributors:
  France:
    forces: [{capability: manoeuvre, units: 2, strength: 600}]
    participation:
      pact:
        probability: 0.5
        sources: [STANCE]
"""
ROAD = '{figure: "100 a day", source: "A ministry | its page", date: 2024, confidence: high}'
STANCE = '{figure: "0.5", judgement: true, note: "An even chance."}'


def written(tmp_path: Path, road: str = ROAD, stance: str = STANCE) -> Path:
    path = tmp_path / "small.yaml"
    text = SCENARIO.replace("ROAD", road).replace("STANCE", stance)
    path.write_text(text.replace("    sources: []\n", ""), "utf-8")
    return path


def run(*arguments: str | Path) -> Any:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def test_every_entry_is_listed_with_its_place(tmp_path: Path) -> None:
    path = written(tmp_path)
    scenario = sim.load(path)
    table = sources_of(scenario.data, scenario.origins)
    assert tuple(table) == COLUMNS
    assert table["path"] == ["corridors.road", "contributors.France.participation.pact"]
    assert table["date"] == ["2024", ""]
    assert table["judgement"] == [False, True]
    lines = path.read_text("utf-8").splitlines()
    for place, figure in zip(table["place"], table["figure"], strict=True):
        assert figure in lines[int(place.rpartition(":")[2]) - 1]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_scenarios_stand_behind_every_figure(path: Path) -> None:
    assert unsourced(sim.load(path)) == []


@pytest.mark.parametrize(
    ("road", "stance", "place", "message"),
    [
        ("", STANCE, "corridors.road", "has no sources"),
        (ROAD, "", "contributors.France", "has no sources"),
        ('{figure: "100"}', STANCE, "corridors.road.sources.0", "neither a source nor"),
        ('{figure: "1", source: "A"}', STANCE, "corridors.road.sources.0", "without confidence"),
        ('{figure: "1", judgement: true}', STANCE, "corridors.road.sources.0", "without a note"),
    ],
)
def test_strict_refuses_what_nobody_stands_behind(
    tmp_path: Path, road: str, stance: str, place: str, message: str
) -> None:
    path = written(tmp_path, road, stance)
    assert run("check", path).exit_code == 0
    done = run("check", path, "--strict")
    assert isinstance(done.exception, ScenarioError)
    (issue,) = done.exception.issues
    assert issue.path == place
    assert message in issue.message
    assert issue.line > 0
    assert Path(issue.file).name == path.name


def test_strict_lets_the_honest_pass(tmp_path: Path) -> None:
    assert run("check", written(tmp_path), "--strict").exit_code == 0


def test_the_forms_hold_the_same_rows(tmp_path: Path) -> None:
    path = written(tmp_path)
    as_json = json.loads(run("sources", path, "--json").output)
    as_csv = list(csv.DictReader(io.StringIO(run("sources", path, "--format", "csv").output)))
    assert [row["figure"] for row in as_json] == [row["figure"] for row in as_csv]
    markdown = run("sources", path, "--format", "markdown").output.splitlines()
    assert len(markdown) == 2 + len(as_json)
    assert "A ministry \\| its page" in markdown[2]
    assert "2 entries, 1 of them judgements" in run("sources", path).output


def test_only_and_several_files_that_share_entries(tmp_path: Path) -> None:
    path = written(tmp_path)
    twice = json.loads(run("sources", path, path, "--json").output)
    assert len(twice) == 2
    (judged,) = json.loads(run("sources", path, "--only", "judgement", "--json").output)
    assert judged["note"] == "An even chance."
    assert json.loads(run("sources", path, "--only", "low", "--json").output) == []
    assert (
        run("sources", path, "--only", "low", "--format", "csv").output == ",".join(COLUMNS) + "\n"
    )
