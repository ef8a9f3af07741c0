"""Which inputs two runs differ in, leaf by leaf."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sim.results.files import cell_text

ABOUT = ("title", "summary", "sources", "note")
"""Keys that say something about a scenario and change no figure."""

_RUN = ("seed", "replications", "bit_generator", "block", "confidence", "given")


def differing_inputs(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Compare two runs as ``run.json`` records them.

    Parameters
    ----------
    first, second
        The records; an empty one (of a CSV on its own) differs in nothing that is known.

    Returns
    -------
    list of dict
        ``path, first, second, first_origin, second_origin``: what the run chose, then the leaves of
        the scenario in the order of the first, then those that change no figure (titles, sources),
        then versions. A value that one side does not have is empty, and so is its origin.
    """
    if not (first and second):
        return []
    rows: list[dict[str, Any]] = []
    for key in _RUN[:4]:
        if first.get(key) != second.get(key):
            rows.append(_row(f"run.{key}", first.get(key), second.get(key)))
    sides = [dict(_leaves(run.get("inputs", {}))) for run in (first, second)]
    for one, other in (sides, sides[::-1]):
        _gather(one, other)
    for path in dict.fromkeys((*sides[0], *sides[1])):
        (one, place), (other, other_place) = (side.get(path, (None, "")) for side in sides)
        if path.startswith("run.") or cell_text(one) == cell_text(other):
            continue
        origins = (
            run.get("origins", {}).get(found, "")
            for run, found in ((first, place), (second, other_place))
        )
        rows.append(_row(path, one, other, *origins))
    rows.sort(key=lambda row: is_about(row["path"]))
    versions = [run.get("versions", {}) for run in (first, second)]
    rows += [
        _row(f"versions.{name}", versions[0].get(name), versions[1].get(name))
        for name in dict.fromkeys((*versions[0], *versions[1]))
        if versions[0].get(name) != versions[1].get(name)
    ]
    if first.get("scenario_hash") != second.get("scenario_hash") and not rows:
        rows.append(_row("order", "the same leaves", "in another order"))
    return rows


def is_about(path: str) -> bool:
    """Whether a leaf only tells about the scenario: a title, a source."""
    return any(step in ABOUT for step in path.split("."))


def _row(
    path: str, first: Any, second: Any, first_origin: str = "", second_origin: str = ""
) -> dict[str, Any]:
    return {
        "path": path,
        "first": first,
        "second": second,
        "first_origin": first_origin,
        "second_origin": second_origin,
    }


Leaf = tuple[Any, str]


def _leaves(data: Any, path: str = "", place: str = "") -> Iterator[tuple[str, Leaf]]:
    """Every leaf by its path, with its place among the origins; a list of values is one leaf.

    Forces are named by their capability where there is one of it: as for ``--set``, and so that
    one that was put in does not move the others.
    """
    if isinstance(data, Mapping) and data:
        for key, value in data.items():
            yield from _leaves(value, _joined(path, key), _joined(place, key))
    elif isinstance(data, list) and any(isinstance(item, (Mapping, list)) for item in data):
        names = [item.get("capability") if isinstance(item, Mapping) else None for item in data]
        for index, item in enumerate(data):
            named = names[index] is not None and names.count(names[index]) == 1
            step = str(names[index]) if named else str(index)
            yield from _leaves(item, _joined(path, step), _joined(place, str(index)))
    elif isinstance(data, (Mapping, list)):
        values = ", ".join(map(cell_text, data))
        yield path, ("{}" if isinstance(data, Mapping) else f"[{values}]", _joined(place, 0))
    else:
        yield path, (data, place)


def _gather(leaves: dict[str, Leaf], other: Mapping[str, Leaf]) -> None:
    """Make one leaf of what is one on the other side: ``{when: a, then: 1, else: 0}``."""
    heads: dict[str, list[str]] = {}
    for path in leaves:
        steps = path.split(".")
        for length in range(1, len(steps)):
            head = ".".join(steps[:length])
            if head in other:
                heads.setdefault(head, []).append(path)
    for head, paths in heads.items():
        inside = ", ".join(f"{p.removeprefix(head)[1:]}: {cell_text(leaves[p][0])}" for p in paths)
        place = leaves[paths[0]][1]
        for path in paths:
            del leaves[path]
        leaves[head] = (f"{{{inside}}}", place)


def _joined(path: str, step: Any) -> str:
    return f"{path}.{step}" if path else str(step)
