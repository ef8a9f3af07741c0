"""Where a scenario's figures come from, and which of them nobody stands behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sim.errors import Issue
from sim.results.tables import Table, columns
from sim.scenario.scenario import Scenario
from sim.scenario.tree import Path, dotted, issue, locate

COLUMNS = ("path", "figure", "source", "date", "confidence", "judgement", "note", "place")

# Sections in which each entry answers for its own figures, and sections that are one such entry.
_EACH = ("conditions", "mandates", "contributors", "corridors", "requirement")
_ONE = ("will", "conflict", "costs")
# A mandate that only names its kind has no figure; these keys bring some.
_FIGURES_OF_MANDATES = {"authorisation", "renewal", "withdrawn_over", "conflict"}


def sources_of(data: Mapping[str, Any], origins: Mapping[str, str] | None = None) -> Table:
    """List every figure that a scenario gives a source for, or marks as a judgement.

    Parameters
    ----------
    data
        The merged scenario: `Scenario.data`, or ``inputs`` of a result's ``run``.
    origins
        Where every leaf was written: `Scenario.origins`, or ``origins`` of a result's ``run``.

    Returns
    -------
    Table
        A row per entry in the order of the scenario, with the columns `COLUMNS`; text, empty where
        nothing is said, but `judgement`, which is true or false.
    """
    rows: list[dict[str, Any]] = []
    for path, entry in _entries(data, ()):
        first = dotted((*path, next(iter(entry))))
        rows.append(
            {
                "path": dotted(path[:-2]),
                **{key: str(entry.get(key, "")) for key in COLUMNS[1:5]},
                "judgement": bool(entry.get("judgement", False)),
                "note": " ".join(str(entry.get("note", "")).split()),
                "place": (origins or {}).get(first, ""),
            }
        )
    return columns(rows) or {key: [] for key in COLUMNS}


def _entries(data: Any, path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            if key == "sources" and isinstance(value, list):
                for place, entry in enumerate(value):
                    yield (*path, key, place), entry
            else:
                yield from _entries(value, (*path, key))
    elif isinstance(data, list):
        for place, item in enumerate(data):
            yield from _entries(item, (*path, place))


def unsourced(scenario: Scenario) -> list[Issue]:
    """Find figures that nobody stands behind.

    A condition, mandate, contributor, corridor or requirement method, and the sections will,
    conflict and costs, need ``sources``; and every entry there needs a source with its confidence,
    or ``judgement: true`` with the reasoning.

    Returns
    -------
    list of Issue
        With their places, as for other mistakes.
    """
    data, found = scenario.data, list[tuple[Path, str, str]]()
    for path, thing in _things(data):
        if not any(True for _ in _entries(thing, ())):
            hint = "add one, or an entry with judgement: true and a note"
            found.append((path, "has no sources", hint))
    for path, entry in _entries(data, ()):
        if not entry.get("source") and not entry.get("judgement"):
            found.append((path, "has neither a source nor judgement: true", ""))
        elif entry.get("source") and not entry.get("confidence") and not entry.get("judgement"):
            found.append((path, "has a source without confidence: high, medium or low", ""))
        elif not entry.get("source") and not entry.get("note"):
            found.append((path, "is a judgement without a note that gives the reasoning", ""))
    return [
        issue(locate(scenario.root, path), path, message, hint) for path, message, hint in found
    ]


def _things(data: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    for section in _EACH:
        entries = data.get(section, {})
        pairs = entries.items() if isinstance(entries, Mapping) else enumerate(entries)
        for name, thing in pairs:
            if section != "mandates" or _FIGURES_OF_MANDATES & thing.keys():
                yield (section, name), thing
    for section in _ONE:
        if data.get(section):
            yield (section,), data[section]
