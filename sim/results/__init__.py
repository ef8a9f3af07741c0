"""Outcomes of blocks -> Result: intervals, tables, files. The only writer of files."""

from __future__ import annotations

from sim.results.result import Result, read

__all__ = ["Result", "read"]
