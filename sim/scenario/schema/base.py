"""The building blocks of the language: sections, sources, values that depend on a condition."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NoReturn

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from sim.scenario.scalars import clip, formula, show

Hint = str | Callable[[], str]  # a function where the hint takes long to find
Problem = tuple[tuple[str | int, ...], str, Hint]  # path, message, hint

KEY = "[key]"
"""Last step of a path that means a key itself and not its value; pydantic's own sign for it."""


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


def _text_or_number(written: Any) -> Any:
    if isinstance(written, bool) or not isinstance(written, (str, int)):
        raise ValueError(f"must be a date or a year, found {show(written)}")
    return _prose(written) if isinstance(written, str) else written


def _prose(text: str) -> str:
    found = formula(text)
    if found and found.start() == 0:  # `sim sources` writes it into a table
        raise ValueError(f"must not begin with '{found[1]}', found {clip(text)}; begin with a word")
    return text


Prose = Annotated[str, AfterValidator(_prose)]


class Source(Section):
    """Where a figure comes from, or that it is a judgement and why."""

    figure: Annotated[Prose, Field(min_length=1)]
    """Which figure, in words: "army 120,000"."""
    source: Prose | None = None
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
    note: Prose | None = None
    """The reasoning, or what the reader should know."""


Sources = tuple[Source, ...]


def as_tuple(written: Any) -> Any:
    """Turn YAML's lists into the tuples that frozen sections hold."""
    return tuple(written) if isinstance(written, list) else written


AsTuple = BeforeValidator(as_tuple)
SourceList = Annotated[Sources, AsTuple]
Territory = Literal["inside", "neighbouring"]
