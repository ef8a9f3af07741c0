"""The scenario as a value: validated, immutable, and aware of where each figure came from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from sim.scenario.compose import compose, digest
from sim.scenario.overrides import override
from sim.scenario.schema import Specification, specify
from sim.scenario.tree import Mark, Node, node_of, origins, plain


class Scenario:
    """A validated scenario; built from the sections of the language, never changed.

    Parameters
    ----------
    **sections
        The language's top-level keys with plain Python values: ``title="..."``,
        ``time={"start": "2026-07-01", ...}`` ...

    Raises
    ------
    ScenarioError
        With everything that is wrong.

    See Also
    --------
    sim.load : reads one from a file.
    """

    def __init__(self, **sections: Any) -> None:
        sections.setdefault("language", 1)
        self._become(node_of(sections, Mark("scenario", 0, 0)), "scenario")

    @classmethod
    def from_tree(cls, root: Node, name: str) -> Scenario:
        """Validate a merged tree (see `sim.scenario.compose`)."""
        scenario = cls.__new__(cls)
        scenario._become(root, name)
        return scenario

    def _become(self, root: Node, name: str) -> None:
        self.specification: Specification = specify(root)
        self.name = name
        self.root = root

    @property
    def title(self) -> str:
        """The scenario's title."""
        return self.specification.title

    @cached_property
    def data(self) -> dict[str, Any]:
        """Everything merged, as plain dicts, lists and scalars."""
        data: dict[str, Any] = plain(self.root)
        return data

    @cached_property
    def hash(self) -> str:
        """SHA-256 of what is simulated: the same for the same numbers, wherever they stand.

        What a run chooses (its replications and seed) is not part of it.
        """
        return digest({key: value for key, value in self.data.items() if key != "run"})

    @cached_property
    def origins(self) -> dict[str, str]:
        """Where every leaf was written: path -> ``file:line`` or ``--set ...``."""
        return origins(self.root)

    def with_(self, path: str, value: Any) -> Scenario:
        """Return a scenario with another value at `path`.

        Parameters
        ----------
        path
            As for ``--set``: ``contributors.Germany.participation.reassurance.probability``.
        value
            A plain Python value; None removes the key.

        Raises
        ------
        ScenarioError
            If the path leads nowhere, or the scenario is no longer valid.
        """
        root = override(self.root, path, json.dumps(value), f"with_({path!r})")
        return Scenario.from_tree(root, self.name)

    def __repr__(self) -> str:
        spec = self.specification
        return (
            f"Scenario({self.title!r}: {len(spec.mandates)} mandates, "
            f"{len(spec.contributors)} contributors)"
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scenario) and self.data == other.data

    def __hash__(self) -> int:
        return hash(self.hash)


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

    Raises
    ------
    ScenarioError
        With everything that is wrong, each with file, line and column.
    """
    path = Path(path)
    return Scenario.from_tree(compose(path, overrides, allow), path.stem)
