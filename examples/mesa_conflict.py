"""A conflict model in Mesa sees the force and decides the state of the conflict. It is invented."""

import mesa
import numpy as np
from scipy.stats import binomtest

import sim

FUTURES, SECTORS, SIZE = 100, 10, 10_000


class Sector(mesa.Agent):  # type: ignore[misc]  # Mesa has no types
    """A stretch of the line, quiet or not."""

    restless = False

    def step(self) -> None:
        """Unrest comes from the neighbours, and is calmed by soldiers."""
        ring, calm, at = self.model.ring, self.model.presence, self.model.ring.index(self)
        near = ring[at - 1].restless + ring[(at + 1) % SECTORS].restless
        rises, falls = (0.03 + 0.3 * near) * (1 - 0.3 * calm), 0.3 + 0.03 * calm
        self.restless = self.random.random() < (1 - falls if self.restless else rises)


class Line(mesa.Model):  # type: ignore[misc]
    """The line in one future."""

    def __init__(self, seed: int) -> None:
        super().__init__(rng=seed)
        self.presence, self.ring = 0.0, list(Sector.create_agents(self, SECTORS))

    def month(self, presence: float) -> int:
        """One month with so much of the force: 0 ceasefire, 1 violations, 2 war."""
        self.presence = min(presence, 1)
        self.agents.shuffle_do("step")
        return int(np.digitize(sum(sector.restless for sector in self.ring), [2, 9]))


def main() -> None:
    """Couple lines and futures."""
    scenario = sim.load("scenarios/reassurance_force.yaml").with_("time.step", "1 month")
    model = sim.Model(scenario, size=SIZE, replications=FUTURES, seed=1)
    lines, alone = ([Line(seed) for seed in range(FUTURES)] for _ in range(2))
    worst = np.zeros((2, FUTURES), int)
    for _ in model:
        here = model.strength / SIZE
        model.conflict_state[:] = states = [ln.month(h) for ln, h in zip(lines, here, strict=True)]
        worst = np.maximum(worst, [states, [line.month(0) for line in alone]])
    print(f"{SIZE:,} in the {model.authorised.sum()} futures of {FUTURES} that authorise them:")
    wars = (worst == 2)[:, model.authorised]
    for name, war in zip(("with the force", "with nobody"), wars, strict=True):
        low, high = binomtest(war.sum(), war.size).proportion_ci(method="wilson")
        print(f"{name:15} war in {war.mean():.0%} of futures ({low:.0%} to {high:.0%})")


if __name__ == "__main__":
    main()
