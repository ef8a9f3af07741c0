"""The page's server: one scenario and mandate at a time, a state in, figures out."""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

import jinja2
import vl_convert
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from sim.errors import ScenarioError, SimError
from sim.report.charts import charts
from sim.report.page import TEMPLATES as REPORT
from sim.results.files import nulled
from sim.results.words import CAUSE_MEANINGS
from sim.scenario.overrides import override
from sim.scenario.scenario import Scenario, load
from sim.serve.answers import Abandoned, result_of, shown
from sim.serve.background import Background
from sim.serve.changes import changed, file_of
from sim.serve.guard import guarded
from sim.serve.levers import levers_of
from sim.serve.written import written

TEMPLATES = Path(__file__).parent / "templates"
QUICK = 500
"""Replications up to which this process computes what somebody waits for. All else, which could be
in the way of that, is left to the others, and these stand still meanwhile."""
MOST_SETTINGS, LONGEST = 1_000, 2_000

T = TypeVar("T")


def application(
    scenarios: Mapping[str, Path],
    allow: Sequence[Path],
    token: str,
    port: int,
    workers: int = 1,
    closing: Callable[[], bool] = lambda: False,
) -> ASGIApp:
    """Make the application.

    Parameters
    ----------
    scenarios
        The files that may be opened, by the names under which the page asks for them: no request
        names a file.
    allow
        Folders outside a scenario's own tree from which it may extend files.
    token, port
        See `sim.serve.guard.guarded`.
    workers
        Processes for the large runs.
    closing
        Whether the server ends: then nobody waits for an answer any more.

    Returns
    -------
    ASGI application
        ``GET /`` is the page; ``POST /answer`` gives the figures of a state, or 422 with what is
        wrong in it; ``POST /written`` gives what stands at the paths of one; ``POST /save`` gives
        it as a scenario file. It writes nothing.
    """
    desk = _Desk(scenarios, allow, workers, closing)
    routes = [
        Route("/", desk.page),
        Route("/answer", desk.answer, methods=["POST"]),
        Route("/written", desk.written, methods=["POST"]),
        Route("/save", desk.save, methods=["POST"]),
        *(Route(f"/{name}", partial(_static, name)) for name in _STATIC),
    ]
    handlers: Any = {ScenarioError: _wrong, SimError: _wrong}
    inner = Starlette(routes=routes, exception_handlers=handlers, lifespan=desk.lifespan)
    return guarded(inner, token, port)


