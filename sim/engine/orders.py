"""What another model may order in a step: see `sim.engine.stepping`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.engine.muster import segment_at

if TYPE_CHECKING:
    from sim.engine.core import Deployment


@dataclass(frozen=True, slots=True)
class Orders:
    """What another model sets for the coming step; None where it sets nothing.

    Attributes
    ----------
    state : int8 array (L,)
        State of the conflict, -1 where the scenario's own process goes on.
    leaving : bool array (N, L)
        Contributors that withdraw.
    losses : float64 array (N, L)
        Soldiers who are lost for good.
    """

    state: NDArray[np.int8] | None = None
    leaving: NDArray[np.bool_] | None = None
    losses: NDArray[np.float64] | None = None


NOTHING = Orders()


class Attrition:
    """Losses that have not yet come to a whole unit, by contributor and lane.

    Attributes
    ----------
    account : float64 array (N, L)
        Soldiers. Never more than the contributor has in the theatre.
    """

    def __init__(self, deployment: Deployment) -> None:
        self.account = np.zeros(deployment.soldiers.shape)

    def lose(self, d: Deployment, soldiers: NDArray[np.float64]) -> None:
        """Take so many soldiers (N, L) out of the theatre, in whole units.

        A unit is lost when as many soldiers have been as it has. The lines of a contributor are
        gone through in the order in which they are asked; in a line, the unit that has been there
        longest goes first. Its pool is a unit smaller from then on.
        """
        pools, layout = d.pools, d.pools.layout
        np.minimum(self.account + soldiers, d.soldiers, out=self.account)
        units = np.zeros_like(pools.present)
        for line, strength in enumerate(d.lines.strength.tolist()):
            own = slice(*layout.seat_edges[line : line + 2].tolist())
            here = d.lines.slot[line], d.lane[own]
            gone = np.minimum(pools.present[own], self.account[here] // strength)
            self.account[here] -= gone * strength
            units[own] = gone
        if not units.any():
            return
        counted = pools.movements.lose(d.step, pools.tour, pools.counting, units)
        pools.present -= units
        pools.counted -= counted
        np.add.at(pools.room, layout.place, counted)
        np.add.at(pools.lost, layout.place, units)
        for row, pool in enumerate(pools.pools):
            if pools.lost[layout.places(row)].any():
                pools.relevel(row, int(segment_at(pool, np.array(d.step))))
        seats = np.flatnonzero(units)
        d.leave_for_good(seats, units[seats], counted[seats])
