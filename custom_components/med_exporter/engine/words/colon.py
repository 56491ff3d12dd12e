"""A name and what is said of it, parted as the language does."""

from __future__ import annotations


def with_colon(name: str, told: str, *, french: bool) -> str:
    """Return `name: told`; French has a space before its colon, at which no line may break."""
    return f"{name}\N{NO-BREAK SPACE}: {told}" if french else f"{name}: {told}"
