"""Where pools and lines stand in flat arrays, with several force sizes side by side."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.intp]


class Layout:
    """Places of P pools and seats of K lines, in L lanes for each of S force sizes.

    A pool has a place in every lane in which its contributor takes part; a line has a seat in every
    place of its pool. Pool after pool (line after line), in each size after size, lane after lane.

    Parameters
    ----------
    lanes
        Per pool, the lanes in which it has a place.
    pool_of_line : int array (K,)
    count, sizes
        L and S.

    Attributes
    ----------
    lane : int32 array (places,)
        Which of the S x L lanes; lane l of size s is number ``s * L + l``.
    origin : int array (places,)
        Number of the place with a single size.
    place, line : int arrays (seats,)
    seat_edges : int array (K + 1,)
        Where the seats of each line begin.
    """

    def __init__(self, lanes: Sequence[Index], pool_of_line: Index, count: int, sizes: int) -> None:
        self.sizes = sizes
        each = np.array([len(own) for own in lanes], np.intp)
        self._edges = _edges(each)
        self._width = np.repeat(each, each)  # of its pool, by place with a single size
        first = np.repeat(self._edges[:-1], each)
        self._shift = first * (sizes - 1)
        self.origin = self._blocks(np.arange(len(first)))
        single = np.concatenate([np.empty(0, np.intp), *lanes])
        size = np.concatenate([np.empty(0, np.intp), *(np.arange(sizes).repeat(n) for n in each)])
        self.lane = (single[self.origin] + size * count).astype(np.int32)
        edges = (self._edges * sizes).tolist()
        self._places = [slice(begin, end) for begin, end in pairwise(edges)]
        width = each[pool_of_line] * sizes
        self.seat_edges = _edges(width)
        self.line = np.repeat(np.arange(len(width), dtype=np.int16), width)
        self.shared = len(pool_of_line) > len(lanes)  # else seats are places
        self.place = np.arange(len(self.lane))
        if self.shared:
            blocks = [self.place[self.places(row)] for row in pool_of_line]
            self.place = np.concatenate(blocks)
        self._by_lane = np.argsort(self.lane[self.place], kind="stable")
        lanes_of_seats = self.lane[self.place][self._by_lane]
        self._lane_edges = np.searchsorted(lanes_of_seats, np.arange(sizes * count + 1))

    def _blocks(self, values: Index) -> Index:
        """Repeat the values of each pool, once for every size."""
        blocks = [
            np.tile(values[begin:end], self.sizes)
            for begin, end in zip(self._edges[:-1], self._edges[1:], strict=True)
        ]
        return np.concatenate([np.empty(0, np.intp), *blocks])

    def places(self, row: int) -> slice:
        """The places of a pool."""
        return self._places[row]

    def copies(self, single: Index) -> Index:
        """Places, in every size, of places with a single size."""
        begin, width = single + self._shift[single], self._width[single]
        return np.asarray((begin + np.arange(self.sizes)[:, None] * width).ravel())

    def seats_in(self, lanes: Index) -> Index:
        """All seats in some lanes."""
        begins, ends = self._lane_edges[lanes], self._lane_edges[lanes + 1]
        slices = [self._by_lane[begin:end] for begin, end in zip(begins, ends, strict=True)]
        return np.concatenate([np.empty(0, np.intp), *slices])


def _edges(widths: Index) -> Index:
    return np.concatenate([np.zeros(1, np.intp), np.cumsum(widths, dtype=np.intp)])
