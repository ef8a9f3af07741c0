"""Who may ask: this machine, by the address that was printed, from the page itself."""

from __future__ import annotations

import secrets
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOSTS = ("127.0.0.1", "localhost")
LARGEST = 200_000
"""Bytes of a request: hundreds of moved levers."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def guarded(app: ASGIApp, token: str, port: int) -> ASGIApp:
    """Let only the page's own requests through to an application.

    Parameters
    ----------
    app
        What is guarded.
    token
        Opens the page once, as ``/?token=...``, and is then kept by the browser in a cookie.
    port
        Where it listens: cookies do not tell ports apart, and two pages may be open.

    Returns
    -------
    ASGI application
        It refuses, in this order: another name than this machine's (400: a name of somebody else's
        that leads here, as in DNS rebinding), the page of another origin and a missing or wrong
        token (403), and a body larger than `LARGEST` (413). Every answer carries a policy that
        allows no script, style or connection but its own.
    """
    cookie = f"sim-{port}"

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await app(scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        answer = _refused(Headers(scope=scope), scope, cookie, token, port) or app
        await answer(scope, receive, told)

    return inner


def _refused(
    headers: Headers, scope: Scope, cookie: str, token: str, port: int
) -> PlainTextResponse | RedirectResponse | None:
    if headers.get("host", "") not in {f"{host}:{port}" for host in HOSTS}:
        return PlainTextResponse("This is not the name of this machine.", 400)
    origin = headers.get("origin")
    if origin is not None and origin != f"http://{headers['host']}":
        return PlainTextResponse("Another page may not ask this one.", 403)
    asked = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    given = dict(asked).get("token")
    if given is not None and scope["method"] == "GET" and _same(given, token):
        rest = urlencode([(name, value) for name, value in asked if name != "token"])
        opened = RedirectResponse(f"/?{rest}" if rest else "/", 303)
        opened.set_cookie(cookie, token, httponly=True, samesite="lax")
        return opened
    if not _same(cookie_parser(headers.get("cookie", "")).get(cookie, ""), token):
        told = "Open the page by the address that sim serve printed; it holds the key."
        return PlainTextResponse(told, 403)
    length = headers.get("content-length", "")
    if scope["method"] == "POST" and not (length.isdecimal() and int(length) <= LARGEST):
        return PlainTextResponse("Too much at once.", 413)
    return None


def _same(given: str, token: str) -> bool:
    return secrets.compare_digest(given.encode(), token.encode())
