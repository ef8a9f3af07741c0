"""The scenario language, section by section; the only rooms that import pydantic.

`specify` turns the merged tree of a scenario into a `Specification`, or raises everything that
is wrong with it at once.
"""

from __future__ import annotations

from sim.scenario.schema.editor import json_schema
from sim.scenario.schema.specification import Specification, specify

__all__ = ["Specification", "json_schema", "specify"]
