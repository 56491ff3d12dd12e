"""Where a Jeedom is, as its users type or paste it."""

from __future__ import annotations

from typing import Final

PATH: Final = "/core/api/jeeApi.php"
"""Where it answers JSON-RPC."""
# What people copy from their browser or from Jeedom's own documentation.
_PASTED: Final = (PATH, "/core/api", "/index.php")


def base_url(typed: str) -> str:
    """Return Jeedom's own address from what a user typed or pasted.

    A query is dropped: in an address out of Jeedom's documentation it holds the API key.
    """
    address = typed.partition("#")[0].partition("?")[0].rstrip("/")
    for pasted in _PASTED:
        if address.lower().endswith(pasted.lower()):
            return address[: -len(pasted)].rstrip("/")
    return address
