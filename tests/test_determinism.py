"""The same seed, the same bytes: whoever computes them, and whatever else stands in the file."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import SEED, Array, Sections, busy, nation, scenario

import sim
from sim.engine.futures import Futures, draw_futures
from sim.engine.plan import NEVER, Plan
from sim.engine.planning import plan_of
from sim.engine.streams import BLOCK, uniforms
from sim.results.files import to_csv
from sim.results.result import Result
from sim.running.runner import run
from sim.scenario.scenario import Scenario

TABLES = ("summary", "trajectory", "contributors")


def bytes_of(result: Result, *names: str) -> bytes:
    return b"".join(to_csv(result.tables[name]) for name in names or TABLES)


# -- Whoever computes ----------------------------------------------------------------------------


class Shuffled(Executor):
    """Runs its tasks in another order than they came, once no more have come for a while."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.tasks: list[tuple[Future[Any], Callable[[], Any]]] = []
        self.order: list[int] = []
        self._timer: threading.Timer | None = None

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self._timer:
            self._timer.cancel()
        future: Future[Any] = Future()
        self.tasks.append((future, lambda: fn(*args, **kwargs)))
        self._timer = threading.Timer(0.2, self._run)
        self._timer.start()
        return future

    def _run(self) -> None:
        self.order = list(range(len(self.tasks)))
        self.random.shuffle(self.order)
        for number in self.order:
            future, call = self.tasks[number]
            future.set_result(call())


def several_blocks() -> Scenario:
    """Short and small, for more replications than one block holds."""
    return busy(
        time={"start": "2026-07-01", "step": "1 month", "horizon": "13 months"},
        feasible_when={
            "authorised": {"within": "4 months"},
            "full": {"within": "3 months"},
            "hold": {"for": "6 months", "share_of_time": 0.9},
        },
    )


@pytest.fixture(scope="module")
def alone() -> Result:
    return run(several_blocks(), replications=2 * BLOCK + 50, seed=SEED)


def test_the_executor_does_not_matter(alone: Result) -> None:
    count = 2 * BLOCK + 50
    with ThreadPoolExecutor(3) as pool:
        threads = run(several_blocks(), replications=count, seed=SEED, executor=pool)
    assert bytes_of(threads) == bytes_of(alone)
    for seed in (1, 2):
        shuffled = Shuffled(seed)
        found = run(several_blocks(), replications=count, seed=SEED, executor=shuffled)
        assert shuffled.order != sorted(shuffled.order), "the order was another one"
        assert len(shuffled.order) > 3
        assert bytes_of(found) == bytes_of(alone)


def test_the_number_of_processes_does_not_matter() -> None:
    one = run(busy(), replications=100, seed=SEED, keep_replications=True)
    two = run(busy(), replications=100, seed=SEED, keep_replications=True, workers=2)
    assert bytes_of(one, *TABLES, "replications") == bytes_of(two, *TABLES, "replications")
    assert bytes_of(one) != bytes_of(run(busy(), replications=100, seed=SEED + 1))


def test_an_error_in_a_task_comes_back_and_leaves_nothing_behind() -> None:
    class Broken(Shuffled):
        def _run(self) -> None:
            self.tasks[0][0].set_exception(MemoryError("no more"))

    pool = Broken(1)
    with pytest.raises(MemoryError, match="no more"):
        run(busy(), replications=10, seed=1, executor=pool)
    assert all(future.cancelled() for future, _ in pool.tasks[1:])


_PRINT_DIGEST = """
import sys
sys.path.insert(0, {tests!r})
from builders import busy
from test_determinism import bytes_of
from sim.running.runner import run
import hashlib
print(hashlib.sha256(bytes_of(run(busy(), replications=60, seed=7))).hexdigest())
"""


def test_the_hash_seed_of_python_does_not_matter() -> None:
    """Sets and dicts are asked for their order nowhere."""
    here = hashlib.sha256(bytes_of(run(busy(), replications=60, seed=7))).hexdigest()
    code = _PRINT_DIGEST.format(tests=str(Path(__file__).parent))
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("0", "1", "random")
    ]
    assert [child.communicate(timeout=120)[0].strip() for child in started] == [here] * 3


# -- Seeds -----------------------------------------------------------------------------------------


def test_nought_is_a_seed() -> None:
    first = run(busy(), replications=40, seed=0)
    assert first.run["seed"] == 0
    assert bytes_of(first) == bytes_of(run(busy(), replications=40, seed=0))
    assert bytes_of(first) != bytes_of(run(busy(), replications=40, seed=1))
    written = busy(run={"replications": 40, "seed": 0})
    assert bytes_of(run(written)) == bytes_of(first)
    assert bytes_of(run(written, seed=1)) != bytes_of(first), "what is asked for wins"


def test_a_seed_that_nobody_gave_is_drawn_and_told() -> None:
    first, other = run(busy(), replications=40), run(busy(), replications=40)
    assert first.run["seed"] != other.run["seed"]
    assert bytes_of(first) != bytes_of(other)
    assert bytes_of(run(busy(), replications=40, seed=first.run["seed"])) == bytes_of(first)


