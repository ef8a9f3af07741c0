"""What binds: constraints relaxed alone, all but one, and shared out fairly."""
