"""Mutants of every shipped scenario: each runs, or is refused with the place of the mistake.

``python tests/fuzz.py --mutants 2000 --seed 1``; `tests/test_fuzz.py` takes some of them.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from large_files import LARGE
from mutators import ANYTHING, NONSENSE, RAW, Target, edited, places_of

from sim.engine.planning import plan_of
from sim.engine.simulate import Cell
from sim.errors import ScenarioError, SimError
from sim.running.blocks import simulate
from sim.scenario import compose
from sim.scenario.scenario import Scenario, load
from sim.scenario.tree import Node, leaves

SCENARIOS = Path(__file__).parent.parent / "scenarios"
SECONDS, MEGABYTES = 2.0, 500.0
LONG_RUN = 700  # steps; a scenario may ask for more, and gets it, which is not looked at here
REPLICATIONS = 2
# What is wrong with a whole file has no line.
_OF_THE_FILE = ("the file is empty", "is larger than 5 MB")

Load = Callable[[Path], Scenario]


class FuzzError(AssertionError):
    """A promise of docs/security.md that a mutant broke."""


@dataclass(frozen=True)
class Mutant:
    """A file's new content, the scenario by which it is read, and why it must be refused."""

    number: int
    top: Path
    file: Path
    content: bytes
    how: tuple[str, ...]
    nonsense: str

    def __str__(self) -> str:
        return f"mutant {self.number} ({self.file.name}, read by {self.top.name}: {self.how})"


@dataclass
class Tree:
    """A copy of the shipped scenarios, in which one file at a time is spoilt."""

    root: Path
    tops: list[Path] = field(default_factory=list)
    targets: dict[tuple[Path, Path], Target] = field(default_factory=dict)
    sound: dict[Path, Node] = field(default_factory=dict)  # files as they are shipped, read once

    @classmethod
    def copied(cls, root: Path) -> Tree:
        tree = cls(root / "scenarios")
        shutil.copytree(SCENARIOS, tree.root)
        # A library that no scenario extends is read by one of its own.
        used = "".join(path.read_text("utf-8") for path in SCENARIOS.rglob("*.yaml"))
        for library in sorted((SCENARIOS / "library").glob("*.yaml")):
            if library.name not in used:
                extends = f"extends: [reassurance_force.yaml, library/{library.name}]\n"
                (tree.root / f"with_{library.name}").write_text(extends)
        with tree.reading():
            for top in sorted(tree.root.rglob("*.yaml")):
                if top.parent.name != "library":
                    tree.tops.append(top)
                    tree._look(top)
        return tree

    def _look(self, top: Path) -> None:
        """Note which places of which files reach the scenario."""
        written: dict[str, set[tuple[int, int]]] = {}
        for _, leaf in leaves(load(top).root):
            mark = leaf.mark
            written.setdefault(Path(mark.file).name, set()).add((mark.line, mark.column))
        files = {file.name: file for file in self.sound}
        for name, marks in written.items():
            text = files[name].read_text("utf-8")
            places = places_of(text)
            live = {p.path[:n] for p in places if not p.key and p.mark in marks
                    for n in range(1, len(p.path) + 1)}  # fmt: skip
            if (SCENARIOS / files[name].relative_to(self.root)).exists():
                self.targets[top, files[name]] = Target(text, places, frozenset(live))

    @contextmanager
    def reading(self, spoilt: Path | None = None) -> Iterator[None]:
        """Read every sound file but once: what it holds does not change."""
        original: Callable[[Path], Node] = vars(compose)["read"]

        def read(path: Path) -> Node:
            real = path.resolve()
            if real == spoilt:
                return original(path)
            if real not in self.sound:
                self.sound[real] = original(path)
            return self.sound[real]

        vars(compose)["read"] = read
        try:
            yield
        finally:
            vars(compose)["read"] = original

    def mutants(self, count: int, seed: int) -> Iterator[Mutant]:
        """Every shipped file in turn, so that each has its share."""
        for number in range(count):
            random = Random(f"{seed} {number}")
            by_file: dict[Path, list[Path]] = {}
            for top, file in self.targets:
                by_file.setdefault(file, []).append(top)
            file = sorted(by_file)[number % len(by_file)]
            top = random.choice(by_file[file])
            yield self._mutant(number, top, file, random)

    def _mutant(self, number: int, top: Path, file: Path, random: Random) -> Mutant:
        target, edits, how = self.targets[top, file], [], []
        kinds = random.choice(((ANYTHING,), (NONSENSE, ANYTHING)))
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            mutator = random.choice(random.choice(kinds))
            if edit := mutator(target, random):
                edits.append(edit)
                how.append(mutator.__name__)
        text, reasons = edited(target.text, edits)
        content = text.encode("utf-8", "surrogatepass")
        if not how or random.random() < 0.15:
            raw = random.choice(RAW)
            content, nonsense = raw(text, random)
            how.append(raw.__name__)
            reasons = [nonsense] if nonsense else []
        return Mutant(number, top, file, content, tuple(how), "; ".join(reasons))

    @contextmanager
    def spoilt(self, mutant: Mutant) -> Iterator[None]:
        """With the mutant in its place."""
        sound = mutant.file.read_bytes()
        mutant.file.write_bytes(mutant.content)
        try:
            yield
        finally:
            mutant.file.write_bytes(sound)

    # -- judging --------------------------------------------------------------------------------

    def judge(self, mutant: Mutant, load: Load = load) -> str:
        """``refused`` or ``ran``; `FuzzError` if a promise is broken."""
        before = megabytes()
        with self.spoilt(mutant), self.reading(mutant.file), warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                outcome = _outcome(mutant, load)
            except SimError as error:
                _told_well(mutant, error)
                outcome = "refused"
            except FuzzError as error:
                raise FuzzError(f"{error}{_grown(before)}") from error
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    raise
                raise FuzzError(f"{mutant}: {type(error).__name__}: {error}") from error
        if outcome != "refused" and mutant.nonsense:
            raise FuzzError(f"{mutant}: a result from nonsense: {mutant.nonsense}")
        if told := _grown(before):
            raise FuzzError(f"{mutant}{told}")
        return outcome

    def judge_command(self, mutant: Mutant, refused: bool) -> None:
        """The same through the command line: nothing but a message, and nothing written."""
        with self.spoilt(mutant):
            before = set(self.root.parent.rglob("*"))
            options = ["run", str(mutant.top), "--replications", "2", "--seed", "1"]
            command = [sys.executable, "-W", "error", "-m", "sim"]
            command += options if refused else ["check", str(mutant.top)]
            done = subprocess.run(
                command, cwd=self.root.parent, capture_output=True, text=True, timeout=300
            )
            after = set(self.root.parent.rglob("*"))
        if (done.returncode == 2) != refused or done.returncode not in (0, 1, 2):
            raise FuzzError(f"{mutant}: exit code {done.returncode}: {done.stderr[-500:]}")
        if "Traceback" in done.stderr or after != before or (refused and not done.stderr):
            raise FuzzError(f"{mutant}: {done.stderr[-500:]}; written: {after - before}")


