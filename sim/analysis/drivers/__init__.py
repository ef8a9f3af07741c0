"""Which uncertain inputs an answer depends on."""
