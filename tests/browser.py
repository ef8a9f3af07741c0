"""A headless Chromium for tests of pages, where the machine has one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """The path of the browser, or a skip that says how to get one."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if not found:
        pytest.skip("no Chromium on this machine: apt-get install chromium (Debian) brings one")
    return found


@contextmanager
def launched() -> Iterator[Any]:
    """A running browser (Playwright's Browser), closed at the end."""
    path = chromium()
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="Playwright is missing: pip install 'peacekeeping-sim[dev]'"
    )
    # The sandbox needs what containers and root do not have; the pages are our own.
    options = ["--no-sandbox", "--disable-dev-shm-usage"] if os.name == "posix" else []
    with playwright.sync_playwright() as control:
        browser = control.chromium.launch(executable_path=path, args=options)
        try:
            yield browser
        finally:
            browser.close()


class Opened:
    """A page, with everything that it complained of and asked for."""

    def __init__(self, browser: Any, address: str, width: int = 1280, **options: Any) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.dialogs: list[str] = []
        self.page.on("console", lambda m: self.complaints.append(f"{m.type}: {m.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("dialog", self._dismiss)
        self.page.goto(address)
        self.settle()

    def _dismiss(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def settle(self) -> None:
        """Wait until all charts are drawn."""
        self.page.wait_for_selector("html[data-ready=yes]", timeout=30_000)

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()
