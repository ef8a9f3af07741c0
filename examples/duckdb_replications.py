"""Questions to the futures one by one: DuckDB over the Parquet file of a results folder."""

import tempfile

import duckdb

import sim

QUESTION = """
    SELECT
        force_size,
        "conditions.us_backstop" AS backstop,
        count(*) AS futures,
        avg(feasible::INT) AS p,
        1.96 * sqrt(p * (1 - p) / futures) AS reach
    FROM read_parquet($file)
    WHERE authorised
    GROUP BY ALL
    ORDER BY ALL
"""


def main() -> None:
    """Keep the replications, ask."""
    scenario = sim.load("scenarios/reassurance_force.yaml").with_("force.sizes", [5_000, 15_000])
    result = sim.run(scenario, replications=1_000, seed=1, keep_replications=True)
    with tempfile.TemporaryDirectory() as folder:
        result.save(folder, parquet=True)
        rows = duckdb.execute(QUESTION, {"file": f"{folder}/replications.parquet"}).fetchall()
    print("Authorised futures, with and without an American backstop (95% intervals):")
    print(f"{'force':>7} {'backstop':>9} {'futures':>8} {'P(feasible)':>12}")
    for size, backstop, futures, p, reach in rows:
        chance = f"{p:.0%} ± {reach:.0%}"
        print(f"{size:7,} {'yes' if backstop else 'no':>9} {futures:8} {chance:>12}")


if __name__ == "__main__":
    main()
