"""The regulated prices on the French open-data portal: where each option's table is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from ..engine.tariff.official import OPTIONS, read_table
from .web import USER_AGENT, request_text

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from ..engine.tariff.official import OfficialPrice

PORTAL_ADDRESS: Final = "https://www.data.gouv.fr"

# The portal leads to the file, which is its own or the regulator's.
_KEEPERS: Final = ("data.gouv.fr", "cre.fr")
# A table of ten years has less than 30 kB.
_MOST_BYTES: Final = 1024 * 1024


async def read_official_table(
    session: ClientSession, option: str, address: str = PORTAL_ADDRESS
) -> tuple[str, tuple[OfficialPrice, ...]]:
    """Return an option's table, as the portal's text and as prices.

    Args:
        session: one of `web_client`.
        option: one of `engine.tariff.official.OPTIONS`.
        address: of the portal.

    Raises:
        SourceError: the portal cannot be read, or what it has is no such table.

    """

    def may_lead_to(url: str) -> bool:
        parts, portal = urlsplit(url), urlsplit(address)
        if (parts.scheme, parts.netloc) == (portal.scheme, portal.netloc):
            return True
        host = parts.hostname or ""
        return parts.scheme == "https" and any(
            host == keeper or host.endswith(f".{keeper}") for keeper in _KEEPERS
        )

    return await request_text(
        session,
        f"{address}/api/1/datasets/r/{OPTIONS[option].resource}",
        lambda text: (text, read_table(option, text)),
        headers={"Accept": "text/csv", "User-Agent": USER_AGENT},
        most=_MOST_BYTES,
        may_lead_to=may_lead_to,
    )
