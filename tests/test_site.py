"""The site of the documentation is whole: what it shows was run, and what it links to is there."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

pytest.importorskip("sphinx", reason="pip install 'peacekeeping-sim[docs]'")

from browser import launched
from bs4 import BeautifulSoup
from console import BLOCK, PAGES, commands_of, executed
from reference.language import sections_of

import sim
from sim.cli import cli
from sim.scenario.schema import json_schema

ROOT = Path(__file__).parent.parent
STRICT = ["--quiet", "--fresh-env", "--nitpicky", "--fail-on-warning", "--keep-going"]
"""As in the Makefile."""
FOLDERS = ("benchmarks", "examples", "examples/plugin", "results", "scenarios")
INCLUDED = [ROOT / "CHANGELOG.md", *(ROOT / folder / "README.md" for folder in FOLDERS)]
DOCUMENTS = [*sorted((ROOT / "docs").rglob("*.md")), *INCLUDED]


def built(source: Path, site: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """What Sphinx says of a site, made of the documents in a folder."""
    command = [sys.executable, "-m", "sphinx", *STRICT, *options, "-c", str(ROOT / "docs")]
    return subprocess.run(
        [*command, str(source), str(site)], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, as `make docs` makes it."""
    folder = tmp_path_factory.mktemp("docs") / "site"
    done = built(ROOT, folder, "-j", "auto")
    assert not done.returncode, done.stderr
    return folder


def page(path: Path) -> Any:
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


# -- What it holds --------------------------------------------------------------------------------


def test_every_document_is_a_page(site: Path) -> None:
    for path in DOCUMENTS:
        assert (site / path.relative_to(ROOT)).with_suffix(".html").exists(), path
    assert 'url=docs/index.html"' in (site / "index.html").read_text("utf-8")


def test_every_link_and_picture_leads_somewhere(site: Path) -> None:
    """Within the site: pages, anchors, files; what a page loads comes from nowhere else."""
    pages = {path: page(path) for path in html(site)}
    anchors = {path: {tag["id"] for tag in soup.find_all(id=True)} for path, soup in pages.items()}
    broken, count = [], 0
    for path, soup in pages.items():
        for tag in soup.find_all(["a", "img", "link", "script"]):
            target = urlsplit(tag.get("href") or tag.get("src") or "")
            if target.scheme or target.netloc:
                assert tag.name == "a", f"{path}: loads {target.geturl()}"
                continue
            there = (path.parent / unquote(target.path)).resolve() if target.path else path
            anchor = unquote(target.fragment)
            count += 1
            if not there.exists() or (anchor and anchor not in anchors.get(there, {anchor})):
                broken.append(f"{path.relative_to(site)}: {target.geturl()}")
    assert not broken
    assert count > 1_000


def html(site: Path) -> Iterator[Path]:
    yield from (path for path in site.rglob("*.html") if "_downloads" not in path.parts)


def test_every_public_name_has_its_place(site: Path) -> None:
    ids = {tag["id"] for tag in page(site / "docs/reference/python.html").find_all(id=True)}
    for name in sim.__all__:
        assert {f"sim.{name}", f"module-sim.{name}"} & ids, name


def test_every_command_has_its_place(site: Path) -> None:
    soup = page(site / "docs/reference/commands.html")
    for name in cli.list_commands(None):  # type: ignore[arg-type]
        told = soup.find(id=f"sim-{name}")
        assert told is not None, name
        assert f"Usage: sim {name} " in told.get_text(), name


def test_every_key_of_the_language_has_its_place(site: Path) -> None:
    """With a kind of value, and an example or a link to a section."""
    soup = page(site / "docs/reference/language.html")
    for section in sections_of(json_schema()).values():
        told = soup.find(id=section.anchor())
        assert told is not None, section.title
        here = told if told.name == "section" else told.parent
        for key, value in section.schema["properties"].items():
            entry = soup.find(id=section.anchor(key))
            if entry is None:
                assert f"As above: {key}" in here.get_text() or f", {key}" in here.get_text(), key
                continue
            facts = entry.find_parent("dt").find_next_sibling("dd").find("em")
            simple = "$ref" not in str(value) and "const" not in value
            assert not simple or "example: " in facts.get_text(), f"{section.title}.{key}"
            assert simple or "const" in value or facts.find("a"), f"{section.title}.{key}"


