"""Distributions inside braces: puts ``beta(6, 3)`` together again after YAML took it apart.

In ``{available: beta(6, 3), notice: 30 days}`` YAML ends the value at the comma inside the
parentheses and makes a key of the rest. The language writes distributions so, and an open
parenthesis says what is meant.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeGuard

import yaml

_LONGEST = 1_000
"""Characters between two parentheses; what is longer is no distribution and stays in pieces."""
_MOST_IN_VAIN = 100
"""Parentheses never closed; a file with more of them is not worth the looking ahead."""


def rejoined(events: Iterable[yaml.Event]) -> Iterator[yaml.Event]:
    """Put together what a flow collection has in parentheses.

    Parameters
    ----------
    events
        From the parser.

    Yields
    ------
    yaml.Event
        The same; where plain scalars follow each other in braces or brackets and a parenthesis is
        open, they are one scalar, from the first up to the one that closes it.
    """
    stream = iter(events)
    waiting: deque[yaml.Event] = deque()  # taken from the stream to look ahead
    steps: list[int] = []  # per open collection: events from one part to the next, 0 in a block
    in_vain = 0
    while (event := waiting.popleft() if waiting else next(stream, None)) is not None:
        if isinstance(event, yaml.MappingStartEvent):
            steps.append(2 if event.flow_style else 0)  # a rest is a key without a value
        elif isinstance(event, yaml.SequenceStartEvent):
            steps.append(1 if event.flow_style else 0)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            steps.pop()
        elif _opens(event) and steps and steps[-1] and in_vain < _MOST_IN_VAIN:
            joined = _whole(event, steps[-1], waiting, stream)
            in_vain += joined is event
            event = joined
        yield event


def _whole(
    first: yaml.ScalarEvent, step: int, waiting: deque[yaml.Event], stream: Iterator[yaml.Event]
) -> yaml.ScalarEvent:
    """Give the scalar that begins with `first`; its other parts are taken out of `waiting`."""
    parts, depth, length, seen = [first], _depth(first), len(first.value), 0
    while depth > 0 and length < _LONGEST:
        waiting.extend(islice(stream, max(0, seen + step - len(waiting))))
        taken = list(islice(waiting, seen, seen + step))
        if len(taken) < step:
            return first
        part, *rest = taken
        if not _plain(part) or not part.value or any(not _plain(e) or e.value for e in rest):
            return first
        parts.append(part)
        depth, length, seen = depth + _depth(part), length + len(part.value), seen + step
    if depth != 0:
        return first
    for _ in range(seen):
        waiting.popleft()
    value = ", ".join(part.value for part in parts)
    return yaml.ScalarEvent(
        first.anchor, first.tag, first.implicit, value, first.start_mark, parts[-1].end_mark
    )


def _plain(event: yaml.Event) -> TypeGuard[yaml.ScalarEvent]:
    return isinstance(event, yaml.ScalarEvent) and event.style in (None, "")


def _opens(event: yaml.Event) -> TypeGuard[yaml.ScalarEvent]:
    return _plain(event) and _depth(event) > 0


def _depth(event: yaml.ScalarEvent) -> int:
    return event.value.count("(") - event.value.count(")")
