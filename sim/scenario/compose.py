"""One tree from several files: what a scenario extends, then itself, then the command line."""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim.errors import Issue, ScenarioError, nearest
from sim.scenario.builder import MAX_NODES
from sim.scenario.overrides import assignments, override, sweep
from sim.scenario.scalars import clip
from sim.scenario.source import display, read
from sim.scenario.tree import Entry, Node, ReadingError, count, issue, leaves, origins

__all__ = [
    "WHOLE",
    "assignments",
    "compose",
    "digest",
    "leaves",
    "merge",
    "origins",
    "override",
    "sweep",
]

MAX_EXTENDS = 20
MAX_LAID = 10 * MAX_NODES

WHOLE = frozenset({"capabilities", "phases", "sizes", "units", "probability", "consents", "renews"})
"""Keys whose mapping has a meaning only as a whole: shares that add up, a schedule, a condition."""


def compose(
    path: Path, overrides: Sequence[tuple[str, str]] = (), allow: Sequence[Path] = ()
) -> Node:
    """Read a scenario with everything that it extends.

    Parameters
    ----------
    path
        The scenario's file.
    overrides
        Paths and values from the command line, which win over every file.
    allow
        Folders outside the scenario's own tree from which it may extend files.

    Returns
    -------
    Node
        The merged tree, without the key ``extends``.

    Raises
    ------
    ScenarioError
        With everything that is wrong in all the files and overrides; a `ReadingError` with the
        merged tree if nothing is missing from it.

    Notes
    -----
    A scenario that came by mail must not read other people's files into its results. Its tree is
    the nearest folder above it called ``scenarios``, or else its own folder, and it can extend
    nothing outside. Links are followed before that is judged.
    """
    # abspath and not resolve: what a linked scenario extends stands beside the link.
    top = Path(os.path.abspath(path))  # noqa: PTH100
    tree = next((folder for folder in top.parents if folder.name == "scenarios"), top.parent)
    loader = _Loader(tuple(folder.resolve() for folder in (tree, *allow)))
    root = loader.load(path)
    issues = loader.issues
    # Over a tree with holes in it, an override that is right would look wrong.
    for name, text in overrides if loader.whole else ():
        try:
            root = override(root, name, text, f"--set {name}={text}")
        except ScenarioError as error:
            issues.extend(error.issues)
    if issues:
        raise ReadingError(issues, root if loader.whole else None)
    return root


def merge(base: Node, over: Node) -> Node:
    """Lay one tree over another.

    Parameters
    ----------
    base, over
        Both stay as they are.

    Returns
    -------
    Node
        Mappings are merged, except under the keys in `WHOLE`; scalars and lists are replaced; a
        ``null`` in `over` removes the key. A value that was forgotten stays, to be refused.
    """
    if not isinstance(base.value, dict) or not isinstance(over.value, dict):
        return over
    entries = dict(base.value)
    for key, entry in over.value.items():
        if entry.node.value is None and not entry.node.blank:
            entries.pop(key, None)
        elif key in entries and key not in WHOLE:
            entries[key] = Entry(entry.mark, merge(entries[key].node, entry.node))
        else:
            entries[key] = entry
    return Node(entries, over.mark)


def digest(data: Any) -> str:
    """Give plain data a name that changes whenever the data does.

    Parameters
    ----------
    data
        Dicts, lists and scalars.

    Returns
    -------
    str
        SHA-256 of its canonical JSON: keys sorted, no spaces, ASCII.
    """
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


@dataclass(slots=True)
class _Loader:
    """Reads every file once, however often it is extended, and notes what is wrong in each."""

    allowed: tuple[Path, ...]
    issues: list[Issue] = field(default_factory=list)
    whole: bool = True
    values: int = 0  # in all files that were read
    laid: int = 0  # values laid over each other, as often as that was done
    sizes: dict[Path, int] = field(default_factory=dict)  # of a file with all that it extends
    loaded: dict[Path, Node] = field(default_factory=dict)

    def load(self, path: Path, chain: tuple[Path, ...] = ()) -> Node:
        """Read a file and lay it over what it extends; the files of the chain led to it."""
        try:
            node = read(path)
        except ReadingError as error:
            if error.root is None:
                raise
            self.issues.extend(error.issues)
            node = error.root
        real = path.resolve()
        self.values += count(node)
        if self.values > MAX_NODES:
            raise ValueError(f"more than {MAX_NODES:,} values in all files together")
        entries = dict(node.value) if isinstance(node.value, dict) else {}
        extends = entries.pop("extends", None)
        layers = self.bases(path, extends.node, (*chain, real)) if extends else []
        # From the bottom up: a null removes what lies below it, and nothing that comes after.
        self.loaded[real] = functools.reduce(merge, (*layers, Node(entries, node.mark)))
        self.sizes[real] = count(self.loaded[real])
        return self.loaded[real]

    def bases(self, path: Path, named: Node, chain: tuple[Path, ...]) -> list[Node]:
        """Load what stands under ``extends``."""
        listed = isinstance(named.value, list)
        names = named.value if isinstance(named.value, list) else [named]
        layers: list[Node] = []
        seen: set[Path] = set()
        for place, name in enumerate(names if named.value is not None else ()):
            step = ("extends", place) if listed else ("extends",)
            try:
                if not isinstance(name.value, str):
                    raise ValueError("expected the name of a file or a list of names")
                real = self.judged(path.parent / name.value, name.value)
                if real in seen:
                    raise ValueError(f"{clip(name.value)} is named twice")
                seen.add(real)
                if self.laid > MAX_LAID:
                    raise ValueError("too many files that extend each other in too many ways")
                layers.append(self.base(path.parent / name.value, name.value, real, chain))
                self.laid += self.sizes[real]
            except ScenarioError as error:
                self.issues.extend(error.issues)
                self.whole = False
            except (OSError, RuntimeError, ValueError) as error:
                # The first two: a name too long, a folder closed to us, links that go round.
                self.issues.append(issue(name.mark, step, str(error)))
                self.whole = False
        return layers

    def judged(self, path: Path, written: str) -> Path:
        """Give the file that is really meant, if it may be read."""
        # To look at a path of another computer would already tell that one who is asking.
        remote = written.startswith(("//", "\\\\"))
        real = path.resolve() if not remote else Path()
        if remote or not any(real.is_relative_to(folder) for folder in self.allowed):
            tree = display(self.allowed[0])
            tree = "the scenario's folder" if tree == "." else tree
            raise ValueError(
                f"{clip(written)} lies outside {tree}; move it there, or allow its folder "
                "(--allow-extends)"
            )
        return real

    def base(self, path: Path, written: str, real: Path, chain: tuple[Path, ...]) -> Node:
        """Load one file that another extends."""
        if real in chain:
            circle = " -> ".join(display(file) for file in (*chain[chain.index(real) :], real))
            raise ValueError(f"a circle of files that extend each other: {circle}")
        if len(chain) > MAX_EXTENDS:
            raise ValueError(f"more than {MAX_EXTENDS} files, each extending the next")
        if not real.is_file():
            there = path.parent.glob("*.y*ml")
            near = nearest(written, (str(Path(written).parent / file.name) for file in there))
            raise ValueError("; ".join(filter(None, (f"no such file {clip(written)}", near))))
        return self.loaded.get(real) or self.load(path, chain)
