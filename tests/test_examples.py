"""The examples: each runs as it stands, is short, and prints what it promises."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "examples"
NOTEBOOK = FOLDER / "notebook.ipynb"
LONGEST = 60
INTERVAL = r"\d+% (±|\(\d+% to \d+%\))"


@dataclass(frozen=True)
class Example:
    """What an example needs, what stands in its output, and warnings that are not its own."""

    needs: tuple[str, ...]
    prints: tuple[str, ...]
    ignores: tuple[str, ...] = ()


# SALib 1.5 hands pandas 2 a list where it wants an array.
OLD_SALIB = "ignore:unique with argument:FutureWarning:SALib.util"

EXAMPLES = {
    "salib_sobol": Example(
        ("SALib",),
        (r"160 settings", r"correlation of will +-?\d+% ± \d+%"),
        (OLD_SALIB,),
    ),
    "salib_morris": Example(
        ("SALib",),
        (r"160 settings", r"rest\.goal +[\d,]+ ± [\d,]+ +[\d,]+"),
        (OLD_SALIB,),
    ),
    "ema_experiments": Example(
        ("ema_workbench",),
        (r"interval \d+% to \d+%, of 300", r"PRIM's box holds \d+%", r"\.units: [\d.]+ to [\d.]+"),
        # pandas 3.1 deprecates `inplace`, which PRIM uses.
        ("ignore::DeprecationWarning:ema_workbench.analysis.prim",),
    ),
    "scipy_optimize": Example((), (r"soldiers: \d+% if authorised \(\d+% to \d+%\)",)),
    "five_lines": Example((), (r"these five lines +" + INTERVAL, r"scenario's own +" + INTERVAL)),
    "mesa_conflict": Example(
        ("mesa",), (r"force +war in \d+% .*\(\d+% to", r"nobody +war in \d+% .*\(\d+% to")
    ),
    "simpy_environment": Example((), (r"reaches [\d,]+ of 4,200 \([\d,]+ to", r"on \d+ days")),
    "xarray_netcdf": Example(
        ("xarray", "h5netcdf", "h5py"),
        (r"median +[\d,]+, nine", r"[\d,]+ ± \d+ sold", "before: True$"),
    ),
    "duckdb_replications": Example(("duckdb", "pyarrow"), (r"15,000 +yes +\d+ +\d+% ± \d+%",)),
}


def needed(*modules: str) -> None:
    for module in modules:
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed (the extra integrations)")


def test_every_example_is_tried_and_told_of() -> None:
    told = (FOLDER / "README.md").read_text("utf-8")
    files = {path.stem for path in FOLDER.glob("*.py")}
    assert files == set(EXAMPLES)
    for name in (*(f"{file}.py" for file in files), NOTEBOOK.name):
        assert f"[{name}]({name})" in told
    for link in re.findall(r"\]\((.+?)\)", told):
        assert (FOLDER / link).exists(), link


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_short(name: str) -> None:
    assert len((FOLDER / f"{name}.py").read_text("utf-8").splitlines()) < LONGEST


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_and_prints_what_it_promises(name: str) -> None:
    example = EXAMPLES[name]
    needed(*example.needs)
    warnings = [f"-W{rule}" for rule in ("error", *example.ignores)]
    done = subprocess.run(
        [sys.executable, *warnings, f"examples/{name}.py"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "7", "COLUMNS": "80"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for pattern in example.prints:
        assert re.search(pattern, done.stdout, re.MULTILINE), done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert "nan" not in done.stdout


def notebook() -> Any:
    needed("nbformat", "nbclient", "ipykernel", "xarray")
    import nbformat

    read: Any = nbformat.read  # which carries no types
    return read(NOTEBOOK, as_version=4)


def test_the_notebook_is_kept_without_outputs() -> None:
    code = [cell for cell in notebook().cells if cell.cell_type == "code"]
    assert sum(len(cell.source.splitlines()) for cell in code) < LONGEST
    assert [(cell.outputs, cell.execution_count) for cell in code] == [([], None)] * len(code)


def test_the_notebook_runs_from_top_to_bottom() -> None:
    ran = notebook()
    from nbclient import NotebookClient

    client = NotebookClient(ran, timeout=300, resources={"metadata": {"path": str(FOLDER)}})
    client.execute()
    outputs = [output for cell in ran.cells for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 2
    printed = "".join(output.text for output in outputs if output.output_type == "stream")
    assert re.search(r"^correlation 0\.6: \d+% ± \d+%$", printed, re.MULTILINE)
    assert not any(output.get("name") == "stderr" for output in outputs), printed
