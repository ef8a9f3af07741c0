"""The page with levers in a browser: what moves, what is told, what is saved."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from browser import Opened, launched
from test_report import violations
from test_serve import everything, written

from sim.results.words import interval
from sim.running.runner import run
from sim.scenario.scenario import Scenario, load

pytest.importorskip("starlette", reason="pip install 'peacekeeping-sim[serve]'")
pytest.importorskip("uvicorn", reason="pip install 'peacekeeping-sim[serve]'")

PLEDGES = "contributors.*.participation.alliance.probability"
SIZES = [300, 600, 900, 1200]


@contextmanager
def served(*files: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A page on any port, ended as a person would; it must end in peace."""
    command = [sys.executable, "-W", "error", "-m", "sim", "serve", *map(str, files)]
    with subprocess.Popen(
        [*command, "--no-browser", "--port", "0", "--workers", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout and process.stderr
        line = process.stdout.readline()
        try:
            yield line.split()[1], process
        finally:
            if process.poll() is None:
                process.send_signal(2)
            try:
                assert process.wait(30) == 0
            finally:
                process.kill()
            assert process.stderr.read() == ""


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    force = {"sizes": SIZES, "capabilities": {"infantry": 1.0}}
    folder = tmp_path_factory.mktemp("scenarios")
    return written(folder, force=force, run={"replications": 2000, "seed": 7})


@pytest.fixture(scope="module")
def address(mine: Path) -> Iterator[str]:
    other = written(mine.parent, "other", title="Another", run={"replications": 200, "seed": 1})
    with served(mine, other) as (found, _):
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as running:
        yield running


@pytest.fixture
def opened(browser: Any, address: str) -> Iterator[Opened]:
    with Opened(browser, address) as page:
        yield page


def lever(page: Any, path: str) -> Any:
    return page.locator(f'.lever[data-path="{path}"]')


def type_in(page: Any, path: str, text: str) -> None:
    place = lever(page, path)
    fold = place.locator("xpath=ancestor::details[not(@open)]")
    if fold.count():
        fold.locator("summary").click()
    field = place.locator("[type=text]")
    field.fill(text)
    field.press("Tab")


def settled(page: Any) -> None:
    page.wait_for_selector("html[data-ready=yes]", timeout=30_000)


def table(page: Any) -> list[list[str]]:
    found: list[list[str]] = page.eval_on_selector_all(
        "#sizes tbody tr", "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )
    return found


def figures(scenario: Scenario, mandate: str = "first") -> list[list[str]]:
    """What the table should say, by `sim.run`."""
    columns = run(scenario).tables["summary"]
    rows = [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]
    return [
        [
            f"{row['force_size']:,}",
            interval(row, "p_feasible_if_authorised"),
            interval(row, "p_feasible"),
            row["verdict"],
        ]
        for row in rows
        if row["mandate"] == mandate
    ]


def curve(page: Any) -> str:
    return str(page.inner_html("[data-chart=feasibility]"))


def save(page: Any, folder: Path) -> Path:
    with page.expect_download() as waiting:
        page.click("#save")
    target = folder / str(waiting.value.suggested_filename)
    waiting.value.save_as(target)
    return target


def test_it_shows_what_sim_run_gives(opened: Opened, mine: Path, address: str) -> None:
    assert table(opened.page) == figures(load(mine))
    assert "2,000 replications. Authorised in" in opened.page.inner_text("#status")
    home = address.split("?")[0]
    assert all(url.startswith((home, "data:")) for url in opened.requests)
    assert opened.complaints == []
    assert opened.page.url == home  # without the key


def test_levers_move_the_figures_and_the_file_gives_them_back(
    opened: Opened, mine: Path, tmp_path: Path
) -> None:
    page = opened.page
    before, figures_before = curve(page), table(page)
    page.evaluate(
        "() => { window.told = []; new MutationObserver(() => window.told.push("
        "document.querySelector('#status').textContent)).observe("
        "document.querySelector('#status'), { childList: true }); }"
    )
    slider = lever(page, PLEDGES).locator("[type=range]")
    slider.focus()
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    assert slider.get_attribute("aria-valuetext") == "×0.8"
    assert lever(page, PLEDGES).locator("[type=text]").input_value() == "×0.8"
    type_in(page, "contributors.Bland.tour", "5 months")
    settled(page)
    told = page.evaluate("window.told")
    assert any("Quick figures: " in text and "intervals are wide" in text for text in told)
    assert told[-1].startswith("2,000 replications.")
    assert curve(page) != before and table(page) != figures_before
    assert "2,000 replications, the same futures" in page.inner_text("#based")
    path = save(page, tmp_path)
    (tmp_path / mine.name).write_bytes(mine.read_bytes())
    assert path.name == "mine-changed.yaml"
    saved = load(path)
    assert saved.data["contributors"]["Bland"]["tour"] == "5 months"
    assert table(page) == figures(saved)
    assert opened.complaints == []
    page.click("#undo")
    settled(page)
    assert table(page) == figures_before
    assert page.locator(".lever.moved").count() == 0


def test_a_link_carries_the_state_and_two_tabs_are_apart(opened: Opened) -> None:
    page = opened.page
    type_in(page, "will.correlation", "0.9")
    page.fill("#path", "rotation.handover")
    page.click("#add button")
    type_in(page, "rotation.handover", "3 weeks")
    page.select_option("#reading", "outright")
    page.select_option("#size", "900")
    other = opened.context.new_page()
    other.goto(page.url)
    type_in(page, "will.correlation", "0")  # both at once
    for tab in (page, other):
        settled(tab)
    assert lever(other, "will.correlation").locator("[type=range]").input_value() == "0.9"
    assert lever(other, "rotation.handover").locator("[type=text]").input_value() == "3 weeks"
    assert other.input_value("#reading") == "outright" and other.input_value("#size") == "900"
    scenario = Scenario(**everything())
    changes = {"will.correlation": 0.9, "rotation.handover": "3 weeks"}
    force = {"sizes": SIZES, "capabilities": {"infantry": 1.0}}
    scenario = Scenario(**everything(force=force, run={"replications": 2000, "seed": 7}))
    for path, value in changes.items():
        scenario = scenario.with_(path, value)
    assert table(other) == figures(scenario)
    assert table(page) == figures(scenario.with_("will.correlation", 0))
    assert table(page) != table(other)
    other.evaluate("() => { location.hash = 'set=will.correlation%3D0' }")
    other.wait_for_selector('.lever[data-path="rotation.handover"]:not(.moved)')
    settled(other)
    assert table(other) == figures(scenario.with_("rotation", None).with_("will.correlation", 0))


def test_wrong_input_is_told_at_its_field_and_the_picture_stays(opened: Opened) -> None:
    page = opened.page
    before, picture = table(page), curve(page)
    type_in(page, "will.correlation", "often")
    field = lever(page, "will.correlation")
    field.locator("[aria-invalid=true]").wait_for()
    settled(page)
    assert "'often' is neither a number nor a distribution" in field.inner_text()
    assert "before this mistake" in page.inner_text("#mistake")
    assert page.locator("main.old").count() == 1
    assert table(page) == before and curve(page) == picture
    page.evaluate(  # in a part that is folded
        "() => { location.hash += '&set=contributors.Bland.tour%3D8+fortnights' }"
    )
    lever(page, "contributors.Bland.tour").locator("[aria-invalid=true]").wait_for()
    assert lever(page, "contributors.Bland.tour").is_visible()
    page.click("#save")  # tells the same
    assert field.locator("[aria-invalid=true]").count() == 1
    type_in(page, "will.correlation", "0.2")
    type_in(page, "contributors.Bland.tour", "")
    settled(page)
    assert page.locator("[aria-invalid]").count() == 0
    assert page.locator("main.old").count() == 0 and not page.is_visible("#mistake")
    assert table(page) == before


def test_a_path_of_ones_own_shows_what_is_written_there(opened: Opened) -> None:
    page = opened.page

    def add(path: str, shown: str) -> None:
        page.fill("#path", path)
        page.click("#add button")
        lever(page, path).get_by_text(shown, exact=True).wait_for(timeout=5_000)

    add("contributors.Cland.forces.infantry.units", "written: 5")
    add("rotation.handover", "nothing is written, a default holds")
    add("rotation.handvoer", "unknown key 'handvoer'; did you mean 'handover'?")
    type_in(page, "rotation.handvoer", "2 weeks")
    wrong = lever(page, "rotation.handvoer")
    wrong.locator("[aria-invalid=true]").wait_for()
    assert wrong.inner_text().count("did you mean") == 1 and "?." not in wrong.inner_text()
    field = wrong.locator("[type=text]")
    assert page.locator(f"#{field.get_attribute('aria-describedby')}").count() == 1
    wrong.get_by_text("Remove").click()
    add("rotation.mobilisation", "nothing is written, a default holds")
    ids = page.eval_on_selector_all("#others input", "all => all.map(field => field.id)")
    assert len(set(ids)) == len(ids) == 3
    assert [note for note in opened.complaints if "422" not in note] == []


def test_every_slider_stands_where_its_field_does(opened: Opened) -> None:
    apart = opened.page.eval_on_selector_all(
        "main .lever:has([type=range])",
        """all => all.map(lever => [lever.dataset.path, lever.querySelector("[type=range]"),
            lever.querySelector("[type=text]").value])
            .filter(([, range, text]) => range.dataset.before + range.value + range.dataset.after
                !== text).map(([path, range, text]) => [path, range.value, text])""",
    )
    assert apart == []


def test_another_mandate_keeps_what_was_moved(opened: Opened) -> None:
    page = opened.page
    type_in(page, "will.correlation", "0.7")
    page.select_option("#choice [name=mandate]", "second")
    page.wait_for_url("**mandate=second**")
    settled(page)
    assert lever(page, "will.correlation").locator("[type=text]").input_value() == "0.7"
    assert lever(page, "contributors.Cland.tour").count() == 0  # is excluded
    page.select_option("#choice [name=mandate]", "nobody")
    page.wait_for_url("**mandate=nobody**")
    settled(page)
    assert "Nobody is sent." in page.inner_text("#verdict")
    page.select_option("#choice [name=scenario]", "other")
    page.wait_for_url("**scenario=other")
    settled(page)
    assert page.inner_text("h1") == "Another"
    assert page.locator(".moved").count() == 0
    assert opened.complaints == []


@pytest.mark.parametrize("width", [400, 1280])
def test_axe_finds_nothing_and_nothing_sticks_out(browser: Any, address: str, width: int) -> None:
    with Opened(browser, address, width, bypass_csp=True) as checked:
        page = checked.page
        page.eval_on_selector_all("details", "all => all.forEach(d => { d.open = true })")
        type_in(page, "will.correlation", "often")
        page.fill("#path", "rotation.handover")
        page.click("#add button")
        page.wait_for_selector("[aria-invalid=true]")
        assert violations(checked) == []
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0
        # Where everything stands below one another, the curve stays in sight of the levers.
        lever(page, "run.seed").locator("[type=text]").scroll_into_view_if_needed()
        seen = page.evaluate("document.querySelector('#curve').getBoundingClientRect().bottom")
        assert 0 < seen < 900 or width > 1000


def test_the_guard_sees_a_lever_without_a_name(browser: Any, address: str) -> None:
    with Opened(browser, address, bypass_csp=True) as checked:
        checked.page.evaluate(
            "document.querySelector('[type=range]').removeAttribute('aria-label')"
        )
        assert "label" in " ".join(violations(checked))


def test_what_was_shown_before_is_shown_again_at_once(browser: Any, tmp_path: Path) -> None:
    long = written(tmp_path, run={"replications": 900_000, "seed": 1})
    with served(long) as (address, _):
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector("#sizes tbody tr", timeout=30_000)
        type_in(page, "will.correlation", "0.4")
        page.wait_for_selector("#based:not(:empty)", state="attached")
        page.route("**/answer", lambda route: None)  # from now on nothing is answered
        page.click("#undo")
        page.wait_for_selector("#based:empty", state="attached", timeout=5_000)
        assert "Catching up" not in page.inner_text("#status")
        page.close()


def test_it_ends_in_the_middle_of_a_long_run_and_the_page_says_so(
    browser: Any, tmp_path: Path
) -> None:
    long = written(tmp_path, run={"replications": 900_000, "seed": 1})
    with served(long) as (address, process):
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector("#sizes tbody tr", timeout=30_000)
        assert "900,000 are being computed" in page.inner_text("#status")
        type_in(page, "will.correlation", "0.4")  # whose run waits behind the one now stale
        page.wait_for_selector("#based:not(:empty)", state="attached")
        page.wait_for_timeout(500)
        process.send_signal(2)
        assert process.wait(30) == 0
        type_in(page, "will.correlation", "0.5")
        page.wait_for_selector("#mistake:not([hidden])")
        assert "does not answer any more" in page.inner_text("#mistake")
        assert page.locator("main.old").count() == 1
        page.close()
