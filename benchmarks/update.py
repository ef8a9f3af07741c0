"""Regenerate the tables of benchmarks/README.md: ``python -m benchmarks.update``.

Takes some ten minutes. `docs/update.py` (``make docs-figures``) puts the first table here too.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parent / "README.md"


def replace(marker: str, text: str) -> None:
    """Put a text between two markers."""
    begin, end = f"<!-- {marker}:begin -->", f"<!-- {marker}:end -->"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    old = README.read_text("utf-8")
    README.write_text(pattern.sub(lambda _: f"{begin}\n{text}\n{end}", old), "utf-8")


def main() -> None:
    """Run both programs and put what they print between their markers."""
    for marker, module in (("speed", "benchmarks.reference"), ("growth", "benchmarks.growth")):
        command = [sys.executable, "-m", module]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        replace(marker, done.stdout.rstrip())


if __name__ == "__main__":
    main()
