"""The scenario as a value: validated, immutable, and aware of where each figure came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

from sim.errors import Issue, ScenarioError
from sim.scenario.compose import compose, digest
from sim.scenario.overrides import put
from sim.scenario.scalars import clip
from sim.scenario.schema import Specification, specify
from sim.scenario.tree import Mark, Node, ReadingError, node_of, origins, plain


class Scenario:
    """A validated scenario; built from the sections of the language, never changed.

    Parameters
    ----------
    **sections
        The language's top-level keys with plain Python values: ``title="..."``,
        ``time={"start": "2026-07-01", ...}`` ... ``language`` may be left out.

    Attributes
    ----------
    specification : Specification
        The sections, validated, with amounts parsed.
    name : str
        What results are filed under: the stem of the file, or ``scenario``.
    root : Node
        The merged tree, in which every value knows where it was written.

    Raises
    ------
    ScenarioError
        With everything that is wrong.

    See Also
    --------
    sim.load : reads one from a file.
    """

    specification: Specification
    name: str
    root: Node

    def __init__(self, **sections: Any) -> None:
        sections.setdefault("language", 1)
        self._become(node_of(sections, Mark("scenario", 0, 0)), "scenario")

    @classmethod
    def from_tree(cls, root: Node, name: str) -> Scenario:
        """Validate a merged tree.

        Parameters
        ----------
        root
            As `sim.scenario.compose.compose` gives it.
        name
            What results are filed under.

        Returns
        -------
        Scenario
            With that name.

        Raises
        ------
        ScenarioError
            With everything that is wrong.
        """
        scenario = cls.__new__(cls)
        scenario._become(root, name)
        return scenario

    def _become(self, root: Node, name: str) -> None:
        # Past __setattr__, which refuses everything.
        self.__dict__.update(specification=specify(root), name=name, root=root)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a scenario is never changed; with_() gives another one ({name})")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a scenario is never changed; with_() gives another one ({name})")

    @property
    def title(self) -> str:
        """The scenario's title."""
        return self.specification.title

    @property
    def data(self) -> dict[str, Any]:
        """Everything merged, as plain dicts, lists and scalars; a copy, free to be changed."""
        data: dict[str, Any] = plain(self.root)
        return data

    @cached_property
    def hash(self) -> str:
        """SHA-256 of what the numbers depend on, the same wherever it is written.

        What a run chooses (its replications and seed) is not part of it, nor words (titles,
        summaries, sources), nor the order of keys, except where that has a meaning: contributors of
        one priority are asked in order, and the states of a conflict get worse.
        """
        data = _without_words(self.data)
        data.pop("run", None)
        return digest([data, _orders(data)])

    @cached_property
    def origins(self) -> dict[str, str]:
        """Where every leaf was written: path -> ``file:line`` or ``--set ...``."""
        return origins(self.root)

    def with_(self, path: str, value: Any) -> Scenario:
        """Return a scenario with another value at a path.

        Parameters
        ----------
        path
            As for ``--set``: ``contributors.Germany.participation.reassurance.probability``.
        value
            A plain Python value; None removes the key.

        Returns
        -------
        Scenario
            A new one, of the same name.

        Raises
        ------
        ScenarioError
            If the path leads nowhere, or the scenario is no longer valid.
        """
        node = node_of(value, Mark(f"with_({path!r})", 0, 0))
        return Scenario.from_tree(put(self.root, path, node), self.name)

    def __repr__(self) -> str:
        counts = [
            f"{len(items)} {noun}{'' if len(items) == 1 else 's'}"
            for noun, items in (
                ("mandate", self.specification.mandates),
                ("contributor", self.specification.contributors),
            )
        ]
        return f"Scenario({clip(self.title)}: {', '.join(counts)})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scenario) and self._content == other._content

    def __hash__(self) -> int:
        return hash(self._content)

    @cached_property
    def _content(self) -> str:
        return digest([self.data, _orders(self.data)])


def _without_words(data: dict[str, Any]) -> dict[str, Any]:
    """Leave out what only a reader sees."""

    def figures(value: Any) -> Any:
        if isinstance(value, dict):
            # An entry of `sources` is a list; a contributor of that name is a mapping.
            kept = {k: v for k, v in value.items() if k != "sources" or not isinstance(v, list)}
            return {key: figures(item) for key, item in kept.items()}
        return [figures(item) for item in value] if isinstance(value, list) else value

    return {key: figures(value) for key, value in data.items() if key not in _WORDS}


_WORDS = ("title", "summary", "sources")


def _orders(data: Mapping[str, Any]) -> list[list[str]]:
    """Give the keys whose order has a meaning."""
    mandates = data["mandates"].values()
    conflicts = [part.get("conflict", {}) for part in (data, *mandates)]
    forces = [part.get("force", {}) for part in (data, *mandates)]
    return [
        list(data["contributors"]),
        *(list(conflict.get("states", ())) for conflict in conflicts),
        *(list(force.get("substitutes", ())) for force in forces),
    ]


def load(
    path: str | Path, overrides: Sequence[tuple[str, str]] = (), allow: Sequence[Path] = ()
) -> Scenario:
    """Read a scenario file with everything that it extends.

    Parameters
    ----------
    path
        The YAML file.
    overrides
        (path, text) pairs as given to ``--set``; they win over every file.
    allow
        Folders outside the scenario's own tree from which it may extend files.

    Returns
    -------
    Scenario
        Named after the file.

    Raises
    ------
    ScenarioError
        With everything that is wrong, each with file, line and column.
    """
    path = Path(path)
    try:
        root = compose(path, overrides, allow)
    except ReadingError as error:
        raise ScenarioError([*error.issues, *_beyond(error)]) from None
    return Scenario.from_tree(root, path.stem)


def _beyond(error: ReadingError) -> list[Issue]:
    """Find what else is wrong with a scenario whose text is wrong in places."""
    if error.root is None:
        return []
    try:
        specify(error.root)
    except ScenarioError as further:
        told = [issue.path for issue in error.issues if issue.line]  # an option changed nothing
        return [
            issue
            for issue in further.issues
            if not any(f"{issue.path}.".startswith(f"{path}." if path else "") for path in told)
        ]
    return []
