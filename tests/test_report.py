"""The page: what it says, that nothing in it can run or reach out, and that a browser shows it."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from browser import Opened, launched
from builders import decided, nation, scenario
from click.testing import CliRunner

import sim
from sim.analysis.sources import sources_of
from sim.cli import cli, main
from sim.errors import SimError
from sim.report import page as pages
from sim.report.answers import answer, compared
from sim.report.cases import cases_of
from sim.report.detail import MOST_CELLS, detail
from sim.report.extras import extras_of
from sim.report.page import page, write_report
from sim.report.stress import stress
from sim.results.files import to_csv
from sim.results.result import Result
from sim.results.tables import rows_of
from sim.running.runner import run

SCRIPT = "</script><script>document.title='taken'</script>"
HOSTILE = f"{SCRIPT}<img src=x onerror=alert(1)>\u2028\u2029{{{{ 7 * 7 }}}} $x$ 'q' \"d\" & <!--"
NAME = "<img src=x onerror=alert(2)>"


def small(replications: int = 120, **changes: Any) -> Result:
    """Two mandates, four contributors, two sizes; of each thing that the page shows something."""
    either = decided("unanimous", Council=0.6)["force"]
    mandates = {"first": either, "second": {"kind": "alliance"}, "nobody": {"kind": "none"}}
    source = {"figure": "units", "source": f"https://example.org/a {HOSTILE}", "confidence": "high"}
    people = {
        "Aland": nation(6, probability=0.9, army=5000, sources=[source]),
        "Borduria": nation(8, probability=0.7, army=9000),
        NAME: nation(3, probability=0.5, army=800),
        "Zembla": nation(2, probability=0.0),
    }
    plain: dict[str, Any] = {
        "title": "A test",
        "force": {"sizes": [400, 900], "capabilities": {"infantry": 1.0}},
        "mandates": mandates,
        "contributors": people,
    }
    return run(scenario(**(plain | changes)), replications=replications, seed=5)


@pytest.fixture(scope="module")
def result() -> Result:
    return small(title=HOSTILE, summary=HOSTILE)


@pytest.fixture(scope="module")
def folder(result: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return result.save(tmp_path_factory.mktemp("results") / "mine")


@pytest.fixture(scope="module")
def written(folder: Path) -> Path:
    (path,) = write_report([folder])
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as running:
        yield running


# -- What the file holds -------------------------------------------------------------------------


class Elements(HTMLParser):
    """Every element with its attributes, and every text, as a browser would read them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.lasttag != "script":
            self.texts.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def test_names_and_titles_stay_text(written: Path) -> None:
    read = Elements(written.read_text("utf-8"))
    assert len(read.named("script")) == 3
    assert not read.named("img") and not read.named("iframe") and not read.named("object")
    for tag, attributes in read.elements:
        assert not [name for name in attributes if name.startswith("on")], tag
    assert HOSTILE in " ".join(read.texts).replace("\n", " ") or HOSTILE in "".join(read.texts)
    assert read.elements.count(("html", {"lang": "en"})) == 1


def test_the_guard_sees_a_page_that_does_not_escape() -> None:
    read = Elements(f"<html><h1>{HOSTILE}</h1></html>")
    assert read.named("script") and read.named("img")


def test_nothing_is_fetched(written: Path) -> None:
    read = Elements(written.read_text("utf-8"))
    for tag, attributes in read.elements:
        for name in ("src", "srcset", "action", "data", "poster"):
            assert (attributes.get(name) or "data:").startswith("data:"), tag
        address = attributes.get("href") or "#"
        allowed = ("#", "data:", "https://example.org/") if tag == "a" else ("data:", "#")
        assert address.startswith(allowed), address
    style = re.search(r"<style>(.*?)</style>", written.read_text("utf-8"), re.DOTALL)
    assert style and "url(" not in style[1] and "@import" not in style[1]


