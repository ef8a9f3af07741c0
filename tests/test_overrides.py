"""What the command line sets and sweeps."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import ScenarioError
from sim.scenario.compose import assignments, origins, override, sweep
from sim.scenario.source import Mark, Node, locate, parse, plain


def tree(text: str) -> Node:
    return parse(text, "a.yaml")


def told(call: Callable[..., object], *arguments: Any) -> str:
    with pytest.raises(ScenarioError) as caught:
        call(*arguments)
    return str(caught.value)


BASE = """
contributors:
  France:
    army: 120_000
    forces:
      - {capability: manoeuvre, units: 9}
      - {capability: fires, units: 1}
      - {capability: fires, units: 2}
sizes: [1, 2]
empty:
"""


def changed(path: str, text: str) -> Any:
    return plain(override(tree(BASE), path, text, "--set"))


def test_values_are_set_by_their_path() -> None:
    assert changed("contributors.France.army", "1_000")["contributors"]["France"]["army"] == 1_000
    assert changed("sizes", "[3]")["sizes"] == [3]
    assert changed("sizes.1", "5")["sizes"] == [1, 5]
    assert changed("sizes.0", "null")["sizes"] == [2]
    assert changed("a.b.c", "no")["a"] == {"b": {"c": "no"}}
    assert changed("empty.x", "1")["empty"] == {"x": 1}
    assert "army" not in changed("contributors.France.army", "null")["contributors"]["France"]
    assert changed("contributors.France.army", "")["contributors"]["France"]["army"] is None
    assert changed("contributors.Spain", "{army: 1}")["contributors"]["Spain"] == {"army": 1}
    truce = changed("conditions.truce", "{probability: 1}")["conditions"]["truce"]
    assert truce == {"probability": 1}
    forces = changed("contributors.France.forces.manoeuvre.units", "{2026: 6}")
    assert forces["contributors"]["France"]["forces"][0]["units"] == {"2026": 6}
    forces = changed("contributors.France.forces.2.units", "7")
    assert forces["contributors"]["France"]["forces"][2]["units"] == 7


def test_an_override_leaves_the_tree_and_marks_its_own() -> None:
    root = tree(BASE)
    result = override(root, "contributors.France.rest.goal", "{a: 1}", "--set x=1")
    assert plain(root) == plain(tree(BASE))
    assert locate(result, ["contributors", "France", "rest", "goal", "a"]) == Mark(
        "--set x=1", 0, 0
    )
    assert origins(result)["contributors.France.rest.goal.a"] == "--set x=1"
    assert origins(result)["contributors.France.army"] == "a.yaml:4"


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        (
            "contributors.France.army.size",
            "1",
            "contributors.France.army is '120000', which has no 'size' in it",
        ),
        ("sizes.2", "1", "--set: sizes has 2 items, counted from 0; there is no 2"),
        (
            "sizes.x",
            "1",
            "sizes is a list: expected the number of an item or its capability, found 'x'",
        ),
        (
            "contributors.France.forces.manoeuver.units",
            "1",
            "found 'manoeuver'; did you mean 'manoeuvre'?",
        ),
        (
            "contributors.France.forces.fires.units",
            "1",
            "has several 'fires'; choose by number: 1, 2",
        ),
        (
            "contributors.Frnace",
            "null",
            "contributors has no 'Frnace' to remove; did you mean 'France'?",
        ),
        (
            "contributors.Frnace.army",
            "5",
            "--set: contributors has no 'Frnace'; did you mean 'France'?",
        ),
        (
            "conditions.truce.probability",
            "1",
            "--set: conditions has no 'truce'; to add it, set it whole: conditions.truce={...}",
        ),
        ("a..b", "1", "--set: expected names separated by single dots"),
        (".".join("a" * 99), "1", "--set: expected names separated by single dots"),
        ("a.b", "[1", "--set: a.b: expected ',' or ']'"),
        ("a.b", ".inf", "--set: a.b: NaN and infinity are not allowed"),
        ("a.b", "!!python/name:os.system x", "--set: a.b: tag "),
    ],
)
def test_overrides_that_are_refused(path: str, text: str, message: str) -> None:
    assert message in told(override, tree(BASE), path, text, "--set")


def test_assignments() -> None:
    assert assignments([]) == []
    assert assignments(["a.b=1", " a = {x: y=z} ", "a="]) == [
        ("a.b", "1"),
        ("a", "{x: y=z}"),
        ("a", ""),
    ]
    assert told(assignments, ["a.b", "=1", "a=1"]).splitlines() == [
        "--set =1: expected path=value",
        "--set a.b: expected path=value",
    ]


def test_sweeps() -> None:
    assert sweep([]) == [()]
    assert sweep(["a=0,0.3, 0.6"]) == [(("a", "0"),), (("a", "0.3"),), (("a", "0.6"),)]
    assert sweep(["a=1,2", "b=x,y"]) == [
        (("a", first), ("b", second)) for first in "12" for second in "xy"
    ]
    values = ["uniform(0, 6) months", "[1, 2]", "{a: 1, b: (2, 3)}", "'x, y'", "don't", "it's"]
    assert sweep(["a=" + ",".join(values)]) == [(("a", value),) for value in values]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["a"], "--sweep a: expected path=value,value,..."),
        (["a="], "--sweep a=: a value is missing"),
        (["a=1,,2"], "--sweep a=1,,2: a value is missing"),
        (["a=uniform(1,2"], "--sweep a=uniform(1,2: '(' is never closed"),
        (["a=1),2"], "--sweep a=1),2: ')' closes nothing"),
        (["a=[1,2)"], "--sweep a=[1,2): ')' closes nothing"),
        (["a='1,2"], "--sweep a='1,2: \"'\" is never closed"),
        (["a=1,2", "a=3"], "--sweep a=3: a is swept twice"),
        ([f"p{n}=1,2,3,4,5,6,7,8,9,10" for n in range(5)], "--sweep: 100,000 combinations"),
    ],
)
def test_sweeps_that_are_refused(texts: list[str], message: str) -> None:
    assert message in told(sweep, texts)


@given(st.text("a=.,()[]{}'\" 1\x00\t"), st.text("a.01 "), st.text("a1[]{}:,'\"!&*\n"))
def test_no_option_raises_anything_but_a_scenario_error(text: str, path: str, value: str) -> None:
    for call, arguments in (
        (assignments, ([text],)),
        (sweep, ([text],)),
        (override, (tree(BASE), path, value, "--set")),
    ):
        try:
            call(*arguments)
        except ScenarioError as error:
            assert error.issues
