"""Ways to spoil the text of a scenario, each of which knows whether nonsense must come of it.

A structured mutator changes one place of the text, found with the language's own events; a raw one
changes the text as it comes. An edit that is nonsense by construction says why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from random import Random

import yaml
from pydantic import BaseModel

from sim.scenario.flow import rejoined
from sim.scenario.schema.base import Section


@dataclass(frozen=True)
class Place:
    """A key or a single value in a text."""

    path: tuple[str, ...]  # that of a key is the path of its value
    key: bool
    start: int
    end: int
    text: str
    bare: bool
    mark: tuple[int, int]  # line and column, from 1


@dataclass(frozen=True)
class Edit:
    """Text to put in the place of other text; `nonsense` says why it must be refused."""

    start: int
    end: int
    text: str
    nonsense: str = ""


@dataclass(frozen=True)
class Target:
    """A file's text with its places, of which those in `live` reach the scenario."""

    text: str
    places: tuple[Place, ...]
    live: frozenset[tuple[str, ...]]


Mutator = Callable[[Target, Random], Edit | None]
Raw = Callable[[str, Random], tuple[bytes, str]]


@cache
def places_of(text: str) -> tuple[Place, ...]:
    """Every key and every single value of a sound text, in order."""
    return tuple(_places(text))


def _places(text: str) -> Iterator[Place]:
    stack: list[tuple[bool, list[str]]] = []  # whether it is a mapping; the key that waits, or []
    items: list[int] = []

    def path() -> tuple[str, ...]:
        steps = zip(stack, items, strict=True)
        return tuple(key[0] if is_map else str(item) for (is_map, key), item in steps)

    def done() -> None:
        if stack:
            stack[-1][1].clear()
            items[-1] += 1

    for event in rejoined(yaml.parse(text, Loader=yaml.SafeLoader)):
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            stack.append((isinstance(event, yaml.MappingStartEvent), []))
            items.append(0)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            stack.pop()
            items.pop()
            done()
        elif isinstance(event, yaml.AliasEvent):
            done()
        elif isinstance(event, yaml.ScalarEvent):
            key = bool(stack and stack[-1][0] and not stack[-1][1])
            if key:
                stack[-1][1].append(event.value)
            at, end = event.start_mark, event.end_mark
            assert at and end
            mark = (at.line + 1, at.column + 1)
            bare = event.style in (None, "")
            yield Place(path(), key, at.index, end.index, event.value, bare, mark)
            if not key:
                done()


# --- choosing a place --------------------------------------------------------------------------


def _models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for below in model.__subclasses__():
        yield below
        yield from _models(below)


KEYS = frozenset(
    field.alias or name for m in _models(Section) for name, field in m.model_fields.items()
) | {"when", "then", "else"}
NAMED = frozenset(
    {
        *("contributors", "mandates", "conditions", "corridors", "states", "decided_by"),
        *("participation", "capabilities"),
    }
)
FREE = NAMED | {"rates", "substitutes", "phases", "units"}  # whose keys are the author's own


def _pick(target: Target, random: Random, fits: Callable[[Place], bool]) -> Place | None:
    found = [place for place in target.places if fits(place)]
    return random.choice(found) if found else None


def _key_of(place: Place) -> str:
    """The key of the language under which a value stands, also as an item of a list."""
    if place.path[-2:] == ("sizes", "step"):  # soldiers, not a duration
        return "sizes"
    return next((step for step in reversed(place.path) if not step.isdecimal()), "")


def _replace(place: Place, text: str, nonsense: str = "") -> Edit:
    return Edit(place.start, place.end, text, nonsense)


def _is_key(place: Place) -> bool:
    return place.key and place.text in KEYS and place.path[-2:-1] not in {(n,) for n in FREE}


def _is_name(place: Place) -> bool:
    if place.key:
        return len(place.path) > 1 and place.path[-2] in NAMED and "sources" not in place.path
    return place.path[-1] == "capability" or (place.path[0], place.path[-1]) == ("mandates", "kind")


# --- nonsense ----------------------------------------------------------------------------------

_UNITS = r"(?:days?|weeks?|months?|years?|km2?|per \w+|[A-Z]{3})"
_AMOUNT = re.compile(rf"[\d_.]+|.*\S(?= {_UNITS}$)|\w+\(.*\)")

