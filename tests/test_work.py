"""Counting work: the same number whatever else the machine does, and a limit that holds."""

from __future__ import annotations

import sys

import pytest
from work import at_most


def calls(number: int) -> None:
    for _ in range(number):
        abs(-1)


def endless(depth: int = 0) -> None:
    while True:
        calls(depth)


def test_what_is_within_the_limit_goes_through() -> None:
    before = sys.getprofile()
    with at_most(110):
        calls(100)
    assert sys.getprofile() is before


@pytest.mark.parametrize("work", [lambda: calls(200), endless])
def test_what_is_beyond_it_fails_even_where_it_never_ends(work: object) -> None:
    with pytest.raises(pytest.fail.Exception, match="more than 110 calls"), at_most(110):
        assert callable(work)
        work()
    assert sys.getprofile() is None


def test_an_error_of_the_work_is_let_through() -> None:
    with pytest.raises(ZeroDivisionError), at_most(110):
        _ = 1 // 0
    assert sys.getprofile() is None
