"""Scenario -> Plan (flat, in steps and soldiers) -> Futures (a block's draws) -> Outcomes."""
