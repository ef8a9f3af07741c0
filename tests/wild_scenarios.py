"""Small scenarios with everything in them, made by hypothesis."""

from __future__ import annotations

import datetime
from typing import Any

from hypothesis import strategies as st

from sim.scenario.scenario import Scenario

Draw = st.DrawFn
STEPS = {"1 day": 1.0, "1 week": 7.0, "10 days": 10.0, "1 month": 365.25 / 12}
START = datetime.date(2026, 7, 1)
CAPABILITIES = ("manoeuvre", "fires", "medical")


class Maker:
    """Draws the sections of one scenario; durations are said in days and meant in steps."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.step = draw(st.sampled_from(sorted(STEPS)))
        self.steps = draw(st.integers(12, 70))

    def days(self, steps: float) -> str:
        return f"{steps * STEPS[self.step]:.6f} days"

    def duration(self, low: int, high: int) -> str:
        """A fixed duration: often whole steps, at times half a step more."""
        return self.days(self.draw(st.integers(low, high)) + self.draw(st.sampled_from([0, 0, 0.5])))

    def uncertain(self, high: int) -> str:
        """A duration that may differ from lane to lane."""
        low, more = self.draw(st.integers(0, high)), self.draw(st.integers(0, high))
        scale = STEPS[self.step]
        return f"uniform({low * scale:.6f}, {(low + more) * scale:.6f}) days"

    def chance(self, *values: Any) -> Any:
        return self.draw(st.sampled_from(values))

    def sometimes(self, section: dict[str, Any], key: str, make: Any) -> None:
        if self.draw(st.booleans()):
            section[key] = make()

    def date(self) -> str:
        days = self.draw(st.integers(0, self.steps)) * STEPS[self.step]
        return str(START + datetime.timedelta(days=round(days)))

    # -- sections -----------------------------------------------------------------------------

    def shares(self) -> dict[str, float]:
        names = CAPABILITIES[: self.draw(st.integers(1, 3))]
        weights = [self.draw(st.integers(1, 5)) for _ in names]
        return {n: w / sum(weights) for n, w in zip(names, weights, strict=True)}

    def force(self) -> dict[str, Any]:
        shares = self.shares()
        force: dict[str, Any] = {
            "sizes": [self.draw(st.sampled_from([90, 400, 1500, 4000]))],
            "capabilities": shares,
        }
        if self.draw(st.booleans()):
            moments = sorted({0, *self.draw(st.lists(st.integers(1, 30), max_size=3))})
            phases = {self.days(m): self.chance(0.3, 0.55, 1.0, 0.0) for m in moments}
            phases[self.days(moments[-1])] = self.chance(0.5, 1.0)
            force["phases"] = phases
        if self.draw(st.booleans()):
            force["substitutes"] = {
                needed: {
                    donor: self.chance(0.4, 0.75, 1.0, 1.5, 3.0)
                    for donor in CAPABILITIES
                    if donor != needed and self.draw(st.booleans())
                }
                for needed in shares
            }
            known = {*shares, *CAPABILITIES[:2]}
            force["substitutes"] = {
                needed: {d: r for d, r in donors.items() if d in known}
                for needed, donors in force["substitutes"].items()
            }
        return force

    def tests(self) -> dict[str, Any]:
        within = self.draw(st.integers(1, self.steps // 3))
        hold = self.draw(st.integers(1, self.steps - within - 1))
        tests: dict[str, Any] = {
            "fill": self.chance(0.5, 0.9, 1.0),
            "full": {"within": self.days(within)},
            "hold": {"for": self.days(hold), "share_of_time": self.chance(0.5, 0.9, 1.0)},
            "counted_from": self.chance("authorisation", "authorisation", "start"),
        }
        if self.draw(st.booleans()):
            early = self.draw(st.integers(0, within))
            tests["initial"] = {"share": self.chance(0.1, 0.25), "within": self.days(early)}
        self.sometimes(tests, "longest_gap", lambda: self.duration(1, 5))
        return tests

    def policy(self) -> dict[str, Any]:
        tour = self.draw(st.integers(1, 9))
        policy: dict[str, Any] = {"tour": self.days(tour)}
        if tour > 1:
            self.sometimes(
                policy, "handover", lambda: self.days(self.draw(st.integers(0, tour - 1)))
            )
        self.sometimes(policy, "mobilisation", lambda: self.duration(0, 4))
        self.sometimes(policy, "demobilisation", lambda: self.duration(0, 4))
        self.sometimes(policy, "at_start", lambda: self.chance("spread", "rested"))
        if self.draw(st.integers(0, 3)) == 0:
            opens = self.draw(st.integers(0, 8))
            closes = opens + self.draw(st.integers(1, 8))
            length = closes + self.draw(st.integers(0, 8))
            policy["cycle"] = {
                "length": self.days(length),
                "ready_from": self.days(opens),
                "ready_until": self.days(closes),
            }
        else:
            goal = self.draw(st.integers(0, 20))
            policy["rest"] = {"goal": self.days(goal)}
            if self.draw(st.booleans()):
                policy["rest"]["least"] = self.days(self.draw(st.integers(0, goal)))
        return policy

    def units(self) -> Any:
        if self.draw(st.booleans()):
            return self.draw(st.integers(0, 6))
        dates = {self.date() for _ in range(self.draw(st.integers(1, 4)))}
        if self.draw(st.booleans()):
            dates.add("2020-01-01")
        return {date: self.draw(st.integers(0, 6)) for date in sorted(dates)}

    def pool(self, corridors: dict[str, Any]) -> dict[str, Any]:
        known = ("manoeuvre", "fires")
        pool: dict[str, Any] = {
            "capability": self.chance(*known),
            "units": self.units(),
            "strength": self.chance(1, 40, 90, 150, 333, 900),
        }
        if self.draw(st.integers(0, 2)) == 0:
            pool |= self.policy()
        self.sometimes(pool, "available", lambda: self.chance(0.7, "beta(4, 2)", 1.0))
        self.sometimes(pool, "notice", lambda: self.uncertain(6))
        self.sometimes(pool, "priority", lambda: self.draw(st.integers(0, 3)))
        if self.draw(st.integers(0, 3)) == 0:
            pool["kept_back"] = self.chance(1, 0.3)
        if corridors:
            self.sometimes(pool, "corridor", lambda: self.chance(*corridors))
        return pool

    def contributor(self, corridors: dict[str, Any]) -> dict[str, Any]:
        stance: dict[str, Any] = {"probability": self.chance(0.6, 0.9, 1.0, 1.0)}
        self.sometimes(stance, "delay", lambda: self.uncertain(5))
        if self.draw(st.booleans()):
            stance["at_most"] = self.chance(100, 700, "uniform(150, 1500)")
        if self.draw(st.integers(0, 3)) == 0:
            stance["delivered"] = self.chance(0.5, "beta(6, 2)")
        contributor: dict[str, Any] = {
            **self.policy(),
            "forces": [self.pool(corridors) for _ in range(self.draw(st.integers(1, 3)))],
            "participation": {"alliance": stance},
        }
        self.sometimes(contributor, "priority", lambda: self.draw(st.integers(0, 3)))
        self.sometimes(contributor, "withdrawal_hazard_ratio", lambda: self.chance(0.0, 0.5, 4.0))
        if corridors:
            self.sometimes(contributor, "corridor", lambda: self.chance(*corridors))
        return contributor

    def corridors(self) -> dict[str, Any]:
        ways: dict[str, Any] = {}
        per_step = STEPS[self.step]
        for name in ("north", "south")[: self.draw(st.integers(0, 2))]:
            soldiers = self.chance(3, 40, 200, 1000)
            capacity = self.chance(
                f"{soldiers / per_step:.6f} per day",
                f"uniform({soldiers / per_step / 2:.6f}, {soldiers / per_step * 2:.6f}) per day",
            )
            ways[name] = {"capacity": capacity}
            if self.draw(st.booleans()):
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
        often = self.chance(0.5, 3.0)
        conflict: dict[str, Any] = {
            "states": {
                "calm": {"withdrawal": f"{self.yearly(0.2):.6f} per year"},
                "tense": {"withdrawal": f"{self.yearly(self.chance(1, 6)):.6f} per year"},
                "war": {"ends_mission": self.draw(st.booleans())},
            },
            "start": self.chance("calm", "tense", {"when": "good", "then": "calm", "else": "war"}),
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
        if self.draw(st.integers(0, 3)) == 0:
            mandate["renewal"] = {"every": self.duration(5, 20)}
            authorisation["decided_by"] = {"council": {"consents": 0.95, "renews": 0.7}}
        self.sometimes(mandate, "withdrawn_over", lambda: self.duration(0, 8))
        return mandate

    def sections(self) -> dict[str, Any]:
        corridors = self.corridors()
        nations = ("Aland", "Bland", "Cland", "Dland")[: self.draw(st.integers(1, 4))]
        force = self.force()
        sections: dict[str, Any] = {
            "title": "wild",
            "time": {"start": str(START), "step": self.step, "horizon": self.days(self.steps)},
            "force": force,
            "feasible_when": self.tests(),
            "rotation": {
                "surge": self.draw(st.booleans()),
                "burden_sharing": self.chance("priority", "priority", "proportional"),
            },
            "conditions": {"good": {"probability": 0.7}},
            "mandates": {"m": self.mandate()},
            "contributors": {name: self.contributor(corridors) for name in nations},
            "corridors": corridors,
        }
        if self.draw(st.integers(0, 2)):
            sections["conflict"] = self.conflict()
        # Substitutes may only name capabilities that somebody has or needs.
        known = {*force["capabilities"]} | {
            pool["capability"]
            for nation in sections["contributors"].values()
            for pool in nation["forces"]
        }
        if "substitutes" in force:
            force["substitutes"] = {
                needed: {donor: rate for donor, rate in donors.items() if donor in known}
                for needed, donors in force["substitutes"].items()
            }
        return sections


@st.composite
def wild_sections(draw: Draw) -> dict[str, Any]:
    """Sections of a scenario that is small and has anything in it."""
    return Maker(draw).sections()


def wild_scenario(sections: dict[str, Any]) -> Scenario:
    return Scenario(**sections)
