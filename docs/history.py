"""Regenerate docs/history.md and its pictures: ``make history``.

Runs `sim history` over the record and puts what it finds between the markers of the page.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from pathlib import Path

from update import ROOT, replace

from sim.analysis.history.folder import Record, read_record
from sim.analysis.history.generation import BOUNDS
from sim.analysis.history.others import others
from sim.analysis.history.predictions import REPLICATIONS, SEED, History, history
from sim.analysis.history.record import FILLS, SHARES
from sim.analysis.history.scores import INTERVALS
from sim.report.history_figure import history_figure
from sim.results.files import write_all

PAGE = Path(__file__).parent / "history.md"
FOLDER = ROOT / "scenarios" / "history"


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def verdict(found: History) -> str:
    """The goals, met or not, with their uncertainty."""
    total, rows = found.summary, []
    low, high = total.intervals["coverage_80"]
    met = 0.7 <= total.coverage[0.8] <= 0.9
    rows.append(
        ("80% intervals cover 70 to 90% of the milestones",
         f"{total.coverage[0.8]:.0%} ({low:.0%} to {high:.0%})", "met" if met else "not met")
    )  # fmt: skip
    low, high = total.intervals["skill"]
    rows.append(
        ("CRPS at least 10% below that of the other missions",
         f"{total.skill:.0%} ({low:.0%} to {high:.0%})",
         "met" if total.skill >= 0.1 else "not met")
    )  # fmt: skip
    outside = [p.mission.name for p in found.predictions if p.outside]
    rows.append(
        ("no mission wholly outside the 98% band without an explanation here",
         ", ".join(outside) or "none is outside", "see below" if outside else "met")
    )  # fmt: skip
    return table(("goal, under cross-validation", "found (95% interval)", ""), rows)


def figures(found: History, seen: History) -> str:
    """All figures, blind beside in sample."""
    rows = []
    blind, fitted = found.summary, seen.summary

    def line(label: str, name: str, mine: float, theirs: float, form: str) -> None:
        low, high = blind.intervals[name]
        rows.append((label, f"{mine:{form}} ({low:{form}} to {high:{form}})", f"{theirs:{form}}"))

    for share in INTERVALS:
        name = f"coverage_{share * 100:.0f}"
        line(f"inside the {share:.0%} interval", name, blind.coverage[share],
             fitted.coverage[share], ".0%")  # fmt: skip
    line("CRPS of times, months", "crps", blind.crps, fitted.crps, ".2f")
    line("CRPS of strengths, share", "crps_fill", blind.crps_fill, fitted.crps_fill, ".3f")
    line("skill against the other missions", "skill", blind.skill, fitted.skill, ".0%")
    line("skill against 90 days", "skill_norm", blind.skill_norm, fitted.skill_norm, ".0%")
    line("skill against ten months to 92.5%", "skill_ten_months", blind.skill_ten_months,
         fitted.skill_ten_months, ".0%")  # fmt: skip
    return table(("", "blind (95% interval)", "in sample"), rows)


def in_words(milestone: str) -> str:
    """A milestone in words: when a share of the ceiling is there, or which share is by when."""
    if milestone in SHARES:
        return f"months to {SHARES[milestone]:.0%}"
    return f"share after {FILLS[milestone]:.0f} months"


def milestones(found: History) -> str:
    """By milestone: where the engine is early or late, sure or unsure."""
    rows = []
    for name, total in found.by_milestone().items():
        pits = [s.pit for s in found.scores if s.milestone.name == name]
        early = sum(pit > 0.5 for pit in pits)
        rows.append(
            (in_words(name), str(total.milestones), f"{total.coverage[0.5]:.0%}",
             f"{total.coverage[0.8]:.0%}", f"{total.skill:.0%}", f"{early} of {len(pits)}")
        )  # fmt: skip
    head = ("milestone", "scored", "in 50%", "in 80%", "skill", "above the median")
    return table(head, rows)


def missions(found: History) -> str:
    """Mission by mission, with why."""
    rows = []
    for p in found.predictions:
        inside = sum(s.inside(0.8) for s in p.scores)
        rivals = [s for s in p.scores if s.climatology == s.climatology]
        half = next((s for s in p.scores if s.milestone.name == "m50"), None)
        told = (
            f"{half.milestone.observed:.1f} ({half.low[0.8]:.1f} to {half.high[0.8]:.1f})"
            if half
            else ""
        )
        better = sum(s.crps < s.climatology for s in rivals)
        rows.append(
            (f"[{p.mission.mission}](../scenarios/history/{p.mission.scenario}.yaml)",
             str(p.mission.date.year), told, f"{inside} of {len(p.scores)}",
             f"{better} of {len(rivals)}", p.mission.note)
        )  # fmt: skip
    head = ("mission", "", "half strength, months (80%)", "in 80%", "better than others", "why")
    return table(head, rows)


def parameters(record: Record) -> str:
    """What was learnt, with how much it depends on single missions."""
    rows = []
    for name in BOUNDS:
        values = {mission: getattr(g, name) for mission, g in record.left_out.items()}
        middle = statistics.median(values.values())
        furthest = max(values, key=lambda m: abs(math.log(values[m] / middle)))
        low, high = min(values.values()), max(values.values())
        rows.append((name, f"{middle:.3g}", f"{low:.3g} to {high:.3g}", furthest))
    head = ("parameter", "median", "leaving one mission out", "which one matters most")
    return table(head, rows)


def elsewhere(record: Record) -> str:
    """Forces that were no United Nations missions."""
    rows = []
    for p in others(FOLDER, record.library, REPLICATIONS, SEED):
        told = "" if math.isnan(p.days) else f"{p.days:.0f}"
        band = "" if math.isnan(p.days) else f"{p.median:.0%} ({p.low:.0%} to {p.high:.0%})"
        rows.append(
            (p.mission, f"{p.authorised:,}", told, f"{p.share:.0%}", band, p.quality, p.source)
        )
    head = ("force", "size", "days", "there", "at United Nations speed (80%)", "quality", "source")
    return table(head, rows)


def main() -> None:
    """Recompute everything."""
    record = read_record(FOLDER)
    found, seen = history(record), history(record, blind=False)
    write_all(PAGE.parent / "pictures", history_figure(found))
    replace(PAGE, "verdict", verdict(found))
    replace(PAGE, "figures", figures(found, seen))
    replace(PAGE, "milestones", milestones(found))
    replace(PAGE, "missions", missions(found))
    replace(PAGE, "parameters", parameters(record))
    replace(PAGE, "others", elsewhere(record))


if __name__ == "__main__":
    main()
