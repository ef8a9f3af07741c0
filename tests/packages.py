"""The packages as a user gets them: ``make packages``, and ``make lowest``.

Built, installed into empty environments of every supported Python that the machine has, and used
from a folder where nothing of the repository lies. With ``lowest`` the oldest versions of the
libraries that `pyproject.toml` allows are installed, and the tests of the figures run with them.
Both want the network, or pip's cache.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PYTHONS = ("python3.11", "python3.12", "python3.13", "python3.14")
PACKAGE = "peacekeeping-sim"

# Commands that need an extra, and which.
WANTING = {
    "report": ("sim", "report", "results/my"),
    "analysis": ("sim", "drivers", "my.yaml", "--replications", "1000"),
    "dask": ("sim", "run", "my.yaml", "--executor", "dask"),
    "parquet": ("sim", "run", "my.yaml", "--keep-replications", "parquet", "--replications", "8"),
    "history": ("sim", "history"),
    "serve": ("sim", "serve", "my.yaml", "--no-browser"),
    "integrations": ("python", "-c", "import sim; sim.read('results/my').to_xarray()"),
}

# What is run with the oldest libraries.
FIGURES = tuple(
    f"tests/test_{name}.py"
    for name in (
        *("golden", "amounts", "language", "results", "model"),
        *("cluster", "drivers", "report", "pictures"),
    )
)


def run(*command: str | Path, cwd: Path, code: int = 0) -> str:
    """What a command prints; anything but the expected exit code ends everything."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "SIM_"))}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True,
        timeout=900, check=False,
    )  # fmt: skip
    if done.returncode != code:
        told = f"{done.stdout[-3000:]}{done.stderr[-3000:]}"
        sys.exit(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{told}")
    return done.stdout + done.stderr


def works(python: str) -> bool:
    """Whether the machine has this interpreter, with venv."""
    command = [python, "-c", "import ensurepip, venv"]
    return (
        bool(shutil.which(python)) and not subprocess.run(command, capture_output=True).returncode
    )


def installed(python: str, home: Path, *what: str | Path) -> Path:
    """The programs of a new environment with something in it."""
    run(python, "-m", "venv", home, cwd=home.parent)
    pip = (home / "bin" / "python", "-m", "pip", "install", "--quiet")
    run(*pip, "--disable-pip-version-check", *what, cwd=home.parent)
    return home / "bin"


def built(folder: Path) -> tuple[Path, Path]:
    """The source distribution, and the wheel that is built from it."""
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT, cwd=folder)
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return sdist, wheel


def used(bin_: Path, home: Path) -> bytes:
    """Begin as a newcomer does, with the core alone; the summary that comes of it."""
    home.mkdir()
    (home / "scenarios").mkdir()
    shutil.copytree(ROOT / "scenarios" / "history", home / "scenarios" / "history")
    shutil.copytree(ROOT / "scenarios" / "library", home / "scenarios" / "library")
    assert "Cite as: The peacekeeping-sim authors" in run(bin_ / "sim", "--version", cwd=home)
    run(bin_ / "sim", "new", "my.yaml", cwd=home)
    run(bin_ / "sim", "check", "my.yaml", cwd=home)
    run(bin_ / "sim", "run", "my.yaml", "--replications", "300", "--seed", "1", cwd=home)
    made = json.loads((home / "results" / "my" / "run.json").read_text("utf-8"))
    assert made["versions"][PACKAGE] in made["citation"]
    for extra, (program, *arguments) in WANTING.items():
        code = 1 if program == "python" else 2
        told = " ".join(run(bin_ / program, *arguments, cwd=home, code=code).split())
        assert f"pip install '{PACKAGE}[{extra}]'" in told, f"{extra}: {told}"
        assert program == "python" or "Traceback" not in told, told
    typed = "import sim, pathlib; print((pathlib.Path(sim.__file__).parent / 'py.typed').exists())"
    assert run(bin_ / "python", "-c", typed, cwd=home).strip() == "True"
    return (home / "results" / "my" / "summary.csv").read_bytes()


def packages(folder: Path) -> None:
    """Wheel with every Python, source distribution with this one: the same figures."""
    sdist, wheel = built(folder)
    pythons = [name for name in PYTHONS if works(name)] or [sys.executable]
    summaries = {}
    for python in pythons:
        name = Path(python).name
        bin_ = installed(python, folder / name, wheel)
        summaries[f"{name}, wheel"] = used(bin_, folder / f"{name}-home")
    bin_ = installed(sys.executable, folder / "sdist", sdist)
    summaries["source distribution"] = used(bin_, folder / "sdist-home")
    assert len(set(summaries.values())) == 1, "not the same figures"
    print(f"the same figures from {'; '.join(summaries)}")


def oldest() -> list[str]:
    """Every library at the oldest version that the project allows, tools of the tests aside."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = ("parquet", "analysis", "history", "report", "dask")
    wanted = [*project["dependencies"]]
    for extra in extras:
        wanted += project["optional-dependencies"][extra]
    return sorted({re.sub(">=", "==", one) for one in wanted})


def lowest(folder: Path) -> None:
    """The tests of the figures with the oldest libraries."""
    tools = ("pytest", "pytest-xdist", "hypothesis", "jsonschema")
    bin_ = installed(sys.executable, folder / "lowest", *oldest(), *tools, ROOT)
    tests = ("-m", "pytest", "-q", "-n", "auto", *FIGURES, "-k", "not without_interference")
    told = run(bin_ / "python", *tests, "-W", "default", cwd=ROOT)
    print(f"with {', '.join(oldest())}: {told.strip().splitlines()[-1]}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        (lowest if "lowest" in sys.argv[1:] else packages)(Path(home))