# What no field of this name takes, however sound the rest is.
IMPOSSIBLE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("probability", "consents", "renews"), ("1.3", "-0.2", "often", "90%", "0,9")),
    **dict.fromkeys(
        ("tour", "goal", "least", "handover", "mobilisation", "demobilisation", "horizon", "step",
         "notice", "delay", "within", "longest_gap", "withdrawn_over", "every", "lasts",
         "half_life"),
        ("-6 months", "6 fortnights", "600", "months", "1e300 years", "normal(1, 9) weeks"),
    ),
    **dict.fromkeys(("available", "delivered", "remaining", "correlation"),
                    ("1.5", "-0.1", "uniform(0, 2)", "beta(0, 3)", "choice()")),
    **dict.fromkeys(("share", "fill", "share_of_time"), ("0", "1.01", "-1", "half")),
    "army": ("-1", "0", "1.5", "1e12", "120,000"),
    "priority": ("-1", "1.5", "first", "1e12"),
    "capability": ("[manoeuvre]", "''", "-1"),
    "kept_back": ("-1", "1.5", "none"),
    "withdrawal_hazard_ratio": ("-1", "1000", "high"),
    "withdrawal": ("-1 per year", "0.5", "0.5 per fortnight"),
    "deaths": ("-2", "2 per year", "uniform(9, 1)"),
    "capacity": ("420", "0 per day", "-3 per day", "420 per fortnight"),
    "per_soldier_month": ("9000", "-9000 EUR", "9000 euros"),
    "corridor": ("nowhere", "[]", "5"),
    "serves": ("outside", "true", "[inside]"),
    "counts": ("outside", "1"),
    "surge": ("yes", "1", "'true'"),
    "ends_mission": ("yes", "1"),
    "confidence": ("1.5", "0", "certain"),
    "judgement": ("yes", "1"),
    "seed": ("-1", "1.5", "1e300"),
    "replications": ("0", "-5", "1e12", "2.5"),
    "at_least": ("0", "99", "1.5"),
    "method": ("guess", "true"),
    "rule": ("dictator", "5"),
    "when": ("tomorrow", "[]"),
    "language": ("2", "true", "'1'"),
    "title": ("''", "[]", "5", "x" * 301),
    "weight": ("0", "-1", "heavy"),
    "extends": ("../../../../etc/passwd", "/etc/passwd", "~/secret.yaml", "http://example.org/a.yaml",
                "//server/share/a.yaml", r"\\server\share\a.yaml", "file:///etc/passwd", "5", "."),
}  # fmt: skip
_NUMERIC = frozenset(IMPOSSIBLE) - {
    *("capability", "corridor", "serves", "counts", "surge", "ends_mission", "confidence"),
    *("judgement", "method", "rule", "when", "language", "title", "extends"),
}


def _live(target: Target, fits: Callable[[Place], bool]) -> Callable[[Place], bool]:
    return lambda place: place.path in target.live and fits(place)


def misspell(target: Target, random: Random) -> Edit | None:
    place = _pick(target, random, _live(target, _is_key))
    if place is None:
        return None
    word, at = place.text, random.randrange(len(place.text))
    wrong = random.choice([
        word[:at] + word[at + 1 :], word[:at] + random.choice("abcxyz_") + word[at:],
        word.upper(), word + "s", word.replace("_", "-"), word + "ﬁ", word[::-1],
    ])  # fmt: skip
    if wrong in KEYS or not wrong.strip():
        return None
    return _replace(place, wrong, f"key {word!r} misspelt {wrong!r}")


def out_of_range(target: Target, random: Random) -> Edit | None:
    place = _pick(target, random, _live(target, lambda p: not p.key and _key_of(p) in IMPOSSIBLE))
    if place is None or (_key_of(place) == "confidence" and "sources" not in place.path):
        return None
    wrong = random.choice(IMPOSSIBLE[_key_of(place)])
    return _replace(place, wrong, f"{_key_of(place)} is {wrong}")


def swap_type(target: Target, random: Random) -> Edit | None:
    place = _pick(target, random, _live(target, lambda p: not p.key and _key_of(p) in _NUMERIC))
    wrong = random.choice(("[]", "{}", "[[1]]", "{a: 1}", "true", "2026-02-30", "twelve", "''"))
    return _replace(place, wrong, f"{wrong} in a place for a number") if place else None


def drop_unit(target: Target, random: Random) -> Edit | None:
    place = _pick(
        target,
        random,
        _live(target, lambda p: not p.key and _key_of(p) in _NUMERIC and " " in p.text
              and re.search(rf" {_UNITS}$", p.text) is not None),
    )  # fmt: skip
    if place is None:
        return None
    bare = re.sub(rf" {_UNITS}$", "", place.text)
    return _replace(place, f'"{bare}"' if "," in bare else bare, f"unit dropped of {place.text!r}")


def not_finite(target: Target, random: Random) -> Edit | None:
    place = _pick(target, random, _live(target, lambda p: not p.key and _key_of(p) in _NUMERIC))
    wrong = random.choice((".nan", ".inf", "-.inf", "nan", "inf", "1e999", "9" * 40, "0x10",
                           '"uniform(1, nan)"', '"triangular(1, 2, inf) months"'))  # fmt: skip
    return _replace(place, wrong, f"{wrong} in a place for a number") if place else None


