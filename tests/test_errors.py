"""How mistakes are told."""

import pickle

from sim.errors import Issue, ScenarioError, nearest


def test_an_issue_reads_like_a_compilers() -> None:
    issue = Issue("mine.yaml", 41, 7, "contributors.France.rest.gaol", "unknown key 'gaol'")
    assert str(issue) == "mine.yaml:41:7: contributors.France.rest.gaol: unknown key 'gaol'"
    assert str(Issue("a.yaml", 1, 2, "a", "wrong", "do right")) == "a.yaml:1:2: a: wrong; do right"
    assert str(Issue("--set a=1", 0, 0, "a", "wrong")) == "--set a=1: a: wrong"
    assert str(Issue("a.yaml", 0, 0, "", "no such file")) == "a.yaml: no such file"


def test_an_issue_is_one_line_whatever_it_quotes() -> None:
    issue = Issue("a\n.yaml", 1, 2, "contributors.a\nb\u202e", "no \x1b[31mway\u2028", "né\r")
    assert str(issue) == (r"a\n.yaml:1:2: contributors.a\nb\u202e: no \x1b[31mway\u2028; né\r")


def test_issues_are_sorted_told_once_and_survive_a_pickle() -> None:
    first, second = Issue("a", 2, 9, "x", "m"), Issue("a", 10, 1, "y", "m")
    error = ScenarioError([second, first, second])
    assert error.issues == (first, second)
    assert str(error) == "a:2:9: x: m\na:10:1: y: m"
    assert pickle.loads(pickle.dumps(error)).issues == error.issues


def test_nearest_name() -> None:
    assert nearest("gaol", ["goal", "least"]) == "did you mean 'goal'?"
    assert nearest("Frnace", iter(["Germany", "France"])) == "did you mean 'France'?"
    assert nearest("zzz", ["goal"]) == ""
    assert nearest("armies", ["rest", "tour"]) == ""
    assert nearest("x" * 10_000, ["x" * 10_000]) == ""
    assert nearest("goal", [f"gaol{n}" for n in range(1_000)] + ["goal"]) != "did you mean 'goal'?"
