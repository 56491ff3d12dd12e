"""The official prices of regulated tariffs, asked for by a person and kept for a day."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from homeassistant.core import callback
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN, LOGGER
from ..engine.lazy_dataclass import dataclass
from ..engine.tariff.official import OPTIONS, price_on, read_table
from ..errors import InvalidRequest, MedError
from ..formats import FormatTooNewError, VersionedStore
from ..object_reader import INVALID_VALUE
from ..sources.official_tariffs import PORTAL_ADDRESS, read_official_table
from ..sources.pace import Pace
from ..sources.web import SourceError
from ..web.client import web_session

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from ..engine.tariff.official import OfficialPrice

DATA_OFFICIAL: Final[HassKey[OfficialTariffs]] = HassKey(f"{DOMAIN}_official_tariffs")

_FRESH: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Kept:
    read_at: datetime
    text: str
    table: tuple[OfficialPrice, ...]


class OfficialTariffs:
    """The tables of the French open-data portal.

    Nothing is fetched unless somebody asks, and a table at most once a day, restarts or not. While
    the portal cannot be read, the table that was read before does: each price has its days.
    """

    def __init__(self, hass: HomeAssistant, address: str = PORTAL_ADDRESS) -> None:
        self._hass = hass
        self._address = address
        self._store = VersionedStore(hass, "official_tariffs")
        self._kept: dict[str, _Kept] | None = None
        self._paces = {option: Pace() for option in OPTIONS}
        self._asking = asyncio.Lock()

    async def async_price(self, option: str, power: int, day: date) -> OfficialPrice:
        """Return what an option cost on a day.

        Args:
            option: one of `OPTIONS`.
            power: subscribed, in kVA.
            day: on which the prices are to hold.

        Raises:
            InvalidRequest: the table has no price of this power on this day.
            MedError: the table cannot be read.

        """
        async with self._asking:
            table = await self._table(option)
        found = price_on(table, power, day)
        if found is None:
            raise InvalidRequest(
                INVALID_VALUE, "official_no_price", field="power", power=power, day=day
            )
        return found

    async def _table(self, option: str) -> tuple[OfficialPrice, ...]:
        now = dt_util.utcnow()
        kept = await self._load()
        known = kept.get(option)
        # One of the future was read while the clock was wrong.
        if known is not None and known.read_at <= now < known.read_at + _FRESH:
            return known.table
        pace = self._paces[option]
        if pace.may_ask(now):
            try:
                text, table = await read_official_table(
                    web_session(self._hass), option, self._address
                )
            except SourceError as err:
                pace.failed(now, err)
                LOGGER.warning("The official prices (%s) cannot be read: %s", option, err)
            else:
                pace.answered(now)
                known = kept[option] = _Kept(now, text, table)
                await self._store.async_save(_stored(kept))
        if known is None:
            raise MedError(
                "OFFICIAL_PRICES_UNAVAILABLE", "official_unavailable", server=self._address
            )
        return known.table

    async def _load(self) -> dict[str, _Kept]:
        if self._kept is None:
            try:
                stored = await self._store.async_load()
            except FormatTooNewError:
                stored = None
            self._kept = {
                option: _Kept(
                    datetime.fromisoformat(one["read_at"]),
                    one["text"],
                    read_table(option, one["text"]),
                )
                for option, one in (stored or {}).items()
            }
        return self._kept


@callback
def official_tariffs(hass: HomeAssistant) -> OfficialTariffs:
    """Return the tables, as they were read before or are read with the first question."""
    if DATA_OFFICIAL not in hass.data:
        hass.data[DATA_OFFICIAL] = OfficialTariffs(hass)
    return hass.data[DATA_OFFICIAL]


def _stored(kept: dict[str, _Kept]) -> dict[str, Any]:
    return {
        option: {"read_at": one.read_at.isoformat(), "text": one.text}
        for option, one in kept.items()
    }
