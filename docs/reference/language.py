"""The reference of the language, from the definitions that validate a scenario.

Sections, keys, kinds of value, defaults and descriptions are those of ``sim schema``; examples are
what a scenario says that holds every key, and that the tests load.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sim
from sim.scenario.schema import Specification, json_schema

EXAMPLES = Path(__file__).parents[2] / "tests" / "scenarios" / "every_key.yaml"

Schema = Mapping[str, Any]
NAME, ITEM = "NAME", "[]"
"""Steps of a path: a name that the author chooses, an item of a list."""
FILE = ""
"""The name of what stands at the top of a scenario, which has no name of its own."""


@dataclass(frozen=True)
class Section:
    """One section of the language, at the first place where it may stand."""

    path: tuple[str, ...]
    schema: Schema
    required: frozenset[str]

    @property
    def method(self) -> str:
        """Which of several forms this is, where there are several."""
        return str(self.schema["properties"].get("method", {}).get("const", ""))

    @property
    def title(self) -> str:
        """As one reads it: ``contributors.NAME.forces[]``."""
        path = ".".join(self.path).replace(f".{ITEM}", ITEM)
        told = f"`{path}`" if path else "The file"
        return f"{told}, method `{self.method}`" if self.method else told

    def anchor(self, key: str = "") -> str:
        """The name of the section, or of one of its keys, in a link."""
        steps = [*(step for step in self.path if step not in (NAME, ITEM)), self.method, key]
        words = "-".join(filter(None, ["key" if key else "section", *steps]))
        return words.replace("_", "-")


def page() -> str:
    """The sections in the order of the language, as Markdown: a heading each, then its keys."""
    sections = sections_of(json_schema())
    examples = _examples(sections)
    told: dict[str, tuple[Schema, str]] = {}  # by key: what was said of it last, and where
    lines = []
    for name, section in sections.items():
        level = "##" if len(section.path) < 2 or section.path[1:] == (NAME,) else "###"
        about = section.schema["description"] if name else "What stands at the top of a scenario."
        lines += [f"({section.anchor()})=", f"{level} {section.title}\n", f"{about}\n"]
        again = []
        for key, value in section.schema["properties"].items():
            if key in told and told[key][0] == value:
                again.append(f"[`{key}`](#{told[key][1]})")
                continue
            told[key] = value, section.anchor(key)
            inherited = (example for (_, other), example in examples.items() if other == key)
            example = examples.get((name, key), next(inherited, None))
            lines += _entry(section, key, value, example, sections)
        if again:
            lines.append(f"As above: {', '.join(again)}.\n")
    return "\n".join(lines)


def sections_of(schema: Schema) -> dict[str, Section]:
    """Every section by its name, in the order of the language.

    Of the places where a section may stand, it has the nearest to the top.
    """
    whole = Specification.model_json_schema()  # which asks for keys even where files are merged
    found = {FILE: Section((), schema, frozenset(whole["required"]))}
    waiting = [FILE]
    while waiting:
        here = found[waiting.pop(0)]
        for key, value in here.schema["properties"].items():
            for steps, name in _parts(value):
                if name not in found:
                    part = schema["$defs"][name]
                    required = frozenset(whole["$defs"][name].get("required", ()))
                    found[name] = Section((*here.path, key, *steps), part, required)
                    waiting.append(name)
    order = list(schema["properties"])
    return dict(sorted(found.items(), key=lambda item: order.index((*item[1].path, *order)[0])))


def _parts(value: Schema) -> Iterator[tuple[tuple[str, ...], str]]:
    """The sections that a value may hold, each with the steps that lead there."""
    if "$ref" in value:
        yield (), _name(value)
    for option in (*value.get("anyOf", ()), *value.get("oneOf", ())):
        yield from _parts(option)
    for keyword, step in (("items", ITEM), ("additionalProperties", NAME)):
        if isinstance(value.get(keyword), dict):
            yield from (((step, *steps), name) for steps, name in _parts(value[keyword]))


def _name(value: Schema) -> str:
    return str(value["$ref"]).rpartition("/")[2]


def _examples(sections: Mapping[str, Section]) -> dict[tuple[str, str], Any]:
    """The first value of each key of each section, in the scenario that holds them all."""
    found: dict[tuple[str, str], Any] = {}

    def walk(name: str, written: Any) -> None:
        section = sections[name]
        if not isinstance(written, dict) or section.method != written.get("method", ""):
            return  # another form of the same value
        for key, value in section.schema["properties"].items():
            if key in written:
                found.setdefault((name, key), written[key])
                for steps, part in _parts(value):
                    for below in _reached(written[key], steps):
                        walk(part, below)

    # What a file extends is merged into it, and no longer to be seen.
    walk(FILE, {"extends": "reassurance_force.yaml", **sim.load(EXAMPLES).data})
    return found


def _reached(written: Any, steps: tuple[str, ...]) -> Iterator[Any]:
    if not steps:
        yield written
    elif isinstance(written, list if steps[0] == ITEM else dict):
        for item in written if isinstance(written, list) else written.values():
            yield from _reached(item, steps[1:])


# -- In words -------------------------------------------------------------------------------------


def _entry(
    section: Section, key: str, value: Schema, example: Any, sections: Mapping[str, Section]
) -> list[str]:
    """A key as an entry of a list of definitions."""
    parts = [sections[name] for _, name in _parts(value)]
    about = value.get("description") or (parts[0].schema["description"] if parts else "This form.")
    facts = [_kind(value, sections)]
    if key in section.required:
        facts.append("required")
    elif "(default" not in about and (default := _default(value)) not in (None, "", []):
        facts.append(f"default `{_written(default)}`")
    if example is not None and not parts and example != section.method:
        facts.append(f"example: `{_written(example)}`")
    head = f"[`{key}`]{{#{section.anchor(key)}}}"
    return [head, f": {about}\n", f"  *{'; '.join(facts)}*\n"]


def _default(value: Schema) -> Any:
    """The default, nothing for a section; that of an amount is its text."""
    default = value.get("default")
    return default.get("text") if isinstance(default, dict) else default


def _written(value: Any) -> str:
    """A value as it is written in YAML, on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_written(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    return f"{value:_.0f}" if isinstance(value, int | float) and value >= 10_000 else str(value)


def _kind(value: Schema, sections: Mapping[str, Section]) -> str:
    """What may stand there."""
    options = [o for o in value.get("anyOf") or value.get("oneOf") or () if o.get("type") != "null"]
    if {"type": "number"} in options:  # an amount, which says itself what it measures
        return str(options[1]["description"]).partition(":")[0]
    if options:
        kinds = dict.fromkeys(_kind(option, sections) for option in options)
        return ", or ".join(kinds).replace(", or a mapping: ", ", ")
    if "$ref" in value:
        section = sections[_name(value)]
        return f"a mapping: [{section.title}](#{section.anchor()})"
    if "enum" in value or "const" in value:
        return " or ".join(f"`{word}`" for word in value.get("enum", [value.get("const")]))
    kind = value["type"]
    if kind == "array":
        return f"a list, each {_kind(value['items'], sections)}"
    if kind == "object" and "properties" in value:
        return f"`{{{', '.join(value['properties'])}}}`"
    if kind == "object":
        return f"a mapping, each value {_kind(value['additionalProperties'], sections)}"
    if isinstance(kind, list):
        return "a date"
    words = {"integer": "a whole number", "number": "a number", "boolean": "`true` or `false`"}
    return words.get(kind, "text") + _limits(value)


def _limits(value: Schema) -> str:
    words = {
        "minimum": "at least", "exclusiveMinimum": "above",
        "maximum": "at most", "exclusiveMaximum": "below",
    }  # fmt: skip
    told = [f"{words[key]} {value[key]:,}" for key in words if key in value]
    return f" ({', '.join(told)})" if told else ""
