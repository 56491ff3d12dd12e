"""Exports that run by themselves at set times."""
