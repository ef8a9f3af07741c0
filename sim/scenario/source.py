"""YAML text -> a tree of values that knows where each of them stands.

The only module that imports yaml, and it takes no more from it than the events of its parser.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import yaml

from sim.errors import MOST_TOLD, Issue, ScenarioError
from sim.scenario.builder import Builder
from sim.scenario.flow import rejoined
from sim.scenario.scalars import Scalar, clip, controls
from sim.scenario.syntax import syntax_issue
from sim.scenario.tree import (
    Entry,
    Mark,
    Node,
    dotted,
    issue,
    leaves,
    locate,
    node_of,
    origins,
    plain,
)

__all__ = [
    "Entry",
    "Mark",
    "Node",
    "Scalar",
    "display",
    "dotted",
    "issue",
    "leaves",
    "locate",
    "node_of",
    "origins",
    "parse",
    "parse_word",
    "plain",
    "read",
]

MAX_BYTES = 5_000_000

# libyaml is many times faster; a PyYAML that was built without it gives the same events.
_LOADER: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(path: Path) -> Node:
    """Read a file of YAML.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    Node
        The tree, whose top level is a mapping.

    Raises
    ------
    ScenarioError
        If the file cannot be read, or with everything that is wrong in it.
    """
    file = display(path)
    try:
        with path.open("rb") as stream:
            # One byte beyond the limit tells as much as all of them, and a device never ends.
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        _refuse(file, "no such file")
    except IsADirectoryError:
        _refuse(file, "is a folder, not a file")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        _refuse(file, f"cannot be read: {reason}")
    return parse(content, file)


def parse(text: str | bytes, file: str) -> Node:
    """Read YAML text.

    Parameters
    ----------
    text
        The text; bytes must be UTF-8.
    file
        The name that messages give it.

    Returns
    -------
    Node
        The tree, whose top level is a mapping.

    Raises
    ------
    ScenarioError
        With everything that is wrong.
    """
    if len(text) > MAX_BYTES:
        _refuse(file, f"is larger than {MAX_BYTES // 1_000_000} MB")
    decoded = _decode(text, file) if isinstance(text, bytes) else text
    root = _build(decoded.removeprefix("\ufeff"), file)
    if root is None or root.value is None:
        _refuse(file, "the file is empty")
    if not isinstance(root.value, dict):
        found = "a list" if isinstance(root.value, list) else clip(str(root.value))
        wrong = issue(root.mark, (), f"the top level must be keys with values, found {found}")
        raise ScenarioError([wrong])
    return root


def parse_word(text: str, file: str) -> Node:
    """Read one value as it is given on the command line.

    Parameters
    ----------
    text
        A scalar, or a list or mapping in brackets or braces.
    file
        The name that messages give it.

    Returns
    -------
    Node
        The value.

    Raises
    ------
    ScenarioError
        If it is no sound YAML.
    """
    bare, at = text.strip(), Mark(file, 1, 1)
    # Only what opens a bracket, a quotation or the like needs YAML's grammar. Elsewhere ': ' and
    # ' #' belong to the text, for nobody begins a block or a comment on the command line.
    if bare.startswith(tuple("[{\"'!&*|>%@`")):
        return _build(bare, file) or Node(None, at)
    _refuse_controls(bare, file)
    builder = Builder()
    builder.scalar(bare, True, None, None, at)
    return builder.finish() or Node(None, at)


def display(path: Path) -> str:
    """Name a file as a reader would: from the current folder if it lies below it, else as given."""
    # abspath and not resolve: a link keeps the name by which the reader knows it.
    whole = Path(os.path.abspath(path))  # noqa: PTH100
    try:
        return whole.relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError):
        return path.as_posix()


def _refuse(file: str, message: str) -> NoReturn:
    raise ScenarioError([Issue(file, 0, 0, "", message)])


def _decode(content: bytes, file: str) -> str:
    if b"\0" in content:
        before = content[: content.index(b"\0")].decode("utf-8", "replace")
        place = _position(before, len(before))
        raise ScenarioError([Issue(file, *place, "", "is not a text file in UTF-8")])
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        line, column = _position(before, len(before))
        message = f"byte {content[error.start]:#04x} is not UTF-8"
        hint = "save the file in the encoding UTF-8"
        raise ScenarioError([Issue(file, line, column, "", message, hint)]) from None


def _position(text: str, place: int) -> tuple[int, int]:
    return text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)


def _refuse_controls(text: str, file: str) -> None:
    issues = [
        Issue(
            file, *_position(text, place), "", f"character U+{ord(text[place]):04X} is not allowed"
        )
        for place in controls(text)[:MOST_TOLD]
    ]
    if issues:
        raise ScenarioError(issues)


def _build(text: str, file: str) -> Node | None:
    _refuse_controls(text, file)
    builder = Builder()
    try:
        _feed(builder, text, file)
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark or error.context_mark
        place = (at.line, at.column) if at else (0, 0)
        begun = error.context_mark.line if error.context_mark else None
        problem = error.problem or "cannot be read"
        found = syntax_issue(file, text, problem, place, begun)
        raise ScenarioError([*builder.issues, found]) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # The last two escape from PyYAML over a number too large in an escape or a directive.
        found = Issue(file, 0, 0, "", f"not valid YAML: {error}")
        raise ScenarioError([*builder.issues, found]) from None
    return builder.finish()


def _feed(builder: Builder, text: str, file: str) -> None:
    begun = False
    for event in rejoined(yaml.parse(text, Loader=_LOADER)):
        start = event.start_mark
        at = Mark(file, start.line + 1, start.column + 1) if start else Mark(file, 0, 0)
        match event:
            case yaml.ScalarEvent():
                bare = event.style in (None, "")  # the two parsers differ in how they say it
                builder.scalar(event.value, bare, event.tag, event.anchor, at)
            case yaml.MappingStartEvent():
                builder.open({}, event.tag, event.anchor, at)
            case yaml.SequenceStartEvent():
                builder.open([], event.tag, event.anchor, at)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                builder.close()
            case yaml.AliasEvent():
                builder.alias(event.anchor or "", at)
            case yaml.DocumentStartEvent():
                if begun:
                    builder.stop(at, "a second document begins here; a file holds one")
                begun = True
            case _:  # the end of the document, and both ends of the stream
                pass
