"""Energy that a user puts right: what is asked for, and who did it."""
