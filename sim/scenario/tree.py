"""The tree of a scenario's values, each with the place where it was written."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from sim.errors import Issue, ScenarioError
from sim.scenario.scalars import MAX_DIGITS, Scalar, clip, controls, finite

MAX_DEPTH = 50
"""No scenario needs more levels, and what walks a tree may rely on it and recurse."""

Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A place: file, line and column, both counted from 1; line 0 means no position."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it begins. Nodes may be shared and are never changed.

    A key with nothing after it is `blank`: forgotten, where a ``null`` is meant.
    """

    value: Scalar | dict[str, Entry] | list[Node]
    mark: Mark
    blank: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A key's place in its mapping, and its value."""

    mark: Mark
    node: Node


class ReadingError(ScenarioError):
    """What is wrong with the text of a scenario.

    Parameters
    ----------
    issues
        The mistakes found.
    root
        The tree, if it is whole but for them: enough to look for further mistakes.
    """

    def __init__(self, issues: Iterable[Issue], root: Node | None = None) -> None:
        super().__init__(issues)
        self.root = root


def dotted(path: Sequence[str | int]) -> str:
    """Write a path as messages and ``--set`` do: ``contributors.France.forces.0``."""
    return ".".join(map(str, path))


def issue(mark: Mark, path: Sequence[str | int], message: str, hint: str = "") -> Issue:
    """Tell a mistake at a mark."""
    return Issue(mark.file, mark.line, mark.column, dotted(path), message, hint)


def plain(node: Node) -> Any:
    """Turn a tree into dicts, lists and scalars."""
    if isinstance(node.value, dict):
        return {key: plain(entry.node) for key, entry in node.value.items()}
    if isinstance(node.value, list):
        return [plain(item) for item in node.value]
    return node.value


def count(node: Node) -> int:
    """Count the values of a tree, itself included; what is shared counts wherever it appears."""
    waiting, found = [node], 0
    while waiting:
        value = waiting.pop().value
        found += 1
        if isinstance(value, dict):
            waiting.extend(entry.node for entry in value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return found


def node_of(data: object, mark: Mark) -> Node:
    """Turn Python data into a tree.

    Parameters
    ----------
    data
        Mappings, sequences and scalars; numbers of NumPy and dates are understood.
    mark
        The place that stands for all of it.

    Returns
    -------
    Node
        The tree. Keys become text, as they are in a file.

    Raises
    ------
    ScenarioError
        If there is something that no file could hold.
    """
    issues: list[Issue] = []
    node = _node_of(data, mark, (), issues)
    if issues:
        raise ScenarioError(issues)
    return node


def _node_of(data: object, mark: Mark, path: Path, issues: list[Issue]) -> Node:
    if isinstance(data, Mapping | list | tuple) and len(path) >= MAX_DEPTH:
        issues.append(issue(mark, path[:3], f"nested more than {MAX_DEPTH} deep"))
        return Node(None, mark)
    if isinstance(data, Mapping):
        entries = {}
        for key, value in data.items():
            text = str(key)
            if text in entries:
                issues.append(issue(mark, (*path, text), f"key {clip(text)} appears twice"))
            elif not text or controls(text):
                issues.append(issue(mark, path, f"{clip(text)} cannot be a key"))
            entries[text] = Entry(mark, _node_of(value, mark, (*path, text), issues))
        return Node(entries, mark)
    if isinstance(data, list | tuple):
        items = (_node_of(item, mark, (*path, place), issues) for place, item in enumerate(data))
        return Node(list(items), mark)
    try:
        return Node(_scalar_of(data), mark)
    except ValueError as error:
        issues.append(issue(mark, path, str(error)))
        return Node(None, mark)


def _scalar_of(data: object) -> Scalar:
    if data is None or isinstance(data, bool):
        return data
    if isinstance(data, str):
        if controls(data):
            raise ValueError(f"{clip(data)} contains control characters")
        return data
    if isinstance(data, date):
        return data.isoformat()
    if isinstance(data, numbers.Integral):
        if abs(int(data)) >= 10**MAX_DIGITS:
            raise ValueError(f"a whole number of more than {MAX_DIGITS} digits")
        return int(data)
    if isinstance(data, numbers.Real):
        return finite(float(data))
    raise ValueError(f"a value of the type {type(data).__name__} cannot stand in a scenario")


def locate(root: Node, path: Sequence[str | int], *, value: bool = False) -> Mark:
    """Find where a path is written.

    Parameters
    ----------
    root
        The tree.
    path
        Keys, and numbers of items.
    value
        Give the place of the value instead of that of its key.

    Returns
    -------
    Mark
        The place of the last step of the path, or of the last step that exists.
    """
    node, mark = root, root.mark
    for step in path:
        if isinstance(node.value, dict) and str(step) in node.value:
            entry = node.value[str(step)]
            node, mark = entry.node, entry.mark
        elif isinstance(node.value, list) and str(step).isdecimal():
            if int(step) >= len(node.value):
                break
            node = node.value[int(step)]
            mark = node.mark
        else:
            break
    return node.mark if value else mark


def leaves(root: Node) -> Iterator[tuple[Path, Node]]:
    """Walk over everything that holds nothing further: scalars, and empty mappings and lists.

    Parameters
    ----------
    root
        The tree.

    Yields
    ------
    tuple of path and Node
        In the order of the file.
    """
    steps: list[tuple[str | int, Node]] = []
    if isinstance(root.value, dict):
        steps = [(key, entry.node) for key, entry in root.value.items()]
    elif isinstance(root.value, list):
        steps = list(enumerate(root.value))
    if not steps:
        yield (), root
    for step, child in steps:
        for path, leaf in leaves(child):
            yield (step, *path), leaf


def origins(root: Node) -> dict[str, str]:
    """Say where every leaf was written.

    Parameters
    ----------
    root
        The tree.

    Returns
    -------
    dict
        Dotted path -> ``file:line``, or the option that set it.
    """
    return {dotted(path): str(leaf.mark) for path, leaf in leaves(root)}
