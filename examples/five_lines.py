"""A conflict model of five lines drives the engine step by step.

Tension drifts and falls where the force is filled; high tension is violence, and more of it war.
Five hundred futures go side by side, so that everything is an array. The figures are invented, and
those of docs/how-to/couple.md, which says what happens.
"""

import numpy as np

import sim

SIZE, FUTURES = 10_000, 500


def main() -> None:
    """Couple, and compare with the conflict that the scenario has."""
    scenario = sim.load("scenarios/reassurance_force.yaml").with_("force.sizes", [SIZE])
    model = sim.Model(scenario, replications=FUTURES, seed=1)
    print(f"{', '.join(model.states)}: {model.steps} steps from {model.date}")

    random, tension = np.random.default_rng(1), np.full(FUTURES, 0.3)
    for _ in model:
        tension += random.normal(0.02, 0.05, FUTURES) - 0.03 * model.fill
        tension = tension.clip(0, 1)
        model.conflict_state[:] = np.digitize(tension, [0.6, 0.95])

    print(f"\nP(feasible if authorised) of {SIZE:,}, with 95% intervals:")
    own = sim.run(scenario, replications=FUTURES, seed=1)
    for name, result in (("these five lines", model.result()), ("the scenario's own", own)):
        row = result.summary.iloc[0]
        p, low, high = (row[f"p_feasible_if_authorised{end}"] for end in ("", "_low", "_high"))
        print(f"  {name:20} {p:.0%} ({low:.0%} to {high:.0%})")


if __name__ == "__main__":
    main()
