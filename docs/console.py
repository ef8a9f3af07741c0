"""Run the code of the documents, and show what it prints: ``make docs-figures``."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGES = ("docs/tutorial.md", "docs/first-answer.md", "docs/cite.md", "docs/how-to/*.md")
"""Where what the commands print is shown; other documents show commands alone, or none."""

BLOCK = re.compile(
    r"^(?P<mark><!-- (?:not executed: [^\n]+|\w+:begin) -->\n)?"
    r"```(?P<language>\w+)(?P<said>[^\n]*)\n(?P<body>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
"""A block of code. Directives of MyST, ``{figure}`` and so on, are none."""

BRIEF = 200
"""Replications of a command that only has to work."""


def executed(text: str, home: Path) -> str:
    """A document with its blocks of code run, from the first to the last, in the folder `home`.

    ============================ ==================================================================
    ``console``                  commands, each behind ``$ `` with what it printed below it; a
                                 backslash continues a command, ``>`` leads into a file
    ``console briefly``          commands alone: they run with few replications, and must work
    ``console refused``          commands that are bad input (exit code 2), and what they are told
    ``python``                   one program in the course of the document
    ``text``                     what the Python before it printed
    ``LANGUAGE file=NAME``       a file of this name; a .yaml file is loaded as a scenario
    ============================ ==================================================================

    A block that cannot be run says why on the line before it, ``<!-- not executed: why -->``, or
    follows ``<!-- name:begin -->``, the place of what ``docs/update.py`` and the like make. The
    scenarios and the summaries of their results lie in `home` as they do in the repository, and the
    terminal is 100 columns wide.

    Raises
    ------
    ValueError
        If a block is neither of these nor marked.
    RuntimeError
        If a command ends otherwise than it should. What Python raises is passed on.
    """
    for folder in ("scenarios", "results/summaries"):
        shutil.copytree(ROOT / folder, home / folder, dirs_exist_ok=True)
    document = _Document(home)
    with contextlib.chdir(home):
        return BLOCK.sub(document.run, text)


class _Document:
    """What the blocks of a document share: a folder, Python's names, what was printed last."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.names: dict[str, Any] = {"__name__": "document"}
        self.printed = ""

    def run(self, block: re.Match[str]) -> str:
        """Run a block; give it as it should be shown."""
        language, said, body = block["language"], block["said"].strip(), block["body"]
        if block["mark"]:
            return block[0]
        if said.startswith("file="):
            self._save(said.removeprefix("file="), body)
        elif language == "console" and said in ("", "briefly", "refused"):
            told = [self._command(command, said) for command in commands_of(body)]
            body = body if said == "briefly" else "\n".join(told)
        elif language == "python" and not said:
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exec(compile(body, "document", "exec"), self.names)
            self.printed = _stripped(printed.getvalue())
        elif language == "text" and self.printed:
            body, self.printed = self.printed, ""
        else:
            raise ValueError(f"neither run nor marked as not executed:\n{block[0]}")
        return f"```{language}{block['said']}\n{body}```"

    def _save(self, name: str, content: str) -> None:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
        if path.suffix == ".yaml":
            import sim

            sim.load(path)

    def _command(self, command: str, said: str) -> str:
        program, *arguments = shlex.split(command.replace("\\\n", " "), comments=True)
        if program != "sim":
            raise ValueError(f"only sim is run here, found: {command}")
        into = arguments.pop() if ">" in arguments else ""
        arguments = [argument for argument in arguments if argument != ">"]
        if said == "briefly" and _takes_replications(arguments):
            arguments += ["-n", str(BRIEF)]
        done = subprocess.run(
            [sys.executable, "-m", "sim", *arguments], cwd=self.home, capture_output=True,
            text=True, env=os.environ | {"COLUMNS": "100", "PYTHONPATH": str(ROOT)}, check=False,
        )  # fmt: skip
        if done.returncode != (2 if said == "refused" else 0):
            raise RuntimeError(f"{command}: exit code {done.returncode}\n{done.stderr}")
        if into:
            (self.home / into).write_text(done.stdout, "utf-8")
            return f"$ {command}\n"
        return f"$ {command}\n{_stripped(done.stderr if said == 'refused' else done.stdout)}"


def commands_of(body: str) -> list[str]:
    """The commands of a console block, without their prompts and what they printed."""
    return re.findall(r"^\$ ((?:.*\\\n)*.*)$", body, re.MULTILINE)


def _takes_replications(arguments: list[str]) -> bool:
    from sim.cli import cli

    given = {"-n", "--replications", "--precision"} & set(arguments)
    command = cli.get_command(None, arguments[0])  # type: ignore[arg-type]
    return not given and command is not None and any("-n" in p.opts for p in command.params)


def _stripped(text: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in text.strip("\n").splitlines())


def main() -> None:
    """Bring the documents up to date."""
    for path in sorted(path for page in PAGES for path in ROOT.glob(page)):
        with tempfile.TemporaryDirectory() as home:
            path.write_text(executed(path.read_text("utf-8"), Path(home)), "utf-8")


if __name__ == "__main__":
    main()
