"""Values that may depend on a condition: ``{when: ceasefire, then: 0.5, else: 0.1}``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from sim.errors import nearest
from sim.scenario.scalars import clip, show, slip
from sim.scenario.schema.base import KEY, Conditional, Problem, When, refuse
from sim.scenario.schema.references import parse_name, reference


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


_any_condition = reference("conditions", "condition")


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
