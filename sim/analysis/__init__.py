"""What an analyst does with a scenario beside running it."""
