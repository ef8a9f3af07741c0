"""``sim serve``."""

from __future__ import annotations

import os
import webbrowser
from pathlib import Path

import click

from sim.cli.options import allow_extends
from sim.errors import SimError

_FOLDER = Path("scenarios")


@click.command(
    epilog="""\b
Examples:
  sim serve scenarios/reassurance_force.yaml
  sim serve                                    every scenario of the folder scenarios
  sim serve my.yaml --port 0 --no-browser

\b
The page is for this machine alone: it listens on 127.0.0.1 and opens by the address printed."""
)
@click.argument("scenarios", nargs=-1, type=click.Path(path_type=Path), metavar="[SCENARIO...]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    help="Where it listens; 0 takes any that is free.",
)
@click.option("--browser/--no-browser", default=True, show_default=True, help="Open the browser.")
@click.option(
    "-j",
    "--workers",
    type=click.IntRange(1),
    default=lambda: os.cpu_count() or 1,
    help="Processes for runs of many replications.  [default: one per core]",
)
@allow_extends
def command(
    scenarios: tuple[Path, ...], port: int, browser: bool, workers: int, allow: tuple[Path, ...]
) -> None:
    """Open a page with levers: move them, and see what becomes of each force size.

    A SCENARIO is a file or a folder of them; without any, the folder scenarios. The page shows how
    likely each size is feasible, what fails first and whose soldiers come; quick figures while
    something moves, those of all replications after that. It saves what was moved as a scenario
    that gives the same figures with sim run. Ctrl-C ends it.
    """
    from sim.serve.listening import scenarios_of, serve

    if not scenarios and not _FOLDER.is_dir():
        raise SimError("there is no folder 'scenarios' here; name a scenario: sim serve FILE")

    def opened(address: str) -> None:
        click.echo(f"Page: {address}\nOnly this machine can open it. Ctrl-C ends it.")
        if browser:
            _open(address)

    found = scenarios_of(scenarios or (_FOLDER,), allow)
    serve(found, port=port, workers=workers, allow=allow, opened=opened)


def _open(address: str) -> None:
    """Open the browser, but none that would take this terminal."""
    try:
        known = webbrowser.get()
    except webbrowser.Error:
        return
    if not isinstance(known, webbrowser.GenericBrowser) or isinstance(
        known, webbrowser.BackgroundBrowser
    ):
        known.open(address)
