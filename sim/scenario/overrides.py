"""Values given on the command line: ``--set path=value`` and ``--sweep path=v1,v2,v3``."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import replace

from sim.errors import Issue, ScenarioError, nearest
from sim.scenario.scalars import clip
from sim.scenario.source import parse_word
from sim.scenario.tree import MAX_DEPTH, Entry, Mark, Node

MAX_SWEEP = 10_000
"""More combinations than this were not meant."""

# What a scenario gives names to; a name misspelt must not become one more of them.
_NAMED = {"conditions", "contributors", "corridors", "decided_by", "mandates", "states"}

_OPENING, _CLOSING = "([{", ")]}"


def assignments(texts: Sequence[str]) -> list[tuple[str, str]]:
    """Split ``path=value``.

    Parameters
    ----------
    texts
        What was given to ``--set``.

    Returns
    -------
    list of tuple of str
        Path and value of each.

    Raises
    ------
    ScenarioError
        If there is no path or no ``=``.

    Examples
    --------
    >>> assignments(["will.correlation=0.3"])
    [('will.correlation', '0.3')]
    """
    return _split(texts, "--set", "path=value")


def sweep(texts: Sequence[str]) -> list[tuple[tuple[str, str], ...]]:
    """Multiply out ``path=v1,v2,v3``.

    Parameters
    ----------
    texts
        What was given to ``--sweep``. Commas inside parentheses, brackets, braces and quotes do not
        separate values.

    Returns
    -------
    list of tuple
        One set of assignments per combination, of which the last path varies fastest; without any
        sweep, the one empty set.

    Raises
    ------
    ScenarioError
        If one is malformed, a path is swept twice or there are too many combinations.

    Examples
    --------
    >>> sweep(["rotation.handover=1 week,2 weeks"])
    [(('rotation.handover', '1 week'),), (('rotation.handover', '2 weeks'),)]
    """
    pairs = _split(texts, "--sweep", "path=value,value,...")
    choices: dict[str, list[tuple[str, str]]] = {}
    issues: list[Issue] = []
    for path, text in pairs:
        origin = f"--sweep {path}={text}"
        try:
            values = _values(text)
        except ValueError as error:
            issues.append(Issue(origin, 0, 0, "", str(error)))
            continue
        if path in choices:
            issues.append(Issue(origin, 0, 0, "", f"{path} is swept twice"))
        choices[path] = [(path, value) for value in values]
    combinations = math.prod(map(len, choices.values()))
    if combinations > MAX_SWEEP:
        message = f"{combinations:,} combinations, allowed are {MAX_SWEEP:,}"
        issues.append(Issue("--sweep", 0, 0, "", message))
    if issues:
        raise ScenarioError(issues)
    return list(itertools.product(*choices.values()))


def override(root: Node, path: str, text: str, origin: str) -> Node:
    """Set the value at a path.

    Parameters
    ----------
    root
        The tree, which is left as it is.
    path
        Steps separated by dots. A number chooses an item of a list; where the items are forces, so
        does their ``capability``. Mappings that do not exist yet are made, but nothing with a name
        of its own (a contributor, a condition ...) unless it is given whole.
    text
        The value, a scalar or a list or mapping in brackets or braces; ``null`` removes the key.
    origin
        What messages name as its source, such as ``--set a.b=1``.

    Returns
    -------
    Node
        The changed tree.

    Raises
    ------
    ScenarioError
        If the value is no YAML or the path leads nowhere.
    """
    try:
        value = parse_word(text, origin)
    except ScenarioError as error:
        # A line and column would count inside the option, which is in plain sight.
        raise ScenarioError(
            replace(found, line=0, column=0, path=path) for found in error.issues
        ) from None
    return put(root, path, _stamped(value, Mark(origin, 0, 0)))


def put(root: Node, path: str, value: Node) -> Node:
    """Set the value at a path, as `override` does, to a tree.

    Parameters
    ----------
    root
        The tree, which is left as it is.
    path
        As for `override`.
    value
        What to set; one whose value is None removes the key. Its mark says where it comes from.

    Returns
    -------
    Node
        The changed tree.

    Raises
    ------
    ScenarioError
        If the path leads nowhere.
    """
    steps = path.split(".")
    try:
        if not all(steps) or len(steps) > MAX_DEPTH:
            raise ValueError("expected names separated by single dots")
        return _set(root, steps, 0, value)
    except ValueError as error:
        raise ScenarioError([Issue(value.mark.file, 0, 0, "", str(error))]) from None


def _split(texts: Sequence[str], option: str, form: str) -> list[tuple[str, str]]:
    pairs, issues = [], []
    for text in texts:
        path, equals, value = text.partition("=")
        if equals and path.strip():
            pairs.append((path.strip(), value.strip()))
        else:
            issues.append(Issue(f"{option} {text}", 0, 0, "", f"expected {form}"))
    if issues:
        raise ScenarioError(issues)
    return pairs


def _values(text: str) -> list[str]:
    """Split at the commas that stand in no bracket and no quotation."""
    values, open_brackets, quote = [""], "", ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'" and not values[-1].strip():  # elsewhere it is an apostrophe
            quote = character
        elif character in _OPENING:
            open_brackets += character
        elif character in _CLOSING:
            if open_brackets[-1:] != _OPENING[_CLOSING.index(character)]:
                raise ValueError(f"{character!r} closes nothing")
            open_brackets = open_brackets[:-1]
        elif character == "," and not open_brackets:
            values.append("")
            continue
        values[-1] += character
    if open_brackets or quote:
        raise ValueError(f"{(quote or open_brackets)[-1]!r} is never closed")
    if not all(value.strip() for value in values):
        raise ValueError("a value is missing")
    return [value.strip() for value in values]


def _stamped(node: Node, mark: Mark) -> Node:
    """Give a whole tree one mark."""
    if isinstance(node.value, dict):
        entries = node.value.items()
        return Node({key: Entry(mark, _stamped(entry.node, mark)) for key, entry in entries}, mark)
    if isinstance(node.value, list):
        return Node([_stamped(item, mark) for item in node.value], mark)
    return Node(node.value, mark, node.blank)


def _set(node: Node, steps: Sequence[str], done: int, value: Node) -> Node:
    if done == len(steps):
        return value
    step, here = steps[done], ".".join(steps[:done]) or "the scenario"
    removes = done + 1 == len(steps) and value.value is None and not value.blank
    if isinstance(node.value, list):
        place = _item(node.value, step, here)
        items = list(node.value)
        if removes:
            del items[place]
        else:
            items[place] = _set(items[place], steps, done + 1, value)
        return Node(items, node.mark)
    if node.value is not None and not isinstance(node.value, dict):
        raise ValueError(f"{here} is {clip(str(node.value))}, which has no {clip(step)} in it")
    entries = dict(node.value or {})
    if removes:
        if step not in entries:
            told = f"{here} has no {clip(step)} to remove"
            raise ValueError("; ".join(filter(None, (told, nearest(step, entries)))))
        del entries[step]
        return Node(entries, node.mark)
    parent = steps[done - 1] if done else ""
    if parent in _NAMED and step not in entries and done + 1 < len(steps):
        told = f"{here} has no {clip(step)}"
        hint = nearest(step, entries) or f"to add it, set it whole: {here}.{step}={{...}}"
        raise ValueError(f"{told}; {hint}")
    old = entries[step].node if step in entries else Node(None, value.mark)
    entries[step] = Entry(value.mark, _set(old, steps, done + 1, value))
    return Node(entries, node.mark)


def _item(items: Sequence[Node], step: str, here: str) -> int:
    if re.fullmatch("[0-9]{1,9}", step):
        if int(step) < len(items):
            return int(step)
        raise ValueError(f"{here} has {len(items)} items, counted from 0; there is no {step}")
    names = [
        str(item.value["capability"].node.value)
        if isinstance(item.value, dict) and "capability" in item.value
        else ""
        for item in items
    ]
    found = [place for place, name in enumerate(names) if name == step]
    if len(found) == 1:
        return found[0]
    if found:
        numbers = ", ".join(map(str, found))
        raise ValueError(f"{here} has several {clip(step)}; choose by number: {numbers}")
    told = f"{here} is a list: expected the number of an item or its capability, found {clip(step)}"
    raise ValueError("; ".join(filter(None, (told, nearest(step, names)))))
