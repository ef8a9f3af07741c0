"""How soon the page of `sim serve` follows a lever: ``python -m benchmarks.page``.

From a key pressed on a slider to the frame in which the new curve stands, in headless Chromium.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser import launched  # noqa: E402

SCENARIOS = ("reassurance_force", "all_mandates", "claims/64000_for_two_years")
MOVES, BETWEEN = 12, 300  # milliseconds that a hand rests

PRESSED = """() => {
  const status = document.querySelector("#status"), begun = performance.now();
  window.took = null;
  const done = () => requestAnimationFrame(() => requestAnimationFrame(() => {
    window.took = window.took ?? performance.now() - begun;
  }));
  new MutationObserver((_, own) => {
    if (/^(Quick figures|[0-9])/.test(status.textContent)) { own.disconnect(); done(); }
  }).observe(status, { childList: true, characterData: true, subtree: true });
}"""


@contextmanager
def served(scenario: str) -> Iterator[str]:
    """The address of the scenario's page."""
    command = [sys.executable, "-m", "sim", "serve", f"scenarios/{scenario}.yaml"]
    with subprocess.Popen(
        [*command, "--no-browser", "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        yield re.findall(r"http\S+", process.stdout.readline())[0]
        process.send_signal(2)


def moves(page: Any) -> list[tuple[float, str]]:
    """Milliseconds of one move after another, to the right and back; what the page says then."""
    slider, found = page.locator("input[type=range]").first, []
    slider.focus()
    for move in range(MOVES):
        page.evaluate(PRESSED)
        slider.press("ArrowRight" if move < MOVES // 2 else "ArrowLeft")
        while (took := page.evaluate("window.took")) is None:
            page.wait_for_timeout(20)
        found.append((took, page.inner_text("#status").split(",")[0].removesuffix(".")))
        page.wait_for_timeout(BETWEEN)
    return found[: MOVES - 1]  # the last leads back to what is known


def main() -> None:
    """Print the table."""
    print("| one move of a lever in | median | slowest | the page says |\n|---|---|---|---|")
    for scenario in SCENARIOS:
        with served(scenario) as address, launched() as browser:
            page = browser.new_page()
            page.goto(address)
            page.wait_for_selector("#sizes tbody tr", timeout=60_000)
            page.wait_for_timeout(5_000)
            sizes = page.locator("#sizes tbody tr").count()
            found = moves(page)
            seconds = [milliseconds / 1e3 for milliseconds, _ in found]
            print(
                f"| `{scenario}`, {sizes} sizes | {statistics.median(seconds):.2f} s "
                f"| {max(seconds):.2f} s | {found[-1][1].split('. ')[0]} |"
            )


if __name__ == "__main__":
    main()
