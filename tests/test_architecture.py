"""The house: who may import whom, and what the front door shows."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import sim

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "sim"
FILES = sorted(PACKAGE.rglob("*.py"))

ROOMS = ("errors", "scenario", "engine", "results", "running", "analysis", "report", "serve", "cli")
"""In the order in which values flow: a room may import those before it, and itself."""

NAMED = [str(path.relative_to(PACKAGE)) for path in FILES]


def module_of(path: Path) -> str:
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def modules(node: ast.Import | ast.ImportFrom, path: Path) -> Iterator[str]:
    """Every module that a statement may import, relative ones written out."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    home = module_of(path).split(".")
    if path.name != "__init__.py":
        home = home[:-1]
    if node.level:
        home = home[: len(home) - node.level + 1]
        base = ".".join([*home, *([node.module] if node.module else [])])
    else:
        base = node.module or ""
    yield base
    yield from (f"{base}.{alias.name}" for alias in node.names)


def imports(path: Path) -> Iterator[str]:
    """Everything imported anywhere in a file: inside functions too."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from modules(node, path)


def imports_at_the_top(path: Path) -> Iterator[str]:
    """What is imported as soon as the module is, types apart."""

    def walk(body: list[ast.stmt]) -> Iterator[str]:
        for node in body:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                yield from modules(node, path)
            elif isinstance(node, ast.If):
                if "TYPE_CHECKING" not in ast.unparse(node.test):
                    yield from walk(node.body)
                yield from walk(node.orelse)
            elif isinstance(node, ast.Try):
                for part in (node.body, node.orelse, node.finalbody):
                    yield from walk(part)
            elif isinstance(node, (ast.With, ast.ClassDef)):
                yield from walk(node.body)

    yield from walk(tree_of(path).body)


def room_of(module: str) -> str | None:
    """The room of a module of ours; nothing for the front door and for what is not ours."""
    parts = module.split(".")
    return parts[1] if parts[0] == "sim" and len(parts) > 1 and parts[1] in ROOMS else None


def who_imports(library: str, top: bool = False) -> set[str]:
    return {
        str(path.relative_to(PACKAGE))
        for path in FILES
        for module in (imports_at_the_top(path) if top else imports(path))
        if module.split(".")[0] == library
    }


# -- One way -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMED)
def test_imports_go_one_way(name: str) -> None:
    path = PACKAGE / name
    here = room_of(module_of(path))
    if here is None:  # the front doors and `python -m sim`, which open every room
        assert name in ("__init__.py", "__main__.py", "citation.py", "plugins.py", "units.py")
        return
    for module in imports(path):
        there = room_of(module)
        assert module != "sim", f"{name} goes through the front door"
        if there:
            assert ROOMS.index(there) <= ROOMS.index(here), f"{name} imports {module}"


def test_every_folder_is_a_room() -> None:
    found = {p.name for p in PACKAGE.iterdir() if p.is_dir() and any(p.glob("*.py"))}
    assert found <= set(ROOMS)
    assert {"scenario", "engine", "results", "running", "cli"} <= found


def test_relative_imports_are_understood(tmp_path: Path) -> None:
    """The guard: imports of every spelling are seen, also in functions and in branches."""
    code = "import sim.cli.run\nfrom sim import report\ndef f():\n    from . import verdict\n"
    node = ast.parse(code + "    from ..results.tables import columns\n")
    path = PACKAGE / "engine" / "core.py"
    seen = [
        module
        for statement in ast.walk(node)
        if isinstance(statement, (ast.Import, ast.ImportFrom))
        for module in modules(statement, path)
    ]
    assert {room_of(module) for module in seen} >= {"cli", "report", "engine", "results"}
    assert "sim.engine.verdict" in seen
    assert "sim.results.tables" in seen


# -- Each library at one place -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("library", "places"),
    [("yaml", "scenario/(source|flow).py"), ("simpy", r"engine/units\w*.py")],
)
def test_one_place_for_each_library(library: str, places: str) -> None:
    assert who_imports(library)
    assert all(re.fullmatch(places, name) for name in who_imports(library))


def test_only_the_language_knows_pydantic() -> None:
    assert all(name.startswith("scenario/schema/") for name in who_imports("pydantic"))
    assert who_imports("pydantic")
    assert all(name.startswith("scenario/schema/") for name in who_imports("pydantic_core"))


@pytest.mark.parametrize("library", ["pandas", "matplotlib", "scipy", "pyarrow"])
def test_heavy_libraries_wait_until_they_are_needed(library: str) -> None:
    assert who_imports(library)
    assert not who_imports(library, top=True)


def test_the_language_and_the_errors_know_no_engine() -> None:
    """Nothing but amounts is computed before the engine; nothing is drawn outside of streams."""
    for path in FILES:
        drawn = [
            node
            for node in ast.walk(tree_of(path))
            if isinstance(node, ast.Attribute)
            and node.attr == "random"
            and isinstance(node.value, ast.Name)
            and node.value.id in ("np", "numpy")
        ]
        named = [m for m in imports(path) if m == "random" or m.startswith("numpy.random")]
        if path != PACKAGE / "engine" / "streams.py":
            assert not drawn and not named, f"{path} draws"
        else:
            assert drawn


# -- Size and neighbours -------------------------------------------------------------------------

LONGEST = 300


@pytest.mark.parametrize("name", NAMED)
def test_a_file_is_read_in_one_sitting(name: str) -> None:
    lines = len((PACKAGE / name).read_text("utf-8").splitlines())
    assert lines <= LONGEST, f"{name} has {lines} lines: two subjects?"


def tracked() -> list[Path]:
    """Files of the repository; where this is no repository, those that would be."""
    asked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if asked.returncode == 0 and asked.stdout:
        return [ROOT / name for name in asked.stdout.split("\0") if name]
    return [path for part in ("sim", "scenarios", "docs") for path in (ROOT / part).rglob("*.*")]


def test_nothing_tracked_tells_where_it_was_written() -> None:
    # Put together here, so that this file does not hold what it looks for.
    places = re.compile("|".join(f"/{place}/" for place in ("work", "root", "home", "tmp/me")))
    files = [path for path in tracked() if path.is_file()]
    assert len(files) > 20
    for path in files:
        found = places.search(path.read_bytes().decode("utf-8", "replace"))
        assert not found, f"{path.relative_to(ROOT)} mentions {found and found[0]}"


# -- The front door ------------------------------------------------------------------------------

_LOADED = """
import sys
{code}
heavy = ("numpy", "pandas", "matplotlib", "scipy", "pydantic", "yaml", "simpy")
print([name for name in heavy if name in sys.modules])
"""


@pytest.mark.parametrize(
    "code",
    [
        "import sim; sim.__version__; dir(sim)",
        "from sim.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit as stop: assert not stop.code",
        "from sim.cli import main\n"
        "try: main(['--version'])\n"
        "except SystemExit as stop: assert not stop.code",
    ],
    ids=["import", "help", "version"],
)
def test_the_door_opens_at_once(code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LOADED.format(code=code)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_guard_sees_what_is_loaded() -> None:
    code = _LOADED.format(code="import sim; sim.load")
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert "pydantic" in done.stdout


def test_the_front_doors_table_is_true() -> None:
    assert sim.__doc__
    told = re.search(r"^=+ =+\n(.*?)^=+ =+$", sim.__doc__, re.DOTALL | re.MULTILINE)
    assert told
    names = [line.split()[0] for line in told[1].splitlines() if not line.startswith(" ")]
    assert sorted(names) == sorted(sim.__all__)
    assert sorted(sim.__all__) == list(sim.__all__)
    for name in sim.__all__:
        assert getattr(sim, name) is not None
        assert name in dir(sim)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = sim.nothing