def out_of_order(target: Target, random: Random) -> Edit | None:
    form = re.compile(r"(uniform|triangular|between|lognormal)\(([^()]*)\)(.*)", re.DOTALL)
    place = _pick(target, random, _live(target, lambda p: not p.key and bool(form.match(p.text))))
    if place is None or (found := form.match(place.text)) is None:
        return None
    numbers = found[2].split(",")
    if "sources" in place.path or float(numbers[0]) >= float(numbers[-1]):
        return None
    text = f"{found[1]}({', '.join(n.strip() for n in reversed(numbers))}){found[3]}"
    return _replace(place, f'"{text}"', f"distribution out of order: {text}")


def formula(target: Target, random: Random) -> Edit | None:
    place = _pick(target, random, _live(target, _is_name))
    if place is None:
        return None
    begins = random.choice(
        ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\\t=", "\\r=", "a;=", "'=")
    )
    return _replace(place, f'"{begins}cmd|x!A1"', f"a formula for a name: {begins}")


def tag(target: Target, random: Random) -> Edit | None:
    place = _pick(target, random, lambda p: True)
    wrong = random.choice(("!!python/object/apply:os.system [id]", "!!str x", "!mine 1",
                           "!!binary aGk=", "!!timestamp 2026-01-01", "!!set {a}"))  # fmt: skip
    return _replace(place, wrong, f"tag {wrong}") if place else None


def twice(target: Target, random: Random) -> Edit | None:
    place = _pick(target, random, lambda p: p.key and p.bare)
    if place is None:
        return None
    before = target.text[target.text.rfind("\n", 0, place.start) + 1 : place.start]
    if before.strip():  # inside braces
        flow = before.rstrip()[-1:] in ("{", ",")
        return Edit(place.start, place.start, f"{place.text}: 0, ", "twice") if flow else None
    return Edit(place.start, place.start, f"{place.text}: 0\n{before}", "the same key twice")


def too_deep(target: Target, random: Random) -> Edit | None:
    place = _pick(target, random, lambda p: not p.key)
    levels = random.choice((51, 200, 5_000))
    opens, closes = random.choice((("[", "]"), ("{a: ", "}")))
    return _replace(place, opens * levels + closes * levels, f"{levels} levels") if place else None


def alias(target: Target, random: Random) -> Edit | None:
    place = _pick(target, random, lambda p: not p.key)
    wrong = random.choice(("*nothing", "&x [*x]", "&x {a: *x}", "{<<: {a: 1}}", "&a [&a 1]"))
    return _replace(place, wrong, f"alias or anchor: {wrong}") if place else None


NONSENSE: tuple[Mutator, ...] = (
    misspell, out_of_range, swap_type, drop_unit, not_finite, out_of_order, formula, tag, twice,
    too_deep, alias,
)  # fmt: skip

# --- anything may come of these ----------------------------------------------------------------

ODD = (
    "", "null", "true", "0", "1", "-1", "0.5", "1e15", "10_000_000", "x", "none", "war", "[]", "{}",
    "6 months", "0 days", "1 day", "50 years", "beta(0.01, 0.01)", '"choice(0, 1)"', "''", "日本",
    '"uniform(0, 1e15)"', '"lognormal(1e-300, 1e-299)"', "[x, y]",
    "{when: ceasefire, then: 1, else: 0}",
    '"\\u202eabc"', "'🜁'", '"\\U0001F1FA\\U0001F1E6"', "'a' * 9", "{from: 1, to: 200, step: 1}",
    "5e-324", "1e-300 days", '"normal(0.5, 1e-300)"', "&a [1, *a", "2026", "2200-12-31", "|\n x",
)  # fmt: skip


def odd_value(target: Target, random: Random) -> Edit | None:
    place = _pick(target, random, lambda p: not p.key)
    return _replace(place, random.choice(ODD)) if place else None


def scaled(target: Target, random: Random) -> Edit | None:
    """All numbers of an amount by one factor, so that it is mostly still sound."""
    place = _pick(target, random, lambda p: not p.key and _key_of(p) in _NUMERIC)
    if place is None or "sources" in place.path:
        return None
    factor = random.choice((0.01, 0.5, 0.9, 1.1, 2, 100))
    text = re.sub(r"\d[\d_]*(\.\d+)?", lambda n: f"{float(n[0]) * factor:g}", place.text)
    return _replace(place, f'"{text}"' if "," in text else text)


def quoted(target: Target, random: Random) -> Edit | None:
    place = _pick(target, random, lambda p: p.bare and p.text != "")
    return _replace(place, random.choice(('"{}"', "'{}'")).format(place.text)) if place else None


