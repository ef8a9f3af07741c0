"""The page with levers, without a browser: who may ask, what is answered, what is saved."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from pathlib import Path
from typing import Any

import pytest
from builders import decided, nation, sections
from click.testing import CliRunner

pytest.importorskip("starlette", reason="pip install 'peacekeeping-sim[serve]'")
pytest.importorskip("uvicorn", reason="pip install 'peacekeeping-sim[serve]'")

from starlette.applications import Starlette
from starlette.testclient import TestClient

from sim.analysis.sources import sources_of
from sim.cli import cli, main
from sim.errors import ScenarioError, SimError
from sim.results.words import interval
from sim.running.runner import run
from sim.scenario.scenario import Scenario, load
from sim.serve import listening, server
from sim.serve.answers import Abandoned, result_of, shown
from sim.serve.background import Background
from sim.serve.changes import changed, file_of
from sim.serve.guard import LARGEST
from sim.serve.levers import levers_of
from sim.serve.server import application

TOKEN, PORT = "a-key", 8123
HOST = f"http://127.0.0.1:{PORT}"
SHIPPED = Path(__file__).parent.parent / "scenarios"


def everything(**changes: Any) -> dict[str, Any]:
    """A scenario that has every kind of lever."""
    council = decided("unanimous", Council={"consents": 0.7, "renews": 0.9}, Other=0.9)["force"]
    unsure = {"when": "backing", "then": 0.9, "else": {"when": "peace", "then": 0.6, "else": 0.2}}
    plain: dict[str, Any] = {
        "force": {"sizes": [400, 900], "capabilities": {"infantry": 1.0}},
        "feasible_when": {"full": {"within": "10 weeks"}, "hold": {"for": "15 weeks"}},
        "conditions": {
            "backing": {"probability": 0.5},
            "peace": {"probability": {"when": "backing", "then": 0.8, "else": 0.4}},
        },
        "corridors": {"road": {"capacity": "triangular(20, 40, 90) per day"}, "sea": {}},
        "mandates": {
            "first": {**council, "renewal": {"every": "20 weeks"}},
            "second": {"kind": "alliance", "excluded": ["Cland"]},
            "nobody": {"kind": "none"},
        },
        "contributors": {
            "Aland": nation(
                6,
                probability=unsure,
                corridor="road",
                at_most="uniform(300, 600)",
                sources=[{"figure": "units", "source": "a list", "confidence": "high"}],
            ),
            "Bland": nation(8, probability=0.6, at_most=500, tour="8 months"),
            "Cland": nation(5, probability=0.8),
        },
        "will": {"correlation": 0.2},
        "run": {"replications": 600, "seed": 7},
    }
    return sections(**(plain | changes))


def written(folder: Path, name: str = "mine", **changes: Any) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(json.dumps({"language": 1} | everything(**changes)), "utf-8")
    return path


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("scenarios"))


@pytest.fixture(scope="module")
def client(mine: Path) -> Iterator[TestClient]:
    broken = mine.parent / "broken.yaml"
    broken.write_text("language: 1\ntitle: [", "utf-8")
    app = application({"mine": mine, "broken": broken}, (), TOKEN, PORT)
    with TestClient(app, base_url=HOST) as running:
        running.get(f"/?token={TOKEN}")
        yield running


def asked(client: TestClient, settings: dict[str, str], **more: Any) -> Any:
    state = {"scenario": "mine", "mandate": "first", "replications": 10**6}
    return client.post("/answer", json={**state, "settings": list(settings.items()), **more})


MOVED = {
    "contributors.*.participation.alliance.probability": "×1.2",
    "contributors.*.participation.alliance.at_most": "×0.9",
    "contributors.Aland.participation.alliance.probability.then": "0.35",
    "contributors.Aland.participation.alliance.probability.else.else": "0.1",
    "contributors.Bland.tour": "5 months",
    "contributors.Cland.forces.infantry.units": "×0.6",
    "corridors.road.capacity": "×1.5",
    "corridors.sea.capacity": "30 per day",
    "mandates.first.authorisation.decided_by.Council.consents": "0.95",
    "rotation.handover": "2 weeks",
    "will.correlation": "0.6",
    "run.seed": "11",
}


# -- Levers and changes --------------------------------------------------------------------------


def test_the_levers_are_those_of_the_mandate() -> None:
    scenario = Scenario(**everything())
    levers = levers_of(scenario, "first")
    named = {lever.path: lever for group in levers.groups for lever in group.levers}
    assert named["contributors.*.participation.alliance.probability"].start == "×1"
    assert named["will.correlation"].start == "0.2"
    assert named["conditions.peace.probability.else"].label == "peace, without backing"
    assert named["corridors.road.capacity"].written == "triangular(20, 40, 90) per day"
    assert "corridors.sea.capacity" not in named  # nothing limits it
    assert named["mandates.first.authorisation.decided_by.Council.renews"].start == "0.9"
    own = {group.title: group.levers for group in levers.contributors}
    assert [lever.label for lever in own["Aland"]] == [
        "takes part, if backing",
        "takes part, without backing, if peace",
        "takes part, without backing, without peace",
        "cap on soldiers",
        "tour",
    ]
    tour = own["Bland"][-1].slider
    assert tour and (tour.start, tour.low, tour.high, tour.after) == (8, 2, 32, " months")
    second = levers_of(scenario, "second")
    assert [group.title for group in second.contributors] == ["Aland", "Bland"]
    assert "Who decides on the mandate" not in [group.title for group in second.groups]
    assert not levers_of(scenario, "nobody").contributors


@pytest.mark.parametrize("name", ["reassurance_force", "un_mission", "options"])
def test_every_lever_can_be_moved_and_starts_where_nothing_changes(name: str) -> None:
    scenario = load(SHIPPED / f"{name}.yaml")
    mandate = list(scenario.specification.mandates)[-1]
    levers = levers_of(scenario, mandate)
    every = [lever for group in (*levers.groups, *levers.contributors) for lever in group.levers]
    assert len(every) > 20
    still = changed(scenario, [(lever.path, lever.start) for lever in every])
    assert still.specification == scenario.specification
    sliders = {lever.path: lever.slider for lever in every if lever.slider}
    for slider in sliders.values():  # where it starts is one of the steps that a browser counts
        steps = (slider.start - slider.low) / slider.step
        assert steps == pytest.approx(round(steps), abs=1e-6) and steps >= 0, slider
    for end in ("low", "high"):
        moved = [
            (path, f"{slider.before}{getattr(slider, end):.10g}{slider.after}")
            for path, slider in sliders.items()
        ]
        assert changed(scenario, moved).hash != scenario.hash


def test_a_slider_can_stand_where_its_field_does() -> None:
    def slid(written: Any) -> tuple[float, float]:
        scenario = Scenario(**everything())
        path = "contributors.Cland.participation.alliance.at_most"
        own = levers_of(scenario.with_(path, written), "first").contributors[-1].levers
        slider = next(lever.slider for lever in own if lever.path == path)
        assert slider
        return slider.low, slider.step

    assert slid(1500) == (370, 10)  # and not 375, from where one comes to 1495 and 1505
    assert slid(1505) == (376, 1)


def test_a_factor_multiplies_whatever_is_written() -> None:
    scenario = Scenario(**everything())
    moved = changed(scenario, list(MOVED.items())).data
    stances = {n: c["participation"]["alliance"] for n, c in moved["contributors"].items()}
    assert stances["Aland"]["probability"] == {
        "when": "backing",
        "then": 0.35,  # what is said of one counts for it, though all were moved before
        "else": {"when": "peace", "then": 0.72, "else": 0.1},
    }
    assert stances["Aland"]["at_most"] == "uniform(270, 540)"
    assert stances["Bland"] == {"probability": 0.72, "at_most": 450}
    assert stances["Cland"]["probability"] == 0.96
    assert moved["corridors"]["road"]["capacity"] == "triangular(30, 60, 135) per day"
    certain = changed(scenario, [("contributors.*.participation.alliance.probability", "×2")])
    assert certain.data["contributors"]["Cland"]["participation"]["alliance"]["probability"] == 1


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("will.correlation", "1.5", "must be from 0 to 1"),
        ("will.correlation", "much", "'much' is neither a number"),
        ("contributors.Bland.tour", "8 fortnights", "fortnights"),
        ("contributors.Bland.tour", "×long", "must be × and a number"),
        ("contributors.Bland.tour", "×-1", "must be × and a number"),
        ("contributors.Bland.army", "×2", "nothing to multiply"),
        ("contributors.Bland.sources.0", "×2", "nothing to multiply"),
        ("contributors.Bland.forces.artillery.units", "×2", "nothing to multiply"),
        ("contributors.Bland.forces.0.units", "×1.3", "must be whole units"),
        ("then", "×2", "nothing to multiply"),
        ("title", "×2", "cannot be multiplied"),
        ("contributors.*.rank", "3", "the scenario has nothing like that"),
        ("contributors.Eland.tour", "3 months", "has no 'Eland'"),
        ("will.correlation", "[0.1", "expected"),
        ("run.replications", "0", "must be above 0"),
        ("run.replications", "many", "found 'many'"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(
    client: TestClient, path: str, text: str, message: str
) -> None:
    right = {"contributors.*.tour": "×1.5"}
    answer = asked(client, {**right, path: text})
    assert answer.status_code == 422
    (issue,) = answer.json()["issues"]
    assert issue["path"] == path
    assert message in issue["told"]
    assert asked(client, right, replications=10).status_code == 200


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("contributors.Bland.tour", "8 months"),
        ("contributors.*.participation.alliance.at_most", "uniform(300, 600); 500"),
        ("contributors.Cland.forces.infantry.units", "5"),
        ("conditions.peace.probability", '{when: "backing", then: 0.8, else: 0.4}'),
        ("rotation.handover", ""),  # a default holds
        ("rotation.mobilisation", ""),
        ("costs.per_soldier_month", ""),
    ],
)
def test_what_is_written_at_a_path(client: TestClient, path: str, text: str) -> None:
    state = {"scenario": "mine", "mandate": "first", "settings": [[path, ""]]}
    assert client.post("/written", json=state).json() == {"written": [text]}


def test_what_is_written_is_not_told_without_end(client: TestClient) -> None:
    state = {"scenario": "mine", "mandate": "first", "settings": [["contributors", ""]]}
    (text,) = client.post("/written", json=state).json()["written"]
    assert text.startswith("{Aland: {") and text.endswith(" ...") and len(text) < 600


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("rotation.handvoer", "unknown key 'handvoer'; did you mean 'handover'?"),
        ("rotation.handvoer.goal", "unknown key 'handvoer'"),
        ("contributors.Eland.tour", "contributors has no 'Eland'"),
        ("contributors.*.tuor", "the scenario has nothing like that"),
        ("contributors.Bland.forces.7.units", "there is no 7"),
        ("contributors..tour", "single dots"),
    ],
)
def test_a_path_that_leads_nowhere_is_told_before_anything_is_typed(
    client: TestClient, path: str, message: str
) -> None:
    state = {"scenario": "mine", "mandate": "first", "settings": [[path, ""]]}
    answer = client.post("/written", json=state)
    assert answer.status_code == 422
    (issue,) = answer.json()["issues"]
    assert issue["path"] == path and message in issue["told"]


# -- Figures -------------------------------------------------------------------------------------


def test_the_saved_file_gives_the_figures_of_the_page(client: TestClient, tmp_path: Path) -> None:
    state = {"scenario": "mine", "mandate": "first", "settings": list(MOVED.items())}
    saved = client.post("/save", json=state).json()
    assert saved["name"] == "mine-changed.yaml"
    original = written(tmp_path)
    path = tmp_path / saved["name"]
    path.write_text(saved["text"], "utf-8")
    fresh = load(path)
    table = run(fresh).tables["summary"]
    page = result_of(changed(load(original), list(MOVED.items())), "first").tables["summary"]
    mine = [at for at, mandate in enumerate(table["mandate"]) if mandate == "first"]
    assert len(mine) == 2
    for name, values in page.items():
        assert repr(values) == repr([table[name][at] for at in mine]), name
    assert 0 < page["p_feasible"][1] < page["p_feasible"][0] < 1
    told = asked(client, MOVED).json()
    assert told["replications"] == told["wanted"] == 600
    for row, at in zip(told["sizes"], mine, strict=True):
        saved_row = {name: values[at] for name, values in table.items()}
        assert row["size"] == saved_row["force_size"]
        assert row["outright"] == interval(saved_row, "p_feasible")
        assert row["if authorised"] == interval(saved_row, "p_feasible_if_authorised")
        assert row["verdict"] == saved_row["verdict"]
    # The guard: another seed gives other figures.
    assert asked(client, MOVED | {"run.seed": "12"}).json()["sizes"] != told["sizes"]


def test_the_tables_are_those_of_a_run_of_all_mandates() -> None:
    scenario = Scenario(**everything())
    whole = run(scenario, replications=300)
    for mandate in ("first", "second"):
        own = result_of(scenario, mandate, 300)
        for name in ("summary", "contributors", "contingents"):
            table = whole.tables[name]
            places = [at for at, value in enumerate(table["mandate"]) if value == mandate]
            for column, values in own.tables[name].items():
                assert repr(values) == repr([table[column][at] for at in places])


def test_what_was_moved_is_a_judgement(mine: Path) -> None:
    original = load(mine)
    moved = changed(original, list(MOVED.items()))
    text = file_of(original, moved, mine)
    assert f'extends: ["{mine.name}"]' in text
    path = mine.parent / "again.yaml"
    path.write_text(text, "utf-8")
    table = sources_of(load(path).data)
    path.unlink()
    told = {
        f"{place}: {figure}"
        for place, figure, judgement in zip(
            table["path"], table["figure"], table["judgement"], strict=True
        )
        if judgement
    }
    stance = "contributors.Aland.participation.alliance"
    assert f"{stance}: probability.else.then: 0.72" in told
    assert f"{stance}: probability.else.else: 0.1" in told
    assert "contributors.Cland: forces.0.units: 3" in told
    assert "mandates.first.authorisation.decided_by.Council: consents: 0.95" in told
    assert "will: correlation: 0.6" in told
    assert ": rotation.handover: 2 weeks" in told
    assert not any("seed" in figure for figure in told)  # says nothing about the world
    assert "a list" in table["source"]  # what was sourced before still is
    assert "contributors.Aland: units" not in told


def test_a_file_that_would_say_something_else_is_not_saved(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sim.serve import changes

    original = load(mine)
    moved = changed(original, [("will.correlation", "0.6")])
    monkeypatch.setattr(changes, "_replaced", lambda *_: [(("will", "correlation"), 0.2, 0.5)])
    with pytest.raises(SimError, match="cannot be written"):
        file_of(original, moved, mine)


def test_a_removed_key_stays_removed(mine: Path, tmp_path: Path) -> None:
    original = load(mine)
    moved = changed(original, [("contributors.Bland.participation.alliance.at_most", "null")])
    path = written(tmp_path).with_name("removed.yaml")
    path.write_text(file_of(original, moved, mine), "utf-8")
    assert load(path).hash == moved.hash != original.hash


def test_every_estimate_has_its_interval(client: TestClient) -> None:
    told = asked(client, {}).json()
    estimates = [row[key] for row in told["sizes"] for key in ("if authorised", "outright")]
    estimates += [row["told"] for row in told["binding"]] + [told["authorised"]]
    assert len(estimates) > 6
    assert all(value.endswith(")") and "%" in value for value in estimates)
    cells = [cell for rows in told["contributors"].values() for row in rows for cell in row[1:]]
    assert len(cells) > 20
    assert all("±" in cell or "%" in cell for cell in cells)


def test_nobody_sent_and_nobody_asked(client: TestClient) -> None:
    told = asked(client, {}, mandate="nobody").json()
    assert told["sentences"] == ["Nobody is sent."]
    assert told["sizes"] == told["feasibility"] == []
    assert client.get("/?scenario=mine&mandate=nobody").status_code == 200


def test_a_scenario_without_a_seed_has_one_for_all_tabs(tmp_path: Path) -> None:
    path = written(tmp_path, "unseeded", run={"replications": 300})
    with TestClient(application({"u": path}, (), TOKEN, PORT), base_url=HOST) as client:
        client.get(f"/?token={TOKEN}")
        state = {"scenario": "u", "mandate": "first", "settings": [], "replications": 300}
        first, second = (client.post("/answer", json=state).json() for _ in range(2))
        assert first == second
        path.with_name("saved.yaml").write_text(client.post("/save", json=state).json()["text"])
    saved = run(load(path.with_name("saved.yaml"))).tables["summary"]
    assert first["sizes"][0]["outright"] == interval(
        {k: v[0] for k, v in saved.items()}, "p_feasible"
    )


def test_what_nobody_waits_for_is_abandoned() -> None:
    scenario = Scenario(**everything(run={"replications": 30_000, "seed": 1}))
    with pytest.raises(Abandoned):
        result_of(scenario, "first", gone=lambda: True)
    looked: list[int] = []

    def later() -> bool:
        looked.append(1)
        return len(looked) > 2

    with pytest.raises(Abandoned):
        result_of(scenario, "first", gone=later)
    assert len(looked) == 3  # and not all the parts there are


def test_what_other_processes_compute_is_abandoned_in_the_middle() -> None:
    scenario = Scenario(**everything(run={"replications": 30_000, "seed": 1}))

    class Endless(Executor):
        def submit(self, *_: Any, **__: Any) -> Future[Any]:
            return given.setdefault(len(given), Future())

    given: dict[int, Future[Any]] = {}
    asked_at: list[int] = []

    def gone() -> bool:
        asked_at.append(1)
        return len(asked_at) > 1

    with pytest.raises(Abandoned):
        result_of(scenario, "first", executor=Endless(), gone=gone)
    assert given and all(future.cancelled() for future in given.values())


def test_large_runs_are_carried_by_other_processes_to_the_same_figures(mine: Path) -> None:
    app = application({"mine": mine}, (), TOKEN, PORT, workers=2)
    with TestClient(app, base_url=HOST) as client:
        client.get(f"/?token={TOKEN}")
        spread = asked(client, {"run.replications": str(server.QUICK + 100)}).json()
    moved = changed(load(mine), [("run.replications", str(server.QUICK + 100))])
    assert spread["sizes"] == shown(result_of(moved, "first"))["sizes"]


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def comes_to(pid: int, stopped: bool) -> bool:
    until = time.monotonic() + 10
    while (state_of(pid) == "T") is not stopped and time.monotonic() < until:
        time.sleep(0.05)
    return (state_of(pid) == "T") is stopped


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="it looks at processes")
def test_processes_stand_still_while_somebody_waits() -> None:
    background = Background(1)
    with background.paused():  # before there are any
        pid = background.executor().submit(os.getpid).result(30)
    try:
        with background.paused():
            assert comes_to(pid, stopped=True)
            with background.paused():  # in another tab
                pass
            assert state_of(pid) == "T"
            unfinished = background.executor().submit(os.getpid)
        assert comes_to(pid, stopped=False)
        assert unfinished.result(30) == pid
    finally:
        with background.paused():
            background.close()  # also what stands still has an end
    assert not Path(f"/proc/{pid}").exists()


def test_quick_figures_have_one_size_in_detail(mine: Path) -> None:
    app = application({"mine": mine}, (), TOKEN, PORT)
    with TestClient(app, base_url=HOST) as client:
        client.get(f"/?token={TOKEN}")
        state = {"scenario": "mine", "mandate": "first", "settings": []}

        def told(**more: Any) -> Any:
            return client.post("/answer", json=state | more).json()

        quick = told(replications=100, quick=True, size=40_000)
        largest = str(max(row["size"] for row in quick["sizes"]))
        chosen = told(replications=100, quick=True, size=int(largest))
        whole = told(replications=100, quick=False)
    assert len(quick["sizes"]) == len(whole["sizes"]) == 2
    for name in ("contingents", "contributors"):
        assert list(whole[name]) == [str(row["size"]) for row in whole["sizes"]]
        shown_first = str(whole["shown"])
        assert shown_first != largest
        assert quick[name] == {shown_first: whole[name][shown_first]}
        assert chosen[name] == {largest: whole[name][largest]}
    same = set(whole) - {"contingents", "contributors"}
    assert all(quick[name] == chosen[name] == whole[name] for name in same)


def test_processes_end_at_once_though_much_was_begun_and_cancelled() -> None:
    before = set(threading.enumerate())
    background = Background(1)
    pool = background.executor()
    assert pool.submit(os.getpid).result(30)
    asked = [pool.submit(time.sleep, 600) for _ in range(6)]
    while not asked[0].running():
        time.sleep(0.01)
    assert asked[-1].cancel()  # a lost process would break the pool's own thread over this one
    with background.paused():
        background.close()
    assert all(future.done() for future in asked)
    assert isinstance(asked[0].exception(), BrokenExecutor)
    assert set(threading.enumerate()) <= before


def test_a_lost_process_costs_one_run() -> None:
    scenario = Scenario(**everything(run={"replications": 900_000, "seed": 1}))
    background = Background(1)
    try:
        pool = background.executor()
        assert background.executor() is pool
        lost = pool.submit(os._exit, 1)  # as where the memory runs out
        with pytest.raises(BrokenExecutor):
            lost.result(30)
        again = background.executor()
        assert again is not pool
        assert result_of(scenario, "first", 100, executor=again).run["replications"] == 100
        assert again.submit(os.nice, 0).result(30) == os.nice(0) + 10
    finally:
        background.close()


def test_at_the_end_nothing_waits_for_what_was_broken_off(mine: Path) -> None:
    desk = server._Desk({"mine": mine}, (), 2, lambda: True)
    long = Scenario(**everything(run={"replications": 900_000, "seed": 1}))

    found: list[str] = []

    def lost() -> None:
        with pytest.raises(SimError) as told:
            result_of(long, "first", executor=desk.background.executor())
        found.append(str(told.value))

    threads = [threading.Thread(target=lost, daemon=True) for _ in range(3)]

    async def closed() -> None:
        async with desk.lifespan(Starlette()):
            for thread in threads:
                thread.start()
            await asyncio.sleep(1.5)  # the first takes both processes, the others wait behind it

    asyncio.run(closed())
    for thread in threads:
        thread.join(20)
    assert len(found) == 3 and all("was lost" in told for told in found)


# -- Who may ask ---------------------------------------------------------------------------------


def test_without_the_key_nothing_is_told(client: TestClient, mine: Path) -> None:
    app = client.app
    with TestClient(app, base_url=HOST) as stranger:
        for path in ("/", "/page.js", "/vega.js", "/?token=", "/?token=wrong", "/?token=ä"):
            answer = stranger.get(path)
            assert answer.status_code == 403
            assert "mine" not in answer.text
        for path in ("/answer", "/written", "/save"):
            assert stranger.post(path, json={}).status_code == 403
        opened = stranger.get(f"/?token={TOKEN}&scenario=mine", follow_redirects=False)
        assert opened.status_code == 303
        assert opened.headers["location"] == "/?scenario=mine"  # the key does not stay in sight
        cookie = opened.headers["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=lax" in cookie and f"sim-{PORT}" in cookie


@pytest.mark.parametrize(
    "host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:1", "0.0.0.0:8123", ""]
)
def test_a_foreign_host_is_refused(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 400
    assert client.post("/answer", headers={"Host": host}, json={}).status_code == 400


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:1", f"https://127.0.0.1:{PORT}", ""]
)
def test_a_foreign_origin_is_refused(client: TestClient, origin: str) -> None:
    state = {"scenario": "mine", "mandate": "first", "settings": [], "replications": 10}
    for path in ("/answer", "/written", "/save"):
        assert client.post(path, headers={"Origin": origin}, json=state).status_code == 403
        assert client.post(path, headers={"Origin": HOST}, json=state).status_code == 200
    assert client.get("/", headers={"Origin": origin}).status_code == 403


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "mine.yaml", "", "%2e%2e/secret"])
def test_only_the_scenarios_named_at_the_start_are_opened(
    client: TestClient, mine: Path, name: str
) -> None:
    (mine.parent.parent / "secret.yaml").write_text(mine.read_text("utf-8"), "utf-8")
    assert client.get("/", params={"scenario": name}).status_code == 404
    assert asked(client, {}, scenario=name).status_code == 404
    assert client.get(f"/{name}").status_code in (200, 404)  # the empty name is the page
    assert client.get("/..%2f..%2fsecret.yaml").status_code == 404


def test_too_much_is_refused(client: TestClient) -> None:
    assert client.post("/answer", content=b" " * (LARGEST + 1)).status_code == 413

    def unmeasured() -> Iterator[bytes]:
        yield b"{}"

    assert client.post("/answer", content=unmeasured()).status_code == 413
    many = {f"a.b{at}": "1" for at in range(server.MOST_SETTINGS + 1)}
    assert asked(client, many).status_code == 413
    assert asked(client, {"will.correlation": "1" * server.LONGEST}).status_code == 413


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b'{"settings": 3}', b"[" * 5000, b'{"settings": [["a"]]}']
)
def test_what_is_no_state_is_refused(client: TestClient, content: bytes) -> None:
    assert client.post("/answer", content=content).status_code == 400
    assert client.post("/save", content=content).status_code == 400
    assert client.post("/written", content=content).status_code == 400


def test_every_answer_carries_the_policy(client: TestClient) -> None:
    for answer in (
        client.get("/"),
        client.get("/nothing"),
        client.get("/page.js"),
        asked(client, {"will.correlation": "7"}),
        client.get("/", headers={"Host": "evil.example"}),
    ):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe-eval" not in policy
        (scripts,) = [part for part in policy.split("; ") if part.startswith("script-src")]
        assert scripts == "script-src 'self'"
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in answer.headers


def test_titles_and_names_stay_text(tmp_path: Path) -> None:
    hostile = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
    path = written(tmp_path, title=hostile, summary=hostile)
    with TestClient(application({"mine": path}, (), TOKEN, PORT), base_url=HOST) as client:
        page = client.get(f"/?token={TOKEN}").text
        assert "<img" not in page and "alert(1)</script>" not in page
        assert page.count("<script") == 3
        state = {"scenario": "mine", "mandate": "first", "settings": [["will.correlation", "0.5"]]}
        saved = path.with_name("saved.yaml")
        saved.write_text(client.post("/save", json=state).json()["text"], "utf-8")
    assert load(saved).title == f"{hostile}, changed"


def test_a_broken_scenario_is_told_and_the_others_stay_open(client: TestClient) -> None:
    page = client.get("/?scenario=broken")
    assert page.status_code == 422
    assert "broken.yaml:" in page.text and "<option>mine</option>" in page.text
    assert client.get("/?scenario=mine").status_code == 200


# -- The command ---------------------------------------------------------------------------------


def test_scenarios_are_files_or_the_files_of_a_folder(tmp_path: Path) -> None:
    one, two = written(tmp_path, "one"), written(tmp_path, "two")
    (tmp_path / "library").mkdir()
    written(tmp_path / "library", "part")
    assert listening.scenarios_of([tmp_path]) == {"one": one, "two": two}
    other = tmp_path / "other"
    other.mkdir()
    found = listening.scenarios_of([one, written(other, "one")])
    assert len(found) == 2 and all(name.endswith("one.yaml") for name in found)
    with pytest.raises(SimError, match="holds no scenario"):
        (tmp_path / "empty").mkdir()
        listening.scenarios_of([tmp_path / "empty"])
    with pytest.raises(ScenarioError, match="no such file"):
        listening.scenarios_of([tmp_path / "none.yaml"])


def test_help_and_a_folder_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = CliRunner().invoke(cli, ["serve", "--help"], env={"COLUMNS": "60"})
    assert told.exit_code == 0 and "127.0.0.1" in told.output
    assert "--host" not in told.output  # there is no way to listen elsewhere
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["serve"])
    assert ended.value.code == 2
    assert "name a scenario" in capsys.readouterr().err


def test_a_port_that_is_taken(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as ended:
            main(["serve", str(mine), "--no-browser", "--port", str(port)])
    assert ended.value.code == 2
    assert f"port {port} cannot be used" in capsys.readouterr().err


@pytest.mark.parametrize("library", ["uvicorn", "starlette.applications", "vl_convert", "jinja2"])
def test_without_the_extra_it_says_what_to_install(
    mine: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, "sim.serve.server")
    with pytest.raises(SimError, match=r"peacekeeping-sim\[serve\]"):
        listening.serve({"mine": mine}, opened=lambda _: None)


def test_it_listens_on_the_loopback_and_ends_cleanly(mine: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "sim", "serve", str(mine), "--no-browser"]
    with subprocess.Popen(
        [*command, "--port", "0", "--workers", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as served:
        assert served.stdout and served.stderr
        address = served.stdout.readline().split()[1]
        assert address.startswith("http://127.0.0.1:")
        port = int(address.split(":")[2].split("/")[0])
        with socket.create_connection(("127.0.0.1", port), timeout=10):
            pass
        for elsewhere in ("127.0.0.2", own_address()):
            with pytest.raises(OSError):
                socket.create_connection((elsewhere, port), timeout=2)
        served.send_signal(2)
        assert served.wait(20) == 0
        assert "Ctrl-C ends it" in served.stdout.read()
        assert served.stderr.read() == ""


def own_address() -> str:
    """An address of this machine that others could use; the loopback's other end without any."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return "127.0.0.3"
        return str(probe.getsockname()[0])
