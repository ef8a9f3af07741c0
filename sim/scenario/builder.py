"""Builds the tree of a file from the parser's events, and refuses every trap where it stands.

The stack is the builder's own, so that no depth of nesting can exhaust Python's. It notes what is
wrong and goes on, so that a file's mistakes are all told in one go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from sim.errors import MOST_TOLD, Issue, ScenarioError, nearest
from sim.scenario.scalars import Scalar, clip, controls, resolve
from sim.scenario.tree import MAX_DEPTH, Entry, Mark, Node, ReadingError, issue

MAX_NODES = 30_000
"""Values in one scenario, those behind aliases counted as often as they appear, and long texts
once for every `TEXT_OF_ONE` characters. Nothing shipped has a quarter of it."""
TEXT_OF_ONE = 100
MAX_ENTRIES = 1_000
"""Keys of one mapping, or items of one list."""
MAX_KEY = 200
"""Characters in a key; every message about what lies under it repeats it."""


@dataclass(slots=True)
class _Frame:
    """A mapping or list whose end is still to come, with how much it holds so far."""

    value: dict[str, Entry] | list[Node]
    mark: Mark
    anchor: str | None
    size: int = 1
    height: int = 1
    key: tuple[str, Mark] | None = None  # the key that waits for its value


@dataclass(frozen=True, slots=True)
class _Anchored:
    """A value that aliases may repeat, with what each repetition costs."""

    node: Node
    size: int
    height: int


class Builder:
    """Takes events one by one; :meth:`finish` gives the tree or tells all that is wrong.

    Attributes
    ----------
    issues : list of Issue
        What was found so far.
    """

    def __init__(self) -> None:
        self.issues: list[Issue] = []
        self._root: Node | None = None
        self._stack: list[_Frame] = []
        self._anchors: dict[str, _Anchored | None] = {}  # None while the value is still open
        self._nodes = 0

    def scalar(self, text: str, bare: bool, tag: str | None, anchor: str | None, at: Mark) -> None:
        """Take a single value or a key; ``bare`` means that it stands without quotes."""
        if controls(text):  # only an escape such as "\x1b" can bring them this far
            self._wrong(at, f"{clip(text)} contains control characters")
        self._refuse_tag(tag, at)
        if self._awaits_key():
            self._key(text, bare, anchor, at)
            return
        value: Scalar = text
        if bare and tag is None:
            try:
                value = resolve(text)
            except ValueError as error:
                self._wrong(at, f"{error}, found {clip(text)}")
        node = Node(value, at, blank=bare and not text)
        size = 1 + len(text) // TEXT_OF_ONE
        self._count(size, at)
        if anchor is not None:
            self._declare(anchor, at)
            self._anchors[anchor] = _Anchored(node, size, 0)
        self._place(node, size, 0)

    def open(
        self, value: dict[str, Entry] | list[Node], tag: str | None, anchor: str | None, at: Mark
    ) -> None:
        """Take the beginning of a mapping or list, whose empty container is given."""
        if self._awaits_key():
            self._wrong(at, "a key must be a single text, not a list or a mapping")
        self._refuse_tag(tag, at)
        self._count(1, at)
        self._limit_depth(1, at)
        if anchor is not None:
            self._declare(anchor, at)
        self._stack.append(_Frame(value, at, anchor))

    def close(self) -> None:
        """Take the end of the mapping or list that was opened last."""
        frame = self._stack.pop()
        node = Node(frame.value, frame.mark)
        if frame.anchor is not None:
            self._anchors[frame.anchor] = _Anchored(node, frame.size, frame.height)
        self._place(node, frame.size, frame.height)

    def alias(self, name: str, at: Mark) -> None:
        """Take a repetition of an anchored value."""
        found = self._anchors.get(name)
        if self._awaits_key():
            self._wrong(at, "a key cannot be an alias")
        elif name not in self._anchors:
            self._wrong(at, f"no anchor {clip(name)} before", nearest(name, self._anchors))
        elif found is None:
            self._wrong(at, f"alias {clip(name)} stands inside the value that it names")
        else:
            self._count(found.size, at)
            self._limit_depth(found.height, at)
            self._place(found.node, found.size, found.height)
            return
        self._place(Node(None, at), 1, 0)

    def finish(self) -> Node | None:
        """Return the tree, or nothing if the file holds none; raise all that is wrong."""
        if self.issues:
            raise ReadingError(self.issues, self._root)
        return self._root

    def stop(self, at: Mark, message: str) -> NoReturn:
        """Tell a mistake after which nothing more can be read, with those found before it."""
        # Only the first step: the whole path to something far too deep would fill the screen.
        self.issues.append(issue(at, self._path()[:1], message))
        raise ScenarioError(self.issues)

    def _key(self, text: str, bare: bool, anchor: str | None, at: Mark) -> None:
        frame = self._stack[-1]
        if not text:
            self._wrong(at, "a key is missing before ':'")
        elif len(text) > MAX_KEY:
            self._wrong(at, f"a key is longer than {MAX_KEY} characters")
        elif text == "<<" and bare:
            self._wrong(at, "merge keys are not allowed", "use extends")
        elif isinstance(frame.value, dict) and text in frame.value:
            first = frame.value[text].mark.line
            self._wrong(at, f"key {clip(text)} appears twice, first on line {first}", step=text)
        if anchor is not None:
            self._wrong(at, "a key cannot be an anchor", "put the anchor before the value")
        frame.key = (text[:MAX_KEY], at)

    def _place(self, node: Node, size: int, height: int) -> None:
        if not self._stack:
            self._root = node
            return
        frame = self._stack[-1]
        if len(frame.value) >= MAX_ENTRIES:
            kind = "list" if isinstance(frame.value, list) else "mapping"
            self.stop(node.mark, f"a {kind} has more than {MAX_ENTRIES:,} entries")
        frame.size += size
        frame.height = max(frame.height, height + 1)
        if isinstance(frame.value, list):
            frame.value.append(node)
        elif frame.key is None:  # something that cannot be a key: told already
            frame.key = ("?", node.mark)
        else:
            key, mark = frame.key
            frame.value[key] = Entry(mark, node)
            frame.key = None

    def _awaits_key(self) -> bool:
        if not self._stack:
            return False
        frame = self._stack[-1]
        return frame.key is None and isinstance(frame.value, dict)

    def _declare(self, anchor: str, at: Mark) -> None:
        if anchor in self._anchors:
            self._wrong(at, f"anchor {clip(anchor)} is declared twice")
        self._anchors[anchor] = None

    def _refuse_tag(self, tag: str | None, at: Mark) -> None:
        if tag not in (None, "!"):
            hint = "leave it out, and quote what is meant as text"
            self._wrong(at, f"tag {clip(str(tag))} is not allowed", hint)

    def _count(self, nodes: int, at: Mark) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            self.stop(at, f"more than {MAX_NODES:,} values, those behind aliases included")

    def _limit_depth(self, height: int, at: Mark) -> None:
        if len(self._stack) + height > MAX_DEPTH:
            self.stop(at, f"nested more than {MAX_DEPTH} deep")

    def _path(self) -> tuple[str | int, ...]:
        steps: list[str | int] = []
        for frame in self._stack:
            if isinstance(frame.value, list):
                steps.append(len(frame.value))
            elif frame.key is not None:
                steps.append(frame.key[0])
        return tuple(steps)

    def _wrong(self, at: Mark, message: str, hint: str = "", step: str | None = None) -> None:
        path = self._path() if step is None else (*self._path(), step)
        self.issues.append(issue(at, path, message, hint))
        if len(self.issues) >= MOST_TOLD:
            raise ScenarioError(self.issues)
