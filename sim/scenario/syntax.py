"""Broken YAML, told in the words of somebody who writes scenarios and not parsers."""

from __future__ import annotations

from sim.errors import Issue

# What the parser says -> what to make of it; {line} is where the unfinished part begins.
_MEANINGS = {
    "mapping values are not allowed": (
        "a ':' stands where no key can be",
        "indent the keys of one mapping alike, and quote a text that contains ': '",
    ),
    "expected ',' or ']'": ("expected ',' or ']' in the list that begins on line {line}", ""),
    "expected ',' or '}'": ("expected ',' or '}}' in the mapping that begins on line {line}", ""),
    "unexpected end of stream": ("the quotation that begins on line {line} is never closed", ""),
    "could not find expected ':'": ("expected ':' after the key on line {line}", ""),
    "did not find expected key": (
        "expected a key of the mapping that begins on line {line}",
        "indent the keys of one mapping alike",
    ),
    "did not find expected '-' indicator": (
        "expected '- ', an item of the list that begins on line {line}",
        "indent the items of one list alike",
    ),
    "did not find expected node content": ("expected a value here", ""),
    "unknown escape character": (
        "an unknown escape after '\\' in a quoted text",
        "in single quotes '\\' is an ordinary character",
    ),
}


def syntax_issue(
    file: str, text: str, problem: str, place: tuple[int, int], begun: int | None
) -> Issue:
    r"""Tell a mistake of syntax.

    Parameters
    ----------
    file, text
        The file's name and content.
    problem
        What the parser says.
    place
        Line and column at which it gave up, counted from 0.
    begun
        Line on which the part that it was reading begins, counted from 0.

    Returns
    -------
    Issue
        The same in plain words.

    Examples
    --------
    >>> print(syntax_issue("a.yaml", "\ta: 1", "character that cannot start any token", (0, 0), 0))
    a.yaml:1:1: a tab stands in the indentation; indent with spaces
    """
    line, column = place
    message, hint = f"not valid YAML: {problem}", ""
    for said, (meant, advice) in _MEANINGS.items():
        if said in problem:
            message = meant.format(line=(line if begun is None else begun) + 1)
            hint = advice
    if "cannot start any token" in problem:
        rows = text.splitlines()
        character = rows[line][column : column + 1] if line < len(rows) else ""
        message, hint = f"a value cannot begin with {character!r}", "quote it if it is text"
        if character == "\t":
            message, hint = "a tab stands in the indentation", "indent with spaces"
    return Issue(file, line + 1, column + 1, "", message, hint)
