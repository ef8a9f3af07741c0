"""What the figure behind an uncertain input rests on: the weakest of its sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim.analysis.sources import sources_of

# Words by which the text of a source's figure names what an input is drawn from.
_WORDS = {
    "joins": ("participation", "probabilit", "will"),
    "at_most": ("at most", "at_most", "contingent"),
    "available": ("available", "forces", "units", "battalion", "kept back"),
    "per_day": ("per day", "capacity", "disruption"),
    "authorised_months": ("delay", "authorisation"),
}
_ORDER = ("none given", "judgement", "low", "medium", "high")
_WEAK = _ORDER[:3]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a figure rests on.

    Attributes
    ----------
    mark
        The weakest of its sources: ``judgement``, ``low``, ``medium``, ``high``, or ``none given``;
        a judgement counts as weaker than a source of low confidence. ``(any)`` follows where no
        source names the figure, so that all of the thing's are taken.
    figures
        What those weakest sources say they are for.
    """

    mark: str
    figures: tuple[str, ...]

    @property
    def weak(self) -> bool:
        """Whether nobody, or only a judgement or a source of low confidence, stands behind it."""
        return self.mark.removesuffix(" (any)") in _WEAK


def evidence_of(name: str, mandate: str, data: Mapping[str, Any]) -> Evidence:
    """Find what stands behind an input.

    Parameters
    ----------
    name
        The input: ``contributors.Germany.joins``.
    mandate
        The mandate that the replications are of.
    data
        The merged scenario: ``inputs`` of a result's ``run``.
    """
    owner, words = _owner(name, mandate)
    table = sources_of(data)
    rows = [
        (str(figure), "judgement" if judgement else str(confidence) or "none given")
        for path, figure, confidence, judgement in zip(
            table["path"], table["figure"], table["confidence"], table["judgement"], strict=True
        )
        if f"{path}.".startswith(f"{owner}.")
    ]
    named = [row for row in rows if any(word in row[0].lower() for word in words)]
    taken = named or rows
    if not taken:
        return Evidence("none given", ())
    weakest = min((mark for _, mark in taken), key=_ORDER.index)
    figures = tuple(figure for figure, mark in taken if mark == weakest)
    return Evidence(weakest if named or not words else f"{weakest} (any)", figures)


def _owner(name: str, mandate: str) -> tuple[str, tuple[str, ...]]:
    """The thing that an input belongs to, and the words that name its figure there."""
    section, _, rest = name.partition(".")
    if section == "consents":
        return f"mandates.{mandate}", (rest.lower(), "consent", "veto")
    if name == "authorised_months":
        return f"mandates.{mandate}", _WORDS[name]
    if section in ("contributors", "corridors"):
        thing, _, field = rest.rpartition(".")
        return f"{section}.{thing}", _WORDS[field]
    return name if section == "conditions" else "requirement", ()