class _Desk:
    """The scenarios that are open, each as it was when its page was last loaded."""

    def __init__(
        self,
        files: Mapping[str, Path],
        allow: Sequence[Path],
        workers: int,
        closing: Callable[[], bool],
    ) -> None:
        self.files, self.allow, self.closing = files, allow, closing
        self.background = Background(workers)
        self.opened: dict[str, Scenario] = {}
        self.drawn = secrets.randbits(32)  # for scenarios that name no seed: one for all tabs

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """At the end nobody waits any more for what the processes compute."""
        try:
            yield
        finally:
            await asyncio.to_thread(self.background.close)

    def open(self, name: str) -> Scenario:
        """Read a scenario anew."""
        if name not in self.files:
            raise HTTPException(404, "there is no such scenario here")
        self.opened[name] = load(self.files[name], (), self.allow)
        return self.opened[name]

    def seeded(self, scenario: Scenario) -> Scenario:
        """The scenario with a seed, so that two answers are about the same futures."""
        if "seed" in scenario.data.get("run", {}):
            return scenario
        root = override(scenario.root, "run.seed", str(self.drawn), "drawn")
        return Scenario.from_tree(root, scenario.name)

    async def page(self, request: Request) -> Response:
        name = request.query_params.get("scenario", next(iter(self.files)))
        shared = {"names": list(self.files), "name": name, "meanings": CAUSE_MEANINGS}
        try:
            scenario = self.seeded(await asyncio.to_thread(self.open, name))
        except ScenarioError as error:
            issues = list(map(str, error.issues))
            return _rendered(422, **shared, scenario=None, issues=issues)
        mandates = list(scenario.specification.mandates)
        sending = (m for m in mandates if scenario.specification.mandates[m].kind != "none")
        mandate = request.query_params.get("mandate", next(sending, mandates[0]))
        if mandate not in mandates:
            raise HTTPException(404, "there is no such mandate in this scenario")
        payload = {
            "scenario": name,
            "mandate": mandate,
            "charts": _charts(),
        }
        return _rendered(
            200,
            **shared,
            scenario=scenario,
            mandate=mandate,
            mandates=mandates,
            levers=await asyncio.to_thread(levers_of, scenario, mandate),
            payload=payload,
        )

    async def answer(self, request: Request) -> Response:
        asked = await _asked(request)
        number = asked.get("replications")
        if not isinstance(number, int) or number < 1:
            raise HTTPException(400, "replications are missing")
        gone = threading.Event()

        def work() -> dict[str, Any] | None:
            _, moved = self.moved(asked)
            mandate = asked["mandate"]
            if mandate not in moved.specification.mandates:
                raise HTTPException(404, "there is no such mandate in this scenario")
            wanted = moved.specification.run.replications
            run = partial(result_of, moved, mandate, number, gone=gone.is_set)
            try:
                if min(number, wanted) > QUICK or not asked.get("quick", True):
                    found = run(executor=self.background.executor())
                else:
                    # Of one size in detail, as all of them take longer to tell.
                    size = asked.get("size", 0) if number < wanted else None
                    with self.background.paused():
                        found = run(size=size)
            except Abandoned:
                return None
            return {"wanted": wanted, **shown(found)}

        return JSONResponse(nulled(await self.awaited(request, work, gone)))

    async def awaited(self, request: Request, work: Callable[[], T], gone: threading.Event) -> T:
        """Work in a thread; say that nobody waits as soon as the browser has gone."""
        done = asyncio.get_running_loop().run_in_executor(None, work)
        done.add_done_callback(lambda future: future.cancelled() or future.exception())
        try:
            while not done.done():
                await asyncio.wait({done}, timeout=0.05)
                if self.closing() or await request.is_disconnected():
                    raise HTTPException(503, "nobody waits")
            return done.result()
        finally:
            gone.set()

    async def save(self, request: Request) -> Response:
        asked = await _asked(request)

        def work() -> tuple[str, str]:
            original, moved = self.moved(asked)
            source = self.files[asked["scenario"]]
            return f"{source.stem}-changed.yaml", file_of(original, moved, source)

        name, text = await asyncio.to_thread(work)
        return JSONResponse({"name": name, "text": text})

    async def written(self, request: Request) -> Response:
        asked = await _asked(request)

        def work() -> list[str]:
            original = self.opened.get(asked["scenario"]) or self.open(asked["scenario"])
            return [written(original, path) for path, _ in asked["settings"]]

        return JSONResponse({"written": await asyncio.to_thread(work)})

    def moved(self, asked: Mapping[str, Any]) -> tuple[Scenario, Scenario]:
        """The scenario of a state: as it was read, and as it was moved."""
        name = asked["scenario"]
        original = self.opened.get(name) or self.open(name)
        return original, changed(self.seeded(original), asked["settings"])


async def _asked(request: Request) -> dict[str, Any]:
    """Read a state: names of scenario and mandate, and pairs of path and text."""
    try:
        asked = json.loads(await request.body())
        settings = [(str(path), str(text)) for path, text in asked["settings"]]
        state = {**asked, "settings": settings}
        if not (isinstance(asked["scenario"], str) and isinstance(asked["mandate"], str)):
            raise ValueError("names are texts")
    except (ValueError, TypeError, KeyError, RecursionError):
        raise HTTPException(400, "this is no state of the page") from None
    if len(settings) > MOST_SETTINGS or any(len(p) + len(t) > LONGEST for p, t in settings):
        raise HTTPException(413, "too much at once")
    return state


# -- What stands still ---------------------------------------------------------------------------


def _text(path: Path) -> str:
    return path.read_text("utf-8")


@cache
def _library() -> str:
    """Vega, Vega-Lite and Vega-Embed in one script."""
    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))


_STATIC: dict[str, tuple[str, Callable[[], str]]] = {
    "vega.js": ("text/javascript", _library),
    "page.js": ("text/javascript", lambda: _text(TEMPLATES / "page.js")),
    "page.css": (
        "text/css",
        lambda: _text(REPORT / "page.css") + _text(TEMPLATES / "page.css"),
    ),
}


async def _static(name: str, _: Request) -> Response:
    media, text = _STATIC[name]
    return Response(await asyncio.to_thread(text), media_type=media)


@cache
def _charts() -> dict[str, Any]:
    found = charts(["as written", "as moved"])
    found["feasibility"]["encoding"]["x"]["scale"]["nice"] = False  # no force below nothing
    return {name: found[name] for name in ("feasibility", "binding", "contingents")}


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,  # every name and title is text, whatever it looks like
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _rendered(status: int, **context: Any) -> Response:
    text = _environment().get_template("page.html").render(**context)
    return Response(text, status, media_type="text/html")


async def _wrong(_: Request, error: Exception) -> Response:
    """Tell what is wrong, each with the path of the setting that is to blame, if one is."""
    issues = error.issues if isinstance(error, ScenarioError) else ()
    told = [
        {"path": issue.file, "told": "; ".join(filter(None, (issue.message, issue.hint)))}
        for issue in issues
    ]
    return JSONResponse({"issues": told or [{"path": "", "told": str(error)}]}, 422)
