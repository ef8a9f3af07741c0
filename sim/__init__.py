"""Scenario simulation for sizing a peacekeeping force."""

__version__ = "0.1.0"
