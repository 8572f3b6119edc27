"""Read a user's model into a plain program of named calls, and run that program."""
