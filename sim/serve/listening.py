"""Listens on this machine, and on no other address of it than the loopback."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from sim.errors import SimError
from sim.scenario.scenario import load
from sim.scenario.source import display

LOOPBACK = "127.0.0.1"
_NEEDS = "the page with levers needs some libraries more: pip install 'peacekeeping-sim[serve]'"


def scenarios_of(paths: Sequence[Path], allow: Sequence[Path] = ()) -> dict[str, Path]:
    """Find the scenarios that a page may open.

    Parameters
    ----------
    paths
        Files, which are read to see that they are sound, and folders, whose files (not those of
        folders inside them) are read when they are opened.
    allow
        Folders outside a scenario's own tree from which it may extend files.

    Returns
    -------
    mapping of name to path
        Named by the file, with its folder where two have the same name.

    Raises
    ------
    ScenarioError
        With everything that is wrong with a file.
    SimError
        If a folder holds no scenario.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(file for file in path.glob("*.y*ml") if file.is_file())
            if not inside:
                raise SimError(f"{path}: holds no scenario")
            found += inside
        else:
            load(path, (), allow)
            found.append(path)
    stems = [path.stem for path in found]
    return {p.stem if stems.count(p.stem) == 1 else display(p): p for p in found}


def serve(
    scenarios: Mapping[str, Path],
    *,
    port: int = 0,
    workers: int = 1,
    allow: Sequence[Path] = (),
    opened: Callable[[str], None],
) -> None:
    """Serve the page until Ctrl-C.

    Parameters
    ----------
    scenarios
        As `scenarios_of` gives them.
    port
        0 takes any that is free.
    workers
        Processes for the large runs.
    allow
        See `scenarios_of`.
    opened
        Called with the address, which holds the key, as soon as it answers.

    Raises
    ------
    SimError
        If the extra ``serve`` is not installed, or the port is taken.
    """
    try:
        import uvicorn

        from sim.serve.server import application
    except ImportError as error:
        if (error.name or "").startswith("sim"):
            raise
        raise SimError(_NEEDS) from None
    try:
        listener = socket.create_server((LOOPBACK, port))
    except (OSError, OverflowError) as error:
        told = getattr(error, "strerror", None) or str(error)
        raise SimError(f"port {port} cannot be used: {told}; --port 0 takes a free one") from None
    port = listener.getsockname()[1]
    token = secrets.token_urlsafe(24)

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            opened(f"http://{LOOPBACK}:{port}/?token={token}")  # from now on Ctrl-C is heard

    app = application(scenarios, allow, token, port, workers, lambda: server.should_exit)
    config = uvicorn.Config(
        app,
        log_level="warning",  # the address in the log of requests would hold the key
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    server = Server(config)
    with listener, suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