def remarked(target: Target, random: Random) -> Edit | None:
    """A comment, blank lines, a value that is never read: nothing that changes the scenario."""
    place = _pick(target, random, lambda p: p.key and len(p.path) == 1)
    more = random.choice(("# {[*&!é\n", "\n\n\n", "# " + "x" * 100_000 + "\n"))
    return Edit(place.start, place.start, more) if place else None


def other_number(target: Target, random: Random) -> Edit | None:
    place = _pick(target, random, lambda p: not p.key and p.bare and p.text.isdecimal())
    factor = random.choice((0, 0.01, 0.5, 2, 10, 1000))
    return _replace(place, f"{int(place.text) * factor:g}") if place else None


def other_key(target: Target, random: Random) -> Edit | None:
    place = _pick(target, random, lambda p: p.key)
    word = random.choice((*sorted(KEYS), "ünïcödé", '"a b"', "'1e5'", "x" * 80, "?", "~"))
    return _replace(place, word) if place else None


def foreign_letters(target: Target, random: Random) -> Edit | None:
    place = _pick(target, random, lambda p: p.bare)
    if place is None:
        return None
    at = random.randint(place.start, place.end)
    return Edit(at, at, random.choice("éß中\u200b\u202e\u0301\u00a0\u2028ﬁ🜁\u3164"))


ANYTHING: tuple[Mutator, ...] = (
    *(odd_value, other_number, other_key, foreign_letters),
    *(scaled, quoted, remarked),
)

# --- the text as it comes ----------------------------------------------------------------------


def truncated(text: str, random: Random) -> tuple[bytes, str]:
    content = text.encode()
    return content[: random.randrange(len(content))], ""


def binary(text: str, random: Random) -> tuple[bytes, str]:
    content, wrong = text.encode(), random.choice((b"\0", b"\xff", b"\x1b", b"\x7f", b"\xc0\xaf"))
    at = random.randrange(len(content))
    return content[:at] + wrong + content[at:], f"byte {wrong!r}"


def flipped(text: str, random: Random) -> tuple[bytes, str]:
    content = bytearray(text.encode())
    for _ in range(random.randint(1, 4)):
        content[random.randrange(len(content))] = random.choice(b"{}[]:,-#&*!|>'\"%@` \n\tz0")
    return bytes(content), ""


def rows_changed(text: str, random: Random) -> tuple[bytes, str]:
    rows = text.split("\n")
    at, to = random.randrange(len(rows)), random.randrange(len(rows))
    how = random.randrange(4)
    if how == 0:
        del rows[at]
    elif how == 1:
        rows[at], rows[to] = rows[to], rows[at]
    elif how == 2:
        rows[at] = " " * random.randint(1, 3) + rows[at]
    else:
        rows[at:at] = [rows[at]] * random.choice((1, 3_000))
    return "\n".join(rows).encode(), ""


def appended(text: str, random: Random) -> tuple[bytes, str]:
    bomb = "".join(f"b{n}: &b{n} [{', '.join([f'*b{n - 1}'] * 9)}]\n" for n in range(1, 12))
    many = "".join(f"  k{n}: {{corridor: c{n}}}\n" for n in range(20_000))
    # As near to the limits as it goes, so that they are seen to be low enough.
    full = "".join(f"  k{n}: {{corridor: c{n}, armi: 1, tour: 6 mnths, forces: [{{}}, {{}}],"
                   f" participation: {{x: {{probability: {{whn: 1}}}}}}}}\n"
                   for n in range(999))  # fmt: skip
    last = random.choice((
        "zzz: 1\n", "---\na: 1\n", f"b0: &b0 [x, x, x]\n{bomb}", f"more:\n{many}", f"more:\n{full}",
        f"more: {'x' * 200_000}\n", f'more: &x "{"x" * 90_000}"\nmost: [{"*x, " * 900}]\n',
        f"more: {'(' * 100_000}\n", f"more: {'[' * 100_000}\n", f"{'x' * 100_000}: 1\n",
        f"more: {'9' * 100_000}\n", f'more: "{chr(92)}U0000d800"\n', "\tmore: 1\n", "{" * 1_000,
    ))  # fmt: skip
    return f"{text}\n{last}".encode(), f"appended {last[:20]!r}"


RAW: tuple[Raw, ...] = (truncated, binary, flipped, rows_changed, appended)


def edited(text: str, edits: Iterable[Edit]) -> tuple[str, list[str]]:
    """The text with those edits that do not overlap, and why it is nonsense (nothing: it may be
    sound)."""
    reasons: list[str] = []
    first = len(text) + 1
    for edit in sorted(edits, key=lambda edit: -edit.start):
        if edit.end < first:
            text = text[: edit.start] + edit.text + text[edit.end :]
            first = edit.start
            reasons += [edit.nonsense] if edit.nonsense else []
    return text, reasons
