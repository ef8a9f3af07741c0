"""Bad input: mutants of the shipped scenarios, formulas for names, files out of the tree."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fuzz import SCENARIOS, FuzzError, Mutant, Tree, fuzz, megabytes
from large_files import LARGE, rows
from work import MILLION, at_most

from sim.errors import Issue, ScenarioError, SimError
from sim.scenario.builder import MAX_NODES
from sim.scenario.scenario import Scenario, load
from sim.scenario.schema.references import parse_name

MUTANTS, SEED, COMMANDS = 300, 2026, 6


# --- mutants -----------------------------------------------------------------------------------


def test_every_mutant_runs_or_is_refused_with_its_place(tree: Tree) -> None:
    tally, broken = fuzz(tree, MUTANTS, SEED, COMMANDS)
    assert broken == []
    assert tally["ran"] + tally["loaded"] + tally["refused"] == MUTANTS
    # Neither a generator whose every mutant is hopeless nor one that spoils nothing would tell.
    assert tally["ran"] > MUTANTS / 10
    assert tally["nonsense by construction"] > MUTANTS / 4
    assert tally["through the command line"] == COMMANDS


def test_the_same_seed_gives_the_same_mutants(tree: Tree) -> None:
    assert list(tree.mutants(40, 1)) == list(tree.mutants(40, 1)) != list(tree.mutants(40, 2))
    assert {mutant.file for mutant in tree.mutants(100, 1)} == {
        tree.root / path.relative_to(SCENARIOS) for path in SCENARIOS.rglob("*.yaml")
    }


# --- the fuzz itself must see what is broken -----------------------------------------------------


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    return Tree.copied(tmp_path_factory.mktemp("fuzz"))


def misspelt(tree: Tree) -> Mutant:
    """A mutant of which nothing is wrong but a misspelt key."""
    return next(m for m in tree.mutants(1_000, 5) if m.how == ("misspell",) and m.nonsense)


def lets_unknown_keys_pass(path: Path) -> Scenario:
    try:
        return load(path)
    except ScenarioError as error:
        if all("unknown key" in str(issue) or "needs '" in str(issue) for issue in error.issues):
            return load(SCENARIOS / "claims/60000_for_a_year.yaml")
        raise


def refuses(*issues: Issue) -> Callable[[Path], Scenario]:
    def load(path: Path) -> Scenario:
        raise ScenarioError(issues)

    return load


def recurses(path: Path) -> Scenario:
    return recurses(path)


def takes_long(path: Path) -> Scenario:
    begun = time.process_time()
    while time.process_time() - begun < 2.1:
        pass
    return load(path)


def takes_memory(path: Path) -> Scenario:
    # Beyond whatever the tests before this one have taken at most.
    assert b"x" * (round(megabytes()) + 600) * 1_000_000
    return load(path)


def leaks_an_error(path: Path) -> Scenario:
    raise KeyError(path)


def has_no_place(path: Path) -> Scenario:
    raise SimError("somewhere, something is wrong")


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lets_unknown_keys_pass, "a result from nonsense: key '"),
        (recurses, "RecursionError"),
        (takes_long, "s to load"),
        (takes_memory, " MB"),
        (leaks_an_error, "KeyError"),
        (has_no_place, "no place"),
        (refuses(), "refused without a word"),
        (refuses(Issue("a.yaml", 0, 0, "a", "is wrong")), "badly told"),
        (refuses(Issue("", 1, 1, "a", "is wrong")), "badly told"),
    ],
)
def test_a_broken_loader_is_seen(tree: Tree, broken: Any, message: str) -> None:
    if broken is takes_memory and not megabytes():
        pytest.skip("the memory cannot be measured here")
    mutant = misspelt(tree)
    assert tree.judge(mutant) == "refused"
    with pytest.raises(FuzzError, match=message):
        tree.judge(mutant, broken)


def test_a_broken_loader_makes_the_whole_fuzz_fail(tree: Tree) -> None:
    tally, broken = fuzz(tree, 100, SEED, load=lets_unknown_keys_pass)
    assert tally["broken"] == len(broken) > 0
    assert all("a result from nonsense" in message for message in broken)


# --- as large as it may be -----------------------------------------------------------------------


@pytest.mark.parametrize("name", LARGE)
def test_the_largest_files_are_refused_in_time(name: str, tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    file.write_text(LARGE[name])
    with at_most(8 * MILLION), pytest.raises(ScenarioError) as caught:
        load(file)
    assert len(str(caught.value)) < 1_000_000


def test_all_files_together_are_no_larger(tmp_path: Path) -> None:
    names = [f"f{n}.yaml" for n in range(4)]
    for name in names:
        (tmp_path / name).write_text(rows(name[:2], f"k#: [{'1, ' * 10}1]"))
    file = tmp_path / "a.yaml"
    file.write_text(f"extends: [{', '.join(names)}]\n")
    with pytest.raises(ScenarioError, match=f"more than {MAX_NODES:,} values in all files"):
        load(file)


@pytest.mark.parametrize("spelling", ["./", ".//", "x/../"])
def test_a_file_is_extended_once_however_it_is_spelt(tmp_path: Path, spelling: str) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "b.yaml").write_text("title: b\n")
    (tmp_path / "a.yaml").write_text(f"extends: [b.yaml, {spelling}b.yaml]\n")
    with pytest.raises(ScenarioError, match="is named twice"):
        load(tmp_path / "a.yaml")


def test_files_that_extend_each_other_in_every_way_are_refused_in_time(tmp_path: Path) -> None:
    (tmp_path / "f0.yaml").write_text(rows("more", f"k#: [{'1, ' * 20}1]"))
    for n in range(1, 60):
        names = ", ".join(f"f{m}.yaml" for m in range(n))
        (tmp_path / f"f{n}.yaml").write_text(f"extends: [{names}]\n")
    with at_most(2 * MILLION), pytest.raises(ScenarioError, match="in too many ways"):
        load(tmp_path / "f59.yaml")


# --- names that a spreadsheet would run ----------------------------------------------------------


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "﹦", "⁺", "₋", "−"])
@pytest.mark.parametrize("form", ["{}A1", "'{}A1", "a;{}A1", "a; {}A1", "a, {}A1", "a;'{}A1"])
def test_no_name_is_a_formula(sign: str, form: str) -> None:
    with pytest.raises(ValueError, match="must not"):
        parse_name(form.format(sign))


@pytest.mark.parametrize("before", ["\t", "\r", "\n", " ", "\u200b", "\ufeff", "\u00a0"])
def test_no_name_begins_with_what_a_spreadsheet_passes_over(before: str) -> None:
    with pytest.raises(ValueError, match=r"must not contain|is no name"):
        parse_name(f"{before}=A1")


@pytest.mark.parametrize(
    "name",
    ["France", "Côte d'Ivoire", "1st corps", "Bosnia-Herzegovina", "AT&T", "日本", "a, b; c"],
)
def test_ordinary_names_pass(name: str) -> None:
    assert parse_name(name) == name


# --- out of the tree -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        *("../secret.yaml", "sub/../../secret.yaml", "{outside}/secret.yaml", "link.yaml"),
        *("linked/secret.yaml", "sub/../linked/secret.yaml", "linked/../secret.yaml"),
        *("//localhost/secret.yaml", r"\\localhost\secret.yaml", "~/secret.yaml"),
        *("~root/secret.yaml", "$HOME/secret.yaml", "file://{outside}/secret.yaml"),
        *("http://localhost/secret.yaml", r"C:\secret.yaml", "/proc/self/environ", "/dev/zero"),
    ],
)
def test_extends_cannot_leave_its_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "outside/mine"
    (inside / "sub").mkdir(parents=True)
    (outside / "secret.yaml").write_text("password: 1\n")
    (inside / "link.yaml").symlink_to(outside / "secret.yaml")
    (inside / "linked").symlink_to(outside)
    monkeypatch.setenv("HOME", os.fspath(outside))
    path = written.format(outside=outside)
    (inside / "a.yaml").write_text(f"extends: '{path}'\n")
    with pytest.raises(ScenarioError) as caught:
        load(inside / "a.yaml")
    assert "password" not in str(caught.value)
    assert all(issue.path == "extends" and issue.line == 1 for issue in caught.value.issues)
