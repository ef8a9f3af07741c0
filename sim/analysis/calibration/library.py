"""The generic parameters as a library file of scenarios."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sim.analysis.history.generation import (
    ALREADY_THERE,
    CONTRIBUTORS,
    CORRIDOR,
    KIND,
    REHATTED,
    Generation,
    contributor,
)

RENEWS = 0.75
"""Of twelve resolutions observed for more than a year, three (UNTAC, ONUMOZ, MINURCAT) were
followed by a withdrawal before two years were over, and none before one year was."""


def library_text(generation: Generation, how: Sequence[str], told: Mapping[str, str]) -> str:
    """Write the library file.

    Parameters
    ----------
    how
        How the parameters were obtained, line by line, for the head of the file.
    told
        Per parameter its range over resampled missions, in words.

    Returns
    -------
    str
        YAML.
    """
    at: dict[tuple[str, ...], Any] = dict(generation.settings())
    stance = ("contributors", contributor(1), "participation", KIND)
    offer = "".join(
        f"{key}: {_flow(at[(*stance, key)])}, " for key in ("probability", "delay", "delivered")
    ).rstrip(", ")

    def learnt(figure: str, *names: str, note: str) -> list[str]:
        ranges = "; ".join(f"{name} {told[name]}" for name in names if name in told)
        over = f" Over resampled missions: {ranges}." if ranges else ""
        return [
            f'      - {{figure: "{figure}", source: "sim calibrate, on scenarios/history",'
            " confidence: medium,",
            f'         note: "{note}{over}"}}',
        ]

    lines = [
        "# How a United Nations mission builds up, whoever is in it. Written by `sim calibrate`;"
        " do not edit.",
        "#",
        *(f"# {line}".rstrip() for line in how),
        "",
        "time: {step: 2 weeks, horizon: 25 months}",
        "",
        "force: {capabilities: {soldiers: 1.0}}",
        "",
        "feasible_when:",
        "  authorised: {within: 24 months}",
        "  full: {within: 12 months}",
        "",
        "# Contingents relieve themselves: nobody's tour ends before the horizon.",
        "rotation: {tour: 60 months, rest: {goal: 1 month}, at_start: rested, surge: true}",
        "",
        "mandates:",
        f"  {KIND}:",
        f"    kind: {KIND}",
        "    authorisation:",
        f"      delay: {at['mandates', KIND, 'authorisation', 'delay']}",
        f"      decided_by: {{Security Council: {{consents: 1.0, renews: {RENEWS}}}}}",
        "    renewal: {every: 12 months}",
        "    withdrawn_over: 6 months",
        "    sources:",
        *learnt(
            "delay", "start", "start_spread",
            note="From the resolution, on the first day, to the begin of force generation: consent"
            " of the host, plan, first offers. One draw for the whole mission.",
        ),
        f'      - {{figure: "renews {RENEWS} each year", judgement: true,',
        '         note: "Three of twelve missions of the record that were observed for more than a'
        ' year closed in their second year."}',
        '      - {figure: "withdrawn over 6 months", source: "OODA Loop, on the end of MINUSMA",'
        ' date: "2023", confidence: high}',
        "",
        "# A bad year is bad for all: judged, and of little weight beside the spread of the start.",
        "will:",
        "  correlation: 0.3",
        "  sources:",
        '    - {figure: "correlation 0.3", judgement: true,',
        '       note: "So few missions cannot tell; between many contributors a middling value'
        ' is assumed."}',
        "",
        "corridors:",
        f"  {CORRIDOR}:",
        f"    capacity: {at['corridors', CORRIDOR, 'capacity']}",
        "    sources:",
        *learnt(
            "capacity", "flow", "flow_spread",
            note="Soldiers per day into the theatre, by whatever way. One draw for the whole"
            " mission.",
        ),
        "",
        "contributors:",
    ]  # fmt: skip
    for number in range(1, CONTRIBUTORS + 1):
        lines += [
            f"  {contributor(number)}:" + (" &contributor" if number == 1 else " *contributor")
        ]
        if number == 1:
            lines += [
                "    priority: 2",
                f"    corridor: {CORRIDOR}",
                "    participation:",
                f"      {KIND}: {{{offer}}}",
                "    sources:",
                *learnt(
                    "probability", "comes",
                    note="That it comes at all once it was counted on: the shortfall that never"
                    " closes.",
                ),
                *learnt(
                    "delay", "notice",
                    note="Decision, preparation and journey, one draw per contributor.",
                ),
                *learnt("delivered", "delivered", note="Share of the pledge that comes."),
            ]  # fmt: skip
    rehat = at["contributors", REHATTED, "participation", KIND, "delivered"]
    lines += [
        f"  {REHATTED}:",
        "    priority: 1",
        f'    participation: {{{KIND}: {{probability: 1.0, delivered: "{rehat}"}}}}',
        "    sources:",
        *learnt(
            "delivered", "rehatted",
            note="Share of the authorised strength that changes its hats when the force generation"
            " begins.",
        ),
        f"  {ALREADY_THERE}:",
        "    priority: 0",
        f"    participation: {{{KIND}: {{probability: 1.0}}}}",
        "    sources:",
        '      - {figure: "stays", judgement: true, note: "Soldiers of the mission itself."}',
        "",
        "run: {replications: 2_000, seed: 2026}",
        "",
    ]  # fmt: skip
    return "\n".join(lines)


def _flow(value: Any) -> str:
    """A value inside braces: distributions are quoted for editors that know only YAML."""
    return f'"{value}"' if isinstance(value, str) else str(value)
