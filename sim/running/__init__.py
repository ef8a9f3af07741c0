"""Blocks of replications over any executor."""

from __future__ import annotations

from sim.running.runner import run

__all__ = ["run"]
