"""Rows on their way into a file: gathered, aggregated, kept on disk until they are written."""