def test_streams_have_names_seeds_and_blocks() -> None:
    base = uniforms(1, "conditions.ceasefire", 0)
    for seed, name, block in (
        (2, "conditions.ceasefire", 0),
        (1, "conditions.ceasefirE", 0),
        (1, "conditions.ceasefire", 1),
        (1 << 32, "conditions.ceasefire", 0),
    ):
        other = uniforms(seed, name, block)
        assert not (base == other).any()
        assert abs(np.corrcoef(base, other)[0, 1]) < 4.5 / np.sqrt(BLOCK)
    assert (base == uniforms(1, "conditions.ceasefire", 0)).all()
    assert ((base > 0) & (base < 1)).all()


def test_streams_do_not_depend_on_how_much_is_drawn() -> None:
    for rows in (None, 40):
        whole = uniforms(3, "x", 0, BLOCK, rows)
        assert (uniforms(3, "x", 0, 17, rows) == whole[..., :17]).all()
    assert (uniforms(3, "x", 0, 9, 7) == uniforms(3, "x", 0, 9, 40)[:7]).all()


def test_streams_have_not_changed() -> None:
    """Recorded: results of this version must come out again from its seeds."""
    assert uniforms(2026, "conditions.ceasefire", 0, 3).tolist() == RECORDED
    assert BLOCK == 8192


RECORDED = [0.22723157899030977, 0.7308284917935131, 0.6016171588185327]


# -- Whatever else stands in the file --------------------------------------------------------------


@dataclasses.dataclass
class Named:
    """Futures by the names of the things that they belong to."""

    values: dict[str, Array]

    def same(self, other: Named, *but: str) -> list[str]:
        """Names that both have, and what differs although it is not among `but`."""
        common = self.values.keys() & other.values.keys()
        assert len(common) > 20
        return sorted(
            name
            for name in common
            if not name.startswith(but or ("nothing",))
            and not np.array_equal(self.values[name], other.values[name], equal_nan=True)
        )


def named(asked: Scenario, count: int = 500, steps: int | None = None) -> Named:
    plan = plan_of(asked.specification)
    return Named(by_name(plan, draw_futures(plan, SEED, 0, count), steps))


def by_name(plan: Plan, futures: Futures, steps: int | None = None) -> dict[str, Array]:
    values: dict[str, Array] = {"required": futures.required, "cost": futures.cost}
    for row, (name, _) in enumerate(plan.conditions):
        values[f"conditions.{name}"] = futures.conditions[row]
    for row, pool in enumerate(plan.pools):
        values |= {
            f"{pool.name}.units": futures.units[row],
            f"{pool.name}.offset": futures.offset[row],
            f"{pool.name}.rounding": futures.rounding[row],
            f"{pool.name}.notice": futures.notice[row],
        }
    for row, corridor in enumerate(plan.corridors):
        values[f"corridors.{corridor.name}"] = futures.lift[row, :steps]
    if len(futures.conflict_uniform):
        values["conflict.uniform"] = futures.conflict_uniform[:steps]
        for row, name in enumerate(plan.contributors):
            values[f"patience.{name}"] = futures.patience[row]
    for mandate, politics, chain in zip(
        plan.mandates, futures.politics, futures.conflict, strict=True
    ):
        prefix = f"mandates.{mandate.name}"
        values[f"{prefix}.authorised"] = politics.authorised
        refused = politics.refused_renewal
        values[f"{prefix}.refused"] = np.where(refused < (steps or plan.steps), refused, NEVER)
        for row, player in enumerate(mandate.authorisation.players):
            values[f"{prefix}.{player.name}"] = politics.consents[row]
        for row, name in enumerate(plan.contributors):
            stance = f"{prefix}.{name}"
            values[f"{stance}.joins"] = politics.joins[row]
            values[f"{stance}.joined"] = politics.joined[row]
            values[f"{stance}.cap"] = politics.cap[row]
            values[f"{stance}.delivered"] = politics.delivered[row]
        if chain:
            values[f"{prefix}.rates"] = chain.rates
            values[f"{prefix}.deaths"] = chain.deaths
    return values


def reversed_sections(*names: str) -> Scenario:
    data = busy().data
    changed = {name: dict(reversed(list(data[name].items()))) for name in names}
    return Scenario(**(data | changed))


BASE = named(busy())


def test_the_order_in_the_file_does_not_matter() -> None:
    turned = reversed_sections("contributors", "corridors", "mandates")
    assert list(turned.data["contributors"]) == ["Cland", "Bland", "Aland"]
    assert BASE.same(named(turned)) == []
    mandates = copy.deepcopy(busy().data["mandates"])
    council = mandates["council"]["authorisation"]
    council["decided_by"] = dict(reversed(list(council["decided_by"].items())))
    assert list(council["decided_by"]) == ["South", "East", "North"]
    assert BASE.same(named(busy(mandates=mandates))) == []


