"""The building blocks of the language: sections, names, amounts, probabilities, references."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NoReturn

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from sim.errors import nearest
from sim.scenario.amounts import (
    DURATION,
    MONEY,
    NUMBER,
    PER_DAY,
    PER_YEAR,
    Amount,
    Dimension,
    parse_amount,
)
from sim.scenario.scalars import clip, show, slip

Problem = tuple[tuple[str | int, ...], str, str]  # path, message, hint

KEY = "[key]"
"""Last step of a path that means a key itself and not its value; pydantic's own sign for it."""

MAX_COUNT = 1_000_000_000
"""More soldiers, or replications, than anybody can mean."""

_FEW_NAMES = 5  # as many are listed whole, from more the nearest is picked
_LISTED = 12


def refuse(*problems: Problem) -> NoReturn:
    """Raise what is wrong, each with the path below the value that is being validated."""
    raise PydanticCustomError("problems", "refused", {"problems": list(problems)})


class Section(BaseModel):
    """A mapping of the language: no unknown keys, no silent conversions, never changed."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        arbitrary_types_allowed=True,
        defer_build=True,  # one validator for the whole, built when the first scenario comes
    )


@dataclass(frozen=True, slots=True)
class Names:
    """What a scenario declares, for checking references while everything is still unvalidated.

    None stands for a section that cannot be read, so that nothing can be said about references.
    """

    conditions: tuple[str, ...] | None = ()
    contributors: tuple[str, ...] | None = ()
    corridors: tuple[str, ...] | None = ()
    stances: tuple[str, ...] | None = ()
    """Mandates and their kinds: what a participation may answer to."""
    capabilities: tuple[str, ...] | None = ()
    """What is asked for or offered."""


def known(name: str, declared: tuple[str, ...], noun: str, label: str = "declared") -> Problem:
    """Tell that `name` is not among what is declared."""
    listed = ", ".join(declared[:_LISTED]) + (", ..." if len(declared) > _LISTED else "")
    hint = f"{label}: {listed or 'none'}"
    if len(declared) > _FEW_NAMES:
        hint = nearest(name, declared) or hint
    return (), f"no {noun} {clip(name)}", hint


def _reference(where: str, noun: str, label: str = "declared") -> Callable[..., str]:
    def check(name: str, info: ValidationInfo) -> str:
        declared = getattr(info.context, where) if isinstance(info.context, Names) else None
        if declared is not None and name not in declared:
            refuse(known(name, declared, noun, label))
        return name

    return check


# Control characters, what a path or a file name takes apart, and what a state's rates do.
_FORBIDDEN_IN_NAMES = re.compile(r"[\x00-\x1f\x7f.\"\\/]|->")


def parse_name(text: Any) -> str:
    """Check a name.

    Parameters
    ----------
    text
        What is written.

    Returns
    -------
    str
        The same.

    Raises
    ------
    ValueError
        If a spreadsheet would run it, or a path or a table could not hold it.
    """
    if not isinstance(text, str):
        raise ValueError(f"must be a name, found {show(text)}")
    if not text.strip() or text != text.strip() or len(text) > 80:
        raise ValueError(f"{clip(text)} is no name: 1 to 80 characters, without blanks at the ends")
    if text[0] in "=+-@":  # a spreadsheet would run such a cell
        raise ValueError(f"a name must not begin with '{text[0]}', found {clip(text)}")
    if found := _FORBIDDEN_IN_NAMES.search(text):
        what = {".": "a dot", "->": "'->'", '"': "a quotation mark"}.get(found[0], clip(found[0]))
        raise ValueError(f"a name must not contain {what}, found {clip(text)}")
    return text


Name = Annotated[str, BeforeValidator(parse_name)]
ConditionName = Annotated[Name, AfterValidator(_reference("conditions", "condition"))]
CorridorName = Annotated[Name, AfterValidator(_reference("corridors", "corridor"))]
ContributorName = Annotated[Name, AfterValidator(_reference("contributors", "contributor"))]
CapabilityName = Annotated[Name, AfterValidator(_reference("capabilities", "capability", "known"))]
"""A reference to a capability that somebody asks for or offers."""
StanceName = Annotated[Name, AfterValidator(_reference("stances", "mandate or kind", "known"))]

_AMOUNT_SCHEMA = {
    "anyOf": [{"type": "number"}, {"type": "string"}],
    "description": "a number, or uniform(a, b), triangular(low, mode, high), normal(mean, sd), "
    "lognormal(median, p90), beta(a, b), between(p10, p90), choice(a, b, ...), and the unit",
}


def amount(
    dimension: Dimension,
    low: float = 0.0,
    high: float = float("inf"),
    positive: bool = False,
    fixed: bool = False,
) -> tuple[BeforeValidator, WithJsonSchema]:
    """Annotate a field that holds an `Amount` (see `parse_amount`)."""

    def check(written: Any) -> Amount:
        parsed = parse_amount(written, dimension, low, high, positive)
        if fixed and not parsed.fixed:
            raise ValueError(f"must be one value, not a distribution, found {clip(parsed.text)}")
        return parsed

    return BeforeValidator(check), WithJsonSchema(_AMOUNT_SCHEMA)


_duration = amount(DURATION)
Duration = Annotated[Amount, _duration[0], _duration[1]]
_fixed = amount(DURATION, fixed=True)
FixedDuration = Annotated[Amount, _fixed[0], _fixed[1]]
_positive = amount(DURATION, positive=True, fixed=True)
PositiveDuration = Annotated[Amount, _positive[0], _positive[1]]
_share = amount(NUMBER, high=1.0)
ShareAmount = Annotated[Amount, _share[0], _share[1]]
_number = amount(NUMBER)
NumberAmount = Annotated[Amount, _number[0], _number[1]]
_yearly = amount(PER_YEAR)
YearlyRate = Annotated[Amount, _yearly[0], _yearly[1]]
_daily = amount(PER_DAY, positive=True)
DailyRate = Annotated[Amount, _daily[0], _daily[1]]
_money = amount(MONEY)
Money = Annotated[Amount, _money[0], _money[1]]

PositiveShare = Annotated[float, Field(gt=0, le=1)]


def whole(written: Any) -> Any:
    """Take 1e4 for 10000: a whole number is a whole number however it is written."""
    if isinstance(written, float) and written.is_integer() and abs(written) < 1e15:
        if 0 < abs(written) < 1000:  # 30.000 is thirty thousand to half of Europe
            count = int(written)
            raise ValueError(
                f"must be a whole number, found {written}; write {count}, or {count}_000"
            )
        return int(written)
    return written


Whole = Annotated[int, BeforeValidator(whole)]
PositiveCount = Annotated[Whole, Field(gt=0, le=MAX_COUNT)]


def parse_date(written: Any) -> datetime.date:
    """Read a date.

    Parameters
    ----------
    written
        ``2026``, ``2026-07`` or ``2026-07-01``; the first day where the rest is left out.

    Returns
    -------
    datetime.date
        From 1900 to 2200.

    Raises
    ------
    ValueError
        If it is no such date.
    """
    if isinstance(written, datetime.date):
        return written
    parts = re.fullmatch(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", str(written))
    if parts and not isinstance(written, bool):
        year, month, day = (int(part or 1) for part in parts.groups())
        if 1900 <= year <= 2200:
            try:
                return datetime.date(year, month, day)
            except ValueError:
                pass
    raise ValueError(f"must be a date as 2026, 2026-07 or 2026-07-01, found {show(written)}")


Date = Annotated[
    datetime.date, BeforeValidator(parse_date), WithJsonSchema({"type": ["string", "integer"]})
]


@dataclass(frozen=True, slots=True)
class When:
    """A value that depends on a condition: ``{when: condition, then: a, else: b}``, nestable."""

    condition: str
    then: When | float | str
    otherwise: When | float | str

    def conditions(self) -> Iterator[str]:
        """Every condition that the value depends on."""
        yield self.condition
        for branch in (self.then, self.otherwise):
            if isinstance(branch, When):
                yield from branch.conditions()


Conditional = When | float | str


def _conditional(leaf: Callable[[Any], float | str]) -> Callable[..., Conditional]:
    def parse(written: Any, info: ValidationInfo) -> Conditional:
        problems: list[Problem] = []

        def walk(value: Any, path: tuple[str, ...]) -> Conditional:
            if isinstance(value, When):
                return value
            if not isinstance(value, Mapping):
                try:
                    return leaf(value)
                except ValueError as error:
                    problems.append((path, str(error), ""))
                    return 0.0
            problems.extend(
                ((*path, *below), message, hint) for below, message, hint in _keys(value)
            )
            if "when" in value:
                try:
                    _any_condition(parse_name(value["when"]), info)
                except PydanticCustomError as error:
                    _, message, hint = (error.context or {})["problems"][0]
                    problems.append(((*path, "when"), message, hint))
                except ValueError as error:
                    problems.append(((*path, "when"), str(error), ""))
            branches = [
                walk(value[key], (*path, key)) if key in value else 0.0 for key in ("then", "else")
            ]
            return When(str(value.get("when")), *branches)

        result = walk(written, ())
        if problems:
            refuse(*problems)
        return result

    return parse


_WHEN_KEYS = ("when", "then", "else")


def _keys(value: Mapping[str, Any]) -> Iterator[Problem]:
    """Tell which keys of a conditional value are missing or unknown."""
    meant: dict[str, str] = {}
    for key in value:
        if key not in _WHEN_KEYS:
            near = [name for name in _WHEN_KEYS if name not in value and nearest(key, [name])]
            meant.update(dict.fromkeys(near[:1], key))
            hint = f"did you mean {near[0]!r}?" if near else "allowed: when, then, else"
            yield (key, KEY), f"unknown key {clip(key)}", hint
    for key in _WHEN_KEYS:
        if key not in value and key not in meant:
            yield (), f"needs '{key}'", "as in {when: x, then: a, else: b}"


def _probability(written: Any) -> float:
    if isinstance(written, bool) or not isinstance(written, (int, float)):
        message = f"must be a probability from 0 to 1, found {show(written)}"
        raise ValueError("; ".join(filter(None, (message, slip(written)))))
    if not 0 <= written <= 1:
        raise ValueError(f"must be a probability from 0 to 1, found {written:g}")
    return float(written)


def _state(written: Any) -> str:
    if not isinstance(written, str):
        raise ValueError(f"must be the name of a state, found {show(written)}")
    return written


_any_condition = _reference("conditions", "condition")


def _conditional_schema(leaf: dict[str, Any]) -> WithJsonSchema:
    return WithJsonSchema(
        {
            "anyOf": [
                leaf,
                {
                    "type": "object",
                    "properties": {"when": {"type": "string"}, "then": {}, "else": {}},
                    "required": list(_WHEN_KEYS),
                    "additionalProperties": False,
                },
            ]
        }
    )


Probability = Annotated[
    Any,
    BeforeValidator(_conditional(_probability)),
    _conditional_schema({"type": "number", "minimum": 0, "maximum": 1}),
]
StateChoice = Annotated[
    Any, BeforeValidator(_conditional(_state)), _conditional_schema({"type": "string"})
]


def _text_or_number(written: Any) -> Any:
    if isinstance(written, bool) or not isinstance(written, (str, int)):
        raise ValueError(f"must be a date or a year, found {show(written)}")
    return written


class Source(Section):
    """Where a figure comes from, or that it is a judgement and why."""

    figure: Annotated[str, Field(min_length=1)]
    """Which figure, in words: "army 120,000"."""
    source: str | None = None
    """Who published it."""
    date: Annotated[
        Any,
        BeforeValidator(_text_or_number),
        WithJsonSchema({"type": ["string", "integer"]}),
    ] = None
    """When."""
    confidence: Literal["high", "medium", "low"] | None = None
    """How far the source can be relied on."""
    judgement: bool = False
    """Whether it is a judgement of the author and not a published figure."""
    note: str | None = None
    """The reasoning, or what the reader should know."""


Sources = tuple[Source, ...]


def as_tuple(written: Any) -> Any:
    """Turn YAML's lists into the tuples that frozen sections hold."""
    return tuple(written) if isinstance(written, list) else written


AsTuple = BeforeValidator(as_tuple)
SourceList = Annotated[Sources, AsTuple]
Territory = Literal["inside", "neighbouring"]
