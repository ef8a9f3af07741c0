"""The scenario language, section by section; the only rooms that import pydantic.

`specify` turns the merged tree of a scenario into a `Specification`, or raises everything that
is wrong with it at once.
"""

from __future__ import annotations

from sim.scenario.schema.specification import Specification, json_schema, specify

__all__ = ["Specification", "json_schema", "specify"]
