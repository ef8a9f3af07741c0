"""The claims of `scenarios/claims/`: each comment says what its scenario gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from claims import FILES, FOLDER, kept_up, smallest_and_largest, told, why

EUROPE = "contributors__Europe__"


def units(count: int, strength: int) -> dict[str, Any]:
    pool = {"capability": "soldiers", "units": count, "strength": strength}
    return {f"{EUROPE}forces": [pool]}


def test_the_claims_are_there() -> None:
    assert len(FILES) == 6


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_claim_gives_the_figure_of_its_comment(path: Path) -> None:
    assert why(path).startswith("Agrees")
    smallest, largest = smallest_and_largest(path)
    assert smallest < told(path) < largest
    assert kept_up(path) == told(path)


ENDLESS = {
    "time__horizon": "120 months",
    "feasible_when__hold__for": "119 months",
    f"{EUROPE}at_start": "spread",
}
ASIDE: list[tuple[str, int, dict[str, Any]]] = [
    ("64000_for_two_years", 51_000, ENDLESS),
    ("60000_for_a_year", 60_000, {f"{EUROPE}tour": "6 months"} | units(120, 1_000)),
    ("10000_with_long_rest", 10_000, {f"{EUROPE}rest__goal": "24 months"} | units(100, 500)),
    ("7500_of_30000", 7_500, {f"{EUROPE}rest__goal": "12 months"} | units(45, 500)),
]


@pytest.mark.parametrize(("name", "figure", "changes"), ASIDE)
def test_what_else_the_comments_say(name: str, figure: int, changes: dict[str, Any]) -> None:
    assert kept_up(FOLDER / f"{name}.yaml", **changes) == figure


@pytest.mark.parametrize(("count", "figure"), [(100, 25_000), (160, 40_000)])
def test_100000_with_a_whole_rest(count: int, figure: int) -> None:
    """Six months there and eighteen at home: a quarter of the soldiers."""
    rested = {f"{EUROPE}mobilisation": "0 days", f"{EUROPE}rest__goal": "18 months"}
    at_once = {"force__phases": {"0 months": 1.0}, "force__sizes": [figure, figure + 1_000]}
    path = FOLDER / "40000_of_100000.yaml"
    assert kept_up(path, **rested, **at_once, **units(count, 1_000)) == figure