def test_the_policy_allows_these_scripts_and_no_other(written: Path) -> None:
    text = written.read_text("utf-8")
    read = Elements(text)
    (policy,) = [a["content"] for a in read.named("meta") if a.get("http-equiv")]
    assert policy and policy.startswith("default-src 'none'")
    assert "unsafe-eval" not in policy
    (scripts,) = [part for part in policy.split(";") if part.strip().startswith("script-src")]
    assert "unsafe-inline" not in scripts
    found = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    sums = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in found]
    assert scripts.split()[1:] == [f"'sha256-{value}'" for value in sums]


def test_the_page_is_small_and_always_the_same(result: Result, written: Path) -> None:
    assert written.stat().st_size < 6_000_000
    extras = {"mine": extras_of(written.parent)}
    assert page({"mine": result}, extras) == page({"mine": result}, extras)


def test_the_figures_are_those_of_the_tables(result: Result, written: Path) -> None:
    text = written.read_text("utf-8")
    payload = re.search(r'<script type="application/json" id="payload">(.*?)</script>', text)
    assert payload
    data = json.loads(payload[1])["data"]
    table = {(row["mandate"], row["force_size"]): row for row in rows_of(result.tables["summary"])}
    for name in ("first", "second"):
        for row in data["feasibility"][name]:
            column = {"if authorised": "p_feasible_if_authorised", "outright": "p_feasible"}
            expected = table[(name, row["size"])][column[row["reading"]]]
            assert row["p"] == pytest.approx(expected, rel=1e-5)
        for size in ("400", "900"):
            packed = data["funnel"][name][size]
            last = dict(zip(packed["fields"], packed["rows"][-1], strict=True))
            assert last["p"] == pytest.approx(table[(name, int(size))]["p_feasible"], rel=1e-5)
            assert last["low"] <= last["p"] <= last["high"]
            failed = sum(r["share"] for r in data["binding"][name] if r["size"] == int(size))
            feasible = table[(name, int(size))]["p_feasible_if_authorised"]
            assert failed == pytest.approx(1 - feasible, abs=1e-4)
    assert [case["name"] for case in data["cases"]] == ["first", "second"]
    assert {row[0] for row in data["nations"]["second"]["400"]} == {
        *("Aland", "Borduria", "Zembla", NAME)
    }


def test_many_sizes_are_thinned(result: Result) -> None:
    many = small(
        20,
        force={
            "sizes": {"from": 100, "to": 9000, "step": 100},
            "capabilities": {"infantry": 1.0},
        },
        contributors={"Aland": nation(5)},
        mandates={"m": {"kind": "alliance"}},
    )
    data = detail(cases_of({"": many}))
    (case,) = data["cases"]
    assert len(case["sizes"]) <= MOST_CELLS + 1
    assert {100, 9000, case["shown"]} <= set(case["sizes"])
    assert len(data["feasibility"]["m"]) == 2 * 90  # the curve has them all


# -- What it says --------------------------------------------------------------------------------


def words(result: Result) -> dict[str, str]:
    return {case.name: " ".join(answer(case)) for case in cases_of({"": result})}


def test_the_answer_says_which_size_and_how_surely(result: Result) -> None:
    told = words(result)
    assert told["nobody"].startswith("Nobody is sent.")
    for name in ("first", "second"):
        assert re.search(r"\d+% \(\d+-\d+\)", told[name])
        assert "80%" in told[name]
    sure: dict[str, Any] = {
        "contributors": {"Aland": nation(20)},
        "mandates": {"m": {"kind": "alliance"}},
    }
    assert "Up to 900 soldiers are feasible" in words(small(**sure))["m"]
    assert "the largest that was tried" in words(small(**sure))["m"]
    few = sure | {"contributors": {"Aland": nation(5)}}
    assert re.search(r"Up to 400 .* at that size, 0% \(0-3\) at 900", words(small(**few))["m"])
    none = sure | {"contributors": {"Aland": nation(1)}}
    assert "No size that was tried (400 to 900 soldiers)" in words(small(**none))["m"]
    assert "most often pool" in words(small(**none))["m"]
    never = sure | {"mandates": decided("unanimous", Council=0.0)}
    assert "never authorised" in words(small(**never))["force"]


