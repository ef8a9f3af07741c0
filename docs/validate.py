"""Recompute the tables of docs/validation.md: ``make validate``.

Some of them alone: ``python docs/validate.py engines steps``, by the names of `TABLES`.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from update import ROOT, output, replace

sys.path.insert(0, str(ROOT / "tests"))

import claims
import marathon
import published
import shipped

REPORT = Path(__file__).parent / "validation.md"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *([str(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def grid() -> str:
    """MARATHON's grid, by policy, overlap and window, without prefill."""
    rows = []
    constant = [row for row in marathon.grid() if not row.prefill]
    for key, group in itertools.groupby(
        sorted(constant, key=lambda row: (row.policy, row.overlap, row.window)),
        key=lambda row: (row.policy, row.overlap, row.window),
    ):
        rows.append((*key, *_agreement(list(group))))
    rows.append(("all", "", "", *_agreement(constant)))
    head = ("policy", "overlap", "days", "the same", "most unit-days off: counted")
    return table((*head, "outgoing", "ready"), rows)


def _agreement(rows: Sequence[marathon.GridRow]) -> tuple[str, int, int, int]:
    return (
        f"{sum(row.same for row in rows)} of {len(rows)}",
        max(abs(row.filled) for row in rows),
        max(abs(row.outgoing) for row in rows),
        max(abs(row.ready) for row in rows),
    )


def prefilled() -> str:
    """Rows of the grid that begin with units in the theatre and are not close to ours."""
    rows = []
    pre = [row for row in marathon.grid() if row.prefill]
    for policy, overlap, window in dict.fromkeys((r.policy, r.overlap, r.window) for r in pre):
        mine = [r for r in pre if (r.policy, r.overlap, r.window) == (policy, overlap, window)]
        apart = [row for row in mine if not row.close]
        told = ", ".join(f"{row.supply}: {row.off:+.3f}" for row in apart)
        rows.append((policy, overlap, window, f"{len(mine) - len(apart)} of {len(mine)}", told))
    return table(("policy", "overlap", "days", "within 0.02", "supply: ours less theirs"), rows)


def random_starts() -> str:
    """Mean fill over random starts, with MARATHON's own ones and with ours."""
    rows = []
    for r in marathon.random_starts():
        same = f"{(r.ours == r.theirs).sum()} of {r.theirs.size}"
        drawn = [
            cell
            for ours in (r.independent, r.first_held)
            for cell in (f"{ours.mean():.4f}", f"{r.errors_off(ours):.1f}")
        ]
        rows.append((r.supply, r.window, f"{r.theirs.mean():.4f}", same, *drawn))
    head = ("supply", "days", "MARATHON", "runs the same", "independent", "standard errors apart")
    return table((*head, "first unit held", "standard errors apart"), rows)


def demands() -> str:
    """Cases with several demands."""
    head = ("case", "supply", "demand", "days", "asked", "MARATHON", "ours")
    return table(
        head,
        (
            (
                r.case.replace("_", " "),
                r.supply,
                r.demand,
                r.window,
                *(f"{days:,}" for days in (r.asked, r.filled, r.ours)),
            )
            for r in marathon.demands()
        ),
    )


def rows_published() -> str:
    """Published rows, each with what fewer units keep up."""
    rows = []
    for row in published.ROWS:
        least, most = published.kept_up(row.rules, row.kept_up, row.stages)
        fewer, _ = published.kept_up(row.fewer, row.kept_up, row.stages)
        left = " + ".join(str(rule.units) for rule in row.fewer)
        ours = str(least) if least == most else f"{least} to {most}"
        units = " + ".join(str(rule.units) for rule in row.rules)
        rows.append((row.row, row.told, units, row.kept_up, ours, f"{left}: {fewer}"))
    return table(("row", "source", "units", "they say", "we find", "with fewer"), rows)


def rows_of_claims() -> str:
    """The shipped claims."""
    rows = [
        (
            f"[{path.stem}](../scenarios/claims/{path.name})",
            f"{claims.kept_up(path):,}",
            claims.why(path),
        )
        for path in claims.FILES
    ]
    return table(("claim", "kept up", "why"), rows)