def _grown(before: float) -> str:
    """Say so if more memory was taken than is promised."""
    grown = megabytes() - before
    return f": took {grown:.0f} MB" if grown > MEGABYTES else ""


def _outcome(mutant: Mutant, load: Load) -> str:
    begun = time.process_time()
    try:
        plan = plan_of(load(mutant.top).specification)
    finally:
        if (took := time.process_time() - begun) > SECONDS:
            raise FuzzError(f"{mutant}: took {took:.1f} s to load")
    if plan.steps > LONG_RUN or mutant.nonsense:
        return "loaded"
    index = mutant.number % len(plan.mandates)
    cell = Cell(index, plan.mandates[index].sizes[0])
    found = simulate(plan, cells=[cell], replications=REPLICATIONS, seed=mutant.number)
    counts = found.outcomes[cell].counts
    if not all(0 <= count <= REPLICATIONS for count in counts):
        raise FuzzError(f"{mutant}: counts {list(counts)}")
    return "ran"


def _told_well(mutant: Mutant, error: SimError) -> None:
    if not isinstance(error, ScenarioError):
        if mutant.nonsense:
            raise FuzzError(f"{mutant}: no place: {error}")
        return
    if not error.issues:
        raise FuzzError(f"{mutant}: refused without a word")
    for issue in error.issues:
        text = str(issue)
        placed = issue.line > 0 or text.endswith(_OF_THE_FILE)
        if not placed or not issue.file or "\n" in text or "Input should" in text:
            raise FuzzError(f"{mutant}: badly told: {text}")


def megabytes() -> float:
    try:
        import resource
    except ImportError:  # Windows: the memory is not looked at
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def fuzz(
    tree: Tree, count: int, seed: int, commands: int = 0, load: Load = load
) -> tuple[Counter[str], list[str]]:
    """Judge `count` mutants, some of them through the command line too.

    Returns
    -------
    tuple
        How many came to what, and every promise that was broken.
    """
    tally: Counter[str] = Counter()
    broken: list[str] = []
    for mutant in tree.mutants(count, seed):
        try:
            outcome = tree.judge(mutant, load)
            tally[outcome] += 1
            if mutant.number * commands % count < commands:
                tree.judge_command(mutant, outcome == "refused")
                tally["through the command line"] += 1
        except FuzzError as error:
            tally["broken"] += 1
            broken.append(str(error))
        tally["nonsense by construction"] += bool(mutant.nonsense)
        tally.update(f"by {name}" for name in set(mutant.how))
    return tally, broken


def slowest(folder: Path) -> tuple[float, str]:
    """Seconds of the large file that takes longest to refuse, and what is wrong with it."""
    found = []
    for name, text in LARGE.items():
        (folder / "large.yaml").write_text(text)
        begun = time.process_time()
        with suppress(ScenarioError):
            load(folder / "large.yaml")
        found.append((time.process_time() - begun, name))
    return max(found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutants", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--commands", type=int, default=40, help="of them by the command line too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tree = Tree.copied(Path(folder).resolve())
        tally, broken = fuzz(tree, options.mutants, options.seed, options.commands)
        seconds, wrong = slowest(tree.root)
        if seconds > SECONDS:
            broken.append(f"the largest file ({wrong}): took {seconds:.1f} s to refuse")
    for name, number in sorted(tally.items()):
        print(f"{number:>6} {name}")
    print(f"{seconds:>6.1f} s for the largest file that takes longest ({wrong})")
    print(f"{megabytes():>6.0f} MB at most, the libraries included")
    for message in broken:
        print(message, file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