def test_an_open_verdict_is_said_to_be_open() -> None:
    even: dict[str, Any] = {"contributors": {"Aland": nation(20, probability=0.8)}}
    told = words(small(**even, mandates={"m": {"kind": "alliance"}}))["m"]
    assert "cannot tell" in told


def test_results_stand_side_by_side(result: Result, folder: Path, tmp_path: Path) -> None:
    other = small(force={"sizes": [900, 1200], "capabilities": {"infantry": 1.0}})
    other_folder = other.save(tmp_path / "other")
    (path,) = write_report([folder, other_folder], tmp_path / "both.html")
    text = path.read_text("utf-8")
    assert "mine: first" in text and "other: first" in text
    rows = compared(cases_of({"mine": result, "other": other}))
    assert [row["size"] for row in rows] == [400, 900, 1200]
    assert [cell["verdict"] for cell in rows[0]["cells"]][2:] == ["not tried"] * 2


def test_folders_of_one_name_are_told_apart(result: Result, tmp_path: Path) -> None:
    folders = [result.save(tmp_path / place / "mine") for place in ("a", "b")]
    (path,) = write_report(folders, tmp_path / "both.html")
    assert "a/mine: first" in path.read_text("utf-8")
    with pytest.raises(SimError, match="named twice"):
        write_report([folders[0], folders[0]])


def test_sources_are_told(result: Result, written: Path) -> None:
    assert sources_of(result.run["inputs"])["path"] == ["contributors.Aland"]
    text = written.read_text("utf-8")
    assert "1 entries" in text or "1 entry" in text
    assert 'href="https://example.org/a"' in text
    bare = page({"": small(contributors={"Aland": nation()})})
    assert "names no sources" in bare


def test_the_checklist_is_filled_from_the_run(result: Result) -> None:
    items = {item.name: item.text for item in stress(result, 3, 1)}
    sections = [item.section for item in stress(result, 3, 1)]
    assert list(dict.fromkeys(sections)) == [
        "1. Objectives", "2. Logic", "3. Data", "4. Experimentation", "5. Implementation",
        "6. Code access",
    ]  # fmt: skip
    assert items["1.1 Purpose of the model"] == HOSTILE
    assert "seed 5" in items["5.2 Random sampling"]
    assert "PCG64DXSM" in items["5.2 Random sampling"]
    assert "120 independent replications" in items["4.3 Estimation approach"]
    assert "numpy" in items["5.1 Software or programming language"]
    assert "30 weeks" in items["4.2 Run length"]
    assert "3 entries" in items["3.1 Data sources"] and "1 of them" in items["3.1 Data sources"]
    bare = {item.name: item.text for item in stress(small(), 0, 0)}
    assert bare["1.1 Purpose of the model"] == bare["3.1 Data sources"] == "Not stated."


