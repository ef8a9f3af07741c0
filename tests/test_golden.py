"""The shipped scenarios give the figures that they gave before.

256 futures of a few force sizes each, to the last digit. Where a figure is meant to change (of a
scenario, or of the model), write the new ones and read what changed before keeping it:

    pytest tests/test_golden.py --update-golden
"""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

import sim
from sim.engine.plan import CAUSES
from sim.results.files import to_csv
from sim.results.tables import STAGES

ROOT = Path(__file__).parent.parent
GOLDEN = Path(__file__).parent / "golden"

SIZES = {
    "reassurance_force": [30_000, 60_000, 100_000],
    "un_mission": [30_000, 35_000, 40_000],
    "no_deployment": [30_000, 90_000, 150_000],
    "all_mandates": [30_000, 60_000],
}
COLUMNS = (
    *("mandate", "force_size", *(f"p_{stage}" for stage in STAGES), "p_feasible_if_authorised"),
    *("p_adequate", "p_mission_ending_state", "verdict"),
    *("initial_capability_months_p50", "full_capability_months_p50"),
    *(f"binding_{cause}" for cause in CAUSES),
)


@pytest.mark.parametrize("name", SIZES)
def test_figures_of(name: str, update_golden: bool, capsys: pytest.CaptureFixture[str]) -> None:
    scenario = sim.load(ROOT / "scenarios" / f"{name}.yaml").with_("force.sizes", SIZES[name])
    summary = sim.run(scenario, replications=256, seed=2026).tables["summary"]
    found = to_csv({column: summary[column] for column in COLUMNS}).decode()
    path = GOLDEN / f"{name}.csv"
    told = path.read_text("utf-8") if path.exists() else ""
    changes = "\n".join(difflib.unified_diff(told.split("\n"), found.split("\n"), lineterm="", n=0))
    if not update_golden:
        assert not changes, f"{name} gives other figures than {path.name}:\n{changes}"
    elif changes:
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(found, "utf-8", newline="\n")
        with capsys.disabled():
            print(f"\n{path.name}:\n{changes}")


def test_every_golden_file_belongs_to_a_scenario() -> None:
    assert {path.stem for path in GOLDEN.glob("*.csv")} == SIZES.keys()
    assert all((ROOT / "scenarios" / f"{name}.yaml").is_file() for name in SIZES)
