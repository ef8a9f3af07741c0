"""Morris screening by SALib: 256,000 soldiers for a force of 64,000, and what that figure rests on.

Nothing is drawn in this scenario: the only uncertainty is that of the design, and SALib's interval
tells it.
"""

from SALib.analyze import morris as analysis
from SALib.sample import morris as sampling

import sim

INPUTS = {
    "contributors.Europe.tour": (4, 9),  # months, as in the scenario
    "contributors.Europe.rest.goal": (6, 24),  # months
    "contributors.Europe.forces.soldiers.units": (96, 256),  # of 1,000 soldiers each
}


def main() -> None:
    """Sample, simulate, analyse."""
    scenario = sim.load("scenarios/claims/64000_for_two_years.yaml")
    f = sim.function(scenario, INPUTS, "strength_soldiers_mean", size=64_000, replications=1)
    samples = sampling.sample(f.problem, 40, seed=1)
    soldiers = f(samples)[:, 0]
    found = analysis.analyze(f.problem, samples, soldiers, seed=1)

    print(f"Soldiers in the theatre, mean of two years, over {len(samples)} settings:")
    print(f"{soldiers.min():,.0f} to {soldiers.max():,.0f} of the 64,000 asked for\n")
    print(f"{'value':44} {'mean effect':>16} {'interaction':>12}")
    for path, effect, reach, spread in zip(
        f.inputs, found["mu_star"], found["mu_star_conf"], found["sigma"], strict=True
    ):
        print(f"{path:44} {effect:>8,.0f} ± {reach:<5,.0f} {spread:>12,.0f}")
    print("\nThe effect of one value over its whole range, and how far it depends on the others.")


if __name__ == "__main__":
    main()
