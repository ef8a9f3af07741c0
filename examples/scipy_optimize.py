"""The force that has an even chance, found by a root finder of SciPy.

All sizes see the same futures, so that the function is smooth enough for bisection.
(``sim size`` answers this from the shell, and looks for sizes at which feasibility rises again.)
"""

from scipy.optimize import bisect

import sim

WANTED = 0.5
P = "p_feasible_if_authorised"


def main() -> None:
    """Bisect, then tell the interval at the size found."""
    f = sim.function(
        sim.load("scenarios/reassurance_force.yaml"),
        inputs={"size": (5_000, 20_000)},
        outputs=[P, f"{P}_low", f"{P}_high"],
        replications=300,
        seed=1,
    )
    found = bisect(lambda size: f(size)[0] - WANTED, *f.bounds[0], xtol=300)
    size = int(round(found, -2))
    near = (size - 2_000, size, size + 2_000)
    for soldiers, (chance, low, high) in zip(near, f([[n] for n in near]), strict=True):
        print(f"{soldiers:7,} soldiers: {chance:.0%} if authorised ({low:.0%} to {high:.0%})")
    print(
        f"\nA force of about {size:,} has a chance of {WANTED:.0%} to be raised and kept two years."
    )
    print(f"Three hundred futures cannot tell sizes apart whose interval holds {WANTED:.0%}.")


if __name__ == "__main__":
    main()
