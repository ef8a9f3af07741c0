"""Missions that happened: what was known on the day of the resolution, and what came of it.

The two are kept apart. A prediction sees the date, the authorised strength, the soldiers already
in the theatre and whether another force changes its hats; milestones are read for scoring only.
"""

from __future__ import annotations

import csv
import datetime
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sim.errors import Issue, ScenarioError, SimError

SHARES: Mapping[str, float] = {"m25": 0.25, "m50": 0.5, "m75": 0.75, "m90": 0.9}
"""Milestones in months: when this share of the authorised strength stood there."""
FILLS: Mapping[str, float] = {"fill_at_6m": 6.0, "fill_at_12m": 12.0, "fill_at_24m": 24.0}
"""Milestones in shares of the authorised strength, so many months after the resolution."""
MILESTONES = (*SHARES, *FILLS)
HORIZON = 24.0
"""Months after which nothing is scored."""

REQUIRED = (
    *("mission", "resolution", "authorisation_date", "authorised", "strength_at_authorisation"),
    *("rehatted_from", *MILESTONES),
)
OPTIONAL = ("event", "region", "months_observed", "suspect", "note", "source", "scenario")

_T = TypeVar("_T")
# What stands in `rehatted_from` where no force of any size changed hats.
_NO_FORCE = re.compile(r"^\s*(none|existing)\b|\bobservers?\b|\badvance mission\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Scored:
    """A milestone that can be scored.

    Attributes
    ----------
    name
        One of `MILESTONES`.
    observed
        Months or share; where `censored`, the months after which it had not been reached.
    limit
        Predictions and observations beyond so many months are taken as this; for shares, 1.
    """

    name: str
    observed: float
    limit: float
    censored: bool


@dataclass(frozen=True, slots=True)
class Mission:
    """One resolution: what was known (first group), and what happened (second group).

    Attributes
    ----------
    mission, event, resolution, region
        Names; `event` is ``founding``, ``expansion`` or empty.
    date, authorised, in_theatre
        Of the resolution; soldiers authorised in all, and there already.
    rehatted_from
        Which force changed hats, as written.
    months_observed
        Until the ceiling was changed, or the figures end.
    milestones
        By name; NaN where it was not reached, or is not known.
    suspect
        Milestones that rest on figures which other sources contradict.
    note
        Why it went as it did, where that is told.
    scenario
        Stem of its scenario file; empty where it has none.
    """

    mission: str
    event: str
    resolution: str
    region: str
    date: datetime.date
    authorised: int
    in_theatre: int
    rehatted_from: str

    months_observed: float
    milestones: Mapping[str, float]
    suspect: frozenset[str]
    note: str
    source: str
    scenario: str

    @property
    def name(self) -> str:
        """Mission and event."""
        return f"{self.mission}, {self.event}" if self.event else self.mission

    @property
    def rehatted(self) -> bool:
        """Whether a force in the theatre changes its hats: neither observers nor an advance party.

        "Existing" soldiers are those of the mission itself, which `in_theatre` counts.
        """
        return bool(self.rehatted_from.strip()) and not _NO_FORCE.search(self.rehatted_from)

    def scored(self) -> tuple[Scored, ...]:
        """Milestones that can be scored, in the order of `MILESTONES`.

        Left out are suspect ones, shares that stood there on the day of the resolution, and
        strengths later than `months_observed`, when the ceiling was another one.
        """
        limit, found = min(self.months_observed, HORIZON), []
        for name, share in SHARES.items():
            if name in self.suspect or self.in_theatre >= share * self.authorised:
                continue
            months = self.milestones[name]
            censored = math.isnan(months) or months > limit
            found.append(Scored(name, limit if censored else months, limit, censored))
        for name, months in FILLS.items():
            fill = self.milestones[name]
            if name not in self.suspect and not math.isnan(fill) and months <= limit:
                found.append(Scored(name, min(fill, 1.0), 1.0, False))
        return tuple(found)


def read_missions(path: Path) -> tuple[Mission, ...]:
    """Read a CSV file in the layout of the record.

    Parameters
    ----------
    path
        With the columns `REQUIRED`; `OPTIONAL` ones are read, others are passed over. Without
        `months_observed`, a mission was observed until the last strength that is given.

    Returns
    -------
    tuple of Mission

    Raises
    ------
    SimError
        If the file cannot be read, or is no such table.
    ScenarioError
        With every wrong value, each with its line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            head = [name.strip() for name in table.fieldnames or ()]
            table.fieldnames = head
            rows = [(table.line_num, row) for row in table]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SimError(f"{path}: cannot be read: {reason}") from None
    missing = [name for name in REQUIRED if name not in head]
    if missing:
        raise SimError(f"{path}: no column {', '.join(missing)}; needed: {', '.join(REQUIRED)}")
    if not rows:
        raise SimError(f"{path}: no mission in it")
    issues: list[Issue] = []
    missions = [_mission(path, line, row, issues) for line, row in rows]
    seen: set[tuple[str, str, datetime.date]] = set()
    for (line, _), mission in zip(rows, missions, strict=True):
        if mission and (key := (mission.mission, mission.event, mission.date)) in seen:
            issues.append(Issue(str(path), line, 1, mission.name, "stands there twice"))
        elif mission:
            seen.add(key)
    if issues:
        raise ScenarioError(issues)
    return tuple(mission for mission in missions if mission)


def _mission(path: Path, line: int, row: Mapping[Any, Any], issues: list[Issue]) -> Mission | None:
    texts = {name: str(row.get(name) or "").strip() for name in (*REQUIRED, *OPTIONAL)}
    before = len(issues)

    def read(name: str, convert: Callable[[str], _T], what: str, default: _T) -> _T:
        try:
            return convert(texts[name])
        except ValueError:
            message = f"must be {what}, found {texts[name]!r}"
            issues.append(Issue(str(path), line, 1, f"{texts['mission']}.{name}", message))
            return default

    if not texts["mission"]:
        issues.append(Issue(str(path), line, 1, "mission", "has no name"))
    authorised = read("authorised", _soldiers, "a whole number of soldiers above 0", 1)
    there = read("strength_at_authorisation", _count, "a whole number of soldiers", 0)
    if there >= authorised and len(issues) == before:
        told = f"must be below the {authorised:,} authorised, found {there:,}"
        where = f"{texts['mission']}.strength_at_authorisation"
        issues.append(Issue(str(path), line, 1, where, told))
    day = datetime.date.fromisoformat
    date = read("authorisation_date", day, "a date, as 2000-09-15", datetime.date.min)
    milestones = {name: read(name, _number, "a number, or empty", math.nan) for name in MILESTONES}
    known = [months for name, months in FILLS.items() if not math.isnan(milestones[name])]
    reached = [milestones[name] for name in SHARES if not math.isnan(milestones[name])]
    months = read("months_observed", _number, "a number of months, or empty", math.nan)
    if math.isnan(months):
        months = max([*known, *reached], default=0.0)
    suspect = frozenset(texts["suspect"].split())
    if unknown := suspect - set(MILESTONES):
        told = f"no milestone {' '.join(sorted(unknown))}"
        hint = f"milestones: {' '.join(MILESTONES)}"
        issues.append(Issue(str(path), line, 1, f"{texts['mission']}.suspect", told, hint))
    if len(issues) > before:
        return None
    return Mission(
        date=date,
        authorised=authorised,
        in_theatre=there,
        months_observed=months,
        milestones=milestones,
        suspect=suspect,
        **{
            name: texts[name]
            for name in (
                *("mission", "event", "resolution", "region", "rehatted_from"),
                *("note", "source", "scenario"),
            )
        },
    )


def _number(text: str) -> float:
    if not text:
        return math.nan
    value = float(text)
    if not 0 <= value < math.inf:
        raise ValueError
    return value


def _count(text: str) -> int:
    value = _number(text)
    if math.isnan(value):
        return 0
    if value != int(value):
        raise ValueError
    return int(value)


def _soldiers(text: str) -> int:
    value = _count(text)
    if not 0 < value <= 1_000_000:
        raise ValueError
    return value


def named(missions: Sequence[Mission], name: str) -> list[Mission]:
    """The resolutions of one mission."""
    return [mission for mission in missions if mission.mission == name]
