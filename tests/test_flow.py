"""Distributions in braces and brackets, which YAML takes apart."""

import pytest
import yaml
from work import MILLION, at_most

from sim.errors import ScenarioError
from sim.scenario import source
from sim.scenario.source import parse, plain


@pytest.mark.parametrize("loader", [yaml.SafeLoader, yaml.CSafeLoader])
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{b: beta(6, 3), c: 1}", {"b": "beta(6, 3)", "c": 1}),
        ("{b: beta(6, 3)}", {"b": "beta(6, 3)"}),
        ("{b: triangular(1, 2,6) months, c: x}", {"b": "triangular(1, 2, 6) months", "c": "x"}),
        ("[uniform(1, 2), 3, choice(1, 2, 3, 4)]", ["uniform(1, 2)", 3, "choice(1, 2, 3, 4)"]),
        ("[{b: beta(6, 3)}, [beta(6, 3)]]", [{"b": "beta(6, 3)"}, ["beta(6, 3)"]]),
        ("{b: f(1, g(2, 3), 4), c: 1}", {"b": "f(1, g(2, 3), 4)", "c": 1}),
        ("{b: beta(6), c: (x)}", {"b": "beta(6)", "c": "(x)"}),
        ("{b: see (x, y) and z, c: 1}", {"b": "see (x, y) and z", "c": 1}),
        ("{b: beta(6,\n    3), c: 1}", {"b": "beta(6, 3)", "c": 1}),
        ("{b: 'x (', c: 1}", {"b": "x (", "c": 1}),
        ("{b: {c: beta(6, 3), d: 1}, e: 2}", {"b": {"c": "beta(6, 3)", "d": 1}, "e": 2}),
        ("{2026: 1, b: beta(6, 3)}", {"2026": 1, "b": "beta(6, 3)"}),
    ],
)  # fmt: skip
def test_what_parentheses_hold_together(
    monkeypatch: pytest.MonkeyPatch, loader: type[yaml.SafeLoader], text: str, value: object
) -> None:
    monkeypatch.setattr(source, "_LOADER", loader)
    assert plain(parse(f"a: {text}", "a.yaml")) == {"a": value}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # Never closed, closed twice, or interrupted: nothing is put together.
        ("{b: beta(6, 3, c: 1}", {"b": "beta(6", "3": None, "c": 1}),
        ("{b: (1, 2)), c: 1}", {"b": "(1", "2))": None, "c": 1}),
        ("{b: (1, c: 2), d: 3}", {"b": "(1", "c": "2)", "d": 3}),
        ("[(1, '2', 3)]", ["(1", "2", "3)"]),
        ("[(1, [2], 3)]", ["(1", [2], "3)"]),
        ("[(1, 2]", ["(1", 2]),
        ("{b: (1}", {"b": "(1"}),
    ],
)
def test_what_stays_in_pieces(text: str, value: object) -> None:
    assert plain(parse(f"a: {text}\nz: [beta(6, 3)]", "a.yaml")) == {
        "a": value,
        "z": ["beta(6, 3)"],
    }


def test_blocks_and_quotes_are_left_alone() -> None:
    text = "a: beta(6, 3)\nb:\n  - (1\n  - 2)\nc: ['(1', '2)']\nd: (x\ne: y)\n"
    assert plain(parse(text, "a.yaml")) == {
        "a": "beta(6, 3)",
        "b": ["(1", "2)"],
        "c": ["(1", "2)"],
        "d": "(x",
        "e": "y)",
    }


def test_the_place_is_that_of_the_first_part() -> None:
    with pytest.raises(ScenarioError) as caught:
        parse("a: {b: beta(6, 3), c: .nan}", "a.yaml")
    assert str(caught.value).startswith("a.yaml:1:23: a.c: NaN")


@pytest.mark.parametrize("part", ["(1, ", "beta(6, 3), ", "(1, 2, 3, 4, 5, 6, 7, 8, 9, "])
def test_thousands_of_parentheses_are_read_fast(part: str) -> None:
    with at_most(2 * MILLION), pytest.raises(ScenarioError, match="more than 1,000 entries"):
        parse(f"a: [{part * 10_000}]", "a.yaml")
