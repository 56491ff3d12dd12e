"""Web servers: their addresses, the line to them, and answers that have an end."""
