"""Names in the documentation of the library: where each is told of, or at least that it exists."""

from __future__ import annotations

import importlib
from typing import Any

from sphinx.application import Sphinx
from sphinx.util.nodes import make_refnode


def resolve(app: Sphinx, env: Any, node: Any, shown: Any) -> Any:
    """Find what Sphinx does not: for its event ``missing-reference``.

    A short name is a link if only one thing ends in it, and so is a field of a dataclass, as
    `Coalition.bound`. A full name of something that this site does not tell of, as
    `sim.engine.plan.Plan`, is no link and no mistake, as long as it exists.
    """
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    owner, _, field = target.rpartition(".")
    for name in (target, owner):
        places = env.domains.python_domain
        found: list[Any] = places.find_obj(env, None, None, name, None, 1) if name else []
        if len(found) != 1:
            continue
        ((full, place),) = found
        if name == target or field in getattr(_thing(full), "__dataclass_fields__", ()):
            home = node["refdoc"]
            return make_refnode(app.builder, home, place.docname, place.node_id, shown, full)
    return shown if target.startswith("sim.") and _thing(target) is not None else None


def _thing(name: str) -> Any:
    """What a full name stands for; None if it does not exist."""
    module, _, rest = name.rpartition(".")
    while module:
        try:
            thing: Any = importlib.import_module(module)
        except ModuleNotFoundError:
            module, _, inner = module.rpartition(".")
            rest = f"{inner}.{rest}"
            continue
        for part in rest.split("."):
            thing = getattr(thing, part, None)
        return thing
    return None
