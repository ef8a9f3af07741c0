"""How much work something is, counted: it says the same on every machine, however busy."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest

MILLION = 1_000_000


class TooMuchWork(BaseException):
    """Raised in the middle of the work, so that what never ends fails too."""


@contextmanager
def at_most(calls: int) -> Iterator[None]:
    """Fail as soon as more functions than that are called, Python's and C's alike.

    A million of them take a tenth to a third of a second.
    """
    made = 0

    def count(frame: FrameType, event: str, _: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")
        if made > calls:
            sys.setprofile(None)
            raise TooMuchWork

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield
    except TooMuchWork:
        pytest.fail(f"more than {calls:,} calls", pytrace=False)
    finally:
        sys.setprofile(before)
