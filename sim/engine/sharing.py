"""Who bears how much of a need: lines are weighed by a rule, in either engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.movements import Seats
from sim.engine.plan import Plan
from sim.engine.politics import Floats
from sim.engine.rules import Rule, rule_of
from sim.scenario.plugins import BURDEN_SHARING

if TYPE_CHECKING:
    from sim.engine.core import Deployment
    from sim.engine.headquarters import Headquarters
    from sim.engine.sending import Lanes, Sender, Soldiers


def weigh(
    rule: Rule,
    plan: Plan,
    available: Floats,
    given: Mapping[str, Callable[[], NDArray[Any]]],
    parameters: Mapping[str, Floats],
) -> Floats:
    """Weigh lines by a rule.

    Parameters
    ----------
    available : float64 array (K,)
        Soldiers that a line has ready in this round, by line and future.
    given
        Likewise, worked out where they are wanted: ``need``, soldiers that its capability lacks,
        ``present``, soldiers that its contributor has in the theatre, ``contributor``, its index.
    parameters
        Of the rule, likewise (K,).

    Returns
    -------
    float64 array (K,)
        Whole numbers; 0 where a line has nothing ready. Whom no scenario declares, no rule knows:
        they weigh as much as anybody can.
    """
    declared = len(plan.contributors) - plan.invented
    wanted: dict[str, Any] = {k: given[k]() for k in rule.given if k in given} | dict(parameters)
    if "available" in rule.given:
        wanted["available"] = available
    if "army" in rule.given:
        armies = np.array(plan.armies, np.float64)  # not said: NaN
        wanted["army"] = armies[given["contributor"]()]
    ours: Any = given["contributor"]() < declared if plan.invented else slice(None)
    wanted = {name: values[ours] for name, values in wanted.items()}
    if "contributors" in rule.given:
        wanted["contributors"] = plan.contributors[:declared]
    weights = rule(available[ours].shape, **wanted)
    if plan.invented:
        all_weights = np.full(available.shape, float(BURDEN_SHARING.most))
        all_weights[ours] = weights
        weights = all_weights
    return weights * (available > 0)


def weights_of(
    headquarters: Headquarters, group: Sequence[int], need: int, surge: bool
) -> list[int]:
    """Weigh lines of the unit engine, by their indices, for a need of soldiers."""
    h, plan = headquarters, headquarters.plan
    lines = [h.lines[index] for index in group]
    nations = [h.pools[line.pool].plan.contributor for line in lines]
    have = [max(0, h.available(line, surge)) * line.worth for line in lines]
    weights = weigh(
        rule_of(BURDEN_SHARING, plan.burden_sharing),
        plan,
        available=np.array(have, np.float64),
        given={
            "need": lambda: np.full(len(lines), float(need)),
            "present": lambda: np.array([h.soldiers_of(n) for n in nations], np.float64),
            "contributor": lambda: np.array(nations, np.intp),
        },
        parameters={name: v.repeat(len(lines)) for name, v in h.muster.sharing.items()},
    )
    return [int(weight) for weight in weights]


class Share:
    """Burden sharing by the weights that a rule gives, with cumulative rounding.

    Of a need of N soldiers, the first i lines together are asked for ``N * W_i / W`` (their weight
    over that of all who have something ready), rounded up to whole soldiers; what one cannot send
    falls to those after it.

    Parameters
    ----------
    seats
        Of lines of one capability.
    """

    def __init__(
        self, sender: Sender, d: Deployment, seats: Seats, beyond: bool, rule: Rule
    ) -> None:
        line, lanes = d.pools.layout.line[seats], d.lane[seats]
        self.deficit = sender.deficit[d.lines.row[line[0]]]
        self.need = np.maximum(self.deficit, 0).astype(np.float64)
        units = np.maximum(sender.available(d.pools, seats, beyond), 0)
        self.weight = weigh(
            rule,
            d.plan,
            available=units * d.lines.worth[line].astype(np.float64),
            given={
                "need": lambda: self.need[lanes],
                "present": lambda: d.soldiers[d.lines.slot[line], lanes].astype(np.float64),
                "contributor": lambda: np.array(d.nations, np.intp)[d.lines.slot[line]],
            },
            parameters={name: values[lanes] for name, values in sender.parameters.items()},
        )
        self.total = np.bincount(lanes, self.weight, minlength=len(self.need))
        self.running = np.zeros_like(self.need)

    def due(self, turn: slice, lanes: Lanes) -> Soldiers:
        """Soldiers that the next line of each lane is asked for."""
        self.running[lanes] += self.weight[turn]
        need, total = self.need[lanes], self.total[lanes]
        quota = np.divide(need * self.running[lanes], total, where=total > 0, out=0 * total)
        sent = need - np.maximum(self.deficit[lanes], 0)
        return np.asarray(np.ceil(np.minimum(need, quota) - 1e-9) - sent, np.float32)
