"""The answer in sentences, each figure with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sim.report.cases import Case, Row
from sim.results.words import CAUSE_MEANINGS, failures, interval, percent


def answer(case: Case) -> list[str]:
    """What a run says about one mandate: the verdict, then what stands behind it."""
    if not case.sends:
        row = case.rows[0]
        if math.isnan(row["p_mission_ending_state"]):
            return ["Nobody is sent."]
        return [
            "Nobody is sent.",
            "A state of the conflict that would end a mission occurs in "
            f"{interval(row, 'p_mission_ending_state')} of futures.",
        ]
    sentences = [_verdict(case)]
    first = case.rows[0]
    if not first["authorised_replications"]:
        return sentences
    if case.judged != "p_feasible":
        sentences.append(
            f"The mandate is authorised in {interval(first, 'p_authorised')} of futures; outright, "
            f"{case.shown:,} soldiers are feasible in "
            f"{interval(case.row(case.shown), 'p_feasible')}."
        )
    row = case.row(case.shown)
    shares = failures(row)
    if shares:
        cause = max(shares, key=lambda name: shares[name])
        sentences.append(
            f"What fails first at {case.shown:,} soldiers is most often {cause} "
            f"({CAUSE_MEANINGS[cause]}): {percent(shares[cause])} of the authorised futures that "
            "fail."
        )
    if not math.isnan(row["p_adequate"]):
        sentences.append(
            f"{case.shown:,} soldiers would be enough for the task in "
            f"{interval(row, 'p_adequate')} of futures."
        )
    return sentences


def _verdict(case: Case) -> str:
    at = f"at the wanted confidence of {percent(case.confidence)}, "
    at += "if authorised" if case.judged != "p_feasible" else "outright"
    sizes = [int(row["force_size"]) for row in case.rows]
    if all(row["verdict"] == "never authorised" for row in case.rows):
        return "The mandate is never authorised, so that the run says nothing about any force."
    largest = case.largest
    if largest is not None:
        found = f"Up to {largest:,} soldiers are feasible {at}: "
        found += f"{interval(case.row(largest), case.judged)} at that size"
        if largest == sizes[-1]:
            return f"{found}, the largest that was tried."
        return f"{found}, {_next(case.rows[sizes.index(largest) + 1], case.judged)}."
    smallest = case.rows[0]
    if smallest["verdict"] == "open":
        return (
            f"The run cannot tell whether {sizes[0]:,} soldiers, the smallest size tried, are "
            f"feasible {at}: {interval(smallest, case.judged)}. More replications would."
        )
    tried = f"{sizes[0]:,}" if len(sizes) == 1 else f"{sizes[0]:,} to {sizes[-1]:,}"
    return (
        f"No size that was tried ({tried} soldiers) is feasible {at}: "
        f"{interval(smallest, case.judged)} at {sizes[0]:,}."
    )


def _next(row: Row, judged: str) -> str:
    open_ = "; there the run cannot tell" if row["verdict"] == "open" else ""
    return f"{interval(row, judged)} at {row['force_size']:,}{open_}"


def question(case: Case) -> list[tuple[str, str]]:
    """What is asked of one mandate: names and values, as the scenario says them."""
    criteria: Mapping[str, Any] = case.criteria
    initial, hold = criteria.get("initial"), criteria.get("hold")
    clock = "the start" if criteria.get("counted_from") == "start" else "the authorisation"
    mandate = case.result.run["inputs"]["mandates"][case.mandate]
    asked = [("Kind", str(mandate["kind"]))]
    if not case.sends:
        return asked
    if requires := mandate.get("requires"):
        asked.append(("Requires", ", ".join(map(str, requires))))
    if authorised := criteria.get("authorised"):
        asked.append(("Authorised within", str(authorised["within"])))
    if initial:
        share = percent(float(initial["share"]))
        asked.append(("Initial capability", f"{share} within {initial['within']} of {clock}"))
    fill = percent(float(criteria.get("fill", 0.9)))
    asked.append(
        ("Full capability", f"{fill} everywhere within {criteria['full']['within']} of {clock}")
    )
    if hold:
        share = percent(float(hold.get("share_of_time", 1.0)))
        asked.append(("Held", f"{hold['for']}, for {share} of the time"))
    asked.append(("Wanted confidence", percent(case.confidence)))
    return asked


def compared(cases: Sequence[Case]) -> list[dict[str, Any]]:
    """A row per force size that several cases have: each one's estimate and verdict."""
    sending = [case for case in cases if case.sends]
    sizes = sorted({int(row["force_size"]) for case in sending for row in case.rows})
    rows = []
    for size in sizes:
        found = [{int(row["force_size"]): row for row in case.rows}.get(size) for case in sending]
        cells = [
            {"told": interval(row, case.judged), "verdict": row["verdict"]}
            if row
            else {"told": "-", "verdict": "not tried"}
            for case, row in zip(sending, found, strict=True)
        ]
        first = next(row for row in found if row)
        rows.append({"size": size, "cells": cells, "adequate": interval(first, "p_adequate")})
    return rows
