"""Rules that other packages add: found by name, drawn for, checked, and the same everywhere."""

from __future__ import annotations

import datetime
import importlib.metadata
import inspect
import json
import os
import pickle
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import LIMIT, Sections, busy, mean_errors_off, nation, plan, scenario, simulate
from two_engines import EnginesDifferError, case_of, compare

import sim.engine.sharing as sharing
from sim.analysis.relaxation import granted
from sim.engine.futures import draw_futures
from sim.engine.planning import plan_of
from sim.engine.rules import BUILT_IN, rule_of
from sim.errors import ScenarioError, SimError
from sim.plugins import Duration, Floats, Length, Number, PerLength, Share
from sim.results.files import to_csv
from sim.results.result import Result
from sim.running import run
from sim.scenario import plugins
from sim.scenario.plugins import (
    BURDEN_SHARING,
    CONFLICT_PROCESSES,
    KINDS,
    REQUIREMENT_METHODS,
)
from sim.scenario.scenario import Scenario, load
from sim.scenario.schema import assessment, json_schema

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "plugin"


# -- What is installed in these tests -----------------------------------------------------------


@dataclass(frozen=True)
class Package:
    name: str
    version: str


@dataclass(frozen=True)
class Entry:
    """As importlib.metadata gives it, as far as it is looked at."""

    group: str
    name: str
    function: Any
    dist: Package

    def load(self) -> Any:
        if isinstance(self.function, Exception):
            raise self.function
        return self.function


Install = Callable[..., None]


