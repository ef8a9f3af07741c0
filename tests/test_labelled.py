"""`Result.to_xarray`: the tables of a result as arrays with named dimensions."""

from __future__ import annotations

import builtins
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import busy, scenario

import sim
from sim.engine.plan import CAUSES
from sim.results.labelled import _units
from sim.results.tables import QUANTILES, TEXTS

xarray = pytest.importorskip("xarray", reason="xarray is not installed")


@pytest.fixture(scope="module")
def result() -> sim.Result:
    """Three mandates, one of which sends nobody; the two others have sizes of their own."""
    varied = busy().with_("mandates.council.force", {"sizes": [600, 900]})
    return sim.run(varied, replications=200, seed=2**70)


@pytest.fixture(scope="module")
def found(result: sim.Result) -> Any:
    return result.to_xarray()


def test_the_dimensions_are_named_and_in_the_order_of_the_scenario(found: Any) -> None:
    assert set(found.sizes) == {
        "mandate", "force_size", "step", "contributor", "month", "quantile", "cause"
    }  # fmt: skip
    assert list(found["mandate"].values) == ["coalition", "council", "nobody"]
    assert list(found["force_size"].values) == [600, 900, 1500]
    assert list(found["contributor"].values) == ["Aland", "Bland", "Cland"]
    assert list(found["quantile"].values) == list(QUANTILES.values())
    assert list(found["cause"].values) == list(CAUSES)
    assert found["date"].dims == ("step",)
    assert str(found["date"].values[1])[:10] == "2026-07-08"
    assert np.issubdtype(found["month"].dtype, np.datetime64)


@pytest.mark.parametrize(
    ("table", "prefix"),
    [
        ("summary", ""),
        ("trajectory", ""),
        ("contributors", "contributor_"),
        ("contingents", "contingent_"),
    ],
)
def test_every_figure_of_every_table_is_at_its_place(
    result: sim.Result, found: Any, table: str, prefix: str
) -> None:
    seen = 0
    for row in getattr(result, table).to_dict("records"):
        at = {key: row.pop(key) for key in ("mandate", "force_size", "contributor") if key in row}
        if table == "trajectory":
            at["step"] = row.pop("step")
            assert str(found["date"].sel(step=at["step"]).values)[:10] == row.pop("date")
        if table == "contingents":
            at["month"], _ = np.datetime64(row.pop("date")), row.pop("step")
        own = found.sel(at)
        for name, value in row.items():
            variable, _, part = name.rpartition("_")
            if name == "replications" and table != "summary":
                there = own["authorised_replications"]
            elif part in QUANTILES:
                there = own[prefix + variable].sel(quantile=QUANTILES[part])
            elif variable == "binding":
                there = own["binding"].sel(cause=part)
            else:
                there = own[prefix + name]
            if isinstance(value, str):
                assert there.item() == value
            else:
                assert np.array_equal(there.item(), value, equal_nan=True), name
            seen += 1
    assert seen > 100


def test_where_a_table_has_no_row_there_is_no_figure(found: Any) -> None:
    assert np.isnan(found["p_feasible"].sel(mandate="council", force_size=1500))
    assert found["verdict"].sel(mandate="council", force_size=1500).item() == ""
    assert found["present"].sel(mandate="nobody").isnull().all()


def test_units_stand_beside_every_number(found: Any) -> None:
    units = {str(name): found[name].attrs.get("units") for name in found.variables}
    for name, variable in found.data_vars.items():
        assert (units[str(name)] is not None) == (variable.dtype.kind in "if"), name
    assert units["p_feasible_mcse"] == units["binding"] == units["fill"] == "1"
    assert units["full_capability_months"] == units["full_capability_months_p50_low"] == "months"
    for name in ("force_size", "present", "counted_mean", "contributor_army"):
        assert units[name] == "soldiers"
    assert units["contingent_present_soldiers_mean"] == "soldiers"
    assert units["cost_million_mean"] == units["contributor_cost_million_mcse"] == "million EUR"
    assert units["contributor_burden_percent_mean"] == "percent"
    assert units["contributor_deaths_mean"] == units["contributor_p_joins"] == "1"


def test_every_column_has_the_units_that_its_name_says(result: sim.Result) -> None:
    """A column of a new kind must not be taken for a plain number unseen."""
    plain = ("deaths", "breaches", "withdrawals", "replications", "fill", "binding", "step")
    for name, table in result.tables.items():
        for column in table:
            if column not in TEXTS and _units(column, "EUR") == "1":
                assert column.startswith(("p_", *plain, "hold_fill", "authorised_")), (name, column)


def test_the_attributes_say_how_it_was_made(result: sim.Result, found: Any) -> None:
    assert found.attrs["seed"] == str(2**70)  # more than a file's whole numbers hold
    assert found.attrs["replications"] == 200
    assert found.attrs["title"] == result.title
    assert json.loads(found.attrs["inputs"]) == result.run["inputs"]
    assert json.loads(found.attrs["confidence"]) == result.run["confidence"]
    assert {type(value) for value in found.attrs.values()} <= {str, int, float}


@pytest.mark.parametrize("engine", ["h5netcdf"])
def test_netcdf_there_and_back(found: Any, tmp_path: Path, engine: str) -> None:
    pytest.importorskip(engine)
    pytest.importorskip("h5py")
    found.to_netcdf(tmp_path / "result.nc", engine=engine)
    again = xarray.load_dataset(tmp_path / "result.nc", engine=engine)
    xarray.testing.assert_identical(again, found)


def test_a_result_read_from_its_folder_is_the_same(
    result: sim.Result, found: Any, tmp_path: Path
) -> None:
    again = sim.read(result.save(tmp_path)).to_xarray()
    xarray.testing.assert_allclose(again, found, rtol=1e-9)
    for name in found.data_vars:
        assert again[name].dtype.kind == found[name].dtype.kind, name


def test_a_mandate_that_sends_nobody_has_no_trajectory() -> None:
    found = sim.run(
        scenario(mandates={"nobody": {"kind": "none"}}), replications=20, seed=1
    ).to_xarray()
    assert set(found.sizes) == {"mandate", "force_size", "quantile", "cause"}
    assert found["verdict"].item() == "no force"


def test_without_xarray_it_says_what_to_install(
    result: sim.Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any) -> Any:
        if name == "xarray":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(sim.SimError, match=r"peacekeeping-sim\[integrations\]"):
        result.to_xarray()
