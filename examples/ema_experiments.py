"""Exploratory modelling with the EMA Workbench: what keeps up a force of 64,000 for two years.

Three hundred settings, spread by the workbench over two processes, and PRIM on what came of them.
"""

import warnings

import numpy as np
from scipy.stats import binomtest

import sim

with warnings.catch_warnings():  # it says on import which of its own extras are not there
    warnings.simplefilter("ignore")
    from ema_workbench import Model, MultiprocessingEvaluator, RealParameter, ScalarOutcome
    from ema_workbench.analysis.prim import Prim

F = sim.function(
    sim.load("scenarios/claims/64000_for_two_years.yaml"),
    inputs={
        "contributors.Europe.tour": (4, 9),  # months, as in the scenario
        "contributors.Europe.rest.goal": (6, 24),  # months
        "contributors.Europe.forces.soldiers.units": (96, 256),  # of 1,000 soldiers each
    },
    outputs=["hold_fill_mean", "strength_soldiers_mean"],
    size=64_000,
    replications=1,  # nothing is drawn in this scenario
)


def mission(**values: float) -> dict[str, float]:
    """One experiment, as the workbench wants it."""
    return dict(zip(F.outputs, F(values), strict=True))


def main() -> None:
    """Experiments, then the box in which most of the successes lie."""
    model = Model("mission", function=mission)
    model.uncertainties = [
        RealParameter(path, *ends) for path, ends in zip(F.inputs, F.bounds, strict=True)
    ]
    model.outcomes = [ScalarOutcome(name) for name in F.outputs]
    np.random.seed(1)  # noqa: NPY002 (the workbench draws from NumPy's global generator)
    with MultiprocessingEvaluator(model, n_processes=2) as evaluator:
        experiments, outcomes = evaluator.perform_experiments(scenarios=300)

    held = outcomes["hold_fill_mean"] >= 0.95
    low, high = binomtest(held.sum(), len(held)).proportion_ci(method="wilson")
    print(f"64,000 are kept up for two years in {held.mean():.0%} of the settings")
    print(f"(95% interval {low:.0%} to {high:.0%}, of {len(held)}).\n")
    box = Prim(experiments[list(F.inputs)], held, threshold=0.8).find_box()
    print(f"PRIM's box holds {box.coverage:.0%} of these; {box.density:.0%} of the box are such:")
    for path, (first, last) in box.box_lims[-1].items():
        print(f"  {path}: {first:.1f} to {last:.1f}")


if __name__ == "__main__":
    main()
