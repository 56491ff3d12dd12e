"""The file formats: a folder for each, and what several of them need."""
