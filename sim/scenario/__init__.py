"""From YAML text to a scenario that is known to be sound."""