def test_further_analyses_are_shown_where_they_are(result: Result, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "more")
    (folder / "drivers.csv").write_text(f"input,pawn\n{NAME},0.51234567\n")
    (folder / "waterfall.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    text = write_report([folder])[0].read_text("utf-8")
    assert "0.5123" in text
    assert "made by <code>sim coalition" in text and "made by <code>sim drivers RES" in text
    (image,) = Elements(text).named("img")
    assert str(image["src"]).startswith("data:image/svg+xml;base64,")
    (folder / "drivers.csv").write_text("a,b\n1\n")
    with pytest.raises(SimError, match=r"drivers\.csv"):
        write_report([folder])


# -- Driven by another model ---------------------------------------------------------------------


def stepped(*names: str) -> Result:
    """One mandate and size in few futures, where another model sets these to nothing."""
    whole = scenario(contributors={"Aland": nation(12, probability=0.7)})
    model = sim.Model(whole, size=900, replications=60, seed=5)
    for _ in model:
        for name in names:
            setattr(model, name, 0)
    return model.result()


def told_in(text: str, section: str) -> str:
    """The words of a section of the page."""
    [found] = re.findall(rf'<section id="{section}".*?</section>', text, re.DOTALL)
    return " ".join(" ".join(Elements(found).texts).split())


def test_a_result_that_another_model_drove_says_so_and_shows_no_command() -> None:
    text = page({"": stepped("participation", "losses")})
    assert "seed 5, driven by another model (losses, participation)" in text
    for section in ("assumptions", "reproduce", "stress"):
        assert "nother model set losses, participation" in told_in(text, section), section
    reproduce = told_in(text, "reproduce")
    assert "No command gives these figures again" in reproduce
    assert "sim run" not in reproduce and "sim.load" not in reproduce
    assert "where no other model sets anything" in reproduce


def test_beside_one_of_its_own_each_says_what_it_is() -> None:
    whole = scenario(contributors={"Aland": nation(12, probability=0.7)})
    text = page({"driven": stepped("losses"), "plain": run(whole, replications=60, seed=5)})
    reproduce = told_in(text, "reproduce")
    driven, plain = reproduce.split(" plain ", 1)
    assert "No command" in driven and "sim run" not in driven
    assert "sim run scenario.yaml --replications 60 --seed 5" in plain and "No command" not in plain
    assert told_in(text, "assumptions").count("nother model set") == 1


def test_what_is_shown_for_a_stepped_result_gives_its_figures_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    result = stepped()
    assert "another model" not in page({"": result}).split("<main>")[0]
    [code] = re.findall(r"<code>(scenario = .*?)</code>", page({"": result}), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    Path("scenario.yaml").write_text(json.dumps(result.run["inputs"]), "utf-8")
    load, again = html.unescape(code).splitlines()
    names: dict[str, Any] = {"sim": sim}
    exec(load, names)
    assert to_csv(eval(again, names).tables["summary"]) == to_csv(result.tables["summary"])


# -- The command ---------------------------------------------------------------------------------


def test_the_command_writes_page_and_pictures(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "page.html"
    done = CliRunner().invoke(cli, ["report", str(folder), "-o", str(out), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert told == {"page": str(out), "bytes": out.stat().st_size, "pictures": []}
    plain = CliRunner().invoke(cli, ["report", str(folder)], env={"COLUMNS": "60"})
    assert "report.html" in plain.output.replace("\n", "") and "MB" in plain.output


@pytest.mark.parametrize(
    ("name", "message"),
    [("my.yaml", "run it first: sim run"), ("nowhere", "not a results folder")],
)
def test_what_is_no_result_is_refused(
    name: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["report", str(tmp_path / name)])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_without_the_extra_it_says_what_to_install(
    result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(SimError, match=r"peacekeeping-sim\[report\]"):
        pages._library.__wrapped__()
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(SimError, match=r"peacekeeping-sim\[report\]"):
        page({"": result})


# -- In a browser --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def opened(browser: Any, written: Path) -> Iterator[Opened]:
    with Opened(browser, written.as_uri()) as page:
        yield page


def chosen(opened: Opened, mandate: str, size: int) -> None:
    opened.page.select_option("#force select.case", label=mandate)
    opened.page.select_option("#size", str(size))
    opened.settle()


def test_it_loads_without_a_complaint(opened: Opened, written: Path) -> None:
    assert opened.complaints == []
    assert opened.dialogs == []
    assert [r for r in opened.requests if not r.startswith("data:")] == [written.as_uri()]
    title = opened.page.title()
    assert title.startswith("</script><script>document.title=")


def test_every_chart_is_drawn(opened: Opened) -> None:
    chosen(opened, "second", 400)
    drawn = opened.page.eval_on_selector_all(
        ".chart",
        "all => all.map(c => [c.dataset.chart, c.querySelectorAll('svg path').length,"
        " c.parentElement.querySelector('[role=graphics-document]')?.ariaLabel || ''])",
    )
    assert len(drawn) == 7
    for name, marks, label in drawn:
        assert marks > 5, name
        assert len(label) > 30, f"{name} has no description"
    assert opened.complaints == []


def test_choices_change_the_charts(opened: Opened) -> None:
    def drawing(name: str) -> str:
        return str(opened.page.inner_html(f"div[data-chart={name}]"))

    chosen(opened, "first", 400)
    before = {name: drawing(name) for name in ("funnel", "strength", "binding", "feasibility")}
    chosen(opened, "second", 900)
    assert "second, 900 soldiers" in opened.page.inner_text("#chosen")
    for name in ("funnel", "strength", "binding"):
        assert drawing(name) != before[name]
    opened.page.select_option("#reading", "outright")
    opened.settle()
    assert drawing("feasibility") != before["feasibility"]
    opened.page.click("details[data-chart=funnel] summary")
    opened.page.wait_for_selector("details[data-chart=funnel] tbody tr")  # made when it opens
    assert opened.page.locator("details[data-chart=funnel] tbody tr").count() == 5
    assert opened.complaints == []


def test_a_tooltip_shows_names_as_text(opened: Opened) -> None:
    chosen(opened, "second", 400)
    bars = opened.page.locator("div[data-chart=burden] svg path[aria-roledescription=bar]")
    told = []
    for place in range(bars.count()):
        bars.nth(place).hover(force=True)
        opened.page.wait_for_selector("#vg-tooltip-element.visible")
        told.append(opened.page.inner_text("#vg-tooltip-element"))
    assert any(NAME in text for text in told) and any("Aland" in text for text in told)
    assert opened.page.locator("img").count() == 0
    assert opened.complaints == [] and opened.dialogs == []


def column(opened: Opened, number: int) -> list[str]:
    texts: list[str] = opened.page.eval_on_selector_all(
        f"#nations tbody tr:not([hidden]) > :nth-child({number})",
        "all => all.map(c => c.innerText)",
    )
    return texts


def test_the_table_sorts_and_filters(opened: Opened, result: Result) -> None:
    chosen(opened, "second", 400)
    table = result.contributors
    own = table[(table["mandate"] == "second") & (table["force_size"] == 400)]
    falling = list(own.sort_values("present_soldiers_mean", ascending=False)["contributor"])
    heading = opened.page.locator("#nations th", has_text="Soldiers, mean")
    heading.get_by_role("button").focus()
    opened.page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "descending"
    assert column(opened, 1) == falling
    opened.page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "ascending"
    assert column(opened, 1) == falling[::-1]
    opened.page.click("#nations th:first-child button")
    assert heading.get_attribute("aria-sort") is None
    assert column(opened, 1) == sorted(falling, key=lambda name: name.lstrip("<"))[:0] + sorted(
        falling, key=lambda name: (name[0] != "<", name)
    )
    opened.page.fill("#name", "bord")
    assert column(opened, 1) == ["Borduria"]
    assert opened.page.inner_text("#count") == "1 of 4 contributors"
    opened.page.fill("#name", "")
    opened.page.check("#sent")
    assert "Zembla" not in column(opened, 1) and "Aland" in column(opened, 1)
    opened.page.uncheck("#sent")


def test_what_sorts_is_the_figure_and_not_its_text(opened: Opened) -> None:
    """The guard: 1,000 ± 3 comes after 300 ± 2 as a text, and has to come before it."""
    order = opened.page.evaluate(
        "() => ['1,000 ± 3', '300 ± 2'].sort().join() === '1,000 ± 3,300 ± 2'"
    )
    assert order
    chosen(opened, "second", 900)
    values = opened.page.eval_on_selector_all(
        "#nations tbody tr td:nth-child(4)", "all => all.map(c => Number(c.dataset.value))"
    )
    opened.page.locator("#nations th", has_text="Soldiers, peak").get_by_role("button").click()
    after = opened.page.eval_on_selector_all(
        "#nations tbody tr td:nth-child(4)", "all => all.map(c => Number(c.dataset.value))"
    )
    assert after == sorted(values, reverse=True)


def test_it_prints(opened: Opened) -> None:
    pdf = opened.page.pdf(format="A4")
    assert pdf.startswith(b"%PDF") and len(pdf) > 50_000
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 15


@pytest.mark.parametrize("width", [360])
def test_a_narrow_screen_needs_no_sideways_scrolling(
    browser: Any, written: Path, width: int
) -> None:
    with Opened(browser, written.as_uri(), width) as narrow:
        size = narrow.page.evaluate("document.documentElement.scrollWidth")
        assert size <= width
        wide = narrow.page.eval_on_selector_all(
            ".chart svg", "all => all.map(s => s.getBoundingClientRect().right)"
        )
        assert wide and max(wide) <= width
        assert narrow.complaints == []


def test_everything_is_reached_by_the_keyboard(browser: Any, written: Path) -> None:
    with Opened(browser, written.as_uri()) as fresh:
        reached, outlined = [], []
        for _ in range(80):
            fresh.page.keyboard.press("Tab")
            focus = fresh.page.evaluate(
                "() => { const e = document.activeElement; return [e.tagName, e.id || e.className,"
                " getComputedStyle(e).outlineStyle, e.textContent.slice(0, 30)] }"
            )
            if focus[0] == "BODY":
                break
            reached.append(focus[1] or focus[3])
            outlined.append(focus[2])
    assert reached[0] == "skip"
    for wanted in ("reading", "case", "size", "name", "sent", "filter", "scroll"):
        assert wanted in reached, wanted
    assert sum("Soldiers, mean" in text for text in reached) == 1
    assert set(outlined) == {"solid"}


def violations(opened: Opened) -> list[str]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(opened.page).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found]


def test_axe_finds_nothing(browser: Any, written: Path) -> None:
    # The policy of the page keeps the checker out as well, unless the browser is told otherwise.
    with Opened(browser, written.as_uri(), 360, bypass_csp=True) as checked:
        checked.page.eval_on_selector_all("details", "all => all.forEach(d => { d.open = true })")
        assert violations(checked) == []


def test_the_guard_sees_faint_text_and_a_missing_label(
    browser: Any, written: Path, tmp_path: Path
) -> None:
    text = written.read_text("utf-8").replace("--muted: #595959", "--muted: #a9a9a9")
    broken = tmp_path / "faint.html"
    broken.write_text(text.replace("<label>Force size ", "<label>").replace(' lang="en"', ""))
    with Opened(browser, broken.as_uri(), bypass_csp=True) as checked:
        found = " ".join(violations(checked))
    for name in ("color-contrast", "select-name", "html-has-lang"):
        assert name in found


def test_a_script_that_is_not_ours_is_refused(browser: Any, written: Path, tmp_path: Path) -> None:
    foreign = "<script>document.title = 'taken'</script><img src='https://example.org/x.png'>"
    broken = tmp_path / "foreign.html"
    broken.write_text(written.read_text("utf-8").replace("</h1>", f"</h1>{foreign}"), "utf-8")
    with Opened(browser, broken.as_uri()) as opened:
        assert opened.page.title() != "taken"
        assert sum("Content Security Policy" in text for text in opened.complaints) == 2


def test_a_page_without_any_force_is_still_a_page(
    browser: Any, result: Result, tmp_path: Path
) -> None:
    nobody = small(mandates={"nobody": {"kind": "none"}})
    (path,) = write_report([nobody.save(tmp_path / "nobody")])
    with Opened(browser, path.as_uri()) as opened:
        assert opened.complaints == []
        assert "Nobody is sent." in opened.page.inner_text("#answer")