def test_conditions_may_stand_in_any_order_that_their_dependence_allows() -> None:
    data = busy().data
    weather = {"storms": {"probability": 0.2}}
    before = Scenario(**(data | {"conditions": weather | data["conditions"]}))
    after = Scenario(**(data | {"conditions": data["conditions"] | weather}))
    assert BASE.same(named(before)) == []
    assert BASE.same(named(after)) == []
    assert named(before).same(named(after)) == []


def test_another_contributor_changes_nobody_elses_draws() -> None:
    more = busy().with_("contributors.Dland", nation(9, 80, 0.5, corridor="sea", available=0.5))
    assert BASE.same(named(more)) == []
    fewer = busy().with_("contributors.Aland", None)
    assert BASE.same(named(fewer)) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("force.sizes", [700, 900, 5000]),
        ("contributors.Aland.forces.0.units", 30),
        ("rotation.surge", False),
        ("mandates.nobody", None),
        ("corridors.port", {"capacity": "uniform(1, 2) per day"}),
        ("feasible_when.fill", 0.5),
        ("costs", None),
    ],
)
def test_other_changes_change_no_draw(path: str, value: Any) -> None:
    changed = busy().with_(path, value)
    assert changed != busy()
    allowed = {"costs": ("cost",), "contributors.Aland.forces.0.units": (POOL,)}
    assert BASE.same(named(changed), *allowed.get(path, ())) == []


POOL = "contributors.Aland.forces.infantry.units"


def test_the_horizon_changes_no_draw() -> None:
    longer = busy().with_("time.horizon", "90 weeks")
    steps = plan_of(busy().specification).steps
    assert named(longer, steps=steps).values["corridors.rail"].shape[0] == steps
    assert named(longer, steps=steps).same(BASE) == []


@pytest.mark.parametrize("size", [1, 37, 499])
def test_the_first_replications_do_not_depend_on_how_many_follow(size: int) -> None:
    few = named(busy(), size)
    cut = Named({name: values[..., :size] for name, values in BASE.values.items()})
    assert few.same(cut) == []


def test_rows_of_the_first_replications_are_the_same() -> None:
    few = run(busy(), replications=30, seed=3, keep_replications=True).replications
    many = run(busy(), replications=90, seed=3, keep_replications=True).replications
    first = many[many["replication"] < 30].reset_index(drop=True)
    assert few.to_csv() == first.to_csv()


def test_blocks_go_on_where_the_last_one_ended(alone: Result) -> None:
    """Replications of several blocks are those of the blocks: fewer blocks, a part of the same."""
    short = run(several_blocks(), replications=BLOCK, seed=SEED).tables["summary"]
    long = alone.tables["summary"]
    for name in ("p_authorised", "p_feasible"):
        for few, many in zip(short[name], long[name], strict=True):
            hits_few, hits_many = round(few * BLOCK), round(many * (2 * BLOCK + 50))
            assert hits_few <= hits_many <= hits_few + BLOCK + 50


# -- Common random numbers -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value", "touched"),
    [
        ("contributors.Aland.participation.alliance.probability", 0.4, ("Aland.joins",)),
        ("mandates.council.authorisation.decided_by.North.consents", 0.5, ("council",)),
        ("will.correlation", 0.1, ("joins",)),
        ("conditions.ceasefire.probability", 0.4, ("conditions", "mandates")),
        ("corridors.rail.capacity", "30 per day", ("corridors.rail",)),
        ("costs.per_soldier_month", "5_000 EUR", ("cost",)),
    ],
)
def test_one_changed_figure_leaves_the_other_draws(
    path: str, value: Any, touched: tuple[str, ...]
) -> None:
    changed = BASE.same(named(busy().with_(path, value)))
    assert changed, "it does change something"
    assert all(any(part in name for part in touched) for name in changed)


def test_a_higher_probability_only_adds() -> None:
    """The futures in which a nation joins are still those, and some more."""
    path = "contributors.Cland.participation.alliance.probability"
    low, high = (named(busy().with_(path, p)) for p in (0.3, 0.8))
    name = "mandates.coalition.Cland.joins"
    before, after = low.values[name], high.values[name]
    assert not (before & ~after).any()
    assert before.sum() < after.sum()


def test_two_runs_of_a_pair_share_their_luck() -> None:
    """The difference between two policies is told far more exactly than by runs of other seeds."""
    path = "contributors.Bland.participation.alliance.delivered"

    def feasible(seed: int, delivered: float) -> Array:
        frame = run(
            busy().with_(path, delivered), replications=400, seed=seed, keep_replications=True
        ).replications
        return np.array(frame[frame["force_size"] == 600]["full"], np.float64)

    paired = feasible(1, 0.9) - feasible(1, 0.7)
    apart = feasible(1, 0.9) - feasible(2, 0.7)
    assert 0 < paired.var() < apart.var() / 3


def test_the_public_names_lead_to_the_same() -> None:
    assert sim.run is run
    sections: Sections = {"contributors": {"Aland": nation(3)}}
    assert bytes_of(sim.run(scenario(**sections), replications=5, seed=1)) == bytes_of(
        run(scenario(**sections), replications=5, seed=1)
    )
