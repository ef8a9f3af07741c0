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

from ...errors import nearest
from ..amounts import (
    DURATION,
    MONEY,
    NUMBER,
    PER_DAY,
    PER_YEAR,
    Amount,
    Dimension,
    parse_amount,
)

Problem = tuple[tuple[str | int, ...], str, str]  # path below the field, message, hint


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
        use_attribute_docstrings=True,
    )


@dataclass(frozen=True, slots=True)
class Names:
    """What a scenario declares, for checking references while everything is still unvalidated."""

    conditions: tuple[str, ...] = ()
    contributors: tuple[str, ...] = ()
    corridors: tuple[str, ...] = ()
    stances: tuple[str, ...] = ()  # mandates and their kinds: what a participation may answer to
    states: tuple[str, ...] = ()


def _known(where: str, noun: str, plural: str) -> Callable[[str, ValidationInfo], str]:
    def check(name: str, info: ValidationInfo) -> str:
        names = info.context
        if isinstance(names, Names) and name not in getattr(names, where):
            declared = getattr(names, where)
            listed = ", ".join(declared[:12]) + (", ..." if len(declared) > 12 else "")
            hint = nearest(name, declared)
            refuse(((), f"no {noun} '{name}'", hint or f"{plural}: {listed or 'none'}"))
        return name

    return check


_FORBIDDEN_IN_NAMES = re.compile(r"[\x00-\x1f\x7f.\"\\/]")


def _name(text: Any) -> str:
    if not isinstance(text, str):
        raise ValueError("must be a name")
    if not text.strip() or text != text.strip() or len(text) > 80:
        raise ValueError(f"{text[:80]!r} is no name: 1 to 80 characters, no blanks at the ends")
    if text[0] in "=+-@":  # a spreadsheet would run such a cell
        raise ValueError(f"a name must not begin with '{text[0]}', found '{text}'")
    if _FORBIDDEN_IN_NAMES.search(text):
        raise ValueError(f"a name must not contain dots, quotes, slashes or line breaks: {text!r}")
    return text


Name = Annotated[str, BeforeValidator(_name)]
ConditionName = Annotated[
    str, AfterValidator(_known("conditions", "condition", "declared conditions"))
]
CorridorName = Annotated[str, AfterValidator(_known("corridors", "corridor", "declared"))]
ContributorName = Annotated[
    str, AfterValidator(_known("contributors", "contributor", "contributors"))
]
StateName = Annotated[str, AfterValidator(_known("states", "state", "declared states"))]

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
    """Annotations of a field that holds an `Amount` (see `parse_amount`)."""

    def check(written: Any) -> Amount:
        parsed = parse_amount(written, dimension, low, high, positive)
        if fixed and not parsed.fixed:
            raise ValueError(f"must be one value, not a distribution, found {written}")
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

Share = Annotated[float, Field(ge=0, le=1)]
PositiveShare = Annotated[float, Field(gt=0, le=1)]


def _count(written: Any) -> Any:
    """Take 1e4 for 10000: a whole number is a whole number however it is written."""
    if isinstance(written, float) and written.is_integer() and abs(written) < 1e15:
        return int(written)
    return written


Count = Annotated[int, BeforeValidator(_count), Field(ge=0)]
PositiveCount = Annotated[int, BeforeValidator(_count), Field(gt=0)]


def parse_date(written: Any) -> datetime.date:
    """A date as 2026, 2026-07 or 2026-07-01; the first day where the rest is left out."""
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
    raise ValueError(f"must be a date as 2026-07-01, found {written!r}")


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


def _conditional(leaf: Callable[[Any], float | str], condition: Callable[..., str]) -> Any:
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
            keys = ("when", "then", "else")
            for key in value:
                if key not in keys:
                    hint = nearest(key, keys) or "allowed: when, then, else"
                    problems.append(((*path, key), f"unknown key '{key}'", hint))
            for key in keys:
                if key not in value:
                    problems.append((path, f"needs '{key}'", "as in {when: x, then: a, else: b}"))
            name = value.get("when")
            if isinstance(info.context, Names) and isinstance(name, str):
                try:
                    condition(name, info)
                except PydanticCustomError as error:
                    problems.extend(
                        ((*path, "when", *below), message, hint)
                        for below, message, hint in (error.context or {})["problems"]
                    )
            elif "when" in value and not isinstance(name, str):
                problems.append(((*path, "when"), "must be the name of a condition", ""))
            branches = [
                walk(value[key], (*path, key)) if key in value else 0.0 for key in ("then", "else")
            ]
            return When(str(name), *branches)

        result = walk(written, ())
        if problems:
            refuse(*problems)
        return result

    return parse


def _probability(written: Any) -> float:
    if isinstance(written, bool) or not isinstance(written, (int, float)):
        raise ValueError(f"must be a probability from 0 to 1, found {written!r}")
    if not 0 <= written <= 1:
        raise ValueError(f"must be a probability from 0 to 1, found {written:g}")
    return float(written)


def _state(written: Any) -> str:
    if not isinstance(written, str):
        raise ValueError(f"must be the name of a state, found {written!r}")
    return written


_any_condition = _known("conditions", "condition", "declared conditions")
_CONDITIONAL_SCHEMA = {
    "anyOf": [
        {"type": ["number", "string"]},
        {
            "type": "object",
            "properties": {"when": {"type": "string"}, "then": {}, "else": {}},
            "required": ["when", "then", "else"],
            "additionalProperties": False,
        },
    ]
}
Probability = Annotated[
    Any,
    BeforeValidator(_conditional(_probability, _any_condition)),
    WithJsonSchema(_CONDITIONAL_SCHEMA),
]
StateChoice = Annotated[
    Any, BeforeValidator(_conditional(_state, _any_condition)), WithJsonSchema(_CONDITIONAL_SCHEMA)
]


class Source(Section):
    """Where a figure comes from, or that it is a judgement and why."""

    figure: Annotated[str, Field(min_length=1)]
    """Which figure, in words: "army 120,000"."""
    source: str | None = None
    """Who published it."""
    date: str | int | None = None
    """When."""
    confidence: Literal["high", "medium", "low"] | None = None
    """How far the source can be relied on."""
    judgement: bool = False
    """Whether it is a judgement of the author and not a published figure."""
    note: str | None = None
    """The reasoning, or what the reader should know."""


Sources = tuple[Source, ...]


def as_tuple(written: Any) -> Any:
    """YAML has lists; frozen sections hold tuples."""
    return tuple(written) if isinstance(written, list) else written


AsTuple = BeforeValidator(as_tuple)
SourceList = Annotated[Sources, AsTuple]
Territory = Literal["inside", "neighbouring"]
