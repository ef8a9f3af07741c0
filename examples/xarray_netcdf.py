"""A result as labelled arrays with xarray, and as a NetCDF file that keeps units and origin."""

import tempfile
from pathlib import Path

import xarray

import sim


def main() -> None:
    """Run, select by name, write, read again."""
    scenario = sim.load("scenarios/reassurance_force.yaml").with_("force.sizes", [5_000, 20_000])
    data = sim.run(scenario, replications=300, seed=1).to_xarray()
    force = data.sel(mandate="reassurance")

    year = force.sel(step=52)
    print(f"Soldiers present on {str(year['date'].values)[:10]}, if authorised:")
    for size in data["force_size"].values:
        low, middle, high = year["present"].sel(force_size=size, quantile=[0.05, 0.5, 0.95]).values
        print(
            f"  of {size:6,}: median {middle:6,.0f}, nine futures in ten {low:,.0f} to {high:,.0f}"
        )

    name = "contributor_present_soldiers_mean"
    largest = force.sel(force_size=20_000).sortby(name, ascending=False).isel(contributor=slice(3))
    print("\nWhose soldiers they are, of 20,000 (mean over time and futures):")
    for nation in largest["contributor"].values:
        own = largest.sel(contributor=nation)
        mean, error = float(own[name]), float(own["contributor_present_soldiers_mcse"])
        print(f"  {nation:15} {mean:6,.0f} ± {1.96 * error:,.0f} {own[name].units}")

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "reassurance.nc"
        data.to_netcdf(path, engine="h5netcdf")
        again = xarray.load_dataset(path, engine="h5netcdf")
        print(f"\n{path.name}: {path.stat().st_size / 1000:,.0f} kB, seed {again.attrs['seed']}")
        print(f"dimensions: {', '.join(map(str, again.sizes))}; as before: {again.identical(data)}")


if __name__ == "__main__":
    main()
