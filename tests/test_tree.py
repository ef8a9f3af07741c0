"""The tree of values and where they stand."""

import math
from datetime import date
from typing import Any

import numpy as np
import pytest

from sim.errors import ScenarioError
from sim.scenario.source import Mark, leaves, locate, node_of, parse, plain


def test_places() -> None:
    root = parse("a: 1\nforce:\n  shares:\n    - {x: 1}\n    - y: 2\n", "a.yaml")
    place = {"force": (2, 1), "force.shares": (3, 3), "force.shares.1.y": (5, 7)}
    for path, (line, column) in place.items():
        assert locate(root, path.split(".")) == Mark("a.yaml", line, column)
    assert locate(root, ["force", "shares", 0, "x"]) == Mark("a.yaml", 4, 8)
    assert locate(root, ["force", "shares", 0, "x"], value=True) == Mark("a.yaml", 4, 11)
    assert locate(root, ["force", "shares", 7, "x"]) == Mark("a.yaml", 3, 3)
    assert locate(root, ["force", "sharse", "x"]) == Mark("a.yaml", 2, 1)
    assert locate(root, ["a", "b"], value=True) == Mark("a.yaml", 1, 4)
    assert locate(root, []) == Mark("a.yaml", 1, 1)


def test_python_data_becomes_a_tree() -> None:
    here = Mark("code", 0, 0)
    data = {2026: [np.int64(3), np.float64(0.5), True, None], "start": date(2026, 7, 1), "t": (1,)}
    assert plain(node_of(data, here)) == {
        "2026": [3, 0.5, True, None], "start": "2026-07-01", "t": [1]
    }  # fmt: skip
    with pytest.raises(ScenarioError) as caught:
        node_of({"a": math.nan, "b": [object()], "c": 10**18, "d": "\x1b"}, here)
    assert str(caught.value) == (
        "code: a: NaN and infinity are not allowed\n"
        "code: b.0: a value of the type object cannot stand in a scenario\n"
        "code: c: a whole number of more than 18 digits\n"
        "code: d: '\\x1b' contains control characters"
    )
    with pytest.raises(ScenarioError) as caught:
        node_of({1: 1, "1": 2, "": 3, "\x1b": 4}, here)
    assert str(caught.value) == (
        "code: 1: key '1' appears twice\ncode: '' cannot be a key\ncode: '\\x1b' cannot be a key"
    )
    circle: dict[str, Any] = {}
    circle["a"] = circle
    with pytest.raises(ScenarioError, match="nested more than 50 deep"):
        node_of(circle, here)


def test_leaves_are_what_holds_nothing_further() -> None:
    root = parse("a: {b: 1, c: []}\nd: [x, {}]\n", "a.yaml")
    assert {path: plain(leaf) for path, leaf in leaves(root)} == {
        ("a", "b"): 1,
        ("a", "c"): [],
        ("d", 0): "x",
        ("d", 1): {},
    }
