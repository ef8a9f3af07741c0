"""The tables of a result as one array with named dimensions and units."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sim.engine.plan import CAUSES
from sim.errors import SimError
from sim.results.tables import QUANTILES, TEXTS, Table

if TYPE_CHECKING:
    import xarray

_CELL = ("mandate", "force_size")
_SOLDIERS = {"soldiers", "size", "army", "present", "counted"}
_WHOLE = 2**63  # what a file of arrays holds; a seed may be larger


def labelled(tables: Mapping[str, Table], run: Mapping[str, Any]) -> xarray.Dataset:
    """One dataset of a result's tables; see `Result.to_xarray`."""
    try:
        import xarray
    except ImportError:
        raise SimError("this needs xarray: pip install 'peacekeeping-sim[integrations]'") from None
    attributes = {key: _plain(value) for key, value in run.items()}
    cells = tables["summary"]
    orders = {
        "mandate": list(dict.fromkeys(cells["mandate"])),
        "force_size": sorted(set(cells["force_size"])),
        "contributor": list(dict.fromkeys(tables["contributors"]["contributor"])),
    }
    found = xarray.Dataset(attrs=attributes)
    for name, keys, prefix in (
        ("summary", _CELL, ""),
        ("trajectory", (*_CELL, "step"), ""),
        ("contributors", (*_CELL, "contributor"), "contributor_"),
        ("contingents", (*_CELL, "contributor", "month"), "contingent_"),
    ):
        table = dict(tables[name])
        if name != "summary":
            table.pop("replications", None)  # the summary's authorised_replications
        if name == "contingents":
            table["month"], _ = table.pop("date"), table.pop("step")
        if table[keys[-1]]:
            cube = _cube(table, keys, orders)
            found = found.assign({f"{prefix}{key}": cube[key] for key in cube.data_vars})
    if dates := dict(zip(tables["trajectory"]["step"], tables["trajectory"]["date"], strict=True)):
        found = found.assign_coords(date=("step", _days(list(dates.values()))))
    currency = next(filter(None, cells["currency"]), "")
    for key in (*found.data_vars, "force_size"):
        if found[key].dtype.kind in "if":
            found[key].attrs["units"] = _units(str(key), currency)
    return found


def _cube(table: Table, keys: Sequence[str], orders: Mapping[str, list[Any]]) -> xarray.Dataset:
    """A table as arrays over its keys, NaN or empty where it has no row."""
    import pandas
    import xarray

    frame = pandas.DataFrame({key: table[key] for key in table if key != "date"})
    if "month" in keys:
        frame["month"] = _days(table["month"])
    words = [key for key in frame if key in TEXTS]
    frame[words] = frame[words].astype(object)
    cube = xarray.Dataset.from_dataframe(frame.set_index(list(keys)))
    cube = cube.reindex({key: orders[key] for key in keys if key in orders})
    for key in words:
        if key in cube.data_vars:
            cube[key] = cube[key].fillna("")
    for name in dict.fromkeys(str(key).removesuffix("_p50") for key in cube.data_vars):
        cube = _folded(cube, name, "quantile", QUANTILES)
    return _folded(cube, "binding", "cause", dict.fromkeys(CAUSES))


def _folded(
    cube: xarray.Dataset, name: str, dimension: str, parts: Mapping[str, Any]
) -> xarray.Dataset:
    """Make one variable with a further dimension of ``name_part, name_part ...``, if there are."""
    import xarray

    columns = [f"{name}_{part}" for part in parts]
    if not set(columns) <= set(cube.data_vars):
        return cube
    labels = [part if value is None else value for part, value in parts.items()]
    whole = xarray.concat([cube[key] for key in columns], dimension)
    whole = whole.transpose(..., dimension).assign_coords({dimension: labels})
    return cube.drop_vars(columns).assign({name: whole})


def _days(dates: Sequence[str]) -> Any:
    import numpy as np

    return np.array(dates, "datetime64[ns]")


def _units(name: str, currency: str) -> str:
    """Units of a column of numbers, which its name tells."""
    words = name.removeprefix("contributor_").removeprefix("contingent_").split("_")
    if words[0] == "p":
        return "1"
    if "cost" in words:
        return f"million {currency}".strip()
    if _SOLDIERS & set(words):
        return "soldiers"
    return next((unit for unit in ("months", "percent") if unit in words), "1")


def _plain(value: Any) -> str | int | float:
    """A value that an attribute can hold: what is not plain as JSON."""
    if isinstance(value, str) or (isinstance(value, (int, float)) and abs(value) < _WHOLE):
        return int(value) if isinstance(value, bool) else value
    return json.dumps(value, ensure_ascii=False)
