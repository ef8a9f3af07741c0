"""Coverage-guided fuzz of the loader: ``python tests/fuzz_loader.py [--seconds 300]``.

Needs atheris (``pip install atheris``; not every system has it), and says so where it is missing.
Whatever text comes, the loader gives a scenario or a `ScenarioError` whose every issue has a place;
anything else is a crash, which libFuzzer writes to a file.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
from pathlib import Path
from typing import Any

SCENARIOS = Path(__file__).parent.parent / "scenarios"
# What the fuzz begins with: small files that have much of the language in them.
SEEDS = ("every_key.yaml", "language_example.yaml")
_OF_THE_FILE = ("the file is empty", "is larger than 5 MB")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=300)
    options = parser.parse_args()
    try:
        atheris: Any = importlib.import_module("atheris")
    except ImportError:
        print("skipped: atheris is not installed; pip install atheris", file=sys.stderr)
        return 0
    with atheris.instrument_imports(include=["sim.scenario", "sim.errors"]):
        from sim.errors import ScenarioError
        from sim.scenario.compose import digest
        from sim.scenario.scenario import Scenario
        from sim.scenario.source import parse

    def look(content: bytes) -> None:
        try:
            scenario = Scenario.from_tree(parse(content, "a.yaml"), "a")
            digest(scenario.data)
        except ScenarioError as error:
            assert error.issues, "refused without a word"
            for issue in error.issues:
                placed = issue.line > 0 or str(issue).endswith(_OF_THE_FILE)
                assert placed, f"no place: {issue}"
                assert "\n" not in str(issue), f"more than a line: {issue}"

    # Of one name, and never removed: the next fuzz goes on with what this one finds.
    corpus = Path(tempfile.gettempdir()) / "peacekeeping-sim-corpus"
    corpus.mkdir(exist_ok=True)
    tests = SCENARIOS.parent / "tests"
    begun = (*(tests / "scenarios" / seed for seed in SEEDS), *SCENARIOS.glob("claims/*.yaml"))
    for file in (*begun, *tests.glob("errors/*.yaml")):
        (corpus / file.name).write_bytes(file.read_bytes())
    limits = ["-timeout=10", "-rss_limit_mb=1000", "-max_len=8000"]
    atheris.Setup([sys.argv[0], f"-max_total_time={options.seconds}", *limits, str(corpus)], look)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