def suites() -> str:
    """How many cases of each suite pass; one that fails ends the run."""
    rows = []
    for name, told in SUITES.items():
        last = output("pytest", "-q", "-p", "no:cacheprovider", f"tests/{name}.py").splitlines()[-1]
        rows.append((f"[{name}.py](../tests/{name}.py)", told, last.partition(" in ")[0]))
    return table(("suite", "what it shows", "cases"), rows)


def engines() -> str:
    """Both engines on every shipped scenario (several minutes); a difference ends the run."""
    found = shipped.agreements()
    rows: list[tuple[object, ...]] = [
        (
            f"[{a.file.stem}](../{a.file.relative_to(ROOT)})",
            a.mandate.replace("_", " "),
            f"{a.size:,}",
            f"{a.drawn:,}",
            a.compared,
            a.pools,
            a.steps,
            a.differ,
        )
        for a in found
    ]
    compared, differ = sum(a.compared for a in found), sum(a.differ for a in found)
    steps = sum(a.compared * a.steps for a in found)
    rows.append(("all", "", "", "", f"{compared:,}", "", f"{steps:,} in all", differ))
    made = table(
        ("scenario", "mandate", "force", "drawn", "compared", "pools", "steps", "that differ"), rows
    )
    if differ:
        sys.exit(f"the engines differ:\n{made}")
    return made


def steps() -> str:
    """P(feasible, if authorised) at a step and at half of it."""
    rows = [
        (
            f"[{h.name}](../scenarios/{h.name}.yaml)",
            f"{h.whole.size:,}",
            f"{h.whole.authorised:,}",
            f"{h.whole.step_days:g} to {h.half.step_days:g}",
            f"{h.whole.share:.3f}",
            f"{h.half.share:.3f}",
            f"{h.moved:+.3f}",
            f"{h.error:.3f}",
        )
        for h in shipped.halved()
    ]
    head = ("scenario", "force", "authorised", "step, days", "at the step", "at half of it")
    return table((*head, "moved by", "standard error"), rows)


SUITES = {
    "test_closed_forms": "draws, rotation, lift, phases, conflict, withdrawals, costs and"
    " requirement come to what enumeration, closed forms and distributions say, exactly or within"
    " 4.5 standard errors",
    "test_two_engines": "the vectorised core and the unit-level engine agree to the last integer in"
    " every step, and a fault put into the core is found",
    "test_uncertainty": "over a thousand seeds, intervals cover as often as they say, and standard"
    " errors and paired differences are the spread there is; half the step moves a share by hardly"
    " more than chance",
    "test_marathon": "the rows of MARATHON below",
    "test_published": "the published rows below, and the timeline R6",
    "test_claims": "the claims below",
}

TABLES = {
    "suites": suites,
    "engines": engines,
    "steps": steps,
    "marathon": grid,
    "prefill": prefilled,
    "random": random_starts,
    "demands": demands,
    "published": rows_published,
    "claims": rows_of_claims,
}


SECTIONS = {
    "engines": """## Both engines on every shipped scenario

Every mandate that sends somebody, at its middle size: the first 200 authorised replications of
the first block, or all that it has. The vectorised core and the unit-level engine are compared
in every step: the units counted, outgoing, ready, rested and resting of every pool, what each
line sends, strength, breaches, lift, withdrawals and the conflict; and at the end every gate
and the binding constraint. "That differ" counts replications with any difference at all:
""",
    "steps": """## The length of the step

P(feasible, if authorised) at the step of a scenario and at half of it. The standard error is
that of two independent runs; the draws that they share make it smaller:
""",
}
BEFORE = "## Another program: MARATHON"


def section(marker: str) -> None:
    """Begin a section that the page does not have yet."""
    text = REPORT.read_text("utf-8")
    if marker in SECTIONS and f"<!-- {marker}:begin -->" not in text:
        empty = f"{SECTIONS[marker]}\n<!-- {marker}:begin -->\n<!-- {marker}:end -->\n\n"
        REPORT.write_text(text.replace(BEFORE, empty + BEFORE), "utf-8")


def main() -> None:
    """Recompute the tables named, or every one."""
    for marker in sys.argv[1:] or TABLES:
        made = TABLES[marker]()
        section(marker)
        replace(REPORT, marker, made)


if __name__ == "__main__":
    main()
