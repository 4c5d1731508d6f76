"""Pages about what a person has here: their account, their sessions, all of it to take along or to delete."""
