"""What was sent, and when: units on the move, kept as a log in place of a table.

In a given step a line sends somebody in less than one replication of a hundred. So what a tour, a
rest or a withdrawal has to do with is a short list of (seat, units), and a step costs as much as
happens in it.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.engine.counts import Counts

Seats: TypeAlias = NDArray[np.intp]


class Movements:
    """Units sent, by the step in which they were, as long as anybody may ask.

    Parameters
    ----------
    kind_of_line : int array (K,)
        Lines with the same tours and rests are of one kind: their units move together.
    steps, kept
        Length of the run, and for how many steps an entry may still be asked for.
    count_type
        Integer type of units.
    """

    def __init__(
        self, kind_of_line: NDArray[np.intp], steps: int, kept: int, count_type: type[Any]
    ) -> None:
        self.kind_of_line, self.kept, self.count_type = kind_of_line, kept, count_type
        # The first line of each kind speaks for it.
        self.speaker = np.unique(kind_of_line, return_index=True)[1]
        self._log: list[dict[int, list[tuple[Seats, Counts]]]] = [{} for _ in range(steps)]

    def add(self, step: int, line: NDArray[np.int16], seats: Seats, units: Counts) -> None:
        """Enter what one round of asking has sent; no seat stands there twice."""
        if step > self.kept:
            self._log[step - self.kept - 1] = {}
        kind_of = self.kind_of_line[line]
        for kind in range(len(self.speaker)):
            own = np.flatnonzero(kind_of == kind)
            if len(own):
                self._log[step].setdefault(kind, []).append((seats[own], units[own]))

    def entries(self, step: int, line: int) -> list[tuple[Seats, Counts]]:
        """Entries of one step in which a line may stand, among others of its kind."""
        return self._log[step].get(int(self.kind_of_line[line]), [])

    def due(self, step: int, after: NDArray[np.int64]) -> tuple[Seats, Counts]:
        """Units that were sent ``after[line]`` steps ago; a seat may stand there more than once."""
        found = [
            entry
            for line in self.speaker
            if step >= after[line]
            for entry in self.entries(step - int(after[line]), line)
        ]
        if not found:
            return np.empty(0, np.intp), np.empty(0, self.count_type)
        return np.concatenate([seats for seats, _ in found]), np.concatenate([u for _, u in found])

    def lose(
        self, step: int, tour: NDArray[np.int64], counting: NDArray[np.int64], owed: Counts
    ) -> Counts:
        """Strike units in the theatre off the log, those that have been there longest first.

        Parameters
        ----------
        step
            The present one.
        tour, counting : int arrays (K,)
            Steps that a line's units stay, and for how many of them they count.
        owed : integer array (seats,)
            How many of each seat; at most as many as are in the theatre.

        Returns
        -------
        integer array (seats,)
            How many of them counted.
        """
        owed, counted = owed.copy(), np.zeros_like(owed)
        for line in self.speaker.tolist():
            for sent in range(max(0, step - int(tour[line]) + 1), step):
                for seats, units in self.entries(sent, line):
                    taken = np.minimum(units, owed[seats])
                    units -= taken
                    owed[seats] -= taken
                    if step - sent < counting[line]:
                        counted[seats] += taken
        return counted
