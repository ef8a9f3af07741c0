"""Tables, files and what becomes of them."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import busy, scenario

import sim
from sim.engine.plan import CAUSES
from sim.results.files import cell_text, from_csv, to_csv, to_json, write_all
from sim.results.result import Result, read
from sim.results.statistics import wilson
from sim.results.tables import LAYOUT, STAGES
from sim.running.runner import run

COUNT = 300


@pytest.fixture(scope="module")
def result() -> Result:
    return run(busy(), replications=COUNT, seed=5, keep_replications=True)


def text_of(result: Result, name: str) -> str:
    return to_csv(result.tables[name]).decode()


def rows(table: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]


# -- Tables ------------------------------------------------------------------------------------

PROPORTIONS = (*(f"p_{stage}" for stage in STAGES), "p_feasible_if_authorised", "p_adequate")


def test_the_summary_has_its_keys_first_and_every_proportion_with_its_error(result: Result) -> None:
    header = list(result.tables["summary"])
    assert header[:2] == ["mandate", "force_size"]
    for place, name in enumerate(PROPORTIONS):
        begin = 2 + 4 * place
        assert header[begin : begin + 4] == [name, f"{name}_low", f"{name}_high", f"{name}_mcse"]
    assert header[-len(CAUSES) :] == [f"binding_{cause}" for cause in CAUSES]
    assert list(result.tables["trajectory"])[:4] == ["mandate", "force_size", "step", "date"]
    assert list(result.tables["contributors"])[:3] == ["mandate", "force_size", "contributor"]
    assert list(result.tables["replications"])[:3] == ["mandate", "force_size", "replication"]
    for name in ("present", "counted", "fill"):
        columns = [key for key in result.tables["trajectory"] if key.startswith(name)]
        assert columns == [f"{name}_{q}" for q in ("p05", "p25", "p50", "p75", "p95", "mean")]


def test_one_row_per_key(result: Result) -> None:
    cells = [
        (mandate, size) for mandate in ("coalition", "council", "nobody") for size in (600, 1500)
    ]
    tables = result.tables
    summary = tables["summary"]
    assert list(zip(summary["mandate"], summary["force_size"], strict=True)) == cells
    assert len(tables["trajectory"]["step"]) == 4 * 60
    assert len(tables["contributors"]["contributor"]) == 4 * 3
    assert len(tables["replications"]["replication"]) == 6 * COUNT


def test_proportions_come_with_their_interval(result: Result) -> None:
    for row in rows(result.tables["summary"]):
        for name in PROPORTIONS:
            trials = COUNT
            if name.endswith("if_authorised"):
                trials = row["authorised_replications"]
            if not trials:
                assert math.isnan(row[name])
                continue
            hits = round(row[name] * trials)
            assert row[name] == hits / trials
            assert (row[f"{name}_low"], row[f"{name}_high"]) == wilson(hits, trials)


def test_the_replications_give_the_summary_back(result: Result) -> None:
    """Every figure of the summary that is a mean or a count, recomputed from single futures."""
    frame = result.replications
    assert frame["replication"].tolist() == list(range(COUNT)) * 6
    for row in rows(result.tables["summary"]):
        cell = frame[
            (frame["mandate"] == row["mandate"]) & (frame["force_size"] == row["force_size"])
        ]
        for stage in STAGES:
            assert cell[stage].mean() == row[f"p_{stage}"]
        assert cell["adequate"].mean() == row["p_adequate"]
        both = cell["adequate"] & cell["feasible"]
        assert both.mean() == row["p_feasible_and_adequate"]
        for cause in CAUSES:
            assert (cell["binding"] == cause).sum() / COUNT == row[f"binding_{cause}"]
        assert ((cell["binding"] == "") == cell["feasible"]).all()
        there = cell[cell["authorised"]]
        assert len(there) == row["authorised_replications"]
        if not len(there):
            continue
        assert there["deaths"].mean() == pytest.approx(row["deaths_mean"], abs=1e-4)
        assert there["breaches"].mean() == pytest.approx(row["breaches_mean"], rel=1e-12)
        assert there["mean_strength"].mean() == pytest.approx(
            row["strength_soldiers_mean"], abs=0.5
        )
        error = there["breaches"].std(ddof=1) / math.sqrt(len(there))
        assert error == pytest.approx(row["breaches_mcse"], rel=1e-9)
        for gate in ("initial", "full"):
            times = there[f"{gate}_capability_months"].fillna(math.inf)
            found = float(np.quantile(times, 0.5, method="inverted_cdf"))
            told = row[f"{gate}_capability_months_p50"]
            assert math.isinf(found) if math.isnan(told) else found == pytest.approx(told)


def test_the_replications_hold_what_was_drawn(result: Result) -> None:
    frame = result.replications
    drawn = [
        "conditions.ceasefire",
        "conditions.backing",
        "consents.North",
        "corridors.rail.per_day",
        "contributors.Aland.joins",
        "contributors.Aland.at_most",
        "contributors.Bland.available",
        "required",
    ]
    assert set(drawn) <= set(frame.columns)
    one = frame[(frame["mandate"] == "coalition") & (frame["force_size"] == 600)]
    two = frame[(frame["mandate"] == "council") & (frame["force_size"] == 1500)]
    for name in drawn:
        if not name.startswith("consents"):
            assert one[name].tolist() == two[name].tolist(), "the same futures in every cell"
    # A coalition asks no council: no answer is neither yes nor no.
    assert one["consents.North"].isna().all()
    assert set(two["consents.North"]) == {True, False}
    assert 600 <= one["contributors.Aland.at_most"].min() <= one["contributors.Aland.at_most"].max()
    assert (
        frame[~frame["conditions.ceasefire"]]["mandate"].eq("coalition") & frame["authorised"]
    ).sum() == 0


def test_without_replications_there_are_none() -> None:
    small = run(scenario(), replications=3, seed=1)
    assert "replications" not in small.tables
    with pytest.raises(sim.SimError, match="keep_replications=True"):
        _ = small.replications


def test_what_was_not_asked_is_missing_and_not_nought() -> None:
    row = rows(run(scenario(), replications=20, seed=1).tables["summary"])[0]
    for name in ("p_adequate", "deaths_mean", "cost_million_mean", "p_mission_ending_state"):
        assert math.isnan(row[name])
    assert row["currency"] == row["burden_highest_contributor"] == ""
    assert row["hold_fill_mean"] == pytest.approx(1.0)
    tests = {"full": {"within": "10 weeks"}}
    row = rows(run(scenario(feasible_when=tests), replications=2, seed=1).tables["summary"])[0]
    assert math.isnan(row["hold_fill_mean"])


def test_nobody_sent_still_gives_every_table_its_header(result: Result, tmp_path: Path) -> None:
    nobody = run(scenario(mandates={"none": {"kind": "none"}}), replications=5, seed=1)
    assert nobody.tables["summary"]["verdict"] == ["no force"]
    for name in ("trajectory", "contributors"):
        assert list(nobody.tables[name]) == list(result.tables[name])
        assert not any(nobody.tables[name].values())
        assert len(text_of(nobody, name).splitlines()) == 1
    again = read(nobody.save(tmp_path / "none"))
    assert again.trajectory.empty
    assert list(again.trajectory.columns) == list(result.tables["trajectory"])


VERDICTS = [
    (0.5, 1000, "authorisation", "feasible"),
    (0.95, 1000, "authorisation", "feasible"),
    (0.6, 1000, "nothing", "infeasible"),
    (0.2, 1000, "nothing", "feasible"),
    (0.5, 1001, "authorisation", "infeasible"),
]


@pytest.mark.parametrize(("confidence", "size", "given", "verdict"), VERDICTS)
def test_verdicts(confidence: float, size: int, given: str, verdict: str) -> None:
    """A force of ten units for certain, if half of the futures have the truce that it needs."""
    asked = scenario(
        force={"sizes": [size], "capabilities": {"infantry": 1.0}},
        feasible_when={
            "fill": 1.0,
            "full": {"within": "4 weeks"},
            "confidence": confidence,
            "given": given,
        },
        conditions={"truce": {"probability": 0.4}},
        mandates={"force": {"kind": "alliance", "requires": ["truce"]}},
    )
    assert run(asked, replications=400, seed=1).tables["summary"]["verdict"] == [verdict]


def test_a_verdict_is_open_while_the_interval_spans_what_is_wanted() -> None:
    def verdict(confidence: float) -> tuple[str, dict[str, Any]]:
        asked = scenario(
            conditions={"truce": {"probability": 0.4}},
            mandates={"force": {"kind": "alliance", "requires": ["truce"]}},
            feasible_when={
                "full": {"within": "4 weeks"},
                "confidence": round(confidence, 6),
                "given": "nothing",
            },
        )
        row = rows(run(asked, replications=400, seed=1).tables["summary"])[0]
        return row["verdict"], row

    _, row = verdict(0.4)
    p, low, high = (row[f"p_feasible{end}"] for end in ("", "_low", "_high"))
    found = [verdict(at)[0] for at in (low - 1e-4, low + 1e-4, p, high - 1e-4, high + 1e-4)]
    assert found == ["feasible", "open", "open", "open", "infeasible"]


def test_a_verdict_needs_enough_replications_and_an_authorisation() -> None:
    never = {"truce": {"probability": 0.0}}
    mandates = {"force": {"kind": "alliance", "requires": ["truce"]}}
    refused = run(scenario(conditions=never, mandates=mandates), replications=9, seed=1)
    assert refused.tables["summary"]["verdict"] == ["never authorised"]
    assert run(scenario(), replications=3, seed=1).tables["summary"]["verdict"] == ["open"]
    assert run(scenario(), replications=50, seed=1).tables["summary"]["verdict"] == ["feasible"]


def test_the_largest_size_below_which_all_are_feasible() -> None:
    def largest(*verdicts: tuple[str, int, str]) -> dict[str, int | None]:
        mandates, sizes, says = (list(column) for column in zip(*verdicts, strict=True))
        table = {"mandate": mandates, "force_size": sizes, "verdict": says}
        return Result({"summary": table}, {}).largest()

    assert largest(
        ("b", 30, "feasible"),
        ("b", 20, "open"),
        ("b", 10, "feasible"),
        ("a", 10, "feasible"),
        ("a", 20, "feasible"),
        ("a", 30, "infeasible"),
        ("c", 10, "infeasible"),
        ("c", 20, "feasible"),
        ("d", 10, "no force"),
    ) == {"b": 10, "a": 20, "c": None, "d": None}


# -- CSV ---------------------------------------------------------------------------------------


def test_the_dialect(result: Result) -> None:
    for name in ("summary", "trajectory", "contributors", "replications"):
        written = to_csv(result.tables[name])
        assert not written.startswith(b"\xef\xbb\xbf")
        assert b"\r" not in written
        assert written.endswith(b"\n")
        parsed = list(csv.reader(io.StringIO(written.decode("utf-8"), newline="")))
        assert parsed[0] == list(result.tables[name])
        assert {len(row) for row in parsed} == {len(parsed[0])}
        assert not {"nan", "NaN", "None", "inf", "NaT"} & {cell for row in parsed for cell in row}
    dates = result.tables["trajectory"]["date"]
    assert dates[:3] == ["2026-07-01", "2026-07-08", "2026-07-15"]


def test_cells() -> None:
    values = [1, 0.1, 1 / 3, 1e-7, 123456789.25, True, np.bool_(False), np.int64(7), np.float32(2)]
    assert [cell_text(value) for value in values] == [
        "1",
        "0.1",
        "0.3333333333",
        "1e-07",
        "123456789.2",
        "true",
        "false",
        "7",
        "2",
    ]
    assert [cell_text(value) for value in (None, math.nan, np.nan, "", "nan", "1.50")] == [
        *("", "", "", "", "nan", "1.50")
    ]


NAMES = [
    'with, comma and "quotes"',
    "Côte d’Ivoire",
    "中国",
    "2026",
    "true",
    "nan",
    "inf",
    "1_000",
    "a\\b",
]


def test_names_come_back_as_they_went() -> None:
    table: dict[str, list[Any]] = {
        "mandate": NAMES,
        "contributor": list(reversed(NAMES)),
        "burden_highest_contributor": ["", *NAMES[1:]],
        "p_joins": [0.5] * len(NAMES),
        "known": [True] * 5 + [None] * (len(NAMES) - 5),
    }
    assert from_csv(io.StringIO(to_csv(table).decode(), newline="")) == table


def test_numbers_come_back_as_numbers() -> None:
    table: dict[str, list[Any]] = {
        "a": [1, 2, 3],
        "b": [0.5, math.nan, 2.0],
        "c": [math.nan] * 3,
        "d": [True, False, True],
    }
    again = from_csv(io.StringIO(to_csv(table).decode(), newline=""))
    assert again["a"] == [1, 2, 3] and all(isinstance(value, int) for value in again["a"])
    assert again["b"][::2] == [0.5, 2.0] and math.isnan(again["b"][1])
    assert all(map(math.isnan, again["c"]))
    assert again["d"] == [True, False, True]
    with pytest.raises(ValueError, match="different lengths"):
        from_csv(io.StringIO("a,b\n1\n"))


# -- Folders -----------------------------------------------------------------------------------


def test_every_table_is_read_back_as_it_was(result: Result, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "new" / "deep")
    assert sorted(path.name for path in folder.iterdir()) == [
        "contingents.csv",
        "contributors.csv",
        "replications.csv.gz",
        "run.json",
        "summary.csv",
        "trajectory.csv",
    ]
    again = read(folder)
    assert again.tables.keys() == result.tables.keys()
    for name in result.tables:
        assert text_of(again, name) == text_of(result, name)
        assert list(again.tables[name]) == list(result.tables[name])
    assert again.run == json.loads(json.dumps(dict(result.run)))
    assert again.largest() == result.largest()
    assert read(folder / "summary.csv").run == again.run
    summary = again.summary
    assert summary["p_feasible"].tolist() == pytest.approx(result.summary["p_feasible"].tolist())
    assert (again.replications["feasible"] == result.replications["feasible"]).all()


def test_the_same_result_gives_the_same_bytes(result: Result, tmp_path: Path) -> None:
    first, second = result.save(tmp_path / "a"), result.save(tmp_path / "b")
    for path in first.iterdir():
        assert path.read_bytes() == (second / path.name).read_bytes()


def test_replications_of_another_run_do_not_stay(result: Result, tmp_path: Path) -> None:
    result.save(tmp_path)
    (tmp_path / "replications.parquet").write_bytes(b"of an earlier run")
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "feasibility.png").write_bytes(b"png")
    other = run(scenario(), replications=4, seed=2)
    other.save(tmp_path)
    assert "replications" not in read(tmp_path).tables
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "contingents.csv",
        "contributors.csv",
        "feasibility.png",
        "notes.txt",
        "run.json",
        "summary.csv",
        "trajectory.csv",
    ]


def test_how_it_was_made(result: Result, tmp_path: Path) -> None:
    run_json = json.loads((result.save(tmp_path) / "run.json").read_text("utf-8"))
    assert run_json["layout"] == LAYOUT
    assert run_json["seed"] == 5
    assert run_json["replications"] == COUNT
    assert run_json["scenario_hash"] == busy().hash
    assert run_json["confidence"] == {"coalition": 0.5, "council": 0.5, "nobody": 0.5}
    assert {"python", "numpy", "scipy", "peacekeeping-sim"} <= run_json["versions"].keys()
    assert sim.Scenario(**run_json["inputs"]) == busy(), "the inputs run again"
    assert run_json["finished"].endswith("+00:00")
    # Everything that a run records stands in a JSON file: no NaN, which JSON does not know.
    assert "NaN" not in to_json({"a": [math.nan, {"b": math.nan}]}).decode()


def test_in_words(result: Result) -> None:
    assert repr(result) == "Result('Everything': 6 cells, 300 replications, seed 5)"
    html = result._repr_html_()
    assert html.startswith("<table")
    assert "coalition" in html and "p_feasible" in html and "verdict" in html
    named = run(
        scenario(mandates={"<b>bold</b>".replace("/", ""): {"kind": "alliance"}}),
        replications=2,
        seed=1,
    )
    assert "<b>" not in named._repr_html_()


# -- Whole or not at all -----------------------------------------------------------------------


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="this user may write anywhere"
)
def test_a_folder_that_must_not_be_written(result: Result, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(sim.SimError, match="cannot write results"):
            result.save(tmp_path)
        with pytest.raises(sim.SimError, match="cannot write results"):
            result.save(tmp_path / "below")
    finally:
        tmp_path.chmod(0o700)
    assert not list(tmp_path.iterdir())


def test_a_file_in_the_way(result: Result, tmp_path: Path) -> None:
    file = tmp_path / "results"
    file.write_text("mine")
    for folder in (file, file / "below"):
        with pytest.raises(sim.SimError, match="cannot write results"):
            result.save(folder)
    assert file.read_text() == "mine"


def test_a_folder_in_the_way(result: Result, tmp_path: Path) -> None:
    run(scenario(), replications=2, seed=1).save(tmp_path)
    before = (tmp_path / "contributors.csv").read_bytes()
    (tmp_path / "trajectory.csv").unlink()
    (tmp_path / "trajectory.csv").mkdir()
    with pytest.raises(sim.SimError, match=r"trajectory\.csv is a folder"):
        result.save(tmp_path)
    assert (tmp_path / "contributors.csv").read_bytes() == before


@pytest.mark.parametrize("nth", [1, 3, 5])
def test_a_full_disk_leaves_what_was_there(
    nth: int, result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(scenario(), replications=2, seed=1).save(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    calls = 0

    def full(file: int) -> None:
        nonlocal calls
        calls += 1
        if calls == nth:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(sim.SimError, match="No space left on device"):
        result.save(tmp_path)
    assert calls == nth
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_being_interrupted_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_all(tmp_path, {"a.csv": b"old"})

    def interrupted(file: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_all(tmp_path, {"a.csv": b"new", "b.csv": b"new"})
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    assert (tmp_path / "a.csv").read_bytes() == b"old"


def test_parquet_needs_pyarrow(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(sim.SimError, match=r"pip install 'peacekeeping-sim\[parquet\]'"):
        result.save(tmp_path / "new", parquet=True)
    assert not (tmp_path / "new").exists()
    # Tables in CSV are read all the same.
    run(scenario(), replications=2, seed=1).save(tmp_path)
    (tmp_path / "replications.parquet").write_bytes(b"PAR1")
    assert read(tmp_path).tables.keys() == {
        *("summary", "trajectory", "contributors", "contingents")
    }


def test_parquet_holds_the_same(result: Result, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    folder = result.save(tmp_path, parquet=True)
    assert not (folder / "replications.csv.gz").exists()
    assert text_of(read(folder), "replications") == text_of(result, "replications")


# -- Reading what is none ----------------------------------------------------------------------


def test_what_is_no_results_folder(result: Result, tmp_path: Path) -> None:
    def refused(folder: Path, message: str = "not a results folder") -> None:
        with pytest.raises(sim.SimError, match=message):
            read(folder)

    refused(tmp_path / "nowhere")
    refused(tmp_path)
    folder = result.save(tmp_path)
    whole = (folder / "run.json").read_text("utf-8")
    for text in ("", "[]", "{}", '{"layout": "one"}', whole[:50], "\udcff"):
        (folder / "run.json").write_text(text, "utf-8", errors="surrogateescape")
        refused(folder)
    (folder / "run.json").write_text(json.dumps(json.loads(whole) | {"layout": LAYOUT + 1}))
    refused(folder, "written by a newer version")
    (folder / "run.json").write_text(whole, "utf-8")
    assert read(folder).tables.keys() == result.tables.keys()

    packed = folder / "replications.csv.gz"
    bytes_before = packed.read_bytes()
    for broken in (bytes_before[:200], b"no gzip", bytes_before[:20] + b"\0" * 50):
        packed.write_bytes(broken)
        refused(folder)
    packed.write_bytes(gzip.compress(b"a,b\n1\n"))
    refused(folder)
    packed.unlink()
    for broken in (b"\xff\xfe", b'a\n"' + b"x" * 200_000 + b'"\n', b"a,b\n1\n"):
        (folder / "trajectory.csv").write_bytes(broken)
        refused(folder)
    (folder / "trajectory.csv").unlink()
    (folder / "summary.csv").unlink()
    refused(folder)


# -- The runner's own checks -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"replications": 0}, "replications must be at least 1, found 0"),
        ({"replications": 2.5}, "replications must be a whole number, found 2.5"),
        ({"seed": -1}, "seed must be at least 0, found -1"),
        ({"seed": "one"}, "seed must be a whole number, found 'one'"),
    ],
)
def test_what_a_run_refuses(arguments: Any, message: str) -> None:
    with pytest.raises(sim.SimError, match=message):
        run(scenario(), **arguments)


def test_numbers_of_numpy_are_numbers(tmp_path: Path) -> None:
    size, seed = np.int64(3), np.uint8(7)
    folder = run(scenario(), replications=int(size), seed=seed).save(tmp_path)  # type: ignore[arg-type]
    assert read(folder).run["seed"] == 7


def test_a_run_too_large_for_the_machine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.running.memory._memory", lambda: 1e6)
    with pytest.raises(
        sim.SimError, match=r"would take about .* GB of memory, the machine has 0\.0"
    ):
        run(scenario(), replications=1)


def test_progress_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    told: list[tuple[int, int]] = []
    run(busy(), replications=50, seed=1, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (300, 300)
    assert told == sorted(told)
    assert capsys.readouterr() == ("", "")


def test_a_result_is_frozen(result: Result) -> None:
    with pytest.raises(AttributeError):
        result.run = {}  # type: ignore[misc]
    assert result.contributors["contributor"].unique().tolist() == ["Aland", "Bland", "Cland"]
