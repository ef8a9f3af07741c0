"""One self-contained HTML page made of results: it asks no network for anything."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sim.analysis.compare.inputs import set_by_a_model
from sim.analysis.sources import sources_of
from sim.errors import SimError
from sim.report.answers import answer, compared, question
from sim.report.cases import Case, cases_of, known, ran
from sim.report.charts import charts
from sim.report.detail import detail, nation_columns
from sim.report.extras import Extra, extras_of, missing
from sim.report.pictures import draw_all
from sim.report.stress import Item, stress
from sim.results.files import write_all
from sim.results.result import TABLES, Result, read
from sim.results.tables import Table
from sim.results.words import CAUSE_MEANINGS, interval

SHOWN = tuple(name for name in TABLES if name != "replications")
"""Tables that the page is made of; the replications would take longer to read than all else."""
TEMPLATES = Path(__file__).parent / "templates"
_NEEDS = "the page needs Jinja2 and vl-convert-python: pip install 'peacekeeping-sim[report]'"


def write_report(
    results: Sequence[str | Path], out: str | Path | None = None, *, pictures: bool = False
) -> list[Path]:
    """Write one page about one results folder, or about several side by side.

    Parameters
    ----------
    results
        Results folders, as ``sim run`` writes them.
    out
        Where the page is written.  Default: ``report.html`` in the first folder.
    pictures
        Also draw every picture as PNG and SVG, beside the page; with several results in a folder of
        each result's name.

    Returns
    -------
    list of Path
        Of the page, then of the pictures.

    Raises
    ------
    SimError
        If a folder is none of results, the page cannot be written, or the extra ``report`` is not
        installed.
    """
    folders = [_folder(Path(path)) for path in results]
    if not folders:
        raise SimError("a page needs at least one results folder")
    loaded = {
        label: read(folder, SHOWN) for label, folder in zip(_labels(folders), folders, strict=True)
    }
    extras = {label: extras_of(folder) for label, folder in zip(loaded, folders, strict=True)}
    target = Path(out) if out is not None else folders[0] / "report.html"
    write_all(target.parent, {target.name: page(loaded, extras).encode()})
    written = [target]
    for label, result in loaded.items() if pictures else ():
        written += draw_all(result, target.parent / (label if len(loaded) > 1 else ""))
    return written


def _folder(path: Path) -> Path:
    """Take a results folder or a file in it; tell a scenario from one."""
    if path.suffix in (".yaml", ".yml"):
        raise SimError(
            f"{path}: a page is made of results, not of a scenario; run it first: sim run {path}"
        )
    return path.parent if path.is_file() else path


def _labels(folders: Sequence[Path]) -> list[str]:
    """Short names that differ: the last parts of the paths, as many as it takes."""
    resolved = [folder.resolve() for folder in folders]
    if len(set(resolved)) < len(resolved):
        raise SimError("the same results folder is named twice")
    for count in range(1, max(len(path.parts) for path in resolved) + 1):
        labels = ["/".join(path.parts[-count:]) for path in resolved]
        if len(set(labels)) == len(labels):
            break
    return labels


@dataclass(frozen=True, slots=True)
class Section:
    """What the page says about one result alone."""

    label: str
    result: Result
    extras: Sequence[Extra]
    sources: Table
    stress: Sequence[Item]

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The sources as rows."""
        return [dict(zip(self.sources, row, strict=True)) for row in zip(*self.sources.values())]  # noqa: B905

    @property
    def missing(self) -> list[Extra]:
        """Analyses that were not made."""
        return missing(self.extras)

    @property
    def driven(self) -> str:
        """What another model set on the way; empty where nothing was."""
        return set_by_a_model(self.result.run)

    @property
    def command(self) -> str:
        """What gives these figures again, unless another model drove them."""
        run = self.result.run
        if run.get("stepped"):
            summary = self.result.tables["summary"]
            cell = f"{summary['mandate'][0]!r}, {summary['force_size'][0]}"
            return (
                f"scenario = sim.load({run['scenario'] + '.yaml'!r})\n"
                f"sim.Model(scenario, {cell}, replications={run['replications']}, "
                f"seed={run['seed']}).result()"
            )
        said = f"--replications {run['replications']} --seed {run['seed']}"
        return str(run.get("command") or f"sim run {run['scenario']}.yaml {said}")


def page(results: Mapping[str, Result], extras: Mapping[str, Sequence[Extra]] | None = None) -> str:
    """Make the page.

    Parameters
    ----------
    results
        By label, which is shown where there are several.
    extras
        By label: further analyses of a result.

    Returns
    -------
    str
        HTML with its style, scripts and data. Its policy allows no other script and no network.

    Raises
    ------
    SimError
        If the extra ``report`` is not installed.
    """
    try:
        import jinja2
    except ImportError:
        raise SimError(_NEEDS) from None
    cases = cases_of(results)
    sections = [_section(label, results[label], (extras or {}).get(label, ())) for label in results]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,  # every name and title is text, whatever it looks like
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    scripts = [_library(), (TEMPLATES / "page.js").read_text("utf-8")]
    return environment.get_template("page.html").render(
        title=_title(cases, results),
        sections=sections,
        cases=cases,
        sending=[case for case in cases if case.sends],
        compared=compared(cases),
        # One result has one requirement, whatever the mandate; several may differ in it.
        adequate=len(results) == 1 and any(known(case.rows, "p_adequate") for case in cases),
        columns=nation_columns(cases),
        meanings=CAUSE_MEANINGS,
        payload={
            "data": detail(cases),
            "charts": charts([case.name for case in cases if case.sends]),
            "columns": nation_columns(cases),
        },
        style=(TEMPLATES / "page.css").read_text("utf-8"),
        scripts=scripts,
        hashes=[_hash(script) for script in scripts],
        answer=answer,
        question=question,
        interval=interval,
        ran=ran,
    )


def _title(cases: Sequence[Case], results: Mapping[str, Result]) -> str:
    titles = list(dict.fromkeys(result.title for result in results.values()))
    return titles[0] if len(titles) == 1 else "Compared: " + "; ".join(titles)


def _section(label: str, result: Result, extras: Sequence[Extra]) -> Section:
    sources = sources_of(result.run["inputs"], result.run.get("origins"))
    judgements = sum(sources["judgement"])
    return Section(label, result, extras, sources, stress(result, len(sources["path"]), judgements))


@cache
def _library() -> str:
    """Vega, Vega-Lite and Vega-Embed in one script, without a word that would end it."""
    try:
        import vl_convert
    except ImportError:
        raise SimError(_NEEDS) from None
    script: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return script.replace("</script", "<\\/script").replace("\r\n", "\n").replace("\r", "\\r")


def _hash(script: str) -> str:
    """Name a script in the page's policy: any other script is refused by the browser."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"
