"""What the documents show works as shown, and names what exists."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import sim
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


def test_the_model_names_every_binding_constraint() -> None:
    text = (ROOT / "docs" / "model.md").read_text("utf-8")
    assert [cause for cause in CAUSES if f"`{cause}`" not in text] == []
