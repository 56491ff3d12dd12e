"""The entities of a destination."""