def forget() -> None:
    plugins._installed.cache_clear()
    plugins.plugin.cache_clear()


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs functions: ``install(kind, version="1.0", name=function)``."""
    entries: list[Entry] = []

    def found(*, group: str) -> list[Entry]:
        return [entry for entry in entries if entry.group == group]

    def add(
        kind: plugins.Kind, version: str = "1.0", package: str = "pack", **functions: Any
    ) -> None:
        for name, function in functions.items():
            old = [e for e in entries if (e.name, e.dist.name) == (name, package)]
            entries[:] = [entry for entry in entries if entry not in old]
            entries.append(Entry(kind.group, name, function, Package(package, version)))
        forget()

    monkeypatch.setattr(importlib.metadata, "entry_points", found)
    forget()
    yield add
    forget()


def bytes_of(result: Result) -> list[bytes]:
    return [to_csv(table) for table in result.tables.values()]


def run_with(changes: Sections, **options: Any) -> Result:
    return run(busy(**changes), replications=200, seed=3, **options)


CONFLICT: Sections = dict(busy().data["conflict"])


def conflict(**changes: Any) -> Sections:
    return {"conflict": CONFLICT | changes}


# -- Conflict processes -------------------------------------------------------------------------


def times(rates: Floats, factor: Number) -> Floats:
    return rates * factor


def test_a_process_changes_the_rates(install: Install) -> None:
    install(CONFLICT_PROCESSES, times=times)
    doubled = {
        "calm -> tense": "2 per year",
        "tense -> calm": "4 per year",
        "tense -> war": "uniform(0.4, 1.2) per year",
    }
    found = run_with(conflict(process={"name": "times", "factor": 2}))
    assert bytes_of(found) == bytes_of(run_with(conflict(rates=doubled)))
    same = run_with(conflict(process={"name": "times", "factor": 1}))
    assert bytes_of(same) == bytes_of(run_with(conflict()))
    assert bytes_of(same) != bytes_of(found)
    assert bytes_of(same) == bytes_of(run_with(conflict(process="chain")))


def test_a_process_knows_when_and_where_it_is(install: Install) -> None:
    seen: list[dict[str, Any]] = []

    def look(
        rates: Floats,
        state: Any,
        held: Floats,
        strength: Floats,
        origin: Any,
        destination: Any,
        date: Any,
        step_years: float,
        memory: Duration,
    ) -> Floats:
        seen.append({key: value for key, value in locals().items() if key != "seen"})
        return rates

    install(CONFLICT_PROCESSES, look=look)
    asked = plan(**conflict(process={"name": "look", "memory": "2 weeks"}))
    simulated = simulate(asked, count=40)
    calls = [call for call in seen if call["state"].shape == (40,)]
    assert len(calls) == asked.steps == 30
    assert [str(call["date"]) for call in calls[:3]] == ["2026-07-01", "2026-07-08", "2026-07-15"]
    for step, call in enumerate(calls):
        assert call["rates"].shape == (3, 40)
        assert call["origin"].tolist() == [0, 1, 1]
        assert call["destination"].tolist() == [1, 0, 2]
        assert call["memory"].tolist() == [14.0] * 40
        assert call["step_years"] == 7 / 365.25
        np.testing.assert_array_equal(call["strength"], simulated.strength[step])
        before = simulated.state[:step]
        np.testing.assert_array_equal(call["state"], before[-1] if step else np.zeros(40))
        for lane in range(40):  # how long the present state has lasted, counted anew
            run_length = 0
            while run_length < step and before[step - 1 - run_length][lane] == call["state"][lane]:
                run_length += 1
            assert call["held"][lane] == 7 * run_length
    with pytest.raises(ValueError, match="read-only"):
        calls[0]["state"][0] = 1


def test_a_mandate_may_have_a_process_of_its_own(install: Install) -> None:
    install(CONFLICT_PROCESSES, times=times)
    process = {"name": "times", "factor": 50}
    mandates = {
        "calm": {"kind": "alliance"},
        "wild": {"kind": "alliance", "conflict": {"process": process}},
    }
    own = run_with({"mandates": mandates, **conflict()}).tables["summary"]
    both = run_with({"mandates": mandates, **conflict(process=process)}).tables["summary"]
    sizes = len(own["mandate"]) // 2
    wars, wild = own["p_mission_ending_state"], both["p_mission_ending_state"]
    assert own["mandate"][:sizes] == ["calm"] * sizes
    assert min(wars[sizes:]) > max(wars[:sizes])
    assert wars[sizes:] == wild[sizes:] == wild[:sizes]


# -- Requirement methods ------------------------------------------------------------------------


def fence(length: Length, density: PerLength, spare: Share = np.float64(0)) -> Floats:  # type: ignore[assignment] # noqa: B008
    return length * density * (1 + spare)


def requirement(*methods: Sections) -> Sections:
    return {"requirement": list(methods)}


FENCE = {"method": "fence", "length": "100 km", "density": "12 per km"}


def test_a_method_gives_what_its_function_says(install: Install) -> None:
    install(REQUIREMENT_METHODS, fence=fence)
    line = {**FENCE, "method": "line"}
    for weight in (1, 3):
        other = {"method": "brigades", "count": 3, "slice": 400, "weight": 2}
        found = run_with(requirement({**FENCE, "weight": weight}, other))
        built_in = run_with(requirement({**line, "weight": weight}, other))
        assert bytes_of(found) == bytes_of(built_in)
    more = draw_futures(plan(**requirement({**FENCE, "spare": 0.5})), 1, 0, 10).required
    assert more.tolist() == [1800.0] * 10


def test_parameters_of_a_method_are_drawn_by_their_own_names(install: Install) -> None:
    install(REQUIREMENT_METHODS, fence=fence)
    wide = {**FENCE, "density": "uniform(4, 20) per km"}
    required = draw_futures(plan(**requirement(wide, wide)), 1, 0, 8192).required
    assert mean_errors_off(required, 1200) < LIMIT
    assert mean_errors_off(required, 1250) > LIMIT
    twice = draw_futures(plan(**requirement(wide)), 1, 0, 8192).required
    assert (required == twice).mean() == pytest.approx(0.5, abs=0.05)  # the first of the two


# -- Burden-sharing rules -----------------------------------------------------------------------


def as_ready(available: Floats) -> Floats:
    return available


def table(contributor: Any, contributors: tuple[str, ...]) -> Floats:
    key = {"Aland": 3.0, "Bland": 1.0, "Cland": 0.0}
    return np.asarray(np.array([key[name] for name in contributors])[contributor])


def least_burdened(
    army: Floats, present: Floats, need: Floats, available: Floats, part: Share
) -> Floats:
    return np.floor(np.maximum(army - present, 0) * part + np.minimum(need, available))


def test_a_rule_that_weighs_by_what_is_ready_is_the_proportional_one(install: Install) -> None:
    install(BURDEN_SHARING, as_ready=as_ready)
    found = [
        bytes_of(run_with({"rotation": {"surge": True, "burden_sharing": rule}}))
        for rule in ("as_ready", "proportional", "priority")
    ]
    assert found[0] == found[1] != found[2]


def test_burdens_are_shared_by_the_weights(install: Install) -> None:
    install(BURDEN_SHARING, table=table)
    contributors = {"Aland": nation(30, 50), "Bland": nation(30, 50), "Cland": nation(30, 50)}
    shared = plan(contributors=contributors, rotation={"burden_sharing": "table"})
    assert simulate(shared, count=2).deployment.soldiers[:, 0].tolist() == [750, 250, 0]
    contributors["Aland"] = nation(6, 50)  # what it cannot send falls to the one after it
    shared = plan(contributors=contributors, rotation={"burden_sharing": "table"})
    assert simulate(shared, count=2).deployment.soldiers[:, 0].tolist() == [300, 700, 0]


def test_whom_an_analysis_invents_no_rule_has_to_know(install: Install) -> None:
    def by_name(contributor: Any, contributors: tuple[str, ...], army: Floats) -> Floats:
        assert contributors == ("Aland", "Bland")
        assert np.isfinite(army).all()
        return np.asarray(np.array([1.0, 0.0])[contributor])

    install(BURDEN_SHARING, by_name=by_name)
    contributors = {"Aland": nation(3, army=900), "Bland": nation(3, army=900)}
    asked = plan(contributors=contributors, rotation={"burden_sharing": "by_name"})
    assert simulate(asked, count=2).deployment.soldiers[:, 0].tolist() == [300, 300]
    filled = simulate(granted(asked, 1_000, [0]), count=2)
    assert filled.deployment.soldiers[:, 0].tolist() == [0, 0, 1_000]


def case_with_a_rule(seed: int) -> Any:
    """Two capabilities, three contributors with more than is needed, one of them capped."""
    rule = {"name": "least_burdened", "part": "uniform(0, 1)"}
    short = {"tour": "6 weeks", "rest": {"goal": "9 weeks", "least": "3 weeks"}}
    medics = {"capability": "medical", "units": 20, "strength": 7}
    nations = {
        "Aland": nation(30, 45, army=4_000, at_most=500, **short),
        "Bland": nation(30, 60, army=9_000, available=0.8, **short),
        "Cland": nation(30, 20, army=800, delay="uniform(0, 9) weeks"),
    }
    for name in ("Aland", "Cland"):
        nations[name]["forces"].append(medics)
    asked = plan(
        force={"sizes": [1_500], "capabilities": {"infantry": 0.9, "medical": 0.1}},
        contributors=nations,
        rotation={"surge": bool(seed % 2), "burden_sharing": rule},
    )
    return case_of(asked, 0, 1_500, seed, replications=30, most=4)


def test_both_engines_share_by_a_rule_of_a_package(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(BURDEN_SHARING, least_burdened=least_burdened)
    for seed in range(6):
        compare(case_with_a_rule(seed))
    # The guard: were one of them to weigh a little otherwise, it would be seen.
    monkeypatch.setattr(
        "sim.engine.headquarters.weights_of",
        lambda *args: [weight + 50 for weight in sharing.weights_of(*args)],
    )
    with pytest.raises(EnginesDifferError):
        for seed in range(6):
            compare(case_with_a_rule(seed))


# -- The same everywhere ------------------------------------------------------------------------


def everything() -> Scenario:
    return scenario(
        **conflict(process={"name": "times", "factor": "uniform(0.5, 2)"}),
        rotation={"burden_sharing": "as_ready"},
        **requirement({**FENCE, "density": "uniform(4, 20) per km"}),
    )


def slower(rates: Floats, factor: Number) -> Floats:
    return rates * factor / 3


def install_everything(install: Install, version: str = "1.0", process: Any = times) -> None:
    install(CONFLICT_PROCESSES, version, times=process)
    install(BURDEN_SHARING, version, as_ready=as_ready)
    install(REQUIREMENT_METHODS, version, fence=fence)


def test_a_plan_names_its_plugins_and_can_be_sent_anywhere(install: Install) -> None:
    install_everything(install)
    asked = plan_of(everything().specification)
    assert pickle.loads(pickle.dumps(asked)) == asked
    assert asked.packages == {"pack": "1.0"}
    assert plan_of(busy().specification).packages == {}
    with ThreadPoolExecutor(2) as threads:
        there = run(everything(), replications=9000, seed=1, executor=threads)
    assert bytes_of(there) == bytes_of(run(everything(), replications=9000, seed=1))
    assert there.run["versions"]["pack"] == "1.0"


def test_a_worker_with_another_version_refuses(install: Install) -> None:
    install_everything(install)
    chosen = plan_of(everything().specification).burden_sharing
    assert rule_of(BURDEN_SHARING, chosen).function is as_ready
    install_everything(install, "1.1")
    with pytest.raises(SimError, match=r"\(pack 1.1\) is installed here, but the run began with"):
        rule_of(BURDEN_SHARING, chosen)
    install(BURDEN_SHARING, package="other", as_ready=as_ready)
    with pytest.raises(SimError, match="is in 2 packages: other and pack"):
        rule_of(BURDEN_SHARING, chosen)


def test_what_another_version_has_begun_is_not_gone_on_with(
    install: Install, tmp_path: Path
) -> None:
    class Stop(Exception):  # noqa: N818 - a reader's, not a mistake
        pass

    def stop(done: int, total: int) -> None:
        raise Stop

    def go_on() -> list[bytes]:
        return bytes_of(run(everything(), replications=9000, seed=1, checkpoint=tmp_path))

    install_everything(install)
    first = bytes_of(run(everything(), replications=9000, seed=1))
    for version in ("1.0", "1.1"):
        install_everything(install)
        with pytest.raises(Stop):
            run(everything(), replications=9000, seed=1, checkpoint=tmp_path, progress=stop)
        install_everything(install, version, process=slower)
        fresh = bytes_of(run(everything(), replications=9000, seed=1))
        assert fresh != first
        # The guard: of the same version, what was finished is taken as it is.
        assert (go_on() == fresh) == (version == "1.1")


# -- What goes wrong ----------------------------------------------------------------------------


def wrong(changes: Sections) -> str:
    with pytest.raises(ScenarioError) as caught:
        busy(**changes)
    assert len(caught.value.issues) == 1, str(caught.value)
    issue = caught.value.issues[0]
    return f"{issue.path}: {issue.message}" + (f"; {issue.hint}" if issue.hint else "")


def no_unit(rates: Floats, amplitude: Floats) -> Floats:
    return rates


def many(*rates: Floats) -> Floats:
    return rates[0]


def weighs_itself(weight: Number) -> Floats:
    return weight


WRONG_NAMES: dict[str, tuple[Sections, str]] = {
    "process": (
        conflict(process="tims"),
        "conflict.process: unknown conflict process 'tims'; "
        "did you mean 'times'? known: chain, times",
    ),
    "process in a mapping": (
        conflict(process={"name": "war", "factor": 1}),
        "conflict.process.name: unknown conflict process 'war'; known: chain, times",
    ),
    "process without a name": (
        conflict(process={"factor": 1}),
        "conflict.process: needs 'name'; known: chain, times",
    ),
    "no process": (
        conflict(process=3),
        "conflict.process: must be a conflict process, as a name or "
        "{name: ..., its parameters}, found 3",
    ),
    "rule": (
        {"rotation": {"burden_sharing": "as_red"}},
        "rotation.burden_sharing: unknown burden-sharing rule 'as_red'; "
        "did you mean 'as_ready'? known: priority, proportional, as_ready, least",
    ),
    "method": (
        requirement({"method": "fense"}),
        "requirement.0.method: unknown requirement method 'fense'; did you mean 'fence'? "
        "known: line, posts, population, area, opposing_force, brigades, fence",
    ),
    "missing": (conflict(process="times"), "conflict.process: needs 'factor'"),
    "unknown key": (
        conflict(process={"name": "times", "factor": 2, "until": "2027"}),
        "conflict.process.until: unknown key 'until'; allowed: name, factor",
    ),
    "key of another kind": (
        requirement({**FENCE, "lenght": "3 km"}),
        "requirement.0.lenght: unknown key 'lenght'; did you mean 'length'?",
    ),
    "unit": (
        requirement({**FENCE, "length": "3 days"}),
        "requirement.0.length: 'days' is no unit of a length, found 3 days; allowed: km",
    ),
    "range": (
        requirement({**FENCE, "spare": "uniform(0, 2)"}),
        "requirement.0.spare: must be from 0 to 1, found uniform(0, 2)",
    ),
    "negative": (
        conflict(process={"name": "times", "factor": -1}),
        "conflict.process.factor: must be at least 0, found -1",
    ),
    "nothing to change": (
        conflict(process={"name": "times", "factor": 1}, rates={}),
        "conflict.process: there are no rates that it could change; give conflict.rates",
    ),
    "an army missing": (
        {"rotation": {"burden_sharing": {"name": "least", "part": 1}}},
        "contributors.Cland: needs 'army': 'least' weighs by it",
    ),
    "a built-in one with parameters": (
        conflict(process={"name": "chain", "factor": 2}),
        "conflict.process.factor: unknown key 'factor'; allowed: name",
    ),
    "one that does not load": (
        conflict(process="broken"),
        "conflict.process: conflict process 'broken' (pack 1.0) does not load: "
        "ImportError: no module named grim",
    ),
    "an argument without a unit": (
        conflict(process="no_unit"),
        "conflict.process: conflict process 'no_unit' (pack 1.0): its argument 'amplitude' has no "
        "unit, and is not given; given are: rates, state, held, strength, origin, destination, "
        "date, step_years",
    ),
    "any number of arguments": (
        conflict(process="many"),
        "conflict.process: conflict process 'many' (pack 1.0): its argument 'rates' must be one "
        "that can be given by its name",
    ),
    "a parameter of a reserved name": (
        requirement({"method": "weighs_itself"}),
        "requirement.0.method: requirement method 'weighs_itself' (pack 1.0): no parameter can be "
        "called 'weight'",
    ),
}


@pytest.mark.parametrize("case", WRONG_NAMES)
def test_what_a_scenario_says_wrongly_is_told_at_its_place(case: str, install: Install) -> None:
    changes, message = WRONG_NAMES[case]
    install_everything(install)
    install(BURDEN_SHARING, least=least_burdened)
    if "broken" in message:
        install(CONFLICT_PROCESSES, broken=ImportError("no module named grim"))
    for kind, function in (
        (CONFLICT_PROCESSES, no_unit),
        (CONFLICT_PROCESSES, many),
        (REQUIREMENT_METHODS, weighs_itself),
    ):
        if f"'{function.__name__}'" in message:
            install(kind, **{function.__name__: function})
    assert wrong(changes) == message


def raises(rates: Floats) -> Floats:
    raise KeyError("war")


def draws(rates: Floats) -> Floats:
    return rates * np.random.default_rng().random()


def looks_across(rates: Floats) -> Floats:
    return rates + np.arange(rates.shape[-1])


def writes(rates: Floats) -> Floats:
    rates *= 2
    return rates


def remembers() -> Callable[..., Floats]:
    calls = []

    def remembering(rates: Floats) -> Floats:
        calls.append(1)
        return rates * len(calls)

    return remembering


BAD_PROCESSES: dict[str, tuple[Any, str]] = {
    "raises": (raises, "failed: KeyError: 'war'"),
    "draws": (draws, "must give the same for a future whenever it is asked"),
    "looks_across": (looks_across, "must give the same for a future whenever it is asked"),
    "remembers": (remembers(), "must give the same for a future whenever it is asked"),
    "writes": (writes, "failed: ValueError: output array is read-only"),
    "shape": (lambda rates: rates[0], "must give numbers of the shape (3, 20), found float64 of"),
    "text": (lambda rates: rates.astype(str), "must give numbers of the shape (3, 20), found str"),
    "nothing": (lambda rates: None, "must give numbers of the shape (3, 20), found object"),
    "negative": (lambda rates: -rates, "must give finite numbers not below 0, found -1"),
    "endless": (lambda rates: rates / 0, "must give finite numbers not below 0, found inf"),
    "unknown": (lambda rates: rates * np.nan, "must give finite numbers not below 0, found nan"),
}


@pytest.mark.parametrize("case", BAD_PROCESSES)
def test_a_process_that_misbehaves_is_named(case: str, install: Install) -> None:
    function, message = BAD_PROCESSES[case]
    install(CONFLICT_PROCESSES, bad=function)
    told = re.escape(f"conflict process 'bad' (pack 1.0) {message}")
    with pytest.raises(SimError, match=told):
        run(busy(**conflict(process="bad")), replications=20, seed=1)


BAD_RULES: dict[str, tuple[Any, str]] = {
    "fractions": (lambda available: available / 7, "must give whole numbers from 0 to 10,000,000"),
    "large": (lambda available: available * 1e9, "must give whole numbers from 0 to 10,000,000"),
    "ranks": (
        lambda available: np.arange(len(available)) * 10.0,
        "must give the same for a future whenever it is asked",
    ),
}


@pytest.mark.parametrize("case", BAD_RULES)
def test_a_burden_sharing_rule_that_misbehaves_is_named(case: str, install: Install) -> None:
    function, message = BAD_RULES[case]
    install(BURDEN_SHARING, bad=function)
    told = re.escape(f"burden-sharing rule 'bad' (pack 1.0) {message}")
    with pytest.raises(SimError, match=told):
        run(busy(rotation={"burden_sharing": "bad"}), replications=60, seed=1)


# -- What is built in ---------------------------------------------------------------------------


def test_nobody_looks_for_packages_until_a_scenario_names_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(**_: Any) -> None:
        raise AssertionError("packages were looked for")

    monkeypatch.setattr(importlib.metadata, "entry_points", never)
    forget()
    load(ROOT / "scenarios" / "reassurance_force.yaml")
    run(busy(rotation={"burden_sharing": "proportional"}), replications=20, seed=1)
    with pytest.raises(AssertionError, match="looked for"):
        busy(rotation={"burden_sharing": "proportionate"})


def test_the_language_and_the_engine_know_the_same_rules() -> None:
    sections: dict[str, type[assessment.Method]] = {
        "line": assessment.Line,
        "posts": assessment.Posts,
        "population": assessment.Population,
        "area": assessment.AreaMethod,
        "opposing_force": assessment.OpposingForce,
        "brigades": assessment.Brigades,
    }
    assert tuple(sections) == REQUIREMENT_METHODS.built_in == tuple(BUILT_IN[REQUIREMENT_METHODS])
    for name, section in sections.items():
        asked = set(inspect.signature(BUILT_IN[REQUIREMENT_METHODS][name][0]).parameters)
        assert asked == section.model_fields.keys() - {"method", "weight", "sources"}
    assert tuple(BUILT_IN[CONFLICT_PROCESSES]) == CONFLICT_PROCESSES.built_in
    assert ("priority", *BUILT_IN[BURDEN_SHARING]) == BURDEN_SHARING.built_in
    for kind in KINDS:
        for function, given in BUILT_IN[kind].values():
            assert set(given) <= set(kind.varying) | set(kind.fixed)
            assert not given or tuple(inspect.signature(function).parameters) == given


def test_the_editors_schema_knows_what_is_installed(install: Install) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    sections = [
        conflict(process={"name": "times", "factor": 2}),
        {"rotation": {"burden_sharing": "as_ready"}},
        requirement(FENCE),
    ]
    wrong_ones = [
        conflict(process="times"),
        conflict(process={"name": "times", "factr": 2}),
        {"rotation": {"burden_sharing": "as_red"}},
        requirement({**FENCE, "width": "2 km"}),
        requirement({"method": "fence"}),
    ]
    install(CONFLICT_PROCESSES, broken=ImportError())

    def validator() -> Any:
        schema = json_schema()
        jsonschema.Draft202012Validator.check_schema(schema)
        return jsonschema.Draft202012Validator(schema)

    before = validator()
    assert all(not before.is_valid(section) for section in sections)
    install_everything(install)
    now = validator()
    assert all(now.is_valid(section) for section in sections)
    assert all(not now.is_valid(section) for section in wrong_ones)


# -- The worked one, really installed -----------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the worked plug-in, without a network."""
    pytest.importorskip("hatchling", reason="builds the plug-in")
    home = tmp_path_factory.mktemp("plugin")
    shutil.copytree(EXAMPLE, home / "source", ignore=shutil.ignore_patterns("__pycache__"))
    offline = ("--quiet", "--no-index", "--no-build-isolation", "--no-deps")
    subprocess.run(
        [sys.executable, "-m", "pip", "install", *offline, "--target", home / "site", "./source"],
        check=True,
        cwd=home,
        env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    return home / "site"


def sim(*arguments: str | Path, site: Path | None = None) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(map(str, filter(None, (ROOT, site))))
    return subprocess.run(
        [sys.executable, "-m", "sim", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": path},
    )


def test_the_worked_plugin_runs_alike_with_one_worker_and_with_two(
    site: Path, tmp_path: Path
) -> None:
    scenario_file = EXAMPLE / "seasons.yaml"
    for workers in ("1", "2"):
        arguments = (scenario_file, "-n", "300", "--workers", workers, "--out", tmp_path / workers)
        done = sim("run", *arguments, site=site)
        assert done.returncode == 0, done.stderr
    for name in ("summary", "trajectory", "contributors", "contingents"):
        one, two = ((tmp_path / workers / f"{name}.csv").read_bytes() for workers in "12")
        assert one == two
    record = json.loads((tmp_path / "2" / "run.json").read_text("utf-8"))
    assert record["versions"]["sim-example-plugin"] == "0.1.0"


def test_without_the_worked_plugin_its_scenario_is_bad_input(tmp_path: Path) -> None:
    done = sim("run", EXAMPLE / "seasons.yaml", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert done.stderr.count("unknown") == 3
    assert "8:28: rotation.burden_sharing: unknown burden-sharing rule 'by_army'" in done.stderr
    assert not (tmp_path / "out").exists()


def test_the_worked_plugin_says_what_its_functions_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(EXAMPLE)
    example = importlib.import_module("example_plugin")

    rates, days = np.array([[1.0], [4.0]]), range(1461)
    swing, peak = np.array([0.5]), np.array([200.0])
    over_years = np.stack(
        [
            example.seasonal(
                rates, np.array([0, 1]), np.array([1, 0]),
                datetime.date(2027, 1, 1) + datetime.timedelta(days=day), swing, peak,
            )
            for day in days
        ]
    )  # fmt: skip
    assert over_years[:, 0, 0].mean() == pytest.approx(1, abs=1e-3)
    assert over_years[200, 0, 0] == 1.5
    assert (over_years[:, 1] == 4).all()
    assert example.checkpoints(*(np.array([x]) for x in (300.0, 10.0, 12.0, 4.0))) == [1440]
    assert example.by_army(np.array([100.0, 5.0]), np.array([30.0, 7.0])).tolist() == [70, 0]


def test_the_worked_plugin_is_short_and_is_what_the_how_to_shows() -> None:
    lines = (
        len((EXAMPLE / name).read_text("utf-8").splitlines())
        for name in ("example_plugin.py", "pyproject.toml")
    )
    assert sum(lines) < 120
    code = (EXAMPLE / "example_plugin.py").read_text("utf-8")
    page = (ROOT / "docs/how-to/plug-in.md").read_text("utf-8")
    shown = re.findall(r"^def .*?^    return [^\n]*\n", page, re.DOTALL | re.MULTILINE)
    assert len(shown) == 3
    assert all(function in code for function in shown)
    entry = re.search(r"^```toml file=\S+\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert entry
    assert entry[1] in (EXAMPLE / "pyproject.toml").read_text("utf-8")
