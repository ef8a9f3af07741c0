"""The smallest set of contributors that suffices, and what each is worth."""
