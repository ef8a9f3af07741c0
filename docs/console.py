"""Run the commands of a document, and put what they print under them: ``make docs-figures``."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)


def executed(text: str, home: Path) -> str:
    """A document with its console blocks run, from the first to the last, in the folder `home`.

    A block is commands, each behind ``$ `` with what it printed below it. The scenarios lie in
    `home` as they do in the repository, and the terminal is 100 columns wide.
    """
    shutil.copytree(ROOT / "scenarios", home / "scenarios", dirs_exist_ok=True)
    return BLOCK.sub(lambda block: f"```console\n{_run(block[1], home)}```", text)


def _run(block: str, home: Path) -> str:
    commands = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    told = []
    for command in commands:
        program, *arguments = shlex.split(command)
        if program != "sim":
            raise ValueError(f"only sim is run here, found: {command}")
        done = subprocess.run(
            [sys.executable, "-m", "sim", *arguments], cwd=home, capture_output=True, text=True,
            env=os.environ | {"COLUMNS": "100", "PYTHONPATH": str(ROOT)}, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{command}: exit code {done.returncode}\n{done.stderr}")
        lines = [line.rstrip() for line in done.stdout.strip().splitlines()]
        told.append("\n".join([f"$ {command}", *lines]) + "\n")
    return "\n".join(told)


def main() -> None:
    """Bring the tutorial up to date."""
    page = ROOT / "docs" / "tutorial.md"
    with tempfile.TemporaryDirectory() as home:
        page.write_text(executed(page.read_text("utf-8"), Path(home)), "utf-8")


if __name__ == "__main__":
    main()
