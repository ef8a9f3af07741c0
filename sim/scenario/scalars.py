"""What one word of YAML means: the scalars of the YAML 1.2 core schema, less its traps.

YAML 1.1, which most Python loaders follow, reads ``no`` as false, ``12:30`` as 750, ``017`` as 15.
Here a word that is not plainly a number, a truth value or null stays the text that it is.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import TypeAlias

Scalar: TypeAlias = bool | int | float | str | None

MAX_DIGITS = 18
"""More digits than this are a slip of the keyboard; fewer fit the integers of NumPy."""

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# No leading zeros: 017 is a label, or octal to some; underscores only between digits.
_WHOLE = r"[-+]?(?:0|[1-9][0-9]*(?:_[0-9]+)*)"
_INTEGER = re.compile(_WHOLE)
_FLOAT = re.compile(rf"(?:{_WHOLE}(?:\.[0-9]*)?|[-+]?\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")

# Beyond what YAML itself refuses: the C1 controls, which move the cursor of some terminals, and the
# byte order mark, which is invisible in a name.
_CONTROL = re.compile(
    r"[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


def resolve(text: str) -> Scalar:
    """Read an unquoted word.

    Parameters
    ----------
    text
        The word, without space around it.

    Returns
    -------
    None, bool, int, float or str
        What it stands for.

    Raises
    ------
    ValueError
        If it is a number that no scenario can hold; the message says why.

    Examples
    --------
    >>> [resolve(word) for word in ("30_000", "1e3", "no", "017", "12:30", "~")]
    [30000, 1000.0, 'no', '017', '12:30', None]
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        if sum(map(str.isdigit, text)) > MAX_DIGITS:
            raise ValueError(f"a whole number of more than {MAX_DIGITS} digits")
        return int(text)
    if _FLOAT.fullmatch(text):
        return finite(float(text))
    if _NOT_FINITE.fullmatch(text):
        return finite(math.nan)
    return text


def finite(number: float) -> float:
    """Return the number, unless it is NaN or infinite, which raises ValueError."""
    if not math.isfinite(number):
        raise ValueError("NaN and infinity are not allowed")
    return number


def controls(text: str) -> list[int]:
    """Find the characters that no scenario may contain, such as NUL and escape.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    list of int
        Their places in the text.
    """
    return [found.start() for found in _CONTROL.finditer(text)]


# At the beginning of a cell, or of what becomes one where a comma or semicolon divides the line.
_FORMULA = re.compile(r"(?:^|[,;])[\s'\"]*([=+@\-−])")


def formula(text: str) -> re.Match[str] | None:
    """Find where a spreadsheet that opens a table would run a text instead of showing it.

    Parameters
    ----------
    text
        Any text; wide forms of signs count as the signs, as some spreadsheets take them.

    Returns
    -------
    match or None
        Begins at 0 if the whole text would be run; its group is the sign.
    """
    return _FORMULA.search(unicodedata.normalize("NFKC", text))


def clip(text: str, width: int = 60) -> str:
    """Quote a text for a message: whole if it is short, and never with raw control characters."""
    return repr(text if len(text) <= width else text[: width - 1] + "…")


def show(value: object) -> str:
    """Name what was found, for a message: a scalar as it is written, the rest by its kind."""
    if isinstance(value, Mapping):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, (list, tuple)):
        return "a list" if value else "an empty list"
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    if isinstance(value, float) and value.is_integer():
        return str(int(value)) if abs(value) >= 1000 else str(value)  # 1e4 is no 10000.0
    return clip(value) if isinstance(value, str) else clip(repr(value)).strip("'")


# Numbers as people write them elsewhere -> what to write here.
_SLIPS: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
    (re.compile(r"[0-9]{1,3}([,' .\u00a0\u202f][0-9]{3})+"), lambda t: re.sub("[^0-9]", "_", t)),
    (re.compile(r"[0-9]+,[0-9]+"), lambda t: t.replace(",", ".")),
    (re.compile(r"[0-9]+(\.[0-9]+)? ?%"), lambda t: f"{float(t.rstrip(' %')) / 100:g}"),
    (re.compile(r"0[0-9]+"), lambda t: t.lstrip("0") or "0"),
)


def slip(value: object) -> str:
    """Say how a number is to be written that somebody wrote as elsewhere.

    Parameters
    ----------
    value
        What stands where a number should.

    Returns
    -------
    str
        The advice, or nothing where none is known.

    Examples
    --------
    >>> slip("120,000"), slip("0,9"), slip("90%"), slip("017"), slip("many")
    ('write 120_000', 'write 0.9', 'write 0.9', 'write 17', '')
    """
    if not isinstance(value, str) or len(value) > MAX_DIGITS:
        return ""
    if _INTEGER.fullmatch(value) or _FLOAT.fullmatch(value):
        return "leave out the quotes"
    if value == "000":
        return "write a number of thousands without a comma, as in 20_000"
    for pattern, written in _SLIPS:
        if pattern.fullmatch(value):
            return f"write {written(value)}"
    return ""
