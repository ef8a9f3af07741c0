"""Parameters learnt from a record: found again where they are known, and written as learnt."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from sim.analysis.calibration.fit import _Objective, calibrate
from sim.analysis.calibration.flow import Flow
from sim.analysis.calibration.library import library_text
from sim.analysis.history.curves import milestones_of, mission_curves
from sim.analysis.history.folder import LEFT_OUT, OBSERVED, Record, read_record
from sim.analysis.history.generation import BOUNDS, KIND, Generation, configured, to_unit
from sim.analysis.history.record import FILLS, MILESTONES, SHARES, Mission
from sim.cli import cli
from sim.engine.planning import plan_of
from sim.errors import SimError

FOLDER = Path(__file__).parent.parent / "scenarios" / "history"
LIBRARY = FOLDER.parent / "library" / "un-generation.yaml"


@pytest.fixture(scope="module")
def record() -> Record:
    return read_record(FOLDER)


def test_the_sweep_says_what_the_engine_says(record: Record) -> None:
    """Units are divisible in the sweep: milestones move by days, and shares by a hundredth."""
    count, seed = 300, 4
    slow = Generation(2.0, 2.0, 6.0, 60.0, 3.0, 0.9, 0.93, 0.3)
    for generation in (record.left_out["UNMIS"], slow):
        swept = Flow(record.missions, count, seed).predict(generation)
        for mission, quick in zip(record.missions, swept, strict=True):
            plan = plan_of(configured(record.scenario(mission), generation).specification)
            engine = milestones_of(*mission_curves(plan, mission, count, seed), mission.authorised)
            for name in FILLS:
                assert np.abs(quick[name] - engine[name]).mean() < 0.012, (mission.name, name)
            for name in ("m25", "m50"):
                apart = np.minimum(quick[name], 24) - np.minimum(engine[name], 24)
                assert np.abs(apart).mean() < 0.25, (mission.name, name)


def made_up(record: Record, truth: Generation, copies: int) -> list[Mission]:
    """A record in which the truth is known; the draws of every copy are its own."""
    missions: list[Mission] = []
    swept = Flow(record.missions, copies * len(record.missions), 77).predict(truth)
    for place, (mission, found) in enumerate(zip(record.missions, swept, strict=True)):
        for i in range(place * copies, (place + 1) * copies):
            values = {name: float(found[name][i]) for name in MILESTONES}
            values |= {n: math.nan for n in SHARES if math.isinf(values[n])}
            missions.append(
                replace(
                    mission,
                    mission=f"{mission.scenario} {i}",
                    months_observed=24,
                    milestones=values,
                    suspect=frozenset(),
                )
            )
    return missions


def test_the_truth_scores_better_than_other_parameters(record: Record) -> None:
    """The score is proper: it finds a wrong start, a wrong flow and a wrong share."""

    truth = Generation(1.0, 2.6, 5.0, 90.0, 3.0, 0.97, 0.93, 0.1)
    missions = made_up(record, truth, 8)
    objective = _Objective(Flow(missions, 200, 5), lambda: None)
    best = objective.each(to_unit(truth)).mean()
    for wrong in (
        replace(truth, start=4.0),
        replace(truth, notice=12.0),
        replace(truth, flow=20.0),
        replace(truth, delivered=0.86),
        replace(truth, start_spread=1.31, flow_spread=1.31),  # too sure
    ):
        assert objective.each(to_unit(wrong)).mean() > best * 1.01, wrong


def test_a_short_search(record: Record) -> None:
    seen: list[tuple[int, int]] = []
    few = [m for m in record.missions if m.mission in ("UNMEE", "UNOCI", "UNMIS", "UNISFA")]

    def search() -> object:
        return calibrate(
            few,
            replications=40,
            generations=1,
            refinements=3,
            seed=1,
            progress=lambda done, most: seen.append((done, most)),
        )

    found = calibrate(few, replications=40, generations=1, refinements=3, seed=1)
    assert search() == found
    assert seen[-1][0] <= seen[-1][1]
    assert set(found.left_out) == {"UNMEE", "UNOCI", "UNMIS", "UNISFA"}
    for generation in (found.generation, *found.left_out.values()):
        for name, (low, high) in BOUNDS.items():
            assert low * 0.999 <= getattr(generation, name) <= high * 1.001
    assert found.left_out_table()["mission"] == list(found.left_out)
    with pytest.raises(SimError, match="too few"):
        calibrate(few[:2])


def test_the_library_is_the_one_that_was_fitted(record: Record) -> None:
    """A figure edited by hand, or fitted to another record than the one left out, would be seen."""
    text, folds = LIBRARY.read_text("utf-8"), list(record.left_out.values())
    assert set(record.left_out) == {m.mission for m in record.missions}
    found = {
        "start": re.search(r"delay: lognormal\(([\d.]+), ", text),
        "flow": re.search(r"capacity: lognormal\(([\d.]+), ", text),
        "comes": re.search(rf"{KIND}: \{{probability: ([\d.]+), delay", text),
        "notice": re.search(r'delay: "uniform\(0, ([\d.]+)\) months"', text),
    }
    for name, match in found.items():
        assert match, name
        values = [getattr(fold, name) for fold in folds]
        assert min(values) * 0.98 < float(match[1]) < max(values) * 1.02, name
    again = library_text(folds[0], ("how",), {}).splitlines()
    assert [line.split(":")[0] for line in again if line[:1].isalpha()] == [
        line.split(":")[0] for line in text.splitlines() if line[:1].isalpha()
    ]


def test_the_command_writes_all_or_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "history"
    folder.mkdir()
    lines = (FOLDER / OBSERVED).read_text("utf-8").splitlines()
    few = [lines[0], *(line for line in lines if line.startswith(("unm", "uno", "uni")))]
    (folder / OBSERVED).write_text("\n".join(few) + "\n", "utf-8")
    args = ["calibrate", "--record", str(folder), "-n", "30", "--generations", "1"]
    args += ["--refinements", "2"]
    done = CliRunner().invoke(cli, [*args, "--dry-run"])
    assert done.exit_code == 0
    assert [path.name for path in tmp_path.rglob("*.*")] == [OBSERVED]
    done = CliRunner().invoke(cli, args)
    assert done.exit_code == 0
    assert "start_spread" in done.output
    written = read_record(folder)
    assert set(written.left_out) == {m.mission for m in written.missions}
    assert (tmp_path / "library" / "un-generation.yaml").exists()
    assert (folder / LEFT_OUT).exists()
    scenario = written.scenario(replace(written.missions[0], scenario=""))
    assert scenario.specification.corridors["un_airlift"].capacity is not None