# -- What is run ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_block_of_code_escapes(path: Path) -> None:
    """Every fence is a block that is run or says why not, or a directive of MyST."""
    left = BLOCK.sub("", path.read_text("utf-8"))
    assert re.findall(r"^\s*(?:```|~~~)(?!\{)\S.*", left, re.MULTILINE) == []
    assert len(re.findall(r"^```\{", left, re.MULTILINE)) == len(re.findall(r"^```$", left, re.M))


def test_what_is_wrong_fails_the_build(tmp_path: Path) -> None:
    """A broken link, a broken anchor, a stale figure, a name that is gone, a block unaccounted."""
    docs = tmp_path / "docs"
    docs.mkdir()
    pages = {
        "index": "# Top\n\n```{toctree}\nlink\nanchor\nstale\nname\nblock\n```\n",
        "link": "# Link\n\n[gone](nowhere.md)\n",
        "anchor": "# Anchor\n\n[gone](link.md#nowhere)\n",
        "stale": "# Stale\n\n```console\n$ sim --version\nsim, version 99\n```\n",
        "name": "# Name\n\n```{eval-rst}\n`sim.engine.nothing`\n```\n",
        "block": "# Block\n\n```text\nnobody printed this\n```\n",
    }
    for name, text in pages.items():
        (docs / f"{name}.md").write_text(text, "utf-8")
    done = built(tmp_path, tmp_path / "site")
    assert done.returncode
    for name in set(pages) - {"index"}:
        assert f"{name}.md" in done.stderr, done.stderr
    assert "index.md" not in done.stderr


def test_a_document_is_one_program(tmp_path: Path) -> None:
    text = (
        "```python\na = 2\nprint(a)\n```\n\n```text\nold\n```\n\n"
        "```python\nprint(a + 1)\n```\n\n```text\n```\n\n"
        "<!-- not executed: no -->\n```python\nraise SystemExit\n```\n"
    )
    assert executed(text, tmp_path) == text.replace("old", "2").replace("text\n```", "text\n3\n```")


def test_files_and_commands_meet_in_one_folder(tmp_path: Path) -> None:
    extends = "```yaml file=more.yaml\nlanguage: 1\nextends: [my.yaml]\ntitle: More\n```\n"
    run = "```console briefly\n$ sim run more.yaml \\\n    --out there   # a comment\n```\n"
    shown = executed(f"```console\n$ sim new my.yaml\n```\n{extends}{run}", tmp_path)
    assert shown.endswith(extends + run)
    assert "my.yaml is written" in shown
    assert '"replications": 200' in (tmp_path / "there/run.json").read_text("utf-8")


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        ("```console\n$ sim run nowhere.yaml\n```\n", "nowhere.yaml"),
        ("```console refused\n$ sim --version\n```\n", "exit code 0"),
        ("```console\n$ rm -r scenarios\n```\n", "only sim is run here"),
        ("```yaml file=bad.yaml\nlanguage: 1\n```\n", "needs 'title'"),
        ("```python\n1 / 0\n```\n", "division"),
        ("```json\n{}\n```\n", "neither run nor marked"),
    ],
)
def test_what_does_not_work_is_not_shown(block: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(Exception, match=reason):
        executed(block, tmp_path)


def test_commands_are_found_over_several_lines() -> None:
    assert commands_of("$ sim a \\\n   --b\nprinted\n\n$ sim c\n") == ["sim a \\\n   --b", "sim c"]


def test_the_pages_that_show_output_are_those_brought_up_to_date() -> None:
    shown = {path for pattern in PAGES for path in ROOT.glob(pattern)}
    for path in DOCUMENTS:
        blocks = [block for block in BLOCK.finditer(path.read_text("utf-8")) if not block["mark"]]
        assert path in shown or not any(block["said"] == "" for block in blocks), path


# -- In a browser ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as running:
        yield running


@pytest.mark.parametrize("name", ["docs/first-answer.html", "docs/reference/language.html"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_can_be_read_by_everybody(site: Path, browser: Any, name: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    context = browser.new_context(viewport={"width": 390, "height": 800}, color_scheme=scheme)
    view, told, asked = context.new_page(), list[str](), list[str]()
    view.on("console", lambda message: told.append(message.text))
    view.on("request", lambda request: asked.append(request.url))
    view.goto((site / name).as_uri())
    assert view.evaluate("document.documentElement.scrollWidth") <= 390
    assert told == []
    assert all(address.startswith("file:") for address in asked)
    found = axe.run(view, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]})
    assert not found.response["violations"], found.generate_report()
    context.close()
