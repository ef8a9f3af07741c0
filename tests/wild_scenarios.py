"""Small scenarios that may have anything in them."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

from sim.scenario.scenario import Scenario

STEPS = {"1 day": 1.0, "1 week": 7.0, "10 days": 10.0, "1 month": 365.25 / 12}
START = datetime.date(2026, 7, 1)
CAPABILITIES = ("manoeuvre", "fires", "medical")


class Maker:
    """Draws the sections of one scenario; durations are said in days and meant in steps."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.step = self.chance(*STEPS)
        self.steps = self.whole(12, 70)
        self.within = self.whole(1, self.steps // 3)

    def whole(self, low: int, high: int) -> int:
        return self.random.randint(low, high)

    def chance(self, *values: Any) -> Any:
        return values[self.whole(0, len(values) - 1)]

    def maybe(self) -> bool:
        return self.whole(0, 1) == 1

    def some(self, values: Iterable[Any]) -> list[Any]:
        return [value for value in values if self.maybe()]

    def days(self, steps: float) -> str:
        return f"{steps * STEPS[self.step]:.6f} days"

    def duration(self, low: int, high: int) -> str:
        """A fixed duration: often whole steps, at times half a step more."""
        return self.days(self.whole(low, high) + self.chance(0, 0, 0.5))

    def uncertain(self, high: int) -> str:
        """A duration that may differ from lane to lane."""
        low, more = self.whole(0, high), self.whole(0, high)
        scale = STEPS[self.step]
        return f"uniform({low * scale:.6f}, {(low + more) * scale:.6f}) days"

    def sometimes(self, section: dict[str, Any], key: str, make: Callable[[], Any]) -> None:
        if self.maybe():
            section[key] = make()

    def date(self) -> str:
        days = self.whole(0, self.steps) * STEPS[self.step]
        return str(START + datetime.timedelta(days=round(days)))

    # -- sections -----------------------------------------------------------------------------

    def shares(self) -> dict[str, float]:
        names = CAPABILITIES[: self.whole(1, 3)]
        weights = [self.whole(1, 5) for _ in names]
        return {n: w / sum(weights) for n, w in zip(names, weights, strict=True)}

    def force(self) -> dict[str, Any]:
        shares = self.shares()
        force: dict[str, Any] = {
            "sizes": [self.chance(90, 400, 1500, 4000, 9000)],
            "capabilities": shares,
        }
        if self.maybe():
            moments = [0, *(self.whole(1, 30) for _ in range(self.whole(0, 3)))]
            phases = {self.days(moment): self.chance(0.0, 0.3, 0.55, 1.0) for moment in moments}
            # The highest share must be asked for before the deadline of full capability.
            phases[self.days(self.chance(*(m for m in moments if m <= self.within)))] = 1.0
            force["phases"] = phases
        return force

    def tests(self) -> dict[str, Any]:
        hold = self.whole(1, self.steps - self.within - 1)
        tests: dict[str, Any] = {
            "fill": self.chance(0.5, 0.9, 1.0),
            "full": {"within": self.days(self.within)},
            "hold": {"for": self.days(hold), "share_of_time": self.chance(0.5, 0.9, 1.0)},
            "counted_from": self.chance("authorisation", "authorisation", "start"),
        }
        if self.maybe():
            early = self.whole(0, self.within)
            tests["initial"] = {"share": self.chance(0.1, 0.25), "within": self.days(early)}
        self.sometimes(tests, "longest_gap", lambda: self.duration(1, 5))
        return tests

    def policy(self) -> dict[str, Any]:
        # Handover and least rest are always said: those of the contributor might not fit.
        tour = self.whole(1, 9)
        handover = self.whole(0, tour - 1) if self.maybe() else 0
        policy: dict[str, Any] = {"tour": self.days(tour), "handover": self.days(handover)}
        self.sometimes(policy, "mobilisation", lambda: self.duration(0, 4))
        self.sometimes(policy, "demobilisation", lambda: self.duration(0, 4))
        self.sometimes(policy, "at_start", lambda: self.chance("spread", "rested"))
        if self.whole(0, 3) == 0:
            opens = self.whole(0, 8)
            closes = opens + self.whole(1, 8)
            length = closes + self.whole(0, 8)
            policy["cycle"] = {
                "length": self.days(length),
                "ready_from": self.days(opens),
                "ready_until": self.days(closes),
            }
        else:
            goal = self.whole(0, 14)
            least = self.whole(0, goal) if self.maybe() else goal
            policy["rest"] = {"goal": self.days(goal), "least": self.days(least)}
        return policy

    def units(self) -> Any:
        most = 6 if self.whole(0, 11) else self.chance(45, 70)
        if self.maybe():
            return self.whole(0, most)
        dates = {self.date() for _ in range(self.whole(1, 4))}
        if self.maybe():
            dates.add("2020-01-01")
        return {date: self.whole(0, most) for date in sorted(dates)}

    def pool(self, corridors: dict[str, Any]) -> dict[str, Any]:
        pool: dict[str, Any] = {
            "capability": self.chance(*CAPABILITIES),
            "units": self.units(),
            "strength": self.chance(1, 25, 40, 90, 150, 333, 900),
        }
        if self.whole(0, 2) == 0:
            pool |= self.policy()
        self.sometimes(pool, "available", lambda: self.chance(0.7, "beta(4, 2)", 1.0))
        self.sometimes(pool, "notice", lambda: self.uncertain(6))
        self.sometimes(pool, "priority", lambda: self.whole(0, 3))
        if self.whole(0, 3) == 0:
            pool["kept_back"] = self.chance(1, 0.3)
        if corridors:
            self.sometimes(pool, "corridor", lambda: self.chance(*corridors))
        return pool

    def contributor(self, corridors: dict[str, Any]) -> dict[str, Any]:
        stance: dict[str, Any] = {"probability": self.chance(0.6, 0.9, 1.0, 1.0)}
        self.sometimes(stance, "delay", lambda: self.uncertain(5))
        if self.maybe():
            stance["at_most"] = self.chance(100, 700, "uniform(150, 1500)")
        if self.whole(0, 3) == 0:
            stance["delivered"] = self.chance(0.5, "beta(6, 2)")
        contributor: dict[str, Any] = {
            **self.policy(),
            "forces": [self.pool(corridors) for _ in range(self.whole(1, 3))],
            "participation": {"alliance": stance},
        }
        self.sometimes(contributor, "priority", lambda: self.whole(0, 3))
        self.sometimes(contributor, "withdrawal_hazard_ratio", lambda: self.chance(0.0, 0.5, 4.0))
        if corridors:
            self.sometimes(contributor, "corridor", lambda: self.chance(*corridors))
        return contributor

    def corridors(self) -> dict[str, Any]:
        ways: dict[str, Any] = {}
        per_step = STEPS[self.step]
        for name in ("north", "south")[: self.whole(0, 2)]:
            soldiers = self.chance(3, 40, 200, 1000)
            capacity = self.chance(
                f"{soldiers / per_step:.6f} per day",
                f"uniform({soldiers / per_step / 2:.6f}, {soldiers / per_step * 2:.6f}) per day",
            )
            if self.whole(0, 5) == 0:
                ways[name] = {}
                continue
            ways[name] = {"capacity": capacity}
            if self.maybe():
                ways[name]["disruption"] = {
                    "rate": f"{self.yearly(6):.6f} per year",
                    "lasts": self.duration(1, 8),
                    "remaining": self.chance(0.0, 0.3),
                }
        return ways

    def yearly(self, times: float) -> float:
        """A yearly rate at which something happens so many times in the scenario."""
        return times * 365.25 / (self.steps * STEPS[self.step])

    def conflict(self) -> dict[str, Any]:
        often = self.chance(0.3, 1.0, 3.0)
        conflict: dict[str, Any] = {
            "states": {
                "calm": {"withdrawal": f"{self.yearly(0.2):.6f} per year"},
                "tense": {"withdrawal": f"{self.yearly(self.chance(1, 6)):.6f} per year"},
                "war": {"ends_mission": self.maybe()},
            },
            "start": self.chance(
                "calm", "calm", "tense", {"when": "good", "then": "calm", "else": "war"}
            ),
            "rates": {
                "calm -> tense": f"{self.yearly(often * 3):.6f} per year",
                "tense -> calm": f"{self.yearly(3):.6f} per year",
                "tense -> war": f"{self.yearly(often):.6f} per year",
                "war -> tense": f"{self.yearly(5):.6f} per year",
            },
        }
        self.sometimes(conflict, "deterrence", lambda: {"hazard_ratio": 0.4, "at": 1000})
        self.sometimes(conflict, "settling", lambda: {"half_life": self.duration(3, 20)})
        self.sometimes(conflict, "contagion", lambda: {"factor": 5.0, "for": self.duration(1, 10)})
        return conflict

    def mandate(self) -> dict[str, Any]:
        authorisation: dict[str, Any] = {}
        mandate: dict[str, Any] = {"kind": "alliance", "authorisation": authorisation}
        self.sometimes(authorisation, "delay", lambda: self.uncertain(6))
        if self.whole(0, 2) == 0:
            mandate["renewal"] = {"every": self.duration(8, 30)}
            authorisation["decided_by"] = {"council": {"consents": 0.95, "renews": 0.6}}
        mandate["withdrawn_over"] = self.duration(0, 12)
        return mandate

    def sections(self) -> dict[str, Any]:
        corridors = self.corridors()
        nations = ("Aland", "Bland", "Cland", "Dland")[: self.whole(1, 4)]
        force = self.force()
        sections: dict[str, Any] = {
            "title": "wild",
            "time": {"start": str(START), "step": self.step, "horizon": self.days(self.steps)},
            "force": force,
            "feasible_when": self.tests(),
            "rotation": {
                "surge": self.maybe(),
                "burden_sharing": self.chance("priority", "proportional"),
            },
            "conditions": {"good": {"probability": 0.7}},
            "mandates": {"m": self.mandate()},
            "contributors": {name: self.contributor(corridors) for name in nations},
            "corridors": corridors,
        }
        if self.whole(0, 2):
            sections["conflict"] = self.conflict()
        # Substitutes may only name capabilities that somebody has or needs.
        needed = list(force["capabilities"])
        forces = [nation["forces"] for nation in sections["contributors"].values()]
        known = dict.fromkeys(
            [*needed, *(pool["capability"] for pools in forces for pool in pools)]
        )
        force["substitutes"] = {
            capability: {
                donor: self.chance(0.4, 0.75, 1.0, 1.5, 3.0)
                for donor in self.some(known)
                if donor != capability
            }
            for capability in self.some(needed)
        }
        return sections


def wild_scenario(random: Random) -> Scenario:
    """A scenario that is small and may have anything in it."""
    return Scenario(**Maker(random).sections())
