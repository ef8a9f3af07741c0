"""One future, unit by unit."""
