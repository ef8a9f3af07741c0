"""Regenerate the figures that stand in the documents: ``make docs-figures``.

Runs the main scenario for the table of README.md, the benchmarks for the tables of speed, and the
commands of the tutorial; some of them: ``python docs/update.py table tutorial``. Everything between
the markers is replaced.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import console

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


def table() -> None:
    """The table of README.md."""
    told = output("sim", "run", "scenarios/reassurance_force.yaml")
    lines = "\n".join(line.rstrip() for line in told.splitlines())
    replace(ROOT / "README.md", "table", f"```text\n{lines}\n```")


def speed() -> None:
    """How fast the core is, in README.md and benchmarks/README.md; wants an idle machine."""
    told = output("benchmarks.reference")
    replace(ROOT / "README.md", "speed", told)
    replace(ROOT / "benchmarks" / "README.md", "speed", told)


def growth() -> None:
    """How cost grows, in benchmarks/README.md; wants an idle machine."""
    replace(ROOT / "benchmarks" / "README.md", "growth", output("benchmarks.growth"))


def page() -> None:
    """How soon the page follows a lever; wants an idle machine, and Chromium."""
    replace(ROOT / "benchmarks" / "README.md", "page", output("benchmarks.page"))


PARTS = {"table": table, "speed": speed, "growth": growth, "page": page, "tutorial": console.main}


def main(names: list[str]) -> None:
    """Regenerate everything, or the parts named."""
    for name in names or PARTS:
        PARTS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
