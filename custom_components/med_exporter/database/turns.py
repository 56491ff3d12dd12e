"""Long works in turn: one at a time stands in the recorder's queue."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from .work import queue_work

if TYPE_CHECKING:
    from collections.abc import Callable

    from homeassistant.core import HomeAssistant
    from sqlalchemy.engine import Connection

    from .schema import Schema

_DATA_TURN: HassKey[asyncio.Lock] = HassKey(f"{DOMAIN}_database_turn")


async def async_work_in_turn[T](
    hass: HomeAssistant,
    schema: Schema | None,
    work: Callable[[Connection], T],
    committed: Callable[[T], None] | None = None,
) -> T:
    """Return the result of work that may take long, once other such work is done.

    What the house has to record meanwhile stands behind one of them, and not behind all. Arguments
    and errors are those of `queue_work`; where nobody else's turn it is, it is queued at once.
    """
    if (turn := hass.data.get(_DATA_TURN)) is None:
        turn = hass.data[_DATA_TURN] = asyncio.Lock()
    async with turn:
        return await queue_work(hass, schema, work, committed)
