"""Regenerate the figures that stand in the documents: ``make docs-figures``.

Runs the main scenario for the table of README.md, and the benchmarks for its speed and for
benchmarks/README.md. Everything between the markers is replaced.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def replace(path: Path, marker: str, text: str) -> None:
    """Put `text` between the markers of `path`."""
    begin, end = f"<!-- {marker}:begin -->", f"<!-- {marker}:end -->"
    old = path.read_text("utf-8")
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not pattern.search(old):
        sys.exit(f"{path}: no marker {marker}")
    path.write_text(pattern.sub(lambda _: f"{begin}\n{text}\n{end}", old), "utf-8")


def output(*command: str) -> str:
    """What a command prints."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.rstrip()


def main() -> None:
    """Regenerate everything."""
    table = output("sim", "run", "scenarios/reassurance_force.yaml")
    replace(ROOT / "README.md", "table", f"```text\n{table}\n```")
    speed = output("benchmarks.reference")
    replace(ROOT / "README.md", "speed", speed)
    replace(ROOT / "benchmarks" / "README.md", "speed", speed)


if __name__ == "__main__":
    main()
