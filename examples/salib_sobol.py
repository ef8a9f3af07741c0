"""Sobol indices by SALib: what decides whether a United Nations mission is complete in time.

The sensitivity study is SALib's; the scenario is one more function of an array to it.
(``sim drivers --lever`` does this from the shell, for the stages of the funnel.)
"""

from SALib.analyze import sobol as analysis
from SALib.sample import sobol as sampling

import sim

NAMES = {
    "feasible_when.full.within": "the time allowed",
    "corridors.un_airlift.capacity": "capacity of the airlift",
    "will.correlation": "correlation of will",
}


def main() -> None:
    """Sample, simulate, analyse."""
    f = sim.function(
        sim.load("scenarios/history/untac.yaml").with_("time.step", "1 month"),
        inputs={
            "feasible_when.full.within": (6, 18),  # months, as in the scenario
            "corridors.un_airlift.capacity": (0.5, 2),  # times the distribution that stands there
            "will.correlation": (0, 0.6),
        },
        outputs=["p_full", "p_full_mcse"],
        replications=200,
        seed=1,
    )
    samples = sampling.sample(f.problem, 32, calc_second_order=False, seed=1)
    chance, error = f(samples).T
    found = analysis.analyze(f.problem, chance, calc_second_order=False, seed=1)

    print(f"P(15,900 soldiers in time) over {len(samples)} settings of three values:")
    print(f"{chance.min():.0%} to {chance.max():.0%}, each ± {1.96 * error.max():.0%} at most\n")
    print(f"{'share of its variance due to':28} {'alone':>14} {'with others':>14}")
    for place, path in enumerate(f.inputs):
        alone = f"{found['S1'][place]:.0%} ± {found['S1_conf'][place]:.0%}"
        total = f"{found['ST'][place]:.0%} ± {found['ST_conf'][place]:.0%}"
        print(f"{NAMES[path]:28} {alone:>14} {total:>14}")


if __name__ == "__main__":
    main()
