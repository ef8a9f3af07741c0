"""What a word means, in a file and on the command line."""

import pytest

from sim.errors import ScenarioError
from sim.scenario.scalars import show, slip
from sim.scenario.source import parse, parse_word, plain


def told(text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        parse(text, "a.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None), ("~", None), ("", None),
        ("true", True), ("True", True), ("FALSE", False),
        ("0", 0), ("-7", -7), ("+5", 5), ("30_000", 30_000), ("1_100", 1_100),
        ("999999999999999999", 10**18 - 1),
        ("1e3", 1e3), ("1.5e-3", 1.5e-3), (".5", 0.5), ("-0.25", -0.25), ("1.", 1.0),
        ("1_000.5", 1000.5),
        ("no", "no"), ("yes", "yes"), ("off", "off"), ("tRue", "tRue"), ("y", "y"),
        ("12:30", "12:30"), ("017", "017"), ("0x10", "0x10"), ("0o17", "0o17"), ("00.5", "00.5"),
        ("2026-07-01", "2026-07-01"), ("2026-07", "2026-07"), ("1:4 six-month", "1:4 six-month"),
        ("_1", "_1"), ("1_", "1_"), ("1__0", "1__0"), (".", "."), ("e3", "e3"), ("+", "+"),
        ("inf", "inf"), ("nan", "nan"), ("٣", "٣"),
        ("triangular(1, 2, 6) months", "triangular(1, 2, 6) months"),
        ("'0.5'", "0.5"), ('"true"', "true"), ("''", ""), ('"a\\nb"', "a\nb"), ("! 12", "12"),
        ("Côte d'Ivoire", "Côte d'Ivoire"),
    ],
)  # fmt: skip
def test_scalars_of_yaml_1_2(text: str, value: object) -> None:
    found = plain(parse(f"a: {text}", "a.yaml"))["a"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", [".nan", ".NaN", ".inf", "-.INF", "+.inf", "1e999", "-1e400"])
def test_nan_and_infinity_are_refused(text: str) -> None:
    assert told(f"a:\n  b: {text}") == (
        f"a.yaml:2:6: a.b: NaN and infinity are not allowed, found '{text}'"
    )


def test_absurdly_long_numbers_are_refused() -> None:
    assert "more than 18 digits" in told("a: 1000000000000000000")
    assert "more than 18 digits" in told("a: " + "9" * 100_000)
    assert "not allowed" in told("a: " + "9" * 100_000 + ".0")


def test_a_value_is_shown_as_it_is_written() -> None:
    values: list[tuple[object, str]] = [
        (None, "nothing"), (True, "true"), (3, "3"), (0.5, "0.5"), (1e12, "1000000000000"),
        (2.0, "2.0"), ("x", "'x'"), ("3", "'3'"), ({}, "an empty mapping"), ({"a": 1}, "a mapping"),
        ([], "an empty list"), ((1,), "a list"), ("x" * 100, "'" + "x" * 59 + "…'"),
    ]  # fmt: skip
    for value, shown in values:
        assert show(value) == shown


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("120,000", "write 120_000"), ("1,200,000", "write 1_200_000"), ("1 200", "write 1_200"),
        ("1.200.000", "write 1_200_000"), ("0,9", "write 0.9"), ("90%", "write 0.9"),
        ("12.5 %", "write 0.125"), ("017", "write 17"), ("0.9", "leave out the quotes"),
        ("1e3", "leave out the quotes"), ("many", ""), ("", ""), ("1,2,3", ""), ("9" * 99, ""),
    ],
)  # fmt: skip
def test_advice_on_numbers_as_they_are_written_elsewhere(text: str, advice: str) -> None:
    assert slip(text) == advice
    assert slip(3) == ""


def test_words_of_the_command_line() -> None:
    values = {
        "0.9": 0.9, "": None, "no": "no", "30_000": 30_000, " x ": "x", "a: b # c": "a: b # c",
        "[1, x]": [1, "x"], "{when: c, then: 0.5}": {"when": "c", "then": 0.5}, "'0.9'": "0.9",
        "triangular(1, 2, 6) months": "triangular(1, 2, 6) months", "- 1": "- 1",
    }  # fmt: skip
    for text, value in values.items():
        assert plain(parse_word(text, "--set")) == value
    for text in ("[1", "!!int 1", ".nan", "*x", "'x", "\x1b", "{a: 1, a: 2}"):
        with pytest.raises(ScenarioError):
            parse_word(text, "--set")
