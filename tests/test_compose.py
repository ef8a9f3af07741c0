"""Several files and the command line become one tree, and every value knows where it came from."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from work import MILLION, at_most

from sim.errors import ScenarioError
from sim.scenario.compose import (
    compose,
    digest,
    leaves,
    merge,
    origins,
)
from sim.scenario.source import Mark, Node, locate, node_of, parse, plain
from sim.scenario.tree import ReadingError

HERE = Mark("a.yaml", 0, 0)


def tree(text: str) -> Node:
    return parse(text, "a.yaml")


def told(call: Callable[..., object], *arguments: Any) -> str:
    with pytest.raises(ScenarioError) as caught:
        call(*arguments)
    return str(caught.value)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Mapping[str, str]], Path]:
    def write(files: Mapping[str, str]) -> Path:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        monkeypatch.chdir(tmp_path)
        return tmp_path

    return write


Folder = Callable[[Mapping[str, str]], Path]


# --- merging ----------------------------------------------------------------------------------


def merged(base: object, over: object) -> Any:
    return plain(merge(node_of(base, HERE), node_of(over, HERE)))


def test_mappings_merge_and_the_rest_is_replaced() -> None:
    assert merged({"a": {"b": 1, "c": 2}, "d": 1}, {"a": {"c": 3, "e": 4}}) == {
        "a": {"b": 1, "c": 3, "e": 4},
        "d": 1,
    }
    assert merged({"a": [1, 2, 3]}, {"a": [4]}) == {"a": [4]}
    assert merged({"a": {"b": 1}}, {"a": 2}) == {"a": 2}
    assert merged({"a": 2}, {"a": {"b": 1}}) == {"a": {"b": 1}}


def test_some_keys_are_replaced_whole() -> None:
    base = {"force": {"capabilities": {"manoeuvre": 0.5, "fires": 0.5}, "x": {"y": 1}}}
    over = {"force": {"capabilities": {"manoeuvre": 1.0}, "x": {"z": 2}}}
    assert merged(base, over) == {
        "force": {"capabilities": {"manoeuvre": 1.0}, "x": {"y": 1, "z": 2}}
    }
    assert merged({"p": {"probability": 0.5}}, {"p": {"probability": {"when": "c"}}}) == {
        "p": {"probability": {"when": "c"}}
    }


def test_null_removes() -> None:
    assert merged({"a": {"b": 1, "c": 2}, "d": 1}, {"a": {"b": None}, "d": None, "e": None}) == {
        "a": {"c": 2}
    }


def test_a_value_that_was_forgotten_removes_nothing() -> None:
    base, over = tree("a: {b: 1, c: 2}\nd: 1"), tree("a: {b: null, c: }\nd:")
    assert plain(merge(base, over)) == {"a": {"c": None}, "d": None}


def test_merging_changes_neither_tree() -> None:
    base, over = tree("a: {b: 1}"), tree("a: {b: 2, c: 3}")
    merge(base, over)
    assert plain(base) == {"a": {"b": 1}}
    assert plain(over) == {"a": {"b": 2, "c": 3}}


scalars = st.booleans() | st.integers(-9, 9) | st.text("xyz", max_size=2)
trees = st.recursive(
    scalars, lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=8
)
mappings = st.dictionaries(st.sampled_from("abc"), trees, max_size=3)


@given(mappings, mappings)
def test_what_lies_on_top_wins(base: dict[str, Any], over: dict[str, Any]) -> None:
    result = node_of(merged(base, over), HERE)
    for path, leaf in leaves(node_of(over, HERE)):
        found: Any = plain(result)
        for step in path:
            found = found[step]
        assert found == leaf.value or not leaf.value
    assert merged(base, base) == base == merged({}, base) == merged(base, {})


# --- extends ----------------------------------------------------------------------------------


def test_files_are_merged_in_order_this_one_last(folder: Folder) -> None:
    folder(
        {
            "scenarios/mine.yaml": "extends: [library/a.yaml, library/b.yaml]\nz: {mine: 1}\n",
            "scenarios/library/a.yaml": "extends: deep/base.yaml\nx: a\nz: {a: 1, b: 1}\n",
            "scenarios/library/b.yaml": "x: b\nz: {b: 2, mine: 2}\n",
            "scenarios/library/deep/base.yaml": "w: base\nx: base\n",
        }
    )
    root = compose(Path("scenarios/mine.yaml"))
    assert plain(root) == {"w": "base", "x": "b", "z": {"a": 1, "b": 2, "mine": 1}}
    assert origins(root) == {
        "w": "scenarios/library/deep/base.yaml:1",
        "x": "scenarios/library/b.yaml:1",
        "z.a": "scenarios/library/a.yaml:3",
        "z.b": "scenarios/library/b.yaml:2",
        "z.mine": "scenarios/mine.yaml:2",
    }
    assert locate(root, ["z", "b"]) == Mark("scenarios/library/b.yaml", 2, 5)


def test_a_null_removes_what_lies_below_and_nothing_above(folder: Folder) -> None:
    folder(
        {
            "mine.yaml": "extends: [a.yaml, b.yaml, c.yaml]\nq: null\n",
            "a.yaml": "p: a\nq: a\nr: a\n",
            "b.yaml": "p: null\nq: b\nr: b\n",
            "c.yaml": "p: c\n",
        }
    )
    assert plain(compose(Path("mine.yaml"))) == {"p": "c", "r": "b"}


def test_extending_nothing(folder: Folder) -> None:
    folder({"a.yaml": "extends: []\nx: 1\n", "b.yaml": "extends:\nx: 1\n"})
    assert plain(compose(Path("a.yaml"))) == plain(compose(Path("b.yaml"))) == {"x": 1}


def test_a_file_may_be_extended_by_several(folder: Folder) -> None:
    files = {"f0.yaml": "x: 0\n"}
    for level in range(1, 20):
        files[f"f{level}.yaml"] = f"extends: [f{level - 1}.yaml, g{level}.yaml]\n"
        files[f"g{level}.yaml"] = f"extends: f{level - 1}.yaml\ng{level}: 1\n"
    folder(files)
    with at_most(MILLION // 10):
        assert len(plain(compose(Path("f19.yaml")))) == 20


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "x: 1\nextends: basse.yaml",
            "a.yaml:2:10: extends: no such file 'basse.yaml'; did you mean 'base.yaml'?",
        ),
        (
            "extends:\n  - base.yaml\n  - gone.yaml",
            "a.yaml:3:5: extends.1: no such file 'gone.yaml'",
        ),
        (
            "extends: a.yaml",
            "a.yaml:1:10: extends: a circle of files that extend each other: a.yaml -> a.yaml",
        ),
        (
            "extends: round.yaml",
            "round.yaml:1:10: extends: a circle of files that extend each other: "
            "a.yaml -> round.yaml -> a.yaml",
        ),
        ("extends: 7", "a.yaml:1:10: extends: expected the name of a file or a list of names"),
        ("extends: {a: 1}", "a.yaml:1:10: extends: expected the name of a file or a list of names"),
        (
            "extends: [[base.yaml]]",
            "a.yaml:1:11: extends.0: expected the name of a file or a list of names",
        ),
        ("extends: [base.yaml, base.yaml]", "a.yaml:1:22: extends.1: 'base.yaml' is named twice"),
        ("extends: .", "a.yaml:1:10: extends: no such file '.'"),
        ("extends: ''", "a.yaml:1:10: extends: no such file ''"),
        ("extends: loop.yaml", "a.yaml:1:10: extends: "),
        ("extends: " + "x" * 5000, "a.yaml:1:10: extends: "),
    ],
)
def test_extends_that_leads_nowhere(folder: Folder, text: str, message: str) -> None:
    root = folder({"a.yaml": text, "base.yaml": "x: 1", "round.yaml": "extends: a.yaml"})
    (root / "loop.yaml").symlink_to(root / "loop.yaml")
    assert told(compose, Path("a.yaml")).startswith(message)


def test_the_chain_has_an_end(folder: Folder) -> None:
    folder(
        {f"f{n}.yaml": f"extends: f{n + 1}.yaml\nx{n}: 1" for n in range(30)} | {"f30.yaml": "x: 1"}
    )
    assert len(plain(compose(Path("f10.yaml")))) == 21
    assert told(compose, Path("f9.yaml")) == (
        "f29.yaml:1:10: extends: more than 20 files, each extending the next"
    )


def test_a_scenario_stays_in_its_tree(folder: Folder, tmp_path: Path) -> None:
    root = folder(
        {
            "scenarios/sub/a.yaml": "extends: ../base.yaml\n",
            "scenarios/sub/b.yaml": "extends: ../../secret.yaml\n",
            "scenarios/sub/c.yaml": f"extends: {tmp_path}/secret.yaml\n",
            "scenarios/sub/d.yaml": "extends: link.yaml\n",
            "scenarios/base.yaml": "x: 1\n",
            "secret.yaml": "password: 1\n",
            "alone/a.yaml": "extends: ../secret.yaml\n",
        }
    )
    (root / "scenarios/sub/link.yaml").symlink_to(root / "secret.yaml")
    assert plain(compose(Path("scenarios/sub/a.yaml"))) == {"x": 1}
    outside = "lies outside scenarios; move it there, or allow its folder (--allow-extends)"
    for name in "bcd":
        message = told(compose, Path(f"scenarios/sub/{name}.yaml"))
        assert message.startswith(f"scenarios/sub/{name}.yaml:1:10: extends: ")
        assert message.endswith(outside)
        assert plain(compose(Path(f"scenarios/sub/{name}.yaml"), (), [root])) == {"password": 1}
    assert "lies outside alone" in told(compose, Path("alone/a.yaml"))


def test_what_is_wrong_in_all_files_is_told_in_one_go(folder: Folder) -> None:
    folder(
        {
            "a.yaml": "extends: [b.yaml, c.yaml, gone.yaml]\n",
            "b.yaml": "x: .nan\n",
            "c.yaml": "extends: b.yaml\ny: [1\n",
        }
    )
    lines = told(compose, Path("a.yaml"), [("x", "[")]).splitlines()
    assert [line.split(":")[0] for line in lines] == ["a.yaml", "b.yaml", "c.yaml"]
    assert told(compose, Path("gone.yaml")) == "gone.yaml: no such file"


def test_what_is_wrong_with_the_text_leaves_a_tree_to_look_further(folder: Folder) -> None:
    folder(
        {
            "a.yaml": "extends: b.yaml\nx: 1\nx: 2\n",
            "b.yaml": "y: .nan\nz: !!int 3\n",
            "c.yaml": "extends: [b.yaml, gone.yaml]\n",
            "d.yaml": "x: 1\nx: [\n",
        }
    )
    with pytest.raises(ReadingError) as caught:
        compose(Path("a.yaml"), [("v", "5")])
    assert len(caught.value.issues) == 3
    assert caught.value.root is not None
    assert plain(caught.value.root) == {"y": ".nan", "z": "3", "x": 2, "v": 5}
    with pytest.raises(ReadingError) as caught:
        compose(Path("c.yaml"))
    assert caught.value.root is None
    assert len(caught.value.issues) == 3
    assert told(compose, Path("d.yaml")).count("d.yaml") == 2


def test_compose_sets_and_names_the_option(folder: Folder) -> None:
    folder({"a.yaml": "extends: b.yaml\nx: {y: 1}\n", "b.yaml": "x: {z: 1}\n"})
    root = compose(Path("a.yaml"), [("x.y", "2"), ("x.z", "null"), ("v", "a b")])
    assert plain(root) == {"x": {"y": 2}, "v": "a b"}
    assert origins(root) == {"x.y": "--set x.y=2", "v": "--set v=a b"}
    assert told(compose, Path("a.yaml"), [("x.y.q", "2"), ("x.z", "[")]).splitlines() == [
        "--set x.y.q=2: x.y is '1', which has no 'q' in it",
        "--set x.z=[: x.z: expected a value here",
    ]


def test_the_digest_depends_on_the_data_alone() -> None:
    assert digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert digest({"a": 1, "b": [1.5, "é"]}) == digest({"b": [1.5, "é"], "a": 1})
    assert digest({"a": 1}) != digest({"a": "1"}) != digest({"a": None})
    assert digest([1, 2]) != digest([2, 1])
