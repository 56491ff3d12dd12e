"""Runs to destinations: what is pending, when it goes, how far it came, and how it ended."""
