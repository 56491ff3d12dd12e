"""The regulated prices on the French open-data portal: where each option's table is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from ..engine.tariff.official import read_table
from .web import USER_AGENT, request_text

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from ..engine.tariff.official import OfficialPrice

PORTAL_ADDRESS: Final = "https://www.data.gouv.fr"

_RESOURCES: Final = {
    "base": "c13d05e5-9e55-4d03-bf7e-042a2ade7e49",
    "peak_off_peak": "f7303b3a-93c7-4242-813d-84919034c416",
    "tempo": "0c3d1d36-c412-4620-8566-e5cbb4fa2b5a",
}
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
        f"{address}/api/1/datasets/r/{_RESOURCES[option]}",
        lambda text: (text, read_table(option, text)),
        headers={"Accept": "text/csv", "User-Agent": USER_AGENT},
        most=_MOST_BYTES,
        may_lead_to=may_lead_to,
    )
