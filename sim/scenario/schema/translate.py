"""Pydantic's errors in the words of the language, each with its place in the file."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sim.errors import Issue, nearest
from sim.scenario.tree import Mark, Node

Path = tuple[str | int, ...]

# What a value should have been, by pydantic's type of error.
_KINDS = {
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
    "finite_number": "must be a finite number",
}
_LIMITS = {
    "greater_than": ("must be above {gt}"),
    "greater_than_equal": ("must be at least {ge}"),
    "less_than": ("must be below {lt}"),
    "less_than_equal": ("must be at most {le}"),
}
_MANY_KEYS = 16  # more are not worth listing in a message


def issues_of(error: ValidationError, root: Node, model: type[BaseModel]) -> list[Issue]:
    """Every mistake of a failed validation, with its place in `root`."""
    issues: list[Issue] = []
    for detail in error.errors(include_url=False):
        for path, message, hint in _told(detail, model):
            issues.append(issue_at(root, path, message, hint))
    return issues


def issue_at(root: Node, path: Sequence[str | int], message: str, hint: str = "") -> Issue:
    """An issue at `path`, or at the deepest part of it that exists in `root`."""
    known, mark = _follow(root, path)
    return Issue(mark.file, mark.line, mark.column, ".".join(map(str, known)), message, hint)


def _follow(root: Node, path: Sequence[str | int]) -> tuple[list[str | int], Mark]:
    """The part of `path` that exists (a last key that is missing is kept), and its mark.

    Pydantic puts names of its own between keys (the tag of a union); they are left out.
    """
    node, mark, known = root, root.mark, list[str | int]()
    for position, part in enumerate(path):
        if isinstance(node.value, dict) and str(part) in node.value:
            entry = node.value[str(part)]
            node, mark = entry.node, entry.mark
            known.append(part)
        elif isinstance(node.value, list) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            mark = node.mark
            known.append(part)
        elif position == len(path) - 1:
            known.append(part)
    # A wrong value is shown where it stands, a mapping where its key stands.
    whole = len(known) == len(path) and not isinstance(node.value, (dict, list))
    return known, node.mark if whole else mark


def _told(detail: ErrorDetails, model: type[BaseModel]) -> Iterator[tuple[Path, str, str]]:
    path, kind, found = detail["loc"], detail["type"], detail["input"]
    context: Mapping[str, Any] = detail.get("ctx", {})
    if path and path[-1] == "[key]":
        path = path[:-1]
    if kind == "problems":
        for below, message, hint in context["problems"]:
            yield (*path, *below), message, hint
    elif kind == "extra_forbidden":
        key, allowed = str(path[-1]), _keys_at(model, path[:-1])
        listed = f"allowed: {', '.join(allowed)}" if len(allowed) <= _MANY_KEYS else ""
        yield path, f"unknown key '{key}'", nearest(key, allowed) or listed
    elif kind == "missing":
        yield path[:-1], f"needs '{path[-1]}'", ""
    elif kind == "value_error":
        yield path, str(context["error"]), ""
    elif kind == "literal_error":
        expected = str(context["expected"])
        hint = nearest(str(found), [word.strip("'") for word in expected.split(" or ")])
        yield path, f"must be {expected}, found {_show(found)}", hint
    elif kind == "union_tag_invalid":
        allowed = [tag.strip(" '") for tag in str(context["expected_tags"]).split(",")]
        tag = str(context["tag"])
        name = str(context["discriminator"]).strip("'")
        hint = nearest(tag, allowed) or f"allowed: {', '.join(allowed)}"
        yield (*path, name), f"unknown {name} '{tag}'", hint
    elif kind == "union_tag_not_found":
        yield path, f"needs {context['discriminator']}", ""
    elif kind in _KINDS:
        yield path, f"{_KINDS[kind]}, found {_show(found)}", ""
    elif kind in _LIMITS:
        yield path, f"{_LIMITS[kind].format(**context)}, found {_show(found)}", ""
    elif kind in ("too_short", "string_too_short"):
        yield path, "must not be empty", ""
    else:
        yield path, detail["msg"], ""


def _show(value: Any) -> str:
    if isinstance(value, (dict, Mapping)):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    text = repr(value)
    if isinstance(value, bool):
        text = text.lower()
    return text if len(text) <= 60 else text[:57] + "..."


def _keys_at(model: type[BaseModel], path: Path) -> list[str]:
    """The keys allowed at `path` below `model`."""
    annotation: Any = model
    for part in path:
        annotation = _step(annotation, part)
    candidates = list(_models(annotation))
    return list(dict.fromkeys(key for found in candidates for key in _fields(found)))


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The sections that an annotation may stand for."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif typing.get_origin(annotation) in (typing.Union, types.UnionType, typing.Annotated):
        for option in typing.get_args(annotation):
            yield from _models(option)


def _step(annotation: Any, part: str | int) -> Any:
    """The annotation of what stands at `part` of a value of type `annotation`."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _fields(annotation).get(str(part))
    if origin is typing.Annotated:
        return _step(arguments[0], part)
    if origin in (dict, tuple):
        return arguments[1] if origin is dict else arguments[0]
    if origin in (typing.Union, types.UnionType):
        for option in arguments:
            if part in [tag for found in _models(option) for tag in _tags(found)]:
                return option  # the tag of a union, not a key
            below = _step(option, part)
            if below is not None:
                return below
    return None


def _tags(model: type[BaseModel]) -> tuple[Any, ...]:
    method = model.model_fields.get("method")
    return typing.get_args(method.annotation) if method else ()


def empty_values(root: Node, data: Any) -> tuple[list[Issue], Any]:
    """Keys without a value: the issues, and the data without them."""
    issues: list[Issue] = []

    def walk(value: Any, path: Path) -> Any:
        if isinstance(value, dict):
            for key, item in value.items():
                if item is None:
                    message = "has no value; give one or leave the key out"
                    issues.append(issue_at(root, (*path, key), message))
            return {
                key: walk(item, (*path, key)) for key, item in value.items() if item is not None
            }
        if isinstance(value, list):
            return [walk(item, (*path, index)) for index, item in enumerate(value)]
        return value

    return issues, walk(data, ())
