"""Two or more results side by side: what changed, by how much, and is it more than chance."""
