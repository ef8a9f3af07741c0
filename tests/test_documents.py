"""What the documents show works as shown, and names what exists."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from builders import scenario
from click.testing import CliRunner
from console import BLOCK, executed
from reliability import told_of_kills

import sim
from sim.analysis.history.record import FILLS, SHARES
from sim.cli import cli
from sim.engine.plan import CAUSES
from sim.scenario.schema import json_schema

ROOT = Path(__file__).parent.parent


def test_the_python_of_the_readme_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it stands, but with few replications."""
    text = (ROOT / "README.md").read_text("utf-8")
    code = "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    run = sim.run

    def short(scenario: sim.Scenario, **options: Any) -> sim.Result:
        return run(scenario.with_("force.sizes", [5_000]), **{**options, "replications": 64})

    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sim, "run", short)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "README.md", "exec"), {})
    assert "p_feasible_if_authorised" in printed.getvalue()
    assert "Result('European reassurance force" in printed.getvalue()


def test_every_option_of_the_readme_exists() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    for name in re.findall(r"^\$ sim (\w+)", text, re.MULTILINE):
        assert name in cli.list_commands(None)  # type: ignore[arg-type]
    told = CliRunner().invoke(cli, ["run", "--help"]).output
    told += CliRunner().invoke(cli, ["trace", "--help"]).output if "sim trace" in text else ""
    for option in set(re.findall(r"--[a-z][a-z-]+", text)):
        assert option in told, option


def keys(schema: dict[str, Any]) -> set[str]:
    """Every key of every section of the language."""
    sections = [schema, *schema["$defs"].values()]
    return {key for section in sections for key in section.get("properties", {})}


def test_the_language_reference_names_every_key() -> None:
    text = (ROOT / "docs" / "language.md").read_text("utf-8")
    missing = [key for key in keys(json_schema()) if not re.search(rf"\b{re.escape(key)}\b", text)]
    assert not missing


def test_keys_that_mean_different_things_are_described_apart() -> None:
    """Else the reference sends the reader from one key of a section to another."""
    schema = json_schema()
    for name, section in {"the file": schema, **schema["$defs"]}.items():
        written = [json.dumps(value) for value in section.get("properties", {}).values()]
        parts = [part for text in written for part in set(re.findall(r"#/\$defs/(\w+)", text))]
        assert len(set(parts)) == len(parts), name


def test_the_page_of_the_record_speaks_in_words() -> None:
    text = (ROOT / "docs" / "history.md").read_text("utf-8")
    assert [name for name in (*SHARES, *FILLS) if name in text] == []
    assert text.index("continuous ranked probability score") < text.index("CRPS at least")


def test_the_model_names_every_binding_constraint() -> None:
    text = (ROOT / "docs" / "model.md").read_text("utf-8")
    assert [cause for cause in CAUSES if f"`{cause}`" not in text] == []


def functions_of(cell: str) -> list[Any]:
    """What a cell names: module in `sim.engine`, class and name of each."""
    found = []
    for name in re.findall("`(.+?)`", cell):
        module, *path = name.split(".")
        found.append(importlib.import_module(f"sim.engine.{module}"))
        for attribute in path:
            found[-1] = getattr(found[-1], attribute)
    return found


def test_the_parts_of_a_step_are_where_the_model_says() -> None:
    """Each part, in order, with functions that exist; those of the unit engine say which it is."""
    text = (ROOT / "docs" / "model.md").read_text("utf-8")
    step, where = (
        re.split(r"\n##+ ", text.split(f"\n### {title}\n")[1])[0]
        for title in ("One step, in this order", "Where each part of a step is written")
    )
    parts = re.findall(r"^(\d\. )\*\*(.+?)\.?\*\*", step, re.MULTILINE)
    rows = re.findall(r"^\| (\d\. .+?) \| (.+) \| (.+) \|$", where, re.MULTILINE)
    assert [part for part, _, _ in rows] == ["".join(part) for part in parts]
    assert len(parts) == 7
    for part, core, units in rows:
        assert all(inspect.isfunction(f) for f in functions_of(core) + functions_of(units)), part
        assert functions_of(core), part
        assert functions_of(units)[0].__doc__.startswith(f"{part}: "), part


def test_the_tutorial_shows_what_its_commands_print(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
    assert len(BLOCK.findall(text)) >= 4
    assert executed(text, tmp_path) == text, "run: make docs-figures"


def test_another_figure_in_the_tutorial_would_be_noticed(tmp_path: Path) -> None:
    text = "```console\n$ sim --version\nsim, version 99\n```\n"
    assert executed(text, tmp_path) != text


def test_the_readme_of_the_results_names_every_file_and_what_a_model_records(
    tmp_path: Path,
) -> None:
    text = (ROOT / "results" / "README.md").read_text("utf-8")
    listed = set(re.findall(r"^\| `([^`]+)`", text, re.MULTILINE))
    result = sim.Model(scenario(), replications=5, seed=1, keep_replications=True).result()
    assert {path.name for path in result.save(tmp_path).iterdir()} <= listed
    for key in result.run.keys() - sim.run(scenario(), replications=5).run.keys():
        assert f"`{key}" in text, key


def test_what_became_of_every_killed_run_is_said_as_the_script_says_it() -> None:
    text = (ROOT / "docs" / "reliability.md").read_text("utf-8")
    [said] = re.findall(r"<!-- kills:begin -->\n(.*?)\n<!-- kills:end -->", text, re.DOTALL)
    figures = [int(figure) for figure in re.findall(r"\b\d+ (?=were|were left|of these)", said)]
    assert said == told_of_kills(*figures)
