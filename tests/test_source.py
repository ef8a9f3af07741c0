"""YAML in, a tree with places out; and no trap gets through."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from work import MILLION, at_most

from sim.errors import MOST_TOLD, ScenarioError
from sim.scenario import source
from sim.scenario.builder import MAX_ENTRIES, MAX_NODES
from sim.scenario.source import Mark, Node, node_of, parse, parse_word, plain, read


def told(text: str | bytes) -> str:
    with pytest.raises(ScenarioError) as caught:
        parse(text, "a.yaml")
    return str(caught.value)


# --- keys ----------------------------------------------------------------------------------------


def test_keys_stay_the_text_that_was_written() -> None:
    text = "{2026: 1, 2029-07: 2, no: 3, 0x10: 4, ~: 5, 1e3: 6, ceasefire -> violations: 7, 'q': 8}"
    keys = ["2026", "2029-07", "no", "0x10", "~", "1e3", "ceasefire -> violations", "q"]
    assert list(plain(parse(f"a: {text}", "a.yaml"))["a"]) == keys


def test_duplicate_keys_are_refused_with_both_lines() -> None:
    assert told("a:\n  b: 1\n  c: 2\n  b: 3\n") == (
        "a.yaml:4:3: a.b: key 'b' appears twice, first on line 2"
    )
    assert "first on line 1" in told("2026: 1\n'2026': 2\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<<: 1", "a.yaml:1:1: merge keys are not allowed; use extends"),
        ("a: &x {b: 1}\nc:\n  <<: *x", "a.yaml:3:3: c: merge keys are not allowed; use extends"),
        ("? [a, b]\n: 1", "a.yaml:1:3: a key must be a single text, not a list or a mapping"),
        ("a: {{b: 1}: 2}", "a.yaml:1:5: a: a key must be a single text, not a list or a mapping"),
        ("a:\n  ? \n  : 1", "a.yaml:2:4: a: a key is missing before ':'"),
        ("k" * 201 + ": 1", "a.yaml:1:1: a key is longer than 200 characters"),
        ("'': 1", "a.yaml:1:1: a key is missing before ':'"),
        ("a: &x b\n*x : 1", "a.yaml:2:1: a key cannot be an alias"),
        ("&x a: 1", "a.yaml:1:1: a key cannot be an anchor; put the anchor before the value"),
        ("!!str a: 1", "a.yaml:1:1: tag 'tag:yaml.org,2002:str' is not allowed"),
    ],
)
def test_keys_that_are_refused(text: str, message: str) -> None:
    assert told(text).startswith(message)


# --- tags, anchors, depth, documents -------------------------------------------------------------


@pytest.mark.parametrize(
    "tag",
    ["!!python/object/apply:os.system", "!!str", "!!int", "!mine", "!<tag:x,2000:y>", "!!set"],
)
@pytest.mark.parametrize("value", ["x", "[x]", "{x: 1}"])
def test_tags_are_refused(tag: str, value: str) -> None:
    message = told(f"a: {tag} {value}")
    assert message.startswith("a.yaml:1:4: a: tag ")
    assert message.endswith("is not allowed; leave it out, and quote what is meant as text")


def test_an_alias_repeats_its_value() -> None:
    root = parse("a: &x {b: [1, 2]}\nc: *x\nd: [*x, &y 5, *y]", "a.yaml")
    assert plain(root) == {"a": {"b": [1, 2]}, "c": {"b": [1, 2]}, "d": [{"b": [1, 2]}, 5, 5]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x [1, *x]", "a.yaml:1:11: a.1: alias 'x' stands inside the value that it names"),
        ("a: &x {b: *x}", "a.yaml:1:11: a.b: alias 'x' stands inside the value that it names"),
        ("&x a: 1\nb: *y", "no anchor 'y' before"),
        ("abc: &rest 1\nd: *rset", "no anchor 'rset' before; did you mean 'rest'?"),
        ("a: &x 1\nb: &x 2", "a.yaml:2:4: b: anchor 'x' is declared twice"),
    ],
)
def test_aliases_that_are_refused(text: str, message: str) -> None:
    assert message in told(text)


def bomb(levels: int) -> str:
    rows = ["l0: &l0 [x, x, x, x, x, x, x, x, x]"]
    for level in range(1, levels):
        aliases = ", ".join([f"*l{level - 1}"] * 9)
        rows.append(f"l{level}: &l{level} [{aliases}]")
    return "\n".join(rows)


def test_an_alias_bomb_is_refused_fast() -> None:
    with at_most(MILLION // 10):
        assert f"more than {MAX_NODES:,} values" in told(bomb(40))
    assert plain(parse(bomb(4), "a.yaml"))["l3"][8][8][8][8] == "x"


def test_too_many_values_without_aliases_are_refused_too() -> None:
    rows = "".join(f"k{n}: [{'1, ' * (MAX_ENTRIES - 1)}1]\n" for n in range(99))
    assert f"more than {MAX_NODES:,} values" in told(rows)


def test_one_mapping_or_list_holds_only_so_many() -> None:
    ones, keys = "1, " * MAX_ENTRIES, [f"k{n}: 1\n" for n in range(MAX_ENTRIES + 1)]
    parse(f"a: [{ones[:-2]}]", "a.yaml")
    assert told(f"a: [{ones}1]") == "a.yaml:1:3005: a: a list has more than 1,000 entries"
    parse("".join(keys[:-1]), "a.yaml")
    message = "a.yaml:1001:8: k1000: a mapping has more than 1,000 entries"
    assert told("".join(keys)) == message


def test_a_bomb_of_one_long_text_is_refused() -> None:
    long = "x" * 100_000
    parse(f"a: &x {long}\nb: [{'*x, ' * 20}]", "a.yaml")
    assert "values, those behind aliases" in told(f"a: &x {long}\nb: [{'*x, ' * 40}]")


@pytest.mark.parametrize("text", ["a: " + "[" * 100_000, "a: " + "{b: " * 100_000, "- " * 100_000])
def test_deep_nesting_is_refused_fast(text: str) -> None:
    with at_most(MILLION // 10):
        assert "nested more than 50 deep" in told(text)


def test_depth_is_fifty_and_aliases_count() -> None:
    fine = "a: " + "[" * 49 + "]" * 49
    parse(fine, "a.yaml")
    assert "nested more than 50 deep" in told("a: " + "[" * 50 + "]" * 50)
    half = "a: &x " + "[" * 30 + "]" * 30
    parse(half + "\nb: " + "[" * 19 + "*x" + "]" * 19, "a.yaml")
    assert "nested more than 50 deep" in told(half + "\nb: " + "[" * 20 + "*x" + "]" * 20)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a.yaml: the file is empty"),
        ("# only a comment\n", "a.yaml: the file is empty"),
        ("---\n", "a.yaml: the file is empty"),
        ("\ufeff", "a.yaml: the file is empty"),
        ("- a\n", "a.yaml:1:1: the top level must be keys with values, found a list"),
        ("\nhello", "a.yaml:2:1: the top level must be keys with values, found 'hello'"),
        ("a: 1\n---\nb: 2\n", "a.yaml:2:1: a second document begins here; a file holds one"),
    ],
)
def test_what_a_file_must_be(text: str, message: str) -> None:
    assert told(text) == message


def test_a_marked_document_and_a_byte_order_mark_are_fine() -> None:
    assert plain(parse("\ufeff%YAML 1.2\n---\na: 1\n...\n", "a.yaml")) == {"a": 1}


# --- broken text ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: b: c", "a.yaml:1:5: a ':' stands where no key can be; indent the keys of one mapping"),
        ("a: 1\n b: 2", "a.yaml:2:3: a ':' stands where no key can be"),
        ("a: [1, 2\nb: 3", "in the list that begins on line 1"),
        ("a: {b: 1\nc", "expected ',' or '}' in the mapping that begins on line 1"),
        ("a:\n  b: 'x\n", "the quotation that begins on line 2 is never closed"),
        ("a:\n\t- 1", "a.yaml:2:1: a tab stands in the indentation; indent with spaces"),
        ("a: @x", "a.yaml:1:4: a value cannot begin with '@'; quote it if it is text"),
        ("a: 1\nb\nc: 2", "expected ':' after the key on line 2"),
        ('a: "\\q"', "an unknown escape after '\\' in a quoted text"),
        ("a:\n  - 1\n  b: 2", "expected '- ', an item of the list that begins on line 2"),
        ("'a': 'b' c", "expected a key of the mapping that begins on line 1"),
        ("%YAML 3.0\n---\na: 1", "a.yaml:1:1: not valid YAML: found incompatible"),
        ('a: "\\UFFFFFFFF"', "not valid YAML"),
        ("a: 1\nb: \x1b[31m", "a.yaml:2:4: character U+001B is not allowed"),
        ("a\x00: 1", "a.yaml:1:2: character U+0000 is not allowed"),
        ("a: \x9b31m", "a.yaml:1:4: character U+009B is not allowed"),
        ("a: \ud800", "a.yaml:1:4: character U+D800 is not allowed"),
        ('a: "\\e[31m"', "a.yaml:1:4: a: '\\x1b[31m' contains control characters"),
        ('"\\0": 1', "a.yaml:1:1: '\\x00' contains control characters"),
        (b"a: 1\nb: caf\xe9", "a.yaml:2:7: byte 0xe9 is not UTF-8; save the file in the encoding"),
        (b"\xff\xfea\x00:\x00", "a.yaml:1:4: is not a text file in UTF-8"),
        (b"a: 1\nb: \x00", "a.yaml:2:4: is not a text file in UTF-8"),
    ],
)
def test_broken_text_is_told_in_plain_words(text: str | bytes, message: str) -> None:
    assert message in told(text)


def test_everything_is_told_in_one_go() -> None:
    text = "a: !!int 1\nb: .nan\nb: 2\n<<: 1\nc: *nothing\nd: [1\n"
    lines = told(text).splitlines()
    assert [line.split(":")[1] for line in lines] == ["1", "2", "3", "4", "5", "7"]


def test_the_number_of_issues_has_a_limit() -> None:
    assert len(told("a: .nan\n" * 1_000).splitlines()) == MOST_TOLD
    assert len(told("a: \x01\n" * 1_000).splitlines()) == MOST_TOLD


@pytest.mark.parametrize("loader", [yaml.SafeLoader, yaml.CSafeLoader])
def test_both_parsers_refuse_alike(
    monkeypatch: pytest.MonkeyPatch, loader: type[yaml.SafeLoader]
) -> None:
    monkeypatch.setattr(source, "_LOADER", loader)
    assert plain(parse("a: [1, '2', ! 3, ~, x]", "a.yaml")) == {"a": [1, "2", "3", None, "x"]}
    for text in ("a: [1", "a: b: c", "\ta: 1", 'a: "\\UFFFFFFFF"', 'a: "\\uD800"', "a: 'x", "a: *"):
        assert told(text).startswith("a.yaml")


# --- reading files -------------------------------------------------------------------------------


def test_read_refuses_what_is_no_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def told_by_reading(name: str) -> str:
        with pytest.raises(ScenarioError) as caught:
            read(Path(name))
        return str(caught.value)

    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("large.yaml").write_text("a: " + "x" * 5_000_000)
    Path("binary.yaml").write_bytes(bytes(range(256)))
    Path("link.yaml").symlink_to("link.yaml")
    assert told_by_reading("missing.yaml") == "missing.yaml: no such file"
    assert told_by_reading("folder") == "folder: is a folder, not a file"
    assert told_by_reading("large.yaml") == "large.yaml: is larger than 5 MB"
    assert told_by_reading("binary.yaml") == "binary.yaml:1:1: is not a text file in UTF-8"
    assert told_by_reading("/dev/zero") == "/dev/zero: is larger than 5 MB"
    assert told_by_reading("link.yaml").startswith("link.yaml: cannot be read: ")
    assert told_by_reading("a\0b").endswith("cannot be read: embedded null byte")
    assert "cannot be read" in told_by_reading("x" * 5_000)


def test_files_are_named_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "a.yaml").write_text("a: 1")
    monkeypatch.chdir(tmp_path)
    assert read(tmp_path / "scenarios" / "a.yaml").mark.file == "scenarios/a.yaml"
    assert read(Path("scenarios/../scenarios/a.yaml")).mark.file == "scenarios/a.yaml"
    monkeypatch.chdir(tmp_path / "scenarios")
    assert read(Path("../scenarios/a.yaml")).mark.file == "a.yaml"
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert read(Path("../scenarios/a.yaml")).mark.file == "../scenarios/a.yaml"


# --- whatever comes ------------------------------------------------------------------------------

marks = st.sampled_from(list("[]{},:-?&*!|>'\"%@`#~<>.\t\n\r ab10e_\x00\x85\u2028\ufeff\ud800é"))


@given(st.one_of(st.text(), st.text(marks), st.binary()))
@example("? a\n: b\n? c")
@example("a: |\n \ufeff")
@example("%TAG ! !\n--- a")
def test_no_text_raises_anything_but_a_scenario_error(text: str | bytes) -> None:
    try:
        root = parse(text, "a.yaml")
    except ScenarioError as error:
        assert error.issues
        assert all(issue.file == "a.yaml" for issue in error.issues)
    else:
        assert isinstance(root, Node)
        assert isinstance(plain(root), dict)


@given(st.one_of(st.text(), st.text(marks)))
def test_no_word_raises_anything_but_a_scenario_error(text: str) -> None:
    try:
        parse_word(text, "--set")
    except ScenarioError as error:
        assert error.issues


# Words that YAML 1.1, in which PyYAML writes, and 1.2 read alike.
names = st.from_regex(r"[A-Z][a-z]{1,8}( -> [a-z]{1,8})?", fullmatch=True).filter(
    lambda name: name not in {"Null", "True", "False", "Yes", "No", "On", "Off"}
)
numbers = st.integers(-(10**18) + 1, 10**18 - 1) | st.floats(allow_nan=False, allow_infinity=False)
data = st.dictionaries(
    names,
    st.recursive(
        st.none() | st.booleans() | numbers | names,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
        max_leaves=20,
    ),
    min_size=1,
)


@given(data, st.booleans())
def test_what_was_dumped_is_read_back(written: dict[str, Any], flow: bool) -> None:
    text = yaml.dump(written, default_flow_style=flow, allow_unicode=True)
    assert plain(parse(text, "a.yaml")) == written
    assert plain(node_of(written, Mark("code", 0, 0))) == written


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufeff")))
def test_any_quoted_text_is_read_back(written: str) -> None:
    try:
        assert plain(parse(yaml.dump({"a": [written]}, default_style='"'), "a.yaml"))["a"] == [
            written
        ]
    except ScenarioError as error:  # non-characters such as U+FFFF
        assert "control characters" in str(error) or "is not allowed" in str(error)
