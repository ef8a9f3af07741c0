"""Names, and references to what bears them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ValidationInfo

from sim.errors import nearest
from sim.scenario.scalars import clip, formula, show
from sim.scenario.schema.base import Problem, refuse

_FEW_NAMES = 5  # as many are listed whole, from more the nearest is picked
_LISTED = 12


@dataclass(frozen=True, slots=True)
class Names:
    """What a scenario declares, for checking references while everything is still unvalidated.

    None stands for a section that cannot be read, so that nothing can be said about references.
    """

    conditions: Collection[str] | None = ()
    contributors: Collection[str] | None = ()
    corridors: Collection[str] | None = ()
    stances: Collection[str] | None = ()
    """Mandates and their kinds: what a participation may answer to."""
    capabilities: Collection[str] | None = ()
    """What is asked for or offered."""


def known(name: str, declared: Collection[str], noun: str, label: str = "declared") -> Problem:
    """Tell that a name is not among what is declared, and which was meant or could be."""
    listed = ", ".join(islice(declared, _LISTED)) + (", ..." if len(declared) > _LISTED else "")
    names = f"{label}: {listed or 'none'}"

    def hint() -> str:
        return (nearest(name, declared) if len(declared) > _FEW_NAMES else "") or names

    return (), f"no {noun} {clip(name)}", hint


def reference(where: str, noun: str, label: str = "declared") -> Callable[..., str]:
    """Make a validator that refuses a name which the scenario does not declare.

    Parameters
    ----------
    where
        The field of `Names` that holds what is declared; without it nothing is refused.
    noun, label
        What bears the name, and what messages call the list of those that do.

    Returns
    -------
    callable
        For pydantic's AfterValidator.
    """

    def check(name: str, info: ValidationInfo) -> str:
        declared = getattr(info.context, where) if isinstance(info.context, Names) else None
        if declared is not None and name not in declared:
            refuse(known(name, declared, noun, label))
        return name

    return check


# What a path or a file name takes apart, and what the rates between states do.
_FORBIDDEN_IN_NAMES = re.compile(r"[.\"\\/]|->")


def parse_name(text: Any) -> str:
    """Check a name.

    Parameters
    ----------
    text
        What is written.

    Returns
    -------
    str
        The same.

    Raises
    ------
    ValueError
        If a spreadsheet would run it, or a path or a table could not hold it.
    """
    if not isinstance(text, str):
        raise ValueError(f"must be a name, found {show(text)}")
    if not text.strip() or text != text.strip() or len(text) > 80:
        raise ValueError(f"{clip(text)} is no name: 1 to 80 characters, without blanks at the ends")
    if found := formula(text):
        where = "have a part that begins" if found.start() else "begin"
        raise ValueError(f"a name must not {where} with '{found[1]}', found {clip(text)}")
    if not text.isprintable():
        hidden = next(char for char in text if not char.isprintable())
        raise ValueError(f"a name must not contain {hidden!a}, found {clip(text)}")
    if found := _FORBIDDEN_IN_NAMES.search(text):
        what = {".": "a dot", "->": "'->'", '"': "a quotation mark"}.get(found[0], clip(found[0]))
        raise ValueError(f"a name must not contain {what}, found {clip(text)}")
    return text


Name = Annotated[str, BeforeValidator(parse_name)]
ConditionName = Annotated[Name, AfterValidator(reference("conditions", "condition"))]
CorridorName = Annotated[Name, AfterValidator(reference("corridors", "corridor"))]
ContributorName = Annotated[Name, AfterValidator(reference("contributors", "contributor"))]
CapabilityName = Annotated[Name, AfterValidator(reference("capabilities", "capability", "known"))]
"""A reference to a capability that somebody asks for or offers."""
StanceName = Annotated[Name, AfterValidator(reference("stances", "mandate or kind", "known"))]
