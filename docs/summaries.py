"""Run every shipped scenario and keep its summary in results/summaries: ``make results``.

Files without run settings of their own are run as ``sim run`` would run them. ``index.csv`` says of
each what it was made from, so that a summary that has fallen behind its scenario is noticed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import sim
from sim.results.files import to_csv, write_all

ROOT = Path(__file__).parent.parent
SCENARIOS = ROOT / "scenarios"
SUMMARIES = ROOT / "results" / "summaries"


def shipped() -> list[Path]:
    """Every scenario that can be run: all YAML files but those of the library."""
    found = sorted(SCENARIOS.rglob("*.yaml"))
    return [path for path in found if "library" not in path.relative_to(SCENARIOS).parts]


def name_of(path: Path) -> str:
    """``claims/7500_of_30000`` becomes ``claims-7500_of_30000``."""
    return "-".join(path.relative_to(SCENARIOS).with_suffix("").parts)


def main(names: list[str]) -> None:
    """Run them all (or those named) and write what they come to, whole or not at all."""
    contents: dict[str, bytes] = {}
    index: dict[str, list[object]] = {}
    for path in shipped():
        name, scenario = name_of(path), sim.load(path)
        kept = SUMMARIES / f"{name}.csv"
        if names and name not in names and kept.exists():
            contents[kept.name] = kept.read_bytes()
            row = _row_before(name)
        else:
            result = sim.run(scenario, workers=os.cpu_count() or 1)
            contents[kept.name] = to_csv(result.tables["summary"])
            row = {key: result.run[key] for key in ("scenario_hash", "seed", "replications")}
            sys.stderr.write(f"{name}: {result.run['seconds']:.0f} s\n")
        for key, value in {"scenario": name, **row}.items():
            index.setdefault(key, []).append(value)
    contents["index.csv"] = to_csv(index)
    gone = {file.name for file in SUMMARIES.glob("*.csv")} - contents.keys()
    write_all(SUMMARIES, contents, obsolete=sorted(gone))


def _row_before(name: str) -> dict[str, object]:
    import csv

    with (SUMMARIES / "index.csv").open(encoding="utf-8", newline="") as file:
        row: dict[str, object] = next(r for r in csv.DictReader(file) if r["scenario"] == name)
    return {key: value for key, value in row.items() if key != "scenario"}


if __name__ == "__main__":
    main(sys.argv[1:])
