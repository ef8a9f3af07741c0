"""Distributions inside braces: puts ``beta(6, 3)`` together again after YAML took it apart.

In ``{available: beta(6, 3), notice: 30 days}`` YAML ends the value at the comma inside the
parentheses and makes a key of the rest. The language writes distributions so, and an open
parenthesis says what is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import yaml


def rejoined(events: Iterable[yaml.Event]) -> Iterator[yaml.Event]:
    """Pass events on; plain scalars of a flow collection are joined until parentheses match."""
    stream = iter(events)
    containers: list[bool | None] = []  # True: flow mapping, False: flow list, None: block
    waiting: list[yaml.Event] = []
    while event := (waiting.pop(0) if waiting else next(stream, None)):
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            mapping = isinstance(event, yaml.MappingStartEvent)
            containers.append(mapping if event.flow_style else None)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            containers.pop()
        elif containers and containers[-1] is not None and _open(event):
            step = 2 if containers[-1] else 1  # in a mapping, the rest became a key without value
            parts = [event]
            while _open_text(parts):
                waiting += islice(stream, max(0, step - len(waiting)))
                taken = waiting[:step]
                if len(taken) < step or not _continues(taken):
                    break
                parts.append(taken[0])
                del waiting[:step]
            if len(parts) > 1 and not _open_text(parts):
                event = yaml.ScalarEvent(
                    event.anchor,
                    event.tag,
                    event.implicit,
                    ", ".join(part.value for part in parts),
                    event.start_mark,
                    parts[-1].end_mark,
                )
            else:
                waiting = [*_pairs(parts[1:], step), *waiting]
        yield event


def _plain(event: yaml.Event) -> bool:
    return isinstance(event, yaml.ScalarEvent) and event.style in (None, "")


def _open(event: yaml.Event) -> bool:
    return _plain(event) and event.value.count("(") > event.value.count(")")


def _open_text(parts: list[yaml.Event]) -> bool:
    text = "".join(part.value for part in parts)
    return text.count("(") > text.count(")")


def _continues(events: list[yaml.Event]) -> bool:
    """Whether this is the rest of a value: a plain scalar, in a mapping with nothing behind it."""
    first, rest = events[0], events[1:]
    return _plain(first) and bool(first.value) and all(_plain(e) and not e.value for e in rest)


def _pairs(parts: list[yaml.Event], step: int) -> Iterator[yaml.Event]:
    """What was taken in vain, as it came."""
    for part in parts:
        yield part
        if step == 2:
            yield yaml.ScalarEvent(None, None, (True, False), "", part.end_mark, part.end_mark)
