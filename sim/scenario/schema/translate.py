"""Pydantic's errors in the words of the language, each with its place in the file."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, Tag, ValidationError
from pydantic_core import ErrorDetails

from sim.errors import MOST_TOLD, Issue, nearest
from sim.scenario.scalars import clip, show, slip
from sim.scenario.schema.base import KEY, Problem
from sim.scenario.tree import Mark, Node, issue

Path = tuple[str | int, ...]

# What a value should have been, by pydantic's type of error, and how that is written.
_KINDS = {
    "int_type": ("must be a whole number", ""),
    "int_from_float": ("must be a whole number", ""),
    "float_type": ("must be a number", ""),
    "string_type": ("must be text", ""),
    "bool_type": ("must be true or false", ""),
    "tuple_type": ("must be a list", "one item per line, each after '- '"),
    "dict_type": ("must be a mapping", "as in {key: value}, or one key per line"),
    "model_type": ("must be a mapping", "as in {key: value}, or one key per line"),
}
_KINDS["model_attributes_type"] = _KINDS["model_type"]
_LIMITS = {
    "greater_than": ("must be above {}", "gt"),
    "greater_than_equal": ("must be at least {}", "ge"),
    "less_than": ("must be below {}", "lt"),
    "less_than_equal": ("must be at most {}", "le"),
}
_MANY_KEYS = 20  # more are not worth listing in a message
_FEW_KEYS = 10


def problems_of(error: ValidationError, model: type[BaseModel]) -> Iterator[Problem]:
    """Tell every mistake of a failed validation.

    Parameters
    ----------
    error
        What pydantic found.
    model
        What it validated.

    Yields
    ------
    Problem
        Path, message and hint. A missing key whose name is misspelt beside its place is told once.
        Of very many mistakes only the first are told.
    """
    found = error.errors()[:MOST_TOLD]
    details = [(_cleaned(detail["loc"], model), detail) for detail in found]
    unknown = [path for (path, _, _), detail in details if detail["type"] == "extra_forbidden"]
    for (path, parent, annotation), detail in details:
        if detail["type"] == "missing":
            beside = [str(other[-1]) for other in unknown if other[:-1] == path[:-1]]
            if any(nearest(key, [str(path[-1])]) for key in beside):
                continue
        tags = _tags_of(annotation)
        keys = _keys(parent if detail["type"] == "extra_forbidden" else annotation)
        items = bool(_keys(_step(annotation, 0)) or _tags_of(_step(annotation, 0)))
        yield from _told(path, tags, keys, items, detail)


def issue_at(root: Node, problem: Problem) -> Issue:
    """Give a problem its place.

    Parameters
    ----------
    root
        The tree that was validated.
    problem
        Path, message and hint; the path may end with `KEY`, or lead beyond what exists.

    Returns
    -------
    Issue
        At the key, or at the value: where that begins on the line of its key, else at the key.
    """
    path, message, hint = problem
    at_key = path[-1:] == (KEY,)
    path = path[:-1] if at_key else path
    return issue(_mark(root, path, at_key), path, message, hint() if callable(hint) else hint)


def _mark(root: Node, path: Path, at_key: bool) -> Mark:
    node, mark = root, root.mark
    for step in path:
        if isinstance(node.value, dict) and str(step) in node.value:
            entry = node.value[str(step)]
            node, mark = entry.node, entry.mark
        elif isinstance(node.value, list) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            mark = node.mark
        else:
            break
    beside = (node.mark.file, node.mark.line) == (mark.file, mark.line)
    block = isinstance(node.value, dict | list) and not beside
    return mark if at_key or block else node.mark


def _told(
    path: Path, tags: Sequence[str], keys: Sequence[str], items: bool, detail: ErrorDetails
) -> Iterator[Problem]:
    kind, found = detail["type"], detail["input"]
    context: Mapping[str, Any] = detail.get("ctx", {})
    if kind == "problems":
        for below, message, hint in context["problems"]:
            yield (*path, *below), message, hint
    elif kind == "extra_forbidden":
        key = str(path[-1])
        listed = f"allowed: {', '.join(keys)}" if len(keys) <= _MANY_KEYS else ""
        yield (*path, KEY), f"unknown key {clip(key)}", nearest(key, keys) or listed
    elif kind == "missing":
        yield path[:-1], f"needs '{path[-1]}'", ""
    elif kind == "value_error":
        yield path, str(context["error"]), ""
    elif kind == "literal_error":
        expected = str(context["expected"])
        hint = nearest(str(found), re.findall("'([^']*)'", expected))
        yield path, f"must be {expected}, found {show(found)}", hint
    elif kind in ("union_tag_invalid", "union_tag_not_found"):
        yield from _untagged(path, tags, str(context["discriminator"]).strip("'"), found)
    elif kind == "model_attributes_type" and tags:
        yield from _untagged(path, tags, "method", found)
    elif kind in _KINDS:
        message, form = _KINDS[kind]
        listed = f"its keys: {', '.join(keys)}" if 0 < len(keys) <= _FEW_KEYS else ""
        if kind == "tuple_type" and isinstance(found, str) and not items:
            listed = f"write [{found[:60]}]"
        yield path, f"{message}, found {show(found)}", _advice(kind, found) or listed or form
    elif kind in _LIMITS:
        form, limit = _LIMITS[kind]
        yield path, f"{form.format(_number(context[limit]))}, found {show(found)}", ""
    elif kind in ("too_short", "string_too_short"):
        yield path, "must not be empty", ""
    elif kind == "string_too_long":
        yield path, f"must be at most {context['max_length']} characters long", ""
    else:
        yield path, detail["msg"], ""


def _untagged(path: Path, allowed: Sequence[str], name: str, found: Any) -> Iterator[Problem]:
    """Tell what is wrong with the key that says which of several forms a mapping has."""
    listed = f"allowed: {', '.join(allowed)}"
    if not isinstance(found, Mapping):
        yield path, f"must be a mapping with the key '{name}', found {show(found)}", ""
    elif name in found:
        tag = found[name]
        hint = nearest(str(tag), allowed) or listed
        yield (*path, name), f"unknown {name} {show(tag)}", hint
    elif near := [key for key in found if nearest(key, [name])]:
        yield (*path, near[0], KEY), f"unknown key {clip(near[0])}", f"did you mean '{name}'?"
    else:
        yield path, f"needs '{name}'", listed


def _advice(kind: str, found: Any) -> str:
    if kind in ("int_type", "float_type"):
        return slip(found)
    if kind == "string_type" and isinstance(found, (bool, int, float)):
        return "put it in quotes"
    return ""


def _number(limit: float) -> str:
    return f"{int(limit):,}" if float(limit).is_integer() else f"{limit:g}"


class _Place(NamedTuple):
    """Where an error is: its path in the language, and what may stand there and one step above."""

    path: Path
    parent: Any
    annotation: Any


def _cleaned(path: Path, model: type[BaseModel]) -> _Place:
    """Leave out of a path what pydantic puts between keys: the tags of its unions."""
    parent: Any = None
    annotation: Any = model
    clean: list[str | int] = []
    for part in path:
        options = _options(annotation)
        tagged = [option for option in options if part in _tags(option)]
        if tagged and len(options) > 1:
            annotation = tagged[0]
            continue
        clean.append(part)
        if part != KEY:
            parent, annotation = annotation, _step(annotation, part)
    return _Place(tuple(clean), parent, annotation)


def _options(annotation: Any) -> list[Any]:
    """Take a union apart; anything else is its own only option, and None is none."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated and not _tags(annotation):
        return _options(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return [found for option in typing.get_args(annotation) for found in _options(option)]
    return [] if annotation is type(None) else [annotation]


def _tags(option: Any) -> tuple[Any, ...]:
    """Name the tags by which pydantic knows an option of a union."""
    if typing.get_origin(option) is typing.Annotated:
        return tuple(str(note.tag) for note in option.__metadata__ if isinstance(note, Tag))
    method = option.model_fields.get("method") if _is_model(option) else None
    return typing.get_args(method.annotation) if method else ()


def _tags_of(annotation: Any) -> list[str]:
    return [tag for option in _options(annotation) for tag in _tags(option)]


def _step(annotation: Any, part: str | int) -> Any:
    """Tell what stands at `part` of a value; None where that is unknown."""
    for option in _options(annotation):
        origin, arguments = typing.get_origin(option), typing.get_args(option)
        if origin is typing.Annotated:
            return _step(arguments[0], part)
        if _is_model(option) and part in _fields(option):
            return _fields(option)[str(part)]
        if origin in (dict, tuple):
            return arguments[1] if origin is dict else arguments[0]
    return None


def _keys(annotation: Any) -> list[str]:
    """List the keys of the section that an annotation stands for."""
    if typing.get_origin(annotation) is typing.Annotated:
        return _keys(typing.get_args(annotation)[0])
    sections = [option for option in _options(annotation) if _is_model(option)]
    return list(dict.fromkeys(key for section in sections for key in _fields(section)))


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}
