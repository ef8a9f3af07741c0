"""How to cite the program that made a result."""

from __future__ import annotations

import importlib.metadata

PACKAGE = "peacekeeping-sim"


def citation() -> str:
    """Authors, title, version and licence, as the installed package has them.

    The same stands in ``CITATION.cff``.
    """
    about = importlib.metadata.metadata(PACKAGE)
    return (
        f"{about['Author']} ({PACKAGE} {about['Version']}): {about['Summary'].rstrip('.')}."
        f" {about['License-Expression']}."
    )
