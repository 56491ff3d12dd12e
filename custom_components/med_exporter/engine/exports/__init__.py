"""The export types: a folder for each, and what several of them need."""
