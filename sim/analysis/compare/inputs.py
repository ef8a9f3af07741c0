"""Which inputs two runs differ in, leaf by leaf."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sim.analysis.compare.meaning import meanings_of
from sim.results.files import cell_text

KINDS = ("set", "feasible", "run", "scenario", "words", "versions")
"""What a row is about, in the order of the rows: what another model set, what "feasible" means,
what the run chose, the rest of the scenario, its titles and sources, the versions."""

_WORDS = ("title", "summary", "sources", "note")
_RUN = ("seed", "replications", "bit_generator", "block")


def differing_inputs(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Compare two runs as ``run.json`` records them.

    What is written otherwise and means the same is no difference: ``48 months`` and ``4 years``,
    or a default and a key left out.

    Parameters
    ----------
    first, second
        The records; an empty one (of a CSV on its own) differs in nothing that is known.

    Returns
    -------
    list of dict
        ``path, kind, first, second, first_origin, second_origin``: ordered by `KINDS`, then as the
        first scenario has them. ``feasible`` are leaves of ``feasible_when`` that give a mandate of
        both another test. Values stand as they are written; one that a side does not have is
        empty, and so is its origin.
    """
    if not (first and second):
        return []
    rows: list[dict[str, Any]] = []
    one, other = set_by_a_model(first), set_by_a_model(second)
    if one != other:
        rows.append(_row("run.set", "set", one or None, other or None))
    for key in _RUN:
        if first.get(key) != second.get(key):
            rows.append(_row(f"run.{key}", "run", first.get(key), second.get(key)))
    sides = [dict(_leaves(run.get("inputs", {}))) for run in (first, second)]
    common = sides[0].keys() & sides[1].keys()
    orders = [[path for path in side if path in common] for side in sides]
    for side, beside in (sides, sides[::-1]):
        _gather(side, beside)
    meanings = meanings_of(first, second)
    for path in dict.fromkeys((*sides[0], *sides[1])):
        (one, place), (other, other_place) = (side.get(path, (None, "")) for side in sides)
        if path.startswith("run.") or cell_text(one) == cell_text(other):
            continue
        words = any(step in _WORDS for step in path.split("."))
        if not words and meanings.same(path):
            continue
        kind = "feasible" if meanings.decides_feasible(path) else "scenario"
        origins = (
            run.get("origins", {}).get(found, "")
            for run, found in ((first, place), (second, other_place))
        )
        rows.append(_row(path, "words" if words else kind, one, other, *origins))
    versions = [run.get("versions", {}) for run in (first, second)]
    rows += [
        _row(f"versions.{name}", "versions", versions[0].get(name), versions[1].get(name))
        for name in dict.fromkeys((*versions[0], *versions[1]))
        if versions[0].get(name) != versions[1].get(name)
    ]
    changed = first.get("scenario_hash") != second.get("scenario_hash")
    if changed and not rows and orders[0] != orders[1]:
        rows.append(_row("order", "scenario", "the same leaves", "in another order"))
    return sorted(rows, key=lambda row: KINDS.index(row["kind"]))


def set_by_a_model(run: Mapping[str, Any]) -> str:
    """Name what another model has set on the way (`sim.Model`); empty where nothing was."""
    return ", ".join(run.get("set", ()))


def _row(
    path: str,
    kind: str,
    first: Any,
    second: Any,
    first_origin: str = "",
    second_origin: str = "",
) -> dict[str, Any]:
    return {
        "path": path,
        "kind": kind,
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
