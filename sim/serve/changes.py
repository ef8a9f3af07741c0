"""A scenario with some of its values moved, and the file that says no more than what was moved."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from sim.analysis.dial import Dial, written_at
from sim.errors import Issue, ScenarioError, SimError
from sim.scenario.compose import WHOLE, merge
from sim.scenario.overrides import override, put
from sim.scenario.scalars import clip, resolve, show
from sim.scenario.scenario import Scenario
from sim.scenario.source import parse
from sim.scenario.tree import Mark, Node, dotted, node_of, plain
from sim.serve.levers import TIMES

Setting = tuple[str, str]
Steps = tuple[str, ...]

# Sections that may hold sources, the innermost first.
_SOURCED = (
    ("mandates", "*", "authorisation", "decided_by", "*"),
    ("contributors", "*", "participation", "*"),
    ("contributors", "*"),
    ("mandates", "*"),
    ("conditions", "*"),
    ("corridors", "*"),
    ("will",),
    ("conflict",),
    ("costs",),
    (),
)
_SHARES = ("probability", "consents", "renews")
_MOST_TIMES = 1000
_PLAIN_KEY = re.compile(r"[^\W\d]\w*(?:[ -]\w+)*")


def changed(scenario: Scenario, settings: Sequence[Setting]) -> Scenario:
    """Move values of a scenario.

    Parameters
    ----------
    scenario
        As it was written.
    settings
        Pairs of path and text, as for ``--set``, with two additions. A step ``*`` of a path stands
        for every name at its place that has the rest of the path. A text ``×1.5`` multiplies what
        stands there: an amount, a distribution with all its parameters, a probability up to 1 (and
        each case of one that depends on a condition). Paths with ``*`` act first, so that what is
        said of one thing counts for it.

    Returns
    -------
    Scenario
        Of the same name.

    Raises
    ------
    ScenarioError
        With everything that is wrong; what a setting is to blame for has its path as the file.
    """
    root, issues = scenario.root, list[Issue]()
    for path, text in sorted(settings, key=lambda setting: "*" not in setting[0].split(".")):
        try:
            for place in places(scenario.root, path):
                root = _moved(root, place, text, path)
        except ScenarioError as error:
            issues.extend(error.issues)
    if issues:
        raise ScenarioError(issues)
    return Scenario.from_tree(root, scenario.name)


def places(root: Node, path: str) -> list[str]:
    """Give the paths that one with ``*`` stands for."""
    steps = path.split(".")
    if "*" not in steps:
        return [path]
    data = plain(root)
    found: list[Steps] = [()]

    for step in steps:
        below = [(place, _held(data, place)) for place in found]
        found = [
            (*place, key)
            for place, here in below
            if isinstance(here, Mapping)
            for key in (here if step == "*" else (step,))
            if key in here
        ]
    if not found:
        raise ScenarioError([Issue(path, 0, 0, "", "the scenario has nothing like that")])
    return [dotted(place) for place in found]


def _moved(root: Node, path: str, text: str, origin: str) -> Node:
    if not text.startswith(TIMES):
        return override(root, path, text, origin)
    steps = path.split(".")
    key = next((step for step in reversed(steps) if step not in ("then", "else")), "")
    try:
        try:
            written = written_at(plain(root), path)
        except SimError:
            raise ValueError("there is nothing to multiply") from None
        value = _times(written, _factor(text), most=1.0 if key in _SHARES else None)
    except ValueError as error:
        raise ScenarioError([Issue(origin, 0, 0, path, str(error))]) from None
    return put(root, path, node_of(value, Mark(origin, 0, 0)))


def _factor(text: str) -> float:
    with suppress(ValueError):
        factor = float(text.removeprefix(TIMES))
        if 0 <= factor <= _MOST_TIMES:
            return factor
    raise ValueError(f"must be {TIMES} and a number from 0 to {_MOST_TIMES}, found {clip(text)}")


def _times(written: Any, factor: float, most: float | None) -> Any:
    """Multiply a value as it is written; in a conditional one each case."""
    if isinstance(written, Mapping):
        return {k: v if k == "when" else _times(v, factor, most) for k, v in written.items()}
    text = str(written)
    if factor == 1:
        return written
    if isinstance(written, bool) or not re.search("[0-9]", text) or text.startswith("beta"):
        raise ValueError(f"{show(written)} cannot be multiplied; write what it should be")
    if "(" in text:
        return Dial("", "factor", written, 1.0, 0.0, 0.0, 0.0).value(factor)
    number = float(text.split()[0].replace("_", "")) * factor
    return Dial("", "amount", written, 0.0, 0.0, 0.0, 0.0).value(min(number, most or number))


# -- The file ------------------------------------------------------------------------------------


def file_of(original: Scenario, moved: Scenario, source: Path) -> str:
    """Write what was moved as a scenario that extends the original.

    Parameters
    ----------
    original, moved
        As it was read from its file, and as it is now.
    source
        The file that it was read from; the new one belongs beside it.

    Returns
    -------
    str
        YAML. Every figure that differs is marked as a judgement among the sources of its section.

    Raises
    ------
    SimError
        If the file would not give the moved scenario back, which it always should.
    """
    before, after = original.data, moved.data
    changes: dict[str, Any] = {}
    for path, old, new in _replaced(before, after):
        _put(changes, path, new)
        if path[0] == "run":  # says how it was simulated, nothing about the world
            continue
        section = _sourced(path)
        place = (*section, "sources")
        known = _held(changes, place) or _held(after, place) or []
        steps = path[len(section) :]
        _put(changes, place, [*known, *(_judged(*leaf) for leaf in _leaves(steps, old, new))])
    head = {"language": 1, "title": f"{original.title}, changed", "extends": [source.name]}
    text = "\n".join([*_HEADER, *_lines(head | changes)]) + "\n"
    if not _gives_back(original, moved, text):
        raise SimError("these changes cannot be written as a file of their own")
    return text


_HEADER = (
    "# Made with sim serve: what was moved there, over the scenario that it extends.",
    "# Keep it beside that file; sim run then gives the figures of the page.",
)


def _gives_back(original: Scenario, moved: Scenario, text: str) -> bool:
    """Whether the file means what it should."""
    over = parse(text, "the changed scenario")
    assert isinstance(over.value, dict)
    entries = {key: entry for key, entry in over.value.items() if key != "extends"}
    given = Scenario.from_tree(merge(original.root, Node(entries, over.mark)), moved.name)
    return given.hash == moved.hash and given.data.get("run") == moved.data.get("run")


def _replaced(before: Any, after: Any, path: Steps = ()) -> Iterator[tuple[Steps, Any, Any]]:
    """Every value that a file over the original must replace: path, old (None: none) and new."""
    for key, new in after.items():
        old = before.get(key)
        if isinstance(new, Mapping) and key not in WHOLE and isinstance(old, Mapping | None):
            yield from _replaced(old or {}, new, (*path, key))
        elif old != new:
            yield (*path, key), old, new
    yield from (((*path, key), old, None) for key, old in before.items() if key not in after)


def _leaves(path: Steps, old: Any, new: Any) -> Iterator[tuple[Steps, Any, Any]]:
    """The single figures in which two values differ."""
    if isinstance(old, Mapping) and isinstance(new, Mapping) and old.keys() == new.keys():
        pairs = [(key, old[key], new[key]) for key in new]
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        pairs = [(str(at), *pair) for at, pair in enumerate(zip(old, new, strict=True))]
    else:
        yield path, old, new
        return
    for key, first, second in pairs:
        if first != second:
            yield from _leaves((*path, key), first, second)


def _judged(path: Steps, old: Any, new: Any) -> dict[str, Any]:
    note = f"Moved by hand in sim serve; written was {told(old)}."
    return {"figure": f"{'.'.join(path)}: {told(new)}", "judgement": True, "note": note}


def told(value: Any) -> str:
    """A value of a scenario as one would write it, on one line."""
    return value if isinstance(value, str) else "nothing" if value is None else _flow(value)


def _sourced(path: Steps) -> Steps:
    """The innermost section around a value that may say where its figures come from."""
    fitting = (
        pattern
        for pattern in _SOURCED
        if len(pattern) < len(path)
        and all(step in ("*", own) for step, own in zip(pattern, path, strict=False))
    )
    return path[: len(next(fitting))]


def _held(data: Any, path: Steps) -> Any:
    for step in path:
        data = data.get(step) if isinstance(data, Mapping) else None
    return data


def _put(data: dict[str, Any], path: Steps, value: Any) -> None:
    for step in path[:-1]:
        data = data.setdefault(step, {})
    data[path[-1]] = value


def _lines(data: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    """Mappings as blocks, sources one below the other, all else as `_flow`."""
    for key, value in data.items():
        if isinstance(value, Mapping) and key not in WHOLE and value:
            yield f"{indent}{_key(key)}:"
            yield from _lines(value, f"{indent}  ")
        elif key == "sources" and isinstance(value, list):
            yield f"{indent}sources:"
            yield from (f"{indent}  - {_flow(item)}" for item in value)
        else:
            yield f"{indent}{_key(key)}: {_flow(value)}"


def _flow(value: Any) -> str:
    """A value on one line; texts and numbers as JSON writes them, which YAML reads alike."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_key(key)}: {_flow(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    plain = _PLAIN_KEY.fullmatch(key) and isinstance(resolve(key), str)
    return key if plain else json.dumps(key, ensure_ascii=False)
