"""The language as JSON Schema, for completion and checking in an editor."""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from sim.scenario.schema.base import Section
from sim.scenario.schema.specification import Specification


def json_schema() -> dict[str, Any]:
    """Describe the language as JSON Schema, from the same definitions that validate it.

    Returns
    -------
    dict
        It asks for no key of a section, since any of them may come from a file that is extended;
        only items of lists, which are replaced whole, must be complete.
    """
    schema = Specification.model_json_schema()
    extends = {
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
        "description": "Files whose keys this one is merged over, in order; relative to this file.",
    }
    for model in _sections(Section):
        _describe(model, schema if model is Specification else schema["$defs"].get(model.__name__))
    whole = set(_items(schema))
    for name, section in {**schema["$defs"], "": schema}.items():
        if name not in whole:
            section.pop("required", None)
    schema["properties"] = {
        "language": schema["properties"]["language"],
        "extends": extends,
        **schema["properties"],
    }
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Scenario of peacekeeping-sim"
    return schema


def _sections(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for section in model.__subclasses__():
        yield section
        yield from _sections(section)


def _describe(model: type[BaseModel], schema: dict[str, Any] | None) -> None:
    """Say of each key what stands below its definition, there and in the classes it comes from."""
    for base in model.__mro__:
        if schema is None or base is Section or not issubclass(base, Section):
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0]
        statements = body.body if isinstance(body, ast.ClassDef) else []
        for here, below in itertools.pairwise(statements):
            if (
                isinstance(here, ast.AnnAssign)
                and isinstance(here.target, ast.Name)
                and isinstance(below, ast.Expr)
                and isinstance(below.value, ast.Constant)
                and here.target.id in base.model_fields
            ):
                key = base.model_fields[here.target.id].alias or here.target.id
                text = inspect.cleandoc(str(below.value.value))
                schema["properties"][key].setdefault("description", text)


def _items(schema: Any) -> Iterator[str]:
    """Name the definitions that stand for items of lists."""
    if isinstance(schema, list):
        for part in schema:
            yield from _items(part)
    elif isinstance(schema, dict):
        items = schema.get("items")
        if isinstance(items, dict):
            for form in (items, *items.get("oneOf", ()), *items.get("anyOf", ())):
                if "$ref" in form:
                    yield form["$ref"].rpartition("/")[2]
        for part in schema.values():
            yield from _items(part)
